"""Test the rules of the checks: each passes on valid rows and fires on its fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.checks import (
    ALL_CHECKS,
    Evidence,
    Problem,
    defenders,
    fixtures,
    game,
    guards,
    injuries,
    leagues,
    levels,
    projections,
    rosters,
    schedule,
    seasons,
    source_points,
    stats,
    team_defense,
    usage,
)
from fantasy_pipeline.checks.catalogue import WEEKLY_STATS
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.scoring import SCORINGS, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.rows import Rows

WEEK, NEXT = SeasonWeek(2024, 5), SeasonWeek(2024, 6)
KICKOFF = datetime(2024, 10, 6, 17, tzinfo=timezone.utc)
TUESDAY, LATER = KICKOFF + timedelta(days=2), KICKOFF + timedelta(days=60)


def fixture(
    home: str, away: str, week: int = 5, score: int | None = 24, **more: Any
) -> dict[str, Any]:
    return {
        "season": 2024,
        "week": week,
        "game_id": f"2024_{week:02d}_{away}_{home}",
        "game_type": "REG",
        "kickoff": KICKOFF + timedelta(weeks=week - 5),
        "home_team": home,
        "away_team": away,
        "home_score": score,
        "away_score": score,
        **more,
    }


def line(team: str, opponent: str, player: str = "1", week: int = 5, **more: Any) -> dict[str, Any]:
    return {
        "season": 2024,
        "week": week,
        "player_id": f"{team}-{player}",
        "player_name": f"{player} of {team}",
        "team": team,
        "opponent": opponent,
        **more,
    }


@pytest.fixture(scope="module")
def games(rows: Rows) -> pa.Table:
    """Week 5: KC-LV and BUF-MIA, the others off; week 6: KC-BUF, not played."""
    return rows(
        tables.GAMES,
        fixture("KC", "LV"),
        fixture("BUF", "MIA"),
        fixture("KC", "BUF", week=6, score=None),
    )


@pytest.fixture(scope="module")
def lines(rows: Rows) -> pa.Table:
    """Valid stat lines of week 5."""
    pairs = (("KC", "LV"), ("LV", "KC"), ("BUF", "MIA"), ("MIA", "BUF"))
    return rows(tables.WEEKLY_STATS, *(line(*pair) for pair in pairs))


def texts(problems: list[Problem]) -> list[str]:
    return [problem.text for problem in problems]


# The schedule


def test_every_team_that_played_has_rows(lines: pa.Table, games: pa.Table) -> None:
    assert schedule.missing_teams(lines, games, [WEEK, NEXT], LATER, played=True) == []


def test_a_team_without_rows_is_provisional_for_a_week_then_a_hole(
    lines: pa.Table, games: pa.Table
) -> None:
    [empty] = schedule.missing_teams(lines.slice(0, 0), games, [WEEK], TUESDAY, played=True)
    assert empty == Problem(WEEK, "no rows for teams with a game: BUF, KC, LV, MIA", True)
    part = lines.slice(0, 3)
    [soon] = schedule.missing_teams(part, games, [WEEK], TUESDAY, played=True)
    assert (soon.week, soon.serious) == (WEEK, False)
    assert soon.text == (
        "no rows for teams with a game: MIA; provisional until 7 days after kick-off"
    )
    [late] = schedule.missing_teams(part, games, [WEEK], LATER, played=True)
    assert late.serious
    assert late.text == "no rows for teams with a game: MIA"


def test_a_roster_is_due_before_the_game(lines: pa.Table, games: pa.Table) -> None:
    [problem] = schedule.missing_teams(lines, games, [WEEK, NEXT], KICKOFF, played=False)
    assert problem == Problem(NEXT, "no rows for teams with a game: BUF, KC", True)


def test_nobody_plays_on_a_bye(rows: Rows, lines: pa.Table, games: pa.Table) -> None:
    assert schedule.unscheduled_teams(lines, games, [WEEK]) == []
    more = pa.concat_tables([lines, rows(tables.WEEKLY_STATS, line("NE", "NYJ"))])
    [problem] = schedule.unscheduled_teams(more, games, [WEEK])
    assert problem == Problem(
        WEEK, "rows for teams without a game: NE (a bye, or another week's rows)"
    )


def test_opponents_are_the_schedules(rows: Rows, lines: pa.Table, games: pa.Table) -> None:
    assert schedule.wrong_opponents(lines, games, [WEEK]) == []
    wrong = rows(tables.WEEKLY_STATS, line("KC", "BUF"), line("LV", None), line("NE", "NYJ"))  # type: ignore[arg-type]
    assert sorted(texts(schedule.wrong_opponents(wrong, games, [WEEK]))) == [
        "KC has rows against BUF, but KC plays LV in the schedule",
        "NE has rows against NYJ, but NE has no game in the schedule",
    ]


def test_season_types_are_the_schedules(rows: Rows, games: pa.Table) -> None:
    regular = rows(tables.WEEKLY_STATS, {**line("KC", "LV"), "season_type": "REG"})
    assert schedule.wrong_season_types(regular, games) == []
    playoffs = rows(tables.WEEKLY_STATS, {**line("KC", "LV"), "season_type": "POST"})
    assert schedule.wrong_season_types(playoffs, games) == [
        Problem(WEEK, "stat lines have the season_type POST, but the schedule has REG")
    ]


def test_byes_are_the_schedules(rows: Rows, games: pa.Table) -> None:
    def players(**on_bye: bool) -> pa.Table:
        return rows(
            tables.RAW_PLAYERS,
            *(
                {"season": 2024, "week": 5, "player_id": team, "team": team, "on_bye": bye}
                for team, bye in on_bye.items()
            ),
        )

    assert schedule.wrong_byes(players(KC=False, NE=True), games, [WEEK]) == []
    wrong = schedule.wrong_byes(players(KC=True, NE=False), games, [WEEK])
    assert sorted(texts(wrong)) == [
        "KC is marked as on a bye, but has a game",
        "NE is not marked as on a bye, but has no game",
    ]


def test_nobody_plays_for_another_team_than_his_rosters(rows: Rows, lines: pa.Table) -> None:
    def rostered(*players: dict[str, Any], source: str = "weekly_roster") -> pa.Table:
        return rows(
            tables.RAW_PLAYERS, *({**player, "roster_source": source} for player in players)
        )

    same = rostered(*(line(team, "") for team in ("KC", "LV", "BUF", "MIA")))
    assert schedule.roster_team_mismatches(lines, same) == []
    traded = line("LV", "KC") | {"player_id": "KC-1"}
    [problem] = schedule.roster_team_mismatches(lines, rostered(traded))
    assert problem == Problem(
        WEEK,
        "1 of 1 players have a stat line with another team than their roster's, e.g. KC-1 (stat "
        "line with KC, roster of LV)",
    )
    # One of many may have moved since. A roster carried forward or of another week does not count.
    many = [line("KC", "LV", str(number)) for number in range(2, 40)]
    both = pa.concat_tables([lines.slice(0, 1), rows(tables.WEEKLY_STATS, *many)])
    [problem] = schedule.roster_team_mismatches(both, rostered(traded, *many))
    assert not problem.serious
    assert schedule.roster_team_mismatches(lines, rostered(traded, source="carried_forward")) == []
    assert schedule.roster_team_mismatches(lines, rostered(traded | {"week": 6})) == []


@pytest.mark.parametrize(
    ("odd", "text"),
    [
        (fixture("NE", "NE"), "plays itself"),
        (fixture("NE", "NYJ", away_score=None), "only one team has a score"),
        (fixture("NE", "KC"), "KC has 2 games in one week"),
    ],
    ids=["itself", "half a score", "twice"],
)
def test_a_schedule_that_cannot_be(
    rows: Rows, games: pa.Table, odd: dict[str, Any], text: str
) -> None:
    assert schedule.schedule_conflicts(games) == []
    found = schedule.schedule_conflicts(pa.concat_tables([games, rows(tables.GAMES, odd)]))
    assert text in texts(found)[0]


def test_teams_play_as_many_games(rows: Rows) -> None:
    even = [fixture("KC", "LV", week) for week in range(1, 6)]
    assert schedule.uneven_game_counts(rows(tables.GAMES, *even)) == []
    short = rows(tables.GAMES, *even, fixture("NE", "NYJ"))
    [problem] = schedule.uneven_game_counts(short)
    assert not problem.serious
    assert problem.text == "2024: teams with fewer than 4 of 5 games: NE, NYJ"


def test_a_schedule_cut_short_is_refused(rows: Rows) -> None:
    def season(year: int, count: int) -> list[dict[str, Any]]:
        return [fixture("KC", "LV") | {"season": year, "game_id": str(n)} for n in range(count)]

    stored = rows(tables.GAMES, *season(2023, 60), *season(2024, 60))
    guards.refuse_lost_games(stored, stored)
    cancelled = rows(tables.GAMES, *season(2023, 60), *season(2024, 58))
    guards.refuse_lost_games(stored, cancelled)
    for short, text in (
        (season(2023, 60), "games 2024: the upstream schedule has 0 games, the lake has 60"),
        ([*season(2023, 60), *season(2024, 57)], "games 2024 week 5: 3 games are missing"),
    ):
        with pytest.raises(PipelineError, match=rf"{text}.*delete the games table from the lake"):
            guards.refuse_lost_games(stored, rows(tables.GAMES, *short))


def test_the_play_offs_do_not_make_up_for_games_that_are_gone(rows: Rows) -> None:
    """The schedule gains six games when the play-offs are paired."""
    regular = [
        fixture(team, "KC", week) for week in (17, 18) for team in ("NE", "LV", "BUF", "MIA")
    ]
    pairs = [fixture(team, "SF", 19, None, game_type="WC") for team in ("NE", "LV", "BUF", "MIA")]
    stored = rows(tables.GAMES, *regular)
    guards.refuse_lost_games(stored, rows(tables.GAMES, *regular, *pairs))
    guards.refuse_lost_games(stored, rows(tables.GAMES, *regular[2:], *pairs))
    with pytest.raises(PipelineError, match="games 2024 week 17: 3 games are missing"):
        guards.refuse_lost_games(stored, rows(tables.GAMES, *regular[3:], *pairs))


def test_a_game_that_moved_is_not_lost(rows: Rows) -> None:
    stored = [fixture("KC", team, week) for week in (5, 6) for team in ("NE", "LV", "BUF", "MIA")]
    moved = [row | {"week": 6} for row in stored[:3]]
    before, now = rows(tables.GAMES, *stored), rows(tables.GAMES, *moved, *stored[3:])
    assert guards.refuse_lost_games(before, now) is None
    with pytest.raises(PipelineError, match="games are missing"):
        guards.refuse_lost_games(before, rows(tables.GAMES, *stored[3:]))


def test_a_schedule_without_a_week_is_refused(rows: Rows) -> None:
    """A week without games, played or not, would put all players on a bye."""

    def week(number: int, score: int | None) -> dict[str, Any]:
        return fixture("KC", "LV") | {"season": 2024, "week": number, "home_score": score}

    stored = rows(tables.GAMES, week(1, 20), week(2, 17), week(3, None))
    guards.refuse_lost_games(stored, rows(tables.GAMES, *map(week, (1, 2, 3, 4), [None] * 4)))
    for gone in (2, 3):
        there = rows(tables.GAMES, *(week(number, 20) for number in (1, 2, 3) if number != gone))
        with pytest.raises(
            PipelineError,
            match=rf"games 2024 week {gone}: the upstream schedule has no game of this week",
        ):
            guards.refuse_lost_games(stored, there)


def test_weeks_without_rows_are_refused(lines: pa.Table) -> None:
    guards.refuse_empty_weeks("weekly_stats", lines, [WEEK])
    with pytest.raises(PipelineError, match=r"weekly_stats 2024 week 6 \(and 1 more week\): no"):
        guards.refuse_empty_weeks("weekly_stats", lines, [WEEK, NEXT, SeasonWeek(2024, 7)])


def test_played_weeks_without_stats_are_named() -> None:
    played = {SeasonWeek(2024, week): (16 if week < 8 else 0, 16) for week in range(1, 10)} | {
        SeasonWeek(2023, week): (16, 16) for week in range(1, 19)
    }
    imported = [week for week in played if week.season == 2024 and week.week not in (3, 5)]
    wanted = [SeasonWeek(2024, 7), SeasonWeek(2024, 8)]
    [text] = guards.weeks_without_stats(played, imported, wanted)[2024]
    assert text == (
        "projections 2024: the lake has no stats of weeks 3, 5, although games were played; week 8 "
        "is projected without them. To import them: fantasy-pipeline backfill --seasons 2024 "
        "--weeks 3,5"
    )
    # All weeks stored; no week before; the week before is not played; no week projected.
    assert guards.weeks_without_stats(played, played, wanted) == {}
    assert guards.weeks_without_stats(played, [], [SeasonWeek(2024, 1)]) == {}
    nine = [SeasonWeek(2024, 9)]
    seven = [SeasonWeek(2024, week) for week in range(1, 8)]
    assert guards.weeks_without_stats(played, seven, nine) == {}
    assert guards.weeks_without_stats(played, [], []) == {}


# Incomplete rosters and too few stat lines


def roster(team: str, **counts: int) -> list[dict[str, Any]]:
    """Return a team's players of week 5; `counts` replaces the usual number of a position."""
    usual = {"QB": 3, "RB": 5, "WR": 8, "TE": 4, "K": 1, "OL": 15, "CB": 14}
    return [
        line(team, "", f"{position}{n}")
        | {"position": position, "roster_source": "weekly_roster", "on_bye": False}
        for position, count in (usual | counts).items()
        for n in range(count)
    ]


