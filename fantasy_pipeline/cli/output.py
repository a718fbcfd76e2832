"""Output of the commands: a table, CSV, JSON or parquet, to the screen or to a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import zip_longest
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.operations.table_formats import csv_text, json_text, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console
    from rich.table import Table


_UNLIMITED_WIDTH = 10_000
"""Characters per line of a table in a pipe or file."""
_GAP = 2
"""Characters between two columns."""
_WRAPPED_WIDTH = 20
"""Least characters of the last column, whose text wraps."""
_VISIBLE: Mapping[int, int | str] = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"},
    **dict.fromkeys(range(0x7F, 0xA0), "\N{REPLACEMENT CHARACTER}"),
}
"""Signs for control characters: a name or headline of other people must not steer a terminal."""


class Format(str, Enum):
    """Output formats."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def console(stderr: bool = False) -> Console:
    """Return a console that prints for people, on stdout or on stderr."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def warn(lines: Iterable[str]) -> None:
    """Print each line as a warning on stderr."""
    from rich.markup import escape

    for line in lines:
        console(stderr=True).print(f"[yellow]warning[/] {escape(line)}")


def say(text: str) -> None:
    """Print a sentence about the command's work on stderr."""
    console(stderr=True).print(text, markup=False)


def say_label(label: str | None) -> None:
    """Print the label of data that are not the NFL's on stderr."""
    if label:
        console(stderr=True).print(f"[bold magenta]Data: {label} (invented, not the NFL).[/]")


