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
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from fantasy_pipeline.contracts import Table
from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.sql import arrow

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

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
        import fsspec

        self.root = root.rstrip("/")
        self.label = label
        self._fs, self._base = fsspec.core.url_to_fs(self.root)
        self._local = self._fs.protocol in ("file", ("file", "local"))
        self._check_label()

    def _check_label(self) -> None:
        marker = f"{self._base}/{_MARKER}"
        try:
            found = json.loads(self._fs.cat_file(marker))["label"]
        except FileNotFoundError:
            return
        if found != self.label:
            raise PipelineError(
                f"the lake at {self.root} holds {found} data, not {self.label}; "
                f"set FANTASY_DATA to another folder."
            )

    def path(self, table: Table, week: SeasonWeek | None = None) -> str:
        """Where a table, or one of its weeks, is kept (path within the file system)."""
        if week is None:
            return f"{self._base}/{table.name}/part.parquet"
        return f"{self._base}/{table.name}/season={week.season}/week={week.week:02d}/part.parquet"

    def write(self, table: Table, data: pa.Table) -> int:
        """Replace a table that has no weeks. Returns its row count."""
        self._put(self.path(table), table.conform(data))
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
        counts = {}
        for week, code in zip(wanted, known, strict=True):
            # conform() sorted the rows by key, so a week is one slice.
            start, stop = np.searchsorted(codes, [code, code + 1])
            self._put(self.path(table, week), data.slice(start, stop - start))
            counts[week] = int(stop - start)
        return counts

    def write_bytes(self, name: str, data: bytes) -> None:
        """Replace a file that is no table, e.g. a model; `name` is its path under the root."""
        self._mark()
        path = f"{self._base}/{name}"
        if self._local:
            self._replace(path, lambda file: file.write(data))
        else:
            self._fs.pipe_file(path, data)

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

        self._mark()
        if not self._local:
            sink = pa.BufferOutputStream()
            pq.write_table(data, sink, compression="zstd")
            self._fs.pipe_file(path, sink.getvalue().to_pybytes())
            return
        self._replace(path, lambda file: pq.write_table(data, file, compression="zstd"))

    def _replace(self, path: str, fill: Callable[[BinaryIO], object]) -> None:
        """Write a file beside its place and rename it over it."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = f"{path}.{uuid4().hex}.tmp"
        try:
            with open(temporary, "wb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise

    def _mark(self) -> None:
        marker = f"{self._base}/{_MARKER}"
        if not self._fs.exists(marker):
            self._fs.makedirs(self._base, exist_ok=True)
            self._fs.pipe_file(marker, json.dumps({"label": self.label}).encode())

    def weeks(self, table: Table) -> list[SeasonWeek]:
        """Weeks of a table that are in the lake, in order."""
        found = []
        for path in self._fs.glob(f"{self._base}/{table.name}/season=*/week=*/part.parquet"):
            if match := _PARTITION.search(path):
                found.append(SeasonWeek(int(match[1]), int(match[2])))
        return sorted(found)

    def has(self, table: Table, week: SeasonWeek | None = None) -> bool:
        """Whether a table, or one of its weeks, is in the lake."""
        return bool(self._fs.exists(self.path(table, week)))

    def read(self, table: Table, weeks: Sequence[SeasonWeek] | None = None) -> pa.Table:
        """Read a table, or some of its weeks, in one scan; rows sorted by key.

        Raises:
            NotMaterializedError: the table, or one of `weeks`, is not in the lake.
            PipelineError: its columns are those of an older version of the contract.
        """
        if weeks is None and table.weekly:
            weeks = self.weeks(table)
        if not table.weekly:
            missing = [] if self.has(table) else [table.name]
            paths = [self.path(table)]
        else:
            present = set(self.weeks(table)) if weeks else set()
            missing = [f"{table.name} {week}" for week in weeks or () if week not in present]
            paths = [self.path(table, week) for week in weeks or ()]
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise NotMaterializedError(
                f"{', '.join(missing[:3])}{more}: not in the lake at {self.root}. "
                f"Materialize {table.name} for it first, e.g. `fantasy-pipeline run`."
            )
        if not paths:
            return table.arrow_schema.empty_table()
        import duckdb

        with self._duckdb() as connection:
            order = ", ".join(table.key)
            try:
                rows = arrow(
                    connection,
                    f"from read_parquet($paths, hive_partitioning = false) order by {order}",
                    paths=[self._url(path) for path in paths],
                )
                return rows.cast(table.arrow_schema)
            except (duckdb.BinderException, duckdb.InvalidInputException, ValueError) as error:
                raise PipelineError(
                    f"{table.name} in the lake at {self.root} has weeks of an older layout; "
                    f"materialize them anew, e.g. `fantasy-pipeline backfill`."
                ) from error

    def connect(self, tables: Sequence[Table]) -> duckdb.DuckDBPyConnection:
        """An in-memory DuckDB with one view per table of `tables` that is in the lake."""
        connection = self._duckdb()
        for table in tables:
            if table.weekly:
                if not self.weeks(table):
                    continue
                where = f"{self._base}/{table.name}/season=*/week=*/part.parquet"
                options = (
                    ", hive_partitioning = true, hive_types = {season: INTEGER, week: INTEGER}"
                )
            elif self.has(table):
                where, options = self.path(table), ", hive_partitioning = false"
            else:
                continue
            source = self._url(where).replace("'", "''")
            connection.execute(
                f"create view {table.name} as from read_parquet('{source}'{options})"
            )
        return connection

    def allowed_directory(self) -> str:
        """Folder that SQL over the lake may read, as DuckDB wants it."""
        return self._url(self._base) + "/"

    def _url(self, path: str) -> str:
        return path if self._local else str(self._fs.unstrip_protocol(path))

    def _duckdb(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        connection = duckdb.connect()
        if not self._local:
            connection.register_filesystem(self._fs)
        return connection