def listed(rows: Rows, *records: dict[str, Any]) -> pa.Table:
    return rows(
        tables.RAW_PLAYERS,
        *(record | {"opponent": record["opponent"] or None} for record in records),
    )


@pytest.mark.parametrize(
    ("counts", "text", "serious"),
    [
        ({}, None, False),
        ({"OL": 0}, None, False),
        ({"QB": 0}, "too few QB on the roster: KC 0 (at least 1 expected)", True),
        ({"RB": 1}, "too few RB on the roster: KC 1 (at least 2 expected)", True),
        ({"WR": 3}, "too few WR on the roster: KC 3 (at least 4 expected)", True),
        ({"TE": 0}, "too few TE on the roster: KC 0 (at least 1 expected)", True),
        ({"K": 0}, "too few K on the roster: KC 0 (at least 1 expected)", False),
        ({"OL": 0, "CB": 0}, "too few players on the roster: KC 21 (at least 30 expected)", True),
    ],
    ids=str,
)
def test_a_roster_with_holes(
    rows: Rows, counts: dict[str, int], text: str | None, serious: bool
) -> None:
    whole = [row for team in ("LV", "BUF", "MIA") for row in roster(team)]
    found = schedule.incomplete_rosters(listed(rows, *whole, *roster("KC", **counts)))
    assert found == ([Problem(WEEK, text, serious)] if text else [])