def print_line(text: str) -> None:
    """Print a line on stdout as it is, without markup and line breaks."""
    console().print(text, markup=False, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print a value as JSON on stdout."""
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
    """Write a table in a format, to a file or to stdout.

    Args:
        output: file to write; None: stdout. Parquet needs a file.
        title: line above a table for people.
        digits: decimals in a table for people.
        spare: columns that a narrow terminal omits, the first one first.
        label: label of data that are not the NFL's; parquet stores it as the metadata ``data``.

    Raises:
        PipelineError: the file cannot be written.
    """
    try:
        if format is Format.parquet:
            write_parquet(data, str(output), label)
            return
        # Format before opening the file: a value that cannot be written leaves an old file alone.
        text = _text(data, format)
        if output is None:
            _put(text, data, None, title, digits, spare)
            return
        with output.open("w", encoding="utf-8", newline="") as file:
            _put(text, data, file, title, digits, spare)
    except OSError as error:
        if output is None:
            # The program says it, whatever the command was writing.
            raise
        raise PipelineError(f"cannot write {output}: {error.strerror or error}.") from error


def _text(data: pa.Table, format: Format) -> str | None:
    """Return the rows as JSON or CSV, or None for a table for people.

    Raises:
        PipelineError: CSV cannot hold a value, or JSON two columns of one name.
    """
    if format is Format.json:
        names = data.column_names
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise PipelineError(
                f"two columns are named {twice}, and JSON would keep one of them; give one of them "
                "another name with AS."
            )
        return json_text(data.to_pylist()) + "\n"
    if format is not Format.csv:
        return None
    return csv_text(data)


def _put(
    text: str | None,
    data: pa.Table,
    file: IO[str] | None,
    title: str | None,
    digits: int,
    spare: Sequence[str],
) -> None:
    """Write JSON or CSV text if there is one, else the rows as a table for people.

    Args:
        file: default: stdout.
    """
    if text is not None:
        (file or sys.stdout).write(text)
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


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    )


def _cell(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


class Column(NamedTuple):
    """A column of a table for people."""

    name: str
    cells: Sequence[str]
    is_number: bool = False


def print_rows(
    rows: Sequence[Mapping[str, object]],
    spare: Sequence[str] = (),
    numbers: Sequence[str] = (),
    style: Callable[[str], str] = lambda _: "",
) -> None:
    """Print rows that have the same keys as a table on stdout; None is an empty cell.

    Args:
        spare: columns that a narrow terminal omits, the first one first.
        numbers: columns to align on the right.
        style: returns the rich style of a cell.
    """
    columns = [
        Column(name, ["" if row[name] is None else str(row[name]) for row in rows], name in numbers)
        for name in (rows[0] if rows else ())
    ]
    write_table(columns, spare=spare, style=style)


def write_table(
    columns: Sequence[Column],
    title: str | None = None,
    spare: Sequence[str] = (),
    file: IO[str] | None = None,
    style: Callable[[str], str] = lambda _: "",
) -> None:
    """Write a table: whole into a pipe or file, fitted to the width of a terminal.

    A narrow terminal omits columns: first those of `spare`, then from the right. A line on stderr
    counts the omitted columns. Only the text of the last column wraps.

    Args:
        file: default: stdout.
        style: returns the rich style of a cell.
    """
    # A file gets no colours, even if the user wants them in pipes.
    wants_colours = file is None and bool(os.environ.get("FORCE_COLOR"))
    file = file or sys.stdout
    is_screen = file.isatty()
    columns = [
        Column(
            column.name.translate(_VISIBLE).expandtabs(),
            [cell.translate(_VISIBLE).expandtabs() for cell in column.cells],
            column.is_number,
        )
        for column in columns
    ]
    if not is_screen and not wants_colours:
        file.writelines(_plain_lines(columns, title))
        return
    from rich.console import Console

    out = Console(file=file, highlight=False, width=None if is_screen else _UNLIMITED_WIDTH)
    shown = list(columns)
    if is_screen:
        # Break long headings into lines to save width.
        shown = [column._replace(name=column.name.replace("_", "\n")) for column in columns]
        shown = _fitting(shown, spare, out.width)
    out.print(_rich_table(shown, title, style, wrap_last=is_screen))
    if len(shown) < len(columns):
        console(stderr=True).print(
            f"{len(columns) - len(shown)} of {len(columns)} columns do not fit; "
            f"use --json or `| less -S` to see all of them."
        )


def _plain_lines(columns: Sequence[Column], title: str | None) -> Iterator[str]:
    """Yield the lines of a table without colours.

    rich measures and cuts each cell, which takes most of the time of a command that prints a week.
    """
    from rich.cells import cell_len

    texts = [[cell.split("\n") for cell in (column.name, *column.cells)] for column in columns]
    widths = [max(cell_len(line) for cell in cells for line in cell) for cells in texts]
    if title:
        yield f"{title}\n"
    for row in zip(*texts, strict=True):
        for lines in zip_longest(*row, fillvalue=""):
            padded = []
            for line, width, column in zip(lines, widths, columns, strict=True):
                space = " " * (width - cell_len(line))
                padded.append(space + line if column.is_number else line + space)
            yield (" " * _GAP).join(padded).rstrip() + "\n"


def _rich_table(
    columns: Sequence[Column], title: str | None, style: Callable[[str], str], wrap_last: bool
) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(title) if title else None,
        title_justify="left",
        header_style="bold",
        box=None,
        pad_edge=False,
    )
    for column in columns:
        table.add_column(
            Text(column.name),
            justify="right" if column.is_number else "left",
            no_wrap=not wrap_last or column is not columns[-1],
            # A word that is wider than its column goes on in the next line.
            overflow="fold",
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*(Text(cell, style(cell)) for cell in row))
    return table


def _fitting(columns: Sequence[Column], spare: Sequence[str], width: int) -> list[Column]:
    """Return the columns that fit into a width: at least one, `spare` omitted first."""
    from rich.cells import cell_len

    def needed(column: Column) -> int:
        lines = [line for text in (column.name, *column.cells) for line in text.splitlines()]
        widest = max(map(cell_len, lines), default=0)
        return min(widest, _WRAPPED_WIDTH) if column is columns[-1] else widest

    widths = [needed(column) for column in columns]
    names = [column.name for column in columns]
    # Column indices in the order in which to omit them.
    order = [names.index(name) for one in spare if (name := one.replace("_", "\n")) in names]
    order += [i for i in reversed(range(len(columns))) if i not in order]
    omitted: set[int] = set()
    # One column always stays.
    for index in order[: len(columns) - 1]:
        kept = [width for i, width in enumerate(widths) if i not in omitted]
        if sum(kept) + _GAP * (len(kept) - 1) <= width:
            break
        omitted.add(index)
    return [column for i, column in enumerate(columns) if i not in omitted]
