"""The project's longer SQL, one file per query; `query(name)` reads one, `arrow` runs one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@cache
def query(name: str) -> str:
    """Text of ``sql/<name>.sql``."""
    return (files(__name__) / f"{name}.sql").read_text(encoding="utf-8")


def arrow(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> pa.Table:
    """Rows of one select, with bound parameters."""
    # A relation: DuckDB 2 warns that Arrow from execute() copies every row once more.
    return connection.sql(sql, params=parameters or None).to_arrow_table()