def test_only_rosters_of_a_game_are_looked_at(rows: Rows) -> None:
    """Byes and rosters carried forward are skipped; equally small rosters are still found."""
    whole = roster("LV")
    few = roster("KC", QB=0, OL=0, CB=0)
    for other in ({"on_bye": True}, {"roster_source": "carried_forward"}):
        assert (
            schedule.incomplete_rosters(listed(rows, *whole, *(row | other for row in few))) == []
        )
    small = [row for team in ("KC", "LV") for row in roster(team, WR=4, TE=1, OL=0, CB=0)]
    [problem] = schedule.incomplete_rosters(listed(rows, *small))
    assert problem.text == "too few players on the roster: KC 14, LV 14 (at least 15 expected)"


@pytest.mark.parametrize(
    ("lines_of_kc", "tackles", "text"),
    [
        (24, 1.0, None),
        (13, 1.0, "too few stat lines: KC 13 (at least 13.2 expected)"),
        (5, 1.0, "too few stat lines: KC 5 (at least 13.2 expected)"),
        (10, None, None),
        (9, None, "too few stat lines: KC 9 (at least 9.9 expected)"),
    ],
)
def test_a_team_with_a_few_lines_only(
    rows: Rows, games: pa.Table, lines_of_kc: int, tackles: float | None, text: str | None
) -> None:
    pairs = {("KC", "LV"): lines_of_kc, ("LV", "KC"): 33, ("BUF", "MIA"): 33, ("MIA", "BUF"): 33}

    def week(number: int) -> pa.Table:
        return rows(
            tables.WEEKLY_STATS,
            *(
                line(*pair, str(n), number, def_tackles_solo=tackles)
                for pair, count in pairs.items()
                for n in range(count)
            ),
        )

    found = schedule.too_few_stat_lines(week(5), games, [WEEK])
    assert found == ([Problem(WEEK, text)] if text else [])
    # Week 6 has no score yet: more lines may follow.
    assert schedule.too_few_stat_lines(week(6), games, [NEXT]) == []


