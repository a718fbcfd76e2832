"""Floor, median and ceiling: quantiles of what projections of the same size turned into."""

from __future__ import annotations

import numpy as np

LEVELS = (0.1, 0.5, 0.9)
"""Share of outcomes below floor, median and ceiling."""
QUANTILES = ("p10", "p50", "p90")
"""Column names of floor, median and ceiling."""
GRID = (*(round(0.05 * step, 2) for step in range(20)), 0.98)
"""Quantiles that a table stores: 0, 0.05 … 0.95, 0.98."""
BINS = 12
"""Sizes of projections that a table distinguishes."""
FEW_ROWS = 200
"""Projections with fewer rows have the usual table."""
_USUAL = ((0.0, -0.05), (0.1, 0.35), (0.5, 0.9), (0.9, 1.8), (0.98, 2.6))
"""Quantiles of a skewed score without data: level, and value as a share of the projection."""


def quantile_table(expected: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Return quantiles of actual points by size of projection, (sizes, 1 + `GRID`).

    Column 0 is the mean projection of the size, the other columns are the quantiles of `GRID`.

    Args:
        expected: projected points, (rows,).
        actual: actual points, (rows,).
    """
    if len(expected) < FEW_ROWS:
        levels, shares = np.array(_USUAL).T
        usual = np.interp(GRID, levels, shares)
        return np.array([[0.0, *np.zeros(len(GRID))], [20.0, *20.0 * usual]])
    # Indices of the rows of each size, smallest projections first.
    chunks = np.array_split(np.argsort(expected, kind="stable"), BINS)
    # (sizes, GRID)
    levels = np.array([np.quantile(actual[chunk], GRID) for chunk in chunks])
    # Running maximum over sizes: a bigger projection never has a lower floor.
    levels = np.maximum.accumulate(levels, axis=0)
    return np.column_stack([[expected[chunk].mean() for chunk in chunks], levels])


def quantiles(
    table: np.ndarray, expected: np.ndarray, plays: np.ndarray, levels: tuple[float, ...]
) -> np.ndarray:
    """Return quantiles of each projection, (rows, levels), in rising order.

    Args:
        table: from `quantile_table`.
        expected: points if the player plays, (rows,).
        plays: chance to play, (rows,); a player who does not play scores 0.
        levels: share of outcomes below each quantile, rising.
    """
    at = _interpolated(table, expected)
    grid, rows = np.array(GRID), np.arange(len(expected))
    out = np.empty((len(expected), len(levels)))
    for column, level in enumerate(levels):
        # (rows,): the level among the weeks in which he plays. Weeks without him score 0 and lie
        # below all positive scores.
        with np.errstate(divide="ignore", invalid="ignore"):
            inner = np.where(plays > 0, (level - (1 - plays)) / plays, -1.0)
        # (rows,): linear interpolation between the neighbouring quantiles of the grid
        below = np.clip(np.searchsorted(GRID, inner, side="right") - 1, 0, len(GRID) - 2)
        low, high = grid[below], grid[below + 1]
        share = np.clip((inner - low) / (high - low), 0.0, 1.0)
        value = at[rows, below] * (1 - share) + at[rows, below + 1] * share
        out[:, column] = np.where(inner <= 0, 0.0, value)
    return np.maximum.accumulate(out, axis=1)


def _interpolated(table: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the quantiles of `GRID` of each projection if the player plays, (rows, `GRID`)."""
    centres, grid = table[:, 0], table[:, 1:]
    at = np.column_stack([np.interp(expected, centres, column) for column in grid.T])
    # Beyond the smallest and largest size, positive quantiles grow with the projection. Negative
    # ones stay: a bigger projection must not have a lower floor.
    edges = ((expected > centres[-1], -1), (expected < centres[0], 0))
    for outside, edge in edges:
        if centres[edge] > 0:
            growth = np.outer(expected[outside] / centres[edge], np.ones(len(grid[edge])))
            at[outside] = grid[edge] * np.where(grid[edge] > 0, growth, 1.0)
    return at
