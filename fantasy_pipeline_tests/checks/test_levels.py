"""Test the rules on the level of a whole week."""

from __future__ import annotations

import pyarrow as pa
import pytest

from fantasy_pipeline.checks import Problem, levels
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)


def week(rows: Rows, teams: int = 32, **stats: float) -> pa.Table:
    """Return one line per team, with the mean of the real weeks in every stat but `stats`."""
    usual = {name: (low + high) / 2 for name, (low, high) in levels.MEANS.items()}
    usual |= dict.fromkeys((*levels.NEVER_ZERO, *levels.SELDOM_ZERO), 1.0)
    return rows(
        tables.WEEKLY_STATS,
        *(
            {"season": 2024, "week": 5, "player_id": team, "team": team, **usual, **stats}
            for team in sorted(TEAMS)[:teams]
        ),
    )


@pytest.mark.parametrize(
    ("mean", "serious"),
    [(112.0, None), (132.3 * 1.2, None), (180.0, False), (250.0, True), (70.0, False), (0.0, True)],
)
def test_means_of_a_week_are_like_those_of_other_weeks(
    rows: Rows, mean: float, serious: bool | None
) -> None:
    found = levels.unusual_means(week(rows, rushing_yards=mean))
    text = f"rushing_yards per team is {mean:.1f}; real weeks have 92.9-132.3"
    assert found == ([] if serious is None else [Problem(WEEK, text, serious)])


def test_a_few_games_may_be_unusual(rows: Rows) -> None:
    assert levels.unusual_means(week(rows, teams=8, rushing_yards=250.0)) == []


def test_no_column_is_empty(rows: Rows) -> None:
    assert levels.silent_stats(week(rows)) == []
    [problem] = levels.silent_stats(week(rows, rushing_epa=0.0))
    assert problem == Problem(WEEK, "rushing_epa is 0 for every player of the week")
    [problem] = levels.silent_stats(week(rows, fg_missed=0.0))
    assert problem == Problem(WEEK, "fg_missed is 0 for every player of the week", False)
    assert levels.silent_stats(week(rows, teams=8, rushing_epa=0.0)) == []


def test_there_are_more_solo_tackles_than_assists(rows: Rows) -> None:
    usual = week(rows, def_tackles_solo=35.0, def_tackle_assists=20.0)
    assert levels.exchanged_tackles(usual) == []
    swapped = week(rows, def_tackles_solo=20.0, def_tackle_assists=35.0)
    text = "640 solo tackles are fewer than the assists"
    assert levels.exchanged_tackles(swapped) == [Problem(WEEK, text)]


@pytest.mark.parametrize(("sign", "is_found"), [(1.0, False), (-1.0, True)])
def test_expected_points_follow_the_yards(rows: Rows, sign: float, is_found: bool) -> None:
    lines = [
        {
            **{"season": 2024, "week": 5, "player_id": team, "team": team, "targets": 8},
            **{"receiving_yards": at, "receiving_epa": sign * (at + at % 5)},
        }
        for at, team in enumerate(sorted(TEAMS))
    ]
    found = levels.unlike_yards(rows(tables.WEEKLY_STATS, *lines))
    text = "receiving_epa does not follow receiving_yards: their correlation is -0.99"
    assert found == ([Problem(WEEK, text)] if is_found else [])
    assert levels.unlike_yards(rows(tables.WEEKLY_STATS, *lines[:20])) == []
