"""Simulate the points of players of one week, those of one NFL game together.

The points of team-mates and opponents are correlated: normal scores have the correlation of their
positions, and each player's score becomes points by his own floor, median and ceiling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from fantasy_pipeline.decisions.outcomes import Points

DRAWS = 10_000
"""Simulated weeks."""
SEED = 20
"""The same question has the same answer: every simulation starts from this seed."""
TEAM_MATES = {
    ("QB", "RB"): 0.07,
    ("QB", "WR"): 0.28,
    ("QB", "TE"): 0.25,
    ("RB", "RB"): -0.07,
    ("RB", "WR"): -0.02,
    ("RB", "TE"): -0.03,
    ("TE", "TE"): 0.18,
}
"""Rank correlation of two team-mates' points over their projections, by position. Measured on
2021-2024, PPR, players projected at 6 points or more (140 pairs of TE to 8,836 of WR); other pairs
have less than 0.01."""
OPPONENTS = {
    ("QB", "QB"): 0.18,
    ("QB", "RB"): 0.03,
    ("QB", "WR"): 0.07,
    ("QB", "TE"): 0.08,
    ("RB", "RB"): -0.04,
    ("RB", "TE"): 0.03,
    ("WR", "WR"): 0.03,
    ("WR", "TE"): 0.03,
    ("TE", "TE"): 0.04,
}
"""The same of two players whose teams play against each other."""


@dataclass(frozen=True)
class InGame:
    """A player in his NFL game; `team` and `opponent` are None on a bye."""

    position: str
    team: str | None
    opponent: str | None
    points: Points


def correlations(players: Sequence[InGame]) -> np.ndarray:
    """Return the correlation of the players' normal scores, (players, players).

    The nearest matrix that random scores can have; its diagonal is 1.
    """
    found = np.eye(len(players))
    for i, one in enumerate(players):
        for j, other in enumerate(players[:i]):
            found[i, j] = found[j, i] = _correlation(one, other)
    # Pairwise estimates need not fit together: remove negative eigenvalues, then scale back to 1.
    values, vectors = np.linalg.eigh(found)
    if values[0] > 1e-9:
        return found
    fitted = (vectors * np.maximum(values, 1e-9)) @ vectors.T
    scale = np.sqrt(np.diag(fitted))
    return np.asarray(fitted / np.outer(scale, scale))


def _correlation(one: InGame, other: InGame) -> float:
    if one.team is None or other.team is None:
        return 0.0
    if one.team == other.team:
        of_pairs = TEAM_MATES
    elif one.team == other.opponent:
        of_pairs = OPPONENTS
    else:
        return 0.0
    pair = (one.position, other.position)
    return of_pairs.get(pair, of_pairs.get((pair[1], pair[0]), 0.0))


def simulate(players: Sequence[InGame], draws: int = DRAWS) -> np.ndarray:
    """Return simulated points, (draws, players)."""
    if not players:
        return np.zeros((draws, 0))
    scores = np.random.default_rng(SEED).standard_normal((draws, len(players)))
    scores = scores @ np.linalg.cholesky(correlations(players)).T
    scores /= NormalDist().inv_cdf(0.9)
    # (players,) each
    p10, p50, p90 = (
        np.array([getattr(one.points, name) for one in players]) for name in ("p10", "p50", "p90")
    )
    # As in `outcomes`: two half-normals that meet at the median.
    return np.asarray(p50 + scores * np.where(scores > 0, p90 - p50, p50 - p10))


def chance_to_win(own: np.ndarray, other: np.ndarray) -> float:
    """Return the share of simulated weeks that the first total wins, 0-1; ties count half."""
    return float(((own > other) + 0.5 * (own == other)).mean())
