"""From a model and feature rows to stat lines, points and the chance to play."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fantasy_pipeline.projections.model import features, linear
from fantasy_pipeline.projections.model.baseline import baseline_plays
from fantasy_pipeline.projections.model.stat_line import STATS, WEIGHTS, points
from fantasy_pipeline.projections.model.training import (
    TREE_SHARE,
    PositionModel,
    availability_features,
    is_eligible,
)

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_LEAST_POINTS = 0.25
_MOST_CORRECTION = 2.0


@dataclass(frozen=True)
class Expected:
    """Projections of some rows: a stat line if the player plays, and the chance that he does."""

    line: dict[str, np.ndarray]
    plays: np.ndarray


def expect(model: PositionModel, position: str, rows: pa.Table, matrix: np.ndarray) -> Expected:
    """Project rows of one position.

    Args:
        rows: `PLAYER_HISTORY` rows.
        matrix: their features.
    """
    import numpy as np

    raw = linear.dot(model.scale.apply(matrix), model.coefficients) + model.intercepts
    line = dict(zip(STATS[position], np.maximum(raw, 0.0).T, strict=True))
    few = np.ascontiguousarray(matrix[:, : len(features.TREE_NAMES)])
    if "receptions" in model.trees:
        whole = np.maximum(model.trees["receptions"].predict(few), 0.0)
        ratio = _correction(line["receptions"], whole)
        line["receptions"] = line["receptions"] * ratio
        line["targets"] = line["targets"] * ratio
    if "points" in model.trees:
        whole = np.maximum(model.trees["points"].predict(few), 0.0)
        ratio = _correction(points(line, "std"), whole)
        for name in line:
            if name in WEIGHTS:
                line[name] = line[name] * ratio
    return Expected(line, _plays(model, rows, matrix))


def _correction(parts: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Factor that takes the sum of the parts a share of the way to what the trees say."""
    import numpy as np

    parts = np.maximum(parts, _LEAST_POINTS)
    wanted = ((1 - TREE_SHARE) * parts + TREE_SHARE * whole) / parts
    return np.clip(wanted, 1 / _MOST_CORRECTION, _MOST_CORRECTION)


def _plays(model: PositionModel, rows: pa.Table, matrix: np.ndarray) -> np.ndarray:
    """Chance to play; 0 for those ruled out.

    Of the doubtful too few are seen for the regression to tell them apart (of 160 in 2022-2024 one
    played): they have the status's own rate at most.
    """
    import numpy as np

    if not len(model.plays):
        return baseline_plays(rows)
    scaled = model.plays_scale.apply(availability_features(matrix))
    score = linear.dot(scaled, model.plays[:-1, None])[:, 0] + model.plays[-1]
    chance = 1 / (1 + np.exp(-score))
    doubtful = features.texts(rows, "injury_status") == "Doubtful"
    most = np.where(doubtful, np.nan_to_num(features.floats(rows, "status_rate")), 1.0)
    return np.where(is_eligible(rows), np.minimum(chance, most), 0.0)
