"""The pool *everyone* and the measures of teams, on numbers small enough to check by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.tables import (
    MODEL_PROJECTIONS,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    SOURCE_PROJECTIONS,
)
from fantasy_pipeline.projections import everyone
from fantasy_pipeline.projections.accuracy import NAIVE, projection_accuracy
from fantasy_pipeline.projections.scoreboard import require_everyone, scoreboard, team_board

Rows = Callable[..., pa.Table]
Scored = dict[tuple[str, str], dict[str, Any]]
NAN = float("nan")


def player(name: str, team: str, points: float | None, **more: Any) -> dict[str, Any]:
    """Return a quarterback's row of the history; None as points: he did not play."""
    return {
        "season": 2024, "week": 5, "player_id": name, "team": team, "position": "QB",
        "target_played": points is not None, "target_half": points, "target_ppr": points,
    } | more  # fmt: skip


def ours(name: str, points: float, **more: Any) -> dict[str, Any]:
    return {
        "season": 2024, "week": 5, "player_id": name, "source": "consensus",
        "projected_points": points, "projected_points_half": points,
    } | more  # fmt: skip


def stated(source: str, name: str, points: float, **more: Any) -> dict[str, Any]:
    return {
        "season": 2024, "week": 5, "player_id": name, "source": source, "points_half": points,
        "points_ppr": points,
    } | more  # fmt: skip


STARTED = [
    player("starter", "BUF", 20.0, target_attempts=35.0),
    player("backup", "BUF", None),
    player("rookie", "DAL", 12.0, target_attempts=28.0),
    player("veteran", "DAL", 2.0, target_attempts=3.0),
    player("resting", "NYG", None),
]
"""NYG does not play."""


@pytest.fixture
def table(rows: Rows) -> Callable[..., pa.Table]:
    """Return `table(ours, statements)`: the accuracy of projections of `STARTED`."""

    def build(projected: list[dict[str, Any]], statements: list[dict[str, Any]]) -> pa.Table:
        return projection_accuracy(
            rows(PLAYER_HISTORY, *STARTED),
            rows(PROJECTIONS, *projected),
            rows(MODEL_PROJECTIONS, *projected),
            rows(SOURCE_PROJECTIONS, *statements),
        )

    return build


def scored(accuracy: pa.Table, pool: str = "everyone", scoring: str = "ppr") -> Scored:
    return {
        (row["source"], row["position"]): row
        for row in accuracy.to_pylist()
        if (row["pool"], row["scoring"]) == (pool, scoring) and row["source"] not in NAIVE
    }


PROJECTED = [
    ours("starter", 18.0), ours("backup", 16.0), ours("rookie", 7.0), ours("veteran", 9.0),
    ours("resting", 0.0),
]  # fmt: skip
NFLCOM = [stated("nflcom", "starter", 19.0), stated("nflcom", "rookie", 11.0)]


def test_benched_and_unnamed_players_are_errors(table: Callable[..., pa.Table]) -> None:
    accuracy = table(PROJECTED, NFLCOM)
    found = scored(accuracy)
    # Everyone: starter, backup and veteran by us, rookie by NFL.com.
    assert found["consensus", "QB"]["players"] == found["nflcom", "QB"]["players"] == 4
    assert found["consensus", "QB"]["mae"] == pytest.approx((2 + 16 + 5 + 7) / 4)
    # NFL.com says nothing about the backup, who did not play, and the veteran, who scored 2.
    assert found["nflcom", "QB"]["mae"] == pytest.approx((1 + 0 + 1 + 2) / 4)
    assert found["consensus", "QB"]["nflcom_mae"] == found["nflcom", "QB"]["mae"]
    # The other pools see neither.
    old = scored(accuracy, "all")
    assert old["consensus", "QB"]["players"] == old["nflcom", "QB"]["players"] == 2
    assert scored(accuracy, "played")["consensus", "QB"]["teams"] is None


def test_teams_by_hand(table: Callable[..., pa.Table]) -> None:
    found = scored(table(PROJECTED, NFLCOM))
    mine, theirs = found["consensus", "QB"], found["nflcom", "QB"]
    assert (mine["teams"], theirs["teams"]) == (2, 2)
    # We name BUF's starter, and the wrong one of DAL; BUF has two at 8 points.
    assert (mine["starter_right"], theirs["starter_right"]) == (0.5, 1.0)
    assert (mine["two_starters"], theirs["two_starters"]) == (0.5, 0.0)
    assert mine["team_projected"] == pytest.approx((18 + 16 + 7 + 9) / 2)
    assert theirs["team_projected"] == pytest.approx((19 + 11) / 2)
    assert mine["team_scored"] == theirs["team_scored"] == pytest.approx((20 + 12 + 2) / 2)


