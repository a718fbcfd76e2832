"""Learn boosted trees with scikit-learn and copy them to plain arrays.

This is the only module that reads private attributes of scikit-learn (`_predictors` and
`_baseline_prediction`): HistGradientBoostingRegressor has no public access to its trees. `fit`
compares the copy's predictions with scikit-learn's, and `CHECKED_VERSIONS` names the versions for
which the tests have done so.

The public ways were measured on the projections of 2022-2024 (PPR, players who played), with models
learnt from the seasons since 2017. Training is CPU seconds for the three models, one thread:

                                       RMSE consensus   RMSE model   training
    this module                                7.1845       7.2160        9.0
    skops file of the regressor                7.1845       7.2160       10.6
    LightGBM's text model                      7.1853       7.2173        8.7
    boosted DecisionTreeRegressor.tree_        7.1857       7.2171       33.1
    GradientBoostingRegressor                  7.1859       7.2175       52.4
    no trees                                   7.1865       7.2212        5.0

A skops file needs scikit-learn to project: one week takes 1.41 s of CPU instead of 0.39 s, and a
private class must be trusted by name. LightGBM is another compiled dependency and changes every
projection for a slightly higher RMSE. Both regressors with public trees train three times as long
or more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.projections.model.trees import Trees

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

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
CHECKED_VERSIONS = ("1.5", "1.6", "1.7", "1.8", "1.9")
"""Versions of scikit-learn whose trees are known to be copied exactly."""
_CHECKED_ROWS = 200


def fit(matrix: np.ndarray, target: np.ndarray) -> Trees:
    """Return trees learnt for one target.

    Args:
        matrix: features, (rows, features); NaN where a value is missing.
        target: (rows,).

    Raises:
        PipelineError: the installed scikit-learn stores its trees in another way.
    """
    import sklearn
    from sklearn.ensemble import HistGradientBoostingRegressor

    # scikit-learn refuses a column without any value; no tree can split on it either way.
    matrix = np.where(np.isnan(matrix).all(axis=0), 0.0, matrix)
    learner = HistGradientBoostingRegressor(**SETTINGS).fit(matrix, target)
    sample = matrix[:_CHECKED_ROWS]
    advice = f"install scikit-learn {CHECKED_VERSIONS[0]} to {CHECKED_VERSIONS[-1]}"
    problem = f"scikit-learn {sklearn.__version__}'s trees do not read as expected"
    try:
        trees = _copied(learner)
        copied = trees.predict(sample)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise PipelineError(f"{problem} ({error}); {advice}.") from error
    if not np.allclose(copied, learner.predict(sample), rtol=1e-9, atol=1e-9):
        raise PipelineError(f"{problem}; {advice}.")
    return trees


def _copied(learner: HistGradientBoostingRegressor) -> Trees:
    """Return a learner's trees, their nodes end to end."""
    # One structured array of nodes per tree.
    nodes = [stage[0].nodes for stage in learner._predictors]
    sizes = np.array([len(tree) for tree in nodes])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    every = np.concatenate(nodes)
    # (nodes,): links are within a tree; shift them to where the tree begins
    shift = np.repeat(roots, sizes)
    return Trees(
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
