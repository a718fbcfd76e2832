"""Reader of NFL.com's weekly projections, as hvpkod/NFL-Data publishes them: CSV files."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from fantasy_pipeline.errors import UnusableAnswerError
from fantasy_pipeline.football.tables.projections import SOURCE_POINTS
from fantasy_pipeline.football.teams import code_sql
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.columns import upstream_file
from fantasy_pipeline.lake.duck import arrow, query

NFLCOM_FILE = upstream_file(
    "nflcom_projections", string="PlayerName Team", float="PlayerWeekProjectedPts"
)
"""Columns of each file that ``sql/nflcom_projections.sql`` reads."""
STAT_LINE = (
    *("PassingYDS", "PassingTD", "PassingInt", "RushingYDS", "RushingTD", "ReceivingRec"),
    *("ReceivingYDS", "ReceivingTD", "RetTD", "FumTD", "2PT", "Fum", "PatMade", "FgMade_0-19"),
    *("FgMade_20-29", "FgMade_30-39", "FgMade_40-49", "FgMade_50"),
)
RESULTS = ("TacklesTfl", "Blk")
OPTIONAL_COLUMNS = ("PlayerOpponent", *STAT_LINE, *RESULTS)
"""Columns that show whether a file is the right one; null if no file has them."""

# Unlike `unreadable.FORMAT_CHANGED`, without --source: only hvpkod has NFL.com's projections.
_NFLCOM_CHANGED = "Upstream changed its format: update fantasy_pipeline."

_NFLCOM_LINES = """
select files.week, files.position, files.as_of, PlayerName, Team, PlayerWeekProjectedPts,
    {optional}
from read_csv(
    $paths, all_varchar = true, union_by_name = true, filename = true, header = true,
    delim = ',', quote = '"', escape = '"'
)
join files using (filename)
"""
"""All lines of all files, with each file's week, position and time.

The CSV dialect is given, because detecting it takes ten times as long as reading.
"""

_NFLCOM_NO_POINTS = """
select week, position, PlayerWeekProjectedPts as value, try_cast(value as double) as number
from lines
where trim(value) not in ('', '-') and (number between $lowest and $highest) is not true
order by week, position, value
limit 1
"""
"""The first value that is neither points nor blank nor a dash: a text, infinity, 1e300.

