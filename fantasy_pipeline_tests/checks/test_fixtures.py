"""Test the rules for the schedule itself."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.checks import Problem, fixtures
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)
KICKOFF = datetime(2024, 10, 6, 17, tzinfo=timezone.utc)
BEFORE, AFTER = KICKOFF - timedelta(days=3), KICKOFF + timedelta(days=3)


def fixture(away: str, home: str, week: int = 5, **more: Any) -> dict[str, Any]:
    return {
        **{"season": 2024, "week": week, "game_id": f"2024_{week:02d}_{away}_{home}"},
        **{"game_type": "REG", "home_team": home, "away_team": away},
        **{"kickoff": KICKOFF + timedelta(weeks=week - 5), **more},
    }


@pytest.fixture
def stored(rows: Rows) -> pa.Table:
    return rows(tables.GAMES, fixture("LV", "KC"), fixture("BUF", "MIA"))


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ([fixture("LV", "KC"), fixture("BUF", "MIA")], None),
        (
            [fixture("LV", "MIA"), fixture("BUF", "KC")],
            "BUF plays KC instead of MIA; KC plays BUF instead of LV; LV plays MIA instead of KC; "
            "MIA plays LV instead of BUF",
        ),
        ([fixture("KC", "LV"), fixture("BUF", "MIA")], "LV is at home now"),
        (
            [fixture("LV", "KC", kickoff=KICKOFF + timedelta(days=1)), fixture("BUF", "MIA")],
            "KC-LV kicks off at 2024-10-07 17:00 UTC instead of 2024-10-06 17:00",
        ),
    ],
    ids=["same", "opponents", "home side", "kick-off"],
)
def test_moved_games_are_named(
    rows: Rows, stored: pa.Table, changed: list[dict[str, Any]], text: str | None
) -> None:
    games = rows(tables.GAMES, *changed)
    expected = [] if text is None else [f"games 2024 week 5: the schedule changed: {text}"]
    assert fixtures.moved_games(stored, games) == expected


def test_of_many_changed_games_the_first_are_named(rows: Rows) -> None:
    pairs = list(zip(sorted(TEAMS)[:16:2], sorted(TEAMS)[1:16:2], strict=True))
    stored = rows(tables.GAMES, *(fixture(*pair) for pair in pairs))
    other = rows(tables.GAMES, *(fixture(*reversed(pair)) for pair in pairs))
    [text] = fixtures.moved_games(stored, other)
    first = "; ".join(f"{away} is at home now" for away, _ in pairs[:6])
    assert text == f"games 2024 week 5: the schedule changed: {first} and 2 more"


def test_of_many_changed_weeks_the_last_are_named(rows: Rows) -> None:
    weeks = range(1, 10)
    stored = rows(tables.GAMES, *(fixture("LV", "KC", week) for week in weeks))
    other = rows(tables.GAMES, *(fixture("KC", "LV", week) for week in weeks))
    found = fixtures.moved_games(stored, other)
    assert [text.split(":")[0] for text in found[:-1]] == [
        f"games 2024 week {week}" for week in weeks[-6:]
    ]
    assert found[-1] == "games: the schedule changed in 3 earlier weeks, too"


def test_games_of_a_week_begin_at_several_times(rows: Rows) -> None:
    teams = sorted(TEAMS)
    pairs = list(zip(teams[::2], teams[1::2], strict=True))
    same = rows(tables.GAMES, *(fixture(*pair) for pair in pairs))
    [problem] = fixtures.single_kickoffs(same, BEFORE)
    assert problem == Problem(WEEK, "all 16 games kick off at the same time", False)
    assert fixtures.single_kickoffs(same, KICKOFF - timedelta(days=60)) == []
    assert fixtures.single_kickoffs(same.slice(0, 9), BEFORE) == []


def test_a_game_without_a_score_is_named(rows: Rows) -> None:
    score = {"home_score": 20, "away_score": 17}
    later = fixture("LV", "BUF", week=7, **score)
    games = rows(tables.GAMES, fixture("LV", "KC"), fixture("BUF", "MIA", **score), later)
    [problem] = fixtures.missing_scores(games)
    assert problem == Problem(WEEK, "2024_05_LV_KC has no score, but later games have one", False)
    assert fixtures.missing_scores(games.slice(0, 2)) == []


def test_a_team_has_one_week_off(rows: Rows) -> None:
    def season(off: set[int]) -> pa.Table:
        other = [fixture("BUF", "MIA", week) for week in range(1, 9)]
        return rows(
            tables.GAMES, *other, *(fixture("LV", "KC", w) for w in range(1, 9) if w not in off)
        )

    assert fixtures.missing_games(season({4}), BEFORE) == []
    found = fixtures.missing_games(season({4, 6}), BEFORE)
    assert [problem.text for problem in found] == [
        "2024: KC has no game in the weeks 4, 6",
        "2024: LV has no game in the weeks 4, 6",
    ]
    assert fixtures.missing_games(season({4, 6}), KICKOFF + timedelta(weeks=20)) == []


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ({"spread_line": 3.0, "home_moneyline": -160, "away_moneyline": 140}, None),
        ({"spread_line": -1.0, "home_moneyline": -106, "away_moneyline": -104}, None),
        (
            {"spread_line": -3.0, "home_moneyline": -160, "away_moneyline": 140},
            "a spread of -3, but the moneyline favours the other team",
        ),
        ({"spread_line": 35.0}, "spread 35 and total 0 that no game ever had"),
        ({"total_line": 90.0}, "spread 0 and total 90 that no game ever had"),
        ({}, None),
    ],
)
def test_lines_are_possible(rows: Rows, lines: dict[str, float], text: str | None) -> None:
    found = fixtures.impossible_lines(rows(tables.GAMES, fixture("LV", "KC", **lines)))
    assert found == ([] if text is None else [Problem(WEEK, f"2024_05_LV_KC has {text}", False)])


@pytest.mark.parametrize(
    ("total", "count", "found"), [(44, 8, 0), (22, 8, 1), (88, 8, 1), (22, 7, 0)]
)
def test_totals_of_a_week_are_those_of_football(
    rows: Rows, total: float, count: int, found: int
) -> None:
    teams = sorted(TEAMS)
    games = [fixture(*teams[2 * n : 2 * n + 2], total_line=total) for n in range(count)]
    problems = fixtures.unusual_totals(rows(tables.GAMES, *games))
    text = f"the totals have a mean of {total:.1f} points; real weeks have 38-50"
    assert problems == [Problem(WEEK, text, False)] * found


def season_of_spreads(rows: Rows, reverse: set[int]) -> pa.Table:
    """Return four weeks of 16 games: the first team is the favourite and wins, by its number.

    Args:
        reverse: weeks whose spreads have the wrong sign.
    """
    teams = sorted(TEAMS)
    games = [
        fixture(
            teams[n],
            teams[31 - n],
            week,
            spread_line=float((n - 16) * (-1 if week in reverse else 1)),
            home_score=20,
            away_score=20 + 16 - n,
        )
        for week in range(1, 5)
        for n in range(16)
    ]
    return rows(tables.GAMES, *games)


def test_the_spreads_of_a_week_have_the_favourites_of_the_weeks_before(rows: Rows) -> None:
    assert fixtures.reversed_spreads(season_of_spreads(rows, set())) == []
    text = "the spreads favour the teams that were the underdogs of the weeks before"
    found = fixtures.reversed_spreads(season_of_spreads(rows, {4}))
    assert found == [Problem(SeasonWeek(2024, 4), text, False)]


def test_the_spreads_of_a_season_have_the_favourites_that_won(rows: Rows) -> None:
    found = fixtures.reversed_spreads(season_of_spreads(rows, {1, 2, 3, 4}))
    text = "2024: the spreads favour the teams that lost: they are reversed"
    assert found == [Problem(None, text, False)]
