"""A table for the tests of the lake: small, weekly, without references to other tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.football.tables import PROJECTION_ACCURACY
from fantasy_pipeline_tests.rows import rows_of


@pytest.fixture
def accuracy() -> Callable[..., pa.Table]:
    """Return `accuracy((week, position, mae), …)`: a table of 2024, one row per tuple.

    A fourth element is the source.
    """

    def build(*records: tuple[Any, ...], season: int = 2024) -> pa.Table:
        return rows_of(
            PROJECTION_ACCURACY,
            *(
                {
                    "season": season,
                    "week": week,
                    "source": source[0] if source else "m",
                    "position": position,
                    "scoring": "ppr",
                    "pool": "played",
                    "mae": mae,
                }
                for week, position, mae, *source in records
            ),
        )

    return build
