"""Tiers: groups of players of a position with similar projected points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MIN_EXPLAINED = 0.97
"""Share of the variance that must lie between tiers; the fewest tiers that reach it are used."""
MAX_TIERS = 10


def tiers(points: Sequence[float], most: int = MAX_TIERS) -> list[int]:
    """Return the tier of each player; 1 is the best.

    The breaks are optimal for their number (Fisher's natural breaks: least squares within tiers),
    found by dynamic programming.

    Args:
        points: expected points, best first.
        most: largest number of tiers.
    """
    values = np.asarray(points, dtype=float)
    if len(values) == 0:
        return []
    total = float(((values - values.mean()) ** 2).sum())
    if total == 0:
        return [1] * len(values)
    # costs: (n, n); best: (n,), best[j] is the least cost of the first j + 1 players in `count`
    # tiers.
    costs = _costs(values)
    best, back = costs[0].copy(), []
    count = 1
    while best[-1] > (1 - MIN_EXPLAINED) * total and count < min(most, len(values)):
        # trial[i, j]: (n, n), cost if the last tier is the players i to j.
        trial = np.full((len(values), len(values)), np.inf)
        trial[1:] = best[:-1, None] + costs[1:]
        # Remember, for each j, where the last tier starts.
        back.append(trial.argmin(axis=0))
        best = trial.min(axis=0)
        count += 1
    # Follow the starts back from the last player: the ends of the tiers, last first.
    ends = [len(values)]
    for starts in reversed(back):
        ends.append(int(starts[ends[-1] - 1]))
    out = [0] * len(values)
    for number, (start, stop) in enumerate(
        zip([0, *sorted(ends)[:-1]], sorted(ends), strict=True), start=1
    ):
        out[start:stop] = [number] * (stop - start)
    return out


def _costs(values: np.ndarray) -> np.ndarray:
    """Return the sum of squared deviations of the values i to j, for all pairs; infinite if i > j.

    Args:
        values: (n,).

    Returns:
        (n, n), rows i, columns j.
    """
    size = len(values)
    # (n + 1,): sums of the values, and of their squares, before each position.
    sums_before = np.concatenate([[0.0], np.cumsum(values)])
    squares_before = np.concatenate([[0.0], np.cumsum(values**2)])
    start, stop = np.arange(size)[:, None], np.arange(1, size + 1)[None, :]
    # (n, n): sum of squares minus squared sum over the number of values.
    length = np.maximum(stop - start, 1)
    sums = sums_before[stop] - sums_before[start]
    cost = squares_before[stop] - squares_before[start] - sums**2 / length
    return np.where(stop > start, np.maximum(cost, 0.0), np.inf)
