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
    assert fixtures.moved_games(stored, games, BEFORE) == expected
    assert fixtures.moved_games(stored, games, AFTER) == []


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