def test_lines_too_few_of_every_team(rows: Rows, games: pa.Table) -> None:
    def week(count: int, tackles: float | None) -> pa.Table:
        pairs = (("KC", "LV"), ("LV", "KC"))
        return rows(
            tables.WEEKLY_STATS,
            *(
                line(*pair, str(n), def_tackles_solo=tackles)
                for pair in pairs
                for n in range(count)
            ),
        )

    assert schedule.too_few_stat_lines(week(8, 1.0), games, [WEEK]) == []
    assert schedule.too_few_stat_lines(week(3, None), games, [WEEK]) == []
    for few, tackles in ((7, 1.0), (2, None)):
        [problem] = schedule.too_few_stat_lines(week(few, tackles), games, [WEEK])
        assert problem.text.startswith(f"too few stat lines: KC {few}, LV {few} (at least ")


# Stat lines


def test_no_more_catches_than_targets(rows: Rows) -> None:
    sound = {"targets": 5.0, "receptions": 5.0, "attempts": None, "completions": 3.0}
    assert stats.parts_exceed_totals(rows(tables.WEEKLY_STATS, line("KC", "LV", **sound))) == []
    wrong = rows(tables.WEEKLY_STATS, line("KC", "LV", **sound | {"receptions": 6.0}))
    assert stats.parts_exceed_totals(wrong) == [
        Problem(WEEK, "1 of KC: receptions 6, but targets only 5")
    ]


def kicker(**more: float) -> dict[str, Any]:
    sound = {"fg_made": 2.0, "fg_missed": 1.0, "fg_blocked": 0.0, "fg_att": 3.0, "fg_long": 52.0}
    ranges = {"fg_made_30_39": 1.0, "fg_made_50_59": 1.0}
    tries = {"pat_made": 3.0, "pat_missed": 0.0, "pat_blocked": 1.0, "pat_att": 4.0}
    return line("KC", "LV", **{**sound, **ranges, **tries, **more})


@pytest.mark.parametrize(
    ("wrong", "text", "serious"),
    [
        ({}, None, False),
        ({"fg_att": 4.0}, "fg_made, fg_missed and fg_blocked are not fg_att", True),
        ({"pat_att": 3.0}, "pat_made, pat_missed and pat_blocked are not pat_att", True),
        ({"fg_made_50_59": 0.0}, "the ranges of fg_made are not fg_made", False),
        ({"fg_long": 44.0}, "no field goal in the range of fg_long", False),
    ],
)
def test_kicks_add_up(rows: Rows, wrong: dict[str, float], text: str, serious: bool) -> None:
    found = stats.kicks_that_do_not_add_up(rows(tables.WEEKLY_STATS, kicker(**wrong)))
    assert found == ([Problem(WEEK, f"1 of KC: {text}", serious)] if text else [])


def test_ranges_that_are_wrong_for_many_kickers_are_an_error(rows: Rows) -> None:
    kickers = [kicker(fg_long=44.0) | {"player_id": str(number)} for number in range(3)]
    [problem] = stats.kicks_that_do_not_add_up(rows(tables.WEEKLY_STATS, *kickers))
    assert problem.serious


@pytest.mark.parametrize(("wrong", "serious"), [(0, None), (1, False), (90, True)])
def test_points_other_than_upstreams(rows: Rows, wrong: int, serious: bool | None) -> None:
    def points(number: int) -> dict[str, float]:
        names = ("fantasy_points", "fantasy_points_ppr")
        own = dict.fromkeys(names, 10.0)
        return own | {f"upstream_{name}": 10.0 + 2 * (number < wrong) for name in names}

    table = rows(
        tables.WEEKLY_STATS, *(line("KC", "LV", f"{n:03}", **points(n)) for n in range(100))
    )
    found = stats.fantasy_point_mismatches(table)
    assert len(found) == 2 * wrong
    assert {problem.serious for problem in found} == ({serious} if wrong else set())


