"""Ridge regression of several targets on one standardised matrix, and logistic regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

CLIP = 4.0
"""Standard deviations beyond which a feature counts no more."""


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each feature; missing values become the mean."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray) -> Scale:
        import numpy as np

        known = ~np.isnan(matrix)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, matrix, 0.0).sum(axis=0) / count
        spread = np.sqrt(np.where(known, (matrix - mean) ** 2, 0.0).sum(axis=0) / count)
        return cls(mean, np.where(spread > 1e-9, spread, 1.0))

    def apply(self, matrix: np.ndarray) -> np.ndarray:
        import numpy as np

        return np.clip(np.nan_to_num((matrix - self.mean) / self.deviation), -CLIP, CLIP)


def dot(matrix: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Matrix product whose every row comes out the same whatever the other rows are.

    BLAS blocks by shape, so that a row's last bits would depend on how many weeks are projected
    at once.
    """
    import numpy as np

    rows = np.ascontiguousarray(matrix)
    columns = np.ascontiguousarray(np.atleast_2d(coefficients.T))
    return np.stack([np.einsum("ij,j->i", rows, column) for column in columns], axis=1)


def ridge(
    scaled: np.ndarray, targets: np.ndarray, weights: np.ndarray, penalties: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (feature x target) and intercepts of a weighted ridge regression.

    Args:
        penalties: one per target.
    """
    import numpy as np

    share = weights / weights.sum()
    centre, level = share @ scaled, share @ targets
    inner = scaled - centre
    gram = (inner * weights[:, None]).T @ inner
    moment = (inner * weights[:, None]).T @ (targets - level)
    coefficients = np.zeros((scaled.shape[1], targets.shape[1]))
    for penalty in np.unique(penalties):
        these = penalties == penalty
        regular = gram + penalty * np.eye(len(gram))
        coefficients[:, these] = np.linalg.solve(regular, moment[:, these])
    return coefficients, level - centre @ coefficients


def logistic(scaled: np.ndarray, happened: np.ndarray, penalty: float) -> np.ndarray:
    """Coefficients of a logistic regression, the intercept last; Newton's method."""
    import numpy as np

    design = np.column_stack([scaled, np.ones(len(scaled))])
    coefficients = np.zeros(design.shape[1])
    regular = np.diag([*np.full(scaled.shape[1], penalty), 1e-6])
    for _ in range(12):
        chance = 1 / (1 + np.exp(-design @ coefficients))
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + regular
        slope = design.T @ (happened - chance) - regular @ coefficients
        coefficients = coefficients + np.linalg.solve(curve, slope)
    return coefficients
