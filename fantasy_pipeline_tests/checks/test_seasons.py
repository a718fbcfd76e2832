"""Test the rules for the games of whole weeks and seasons."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.checks import Problem, seasons
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)
USUAL = {"home_score": 24, "away_score": 21, "spread_line": -3.0, "game_type": "REG"}


def games(rows: Rows, count: int = 16, weeks: int = 1, **values: Any) -> pa.Table:
    """Return some weeks of games from week 5 on; a value may be a function of the game."""
    records = []
    for at in range(count * weeks):
        given = {name: one(at) if callable(one) else one for name, one in values.items()}
        key = {"season": 2024, "week": 5 + at // count, "game_id": f"g{at}"}
        records.append({**key, **USUAL, "neutral_site": False, **given})
    return rows(tables.GAMES, *records)


@pytest.mark.parametrize(
    ("home", "serious"), [(24, None), (15, None), (5, False), (50, False), (70, True), (0, True)]
)
def test_scores_are_like_those_of_other_weeks(rows: Rows, home: int, serious: bool | None) -> None:
    found = seasons.unusual_results(games(rows, home_score=home))
    text = f"the games have a mean of {home + 21} points; real weeks have 34-54"
    assert found == ([] if serious is None else [Problem(WEEK, text, serious)])
    assert seasons.unusual_results(games(rows, count=4, home_score=home)) == []
    assert seasons.unusual_results(games(rows, home_score=None, away_score=None)) == []


def test_most_games_have_a_favourite(rows: Rows) -> None:
    assert seasons.level_spreads(games(rows)) == []
    assert seasons.level_spreads(games(rows, spread_line=None)) == []
    level = games(rows, spread_line=lambda at: 0.0 if at else 3.0)
    text = "94% of the games have a spread of 0"
    assert seasons.level_spreads(level) == [Problem(WEEK, text, False)]


def test_few_games_are_at_neutral_sites_and_most_outdoors(rows: Rows) -> None:
    def roof(at: int) -> str:
        return "dome" if at % 3 == 0 else "outdoors"

    assert seasons.unusual_places(games(rows, weeks=16, roof=roof)) == []
    assert seasons.unusual_places(games(rows, roof="dome", neutral_site=True)) == []
    found = seasons.unusual_places(games(rows, weeks=16, roof="dome", neutral_site=True))
    assert found == [
        Problem(None, "2024: 100% of the games are at a neutral site", False),
        Problem(None, "2024: 0% of the games are outdoors", False),
    ]


@pytest.mark.parametrize(("hour", "is_early"), [(13, False), (17, False), (0, False), (8, True)])
def test_no_game_kicks_off_at_night(rows: Rows, hour: int, is_early: bool) -> None:
    """13:30 UTC is 9:30 in New York, the time of games in Europe."""
    kickoff = datetime(2024, 10, 6, hour, 30, tzinfo=timezone.utc)
    found = seasons.early_kickoffs(games(rows, count=1, kickoff=kickoff))
    text = "g0 kick off before 9 in New York"
    assert found == ([Problem(WEEK, text, False)] if is_early else [])


def test_no_playoffs_before_the_end_of_the_regular_season(rows: Rows) -> None:
    def last(at: int) -> str:
        return "WC" if at >= 32 else "REG"

    assert seasons.misplaced_playoffs(games(rows, weeks=3, game_type=last)) == []
    early = games(rows, weeks=3, game_type=lambda at: "WC" if at < 16 else "REG")
    text = "has games of the play-offs, but a later week, or the same, is of the regular season"
    assert seasons.misplaced_playoffs(early) == [Problem(WEEK, text)]
