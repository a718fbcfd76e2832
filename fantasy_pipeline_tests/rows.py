"""Build small tables for tests: state only the columns that matter, the rest is filled in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa

from fantasy_pipeline.football.tables.contract import Column, Table

Rows = Callable[..., pa.Table]
"""Type of the fixture `rows`, which is `rows_of`."""


def rows_of(contract: Table, *records: dict[str, Any]) -> pa.Table:
    """Return a table of a contract, one row per record.

    A column that a record leaves out is null, or an allowed value where null is not allowed.
    """
    unknown = {name for record in records for name in record} - set(contract.column_names)
    if unknown:
        raise AssertionError(f"{contract.name} has no column {unknown}")
    columns = {
        column.name: [record.get(column.name, _allowed_value(column)) for record in records]
        for column in contract.columns
    }
    return pa.table(columns, schema=contract.arrow_schema)


def _allowed_value(column: Column) -> Any:
    if column.nullable:
        return None
    if column.type in ("int", "float"):
        return max(column.lowest or 0, 0)
    values = {"bool": False, "timestamp": datetime(2024, 9, 8, 17, tzinfo=timezone.utc)}
    return values[column.type] if column.type in values else (*column.allowed, "x")[0]
