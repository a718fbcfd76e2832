"""Fantasy scoring: the points of a stat line are a weighted sum of its columns.

Standard and PPR points equal nflverse's ``fantasy_points`` and ``fantasy_points_ppr``, which
exclude kicking. Kicking points follow NFL.com's rules and are a separate sum, so that the totals
stay comparable with nflverse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

Scoring = Literal["std", "half", "ppr"]
SCORINGS: tuple[Scoring, ...] = ("std", "half", "ppr")

STANDARD: Mapping[str, float] = {
    "passing_yards": 0.04,
    "passing_tds": 4,
    "passing_interceptions": -2,
    "passing_2pt_conversions": 2,
    "rushing_yards": 0.1,
    "rushing_tds": 6,
    "rushing_2pt_conversions": 2,
    "receiving_yards": 0.1,
    "receiving_tds": 6,
    "receiving_2pt_conversions": 2,
    "special_teams_tds": 6,
    "sack_fumbles_lost": -2,
    "rushing_fumbles_lost": -2,
    "receiving_fumbles_lost": -2,
}
"""Points per unit in standard scoring."""

RECEPTION_POINTS: Mapping[Scoring, float] = {"std": 0.0, "half": 0.5, "ppr": 1.0}

KICKING: Mapping[str, float] = {
    "fg_made_0_19": 3,
    "fg_made_20_29": 3,
    "fg_made_30_39": 3,
    "fg_made_40_49": 4,
    "fg_made_50_59": 5,
    "fg_made_60_": 5,
    "pat_made": 1,
}
"""Points per kick made; a missed kick costs no points."""


def suffix(scoring: str) -> str:
    """Return the suffix of a scoring in the names of projected columns; empty for PPR."""
    return "" if scoring == "ppr" else f"_{scoring}"


def rules(scoring: Scoring) -> dict[str, float]:
    """Return the points per unit of each stat column, kicking excluded."""
    return {**STANDARD, "receptions": RECEPTION_POINTS[scoring]}


def points(stats: pa.Table, weights: Mapping[str, float]) -> np.ndarray:
    """Return the points of each stat line, one value per row, rounded to 2 decimals.

    A stat that is null counts as 0.
    """
    # Imported here: the command line loads this module for `--help`.
    import pyarrow.compute as pc

    parts = (
        (weight, pc.fill_null(stats[column], 0.0).to_numpy())
        for column, weight in weights.items()
        if weight
    )
    return weighted_sum(stats.num_rows, parts)


_LENGTHS = re.compile(r"\d+")


def kicking_points(stats: pa.Table) -> np.ndarray:
    """Return the points of each stat line from kicks, one value per row.

    The lengths in `fg_made_list` decide where they are complete: a field goal of exactly 60 yards
    was once in no bucket of distances. Else the buckets do.
    """
    total = points(stats, KICKING)
    made = stats["fg_made"].to_pylist()
    extra = stats["pat_made"].to_pylist()
    for row, text in enumerate(stats["fg_made_list"].to_pylist()):
        lengths = [int(yards) for yards in _LENGTHS.findall(text or "")]
        if lengths and len(lengths) == made[row]:
            total[row] = sum(map(_field_goal_points, lengths)) + (extra[row] or 0)
    return total


def _field_goal_points(yards: float) -> float:
    """Return the points of a field goal, by the buckets of `KICKING`."""
    if yards < 40:
        return KICKING["fg_made_30_39"]
    return KICKING["fg_made_40_49" if yards < 50 else "fg_made_50_59"]


def weighted_sum(rows: int, parts: Iterable[tuple[float | np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the points of stat lines: a sum over rules, rounded to 2 decimals.

    Every scoring adds up here, in the order of its rules, so that equal rules give equal bits.

    Args:
        rows: number of lines.
        parts: for each rule, the points per unit, and the units of each line.
    """
    import numpy as np

    total = np.zeros(rows)
    for weight, amount in parts:
        total += weight * amount
    # Adding 0.0 turns -0.0 into 0.0.
    return np.round(total, 2) + 0.0
