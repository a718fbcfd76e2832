"""Points of a league's players in its remaining weeks: its last week, byes, and defenders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENDER_PROJECTIONS,
    GAMES,
    PROJECTIONS,
    REST_OF_SEASON,
)
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Playoffs, Team
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.rest_points import KEPT_OF_OTHERS, rest_points
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 15)
AT_WEEK = {"season": WEEK.season, "week": WEEK.week}
SCORING = {"rush_yd": 0.2, "idp_tkl_solo": 2.0}
LEAGUE = LeagueSeason("file", "x", 2024, "x", ["RB", "LB"], SCORING, [Team("1"), Team("2")])
LAST_IS_17 = replace(LEAGUE, playoff_week=15, playoffs=Playoffs(8, [1, 1, 1]))


def linebacker(name: str, team: str, tackles: float, **more: Any) -> dict[str, Any]:
    points = {"projected_points": 1.5 * tackles, "usual_points": 9.0, "def_tackles_solo": tackles}
    about = {"player_id": name, "position": "LB", "team": team, "source": "model"}
    return {**AT_WEEK, **about, **points, **more}


@pytest.fixture
def filled(lake: Lake, rows: Rows) -> Lake:
    ends = ("", "_half", "_std")
    back = {**AT_WEEK, "player_id": "cook", "position": "RB", "team": "BUF", "source": "model"}
    back |= {f"projected_points{end}": 10.0 for end in ends} | {"rushing_yards": 100.0}
    lake.write_weeks(PROJECTIONS, rows(PROJECTIONS, back), [WEEK])
    rest = [
        {**AT_WEEK, "player_id": "cook", "target_week": week}
        | {f"points{end}": points for end in ends}
        for week, points in ((15, 10.0), (16, 8.0), (17, 7.0), (18, 6.0))
    ]
    lake.write_weeks(REST_OF_SEASON, rows(REST_OF_SEASON, *rest), [WEEK])
    defenders = [
        linebacker("best", "BUF", 6.0),
        linebacker("other", "MIA", 4.0),
        linebacker("hurt", "MIA", 0.0, reason="out"),
        linebacker("resting", "KC", 0.0, reason="bye"),
        linebacker("gone", "MIA", 0.0, reason="reserve list"),
    ]
    lake.write_weeks(DEFENDER_PROJECTIONS, rows(DEFENDER_PROJECTIONS, *defenders), [WEEK])
    games = [
        {"season": 2024, "week": week, "game_id": f"{week}", "home_team": "MIA", "away_team": away}
        for week, away in ((15, "BUF"), (16, "KC"), (17, "BUF"))
    ]
    lake.write(GAMES, rows(GAMES, *games))
    return lake


def test_weeks_after_the_leagues_last_one_do_not_count(filled: Lake) -> None:
    """All points are twice the usual ones."""
    assert rest_points(filled, WEEK, LEAGUE)["cook"] == (20.0, 16.0, 14.0, 12.0)
    assert rest_points(filled, WEEK, LAST_IS_17)["cook"] == (20.0, 16.0, 14.0)
    over = replace(LEAGUE, playoff_week=13, playoffs=Playoffs(4, [1, 1]))
    with pytest.raises(PipelineError, match="the regular season is over"):
        rest_points(filled, WEEK, over)


def test_defenders_count_in_later_weeks_but_on_byes(filled: Lake) -> None:
    """The mean is 10: a tackle pays 2, at NFL.com 1.5, and the usual points of all are 9."""
    found = rest_points(filled, WEEK, LAST_IS_17)
    usual = 10 + KEPT_OF_OTHERS * (9 * 2 / 1.5 - 10)
    expected = {
        "best": (12.0, 0.0, 10 + KEPT_OF_OTHERS * 2),
        "other": (8.0, 10 - KEPT_OF_OTHERS * 2, 10 - KEPT_OF_OTHERS * 2),
        "hurt": (0.0, usual, usual),
        "resting": (0.0, usual, 0.0),
        "gone": (0.0, 0.0, 0.0),
    }
    assert {name: found[name] for name in expected} == {
        name: pytest.approx(points) for name, points in expected.items()
    }


def test_managers_replace_defenders_who_do_not_play(filled: Lake) -> None:
    found = rest_points(filled, WEEK, LAST_IS_17, replaced=True)
    assert found["best"] == (12.0, *[pytest.approx(10 + KEPT_OF_OTHERS * 2)] * 2)
    for name in ("hurt", "resting", "gone"):
        assert found[name] == (0.0, 10.0, 10.0)


def test_a_league_without_defenders_has_none(filled: Lake) -> None:
    assert set(rest_points(filled, WEEK, replace(LEAGUE, slots=["RB"]))) == {"cook"}


def test_the_rest_of_the_season_is_needed(filled: Lake) -> None:
    with pytest.raises(NotMaterializedError, match="rest_of_season 2024 week 16: not in the lake"):
        rest_points(filled, SeasonWeek(2024, 16), LEAGUE)
