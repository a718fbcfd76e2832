"""Read a table without weeks season by season: its file has one row group per season."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.lake.files import decoding, file_name, older_layout, with_added


def season_rows(
    root: str, table: Table, source: pa.NativeFile, seasons: Collection[int]
) -> Iterator[pa.Table]:
    """Return the rows of the file of a table, one season at a time.

    Args:
        root: root of the lake, which errors name.
        source: the open file.

    Raises:
        PipelineError: the file cannot be read, or has an older layout.
    """
    for _, file, group in _groups(root, table, source, seasons):
        with decoding(f"{root}/{file_name(table)}", table):
            part = file.read_row_group(group, table.column_names)
        part = with_added(table, part, table.column_names)
        try:
            rows = part.cast(table.arrow_schema)
        except ValueError as error:
            raise older_layout(root, table) from error
        yield rows


def season_bytes(
    root: str, table: Table, source: pa.NativeFile, seasons: Collection[int] | None
) -> Iterator[tuple[int, bytes]]:
    """Return some seasons of the file of a table, None: all, with their bytes as stored.

    Raises:
        PipelineError: the file cannot be read, or has an older layout.
    """
    for season, file, group in _groups(root, table, source, seasons):
        about = file.metadata.row_group(group)
        columns = [about.column(number) for number in range(about.num_columns)]
        source.seek(columns[0].dictionary_page_offset or columns[0].data_page_offset)
        yield season, source.read(sum(column.total_compressed_size for column in columns))


def _groups(
    root: str, table: Table, source: pa.NativeFile, seasons: Collection[int] | None
) -> Iterator[tuple[int, pq.ParquetFile, int]]:
    """Return each season with the opened file and the number of its row group."""
    path = f"{root}/{file_name(table)}"
    with decoding(path, table):
        file = pq.ParquetFile(source)
        at = file.schema_arrow.get_field_index("season")
    for group in range(file.num_row_groups):
        with decoding(path, table):
            found = file.metadata.row_group(group).column(at).statistics if at >= 0 else None
            lowest, highest = (found.min, found.max) if found else (None, None)
        if lowest is None or lowest != highest:
            raise older_layout(root, table)
        if seasons is None or lowest in seasons:
            yield lowest, file, group
