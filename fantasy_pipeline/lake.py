"""The parquet lake: one file per table, season and week; DuckDB reads it.

Layout: ``<root>/<table>/season=2024/week=05/part.parquet``, and ``<root>/<table>/part.parquet``
for tables without weeks. A file appears whole or not at all: it is written beside its place and
renamed over it. The root may be a folder or any fsspec URL (``s3://bucket/lake``), where an
upload is atomic by itself.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from fantasy_pipeline.contracts import Table
from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.sql import database

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_PARTITION = re.compile(r"season=(\d{4})/week=(\d{2})/part\.parquet$")
_MARKER = "lake.json"
_PART = "/part.parquet"
_ROW_GROUP = 16_384
_WEEKS = f"/season=*/week=*{_PART}"
_SNAPSHOTS = ".snapshots"
_STALE_SECONDS = 86_400


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
        import fsspec

        self.root = root.rstrip("/")
        self.label = label
        self._fs, self._base = fsspec.core.url_to_fs(self.root)
        self._local = self._fs.protocol in ("file", ("file", "local"))
        self._check_label()

    def _check_label(self) -> bool:
        """Whether the root is labelled; raises if with another label."""
        marker = f"{self._base}/{_MARKER}"
        try:
            found = json.loads(self._fs.cat_file(marker))["label"]
        except FileNotFoundError:
            return False
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
        """Where a table, or one of its weeks, is kept (path within the file system)."""
        if week is None:
            return f"{self._base}/{table.name}/part.parquet"
        return f"{self._base}/{table.name}/season={week.season}/week={week.week:02d}/part.parquet"

    def write(self, table: Table, data: pa.Table) -> int:
        """Replace a table that has no weeks. Returns its row count."""
        data = table.conform(data)
        self._claim()
        self._put(self.path(table), data)
        return data.num_rows

    def write_weeks(
        self, table: Table, data: pa.Table, weeks: Iterable[SeasonWeek]
    ) -> dict[SeasonWeek, int]:
        """Replace whole weeks of a table; a week without rows becomes an empty file.

        Returns:
            Row count of each week.

        Raises:
            PipelineError: rows of a week that is not among `weeks`, or of a broken contract.
        """
        import numpy as np

        wanted = sorted(set(weeks))
        data = table.conform(data)
        codes = data["season"].to_numpy() * 100 + data["week"].to_numpy()
        known = np.array([week.season * 100 + week.week for week in wanted])
        if strays := np.setdiff1d(codes, known).tolist():
            raise PipelineError(f"table {table.name}: rows of weeks not asked for: {strays[:5]}")
        self._claim()
        counts = {}
        for week, code in zip(wanted, known, strict=True):
            # conform() sorted the rows by key, so a week is one slice.
            start, stop = np.searchsorted(codes, [code, code + 1])
            self._put(self.path(table, week), data.slice(start, stop - start))
            counts[week] = int(stop - start)
        return counts

    def _claim(self) -> None:
        """Label the root, or see that its label is ours."""
        if not self._check_label():
            text = json.dumps({"label": self.label})
            self._put_bytes(f"{self._base}/{_MARKER}", text.encode())

    def write_bytes(self, name: str, data: bytes) -> None:
        """Replace a file that is no table, e.g. a model; `name` is its path under the root."""
        self._claim()
        self._put_bytes(f"{self._base}/{name}", data)

    def read_bytes(self, name: str) -> bytes | None:
        """Content of a file that is no table; None if there is none."""
        try:
            content: bytes = self._fs.cat_file(f"{self._base}/{name}")
        except FileNotFoundError:
            return None
        return content

    def _put(self, path: str, data: pa.Table) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        # Of numbers a dictionary takes twice the time and more room. Rows are in order of their
        # season, so that reading one season skips the groups of others.
        texts = [field.name for field in data.schema if pa.types.is_string(field.type)]
        sink = pa.BufferOutputStream()
        pq.write_table(
            data, sink, compression="zstd", use_dictionary=texts, row_group_size=_ROW_GROUP
        )
        self._put_bytes(path, sink.getvalue().to_pybytes())

    def _put_bytes(self, path: str, content: bytes) -> None:
        if not self._local:
            self._fs.pipe_file(path, content)
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = f"{path}.{uuid4().hex}.tmp"
        try:
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise

    def weeks(self, table: Table) -> list[SeasonWeek]:
        """Weeks of a table that are in the lake, in order."""
        found = []
        for path in self._fs.find(f"{self._base}/{table.name}"):
            if match := _PARTITION.search(path):
                found.append(SeasonWeek(int(match[1]), int(match[2])))
        return sorted(found)

    def _present(self, table: Table, weeks: Sequence[SeasonWeek]) -> set[SeasonWeek]:
        """Which of some weeks are in the lake; asking for few is cheaper than listing all."""
        if len(weeks) <= 4:
            return {week for week in weeks if self.has(table, week)}
        return set(self.weeks(table))

    def has(self, table: Table, week: SeasonWeek | None = None) -> bool:
        """Whether a table, or one of its weeks, is in the lake."""
        return bool(self._fs.exists(self.path(table, week)))

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
            PipelineError: its columns are those of an older version of the contract.
        """
        import pyarrow as pa

        if not table.weekly:
            missing = [] if self.has(table) else [table.name]
            paths = [self.path(table)]
        else:
            weeks = self.weeks(table) if weeks is None else sorted(set(weeks))
            weeks = [week for week in weeks if seasons is None or week.season in seasons]
            present = self._present(table, weeks)
            missing = [f"{table.name} {week}" for week in weeks if week not in present]
            paths = [self.path(table, week) for week in weeks]
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise NotMaterializedError(
                f"{', '.join(missing[:3])}{more}: not in the lake at {self.root}. "
                f"Materialize {table.name} for it first, e.g. `fantasy-pipeline run`."
            )
        names = table.column_names if columns is None else list(columns)
        schema = pa.schema([table.arrow_schema.field(name) for name in names])
        if not paths:
            return schema.empty_table()
        kept = None if table.weekly else seasons
        parts = [self._part(path, names, kept) for path in paths]
        try:
            return pa.concat_tables(parts).cast(schema)
        except ValueError as error:
            raise PipelineError(
                f"{table.name} in the lake at {self.root} has weeks of an older layout; "
                f"materialize them anew, e.g. `fantasy-pipeline backfill`."
            ) from error

    def _part(
        self, path: str, columns: list[str], seasons: Collection[int] | None = None
    ) -> pa.Table:
        import pyarrow.parquet as pq

        # One open file for footer and rows: DuckDB opens a path for each, and a rewrite between
        # the two would mix two versions.
        with self._fs.open(path, "rb") as file:
            if seasons is not None:
                wanted = [("season", "in", sorted(seasons))]
                return pq.read_table(file, columns=columns, filters=wanted)
            return pq.ParquetFile(file).read(columns)

    @contextmanager
    def connect(
        self, tables: Sequence[Table], private: bool = False
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection with one view per table; those not in the lake have no rows.

        The views show the tables as they are now, whatever is written meanwhile.

        Args:
            private: in a database of its own, whose settings may be changed.
        """
        with self._snapshot(tables) as base, self._duckdb(private) as connection:
            for table in tables:
                where = f"{base}/{table.name}"
                if not self._fs.exists(where):
                    connection.register(table.name, table.arrow_schema.empty_table())
                    continue
                options = "hive_partitioning = false"
                if table.weekly:
                    options = (
                        "hive_partitioning = true, hive_types = {season: INTEGER, week: INTEGER}"
                    )
                pattern = _literal(self._url(where)) + (_WEEKS if table.weekly else _PART)
                connection.execute(
                    f"create temp view {table.name} as from read_parquet('{pattern}', {options})"
                )
            yield connection

    @contextmanager
    def _snapshot(self, tables: Sequence[Table]) -> Iterator[str]:
        """Folder of hard links to the tables' present files, or the lake itself where links
        cannot be had (object storage, a lake mounted read-only).

        DuckDB opens a path once for the footer and again for the rows: of a file replaced
        between the two it would read nonsense.
        """
        if not self._local:
            yield self._base
            return
        folder = f"{self._base}/{_SNAPSHOTS}/{uuid4().hex}"
        self._remove_stale_snapshots()
        try:
            for table in tables:
                weeks: Sequence[SeasonWeek | None] = self.weeks(table) if table.weekly else [None]
                for path in (self.path(table, week) for week in weeks):
                    if os.path.exists(path):
                        copy = path.replace(self._base, folder, 1)
                        os.makedirs(os.path.dirname(copy), exist_ok=True)
                        os.link(path, copy)
            found = folder
        except OSError:
            found = self._base
        try:
            yield found
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _remove_stale_snapshots(self) -> None:
        """Those of readers that were killed would keep replaced files on the disk."""
        with suppress(OSError), os.scandir(f"{self._base}/{_SNAPSHOTS}") as entries:
            for entry in entries:
                if time.time() - entry.stat().st_mtime > _STALE_SECONDS:
                    shutil.rmtree(entry.path, ignore_errors=True)

    def allowed_directory(self) -> str:
        """Folder that SQL over the lake may read, as DuckDB wants it."""
        return self._url(self._base) + "/"

    def _url(self, path: str) -> str:
        return path if self._local else str(self._fs.unstrip_protocol(path))

    def _duckdb(self, private: bool = False) -> duckdb.DuckDBPyConnection:
        if self._local and not private:
            return database()
        import duckdb

        connection = duckdb.connect()
        if not self._local:
            connection.register_filesystem(self._fs)
        return connection


def _literal(path: str) -> str:
    """A path inside a quoted SQL string that is read as a pattern."""
    for character in "[*?":
        path = path.replace(character, f"[{character}]")
    return path.replace("'", "''")
