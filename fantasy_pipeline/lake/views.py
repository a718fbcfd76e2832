"""The lake's tables as views of DuckDB, over a snapshot of its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.lake.duck import arrow, database
from fantasy_pipeline.lake.files import PART, damaged, file_name
from fantasy_pipeline.lake.stores import Store

if TYPE_CHECKING:
    import duckdb

_WEEKS = f"/season=*/week=*{PART}"
Files = Sequence[tuple[Table, Sequence[SeasonWeek | None]]]
"""Tables with the weeks of each that the lake has; None is the file of a table without weeks."""


@contextmanager
def connected(
    store: Store, root: str, files: Files, private: bool
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with one view per table, as `Lake.connect` has it."""
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
            where = _escaped(f"{folder}/{table.name}").replace("'", "''")
            pattern = where + (_WEEKS if table.weekly else PART)
            connection.execute(
                f"create temp view {table.name} as from read_parquet('{pattern}', {options})"
            )
        yield connection


@contextmanager
def _naming_damaged_files(store: Store, root: str, files: Files, folder: str) -> Iterator[None]:
    """In here, an error of DuckDB's names files of the lake, not those of a snapshot.

    DuckDB does not always say which file is damaged, and has no kind of error for it: each is
    read to find out.
    """
    import duckdb

    try:
        yield
    except (duckdb.Error, RuntimeError) as error:
        text = str(error)
        places = [
            (table, week, f"{folder}/{file_name(table, week)}")
            for table, weeks in files
            for week in weeks
        ]
        named = [place for place in places if place[2] in text]
        kinds = (duckdb.Error, duckdb.IOException, duckdb.InvalidInputException, RuntimeError)
        for table, week, path in (named or places) if type(error) in kinds else ():
            if problem := _problem(path):
                name = file_name(table, week)
                reason = problem.replace(path, name)
                raise damaged(store.path(name), table, week, reason) from error
        if folder in text:
            raise type(error)(text.replace(folder, root)) from error
        raise


def _private(folder: str, allowed: str) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect()
    # Compared as text, with the views' patterns as well.
    places = [f"{way}/" for path in (folder, allowed) for way in (path, _escaped(path))]
    connection.execute("set allowed_directories = ?", [places])
    # Its default is the working directory, which would be allowed as well.
    connection.execute("set temp_directory = ?", [f"{folder}/spill"])
    return connection


def _problem(path: str) -> str | None:
    """What DuckDB says of a file that it cannot read; None of one that it can."""
    import duckdb

    with duckdb.connect() as connection:
        try:
            arrow(connection, "from read_parquet($path)", path=_escaped(path))
        except (duckdb.Error, RuntimeError) as error:
            return str(error)
    return None


def _escaped(path: str) -> str:
    """A path as a pattern that matches it alone."""
    for character in "[*?":
        path = path.replace(character, f"[{character}]")
    return path
