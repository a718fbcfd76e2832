"""Gradient-boosted trees: learnt by scikit-learn, kept and evaluated as plain arrays.

Plain arrays can be stored without pickle, read back by any version, and evaluated without
scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    import numpy as np

SETTINGS = {
    "max_iter": 50,
    "learning_rate": 0.1,
    "max_leaf_nodes": 6,
    "min_samples_leaf": 80,
    "l2_regularization": 30.0,
    "max_features": 0.3,
    "max_bins": 63,
    "early_stopping": False,
    "random_state": 0,
}


@dataclass(frozen=True)
class Trees:
    """All trees' nodes end to end; `roots` is the first node of each tree.

    A row goes left where its feature is at most the threshold, or missing and `missing_left`.
    """

    base: float
    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    left: np.ndarray
    right: np.ndarray
    leaf: np.ndarray
    value: np.ndarray
    roots: np.ndarray

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Value of each row: all rows go down all trees at once."""
        import numpy as np

        rows = np.arange(len(matrix))[:, None]
        node = np.tile(self.roots, (len(matrix), 1))
        while not self.leaf[node].all():
            seen = matrix[rows, self.feature[node]]
            left = np.where(np.isnan(seen), self.missing_left[node], seen <= self.threshold[node])
            down = np.where(left, self.left[node], self.right[node])
            node = np.where(self.leaf[node], node, down)
        total = np.full(len(matrix), self.base)
        # Tree by tree: a row's sum must not depend on how many rows there are.
        for values in self.value[node].T:
            total += values
        return total


def fit(matrix: np.ndarray, target: np.ndarray) -> Trees:
    """Learn trees for one target.

    Raises:
        PipelineError: this scikit-learn keeps its trees in another way than we read them.
    """
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingRegressor

    # scikit-learn refuses a column without any value; no tree can split on it either way.
    matrix = np.where(np.isnan(matrix).all(axis=0), 0.0, matrix)
    learner = HistGradientBoostingRegressor(**SETTINGS).fit(matrix, target)
    nodes = [stage[0].nodes for stage in learner._predictors]
    sizes = np.array([len(tree) for tree in nodes])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    every = np.concatenate(nodes)
    shift = np.repeat(roots, sizes)
    trees = Trees(
        base=float(np.ravel(learner._baseline_prediction)[0]),
        feature=every["feature_idx"].astype(np.int64),
        threshold=every["num_threshold"].astype(float),
        missing_left=every["missing_go_to_left"].astype(bool),
        left=every["left"].astype(np.int64) + shift,
        right=every["right"].astype(np.int64) + shift,
        leaf=every["is_leaf"].astype(bool),
        value=every["value"].astype(float),
        roots=roots.astype(np.int64),
    )
    sample = matrix[:200]
    if not np.allclose(trees.predict(sample), learner.predict(sample), rtol=1e-9, atol=1e-9):
        raise PipelineError("scikit-learn's trees do not read as expected; pin an older version.")
    return trees
