"""What a week's report is made from, as a digest: another one means that the report is stale."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.report.players import HISTORY_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa


def fingerprint(lake: Lake, week: SeasonWeek) -> str:
    """Digest of the rows that a week's report shows, whatever files hold them.

    Rows, not files: player_history is one file that every import writes anew.
    """
    import pyarrow as pa

    digest = hashlib.sha256()
    for rows in _rows(lake, week):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows.combine_chunks())
        digest.update(sink.getvalue())
    return digest.hexdigest()


def _rows(lake: Lake, week: SeasonWeek) -> Iterator[pa.Table]:
    for table in (tables.PROJECTIONS, tables.RAW_PLAYERS, tables.SOURCE_PROJECTIONS):
        if lake.has(table, week):
            yield lake.read(table, [week])
    for table, columns in (
        (tables.PLAYER_HISTORY, HISTORY_COLUMNS),
        (tables.GAMES, ("season", "week", "home_team", "away_team", "kickoff")),
    ):
        if lake.has(table):
            yield of_week(lake.read(table, columns=columns, seasons=[week.season]), week)
    for table in (tables.PROJECTION_ACCURACY, tables.STAT_CORRECTIONS):
        # Before a season's first scored week, the season before is shown.
        known = [w for w in lake.weeks(table) if week.season - 1 <= w.season and w <= week]
        yield lake.read(table, known)
