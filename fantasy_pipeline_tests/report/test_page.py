"""Test the page and the Markdown as text; `test_browser` tests the page in a browser."""

import dataclasses
import json
import re
from datetime import datetime, timezone
from typing import Any

import pytest

from fantasy_pipeline.decisions.comparison import Stated
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.sites import NAMES as SOURCES
from fantasy_pipeline.report import page, words
from fantasy_pipeline.report.absences import Vacated
from fantasy_pipeline.report.accuracy import SeasonAccuracy
from fantasy_pipeline.report.close_calls import CloseCall
from fantasy_pipeline.report.contents import Input, Origin
from fantasy_pipeline.report.movers import Move
from fantasy_pipeline.report.players import Points
from fantasy_pipeline_tests.report.players import AS_OF, player, report

SAMPLE = Origin("synthetic sample league", AS_OF, "run", "http://127.0.0.1:3000/runs/")
NASTY = player("</script><img src=x onerror=alert(1)>|*_", "RB", injury="</td>", reason="out")


def numbers(text: str) -> dict[str, dict[str, list[list[float]]]]:
    found = re.search(r'<script type="application/json" id="numbers">(.*?)</script>', text)
    assert found is not None
    parsed: dict[str, dict[str, list[list[float]]]] = json.loads(found[1])
    return parsed


def test_names_are_text_wherever_they_come_from() -> None:
    made = report([NASTY], absent=[NASTY], rises=[Move(NASTY, 1.0, 10.0)], before=AS_OF)
    text = page.html(made)
    assert "<img" not in text
    assert text.count("&lt;/script&gt;&lt;img") >= 3
    markdown = page.markdown(made)
    assert "<img" not in markdown.replace("\\<img", "")
    assert "\\|\\*\\_" in markdown


def test_the_page_asks_for_nothing() -> None:
    text = page.html(report([player("a")], origin=SAMPLE))
    assert "default-src 'none'" in text
    assert not re.findall(r"""(?:src|url)\s*[=(]\s*["']?(?:https?:)?//""", text)
    assert "@import" not in text
    assert "<link" not in text
    links = set(re.findall(r'href="(http[^"]*)"', text))
    assert links == {"http://127.0.0.1:3000/runs/run"}


def test_without_an_address_of_the_ui_a_run_is_named_and_not_linked() -> None:
    inputs = [Input("games", (), AS_OF, "abcdef0123456789", {})]
    origin = Origin(None, AS_OF, "0123456789abcdef", "", inputs)
    text = page.html(report([player("a")], origin=origin))
    assert not re.findall(r'href="(?!#)', text)
    assert "<code>01234567</code>" in text
    assert "<code>abcdef01</code>" in text


def test_weeks_behind_the_report_in_words() -> None:
    weeks = [SeasonWeek(2025, week) for week in (1, 2, 9)]
    words = [page.week_range(weeks), page.week_range(weeks[:1]), page.week_range([])]
    assert words == ["2025 weeks 1-9", "2025 week 1", "all"]


def test_every_scoring_has_its_calls_movers_and_values() -> None:
    better = {"ppr": 20.0, "half": 15.0, "std": 9.0}
    one = dataclasses.replace(
        player("one"), points={s: Points(v, v / 2, v, v * 2) for s, v in better.items()}
    )
    other = player("other", expected=12.0)
    moves = {"ppr": [Move(one, 15.0, 20.0)], "std": [Move(one, 8.0, 9.0)]}
    made = dataclasses.replace(
        report([one, other], before=AS_OF),
        rises=moves,
        falls={"ppr": [], "std": []},
        calls={s: [CloseCall(one, other, 0.55, s)] for s in ("ppr", "half", "std")},
    )
    text = page.html(made)

    def shown(scoring: str) -> str:
        return " ".join(re.findall(rf'<(\w+) class="in-{scoring}">(.*?)</\1>', text, flags=re.S)[0])

    assert "one" in shown("ppr")
    assert "other" in shown("std"), "another is worth most"
    assert "stored no half-PPR points to compare with" in text
    assert (
        "Pairs of players near the starter cutoff with almost equal projections, standard." in text
    )
    for before, after in (("15.0", "20.0"), ("8.0", "9.0")):
        assert f'<td class="num">{before}</td><td class="num">{after}</td>' in text
    assert page.most_valuable(made, "std") == [other, one]
    assert page.most_valuable(made, "ppr") == [one, other]


