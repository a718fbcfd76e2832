"""The accuracy that docs/projections.md promises, measured on real seasons."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

from fantasy_pipeline.projections.backtest import backtest
from fantasy_pipeline.projections.scoreboard import scoreboard, team_board
from fantasy_pipeline_tests.real_lake import import_seasons

pytestmark = [pytest.mark.real, pytest.mark.soak]
MOST = {"model": (0.985, 0.991, 1.000), "consensus": (0.975, 0.980, 0.985)}
"""MAE and RMSE over NFL.com's, and RMSE over NFL.com's in every position."""
LEAST = {"model": 0.417, "consensus": 0.433}
COVERED = {"model": (0.78, 0.845), "consensus": (0.785, 0.815)}
EVERYONE = {"QB": 3.72, "RB": 4.42, "WR": 4.38, "TE": 3.98}
"""MAE of the consensus in half-PPR, in the pool everyone."""
"""Rank correlation."""


def test_the_projections_beat_nflcom_as_promised(nfl_mirror: Path, tmp_path: Path) -> None:
    lake = import_seasons(nfl_mirror, tmp_path, range(2015, 2025))
    accuracy = backtest(lake, [2021, 2022, 2023, 2024])
    whole = {row["source"]: row for row in scoreboard(accuracy).to_pylist()}
    by_position = scoreboard(accuracy, "position")
    counted = by_position.filter(pc.not_equal(by_position["position"], "K")).to_pylist()
    for source, (mae, rmse, each) in MOST.items():
        assert whole[source]["mae_ratio"] <= mae, source
        assert whole[source]["rmse_ratio"] <= rmse, source
        assert whole[source]["spearman"] >= LEAST[source], source
        mine = [row for row in counted if row["source"] == source]
        assert len(mine) == 4
        assert all(row["rmse_ratio"] <= each for row in mine), mine
        low, high = COVERED[source]
        assert all(low <= row["coverage"] <= high for row in mine), mine
    assert whole["consensus"]["start_sit"] >= 0.662
    everyone = scoreboard(accuracy, "position", "half", "everyone").to_pylist()
    errors = {row["position"]: row["mae"] for row in everyone if row["source"] == "consensus"}
    assert all(errors[position] <= most for position, most in EVERYONE.items()), errors
    # A team has one quarterback, and his passes are its catches.
    teams = {(row["source"], row["position"]): row for row in team_board(accuracy).to_pylist()}
    assert teams["consensus", "QB"]["starter_right"] >= 0.965
    assert teams["consensus", "K"]["starter_right"] >= 0.995
    for source in MOST:
        quarterbacks = teams[source, "QB"]
        assert quarterbacks["starter_right"] >= 0.91
        assert quarterbacks["two_starters"] <= 0.005
        assert abs(quarterbacks["sum_off"]) <= 0.05
        assert quarterbacks["yards_apart"] <= 0.002
    # ESPN is a source of every season.
    assert whole["espn"]["players"] > 0.95 * whole["nflcom"]["players"]
    # Better than this is a leak until shown otherwise.
    assert whole["consensus"]["rmse_ratio"] > 0.970
