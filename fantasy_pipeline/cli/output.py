"""How results leave the command line: a rich table, CSV, JSON or parquet, to screen or file."""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console


_ENDLESS = 10_000
"""Width of what has none."""
_GAP = 2
_BROKEN = 20
"""Width that is enough for text which may be broken into lines."""


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


def warn(lines: Iterable[str]) -> None:
    """Warnings on stderr."""
    from rich.markup import escape

    for line in lines:
        console(stderr=True).print(f"[yellow]warning[/] {escape(line)}")


def say_label(label: str | None) -> None:
    """What the data are, if not the NFL's, on stderr."""
    if label:
        console(stderr=True).print(f"[bold magenta]Data: {label} (invented, not the NFL).[/]")


def json_text(value: Any) -> str:
    """JSON; dates and times in ISO 8601, decimals (sums of integers) as numbers.

    NaN and infinity, which a query may come to and JSON does not have, are null.
    """
    import json

    try:
        return json.dumps(value, default=_json_value, indent=2, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), default=_json_value, indent=2)


def _finite(value: Any) -> Any:
    """The same with None for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _json_value(value: Any) -> Any:
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def print_json(value: Any) -> None:
    """JSON on stdout."""
    sys.stdout.write(json_text(value) + "\n")


def write(
    data: pa.Table,
    format: Format,
    output: Path | None = None,
    title: str | None = None,
    digits: int = 2,
    spare: Sequence[str] = (),
    label: str | None = None,
) -> None:
    """Write rows in a format, to a file or to stdout; `digits` decimals in tables for people.

    Args:
        spare: columns that a terminal too narrow for all does without, the first one first.
        label: what the data are, if not the NFL's; a parquet file keeps it as metadata ``data``.

    Raises:
        PipelineError: parquet without a file, or a file that cannot be written.
    """
    if format is Format.parquet and output is None:
        raise PipelineError("parquet goes to a file: add --output FILE.")
    try:
        if format is Format.parquet:
            import pyarrow.parquet as pq

            if label:
                data = data.replace_schema_metadata({**(data.schema.metadata or {}), "data": label})
            pq.write_table(data, output, compression="zstd")
            return
        # Before a file is opened: what cannot be written leaves the old one as it was.
        text = _text(data, format)
        if output is None:
            _put(text, data, sys.stdout, title, digits, spare)
            return
        with output.open("w", encoding="utf-8", newline="") as file:
            _put(text, data, file, title, digits, spare)
    except OSError as error:
        raise PipelineError(f"cannot write {output}: {error.strerror or error}.") from error


def _text(data: pa.Table, format: Format) -> str | None:
    """Rows as JSON or CSV; None: they are to be a table.

    Raises:
        PipelineError: CSV cannot hold a value.
    """
    if format is Format.json:
        return json_text(data.to_pylist()) + "\n"
    if format is not Format.csv:
        return None
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    try:
        writer.writerow(data.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in data.columns), strict=True))
    except csv.Error as error:
        # Python 3.10 writes no NUL.
        raise PipelineError(
            f"a value cannot be written as csv: {error}. Choose --format json."
        ) from error
    return file.getvalue()


def _put(
    text: str | None,
    data: pa.Table,
    file: Any,
    title: str | None,
    digits: int,
    spare: Sequence[str],
) -> None:
    if text is not None:
        file.write(text)
        return
    columns = [
        Column(
            field.name,
            ["" if value is None else _cell(value, digits) for value in column.to_pylist()],
            _is_number(field.type),
        )
        for field, column in zip(data.schema, data.columns, strict=True)
    ]
    write_table(columns, title, spare, file)


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    )


def _cell(value: Any, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


class Column(NamedTuple):
    """A column of a table for people."""

    name: str
    cells: Sequence[str]
    is_number: bool = False


def write_table(
    columns: Sequence[Column],
    title: str | None = None,
    spare: Sequence[str] = (),
    file: Any = None,
    style: Callable[[str], str] = lambda _: "",
) -> None:
    """Print a table: all of it into a pipe or file, what fits on a terminal.

    A terminal too narrow does without columns, `spare` first, then from the right; stderr says
    which. Only the last column's text is broken into lines.

    Args:
        style: rich style of a cell.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    file = file or sys.stdout
    is_screen = file.isatty()
    out = Console(file=file, highlight=False, width=None if is_screen else _ENDLESS)
    shown = list(columns)
    if is_screen:
        # A long heading takes lines instead of width.
        shown = [column._replace(name=column.name.replace("_", "\n")) for column in columns]
        shown = _fitting(shown, spare, out.width)
    table = Table(
        title=Text(title) if title else None,
        title_justify="left",
        header_style="bold",
        box=None,
        pad_edge=False,
    )
    for column in shown:
        table.add_column(
            Text(column.name),
            justify="right" if column.is_number else "left",
            no_wrap=not is_screen or column is not shown[-1],
        )
    for row in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*(Text(cell, style(cell)) for cell in row))
    out.print(table)
    if len(shown) < len(columns):
        console(stderr=True).print(
            f"{len(columns) - len(shown)} of {len(columns)} columns do not fit; "
            f"--json, or `| less -S`, has all."
        )


def _fitting(columns: Sequence[Column], spare: Sequence[str], width: int) -> list[Column]:
    """The columns that fit into a width, the first one always."""
    from rich.cells import cell_len

    def needs(column: Column) -> int:
        lines = [line for text in (column.name, *column.cells) for line in text.splitlines()]
        widest = max(map(cell_len, lines), default=0)
        return min(widest, _BROKEN) if column is columns[-1] else widest

    widths = [needs(column) for column in columns]
    names = [column.name for column in columns]
    order = [names.index(name) for one in spare if (name := one.replace("_", "\n")) in names]
    order += [i for i in reversed(range(len(columns))) if i not in order]
    left_out: set[int] = set()
    for index in order[: len(columns) - 1]:
        kept = [width for i, width in enumerate(widths) if i not in left_out]
        if sum(kept) + _GAP * (len(kept) - 1) <= width:
            break
        left_out.add(index)
    return [column for i, column in enumerate(columns) if i not in left_out]