def test_every_section_is_in_the_navigation() -> None:
    text = page.html(report([player("a")], rises=[Move(player("b"), 1.0, 10.0)], before=AS_OF))
    sections = re.findall(r'<section id="([\w-]+)"', text)
    [nav] = re.findall(r'<nav class="sections".*?</nav>', text, flags=re.S)
    assert re.findall(r'href="#([\w-]+)"', nav) == sections
    assert len(sections) > 5


def test_synthetic_data_are_called_so_and_real_ones_not() -> None:
    made = report([player("a")])
    for text in (page.html(made), page.markdown(made)):
        assert "synthetic" not in text
    made = report([player("a")], origin=SAMPLE)
    for text in (page.html(made), page.markdown(made)):
        assert "synthetic sample league" in text


def test_the_sources_named_are_those_that_said_something() -> None:
    made = report([player("a")], sources_as_of={"espn": AS_OF, "sleeper": AS_OF})
    text, markdown = page.html(made), page.markdown(made)
    assert "<dt>Data</dt><dd>nflverse, ESPN, Sleeper</dd>" in text
    assert "<dt>Sleeper as of</dt><dd>2025-11-04 08:00 UTC</dd>" in text
    assert "Data: nflverse (CC-BY-4.0), ESPN projections, Sleeper projections. " in text
    assert "; ESPN as of 2025-11-04 08:00 UTC; Sleeper as of" in markdown
    assert "NFL.com" not in text + markdown
    made = report([player("a")], sources_as_of={"nflcom": AS_OF})
    text = page.html(made)
    assert "<dt>Data</dt><dd>nflverse, NFL.com</dd>" in text
    assert "NFL.com projections as saved by hvpkod/NFL-Data. " in text
    assert "<dt>Data</dt><dd>nflverse</dd>" in page.html(report([player("a")]))


def test_the_model_is_named_where_it_is_known() -> None:
    learnt = {"version": "abc", "stats": {"RB": ["carries"]}, "window": {"2013": 9, "2024": 9}}
    made = report([player("a")], model=learnt)
    assert "<dt>Model</dt><dd><code>abc</code>, trained on 2013-2024</dd>" in page.html(made)
    assert "; model abc." in page.markdown(made)
    made = report([player("a")], model={"version": "abc", "stats": {}, "window": {}})
    assert "<dt>Model</dt><dd>baseline: too few seasons for training</dd>" in page.html(made)
    assert "model abc" not in page.markdown(made)
    made = report([player("a")])
    assert "<dt>Model</dt>" not in page.html(made)
    assert "; model" not in page.markdown(made)


def test_every_source_of_projections_has_a_name_for_readers() -> None:
    assert {page.source_name(source) for source in SOURCES} == {
        *("NFL.com", "Sleeper", "FantasyPros", "ESPN")
    }


def test_the_numbers_of_all_scorings_are_in_the_page() -> None:
    points = Points(12.34, 5.0, 11.0, 27.0)
    scored = {"ppr": 20.06, "half": 19.0, "std": 18.0}
    found = numbers(page.html(report([player("a", points=points, actual=scored)])))
    assert set(found) == {"ppr", "half", "std"}
    assert found["ppr"] == {"scale": 30.0, "rows": [[12.3, 5.0, 11.0, 27.0, 7.3, 1, 20.1, 1]]}
    assert found["std"]["rows"][0][-2] == 18.0


def test_ranks_in_the_position_follow_the_scoring_and_skip_who_is_out() -> None:
    def points(ppr: float, std: float) -> dict[str, Points]:
        levels = {"ppr": ppr, "half": ppr, "std": std}
        return {s: Points(v, v / 2, v, v * 2) for s, v in levels.items()}

    catches = dataclasses.replace(player("catches", "RB"), points=points(15.0, 8.0))
    runs = dataclasses.replace(player("runs", "RB"), points=points(14.0, 12.0))
    made = report([catches, runs, player("out", "RB", 0.0)])
    assert page.position_ranks(made, "ppr") == {"catches": 1, "runs": 2}
    assert page.position_ranks(made, "std") == {"runs": 1, "catches": 2}
    assert '<b class="rb">RB2</b>' in page.html(made)
    assert [row[-1] for row in numbers(page.html(made))["std"]["rows"]] == [2, 1, 0]


