"""Fantasy points: linear in the stats, equal to upstream's formula."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.football.scoring import (
    KICKING,
    SCORINGS,
    STANDARD,
    Scoring,
    kicking_points,
    points,
    rules,
)
from fantasy_pipeline.football.tables import STAT_COLUMNS

SCORED = [*STANDARD, "receptions"]
RECEPTION = {"std": 0, "half": 0.5, "ppr": 1}

line = st.fixed_dictionaries({name: st.integers(-20, 600) for name in SCORED})
kicks = st.fixed_dictionaries({name: st.integers(0, 9) for name in KICKING})


def table(*lines: dict[str, float | None]) -> pa.Table:
    return pa.table({name: pa.array([r[name] for r in lines], pa.float64()) for name in lines[0]})


def upstream(stats: dict[str, Any], per_reception: float) -> float:
    """nflverse's formula, written down by hand."""
    touchdowns = stats["rushing_tds"] + stats["receiving_tds"] + stats["special_teams_tds"]
    two_points = sum(
        stats[f"{kind}_2pt_conversions"] for kind in ("passing", "rushing", "receiving")
    )
    fumbles_lost = sum(stats[f"{kind}_fumbles_lost"] for kind in ("sack", "rushing", "receiving"))
    return (
        stats["passing_yards"] / 25
        + 4 * stats["passing_tds"]
        - 2 * stats["passing_interceptions"]
        + (stats["rushing_yards"] + stats["receiving_yards"]) / 10
        + 6 * touchdowns
        + 2 * two_points
        - 2 * fumbles_lost
        + per_reception * stats["receptions"]
    )


@given(line)
def test_equals_upstreams_formula(stats: dict[str, float]) -> None:
    for scoring in SCORINGS:
        ours = points(table(stats), rules(scoring))[0]
        assert ours == pytest.approx(upstream(stats, RECEPTION[scoring]), abs=1e-9)


@given(line, line, st.integers(0, 5))
def test_is_linear(one: dict[str, int], other: dict[str, int], factor: int) -> None:
    both = {name: one[name] + factor * other[name] for name in SCORED}
    for scoring in SCORINGS:
        of = points(table(one, other, both), rules(scoring))
        assert of[2] == pytest.approx(of[0] + factor * of[1], abs=0.011)


@given(line)
def test_half_ppr_is_in_the_middle(stats: dict[str, float]) -> None:
    std, half, ppr = (points(table(stats), rules(scoring))[0] for scoring in SCORINGS)
    assert half == pytest.approx((std + ppr) / 2, abs=1e-9)
    assert ppr - std == pytest.approx(stats["receptions"], abs=1e-9)


@given(kicks)
def test_kicking_points(made: dict[str, float]) -> None:
    expected = (
        3 * (made["fg_made_0_19"] + made["fg_made_20_29"] + made["fg_made_30_39"])
        + 4 * made["fg_made_40_49"]
        + 5 * (made["fg_made_50_59"] + made["fg_made_60_"])
        + made["pat_made"]
    )
    assert points(table(made), KICKING)[0] == expected


@pytest.mark.parametrize(("scoring", "expected"), [("std", 20.7), ("half", 22.7), ("ppr", 24.7)])
def test_a_line_by_hand(scoring: Scoring, expected: float) -> None:
    stats = dict.fromkeys(SCORED, 0.0) | {
        "rushing_yards": 72.0,
        "rushing_tds": 1.0,
        "receptions": 4.0,
        "receiving_yards": 35.0,
        "receiving_tds": 1.0,
        "receiving_fumbles_lost": 1.0,
    }
    # 7.2 + 6 + 3.5 + 6 - 2
    assert points(table(stats), rules(scoring))[0] == expected


def test_null_counts_as_zero_and_zero_has_no_sign() -> None:
    stats = dict.fromkeys(SCORED, None) | {"passing_interceptions": 0.0}
    got = points(table(stats), rules("ppr"))
    assert got.tolist() == [0.0]
    assert not np.signbit(got[0])


def test_two_decimals() -> None:
    stats = dict.fromkeys(SCORED, 0.0) | {"passing_yards": 281.0, "rushing_yards": 3.0}
    assert points(table(stats), rules("std"))[0] == 11.54


def test_every_stat_that_scores_is_in_the_stat_line() -> None:
    known = {column.name for column in STAT_COLUMNS}
    assert set(SCORED) | set(KICKING) <= known


@pytest.mark.parametrize(
    ("lengths", "made", "buckets", "expected"),
    [
        # Catanzaro, 2016 week 3: 60 yards exactly, in no bucket.
        ("60", 1, {}, 5 + 1),
        ("30;25;41;55", 4, {"fg_made_20_29": 1, "fg_made_30_39": 1}, 3 + 3 + 4 + 5 + 1),
        # Lists that are missing or incomplete do not decide.
        (None, 1, {"fg_made_50_59": 1}, 5 + 1),
        ("", 0, {}, 1),
        ("41", 2, {"fg_made_40_49": 2}, 8 + 1),
        ("long", 1, {"fg_made_40_49": 1}, 4 + 1),
    ],
)
def test_kicking_points_are_those_of_the_lengths(
    lengths: str | None, made: int, buckets: dict[str, float], expected: float
) -> None:
    line = {**dict.fromkeys(KICKING, 0.0), "pat_made": 1.0, "fg_made": made, **buckets}
    stats = table(line).append_column("fg_made_list", pa.array([lengths], pa.string()))
    assert kicking_points(stats).tolist() == [expected]


def test_no_kicking_in_fantasy_points() -> None:
    for scoring in SCORINGS:
        assert not set(rules(scoring)) & set(KICKING)
