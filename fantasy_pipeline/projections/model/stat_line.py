"""The stats that each position is projected in, and the points that follow from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fantasy_pipeline.football import scoring
from fantasy_pipeline.football.scoring import RECEPTION_POINTS, Scoring

_RUSHING = ("carries", "rushing_yards", "rushing_tds")
_RECEIVING = ("targets", "receptions", "receiving_yards", "receiving_tds")
_OTHER = ("fumbles_lost", "two_point_conversions")

STATS: Mapping[str, tuple[str, ...]] = {
    "QB": (
        "completions",
        "attempts",
        "passing_yards",
        "passing_tds",
        "passing_interceptions",
        *_RUSHING,
        *_OTHER,
    ),
    "RB": (*_RUSHING, *_RECEIVING, *_OTHER, "special_teams_tds"),
    "WR": (*_RUSHING, *_RECEIVING, *_OTHER, "special_teams_tds"),
    "TE": (*_RUSHING, *_RECEIVING, *_OTHER),
    "K": ("fg_att", "fg_made", "pat_made", "kicking_points"),
}
"""Stats projected for each position."""

WEIGHTS: Mapping[str, float] = {
    **{name: value for name, value in scoring.STANDARD.items() if "fumbles" not in name},
    "fumbles_lost": scoring.STANDARD["rushing_fumbles_lost"],
    "two_point_conversions": scoring.STANDARD["rushing_2pt_conversions"],
    "kicking_points": 1.0,
}
"""Points per unit in standard scoring. Kicks are projected as points: long ones score more."""

_STEADY = ("yards", "receptions", "targets", "carries", "attempts", "completions")


def penalty(name: str) -> float:
    """Return the ridge penalty of a stat; rare events need ten times that of usage and yards."""
    return 300.0 if name.endswith(_STEADY) else 3000.0


def points(line: Mapping[str, np.ndarray], scoring: Scoring) -> np.ndarray:
    """Return the points of stat lines, (rows,).

    Args:
        line: values by stat, (rows,).
    """
    size = len(next(iter(line.values())))
    total = np.zeros(size)
    for name, values in line.items():
        total += WEIGHTS.get(name, 0.0) * values
        if name == "receptions":
            total += RECEPTION_POINTS[scoring] * values
    return total