def test_points_that_upstream_lacks_are_problems(rows: Rows) -> None:
    """Otherwise a column of nulls would pass as equal."""

    def table(own: float | None, upstream: float | None) -> pa.Table:
        names = ("fantasy_points", "fantasy_points_ppr")
        points = dict.fromkeys(names, own) | {f"upstream_{name}": upstream for name in names}
        return rows(tables.WEEKLY_STATS, *(line("KC", "LV", str(n), **points) for n in range(3)))

    assert stats.fantasy_point_mismatches(table(10.0, 10.0)) == []
    assert stats.fantasy_point_mismatches(table(None, None)) == []
    found = stats.fantasy_point_mismatches(table(10.0, None))
    assert len(found) == 6
    assert found[0] == Problem(WEEK, "0 of KC: fantasy_points 10.0, upstream None", True)


def week_of(
    rows: Rows, week: SeasonWeek, value: Callable[[int], float], team: str = "KC", players: int = 80
) -> pa.Table:
    """Return the lines of a week; the usage of player n is `value(n)`."""
    return rows(
        tables.WEEKLY_STATS,
        *(
            line(team, "LV", f"{n:03}", week.week)
            | {"season": week.season, "carries": float(value(n)), "rushing_yards": 4.0 * value(n)}
            for n in range(players)
        ),
    )


def test_a_week_is_not_a_season_so_far(rows: Rows) -> None:
    before = week_of(rows, WEEK, lambda n: 1 + n % 7)
    game_by_game = week_of(rows, NEXT, lambda n: 1 + (n + 3) % 7)
    assert stats.season_totals(game_by_game, before) == []
    totals = week_of(rows, NEXT, lambda n: 1 + n % 7 + n % 3)
    [problem] = stats.season_totals(totals, before)
    assert (problem.week, problem.serious) == (NEXT, True)
    assert problem.text.endswith(
        " of players have no less usage than the week before: season totals"
    )
    # The rule also compares two weeks of one import.
    assert stats.season_totals(pa.concat_tables([before, totals]), before.slice(0, 0)) == [problem]


@pytest.mark.parametrize("other", [WEEK, SeasonWeek(2023, 6)], ids=str)
def test_a_week_is_not_another_one_again(rows: Rows, other: SeasonWeek) -> None:
    past = week_of(rows, other, lambda n: 1 + n % 7)
    assert stats.copied_weeks(week_of(rows, NEXT, lambda n: 1 + n % 5), past) == []
    [problem] = stats.copied_weeks(week_of(rows, NEXT, lambda n: 1 + n % 7), past)
    assert problem == Problem(
        NEXT, f"100% of players have the same stat line as in {other}: the wrong file", True
    )


@pytest.mark.parametrize(
    ("players", "points", "yards", "found"),
    [
        (20, 8.0, 12.0, []),
        (8, 8.0, 12.0, ["rows", "fantasy_points_ppr", "passing_yards"]),
        (20, 20.0, 12.0, ["fantasy_points_ppr"]),
        (20, 8.0, 40.0, ["passing_yards"]),
    ],
)
def test_a_week_unlike_the_season_before(
    rows: Rows, players: int, points: float, yards: float, found: list[str]
) -> None:
    def week(number: int, count: int, each: float, passed: float = 12.0) -> pa.Table:
        lines = (
            line(
                team,
                "LV",
                str(n),
                number,
                fantasy_points_ppr=each + (n + number) % 3,
                passing_yards=passed + (n + number) % 2,
            )
            for team in TEAMS[:10]
            for n in range(count)
        )
        return rows(tables.WEEKLY_STATS, *lines)

    past = pa.concat_tables([week(number, 20 - number % 2, 8.0) for number in range(1, 10)])
    problems = stats.anomalies(week(10, players, points, yards), past)
    assert [problem.text.split(" per team ")[0] for problem in problems] == found
    assert not any(problem.serious for problem in problems)
    assert stats.not_compared(week(10, players, points), past).weeks == []
    # With too few earlier weeks there is no comparison, and the result says so.
    few = past.slice(0, 400)
    assert stats.anomalies(week(10, 1, 90.0), few) == []
    assert stats.not_compared(week(10, 1, 90.0), few).weeks == [SeasonWeek(2024, 10)]


def test_what_was_not_compared_is_not_called_ok(rows: Rows, games: pa.Table) -> None:
    check = next(c for c in WEEKLY_STATS.checks if c.name == "weekly_stats_anomalies")
    weeks = [SeasonWeek(2024, number) for number in range(1, 11)]
    each = [rows(tables.WEEKLY_STATS, line("KC", "LV", week=week.week)) for week in weeks]

    def result(at: int, past: int) -> Any:
        some = pa.concat_tables(each[at:])
        before = pa.concat_tables(each[:past]) if past else some.slice(0, 0)
        return check.result(Evidence(some, weeks[at:], LATER, games, before))

    alone = result(9, 0)
    assert alone.found == {}
    reason = "fewer than 8 earlier weeks in the lake"
    assert alone.facts == {"not compared": f"trailing: 2024 week 10: {reason}"}
    assert (result(9, 9).found, result(9, 9).facts) == ({"trailing": []}, {})
    # In an import of a whole season, the first weeks have too few earlier weeks.
    season = result(0, 0)
    assert season.found == {"trailing": []}
    assert season.facts["not compared"].startswith("trailing: 2024 week 1, 2024 week 2, ")
    assert "2024 week 8" in season.facts["not compared"]
    assert "2024 week 9" not in season.facts["not compared"]


