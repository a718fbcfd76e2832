"""Stat lines of a team add up, and change no more than they must."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.football.tables import TARGET_STATS
from fantasy_pipeline.projections.model.reconcile import (
    MOST_CHANGE,
    PAIRS,
    TOUCHDOWNS_AT_0,
    TOUCHDOWNS_PER_POINT,
    factors,
)

YARDS = st.floats(20.0, 120.0)


def lines(passing: list[float], receiving: list[float]) -> dict[str, np.ndarray]:
    """Return the stats of quarterbacks and then receivers; a yard stands for every stat."""
    quarterbacks, receivers = len(passing), len(receiving)
    out = {name: np.full(quarterbacks + receivers, np.nan) for name in TARGET_STATS}
    for passed, caught in PAIRS:
        scale = 0.01 if passed.endswith("tds") else 1.0
        out[passed][:quarterbacks] = np.array(passing) * scale
        out[caught][quarterbacks:] = np.array(receiving) * scale
    out["attempts"], out["targets"] = out["completions"] * 1.5, out["receptions"] * 1.4
    return out


def reconciled(before: dict[str, np.ndarray], implied: float = np.nan) -> dict[str, np.ndarray]:
    size = len(before["targets"])
    found = factors(before, np.zeros(size, dtype=np.int64), np.full(size, implied))
    return {name: values * found[name] for name, values in before.items()}


@given(st.lists(YARDS, min_size=1, max_size=3), st.lists(YARDS, min_size=2, max_size=8))
def test_a_teams_passes_are_its_catches(passing: list[float], receiving: list[float]) -> None:
    before = lines(passing, receiving)
    ratio = sum(passing) / sum(receiving)
    after = reconciled(before)
    for passed, caught in PAIRS:
        if 0.41 < ratio < 2.49:
            assert np.nansum(after[passed]) == pytest.approx(np.nansum(after[caught]))
        change = np.nansum(after[caught]) / np.nansum(before[caught])
        assert 1 / MOST_CHANGE - 1e-9 <= change <= MOST_CHANGE + 1e-9
    # Catches never exceed targets, and everyone keeps his share.
    caught = ~np.isnan(after["targets"])
    assert (after["receptions"][caught] <= after["targets"][caught]).all()
    share = before["receiving_yards"] / np.nansum(before["receiving_yards"])
    after_share = after["receiving_yards"] / np.nansum(after["receiving_yards"])
    np.testing.assert_allclose(after_share[caught], share[caught])


def test_touchdowns_move_halfway_to_those_that_the_lines_imply() -> None:
    before = lines([200.0], [120.0, 80.0])
    before["rushing_tds"][:] = [0.2, 0.4, 0.4]
    after = reconciled(before, implied=30.0)
    expected = TOUCHDOWNS_AT_0 + TOUCHDOWNS_PER_POINT * 30
    total = np.nansum(after["receiving_tds"]) + np.nansum(after["rushing_tds"])
    assert total == pytest.approx((3.0 + expected) / 2)
    assert np.nansum(after["passing_tds"]) == pytest.approx(np.nansum(after["receiving_tds"]))


def test_a_team_without_receivers_keeps_its_quarterback() -> None:
    before = lines([250.0], [20.0])
    after = reconciled(before, implied=24.0)
    assert after["passing_yards"][0] == 250.0
    assert after["receiving_yards"][1] == 20.0


def test_teams_do_not_meet() -> None:
    one, two = lines([200.0], [100.0, 80.0]), lines([300.0], [200.0, 150.0])
    both = {name: np.concatenate([one[name], two[name]]) for name in one}
    team = np.repeat([0, 1], 3)
    found = factors(both, team, np.full(6, 24.0))
    alone = [factors(part, np.zeros(3, dtype=np.int64), np.full(3, 24.0)) for part in (one, two)]
    for name in both:
        np.testing.assert_array_equal(found[name], np.concatenate([alone[0][name], alone[1][name]]))
