"""Predictions: stat lines and the chance to play, from a position's model and feature rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model import features, linear
from fantasy_pipeline.projections.model.baseline import baseline_plays
from fantasy_pipeline.projections.model.stat_line import STATS, WEIGHTS, points
from fantasy_pipeline.projections.model.training import (
    TREE_SHARE,
    PositionModel,
    availability_features,
    is_eligible,
)

_LEAST_POINTS = 0.25
"""Lowest value that a correction divides by."""
_MOST_CORRECTION = 2.0
"""Highest factor, and inverse of the lowest, by which the trees correct a stat line."""


@dataclass(frozen=True)
class Expected:
    """Projections of some rows: a stat line if the player plays, and the chance that he does.

    Args:
        line: values by stat, (rows,).
        plays: chance to play, 0-1, (rows,).
    """

    line: dict[str, np.ndarray]
    plays: np.ndarray


def expect(model: PositionModel, position: str, rows: pa.Table, matrix: np.ndarray) -> Expected:
    """Return the projections of rows of one position.

    Args:
        rows: `PLAYER_HISTORY` rows.
        matrix: their features, (rows, `features.NAMES`).
    """
    # (rows, stats of the position): the ridge regression's stat line, never below 0
    raw = linear.dot(model.scale.apply(matrix), model.coefficients) + model.intercepts
    line = dict(zip(STATS[position], np.maximum(raw, 0.0).T, strict=True))
    # (rows, TREE_NAMES): the trees correct receptions first, then all stats that score
    few = np.ascontiguousarray(matrix[:, : len(features.TREE_NAMES)])
    if "receptions" in model.trees:
        whole = np.maximum(model.trees["receptions"].predict(few), 0.0)
        factor = _correction(line["receptions"], whole)
        line["receptions"] = line["receptions"] * factor
        line["targets"] = line["targets"] * factor
    if "points" in model.trees:
        whole = np.maximum(model.trees["points"].predict(few), 0.0)
        factor = _correction(points(line, "std"), whole)
        for name in line:
            if name in WEIGHTS:
                line[name] = line[name] * factor
    return Expected(line, _plays(model, rows, matrix))


def _correction(parts: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return the factor, (rows,), that moves the parts' sum by `TREE_SHARE` to the trees' value."""
    parts = np.maximum(parts, _LEAST_POINTS)
    wanted = ((1 - TREE_SHARE) * parts + TREE_SHARE * whole) / parts
    return np.clip(wanted, 1 / _MOST_CORRECTION, _MOST_CORRECTION)


def _plays(model: PositionModel, rows: pa.Table, matrix: np.ndarray) -> np.ndarray:
    """Return the chance to play, (rows,); 0 for players who are ruled out.

    Doubtful players are too few for the regression (of 160 in 2022-2024 one played): their chance
    is at most the share of doubtful players who played so far.
    """
    if not len(model.plays):
        return baseline_plays(rows)
    # (rows,): log odds; the last coefficient is the intercept
    scaled = model.plays_scale.apply(availability_features(matrix))
    score = linear.dot(scaled, model.plays[:-1, None])[:, 0] + model.plays[-1]
    chance = 1 / (1 + np.exp(-score))
    doubtful = as_texts(rows["injury_status"]) == "Doubtful"
    most = np.where(doubtful, np.nan_to_num(as_floats(rows["status_rate"])), 1.0)
    return np.where(is_eligible(rows), np.minimum(chance, most), 0.0)