def test_a_week_is_provisional_until_thursday_and_while_a_game_is_missing(
    lines: pa.Table, games: pa.Table
) -> None:
    def found(rows: pa.Table, now: datetime) -> list[str]:
        return texts(stats.provisional_weeks(rows, games, [WEEK], now))

    thursday = KICKOFF.replace(hour=12) + timedelta(days=4)
    mark = "not final: the league may still correct these stats"
    assert found(lines, thursday - timedelta(minutes=1)) == [f"provisional, {mark}"]
    assert found(lines, thursday) == []
    assert found(lines.slice(1), thursday) == [f"provisional, {mark}"]
    assert not any(
        problem.serious for problem in stats.provisional_weeks(lines.slice(1), games, [WEEK], LATER)
    )


def test_a_week_in_progress_is_judged_by_the_games_that_are_over(rows: Rows) -> None:
    """KC-LV was played on Thursday; BUF-MIA, whose score a replay knows, on Sunday."""
    thursday = KICKOFF - timedelta(days=3)
    games = rows(tables.GAMES, fixture("KC", "LV", kickoff=thursday), fixture("BUF", "MIA"))
    lines = [
        line(*pair, str(number)) for pair in (("KC", "LV"), ("LV", "KC")) for number in range(9)
    ]
    against = next(c for c in WEEKLY_STATS.checks if c.name == "weekly_stats_against_schedule")

    def found(now: datetime, *more: dict[str, Any]) -> list[str]:
        stored = rows(tables.WEEKLY_STATS, *lines, *more)
        other = {"raw_players": rows(tables.RAW_PLAYERS)}
        evidence = Evidence(stored, [WEEK], now, games, stored.slice(0, 0), other)
        return against.result(evidence).texts

    friday = thursday + timedelta(hours=12)
    assert found(friday) == []
    [unplayed] = found(friday, line("BUF", "MIA"))[:1]
    assert "BUF" in unplayed
    [missing] = found(TUESDAY)
    assert "no rows for teams with a game: BUF, MIA; provisional until" in missing
    [so_far] = stats.provisional_weeks(rows(tables.WEEKLY_STATS, *lines), games, [WEEK], friday)
    assert so_far.text == "in progress, so far 1 of 2 games: the week is not imported yet"
    assert not so_far.serious


# Ids and projections


def players(rows: Rows, count: int = 20, **more: Any) -> pa.Table:
    return rows(
        tables.RAW_PLAYERS,
        *(
            {
                "season": 2024,
                "week": 5,
                "player_id": f"P{n:02}",
                "player_name": f"Player {n:02}",
                "position": "WR",
                "team": "KC",
                "on_bye": False,
                "roster_status": "ACT",
                "roster_source": "weekly_roster",
                **dict.fromkeys(projections.PLATFORMS, str(n)),
            }
            | {name: value(n) for name, value in more.items()}
            for n in range(count)
        ),
    )


@pytest.mark.parametrize("platform", projections.PLATFORMS)
def test_every_platform_is_watched(rows: Rows, platform: str) -> None:
    [problem] = projections.unmapped_players(players(rows, **{platform: lambda n: None}))
    assert problem.text.startswith(
        f"{platform}: 0% of active fantasy players have one; without: Player"
    )


def test_ids_are_mapped_or_listed(rows: Rows) -> None:
    assert projections.unmapped_players(players(rows)) == []
    some = players(rows, sleeper_id=lambda n: str(n) if n % 5 else None)
    [problem] = projections.unmapped_players(some)
    assert not problem.serious
    assert problem.text == (
        "sleeper_id: 80% of active fantasy players have one; without: "
        "Player 00, Player 05, Player 10, Player 15"
    )
    assert projections.id_coverage(some)["sleeper_id"] == 0.8
    assert projections.id_coverage(some)["yahoo_id"] == 1.0
    assert projections.unmapped_names(some)["sleeper_id"].startswith("4: Player 00, ")
    # Linemen and practice squads need no ids.
    assert (
        projections.unmapped_players(
            players(rows, sleeper_id=lambda n: None, position=lambda n: "OL")
        )
        == []
    )
    assert (
        projections.unmapped_players(
            players(rows, sleeper_id=lambda n: None, roster_status=lambda n: "DEV")
        )
        == []
    )


LINE = {"receptions": 4.0, "receiving_yards": 60.0, "receiving_tds": 0.5}
"""This line is worth 9 points in standard scoring."""


def projected(player: str = "P00", apart: float = 0.0, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "season": 2024,
        "week": 5,
        "player_id": player,
        "player_name": player,
        **LINE,
    }
    for scoring, points in zip(SCORINGS, (9.0, 11.0, 13.0), strict=True):
        end = suffix(scoring)
        row |= {f"projected_points{end}": points + apart}
        row |= {f"{name}{end}": points * by for name, by in (("p10", 0.3), ("p50", 0.9))}
        row |= {f"p90{end}": points * 2}
    return row | more


