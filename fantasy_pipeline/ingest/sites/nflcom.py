"""NFL.com, as saved by hvpkod/NFL-Data: an archive of what it said before each week's games.

Half-PPR points and nothing else; its ids cannot be joined, season, normalised name and position
can. The files name no moment: they count as said before kick-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import NotPublishedError, SourceError, UnusableAnswerError
from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, SOURCE_PROJECTIONS
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.ingest.sites.base import SourceResponse
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.lake.duck import arrow, database, query

if TYPE_CHECKING:
    import pyarrow as pa


class NflCom:
    """The adapter, over the `Source` that delivers the files; the sample league has its own."""

    name = NFLCOM
    archived = True

    def __init__(self, source: Source) -> None:
        self._source = source

    def covers(self, week: ScheduledWeek) -> bool:
        return True

    def fetch(self, weeks: Sequence[ScheduledWeek], raw_players: pa.Table) -> SourceResponse:
        season, numbers = weeks[0].at.season, [week.at.week for week in weeks]
        return nflcom_projections(self._source, raw_players, season, numbers)


def nflcom_projections(
    source: Source, raw_players: pa.Table, season: int, weeks: Sequence[int]
) -> SourceResponse:
    """NFL.com's projections of some weeks of a season.

    A week with a file that cannot be used fails alone. After a failure of the network no other week
    is asked for: all that are left fail.

    Returns:
        An answer in one part; it warns of weeks that NFL.com has no file of, of columns that are
        new in the files, and of the names projected highest that no rostered player answers to.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    answer = SourceResponse([SOURCE_PROJECTIONS.arrow_schema.empty_table()])
    first = schema.FIRST_SEASON_UPSTREAM["nflcom_projections"]
    if season < first:
        answer.warnings.append(f"nflcom_projections {season}: upstream begins with {first}")
        return answer
    parts, gap, down = [], None, None
    for week in weeks:
        try:
            if down is not None:
                raise down
            parts.append(source.nflcom_projections(season, [week]))
        except NotPublishedError as error:
            gap = error
        except SourceError as error:
            answer.failed[week] = error
            if not isinstance(error, UnusableAnswerError):
                down = error
    rows = pa.concat_tables([schema.NFLCOM_PROJECTIONS.arrow_schema.empty_table(), *parts])
    told = set(pc.unique(rows["week"]).to_pylist())
    absent = sorted(set(weeks) - told - answer.failed.keys())
    if gap is not None and not told:
        answer.warnings.append(str(gap))
    elif absent:
        listed = ", ".join(map(str, absent))
        answer.warnings.append(f"nflcom_projections {season}: no file for week {listed}")
    answer.warnings += source.notes("nflcom_projections", season)
    if not told:
        return answer
    try:
        ids = source.player_ids()
    except NotPublishedError as error:
        answer.warnings.append(
            f"player_ids: {error.cause}; names are matched by the roster's spelling only"
        )
        ids = schema.PLAYER_IDS.arrow_schema.empty_table()
    except SourceError as error:
        answer.failed |= dict.fromkeys(told, error)
        return answer
    table, warnings = _joined(rows, raw_players, ids, season)
    answer.parts = [table]
    answer.warnings += warnings
    return answer


def _joined(
    rows: pa.Table, raw_players: pa.Table, ids: pa.Table, season: int
) -> tuple[pa.Table, list[str]]:
    """Rows under our ids, and a warning about those that none of our players answers to."""
    import pyarrow as pa
    import pyarrow.compute as pc

    with database() as connection:
        connection.register("nflcom", rows)
        connection.register("raw_players", raw_players)
        connection.register("ids", ids)
        joined = arrow(
            connection, query(__package__, "nflcom_players"), positions=list(FANTASY_POSITIONS)
        )
    table = joined.filter(pc.is_valid(joined["player_id"]))
    unknown = joined.filter(pc.is_null(joined["player_id"])).sort_by(
        [("points_half", "descending")]
    )
    warnings = []
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
    return SOURCE_PROJECTIONS.shaped(table), warnings
