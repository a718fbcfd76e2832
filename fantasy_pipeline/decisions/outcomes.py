"""Players' points as distributions: made from floor, median and ceiling, and compared.

The distribution of a player is two half-normals that meet at p50 and pass through p10 and p90.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

GRID = 199
"""Equally likely values that stand for a player's distribution of points."""


@dataclass(frozen=True)
class Points:
    """Projected points in one scoring: expected, floor, median and ceiling."""

    expected: float
    p10: float
    p50: float
    p90: float


def quantile_scores() -> np.ndarray:
    """Return `GRID` standard normal quantiles, scaled so that p10 and p90 are at -1 and 1."""
    normal = NormalDist()
    z = np.array([normal.inv_cdf((i + 0.5) / GRID) for i in range(GRID)])
    return np.asarray(z / normal.inv_cdf(0.9))


def outcomes(points: Points) -> np.ndarray:
    """Return `GRID` equally likely points of a player, in ascending order."""
    z = quantile_scores()
    # The lower half has the width from p10 to p50, the upper half that from p50 to p90.
    width = np.where(z > 0, points.p90 - points.p50, points.p50 - points.p10)
    return points.p50 + z * width


def chance_to_outscore(one: Points, other: Points) -> float:
    """Return the chance, 0-1, that one player outscores the other, assuming independence.

    Ties count half.
    """
    # (grid, 1) against (1, grid): compare every outcome of one with every outcome of the other.
    first, second = outcomes(one)[:, None], outcomes(other)[None, :]
    return float(((first > second) + 0.5 * (first == second)).mean())


def chances_of_most(players: Sequence[Points]) -> list[float]:
    """Return the chance of each player, 0-1, to score the most of all, assuming independence.

    Players who tie for the most share the chance, so the chances sum to 1.
    """
    of_players = [outcomes(points) for points in players]
    chances = []
    for number, own in enumerate(of_players):
        # (grid, others + 1): chance that 0, 1, 2 … of the others tie with him and the rest have
        # fewer points, by his outcome.
        tied = np.ones((GRID, 1))
        for other in of_players[:number] + of_players[number + 1 :]:
            below = np.searchsorted(other, own, side="left") / GRID
            equal = np.searchsorted(other, own, side="right") / GRID - below
            more = np.zeros((GRID, tied.shape[1] + 1))
            more[:, :-1] = tied * below[:, None]
            more[:, 1:] += tied * equal[:, None]
            tied = more
        shares = 1 / np.arange(1, tied.shape[1] + 1)
        chances.append(float((tied @ shares).mean()))
    return chances