def test_everybody_rostered_is_projected(rows: Rows) -> None:
    projected_rows = rows(tables.PROJECTIONS, *(projected(f"P{n:02}") for n in range(20)))
    assert projections.unprojected_players(projected_rows, players(rows)) == []
    [problem] = projections.unprojected_players(projected_rows.slice(1), players(rows))
    assert problem == Problem(WEEK, "rostered players without a projection: 1, e.g. P00")
    # No projection is needed on a bye, at other positions, or for players found in stats only.
    for name, value in {"on_bye": True, "position": "CB", "roster_source": "stats"}.items():
        others = players(rows, **{name: lambda n, value=value: value})
        assert projections.unprojected_players(projected_rows.slice(1), others) == []


@pytest.mark.parametrize("end", ["", "_half", "_std"])
def test_quantiles_are_in_order(rows: Rows, end: str) -> None:
    assert projections.unordered_quantiles(rows(tables.PROJECTIONS, projected())) == []
    for wrong in ({f"p10{end}": 30.0}, {f"p90{end}": 0.1}, {f"p50{end}": None}):
        table = rows(tables.PROJECTIONS, projected(**wrong))
        [problem] = projections.unordered_quantiles(table)
        assert problem.serious
        assert problem.text.startswith("P00: p10 ")


def test_points_are_what_the_stat_line_comes_to(rows: Rows) -> None:
    none = dict.fromkeys(LINE)
    sound = rows(tables.PROJECTIONS, projected(), projected("P01", apart=5.0, **none))
    assert projections.stat_line_mismatches(sound) == []
    for apart in (0.2, float("nan")):
        found = projections.stat_line_mismatches(rows(tables.PROJECTIONS, projected(apart=apart)))
        assert len(found) == len(SCORINGS)
        assert "the stat line is worth 13.00 (ppr)" in found[-1].text


@pytest.mark.parametrize(
    ("part", "total"), [("receptions", "targets"), ("completions", "attempts")]
)
def test_no_more_caught_or_completed_than_thrown(rows: Rows, part: str, total: str) -> None:
    def found(table: Table, **line: float | None) -> list[Problem]:
        return projections.parts_exceed_totals(rows(table, projected(**line)))

    for table in (tables.PROJECTIONS, tables.MODEL_PROJECTIONS):
        for right in (
            {part: 5.0, total: 5.0},
            {part: 5.0001, total: 5.0},
            {part: 5.0, total: None},
        ):
            assert found(table, **right) == []
        [problem] = found(table, **{part: 5.1, total: 5.0})
        assert problem.serious
        assert problem.text == f"P00: 5.10 projected {part}, but 5.00 {total}"


def test_whom_the_model_projects_has_a_stat_line(rows: Rows) -> None:
    none = dict.fromkeys(LINE)

    def lost(table: Table, source: str, half: float, **more: Any) -> list[Problem]:
        own = "model_half" if table is tables.PROJECTIONS else "projected_points_half"
        row = {"source": source, **none, **more, own: half}
        return projections.missing_stat_lines(
            rows(table, *(projected(f"P{n}", **row) for n in range(5)))
        )

    for table, source in ((tables.MODEL_PROJECTIONS, "model"), (tables.PROJECTIONS, "consensus")):
        [problem] = lost(table, f"{source} (made up)", 3.0)
        assert problem == Problem(WEEK, "projected players without a stat line: 5, e.g. P0, P1, P2")
        assert lost(table, source, 3.0, carries=0.0) == []
        assert lost(table, source, 3.0, kicking_points=0.0) == []
        # The consensus omits lines of under a point; the baseline never has one.
        assert lost(table, source, 0.9) == []
    assert lost(tables.MODEL_PROJECTIONS, "baseline", 3.0) == []
    assert lost(tables.PROJECTIONS, "consensus with baseline", 3.0) == []


def test_weeks_with_games_have_a_source(rows: Rows, games: pa.Table) -> None:
    assert projections.weeks_without_sources(statements(rows, 5), games, [WEEK]) == []
    [missing] = projections.weeks_without_sources(statements(rows, 6), games, [WEEK, NEXT])
    assert missing == Problem(
        WEEK, "the week has games, but no source has projections for it", False
    )
    # The last week of the season is skipped.
    assert projections.weeks_without_sources(statements(rows, 5), games, [WEEK, NEXT]) == []
    # No source covers seasons before the first source, or the play-offs.
    for name, value in (("season", 2020), ("game_type", "WC")):
        at = games.schema.get_field_index(name)
        other = pa.array([value] * len(games), games.schema.field(at).type)
        weeks = [SeasonWeek(2020, 5) if name == "season" else WEEK]
        table = games.set_column(at, games.schema.field(at), other)
        assert projections.weeks_without_sources(statements(rows, 6), table, weeks) == []


