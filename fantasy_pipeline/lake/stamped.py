"""Tables of one file whose seasons have stamps: hashes of all that a season was made from.

A season whose stamp is unchanged need not be made again. Rows and stamps are in one file, so that
they always belong together, also after a process is killed while it writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.lake.files import file_name, parquet_of
from fantasy_pipeline.lake.lake import Lake

_STAMPS = "stamps"


class DamagedSeasonError(Exception):
    """The rows of a season cannot be read."""


class StampedSeasons:
    """The seasons of a table without weeks, as stored.

    `stamps` is empty if there is no file, or if it is damaged, older, or has other columns.
    """

    def __init__(self, lake: Lake, table: Table) -> None:
        self.stamps: Mapping[int, str] = {}
        content = lake.read_bytes(file_name(table))
        if content is None:
            return
        try:
            self._file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
            metadata = self._file.schema_arrow.metadata or {}
            if self._file.schema_arrow.equals(table.arrow_schema):
                stamps = json.loads(metadata.get(_STAMPS.encode(), b"{}"))
                self.stamps = {int(season): stamp for season, stamp in stamps.items()}
        except (OSError, ValueError, pa.ArrowException):
            return

    def rows(self, season: int) -> pa.Table:
        """Return the rows of a season that has a stamp.

        Raises:
            DamagedSeasonError: they are not as they were written.
        """
        try:
            at = self._file.schema_arrow.get_field_index("season")
            for group in range(self._file.num_row_groups):
                if self._file.metadata.row_group(group).column(at).statistics.min == season:
                    return self._file.read_row_group(group)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DamagedSeasonError(str(error)) from error
        return self._file.schema_arrow.empty_table()


def stamped(table: Table, parts: Iterable[pa.Table], stamps: Mapping[int, str]) -> bytes:
    """Return the file of a table.

    Args:
        parts: rows that satisfy the contract, one season after the other.
        stamps: stamp of each season; read after the parts.
    """
    text = json.dumps({str(season): stamp for season, stamp in stamps.items()})
    return parquet_of(parts, table.arrow_schema.with_metadata({_STAMPS: text}), checksums=True)
