"""The parquet lake: one file per table, season and week; DuckDB reads it.

Layout: ``<root>/<table>/season=2024/week=05/part.parquet``, and ``<root>/<table>/part.parquet``
for tables without weeks. The root may be a folder or a URL of object storage
(``s3://bucket/lake``); how a file gets there is `stores.py`'s.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table, ValidatedRows
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.lake.files import (
    damaged,
    file_name,
    not_materialized,
    older_layout,
    parquet,
)
from fantasy_pipeline.lake.stores import LOCKS, open_store, safe_name
from fantasy_pipeline.lake.views import connected

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

_PARTITION = re.compile(r"season=(\d{4})/week=(\d{2})/part\.parquet$")
_MARKER = "lake.json"


class Lake:
    """The tables under one root.

    Args:
        root: folder or fsspec URL.
        label: what the data are, e.g. ``nfl`` or ``synthetic sample league``. It is written to
            the root on first use; a root of another label is refused, so that real and synthetic
            data never mix.

    Raises:
        PipelineError: the root holds data of another label.
    """

    def __init__(self, root: str, label: str) -> None:
        self.root = root.rstrip("/")
        self.label = label
        self._store = open_store(self.root)
        self._check_label()

    @property
    def is_local(self) -> bool:
        """Whether it is a folder; else every file read is a request."""
        return self._store.is_local

    @property
    def locks(self) -> Path | None:
        """Folder of the locks of `rebuilding`; None on object storage."""
        return Path(self._store.path(LOCKS)) if self.is_local else None

    def _check_label(self) -> bool:
        """Whether the root is labelled; raises if with another label."""
        marker = self._store.get(_MARKER)
        if marker is None:
            return False
        try:
            found = json.loads(marker)["label"]
        except (ValueError, KeyError, TypeError) as error:
            raise PipelineError(
                f"{self.root}/{_MARKER} is broken: it should say what data the lake holds. "
                f'Write {{"label": "{self.label}"}} into it if you know that they are.'
            ) from error
        if found != self.label:
            raise PipelineError(
                f"the lake at {self.root} holds {found} data, not {self.label}; "
                f"set FANTASY_DATA to another folder."
            )
        return True

    def path(self, table: Table, week: SeasonWeek | None = None) -> str:
        """Where a table, or one of its weeks, is kept: a path, or a URL of object storage."""
        return self._store.path(file_name(table, week))

    def write(self, table: Table, data: pa.Table | ValidatedRows) -> int:
        """Replace a table that has no weeks. Returns its row count.

        Raises:
            PipelineError: rows that break the contract.
        """
        rows = table.validated(data).rows
        self._claim()
        self._store.put(file_name(table), parquet(rows))
        return rows.num_rows

    def write_weeks(
        self, table: Table, data: pa.Table | ValidatedRows, weeks: Iterable[SeasonWeek]
    ) -> dict[SeasonWeek, int]:
        """Replace whole weeks of a table; a week without rows becomes an empty file.

        Returns:
            Row count of each week.

        Raises:
            PipelineError: rows of a week that is not among `weeks`, or that break the contract.
        """
        import numpy as np

        wanted = sorted(set(weeks))
        rows = table.validated(data).rows
        of_row = codes(rows)
        known = np.array([week.code for week in wanted])
        if strays := np.setdiff1d(of_row, known).tolist():
            raise PipelineError(f"table {table.name}: rows of weeks not asked for: {strays[:5]}")
        self._claim()
        # checked() sorted the rows by key, so a week is one slice.
        starts = np.searchsorted(of_row, known)
        counts = np.searchsorted(of_row, known + 1) - starts
        self._store.put_all(
            (file_name(table, week), parquet(rows.slice(start, count)))
            for week, start, count in zip(wanted, starts, counts, strict=True)
        )
        return dict(zip(wanted, counts.tolist(), strict=True))

    @contextmanager
    def rebuild_lock(self, table: Table) -> Iterator[None]:
        """In here, no other process of this machine rebuilds the table.

        For a table made of all of others: a rebuild that read them earlier must not be written
        over one that read them later.
        """
        with self._store.lock(table.name):
            yield

    def _claim(self) -> None:
        """Label the root, or see that its label is ours."""
        if not self._check_label():
            text = json.dumps({"label": self.label})
            self._store.put(_MARKER, text.encode())

    def write_bytes(self, name: str, data: bytes) -> None:
        """Replace a file that is no table, e.g. a model; `name` is its path under the root."""
        safe_name(name)
        self._claim()
        self._store.put(name, data)

    def read_bytes(self, name: str) -> bytes | None:
        """Content of a file that is no table; None if there is none."""
        return self._store.get(safe_name(name))

    def weeks(self, table: Table) -> list[SeasonWeek]:
        """Weeks of a table that are in the lake, in order."""
        found = []
        for name in self._store.names(table.name):
            if match := _PARTITION.search(name):
                found.append(SeasonWeek(int(match[1]), int(match[2])))
        return sorted(found)

    def _present(self, table: Table, weeks: Sequence[SeasonWeek]) -> set[SeasonWeek]:
        """Which of some weeks are in the lake; asking for few is cheaper than listing all."""
        if len(weeks) <= 4:
            return {week for week in weeks if self.has(table, week)}
        return set(self.weeks(table))

    def has(self, table: Table, week: SeasonWeek | None = None) -> bool:
        """Whether a table, or one of its weeks, is in the lake."""
        return self._store.has(file_name(table, week))

    def read(
        self,
        table: Table,
        weeks: Sequence[SeasonWeek] | None = None,
        columns: Sequence[str] | None = None,
        seasons: Collection[int] | None = None,
    ) -> pa.Table:
        """Read a table, or some of its weeks, columns or seasons, in one scan; rows sorted by key.

        Raises:
            NotMaterializedError: the table, or one of `weeks`, is not in the lake.
            PipelineError: its columns are those of an older version of the contract, or a file
                cannot be read.
        """
        import pyarrow as pa

        files: list[SeasonWeek | None]
        if not table.weekly:
            missing = [] if self.has(table) else [table.name]
            command = "run"
            files = [None]
        else:
            weeks = self.weeks(table) if weeks is None else sorted(set(weeks))
            weeks = [week for week in weeks if seasons is None or week.season in seasons]
            present = self._present(table, weeks)
            absent = [week for week in weeks if week not in present]
            missing = [f"{table.name} {week}" for week in absent]
            command = "".join(
                f"trigger --season {season} --week {week} --wait" for season, week in absent[:1]
            )
            files = [*weeks]
        if missing:
            raise not_materialized(self.root, table, missing, command)
        names = table.column_names if columns is None else list(columns)
        schema = pa.schema([table.arrow_schema.field(name) for name in names])
        if not files:
            return schema.empty_table()
        # One open file for footer and rows: a rewrite between two would mix two versions.
        sources = self._store.sources([file_name(table, week) for week in files])
        wanted = None if table.weekly else seasons
        parts = [
            self._part(table, week, source, names, wanted)
            for week, source in zip(files, sources, strict=True)
        ]
        try:
            return pa.concat_tables(parts).cast(schema)
        except ValueError as error:
            raise older_layout(self.root, table) from error

    def _part(
        self,
        table: Table,
        week: SeasonWeek | None,
        source: pa.NativeFile,
        names: Sequence[str],
        seasons: Collection[int] | None,
    ) -> pa.Table:
        """Some columns, and seasons, of one file."""
        import pyarrow.parquet as pq

        with self._decoding(table, week):
            file = pq.ParquetFile(source)
            if seasons is None:
                return file.read(names)
            found = file.schema_arrow.names
        if not {"season", *names} <= set(found):
            raise older_layout(self.root, table)
        with self._decoding(table, week):
            wanted = [("season", "in", sorted(seasons))]
            return pq.read_table(source, columns=names, filters=wanted)

    @contextmanager
    def _decoding(self, table: Table, week: SeasonWeek | None = None) -> Iterator[None]:
        """In here, a file that is no whole parquet file is an error that names it."""
        import pyarrow as pa

        try:
            yield
        # By the place of the damage; pyarrow's own are mostly, but not all, of the last kind.
        except (OSError, ValueError, pa.ArrowException) as error:
            raise damaged(self.path(table, week), table, week, str(error)) from error

    def by_season(self, table: Table, seasons: Collection[int]) -> Iterator[pa.Table]:
        """Rows of an unpartitioned table season by season, all of one version of it.

        Never more than a season is in memory, if the caller keeps none.

        Raises:
            NotMaterializedError: the table is not in the lake.
            PipelineError: its file cannot be read, or is of an older layout.
        """
        for _, file, group in self._seasons(table, seasons):
            with self._decoding(table):
                part = file.read_row_group(group, table.column_names)
            try:
                found = part.cast(table.arrow_schema)
            except ValueError as error:
                raise older_layout(self.root, table) from error
            yield found

    def digest(self, table: Table, seasons: Collection[int]) -> str:
        """Hash of some seasons' rows as they are stored, whatever other seasons the lake has.

        The same rows are the same bytes, so that nothing needs to be decoded.

        Raises:
            NotMaterializedError: an unpartitioned table is not in the lake.
            PipelineError: its file cannot be read, or is of an older layout.
        """
        found = hashlib.sha256()
        if table.weekly:
            names = [file_name(table, week) for week in self.weeks(table) if week.season in seasons]
            for name, source in zip(names, self._store.sources(names), strict=True):
                found.update(name.encode())
                found.update(source.read())
            return found.hexdigest()[:16]
        for source, file, group in self._seasons(table, seasons):
            about = file.metadata.row_group(group)
            columns = [about.column(number) for number in range(about.num_columns)]
            source.seek(columns[0].dictionary_page_offset or columns[0].data_page_offset)
            found.update(source.read(sum(column.total_compressed_size for column in columns)))
        return found.hexdigest()[:16]

    def _seasons(
        self, table: Table, seasons: Collection[int]
    ) -> Iterator[tuple[pa.NativeFile, pq.ParquetFile, int]]:
        """The file of an unpartitioned table and the number of each row group of `seasons`."""
        import pyarrow.parquet as pq

        if not self.has(table):
            raise not_materialized(self.root, table, [table.name])
        for source in self._store.sources([file_name(table)]):
            with self._decoding(table):
                file = pq.ParquetFile(source)
                at = file.schema_arrow.get_field_index("season")
            for group in range(file.num_row_groups):
                with self._decoding(table):
                    found = (
                        file.metadata.row_group(group).column(at).statistics if at >= 0 else None
                    )
                    lowest, highest = (found.min, found.max) if found else (None, None)
                if lowest is None or lowest != highest:
                    raise older_layout(self.root, table)
                if lowest in seasons:
                    yield source, file, group

    @contextmanager
    def connect(
        self, tables: Sequence[Table], private: bool = False
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection with one view per table; those not in the lake have no rows.

        The views show the tables as they are now, whatever is written meanwhile.

        Args:
            private: in a database of its own, whose settings may be changed, and in which only
                the lake's files are allowed once external access is disabled.

        Raises:
            PipelineError: a file cannot be read, here or by a statement while this is open.
        """
        files = [(table, self._files(table)) for table in tables]
        with connected(self._store, self.root, files, private) as connection:
            yield connection

    def _files(self, table: Table) -> Sequence[SeasonWeek | None]:
        """Weeks of a table that are in the lake; None is the file of a table without weeks."""
        if table.weekly:
            return self.weeks(table)
        return [None] if self.has(table) else []
