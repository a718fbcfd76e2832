"""`source_projections`: what other sources project, joined to our player ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.sources import schema
from fantasy_pipeline.sources.base import Source
from fantasy_pipeline.sql import arrow, database, query
from fantasy_pipeline.tables import SOURCE_PROJECTIONS

if TYPE_CHECKING:
    import pyarrow as pa

NFLCOM = "nflcom"


def source_projections(
    source: Source, raw_players: pa.Table, season: int, weeks: Sequence[int]
) -> tuple[pa.Table, list[str]]:
    """NFL.com's projections of some weeks of a season.

    NFL.com's ids cannot be joined; season, normalised name and position can.

    Returns:
        `SOURCE_PROJECTIONS` rows, and warnings: weeks that NFL.com has no file of, and the names
        projected highest that no rostered player answers to.
    """
    import pyarrow.compute as pc

    first = schema.FIRST_SEASON_UPSTREAM["nflcom_projections"]
    if season < first:
        return (
            SOURCE_PROJECTIONS.arrow_schema.empty_table(),
            [f"nflcom_projections {season}: upstream begins with {first}"],
        )
    try:
        rows = source.nflcom_projections(season, weeks)
    except NotPublishedError as error:
        return SOURCE_PROJECTIONS.arrow_schema.empty_table(), [str(error)]
    warnings: list[str] = []
    try:
        ids = source.player_ids()
    except NotPublishedError as error:
        warnings.append(
            f"player_ids: {error.cause}; names are matched by the roster's spelling only"
        )
        ids = schema.PLAYER_IDS.arrow_schema.empty_table()
    absent = sorted(set(weeks) - set(pc.unique(rows["week"]).to_pylist()))
    if absent:
        listed = ", ".join(map(str, absent))
        warnings.append(f"nflcom_projections {season}: no file for week {listed}")
    with database() as connection:
        connection.register("nflcom", rows)
        connection.register("raw_players", raw_players)
        connection.register("ids", ids)
        joined = arrow(connection, query("source_projections"))
    table = joined.filter(pc.is_valid(joined["player_id"]))
    unknown = joined.filter(pc.is_null(joined["player_id"])).sort_by(
        [("points_half", "descending")]
    )
    if unknown.num_rows:
        names = list(dict.fromkeys(unknown["player_name"].to_pylist()))
        warnings.append(
            f"nflcom_projections {season}: {unknown.num_rows} of {joined.num_rows} rows match no "
            f"rostered player, e.g. {', '.join(names[:5])}"
        )
    return SOURCE_PROJECTIONS.conform(table), warnings
