"""A run history in SQLite: its files are not written back at every event, and lose nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance.ref import InstanceRef
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from fantasy_pipeline.operations import sqlite_storage as sqlite_history


@pytest.fixture
def in_wal_mode(tmp_path: Path) -> Path:
    """A file as Dagster makes it."""
    path = tmp_path / "events.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE events (body TEXT)")
    connection.commit()
    connection.close()
    return path


def _store(path: Path, body: str) -> None:
    """As Dagster stores an event."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO events VALUES (:body)"), {"body": body})
    engine.dispose()


def _bodies(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [row[0] for row in connection.execute("SELECT body FROM events")]
    finally:
        connection.close()


def test_a_file_is_not_written_back_at_every_event(in_wal_mode: Path) -> None:
    sqlite_history.keep_files_open()
    before = in_wal_mode.read_bytes()
    for number in range(5):
        _store(in_wal_mode, str(number))
    assert in_wal_mode.with_name("events.db-wal").exists()
    assert in_wal_mode.read_bytes() == before
    assert _bodies(in_wal_mode) == ["0", "1", "2", "3", "4"]
    sqlite_history._close_all()
    assert not in_wal_mode.with_name("events.db-wal").exists()
    assert _bodies(in_wal_mode) == ["0", "1", "2", "3", "4"]


def test_a_killed_process_loses_nothing_it_committed(in_wal_mode: Path) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from fantasy_pipeline.operations import sqlite_storage as sqlite_history\n"
        "from fantasy_pipeline_tests.operations.test_sqlite_storage import _store\n"
        "sqlite_history.keep_files_open()\n"
        "sqlite_history.spare_commits_the_wait()\n"
        "[_store(Path(sys.argv[1]), str(number)) for number in range(3)]\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(in_wal_mode)]).returncode == -9
    assert _bodies(in_wal_mode) == ["0", "1", "2"]


def test_few_files_stay_open(tmp_path: Path, in_wal_mode: Path) -> None:
    sqlite_history.keep_files_open()
    for number in range(sqlite_history.MOST_OPEN + 3):
        path = tmp_path / f"run{number}.db"
        path.write_bytes(in_wal_mode.read_bytes())
        _store(path, "x")
    assert len(sqlite_history._open) == sqlite_history.MOST_OPEN
    sqlite_history._close_all()


def test_a_statement_is_compiled_once(in_wal_mode: Path) -> None:
    """In a process of its own: what listens to every engine cannot be taken back."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from sqlalchemy import event\n"
        "from sqlalchemy.engine import Engine\n"
        "from fantasy_pipeline.operations import sqlite_storage as sqlite_history\n"
        "from fantasy_pipeline_tests.operations.test_sqlite_storage import _bodies, _store\n"
        "hits = []\n"
        "def see(conn, cursor, statement, parameters, context, executemany):\n"
        "    hits.append(context.cache_hit.name)\n"
        "event.listen(Engine, 'before_cursor_execute', see)\n"
        "path = Path(sys.argv[1])\n"
        "_store(path, 'alone')\n"
        "sqlite_history.share_statements()\n"
        "[_store(path, str(number)) for number in range(3)]\n"
        "print(*hits, *_bodies(path))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(in_wal_mode)], capture_output=True, text=True
    )
    assert done.stdout.split() == [
        *("CACHE_MISS", "CACHE_MISS", "CACHE_HIT", "CACHE_HIT"),
        *("alone", "0", "1", "2"),
    ]


PARTS = dg.StaticPartitionsDefinition([f"{number:02}" for number in range(1, 31)])


@dg.asset(partitions_def=PARTS)
def parts() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 3})


def _run_all(instance: dg.DagsterInstance) -> str:
    tags = {
        "dagster/asset_partition_range_start": "01",
        "dagster/asset_partition_range_end": "30",
    }
    result = dg.materialize([parts], instance=instance, tags=tags)
    assert result.success
    return result.run_id


def _told(instance: dg.DagsterInstance, run_id: str) -> list[tuple[str | None, ...]]:
    """What run history says of a run."""
    return sorted(
        (entry.dagster_event.event_type_value, entry.dagster_event.partition or "")
        for entry in instance.all_logs(run_id)
        if entry.dagster_event is not None
    )


@pytest.fixture
def batched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance of a new home, as a backfill's processes open it."""
    # So that it is set back after the test.
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "0")
    home = tmp_path / "batched"
    home.mkdir()
    with sqlite_history.home_instance(home, batches=True) as instance:
        yield instance


def test_batches_tell_what_single_events_do(tmp_path: Path, batched: dg.DagsterInstance) -> None:
    (tmp_path / "single").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "single")) as single:
        expected = _told(single, _run_all(single))
    run_id = _run_all(batched)
    assert ("ASSET_MATERIALIZATION", "30") in expected
    assert _told(batched, run_id) == expected
    # Others read the same files with Dagster's own storage.
    with dg.DagsterInstance.local_temp(batched.root_directory) as plain:
        assert type(plain.event_log_storage) is not type(batched.event_log_storage)
        assert _told(plain, run_id) == expected
        assert plain.get_materialized_partitions(parts.key) == set(PARTS.get_partition_keys())


def test_a_batch_is_one_transaction_per_file(batched: dg.DagsterInstance) -> None:
    commits: list[str] = []

    def see(connection: Connection) -> None:
        commits.append(Path(connection.engine.url.database or "").name)

    event.listen(Engine, "commit", see)
    try:
        run_id = _run_all(batched)
    finally:
        event.remove(Engine, "commit", see)
    # 30 materializations and as many that were planned: alone they would be 60 and more.
    assert 2 <= commits.count("index.db") < 15
    assert len(_told(batched, run_id)) > 60


def test_a_batch_that_fails_leaves_nothing(batched: dg.DagsterInstance) -> None:
    log = batched.event_log_storage
    run_id = _run_all(batched)
    before = _told(batched, run_id)
    made = [
        entry
        for entry in batched.all_logs(run_id)
        if entry.dagster_event and entry.dagster_event.is_step_materialization
    ]
    with log.index_connection() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON event_logs WHEN NEW.partition = '30' "
                "BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
            )
        )
    with pytest.raises(DBAPIError, match="disk is full"):
        log.store_event_batch(made)
    assert _told(batched, run_id) == before
    # What comes after it is stored as ever.
    log.store_event_batch(made[:3])
    assert len(_told(batched, run_id)) == len(before) + 3


def test_other_storages_stay_as_they_are(tmp_path: Path) -> None:
    ref = InstanceRef.from_dir(str(tmp_path))
    postgres = ref.storage_data._replace(
        module_name="dagster_postgres", class_name="DagsterPostgresStorage"
    )
    ref = ref._replace(storage_data=postgres)
    assert sqlite_history.in_batches(ref) is ref