RUSHES = {"carries": 18.2, "rushing_yards": 84.4, "rushing_tds": 0.6}
CATCHES = {"receptions": 3.1, "receiving_yards": 25.0, "receiving_tds": 0.14}
THROWS = {
    **{"completions": 22.0, "attempts": 34.5, "passing_yards": 245.2},
    **{"passing_tds": 1.64, "passing_interceptions": 0.8},
}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ({}, ""),
        ({**RUSHES, **CATCHES}, "18.2 car, 84 yd, 0.6 TD; 3.1 rec, 25 yd, 0.1 TD"),
        ({**THROWS, "carries": 0.2}, "22.0/34.5 passing, 245 yd, 1.6 TD, 0.8 INT"),
        ({"fg_made": 1.6, "fg_att": 1.9, "pat_made": 2.3}, "1.6/1.9 FG, 2.3 XP"),
    ],
)
def test_the_stat_line_in_short(line: dict[str, float], text: str) -> None:
    assert page.stat_line(player("a", line=line)) == text


def test_what_is_behind_the_points() -> None:
    more: dict[str, Any] = {
        "sources": 2,
        "spread": 2.53,
        "model_half": 19.5,
        "nflcom_half": 22.1,
        "plays": 0.7,
    }
    basis = "70% to play; 2 sources, 2.5 points apart (half-PPR: our model 19.5, NFL.com 22.1)"
    one = player("a", **more)
    assert "; ".join(page.basis(one)) == basis
    assert f'<p class="basis">{basis}. <button' in page.html(report([one]))
    assert page.basis(player("a", sources=1)) == ["1 source (half-PPR)"]
    one = player("a", **more, stated={"espn": Stated(24.0, "ppr")})
    assert page.basis(one)[-1].endswith("our model 19.5, NFL.com 22.1, ESPN 24.0 PPR)")
    # Players who are out, or with points only, have no details to open.
    assert page.basis(player("a", expected=0.0, **more)) == []
    assert "<details" not in page.html(report([player("a")]))


def test_points_of_a_team_defence_are_in_the_scoring_of_each_site() -> None:
    stated = {"espn": Stated(7.0, "half"), "sleeper": Stated(9.0, "half")}
    defence = player("DST-KC", "DST", sources=3, model_half=6.5, stated=stated)
    assert page.basis(defence) == [
        "3 sources (our model 6.5 ESPN D/ST, ESPN 7.0 ESPN D/ST, Sleeper 9.0 Sleeper D/ST)"
    ]
    assert page.basis(player("a", "DST", sources=1)) == ["1 source"]


def test_a_wide_interval_is_explained_beside_it() -> None:
    text = page.html(report([player("doubt", plays=0.7), player("sure", plays=0.95)]))
    assert text.count('<span class="chance">70% to play</span>') == 1
    assert text.count('class="chance"') == 1


def test_kickoffs_are_in_utc() -> None:
    # The night before the clocks change, and after.
    saturday = datetime(2025, 11, 2, 0, 15, tzinfo=timezone.utc)
    sunday = datetime(2025, 11, 2, 18, 0, tzinfo=timezone.utc)
    noon = datetime(2025, 12, 25, 17, 5, tzinfo=timezone.utc)
    texts = [page.kickoff(player("a", kickoff=at)) for at in (saturday, sunday, noon, None)]
    assert texts == ["Sun 00:15 UTC", "Sun 18:00 UTC", "Thu 17:05 UTC", ""]


@pytest.mark.parametrize(
    ("opponent", "is_home", "text"),
    [("BUF", False, "@ BUF"), ("BUF", True, "v BUF"), ("BUF", None, "v BUF"), (None, None, "")],
)
def test_opponents(opponent: str | None, is_home: bool | None, text: str) -> None:
    assert page.opponent(player("a", opponent=opponent, is_home=is_home)) == text


def test_close_calls_do_not_contradict_themselves() -> None:
    one, other = player("One"), player("Other", points=Points(9.9, 6.0, 10.0, 21.0))
    behind = report([one, other], calls=[CloseCall(one, other, 0.45)])
    assert "55% for Other; higher floor and ceiling: Other" in page.markdown(behind)
    assert "<strong>55%</strong> for Other." in page.html(behind)
    even = report([one, other], calls=[CloseCall(one, other, 0.502)])
    assert "; even; " in page.markdown(even)
    assert "<strong>Even.</strong>" in page.html(even)


def test_who_returns_is_said_to_be_back() -> None:
    made = report([player("a")], rises=[Move(player("a"), 0.0, 10.0)], before=AS_OF)
    assert "0.0 to 10.0, back" in page.markdown(made)
    assert "<em>back</em>" in page.html(made)


