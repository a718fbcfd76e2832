"""Rules about projected defenders: each fires on the rows that break it, and on no other."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.checks import defenders, projections
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import DEFENDER_PROJECTIONS, GAMES, RAW_PLAYERS
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)


def defender(**more: Any) -> dict[str, Any]:
    """Return a projection of 4 tackles and a fifth of a sack: 6.4 points."""
    return {
        "season": 2024,
        "week": 5,
        "player_id": "a",
        "player_name": "Al Able",
        "position": "LB",
        "team": "BUF",
        "opponent": "MIA",
        "projected_points": 6.4,
        "p10": 2.0,
        "p50": 6.0,
        "p90": 12.0,
        "plays": 0.95,
        "def_tackles_solo": 4.0,
        "def_sacks": 0.2,
        **more,
    }


def table(rows: Rows, *changes: dict[str, Any]) -> pa.Table:
    return rows(DEFENDER_PROJECTIONS, *(defender(**change) for change in changes))


def schedule(rows: Rows) -> pa.Table:
    game = {"season": 2024, "week": 5, "game_id": "g", "home_team": "BUF", "away_team": "MIA"}
    return rows(GAMES, game)


def test_points_are_not_negative(rows: Rows) -> None:
    assert defenders.negative_points(table(rows, {}, {"p10": 0.0})) == []
    for name in ("projected_points", "p10", "p50", "p90"):
        [problem] = defenders.negative_points(table(rows, {}, {name: -0.5}))
        assert problem == (WEEK, f"Al Able: {name} is -0.50", True)


def test_floor_median_and_ceiling_are_in_order(rows: Rows) -> None:
    suffixes = {"NFL.com's": ""}
    assert projections.unordered_quantiles(table(rows, {}), suffixes) == []
    for wrong in ({"p10": 7.0}, {"p90": 5.0}):
        [problem] = projections.unordered_quantiles(table(rows, {}, wrong), suffixes)
        assert problem.week == WEEK
        assert problem.text.endswith("are out of order (NFL.com's)")


def test_nobody_scores_without_a_game(rows: Rows) -> None:
    games = schedule(rows)
    resting = {"team": "KC", "opponent": None, "projected_points": 0.0}
    assert defenders.points_without_a_game(table(rows, {}, resting), games, [WEEK]) == []
    wrong = table(rows, {}, {"team": "KC", "opponent": None})
    [problem] = defenders.points_without_a_game(wrong, games, [WEEK])
    assert problem == (WEEK, "projected points without a game: 1, e.g. Al Able (KC)", True)


def test_nobody_scores_without_a_chance_to_play(rows: Rows) -> None:
    out = {"plays": 0.0, "projected_points": 0.0}
    assert defenders.points_without_a_chance(table(rows, {}, out)) == []
    [problem] = defenders.points_without_a_chance(table(rows, {}, {"plays": 0.0}))
    assert problem.text == "Al Able: projected 6.40 points, but he does not play"


@pytest.mark.parametrize("wrong", [{"def_sacks": 0.3}, {"projected_points": float("nan")}])
def test_points_are_those_of_the_stat_line(rows: Rows, wrong: dict[str, float]) -> None:
    assert defenders.other_points_than_the_line(table(rows, {}, {"projected_points": 6.405})) == []
    [problem] = defenders.other_points_than_the_line(table(rows, {}, wrong))
    assert "which are not those of the stat line" in problem.text


def test_every_rostered_defender_is_projected(rows: Rows) -> None:
    row = {"season": 2024, "player_id": "a", "position": "CB", "team": "BUF"}
    row |= {"roster_source": "weekly_roster", "on_bye": False, "week": 5}
    found = table(rows, {})
    both = rows(RAW_PLAYERS, row, {**row, "player_id": "b"})
    [problem] = defenders.unprojected_defenders(found, both)
    assert problem == (WEEK, "rostered players without a projection: 1, e.g. b", True)
    # A week without earlier games, a bye, another position.
    for change in ({"week": 4}, {"on_bye": True}, {"position": "QB"}):
        others = rows(RAW_PLAYERS, row, {**row, "player_id": "b", **change})
        assert defenders.unprojected_defenders(found, others) == []