def test_a_source_without_a_file_is_not_scored_as_silent(
    rows: Rows, table: Callable[..., pa.Table]
) -> None:
    found = scored(table(PROJECTED, [stated("espn", "x", 30.0), *NFLCOM]))
    assert ("espn", "QB") not in found
    points = np.array([NAN, 5.0, NAN, NAN, 7.0])
    weeks = np.array([1, 1, 1, 2, 2])
    positions = np.array(["QB", "QB", "RB", "QB", "QB"])
    filled = everyone.silence_as_zero(points, weeks, positions)
    assert filled.tolist()[:2] == [0.0, 5.0]
    assert np.isnan(filled[2])
    assert filled.tolist()[3:] == [0.0, 7.0]
    assert everyone.silence_as_zero(np.empty(0), np.empty(0), np.empty(0)).tolist() == []


@pytest.mark.parametrize("points", [7.99, 8.0])
def test_the_pool_begins_at_8_points(table: Callable[..., pa.Table], points: float) -> None:
    found = scored(table([ours("starter", points), ours("rookie", 20.0)], []))
    assert found["model", "QB"]["players"] == (2 if points == 8 else 1)


def test_a_usual_starter_counts_though_nobody_projects_him(rows: Rows) -> None:
    hurt = player("hurt", "BUF", None, avg_fantasy_points_ppr=15.0)
    weak = player("weak", "BUF", 3.0, last_points_ppr=30.0, last_points_half=30.0)
    accuracy = projection_accuracy(
        rows(PLAYER_HISTORY, hurt, weak),
        rows(PROJECTIONS, ours("hurt", 0.0), ours("weak", 1.0)),
        rows(MODEL_PROJECTIONS),
        rows(SOURCE_PROJECTIONS),
    )
    found = scored(accuracy)["consensus", "QB"]
    assert (found["players"], found["mae"]) == (1, 0.0)


def test_kickers_have_teams_and_receivers_have_none(rows: Rows) -> None:
    happened = [
        player("k1", "BUF", 9.0, position="K", target_fg_att=2.0, target_pat_made=3.0),
        player("k2", "BUF", None, position="K"),
        player("w", "BUF", 20.0, position="WR"),
    ]
    projected = [ours("k1", 7.0), ours("k2", 8.0), ours("w", 14.0)]
    accuracy = projection_accuracy(
        rows(PLAYER_HISTORY, *happened),
        rows(PROJECTIONS, *projected),
        rows(MODEL_PROJECTIONS),
        rows(SOURCE_PROJECTIONS),
    )
    kickers = scored(accuracy)["consensus", "K"]
    assert (kickers["starter_right"], kickers["two_starters"]) == (0.0, 1.0)
    assert kickers["yards_apart"] is None
    assert scored(accuracy)["consensus", "WR"]["teams"] is None


def test_yards_that_do_not_add_up_are_counted(rows: Rows) -> None:
    passer = {"passing_yards": 250.0, "receiving_yards": 0.0}
    happened = [
        *STARTED,
        player("w", "BUF", 9.0, position="WR"),
        player("v", "DAL", 9.0, position="WR"),
    ]
    projected = [
        ours("starter", 18.0, **passer),
        ours("w", 9.0, passing_yards=0.0, receiving_yards=189.9),
        ours("rookie", 18.0, **passer),
        ours("v", 9.0, passing_yards=0.0, receiving_yards=190.0),
        ours("resting", 0.0),
    ]
    accuracy = projection_accuracy(
        rows(PLAYER_HISTORY, *happened),
        rows(PROJECTIONS, *projected),
        rows(MODEL_PROJECTIONS, ours("starter", 18.0)),
        rows(SOURCE_PROJECTIONS, *NFLCOM),
    )
    found = scored(accuracy)
    assert found["consensus", "QB"]["yards_apart"] == 0.5
    assert found["model", "QB"]["yards_apart"] is None
    assert found["nflcom", "QB"]["yards_apart"] is None
    # Where a baseline projects the quarterbacks, the receivers alone have lines.
    teams, none = np.array(["BUF", "BUF"]), np.array([NAN, NAN])
    assert everyone.share_apart(teams, none, np.array([NAN, 200.0])) is None
    assert everyone.share_apart(teams, np.array([200.0, NAN]), none) is None
    assert everyone.share_apart(teams, np.array([200.0, NAN]), np.array([0.0, 139.0])) == 1.0