def test_accuracy_by_position_names_its_base_and_what_is_off() -> None:
    facts: dict[str, Any] = {"players": 1000, "mae": 4.0, "rmse": 5.0, "rmse_ratio": 0.9}
    facts |= {"bias": 0.0, "mae_ratio": 0.91, "spearman": None, "start_sit": None, "coverage": 0.8}
    consensus: dict[str, Any] = {
        **facts,
        "source": "consensus",
        "name": "Consensus",
        "is_own": True,
    }
    base = {**consensus, "source": "x", "name": "Recency-weighted mean", "is_own": False}
    fewer = {**base, "source": "espn", "name": "ESPN", "players": 812}
    positions = [{**facts, "position": "QB"}, {**facts, "position": "K", "coverage": 0.7}]
    teams = {"qb_mae": 4.45, "starter_right": 0.912, "two_starters": 0.13, "sum_off": 0.2}
    unnamed = dict.fromkeys(teams)
    accuracy = SeasonAccuracy(
        (1, 9),
        1000,
        [consensus, base, fewer],
        base["name"],
        {"Consensus": {1: 4.0}},
        positions,
        [{**consensus, **teams, "players": 1200}, {**fewer, **unnamed}],
    )
    made = report([player("a")], accuracy=accuracy)
    text, markdown = page.html(made), page.markdown(made)
    assert (
        "K: 70% score between floor and ceiling instead of 80%, so the range shown is too narrow."
        in text
    )
    assert "QB: 80% score" not in text
    assert "The axis does not start at 0." in text
    assert "RMSE vs Recency-weighted mean</th>" in text
    assert "| RMSE vs Recency-weighted mean |" in markdown
    assert '<th scope="row">ESPN</th><td class="num">812</td><td class="num">4.00</td>' in text
    assert '<th scope="row">Consensus</th><td class="num">1,000</td>' in text
    assert "| ESPN | 812 | 4.00 | 5.00 | 0.900 |" in markdown
    assert "| K | 1,000 | 4.00 | 5.00 | 0.900 | 70% |" in markdown
    assert "| Consensus | 1,200 | 4.00 | 4.45 | 91.2% | 13.0% | +20% |" in markdown
    everyone = [row for row in cells(text, "accuracy") if len(row) == 8]
    assert everyone == [
        ["Consensus", "1,200", "4.00", "5.00", "4.45", "91.2%", "13.0%", "+20%"],
        ["ESPN", "812", "4.00", "5.00", *["\N{EN DASH}"] * 4],
    ]
    without = report([player("a")], accuracy=dataclasses.replace(accuracy, everyone=[]))
    assert "any source" not in page.html(without)
    assert "everyone" not in page.markdown(without)


def cells(text: str, section: str) -> list[list[str]]:
    """Return the text of the cells in a section's tables, without the table heads."""
    [inside] = re.findall(rf'<section id="{section}".*?</section>', text, flags=re.S)
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", inside, flags=re.S)
    found = [re.findall(r"<t([hd])[^>]*>(.*?)</t\1>", row, flags=re.S) for row in rows]
    texts = [[" ".join(re.sub("<[^>]*>", " ", cell).split()) for _, cell in row] for row in found]
    return [row for row, html in zip(texts, rows, strict=True) if 'scope="col"' not in html]


