"""Parquet files that declare too much, made small on disk; nothing of them may be read."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.errors import LastingError
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sources import file_bounds
from fantasy_pipeline.ingest.sources.file_bounds import LARGEST, MAX_BYTES, refuse_oversized
from fantasy_pipeline.ingest.sources.nflverse import Nflverse

STATS = (
    "github.com/nflverse/nflverse-data/releases/download/stats_player/"
    "stats_player_week_2024.parquet"
)


def write(path: Path, *tables: pa.Table) -> Path:
    """Write tables as row groups of one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, tables[0].schema) as writer:
        for table in tables:
            writer.write_table(table)
    return path


def ones(rows: int) -> pa.Table:
    return pa.table({"season": pa.repeat(pa.scalar(1, pa.int8()), rows)})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.parquet"


def test_a_small_file_of_160_million_rows_is_refused_unread(tmp_path: Path) -> None:
    group = ones(8_000_000)
    path = write(tmp_path / "mirror" / STATS, *[group] * 20)
    assert path.stat().st_size < 2**20
    source = Nflverse(Transport(tmp_path / "cache", str(tmp_path / "mirror")))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(LastingError, match=r"weekly_stats 2024: .* declares 160,000,000 rows"):
        source.weekly_stats(2024)
    # Kilobytes. One column of the file has 160 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("dataset", LARGEST)
def test_rows_of_each_data_set(path: Path, dataset: str) -> None:
    limit = LARGEST[dataset].rows * file_bounds.ROWS_FACTOR
    refuse_oversized(write(path, ones(limit)), dataset, None)
    with pytest.raises(LastingError, match=f"{dataset}.* declares {limit + 1:,} rows"):
        refuse_oversized(write(path, ones(limit), ones(1)), dataset, None)


def test_values_of_a_list_count_as_rows(path: Path) -> None:
    table = pa.table({"season": [[1] * 300_000]})
    with pytest.raises(LastingError, match="declares 300,000 rows"):
        refuse_oversized(write(path, table), "weekly_stats", 2024)


def test_columns(path: Path) -> None:
    limit = LARGEST["injuries"].columns * file_bounds.COLUMNS_FACTOR
    refuse_oversized(write(path, pa.table({f"c{n}": [1] for n in range(limit)})), "injuries", 2024)
    table = pa.table({f"c{n}": [1] for n in range(limit + 1)})
    with pytest.raises(LastingError, match="declares 65 columns, and the largest real file has 16"):
        refuse_oversized(write(path, table), "injuries", 2024)


def test_row_groups(path: Path) -> None:
    with pytest.raises(LastingError, match="declares 1,001 row groups"):
        refuse_oversized(write(path, *[ones(1)] * 1001), "injuries", 2024)


def test_uncompressed_bytes(path: Path) -> None:
    text = pa.table({"name": [str(number) * (2**20 // 2) for number in range(300)]})
    pq.write_table(text, path, compression="zstd", use_dictionary=False)
    assert path.stat().st_size < 2**20
    message = re.escape(f"bytes of uncompressed data, and at most {MAX_BYTES:,} are read")
    with pytest.raises(LastingError, match=message):
        refuse_oversized(path, "players", None)


def test_files_of_which_nothing_is_known_pass_to_their_readers(path: Path) -> None:
    path.write_bytes(b"PAR1 no footer PAR1")
    refuse_oversized(path, "players", None)
    refuse_oversized(write(path, ones(10_000_000)), "another data set", None)
    refuse_oversized(path.with_suffix(".csv"), "players", None)


def _real(mirror: Path) -> Iterator[tuple[str, Path]]:
    for dataset, pattern in {
        "schedule": "schedules/games",
        "weekly_stats": "*player*/*player*week_*",
        "weekly_rosters": "weekly_rosters/*",
        "injuries": "injuries/*",
        "snap_counts": "snap_counts/*",
        "players": "players/players",
    }.items():
        for path in mirror.glob(f"github.com/nflverse/*/releases/download/{pattern}.parquet"):
            yield dataset, path


def test_every_real_file_is_far_below_the_bounds(nfl_mirror: Path) -> None:
    seen = {}
    for dataset, path in _real(nfl_mirror):
        refuse_oversized(path, dataset, None)
        footer = pq.read_metadata(path)
        rows, columns = seen.get(dataset, (0, 0))
        seen[dataset] = (max(rows, footer.num_rows), max(columns, footer.num_columns))
    assert seen == LARGEST
