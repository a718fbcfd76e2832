"""DuckDB views of the lake's tables, over a snapshot of its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import SQL_TYPES, Table
from fantasy_pipeline.lake.duck import arrow, database
from fantasy_pipeline.lake.files import PART, damaged, file_name
from fantasy_pipeline.lake.stores import Store

_WEEKS = f"/season=*/week=*{PART}"
Files = Sequence[tuple[Table, Sequence[SeasonWeek | None]]]
"""Tables, each with its weeks in the lake; None stands for the file of a table without weeks."""


@contextmanager
def connected(
    store: Store, root: str, files: Files, private: bool
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB connection with one view per table; see `Lake.connect`."""
    present = [file_name(table, week) for table, weeks in files for week in weeks]
    with (
        store.snapshot(present) as (folder, allowed),
        _naming_damaged_files(store, root, files, folder),
        _private(folder, allowed) if private else database() as connection,
    ):
        for table, weeks in files:
            if not weeks:
                connection.register(table.name, table.arrow_schema.empty_table())
                continue
            options = "hive_partitioning = false"
            if table.weekly:
                options = "hive_partitioning = true, hive_types = {season: INTEGER, week: INTEGER}"
            where = _escaped(f"{folder}/{table.name}")
            pattern = where + (_WEEKS if table.weekly else PART)
            _create_view(connection, table, pattern, options)
        yield connection


def _create_view(
    connection: duckdb.DuckDBPyConnection, table: Table, pattern: str, options: str
) -> None:
    """Create the view of a table's files; added columns that no file has yet are null.

    Args:
        pattern: glob pattern of the files.
        options: arguments of DuckDB's ``read_parquet``.
    """
    names = "*"
    text = pattern.replace("'", "''")
    files = f"read_parquet('{text}', {options}"
    if table.added_columns:
        # The files of some weeks may lack columns that those of other weeks have.
        files += ", union_by_name = true"
        found = _columns_of_files(connection, table, pattern)
        names = ", ".join(
            column.name
            if column.name in found or not column.added
            else f"cast(null as {SQL_TYPES[column.type]}) as {column.name}"
            for column in table.columns
        )
    select = f"select {names} from {files})"  # noqa: S608 - contract
    connection.execute(f"create temp view {table.name} as {select}")


def _columns_of_files(
    connection: duckdb.DuckDBPyConnection, table: Table, pattern: str
) -> frozenset[str]:
    """Return the columns that at least one file has.

    Raises:
        duckdb.BinderException: a file lacks a column that no version of the table was without. In
            files that DuckDB unites by name, the column would be null.
    """
    files = connection.execute(
        "select file_name, list(name) from parquet_schema(?) group by 1 order by 1", [pattern]
    ).fetchall()
    required = set(table.column_names) - table.added_columns
    for file, names in files:
        if lacking := sorted(required.difference(names)):
            raise duckdb.BinderException(
                f"the file {file} is of an older layout: it lacks {', '.join(lacking)}"
            )
    return frozenset().union(*(names for _, names in files))


@contextmanager
def _naming_damaged_files(store: Store, root: str, files: Files, folder: str) -> Iterator[None]:
    """Make DuckDB's errors name files of the lake instead of files of the snapshot.

    An error about damage names the file, or is of no class of its own: the parquet reader's errors
    about headers are plain errors. Only after a plain error is every file read once, which takes
    a minute for ten seasons.
    """
    try:
        yield
    except (duckdb.Error, RuntimeError) as error:
        text = str(error)
        candidates = [
            (table, week, f"{folder}/{file_name(table, week)}")
            for table, weeks in files
            for week in weeks
        ]
        suspects = [candidate for candidate in candidates if candidate[2] in text]
        if not suspects and type(error) in (duckdb.Error, RuntimeError):
            suspects = candidates
        for table, week, path in suspects:
            if problem := _problem(path):
                name = file_name(table, week)
                reason = problem.replace(path, name)
                raise damaged(store.path(name), table, week, reason) from error
        if folder in text:
            raise type(error)(text.replace(folder, root)) from error
        raise


def _private(folder: str, allowed: str) -> duckdb.DuckDBPyConnection:
    """Return a connection to a new database that may read two folders only."""
    connection = duckdb.connect()
    # DuckDB compares paths as text, and also the patterns of the views, which are escaped.
    directories = [f"{text}/" for path in (folder, allowed) for text in (path, _escaped(path))]
    connection.execute("set allowed_directories = ?", [directories])
    # The default is the working directory, and DuckDB always allows its temporary directory.
    connection.execute("set temp_directory = ?", [f"{folder}/spill"])
    return connection


def _problem(path: str) -> str | None:
    """Return DuckDB's error about a file; None if it can read the file."""
    with duckdb.connect() as connection:
        try:
            arrow(connection, "from read_parquet($path)", path=_escaped(path))
        except (duckdb.Error, RuntimeError) as error:
            return str(error)
    return None


def _escaped(path: str) -> str:
    """Return a glob pattern that matches one path only."""
    for character in "[*?":
        path = path.replace(character, f"[{character}]")
    return path
