"""Floor, median and ceiling: what earlier projections of the same size turned into."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LEVELS = (0.1, 0.5, 0.9)
QUANTILES = ("p10", "p50", "p90")
"""Floor, median and ceiling: what share of the outcomes is below, and the columns."""
GRID = (*(round(0.05 * step, 2) for step in range(20)), 0.98)
"""Quantiles that a table keeps: 0, 0.05 … 0.95, 0.98."""
BINS = 12
FEW_ROWS = 200
_USUAL = ((0.0, -0.05), (0.1, 0.35), (0.5, 0.9), (0.9, 1.8), (0.98, 2.6))
"""Quantile and share of the projection, of a skewed score, where there is nothing to learn from."""


def quantile_table(expected: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Quantiles of `actual` by size of `expected`.

    Returns:
        One row per size: its mean projection, then the quantiles of `GRID`.
    """
    import numpy as np

    if len(expected) < FEW_ROWS:
        levels, shares = np.array(_USUAL).T
        usual = np.interp(GRID, levels, shares)
        return np.array([[0.0, *np.zeros(len(GRID))], [20.0, *20.0 * usual]])
    chunks = np.array_split(np.argsort(expected, kind="stable"), BINS)
    levels = np.array([np.quantile(actual[chunk], GRID) for chunk in chunks])
    # A bigger projection never has a lower floor.
    levels = np.maximum.accumulate(levels, axis=0)
    return np.column_stack([[expected[chunk].mean() for chunk in chunks], levels])


def quantiles(
    table: np.ndarray, expected: np.ndarray, plays: np.ndarray, levels: tuple[float, ...]
) -> np.ndarray:
    """Quantiles of each projection, one column per level.

    Args:
        table: of `quantile_table`.
        expected: points if the player plays.
        plays: chance that he does; who does not play scores 0.
    """
    import numpy as np

    centres, grid = table[:, 0], table[:, 1:]
    at = np.column_stack([np.interp(expected, centres, column) for column in grid.T])
    # Beyond the table, scale with the projection; not what is below zero, or a bigger projection
    # would have a lower floor.
    edges = ((expected > centres[-1], -1), (expected < centres[0], 0))
    for outside, edge in edges:
        if centres[edge] > 0:
            growth = np.outer(expected[outside] / centres[edge], np.ones(len(grid[edge])))
            at[outside] = grid[edge] * np.where(grid[edge] > 0, growth, 1.0)
    out = np.empty((len(expected), len(levels)))
    for column, level in enumerate(levels):
        # The share of weeks in which he plays and scores less than the quantile; the weeks in
        # which he does not play are 0 and lie below everything positive.
        with np.errstate(divide="ignore", invalid="ignore"):
            inner = np.where(plays > 0, (level - (1 - plays)) / plays, -1.0)
        place = np.clip(np.searchsorted(GRID, inner, side="right") - 1, 0, len(GRID) - 2)
        low, high = np.array(GRID)[place], np.array(GRID)[place + 1]
        share = np.clip((inner - low) / (high - low), 0.0, 1.0)
        rows = np.arange(len(expected))
        value = at[rows, place] * (1 - share) + at[rows, place + 1] * share
        out[:, column] = np.where(inner <= 0, 0.0, value)
    return np.maximum.accumulate(out, axis=1)
