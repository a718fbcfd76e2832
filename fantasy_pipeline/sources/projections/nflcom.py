"""NFL.com, as saved by hvpkod/NFL-Data: an archive of what it said before each week's games.

Half-PPR points and nothing else; its ids cannot be joined, season, normalised name and position
can. The files name no moment: they count as said before kick-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import NotPublishedError, SourceError
from fantasy_pipeline.sources import schema
from fantasy_pipeline.sources.base import Source
from fantasy_pipeline.sources.projections import NFLCOM
from fantasy_pipeline.sources.projections.base import Answer, Week
from fantasy_pipeline.sql import arrow, database, query
from fantasy_pipeline.tables import SOURCE_PROJECTIONS

if TYPE_CHECKING:
    import pyarrow as pa


class NflCom:
    """The adapter, over the `Source` that delivers the files; the sample league has its own."""

    name = NFLCOM
    archived = True

    def __init__(self, source: Source) -> None:
        self._source = source

    def asks(self, week: Week) -> bool:
        return True

    def ask(self, weeks: Sequence[Week], raw_players: pa.Table) -> Answer:
        answer = Answer()
        season, numbers = weeks[0].at.season, [week.at.week for week in weeks]
        try:
            table, answer.warnings = nflcom_projections(self._source, raw_players, season, numbers)
            answer.parts.append(table)
        except SourceError as error:
            answer.failed = dict.fromkeys(numbers, error)
        return answer


def nflcom_projections(
    source: Source, raw_players: pa.Table, season: int, weeks: Sequence[int]
) -> tuple[pa.Table, list[str]]:
    """NFL.com's projections of some weeks of a season.

    Returns:
        `SOURCE_PROJECTIONS` rows without kick-offs, and warnings: weeks that NFL.com has no file
        of, and the names projected highest that no rostered player answers to.
    """
    import pyarrow as pa
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
        joined = arrow(connection, query("nflcom_players"))
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
    for column in SOURCE_PROJECTIONS.columns:
        if column.name not in table.column_names:
            blank = pa.nulls(table.num_rows, column.arrow_type)
            table = table.append_column(column.name, blank)
    return SOURCE_PROJECTIONS.conform(table), warnings
