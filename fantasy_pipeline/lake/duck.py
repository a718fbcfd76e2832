"""DuckDB: connections, and the SQL files that live beside the modules that use them.

`database` opens a private connection, `query` reads an SQL file, `arrow` runs a select.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@cache
def _shared() -> duckdb.DuckDBPyConnection:
    import atexit

    import duckdb

    # A thread that outlives the interpreter, as fsspec's for object storage, can keep this module
    # and so the connection; DuckDB's bindings then print pages about leaks to stderr.
    atexit.register(_shared.cache_clear)
    return duckdb.connect()


def database() -> duckdb.DuckDBPyConnection:
    """A connection of its own to the process's in-memory database; close it after use.

    What it registers, and its temporary tables and views, nobody else sees. Starting another
    database instead would take thirty times as long.
    """
    return _shared().cursor()


@cache
def query(package: str, name: str) -> str:
    """Return the text of ``sql/<name>.sql`` in a package; callers pass their ``__package__``."""
    return (files(package) / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def arrow(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> pa.Table:
    """Rows of one select, with bound parameters."""
    # A relation: DuckDB 2 warns that Arrow from execute() copies every row once more.
    return connection.sql(sql, params=parameters or None).to_arrow_table()