def statements(
    rows: Rows,
    week: int,
    source: str = "nflcom",
    plus: float = 0.0,
    column: str = "points_half",
) -> pa.Table:
    return rows(
        tables.SOURCE_PROJECTIONS,
        *(
            {
                "season": 2024,
                "week": week,
                "source": source,
                "player_id": f"P{n:02}",
                column: n + 1 + plus,
            }
            for n in range(60)
        ),
    )


def test_a_source_does_not_repeat_itself_or_another(rows: Rows) -> None:
    past = statements(rows, 5)
    assert projections.same_projections(statements(rows, 6, plus=0.1), past) == []
    [stale] = projections.same_projections(statements(rows, 6), past)
    assert stale == Problem(
        NEXT, "nflcom repeats its projections of the week before: its file is old", False
    )
    both = pa.concat_tables([statements(rows, 6, plus=0.1), statements(rows, 6, "other", plus=0.1)])
    [copy] = projections.same_projections(both, past)
    assert copy == Problem(NEXT, "other has the same projections as nflcom: one is a copy", False)


def test_a_source_of_ranks_repeats_itself_by_its_ranks(rows: Rows) -> None:
    past, now = (statements(rows, week, "fantasypros", column="ecr") for week in (5, 6))
    assert projections.same_projections(statements(rows, 6, "fantasypros", 1.0, "ecr"), past) == []
    [stale] = projections.same_projections(now, past)
    assert "fantasypros repeats its projections of the week before" in stale.text


@pytest.mark.parametrize("nothing", [None, 0.0])
def test_empty_projections_are_no_copies(rows: Rows, nothing: float | None) -> None:
    def silent(week: int, source: str) -> pa.Table:
        table = statements(rows, week, source)
        at = table.schema.get_field_index("points_half")
        return table.set_column(at, table.field(at), pa.array([nothing] * 60, pa.float64()))

    both = pa.concat_tables([silent(6, "sleeper"), silent(6, "fantasypros")])
    assert projections.same_projections(both, silent(5, "sleeper")) == []


# Checks as a whole


def test_a_result_names_its_rules_and_weeks(rows: Rows, games: pa.Table) -> None:
    pairs = (("KC", "LV"), ("LV", "KC"), ("BUF", "MIA"), ("MIA", "BUF"))
    lines = rows(
        tables.WEEKLY_STATS, *(line(*pair, str(number)) for pair in pairs for number in range(3))
    )
    check = next(c for c in WEEKLY_STATS.checks if c.name == "weekly_stats_against_schedule")
    other_tables = {"raw_players": tables.RAW_PLAYERS.arrow_schema.empty_table()}
    evidence = Evidence(lines.slice(0, 9), [WEEK], LATER, games, lines.slice(0, 0), other_tables)
    result = check.result(evidence)
    assert result.serious
    assert result.failing_weeks == [WEEK]
    assert {name: len(found) for name, found in result.found.items() if found} == {"teams": 1}
    assert result.texts == ["2024 week 5: no rows for teams with a game: MIA"]
    sound = check.result(Evidence(lines, [WEEK], LATER, games, lines.slice(0, 0), other_tables))
    assert (sound.problems, sound.serious) == ([], False)


@pytest.mark.parametrize("part", ALL_CHECKS, ids=lambda part: part.table.name)
def test_a_repeated_key_and_a_broken_bound_fire_in_the_lake_too(rows: Rows, part: Any) -> None:
    """The checks find in the lake what a write would refuse."""
    key = {"season": 2024, "week": 5, "game_id": "g", "player_id": "p", "source": "s"}
    key["as_of"] = KICKOFF
    record = {column.name: key.get(column.name) for column in part.table.columns}
    both = rows(part.table, record, record)
    found = {
        name: rule(Evidence(both, [WEEK], LATER, both, both))
        for check in part.checks
        for name, rule in check.rules.items()
        if name in ("keys", "contract")
    }
    assert "1 repeated keys" in str(list(found["keys"]))
    if "contract" in found and part.table is not tables.WEEKLY_STATS:
        assert "rows null" in str(list(found["contract"]))


def test_names_are_unique_and_described() -> None:
    checks = [check for part in ALL_CHECKS for check in part.checks]
    assert len({check.name for check in checks}) == len(checks) <= 20
    assert all(check.description.endswith(".") and check.rules for check in checks)


def test_every_rule_is_applied_and_has_a_test() -> None:
    """The catalogue, or the rule's own module, uses every rule; a test of this folder calls it."""
    folder = ROOT / "fantasy_pipeline" / "checks"
    applied = (folder / "catalogue.py").read_text()
    tried = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for module in (
        schedule,
        stats,
        projections,
        game,
        usage,
        levels,
        rosters,
        injuries,
        source_points,
        seasons,
        team_defense,
        fixtures,
        leagues,
        defenders,
    ):
        own = (folder / f"{module.__name__.rpartition('.')[2]}.py").read_text()
        rules = [
            name
            for name, function in vars(module).items()
            if getattr(function, "__module__", "") == module.__name__
            and "Problem]" in str(getattr(function, "__annotations__", {}).get("return"))
            and not name.startswith("_")
        ]
        assert rules
        name = module.__name__.rpartition(".")[2]
        for rule in rules:
            assert f"{name}.{rule}(" in applied or f"lambda e: {rule}(" in own, rule
            assert f"{name}.{rule}(" in tried or f"{name}.{rule}," in tried, rule