def test_the_boards_pool_team_weeks(rows: Rows) -> None:
    def measured(week: int, **more: Any) -> dict[str, Any]:
        return {
            "season": 2024, "week": week, "source": "consensus", "position": "QB",
            "scoring": "ppr", "pool": "everyone", "players": 40, "mae": 5.0, "rmse": 6.0,
            "bias": 1.0, "pairs": 0,
        } | more  # fmt: skip

    accuracy = rows(
        PROJECTION_ACCURACY,
        measured(1, teams=32, starter_right=1.0, two_starters=0.0, team_projected=18.0,
                 team_scored=16.0, yards_apart=0.5),
        measured(2, teams=16, starter_right=0.5, two_starters=0.25, team_projected=12.0,
                 team_scored=10.0),
        measured(18, teams=32, starter_right=0.0, two_starters=1.0, team_projected=1.0,
                 team_scored=9.0),
        # An older version scored no teams.
        measured(3),
        # A naive baseline projects every quarterback as if he plays.
        measured(1, source="naive last 4", teams=32, starter_right=0.4, two_starters=0.9,
                 team_projected=40.0, team_scored=16.0),
    )  # fmt: skip
    [row] = team_board(accuracy).to_pylist()
    assert row == {
        "position": "QB", "weeks": "all", "source": "consensus", "team_weeks": 48,
        "starter_right": round(40 / 48, 4), "two_starters": round(4 / 48, 4), "projected": 16.0,
        "scored": 14.0, "sum_off": round(16 / 14 - 1, 4), "yards_apart": 0.5,
    }  # fmt: skip
    by_week = team_board(accuracy, "week").to_pylist()
    assert [(row["week"], row["team_weeks"]) for row in by_week] == [("1", 32), ("2", 16)]
    assert team_board(accuracy, scoring="half").num_rows == 0
    whole, _ = scoreboard(accuracy, None, "ppr", "everyone").to_pylist()
    assert (whole["players"], whole["mae"]) == (120, 5.0)


def test_weeks_that_an_older_version_scored_are_named(rows: Rows) -> None:
    def scored(season: int, week: int, *pools: str) -> list[dict[str, Any]]:
        return [
            {
                "season": season, "week": week, "source": "consensus", "position": "ALL",
                "scoring": "ppr", "pool": pool, "players": 9, "mae": 5.0, "rmse": 6.0,
                "bias": 1.0, "pairs": 0,
            }
            for pool in pools
        ]  # fmt: skip

    older = [*scored(2023, 4, "played", "all"), *scored(2023, 5, "played", "all")]
    today = scored(2024, 1, "played", "all", "everyone")
    # Weeks after the 17th do not count in pooled figures.
    assert require_everyone(rows(PROJECTION_ACCURACY, *today, *scored(2024, 18, "all"))) is None
    text = require_everyone(rows(PROJECTION_ACCURACY, *older, *today))
    assert text is not None
    assert text.startswith("projection_accuracy of 2023 weeks 4-5 is of an earlier version")
    assert text.endswith("`fantasy-pipeline backfill --seasons 2023`")
    with pytest.raises(PipelineError, match="2023 weeks 4-5 is of an earlier version"):
        require_everyone(rows(PROJECTION_ACCURACY, *older))


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from([0.0, 9.0, 30.0]), st.floats(0, 30)),
        min_size=1,
        max_size=8,
    )
)
def test_measures_of_teams_agree_with_their_definition(
    players: list[tuple[str, float, float]],
) -> None:
    teams, work, points = (np.array(values) for values in zip(*players, strict=True))
    found = everyone.measure_teams(teams, work, points, work, 8.0)
    rooms = {
        name: [(w, p) for t, w, p in players if t == name]
        for name in "ab"
        if any(w for t, w, _ in players if t == name)
    }
    if not rooms:
        assert found == {}
        return
    assert found["teams"] == len(rooms)
    two = [sum(p >= 8 for _, p in room) > 1 for room in rooms.values()]
    assert found["two_starters"] == pytest.approx(np.mean(two))
    right = [
        max(p for _, p in room) > 0
        and next(w for w, p in room if p == max(q for _, q in room)) == max(w for w, _ in room)
        for room in rooms.values()
    ]
    assert found["starter_right"] == pytest.approx(np.mean(right))
    sums = [sum(p for _, p in room) for room in rooms.values()]
    assert found["team_projected"] == pytest.approx(np.mean(sums))
