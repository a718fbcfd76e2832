"""Bounds of the size that a parquet file declares in its footer, checked before its rows are read.

A few megabytes on disk can declare rows for more memory than a machine has.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from fantasy_pipeline.errors import LastingError


class Size(NamedTuple):
    """Rows and columns of a file."""

    rows: int
    columns: int


LARGEST = {
    "schedule": Size(7_535, 46),
    "weekly_stats": Size(18_981, 145),
    "weekly_rosters": Size(46_696, 36),
    "injuries": Size(6_215, 16),
    "snap_counts": Size(26_615, 16),
    "players": Size(24_302, 39),
}
"""The largest real file of each data set, 2015-2026."""
ROWS_FACTOR, COLUMNS_FACTOR = 10, 4
"""A file may have so many times the rows and columns of the largest real one."""
MAX_BYTES = 128 * 2**20
"""Uncompressed size of a file; the largest real one has 6 MB, and 36 MB if nothing were encoded."""
_MAX_ROW_GROUPS = 1000
"""Real files have one."""


def refuse_oversized(path: Path, dataset: str, season: int | None) -> None:
    """Raise if a parquet file's footer declares more than a file of the data set can have.

    A file whose footer cannot be read passes: its reader reports the damage.

    Raises:
        LastingError: too many rows, columns, row groups or bytes.
    """
    if path.suffix != ".parquet" or dataset not in LARGEST:
        return
    try:
        footer = pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError):
        return
    if problem := _problem(footer, dataset):
        raise LastingError(
            dataset,
            f"the file {path} declares {problem}; nothing of it was read",
            "Check what the host serves: this is not the file that nflverse publishes.",
            season,
        )


def _problem(footer: pq.FileMetaData, dataset: str) -> str | None:
    """Return what a footer declares too much of; None if it declares nothing too large."""
    largest = LARGEST[dataset]
    columns, groups = footer.num_columns, footer.num_row_groups
    if columns > largest.columns * COLUMNS_FACTOR:
        return f"{columns:,} columns, and the largest real file has {largest.columns}"
    if groups > _MAX_ROW_GROUPS:
        return f"{groups:,} row groups, and real files have one"
    row_groups = [footer.row_group(number) for number in range(groups)]
    # A list column has more values than rows, and the totals may lie about the parts.
    values = (
        max((group.column(number).num_values for number in range(columns)), default=0)
        for group in row_groups
    )
    rows = max(footer.num_rows, sum(group.num_rows for group in row_groups), sum(values))
    if rows > largest.rows * ROWS_FACTOR:
        return f"{rows:,} rows, and the largest real file has {largest.rows:,}"
    size = sum(max(group.total_byte_size, _bytes_of(group, columns)) for group in row_groups)
    if size > MAX_BYTES:
        return f"{size:,} bytes of uncompressed data, and at most {MAX_BYTES:,} are read"
    return None


def _bytes_of(group: pq.RowGroupMetaData, columns: int) -> int:
    """Return the uncompressed bytes of a row group's columns."""
    return sum(group.column(number).total_uncompressed_size for number in range(columns))
