"""Random numbers of the sample league: one independent stream per topic, season and week.

Streams are never shared, so the order of calls cannot change the data.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

_SEED = 20_230_907


class Topic(IntEnum):
    """The part of the league that a stream decides."""

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
    DETAIL = 14


def stream(topic: Topic, season: int = 0, week: int = 0) -> np.random.Generator:
    """Return a new generator that always yields the same numbers for the same arguments."""
    return np.random.default_rng((_SEED, int(topic), season, week))


def first_true(mask: Bools) -> Bools:
    """Return `mask` (rows x columns) with only the first True of each row."""
    first: Bools = mask & (np.cumsum(mask, axis=1) == 1)
    return first


def split(rng: np.random.Generator, total: Ints, weights: Floats) -> Ints:
    """Return a random split of each row's total over its columns.

    Args:
        rng: random stream.
        total: one value per row.
        weights: rows x columns; on average, a column gets its share of the row's weights.
    """
    return rng.multinomial(total, weights / weights.sum(axis=1, keepdims=True))
