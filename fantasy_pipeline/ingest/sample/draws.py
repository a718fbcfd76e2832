"""Chance in the sample league: one independent random stream per topic, season and week.

No stream is ever shared, so what is asked for first cannot change what comes out.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

_SEED = 20_230_907


class Topic(IntEnum):
    """What a stream decides."""

    FIXTURES = 1
    ROSTERS = 2
    PLAYERS = 3
    TRAITS = 4
    STRENGTH = 5
    HEALTH = 6
    GAMES = 7
    SNAPS = 8
    LINES = 9
    WEATHER = 10
    PROJECTIONS = 11
    REPORTS = 12
    IDS = 13


def stream(topic: Topic, season: int = 0, week: int = 0) -> np.random.Generator:
    """Generator that yields the same numbers whenever and wherever it is asked for."""
    import numpy as np

    return np.random.default_rng((_SEED, int(topic), season, week))


def first_true(mask: Bools) -> Bools:
    """Keep only the first True of each row."""
    import numpy as np

    first: Bools = mask & (np.cumsum(mask, axis=1) == 1)
    return first


def split(rng: np.random.Generator, total: Ints, weights: Floats) -> Ints:
    """Deal out each row's `total` over its columns, in proportion to `weights` on average."""
    return rng.multinomial(total, weights / weights.sum(axis=1, keepdims=True))
