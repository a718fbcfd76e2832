"""Sums that decay with time, of which the state mostly consists, and their quotients."""

from __future__ import annotations

import numpy as np

HALF_LIFE = 8.0
"""Weeks after which a game counts half."""


class Decaying:
    """Sums per code, (codes, width), that halve every `half_life` weeks.

    Each sum is stored as of its last change, at `at`; reading fades it to the moment asked for.
    """

    def __init__(self, codes: int, width: int, half_life: float = HALF_LIFE) -> None:
        self.half_life = half_life
        self.sums = np.zeros((codes, width))
        self.at = np.zeros(codes)

    def read(self, codes: np.ndarray, now: float) -> np.ndarray:
        """Return the sums of each code as of `now`, (len(codes), width)."""
        fade = 0.5 ** ((now - self.at[codes]) / self.half_life)
        return self.sums[codes] * fade[:, None]

    def add(self, codes: np.ndarray, now: float, values: np.ndarray, kept: float = 1.0) -> None:
        """Add one row of values per code; each code may occur once.

        Args:
            kept: share of the earlier sums that is left after the addition.
        """
        self.sums[codes] = self.read(codes, now) * kept + values
        self.at[codes] = now

    def gather(self, codes: np.ndarray, now: float, values: np.ndarray) -> None:
        """Add one row of values per code; codes may repeat. Many times slower than `add`."""
        touched = np.unique(codes)
        self.sums[touched] = self.read(touched, now)
        self.at[touched] = now
        np.add.at(self.sums, codes, values)


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Return the quotient, element by element; NaN where the denominator is not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)
