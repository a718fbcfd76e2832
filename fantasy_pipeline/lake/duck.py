"""DuckDB: connections, and the SQL files that live beside the modules that use them.

`database` opens a private connection, `query` reads an SQL file, `arrow` runs a select.
"""

from __future__ import annotations

import atexit
from functools import cache
from importlib.resources import files

import duckdb
import pyarrow as pa


@cache
def _shared() -> duckdb.DuckDBPyConnection:
    # A thread that outlives the interpreter, such as fsspec's for object storage, keeps this module
    # and the connection alive; DuckDB's bindings then report leaks on stderr at length.
    atexit.register(_shared.cache_clear)
    return duckdb.connect()


def database() -> duckdb.DuckDBPyConnection:
    """Return a new connection to the in-memory database of this process; close it after use.

    Other connections do not see what this one registers, nor its temporary tables and views.
    Starting a new database instead takes thirty times as long.
    """
    return _shared().cursor()


@cache
def query(package: str, name: str) -> str:
    """Return the text of ``sql/<name>.sql`` in a package; callers pass their ``__package__``."""
    return (files(package) / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def arrow(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: object) -> pa.Table:
    """Return the rows of one select; `parameters` are bound by name, e.g. ``$season``."""
    # sql() makes a relation: in DuckDB 2, execute() warns that Arrow results copy every row again.
    return connection.sql(sql, params=parameters or None).to_arrow_table()
