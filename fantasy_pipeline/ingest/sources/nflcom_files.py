"""Reads the files of NFL.com's weekly projections, as hvpkod/NFL-Data publishes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from fantasy_pipeline.errors import UnusableAnswerError
from fantasy_pipeline.football.teams import code_sql
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.canonical import upstream_file
from fantasy_pipeline.lake.duck import arrow, query

NFLCOM_FILE = upstream_file(
    "nflcom_projections", string="PlayerName Team", float="PlayerWeekProjectedPts"
)
"""What ``sql/nflcom_projections.sql`` reads of each file."""


# No other --source has NFL.com's projections.
_NFLCOM_CHANGED = "Upstream changed its format: update fantasy_pipeline."


_NFLCOM_LINES = """
select files.week, files.position, files.as_of, PlayerName, Team, PlayerWeekProjectedPts
from read_csv(
    $paths, all_varchar = true, union_by_name = true, filename = true, header = true,
    delim = ',', quote = '"', escape = '"'
)
join files using (filename)
"""
"""The dialect is given: to guess it takes ten times as long as to read."""


_NFLCOM_NO_NUMBERS = """
select week, position, PlayerWeekProjectedPts as value
from lines
where try_cast(value as double) is null and trim(value) not in ('', '-')
order by week, position, value
limit 1
"""
"""A value that is neither points nor none: its player would be taken for not projected."""


class NflcomFile(NamedTuple):
    """One file of NFL.com projections: one week, one position."""

    path: Path
    week: int
    position: str
    as_of: datetime


def nflcom_projections(
    connection: duckdb.DuckDBPyConnection, files: Sequence[NflcomFile], season: int, dataset: str
) -> tuple[pa.Table, list[str]]:
    """NFL.com projections of some weeks, and all columns that the files have.

    Only ``PlayerWeekProjectedPts`` is read: in 2021-23 the stat columns beside it hold the actual
    stats. 0, nothing or a dash means that NFL.com did not project the player.

    Raises:
        UnusableAnswerError: one of the files cannot be used.
    """
    import duckdb
    import pyarrow as pa

    columns = dict.fromkeys(
        name for file in files for name in _nflcom_header(file, season, dataset)
    )
    connection.register(
        "files",
        pa.table(
            {
                "filename": [str(file.path) for file in files],
                "week": pa.array([file.week for file in files], pa.int32()),
                "position": [file.position for file in files],
                "as_of": pa.array([file.as_of for file in files], pa.timestamp("us", tz="UTC")),
            }
        ),
    )
    try:
        lines = arrow(connection, _NFLCOM_LINES, paths=[str(file.path) for file in files])
    except duckdb.Error as error:
        cause = f"a file cannot be read: {' '.join(str(error).split())[:200]}"
        advice = "It is cut off or no CSV: delete it from the cache or mirror and re-run."
        raise UnusableAnswerError(dataset, cause, advice, season) from error
    connection.register("lines", lines)
    if retyped := arrow(connection, _NFLCOM_NO_NUMBERS).to_pylist():
        [row] = retyped
        cause = (
            "a column changed its type: points_half (upstream: PlayerWeekProjectedPts): "
            f"'{row['value']}' in the {row['position']} file"
        )
        raise UnusableAnswerError(dataset, cause, _NFLCOM_CHANGED, season, row["week"])
    sql = query(__package__, "nflcom_projections").format(team=code_sql("Team"))
    rows = arrow(connection, sql, season=season)
    told = set(zip(rows["week"].to_pylist(), rows["position"].to_pylist(), strict=True))
    for file in files:
        if (file.week, file.position) not in told:
            cause = f"the {file.position} file has no projection"
            raise UnusableAnswerError(dataset, cause, "Re-run later.", season, file.week)
    return schema.NFLCOM_PROJECTIONS.conform(rows), list(columns)


def _nflcom_header(file: NflcomFile, season: int, dataset: str) -> list[str]:
    """Columns of a file, those that are read among them."""
    try:
        with file.path.open(encoding="utf-8-sig") as lines:
            header = lines.readline().strip().split(",")
    except UnicodeDecodeError as error:
        advice = "Delete it from the cache or mirror and re-run."
        cause = f"the {file.position} file is not UTF-8"
        raise UnusableAnswerError(dataset, cause, advice, season, file.week) from error
    for column in NFLCOM_FILE.column_names:
        if column not in header:
            raise UnusableAnswerError(
                dataset,
                f"the {file.position} file has no column {column}",
                _NFLCOM_CHANGED,
                season,
                file.week,
            )
    return header