def test_every_section_says_what_it_has() -> None:
    out = player(
        *("Gone", "RB", 0.0),
        **{"reason": "injured reserve", "injury": "Knee", "mean": 14.2, "weeks_since_game": 1},
    )
    maybe = player("Maybe", injury_status="Questionable", injury="Ankle", practice="limited")
    maybe = dataclasses.replace(maybe, plays=0.7)
    heir = player("Heir", "RB", 7.5)
    resting = player("Rests", "QB", 0.0, on_bye=True, team="DET", mean=18.0, weeks_since_game=1)
    correction = {"week": 9, "position": "WR", "team": "KC"}
    corrections = [
        {
            **correction,
            **{"player_id": "00-1", "player_name": "Right", "stat": "receiving_yards"},
            **{"old": 71.0, "new": 68.0, "points_difference": -0.3},
        },
        {
            **correction,
            **{"player_id": "00-2", "player_name": None, "stat": "attempts"},
            **{"old": None, "new": 1.0, "points_difference": None},
        },
    ]
    made = report(
        [heir, maybe, out, resting],
        absent=[out],
        doubtful=[maybe],
        vacated=[Vacated("KC", (out,), 3.5, 12.25, (heir, maybe))],
        byes={"DET": [resting], "LV": []},
        corrections=corrections,
        sources_as_of={"espn": AS_OF, "nflcom": AS_OF},
    )
    text, markdown = page.html(made), page.markdown(made)
    # Projected points are in the page in all three scorings; CSS shows one.
    assert cells(text, "injuries") == [
        ["Gone RB KC", "Injured reserve, knee", "14.2"],
        ["Maybe WR KC", "Questionable, ankle , practice limited, 70% to play", "10.0 10.0 10.0"],
        ["KC Gone (RB)", "3.5", "12.2", "Heir 7.5 7.5 7.5 Maybe 10.0 10.0 10.0"],
        ["DET", "Rests QB"],
        ["LV", "no relevant players"],
    ]
    minus = "\N{MINUS SIGN}0.30"
    assert cells(text, "corrections") == [
        ["Right WR KC", "receiving yards", "71", "68", minus],
        ["00-2 WR KC", "attempts", "\N{EN DASH}", "1", "\N{EN DASH}"],
    ]
    assert "Week 9: stats that differ from the last import before the final one." in text
    assert "1 game, 2 teams on bye" in text
    for source in ("ESPN", "NFL.com"):
        assert f"<dt>{source} as of</dt><dd>2025-11-04 08:00 UTC</dd>" in text
        assert f"; {source} as of 2025-11-04 08:00 UTC" in markdown
    for line in (
        "- Gone (RB KC): Injured reserve, knee; average 14.2",
        "- Maybe (WR KC): Questionable, ankle; projected 10.0",
        "- KC: 3.5 targets, 12.2 carries; next: Heir, Maybe",
        "On bye: DET, LV.",
        "## Stat corrections, week 9",
        f"- Right: receiving yards 71 to 68 ({minus} points)",
        "- 00-2: attempts none to 1",
    ):
        assert line in markdown.splitlines()


def test_a_ceiling_beyond_the_scale_ends_with_it() -> None:
    star = player("star", expected=20.0)
    backup = player("backup", points=Points(3.0, 0.0, 0.0, 90.0))
    made = report([star, backup])
    assert page.scale(made) == 40.0
    assert "--b:100.0" in page.html(made)


@pytest.mark.parametrize(
    ("value", "text"), [(1.25, "+1.2"), (-0.55, "\N{MINUS SIGN}0.6"), (-0.01, "0.0"), (0, "0.0")]
)
def test_signs(value: float, text: str) -> None:
    assert words.signed(value) == text


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({}, ""),
        ({"expected": 0.0, "on_bye": True, "reason": "bye"}, "Bye"),
        ({"expected": 0.0, "reason": "reserve list"}, "Reserve list"),
        ({"injury_status": "Questionable", "reason": "questionable"}, "Questionable"),
    ],
)
def test_status(facts: dict[str, object], word: str) -> None:
    assert page.status(player("a", **facts)) == word  # type: ignore[arg-type]


def test_markdown_in_another_scoring() -> None:
    """Players are ranked by the scoring; numbers that stay in PPR are labelled."""
    catcher, runner = (
        player("Catcher", "WR", 12.0, mean=7.0, weeks_since_game=1),
        player("Runner", "WR", 11.0),
    )
    half_points = {**catcher.points, "half": Points(8.0, 4.0, 8.0, 16.0)}
    catcher = dataclasses.replace(catcher, points=half_points)
    made = report([catcher, runner], absent=[catcher])
    ppr, half = page.markdown(made), page.markdown(made, "half")
    assert ". PPR points;" in ppr
    assert ". Half-PPR points;" in half
    assert ppr.index("| 1 | Catcher") < ppr.index("| 2 | Runner (KC) | v BUF | 11.0")
    assert half.index("| 1 | Runner (KC) | v BUF | 11.0") < half.index("| 2 | Catcher")
    assert "average 7.0\n" in ppr
    assert "average 7.0 PPR\n" in half
    assert "## Accuracy so far\n" in ppr
    assert "## Accuracy so far, PPR\n" in half


def test_markdown_has_each_position_and_says_who_moved() -> None:
    one, other = player("One", "QB", 20.0), player("Other", "TE", 9.0)
    made = report([one, other], rises=[Move(one, 15.0, 20.0)], before=AS_OF)
    text = page.markdown(made)
    assert "| 1 | One (KC) | v BUF | 20.0 | 10-40 | +15.0 | 1 |  |" in text
    assert "## TE" in text
    assert "## WR" not in text
    assert "- +5.0 One (QB KC): 15.0 to 20.0" in text
    assert "\n\n\n\n" not in text
