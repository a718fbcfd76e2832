"""Ridge regression of several targets on one standardised matrix, and logistic regression."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

CLIP = 4.0
"""Standard deviations to which a scaled feature is clipped."""
_MOST_STEPS, _SMALLEST_STEP = 12, 1e-9
"""Steps of Newton's method, at most, and the change of a coefficient after which no step follows:
the next one would change it by about its square."""


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each feature, (features,); missing values become the mean."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray) -> Scale:
        """Return the scale of a matrix, (rows, features), from its values that are not NaN."""
        missing = np.isnan(matrix)
        count = np.maximum(len(matrix) - missing.sum(axis=0), 1)
        mean = np.where(missing, 0.0, matrix).sum(axis=0) / count
        # In place: the largest cost of a copy is its memory.
        centred = matrix - mean
        np.copyto(centred, 0.0, where=missing)
        spread = np.sqrt(np.square(centred, out=centred).sum(axis=0) / count)
        # A constant feature keeps deviation 1, so that its scaled values are 0.
        return cls(mean, np.where(spread > 1e-9, spread, 1.0))

    def apply(self, matrix: np.ndarray) -> np.ndarray:
        """Return the matrix scaled and clipped to `CLIP`, (rows, features); NaN becomes 0."""
        scaled = matrix - self.mean
        scaled /= self.deviation
        np.copyto(scaled, 0.0, where=np.isnan(scaled))
        return np.clip(scaled, -CLIP, CLIP, out=scaled)


def dot(matrix: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Return the matrix product (rows, targets), each row independent of the other rows.

    BLAS blocks by shape: with it, a row's last bits would depend on how many weeks are projected
    at once.

    Args:
        matrix: (rows, features).
        coefficients: (features, targets).
    """
    rows = np.ascontiguousarray(matrix)
    columns = np.ascontiguousarray(np.atleast_2d(coefficients.T))
    return np.stack([np.einsum("ij,j->i", rows, column) for column in columns], axis=1)


@dataclass(frozen=True)
class Sums:
    """All that a ridge regression needs of some rows: weighted sums, which add up over rows.

    Args:
        weight: of the weights.
        features: of the features, (features,); `targets`: of the targets, (targets,).
        gram: of the products of two features, (features, features).
        moment: of the products of a feature and a target, (features, targets).
    """

    weight: float
    features: np.ndarray
    targets: np.ndarray
    gram: np.ndarray
    moment: np.ndarray

    @classmethod
    def of(cls, scaled: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> Sums:
        """Return the sums of rows.

        Args:
            scaled: features, (rows, features).
            targets: (rows, targets).
            weights: weight of each row, (rows,).
        """
        root = np.sqrt(weights)[:, None]
        inner, outer = scaled * root, targets * root
        # BLAS computes half of a product of a matrix with itself.
        gram, moment = inner.T @ inner, inner.T @ outer
        return cls(float(weights.sum()), weights @ scaled, weights @ targets, gram, moment)

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Sums)))

    def ridge(self, penalties: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients, (features, targets), and intercepts, (targets,), of a regression.

        Args:
            penalties: penalty of each target, (targets,).
        """
        # (features,) and (targets,): weighted means, so that the intercept is not penalised
        centre, level = self.features / self.weight, self.targets / self.weight
        gram = self.gram - np.outer(self.features, centre)
        moment = self.moment - np.outer(self.features, level)
        coefficients = np.zeros(moment.shape)
        # One factorisation for all targets of equal penalty.
        for penalty in np.unique(penalties):
            columns = penalties == penalty
            regular = gram + penalty * np.eye(len(gram))
            coefficients[:, columns] = np.linalg.solve(regular, moment[:, columns])
        return coefficients, level - centre @ coefficients


def logistic(scaled: np.ndarray, happened: np.ndarray, penalty: float) -> np.ndarray:
    """Return coefficients of a logistic regression, (features + 1,), the intercept last.

    Args:
        scaled: features, (rows, features).
        happened: 1 or 0, (rows,).
        penalty: L2 penalty of the features; the intercept has next to none.
    """
    design = np.column_stack([scaled, np.ones(len(scaled))])
    coefficients = np.zeros(design.shape[1])
    regular = np.diag([*np.full(scaled.shape[1], penalty), 1e-6])
    for _ in range(_MOST_STEPS):
        # (rows,), then (features + 1, features + 1) and (features + 1,)
        chance = 1 / (1 + np.exp(-design @ coefficients))
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + regular
        slope = design.T @ (happened - chance) - regular @ coefficients
        step = np.linalg.solve(curvature, slope)
        coefficients = coefficients + step
        if np.abs(step).max() < _SMALLEST_STEP:
            break
    return coefficients


def choice(scaled: np.ndarray, chosen: np.ndarray, group: np.ndarray, penalty: float) -> np.ndarray:
    """Return coefficients of a softmax that chooses one row per group, (features,).

    Args:
        scaled: features, (rows, features).
        chosen: 1 for the row of each group that was chosen, else 0, (rows,).
        group: number of each row's group, (rows,), 0 to groups - 1.
        penalty: L2 penalty of the features.
    """
    coefficients = np.zeros(scaled.shape[1])
    regular = penalty * np.eye(scaled.shape[1])
    # Sorted by group: sums and maxima of slices are faster than those by group number.
    order = np.argsort(group, kind="stable")
    scaled, chosen, group = scaled[order], chosen[order], group[order]
    first = np.flatnonzero(np.diff(group, prepend=-1))
    for _ in range(_MOST_STEPS):
        # (rows,): chances, which sum to one per group
        score = scaled @ coefficients
        weight = np.exp(score - np.maximum.reduceat(score, first)[group])
        chance = weight / np.add.reduceat(weight, first)[group]
        # (rows, features): features less their mean in the group, by chance
        inner = scaled - np.add.reduceat(scaled * chance[:, None], first)[group]
        curvature = (inner * chance[:, None]).T @ inner + regular
        slope = scaled.T @ (chosen - chance) - regular @ coefficients
        step = np.linalg.solve(curvature, slope)
        coefficients = coefficients + step
        if np.abs(step).max() < _SMALLEST_STEP:
            break
    return coefficients
