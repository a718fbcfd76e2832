"""The parquet lake: one file per table, season and week; DuckDB reads it.

Layout: ``<root>/<table>/season=2024/week=05/part.parquet``, and ``<root>/<table>/part.parquet``
for tables without weeks. The root is a folder or a URL of object storage (``s3://bucket/lake``);
`stores.py` reads and writes the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table, ValidatedRows
from fantasy_pipeline.lake.copies import RemovedFileError
from fantasy_pipeline.lake.files import (
    MARKER,
    by_week,
    decoding,
    file_name,
    older_layout,
    parquet,
    refuse_absent,
    rows_of,
    stored_label,
    week_of_file,
)
from fantasy_pipeline.lake.season_groups import season_bytes, season_rows
from fantasy_pipeline.lake.stores import LOCKS, open_store, safe_name
from fantasy_pipeline.lake.views import Files, connected

_FEW = 4
"""Weeks that are opened without a listing of their table."""


class Lake:
    """The tables under one root.

    Args:
        root: folder or fsspec URL.
        label: kind of the data, e.g. ``nfl`` or ``synthetic sample league``. The first write
            stores it in the root. A root with another label is an error, so that real and
            synthetic data never mix.
        one_run: the lake is that of one run, which reads each object of object storage once.
        lists_all: the run reads many tables, so it lists all objects when it begins.

    Raises:
        PipelineError: the root has another label.
    """

    def __init__(
        self, root: str, label: str, one_run: bool = False, lists_all: bool = False
    ) -> None:
        self.root = root.rstrip("/")
        self.label = label
        self._store = open_store(self.root, one_run, lists_all)
        self._is_claimed = self._check_label()

    @property
    def is_local(self) -> bool:
        """Return whether the root is a folder; in object storage each read is a request."""
        return self._store.is_local

    @property
    def locks(self) -> Path | None:
        """Return the folder of the locks of `rebuild_lock`; None for object storage."""
        return Path(self._store.path(LOCKS)) if self.is_local else None

    def check(self) -> None:
        """Check that the storage answers and that the lake has the label.

        Raises:
            PipelineError: the storage cannot be used, or the lake has another label.
        """
        self._check_label()

    def _check_label(self) -> bool:
        """Return whether the root has a label; raise if it is another one."""
        stored = stored_label(self._store.get(MARKER), self.root, self.label)
        if stored not in (None, self.label):
            raise PipelineError(
                f"the lake at {self.root} holds {stored} data, not {self.label}; "
                f"set FANTASY_DATA to another folder."
            )
        return stored is not None

    def path(self, table: Table, week: SeasonWeek | None = None) -> str:
        """Return the path or URL of the file of a table, or of one week of a table."""
        return self._store.path(file_name(table, week))

    def write(self, table: Table, data: pa.Table | ValidatedRows) -> int:
        """Replace a table that has no weeks and return its row count.

        Raises:
            PipelineError: rows break the contract.
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
            PipelineError: rows break the contract, or belong to a week that is not in `weeks`.
        """
        # validated() sorts the rows by key.
        parts = by_week(table, table.validated(data).rows, weeks)
        self._claim()
        self._store.put_all((file_name(table, week), parquet(of)) for week, of in parts.items())
        return {week: of.num_rows for week, of in parts.items()}

    @contextmanager
    def rebuild_lock(self, table: Table) -> Iterator[None]:
        """Keep other processes of this machine from rebuilding a table while the context is open.

        A table that is made from whole other tables needs this lock: a rebuild that read them
        earlier must not overwrite a rebuild that read them later.
        """
        with self._store.lock(table.name):
            yield

    def _claim(self) -> None:
        """Write the label into a root that has none; raise if it has another one."""
        if self._is_claimed:
            return
        if not self._check_label():
            text = json.dumps({"label": self.label})
            self._store.put(MARKER, text.encode())
        self._is_claimed = True

    def write_bytes(self, name: str, data: bytes) -> None:
        """Replace a file that is not a table, e.g. a model; `name` is its path under the root."""
        safe_name(name)
        self._claim()
        self._store.put(name, data)

    def write_all_bytes(self, files: Mapping[str, bytes]) -> None:
        """Replace files as `write_bytes`, by name; on object storage at the same time."""
        self._claim()
        self._store.put_all((safe_name(name), data) for name, data in files.items())

    def read_bytes(self, name: str) -> bytes | None:
        """Return the content of a file that is not a table; None if it does not exist."""
        return self._store.get(safe_name(name))

    def weeks(self, table: Table) -> list[SeasonWeek]:
        """Return the weeks of a table that are in the lake, in order."""
        found = (week_of_file(name) for name in self._store.names(table.name))
        return sorted(week for week in found if week is not None)

    def has(self, table: Table, week: SeasonWeek | None = None) -> bool:
        """Return whether a table, or one week of a table, is in the lake."""
        return self._store.has(file_name(table, week))

    def versions(self, tables: Iterable[Table]) -> Mapping[str, str] | None:
        """Return the version of each file of some tables, in few requests; None in a folder."""
        if (found := self._store.versions()) is None:
            return None
        folders = tuple(f"{table.name}/" for table in tables)
        return {name: found[name] for name in sorted(found) if name.startswith(folders)}

    def read_ahead(self, starts: Sequence[str]) -> None:
        """Start to fetch the files with these name prefixes; no effect on a lake in a folder."""
        self._store.read_ahead(starts)

    def version(self, table: Table) -> Hashable | None:
        """Return a value that changes when the table's file is replaced; None if not known."""
        return self._store.version(file_name(table, None))

    def weeks_without(self, table: Table, column: str) -> list[SeasonWeek]:
        """Return the weeks of a table, with rows, that were stored before the column existed."""
        weeks = self.weeks(table)
        found = []
        sources = self._store.sources([file_name(table, week) for week in weeks], listed=True)
        for week, source in zip(weeks, sources, strict=True):
            with decoding(self.path(table, week), table, week):
                file = pq.ParquetFile(source)
                if column not in file.schema_arrow.names and file.metadata.num_rows:
                    found.append(week)
        return found

    def row_count(self, table: Table, week: SeasonWeek | None = None) -> int:
        """Return the number of rows of a table, or of one week of a table, without reading them.

        Raises:
            NotMaterializedError: the table, or the week, is not in the lake.
            PipelineError: the file cannot be read.
        """
        # The file is open while its generator is alive.
        opened = self._opened(table, [week], listed=False)
        with decoding(self.path(table, week), table, week):
            rows: int = pq.ParquetFile(next(opened)).metadata.num_rows
        return rows

    def read(
        self,
        table: Table,
        weeks: Sequence[SeasonWeek] | None = None,
        columns: Sequence[str] | None = None,
        seasons: Collection[int] | None = None,
    ) -> pa.Table:
        """Return a table, or some of its weeks, columns or seasons; rows sorted by key.

        Args:
            weeks: weeks to read of a weekly table; None: all in the lake.
            columns: columns to read; None: all.
            seasons: seasons to read; None: all.

        A column that was added to the contract later is null in files that lack it.

        Raises:
            NotMaterializedError: the table, or one of `weeks`, is not in the lake.
            PipelineError: a file has the columns of an older version of the contract, or cannot be
                read.
        """
        # A few weeks are opened without a listing.
        listed = table.weekly and (weeks is None or len(weeks) > _FEW)
        files = self._wanted_files(table, weeks, seasons, listed)
        names = table.column_names if columns is None else list(columns)
        schema = pa.schema([table.arrow_schema.field(name) for name in names])
        if not files:
            return schema.empty_table()
        # One open file for footer and rows: a rewrite between two reads would mix two versions.
        sources = self._opened(table, files, listed)
        wanted = None if table.weekly else seasons
        parts = [
            rows_of(self.root, self.path(table, week), table, week, source, names, wanted)
            for week, source in zip(files, sources, strict=True)
        ]
        try:
            return pa.concat_tables(parts).cast(schema)
        except ValueError as error:
            raise older_layout(self.root, table) from error

    def read_if_stored(
        self,
        table: Table,
        week: SeasonWeek | None = None,
        columns: Sequence[str] | None = None,
        seasons: Collection[int] | None = None,
    ) -> pa.Table | None:
        """Return a table without weeks, or one week of a table, as `read`; None if it is absent.

        Raises:
            PipelineError: as `read`.
        """
        try:
            return self.read(table, None if week is None else [week], columns, seasons)
        except NotMaterializedError:
            return None

    def _wanted_files(
        self,
        table: Table,
        weeks: Sequence[SeasonWeek] | None,
        seasons: Collection[int] | None,
        listed: bool,
    ) -> Sequence[SeasonWeek | None]:
        """Return the weeks to read of a table, or [None] for a table without weeks.

        Raises:
            NotMaterializedError: with `listed`, a week is not in the lake.
        """
        if not table.weekly:
            return [None]
        stored = self.weeks(table) if listed else []
        wanted = sorted(set(stored if weeks is None else weeks))
        wanted = [week for week in wanted if seasons is None or week.season in seasons]
        if listed:
            refuse_absent(self.root, table, [week for week in wanted if week not in set(stored)])
        return wanted

    def _opened(
        self, table: Table, files: Sequence[SeasonWeek | None], listed: bool
    ) -> Iterator[pa.NativeFile]:
        """Open files of a table, one after the other.

        Raises:
            NotMaterializedError: one of them is not in the lake.
        """
        try:
            yield from self._store.sources([file_name(table, week) for week in files], listed)
        except RemovedFileError:
            # The only file of one was asked for just now.
            is_one = len(files) == 1
            absent = files if is_one else [week for week in files if not self.has(table, week)]
            refuse_absent(self.root, table, absent)
            raise

    def by_season(self, table: Table, seasons: Collection[int]) -> Iterator[pa.Table]:
        """Return the rows of a table without weeks, one season at a time.

        All seasons come from the same version of the file. If the caller keeps no season, at most
        one is in memory.

        Raises:
            NotMaterializedError: the table is not in the lake.
            PipelineError: the file cannot be read, or has an older layout.
        """
        for source in self._opened(table, [None], listed=False):
            yield from season_rows(self.root, table, source, seasons)

    def digest(self, table: Table, seasons: Collection[int]) -> str:
        """Return a hash of the stored rows of some seasons; other seasons do not change it.

        The same rows are always stored as the same bytes, so the bytes are hashed undecoded.

        Raises:
            NotMaterializedError: a table without weeks is not in the lake.
            PipelineError: its file cannot be read, or has an older layout.
        """
        found = hashlib.sha256()
        for _, content in self._season_bytes(table, seasons):
            found.update(content)
        return found.hexdigest()[:16]

    def digests(self, table: Table) -> dict[int, str]:
        """Return the `digest` of each stored season of a table.

        Raises:
            NotMaterializedError, PipelineError: as `digest`.
        """
        found: dict[int, hashlib._Hash] = {}
        for season, content in self._season_bytes(table):
            found.setdefault(season, hashlib.sha256()).update(content)
        return {season: of_season.hexdigest()[:16] for season, of_season in found.items()}

    def _season_bytes(
        self, table: Table, seasons: Collection[int] | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Return the stored bytes of some seasons, None: all, in parts, each with its season."""
        if table.weekly:
            weeks = [w for w in self.weeks(table) if seasons is None or w.season in seasons]
            names = [file_name(table, week) for week in weeks]
            sources = self._store.sources(names, listed=True)
            for week, name, source in zip(weeks, names, sources, strict=True):
                yield week.season, name.encode() + source.read()
            return
        for source in self._opened(table, [None], listed=False):
            yield from season_bytes(self.root, table, source, seasons)

    @contextmanager
    def connect(
        self, tables: Sequence[Table], private: bool = False
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a DuckDB connection with one view per table.

        The view of a table that is not in the lake has no rows. The views show the tables as they
        are when the connection opens; later writes do not change them.

        Args:
            private: use a separate database, whose settings the caller may change. When external
                access is disabled, it can read the lake's files only.

        Raises:
            PipelineError: a file cannot be read, now or by a statement of the caller.
        """
        with self.connect_files(self.files(tables), private) as connection:
            yield connection

    def files(self, tables: Sequence[Table]) -> Files:
        """Return the weeks of each table in the lake; [None] for the file of a table without weeks.

        In object storage, the tables are looked up at the same time.
        """
        if self.is_local:
            return [(table, self._files(table)) for table in tables]
        with ThreadPoolExecutor(len(tables) or 1) as pool:
            weeks = [pool.submit(copy_context().run, self._files, table) for table in tables]
            return [(table, of.result()) for table, of in zip(tables, weeks, strict=True)]

    @contextmanager
    def connect_files(
        self, files: Files, private: bool = False
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a connection as `connect` does, with views of files that were just looked up."""
        with connected(self._store, self.root, files, private) as connection:
            yield connection

    def _files(self, table: Table) -> Sequence[SeasonWeek | None]:
        if table.weekly:
            return self.weeks(table)
        return [None] if self.has(table) else []
