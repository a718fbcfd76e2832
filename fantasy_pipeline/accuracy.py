"""`projection_accuracy`: how far each source's projections were from what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fantasy_pipeline.sql import arrow, database, query
from fantasy_pipeline.tables import PROJECTION_ACCURACY

if TYPE_CHECKING:
    import pyarrow as pa


def projection_accuracy(
    projections: pa.Table, source_projections: pa.Table, weekly_stats: pa.Table
) -> pa.Table:
    """Score the projections of some weeks, in half-PPR, which every source gives.

    Args:
        projections: `PROJECTIONS` of those weeks.
        source_projections: `SOURCE_PROJECTIONS` of those weeks, possibly none.
        weekly_stats: `WEEKLY_STATS` of those weeks.

    Returns:
        `PROJECTION_ACCURACY` rows; none for a week without projections.
    """
    with database() as connection:
        connection.register("projections", projections)
        connection.register("source_projections", source_projections)
        connection.register("weekly_stats", weekly_stats)
        table = arrow(connection, query("projection_accuracy"))
    return PROJECTION_ACCURACY.conform(table)
