"""Files of the lake: their names, their bytes, and the errors about missing or unreadable files."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fantasy_pipeline.errors import NotMaterializedError, PipelineError, UnusableStorageError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import codes

PART = "/part.parquet"
MARKER = "lake.json"
"""The file with the label of the lake."""
_PARTITION = re.compile(r"season=(\d{4})/week=(\d{2})/part\.parquet$")


def file_name(table: Table, week: SeasonWeek | None = None) -> str:
    """Return the path under the root of a table without weeks, or of one week of a table."""
    if week is None:
        return f"{table.name}{PART}"
    return f"{table.name}/season={week.season}/week={week.week:02d}{PART}"


def week_of_file(name: str) -> SeasonWeek | None:
    """Return the week of a file of a weekly table; None for other files."""
    match = _PARTITION.search(name)
    return None if match is None else SeasonWeek(int(match[1]), int(match[2]))


def by_week(
    table: Table, rows: pa.Table, weeks: Iterable[SeasonWeek]
) -> dict[SeasonWeek, pa.Table]:
    """Return the rows of each week, in order; a week may have none.

    Args:
        rows: sorted by season and week.

    Raises:
        PipelineError: a row belongs to none of the weeks.
    """
    wanted = sorted(set(weeks))
    of_row = codes(rows)
    wanted_codes = np.array([week.code for week in wanted])
    if strays := np.setdiff1d(of_row, wanted_codes).tolist():
        raise PipelineError(
            f"table {table.name}: rows of weeks that are not to be written: {strays[:5]}"
        )
    starts = np.searchsorted(of_row, wanted_codes)
    counts = np.searchsorted(of_row, wanted_codes + 1) - starts
    return {
        week: rows.slice(start, count)
        for week, start, count in zip(wanted, starts, counts, strict=True)
    }


def parquet(data: pa.Table) -> bytes:
    """Return rows as the bytes of a parquet file; the same rows always give the same bytes.

    Args:
        data: rows sorted by season. Each season becomes one row group.
    """
    return parquet_of([data], data.schema)


def parquet_of(parts: Iterable[pa.Table], schema: pa.Schema, checksums: bool = False) -> bytes:
    """Return rows as `parquet` does, from one table after the other.

    Args:
        checksums: store a checksum of each page, so that a reader can notice damage.
    """
    sink = pa.BufferOutputStream()
    # Dictionaries help text columns only: for numbers they take twice the time and more space.
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    with pq.ParquetWriter(
        sink, schema, compression="zstd", use_dictionary=texts, write_page_checksum=checksums
    ) as writer:
        for data in parts:
            # One row group per season, so that a season can be read without the others.
            seasons = data["season"].to_numpy()
            starts = np.flatnonzero(np.diff(seasons, prepend=-1))
            for start, size in zip(starts, np.diff(starts, append=len(seasons)), strict=True):
                writer.write_table(data.slice(start, size), row_group_size=size)
    return sink.getvalue().to_pybytes()


def with_added(table: Table, rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return rows of a file with nulls in those of `names` that were added to the contract later.

    Other missing columns stay missing.
    """
    there = rows.column_names
    if there == list(names):
        return rows
    # Arrow makes the list of names anew each time.
    known = set(there)
    for name in (name for name in names if name in table.added_columns and name not in known):
        field = table.arrow_schema.field(name)
        rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    known = set(rows.column_names)
    return rows.select([name for name in names if name in known])


def stored_label(marker: bytes | None, root: str, label: str) -> str | None:
    """Return the label in the file `MARKER`; None without the file.

    Args:
        root, label: what an error names: the root of the lake, and its expected label.

    Raises:
        UnusableStorageError: the file is broken.
    """
    if marker is None:
        return None
    try:
        return str(json.loads(marker)["label"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableStorageError(
            f"{root}/{MARKER} is broken: it must state which data the lake holds. "
            f'If they are {label} data, write {{"label": "{label}"}} into it.'
        ) from error


def older_layout(root: str, table: Table) -> UnusableStorageError:
    """Return the error of a file whose columns are those of another version of the contract."""
    return UnusableStorageError(
        f"{table.name} in the lake at {root} has weeks of an older layout; "
        f"materialize them again, e.g. `fantasy-pipeline backfill`."
    )


def damaged(path: str, table: Table, week: SeasonWeek | None, reason: str) -> UnusableStorageError:
    """Return the error of a file that is incomplete or not parquet."""
    reason = " ".join(reason.split())[:200].rstrip(".")
    label, command = table.name, "run"
    if week is not None:
        label = f"{table.name} {week}"
        command = f"run --season {week.season} --week {week.week}"
    return UnusableStorageError(
        f"{label}: the file {path} is damaged: {reason}. Restore it from a backup; or remove it "
        f"and make it again: `fantasy-pipeline {command}`, or `fantasy-pipeline backfill` for many "
        f"weeks."
    )


@contextmanager
def decoding(path: str, table: Table, week: SeasonWeek | None = None) -> Iterator[None]:
    """Make an error of a file that is not complete parquet name that file."""
    try:
        yield
    # The class depends on where the damage is; not all of them are pyarrow's own.
    except (OSError, ValueError, pa.ArrowException) as error:
        raise damaged(path, table, week, str(error)) from error


def rows_of(
    root: str,
    path: str,
    table: Table,
    week: SeasonWeek | None,
    source: pa.NativeFile,
    names: Sequence[str],
    seasons: Collection[int] | None,
) -> pa.Table:
    """Return some columns of one open file, and only the rows of `seasons` if given.

    Args:
        root, path: root of the lake and location of the file, which errors name.

    Raises:
        PipelineError: the file cannot be read, or has an older layout.
    """
    with decoding(path, table, week):
        file = pq.ParquetFile(source)
        found = set(file.schema_arrow.names)
        if seasons is None:
            return with_added(table, file.read(names), names)
    if not {"season", *names} - table.added_columns <= found:
        raise older_layout(root, table)
    with decoding(path, table, week):
        wanted = [("season", "in", sorted(seasons))]
        there = [name for name in names if name in found]
        rows = pq.read_table(source, columns=there, filters=wanted)
    return with_added(table, rows, names)


def refuse_absent(root: str, table: Table, absent: Sequence[SeasonWeek | None]) -> None:
    """Raise if a table, or a week of a table, is absent from the lake.

    Raises:
        NotMaterializedError: names the weeks, and the command that makes the first.
    """
    if not absent:
        return
    weeks = [week for week in absent if week is not None]
    if not weeks:
        raise _not_materialized(root, table, [table.name])
    command = f"trigger --season {weeks[0].season} --week {weeks[0].week} --wait"
    missing = [f"{table.name} {week}" for week in weeks]
    raise _not_materialized(root, table, missing, command)


def _not_materialized(
    root: str, table: Table, missing: Sequence[str], command: str = "run"
) -> NotMaterializedError:
    """Return the error of missing files; `command` makes the first of them."""
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return NotMaterializedError(
        f"{', '.join(missing[:3])}{more}: not in the lake at {root}. "
        f"Materialize {table.name} first, e.g. `fantasy-pipeline {command}`."
    )
