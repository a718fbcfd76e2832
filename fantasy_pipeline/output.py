"""How results leave the command line: a rich table, CSV, JSON or parquet, to screen or file."""

from __future__ import annotations

import sys
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console


class Format(str, Enum):
    """Output formats."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def console(stderr: bool = False) -> Console:
    """Console for people: results on stdout, progress and warnings on stderr."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def json_text(value: Any) -> str:
    """JSON; dates and times in ISO 8601, decimals (sums of integers) as numbers."""
    import json

    return json.dumps(value, default=_json_value, indent=2)


def _json_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def write(
    data: pa.Table,
    format: Format,
    output: Path | None = None,
    title: str | None = None,
    digits: int = 2,
) -> None:
    """Write rows in a format, to a file or to stdout; `digits` decimals in tables for people.

    Raises:
        PipelineError: parquet without a file, or a file that cannot be written.
    """
    if format is Format.parquet and output is None:
        raise PipelineError("parquet goes to a file: add --output FILE.")
    try:
        if format is Format.parquet:
            import pyarrow.parquet as pq

            pq.write_table(data, output, compression="zstd")
            return
        if output is None:
            _write_text(data, format, sys.stdout, title, digits)
            return
        with output.open("w", encoding="utf-8", newline="") as file:
            _write_text(data, format, file, title, digits)
    except OSError as error:
        raise PipelineError(f"cannot write {output}: {error.strerror or error}.") from error


def _write_text(data: pa.Table, format: Format, file: Any, title: str | None, digits: int) -> None:
    if format is Format.json:
        file.write(json_text(data.to_pylist()) + "\n")
    elif format is Format.csv:
        import csv

        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(data.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in data.columns), strict=True))
    else:
        _write_table(data, file, title, digits)


def _write_table(data: pa.Table, file: Any, title: str | None, digits: int) -> None:
    import pyarrow as pa
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for field in data.schema:
        number = pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
        table.add_column(field.name, justify="right" if number else "left", no_wrap=True)
    for row in zip(*(column.to_pylist() for column in data.columns), strict=True):
        table.add_row(*(_cell(value, digits) for value in row))
    width = None if file.isatty() else 10_000
    Console(file=file, highlight=False, width=width).print(table)


def _cell(value: Any, digits: int) -> str:
    from rich.markup import escape

    if value is None:
        return ""
    return f"{value:.{digits}f}" if isinstance(value, float) else escape(str(value))
