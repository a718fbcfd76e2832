"""Chances against exact formulas and against every combination of outcomes."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.decisions.outcomes import (
    Points,
    chance_to_outscore,
    chances_of_most,
    outcomes,
)


def normal(mean: float, deviation: float) -> Points:
    levels = [NormalDist(mean, deviation).inv_cdf(p) for p in (0.1, 0.5, 0.9)]
    return Points(mean, *levels)


def points() -> st.SearchStrategy[Points]:
    """Return players whose quantiles are whole points, so that they often tie."""
    levels = st.lists(st.integers(-2, 30), min_size=3, max_size=3)
    return levels.map(lambda found: Points(10.0, *map(float, sorted(found))))


@pytest.mark.parametrize(
    ("one", "other"), [((15, 6), (12, 5)), ((10, 4), (10, 8)), ((9, 3), (15, 3))]
)
def test_chance_of_normals_is_the_textbook_one(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    difference = NormalDist(one[0] - other[0], (one[1] ** 2 + other[1] ** 2) ** 0.5)
    assert chance_to_outscore(normal(*one), normal(*other)) == pytest.approx(
        1 - difference.cdf(0), abs=0.005
    )


def test_of_the_same_is_a_coin() -> None:
    same = Points(12.0, 4.0, 11.0, 22.0)
    assert chance_to_outscore(same, same) == pytest.approx(0.5)
    nothing = Points(0.0, 0.0, 0.0, 0.0)
    assert chance_to_outscore(nothing, nothing) == pytest.approx(0.5)
    assert chances_of_most([nothing] * 4) == pytest.approx([0.25] * 4)


@pytest.mark.parametrize(
    "three",
    [
        [Points(12.0, 4.0, 11.0, 22.0), Points(9.0, 0.0, 8.0, 19.0), Points(15.0, 8.0, 14.0, 21.0)],
        [Points(0.0, 0.0, 0.0, 0.0), Points(4.0, 0.0, 0.0, 12.0), Points(5.0, 0.0, 3.0, 12.0)],
        [Points(0.0, 0.0, 0.0, 0.0), Points(0.0, 0.0, 0.0, 0.0), Points(4.0, 0.0, 0.0, 12.0)],
    ],
)
def test_the_most_of_three_as_by_every_combination(three: list[Points]) -> None:
    one, two, last = (outcomes(player) for player in three)
    most = np.maximum(np.maximum(one[:, None, None], two[None, :, None]), last[None, None, :])
    winners = [
        np.broadcast_to(own, most.shape) == most
        for own in (one[:, None, None], two[None, :, None], last[None, None, :])
    ]
    share = 1 / sum(winner.astype(int) for winner in winners)
    expected = [float((winner * share).mean()) for winner in winners]
    assert chances_of_most(three) == pytest.approx(expected)


@given(st.lists(points(), min_size=2, max_size=8))
def test_chances_sum_to_one_and_two_players_agree(players: list[Points]) -> None:
    assert sum(chances_of_most(players)) == pytest.approx(1)
    one, other = players[:2]
    assert chances_of_most([one, other])[0] == pytest.approx(chance_to_outscore(one, other))
    assert chance_to_outscore(one, other) + chance_to_outscore(other, one) == pytest.approx(1)
