"""Test that tiers break at the gaps between points."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.report.tiers import MIN_EXPLAINED, tiers


def test_tiers_break_at_the_gaps() -> None:
    assert tiers([25.0, 24.8, 24.6, 18.0, 17.9, 11.0]) == [1, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("points", "expected"), [([], []), ([12.0], [1]), ([7.0, 7.0, 7.0], [1, 1, 1])]
)
def test_nothing_to_part(points: list[float], expected: list[int]) -> None:
    assert tiers(points) == expected


def within(values: np.ndarray, breaks: tuple[int, ...]) -> float:
    bounds = [0, *breaks, len(values)]
    parts = [values[a:b] for a, b in pairwise(bounds)]
    return float(sum(((part - part.mean()) ** 2).sum() for part in parts))


@given(st.lists(st.integers(0, 40), min_size=2, max_size=9))
def test_no_other_breaks_are_better_and_fewer_do_not_suffice(points: list[int]) -> None:
    values = np.array(sorted(points, reverse=True), dtype=float)
    found = tiers(list(values))
    assert found == sorted(found)
    count = max(found)
    assert set(found) == set(range(1, count + 1))
    breaks = tuple(int(i) for i in np.flatnonzero(np.diff(found)) + 1)
    every = list(combinations(range(1, len(values)), count - 1))
    assert within(values, breaks) <= min(within(values, other) for other in every) + 1e-9
    if count > 1:
        fewer = combinations(range(1, len(values)), count - 2)
        allowed = (1 - MIN_EXPLAINED) * within(values, ())
        assert min(within(values, other) for other in fewer) > allowed - 1e-9


def test_at_most_so_many() -> None:
    assert max(tiers([float(100 - i * i) for i in range(10)], most=3)) == 3
