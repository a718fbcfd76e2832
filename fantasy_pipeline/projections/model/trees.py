"""Gradient-boosted trees as plain arrays: stored without pickle, evaluated without scikit-learn.

`tree_learner` learns them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Trees:
    """All trees' nodes end to end, (nodes,); `roots` has the first node of each tree, (trees,).

    A row goes left where its feature is at most the threshold, or missing and `missing_left`.

    Args:
        base: value to which all trees' leaves are added.
        feature: column of the matrix that the node splits on.
        threshold: highest value that goes left.
        missing_left: True where missing values go left.
        left: node to the left; `right`: to the right.
        leaf: True for leaves, which have no split.
        value: value of each leaf.
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
        """Return the value of each row of a matrix (rows, features), (rows,)."""
        # (rows, trees): the node that each row has reached in each tree
        rows = np.arange(len(matrix))[:, None]
        node = np.tile(self.roots, (len(matrix), 1))
        while not self.leaf[node].all():
            values = matrix[rows, self.feature[node]]
            left = np.where(
                np.isnan(values), self.missing_left[node], values <= self.threshold[node]
            )
            down = np.where(left, self.left[node], self.right[node])
            node = np.where(self.leaf[node], node, down)
        # (rows,): summed tree by tree, so that a row's sum does not depend on the number of rows
        total = np.full(len(matrix), self.base)
        for leaves in self.value[node].T:
            total += leaves
        return total
