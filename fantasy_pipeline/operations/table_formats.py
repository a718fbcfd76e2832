"""Tables and values as JSON, CSV and parquet, for commands and the HTTP interface."""

from __future__ import annotations

import csv
import io
import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    import pyarrow as pa


def json_text(value: object, indent: int | None = 2) -> str:
    """Return a value as JSON: times in ISO 8601, decimals (sums of integers) as numbers.

    JSON has no NaN and no infinity; both become null.
    """
    separators = (",", ":") if indent is None else None
    try:
        return json.dumps(
            value, default=_json_value, indent=indent, separators=separators, allow_nan=False
        )
    except ValueError:
        return json.dumps(_finite(value), default=_json_value, indent=indent, separators=separators)


def _finite(value: object) -> object:
    """Return a value with None in place of NaN and infinity, at any depth."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _json_value(value: object) -> int | float | str:
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def csv_text(data: pa.Table) -> str:
    """Return the rows as CSV, with a line of column names.

    Raises:
        PipelineError: CSV cannot hold a value.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    try:
        writer.writerow(data.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in data.columns), strict=True))
    except csv.Error as error:
        # Python 3.10 writes no NUL.
        raise PipelineError(f"a value cannot be written as csv: {error}. Choose JSON.") from error
    return file.getvalue()


def write_parquet(data: pa.Table, output: object, label: str | None) -> None:
    """Write the rows as parquet to a path or an open file.

    Args:
        label: label of data that are not the NFL's, stored as the metadata ``data``.
    """
    import pyarrow.parquet as pq

    if label:
        data = data.replace_schema_metadata({**(data.schema.metadata or {}), "data": label})
    pq.write_table(data, output, compression="zstd")


def parquet_bytes(data: pa.Table, label: str | None) -> bytes:
    """Return the rows as a parquet file, as `write_parquet` writes it."""
    file = io.BytesIO()
    write_parquet(data, file, label)
    return file.getvalue()