Without this check, the player of a text would count as not projected.
"""


class NflcomFile(NamedTuple):
    """One file of NFL.com projections: one week, one position."""

    path: Path
    week: int
    position: str
    as_of: datetime


def nflcom_projections(
    connection: duckdb.DuckDBPyConnection, files: Sequence[NflcomFile], season: int, dataset: str
) -> tuple[pa.Table, list[str]]:
    """Return NFL.com's projections, one row per player-week, and all columns of the files.

    In 2021-2023 the stat columns hold the actual stats; since 2024 they are the projected line, and
    ``line_points`` is its value. Points of 0, blank or a dash mean that NFL.com did not project the
    player.

    Raises:
        UnusableAnswerError: a file is not UTF-8 or not a CSV, lacks a column, has points that are
            not a number, or has no projection.
    """
    columns = dict.fromkeys(
        name for file in files for name in _nflcom_header(file, season, dataset)
    )
    lines = _nflcom_lines(connection, files, columns, season, dataset)
    connection.register("lines", lines)
    _refuse_other_values(connection, season, dataset)
    sql = query(__package__, "nflcom_projections").format(
        team=code_sql("Team"), opponent=code_sql("replace(PlayerOpponent, '@', '')")
    )
    rows = arrow(connection, sql, season=season)
    projected = set(zip(rows["week"].to_pylist(), rows["position"].to_pylist(), strict=True))
    for file in files:
        if (file.week, file.position) not in projected:
            cause = f"the {file.position} file has no projection"
            raise UnusableAnswerError(dataset, cause, "Run again later.", season, file.week)
    return schema.NFLCOM_PROJECTIONS.conform(rows), list(columns)


def _refuse_other_values(connection: duckdb.DuckDBPyConnection, season: int, dataset: str) -> None:
    """Raise if a value of the column of points is no number that a projection can have.

    Raises:
        UnusableAnswerError: names the value and its file.
    """
    lowest, highest = SOURCE_POINTS
    for row in arrow(connection, _NFLCOM_NO_POINTS, lowest=lowest, highest=highest).to_pylist():
        what = "a column changed its type"
        if row["number"] is not None:
            what = f"a value is not between {lowest:g} and {highest:g} points"
        cause = (
            f"{what}: points_half (upstream: PlayerWeekProjectedPts): "
            f"'{row['value']}' in the {row['position']} file"
        )
        raise UnusableAnswerError(dataset, cause, _NFLCOM_CHANGED, season, row["week"])


def nflcom_positions(
    connection: duckdb.DuckDBPyConnection, files: Sequence[NflcomFile], season: int, dataset: str
) -> pa.Table:
    """Return the players that the files list: one row per week, name and position.

    Raises:
        UnusableAnswerError: a file is not UTF-8 or not a CSV, or lacks a column.
    """
    for file in files:
        _nflcom_header(file, season, dataset)
    connection.register("lines", _nflcom_lines(connection, files, (), season, dataset))
    sql = """
        select distinct cast($season as integer) as season, week, trim(PlayerName) as name, position
        from lines
        where trim(PlayerName) <> ''
    """
    return schema.NFLCOM_POSITIONS.conform(arrow(connection, sql, season=season))


def nflcom_results(
    connection: duckdb.DuckDBPyConnection, files: Sequence[NflcomFile], season: int, dataset: str
) -> pa.Table:
    """Return what the defenders of some files did: one row per week and name.

    A player whom two files have, as lineman and linebacker, counts once.

    Raises:
        UnusableAnswerError: a file is not UTF-8 or not a CSV, or lacks a column.
    """
    for file in files:
        _nflcom_header(file, season, dataset)
    connection.register("lines", _nflcom_lines(connection, files, RESULTS, season, dataset))
    sql = """
        select cast($season as integer) as season, week, trim(PlayerName) as name,
            {team} as team,
            coalesce(try_cast("TacklesTfl" as double), 0) as tackles_for_loss,
            coalesce(try_cast("Blk" as double), 0) as kicks_blocked
        from lines
        where trim(PlayerName) <> ''
        qualify row_number() over (
            partition by week, trim(PlayerName)
            order by tackles_for_loss desc, kicks_blocked desc, Team
        ) = 1
    """
    rows = arrow(connection, sql.format(team=code_sql("Team")), season=season)
    return schema.NFLCOM_RESULTS.conform(rows)


def _nflcom_lines(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[NflcomFile],
    columns: Collection[str],
    season: int,
    dataset: str,
) -> pa.Table:
    """Return the lines of all files as text, one row per line, see `_NFLCOM_LINES`."""
    table = pa.table(
        {
            "filename": [str(file.path) for file in files],
            "week": pa.array([file.week for file in files], pa.int32()),
            "position": [file.position for file in files],
            "as_of": pa.array([file.as_of for file in files], pa.timestamp("us", tz="UTC")),
        }
    )
    connection.register("files", table)
    try:
        optional = ", ".join(
            f'"{name}"' if name in columns else f'null::varchar as "{name}"'
            for name in OPTIONAL_COLUMNS
        )
        sql = _NFLCOM_LINES.format(optional=optional)
        return arrow(connection, sql, paths=[str(file.path) for file in files])
    except duckdb.Error as error:
        cause = f"a file cannot be read: {' '.join(str(error).split())[:200]}"
        advice = "It is cut off or not a CSV: delete it from the cache or mirror, then run again."
        raise UnusableAnswerError(dataset, cause, advice, season) from error


def _nflcom_header(file: NflcomFile, season: int, dataset: str) -> list[str]:
    """Return all columns of a file.

    Raises:
        UnusableAnswerError: the file is not UTF-8, or lacks a column of `NFLCOM_FILE`.
    """
    try:
        with file.path.open(encoding="utf-8-sig") as lines:
            header = next(csv.reader(lines), [])
    except (UnicodeDecodeError, csv.Error) as error:
        advice = "Delete it from the cache or mirror, then run again."
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
