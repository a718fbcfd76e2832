"""Measures of one week and position, and of several together.

Which players and sources are measured belongs in `accuracy`.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from fantasy_pipeline.projections.model.intervals import LEVELS


def measure(
    projected: np.ndarray,
    actual: np.ndarray,
    quantiles: np.ndarray | None,
    nflcom: np.ndarray | None = None,
) -> dict[str, float | None]:
    """Return the measures of one week and position, from points (players,).

    Args:
        quantiles: p10, p50, p90, (players, 3); None if the source states none.
        nflcom: NFL.com's projections of the same players, (players,). NFL.com projects every player
            of the pool, or has no file of the week and none.
    """
    error = projected - actual
    out: dict[str, float | None] = {
        "players": len(error),
        "mae": _mean(np.abs(error)),
        "rmse": sqrt(_mean(error**2)),
        "nflcom_mae": None,
        "nflcom_rmse": None,
        "bias": _mean(error),
        "spearman": _spearman(_ranks(projected), _ranks(actual)),
        **_start_sit(projected, actual),
        "coverage": None,
        "pinball": None,
    }
    if nflcom is not None and not np.isnan(nflcom).any():
        nflcom_error = nflcom - actual
        out["nflcom_mae"] = _mean(np.abs(nflcom_error))
        out["nflcom_rmse"] = sqrt(_mean(nflcom_error**2))
    if quantiles is not None:
        inside = (actual >= quantiles[:, 0]) & (actual <= quantiles[:, 2])
        # Pinball loss: an actual above the quantile costs `level` a point, one below 1 - `level`.
        losses = [
            _mean(np.maximum(level * (actual - column), (level - 1) * (actual - column)))
            for level, column in zip(LEVELS, quantiles.T, strict=True)
        ]
        out["coverage"] = np.count_nonzero(inside) / len(inside)
        out["pinball"] = sum(losses) / len(losses)
    return out


def _mean(values: np.ndarray) -> float:
    """Return the mean; numpy's own takes three times as long for an array of a few players."""
    return float(np.add.reduce(values)) / len(values)


def _start_sit(projected: np.ndarray, actual: np.ndarray) -> dict[str, float | None]:
    """Return the share of pairs put in the right order, and the number of pairs."""
    # (players, players): the row's player is projected, or has scored, more than the column's.
    ahead = projected[:, None] > projected
    better = actual[:, None] > actual
    pairs = int(np.count_nonzero(better))
    # Equal projections count half, as the toss of a coin.
    won = int(np.count_nonzero(better & ahead))
    lost = int(np.count_nonzero(better & ahead.T))
    return {"start_sit": (0.5 * (pairs + won - lost)) / pairs if pairs else None, "pairs": pairs}


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return twice each value's distance from the mean rank, (values,); ties share a rank."""
    ordered = np.sort(values)
    below, up_to = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return below + up_to - len(values)


def _spearman(ranks: np.ndarray, others: np.ndarray) -> float | None:
    """Return the correlation of ranks; None below 3 values or if all values of one are equal."""
    spread = float(ranks @ ranks) * float(others @ others)
    if len(ranks) < 3 or spread == 0:
        return None
    return float((ranks @ others) / spread**0.5)


_WEIGHTS = {
    "mae": "players",
    "nflcom_mae": "players",
    "bias": "players",
    "coverage": "players",
    "pinball": "players",
    "start_sit": "pairs",
    "spearman": None,
}
"""The weight of each measure in a mean; None: each week and position counts the same.
`sql/scoreboard.sql` pools by the same weights."""


def pooled(parts: list[dict[str, float | None]]) -> dict[str, float | None]:
    """Return the measures of several weeks or positions as one.

    Means are weighted by `_WEIGHTS`, RMSE is pooled over players; None if no part has the measure.
    """
    players = [part["players"] or 0 for part in parts]
    out: dict[str, float | None] = {
        "players": sum(players),
        "pairs": sum(part["pairs"] or 0 for part in parts),
    }
    for name in ("rmse", "nflcom_rmse"):
        present = [
            (value, n)
            for part, n in zip(parts, players, strict=True)
            if (value := part[name]) is not None
        ]
        total = sum(n for _, n in present)
        out[name] = (sum(n * value**2 for value, n in present) / total) ** 0.5 if total else None
    for name, by in _WEIGHTS.items():
        present = [
            (value, 1.0 if by is None else float(part[by] or 0))
            for part in parts
            if (value := part[name]) is not None
        ]
        total = sum(weight for _, weight in present)
        out[name] = sum(value * weight for value, weight in present) / total if total else None
    return out
