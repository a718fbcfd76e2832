"""Tiers: where projected points fall into groups, the players within one being much alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

ENOUGH = 0.97
"""Share of the variance that lies between tiers, not within; the fewest tiers that reach it."""
MOST = 10


def tiers(points: Sequence[float], most: int = MOST) -> list[int]:
    """Tier of each player, 1 the best.

    The breaks are the optimal ones (Fisher's: least squares within the groups) for the number of
    tiers chosen.

    Args:
        points: expected points, best first.
        most: at most so many tiers.
    """
    import numpy as np

    values = np.asarray(points, dtype=float)
    if len(values) == 0:
        return []
    total = float(((values - values.mean()) ** 2).sum())
    if total == 0:
        return [1] * len(values)
    costs = _costs(values)
    best, back = costs[0].copy(), []
    count = 1
    while best[-1] > (1 - ENOUGH) * total and count < min(most, len(values)):
        # best[j]: least cost of the first j + 1 players in `count` tiers.
        trial = np.full((len(values), len(values)), np.inf)
        trial[1:] = best[:-1, None] + costs[1:]
        back.append(trial.argmin(axis=0))
        best = trial.min(axis=0)
        count += 1
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
    """Squared distances to their mean of the values from row to column; infinite below."""
    import numpy as np

    size = len(values)
    ones = np.concatenate([[0.0], np.cumsum(values)])
    squares = np.concatenate([[0.0], np.cumsum(values**2)])
    start, stop = np.arange(size)[:, None], np.arange(1, size + 1)[None, :]
    length = np.maximum(stop - start, 1)
    sums = ones[stop] - ones[start]
    cost = squares[stop] - squares[start] - sums**2 / length
    return np.where(stop > start, np.maximum(cost, 0.0), np.inf)
