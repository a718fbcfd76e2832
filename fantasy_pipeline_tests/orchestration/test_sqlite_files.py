"""A run history in SQLite: its files are not written back at every event, and lose nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from fantasy_pipeline.orchestration import sqlite_files
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS


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
    sqlite_files.tune()
    before = in_wal_mode.read_bytes()
    for number in range(5):
        _store(in_wal_mode, str(number))
    assert in_wal_mode.with_name("events.db-wal").exists()
    assert in_wal_mode.read_bytes() == before
    assert _bodies(in_wal_mode) == ["0", "1", "2", "3", "4"]
    sqlite_files._close_all()
    assert not in_wal_mode.with_name("events.db-wal").exists()
    assert _bodies(in_wal_mode) == ["0", "1", "2", "3", "4"]


def test_a_killed_process_loses_nothing_it_committed(in_wal_mode: Path) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from fantasy_pipeline.orchestration import sqlite_files\n"
        "from fantasy_pipeline_tests.orchestration.test_sqlite_files import _store\n"
        "sqlite_files.tune()\n"
        "[_store(Path(sys.argv[1]), str(number)) for number in range(3)]\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(in_wal_mode)]).returncode == -9
    assert _bodies(in_wal_mode) == ["0", "1", "2"]


def test_few_files_stay_open(tmp_path: Path, in_wal_mode: Path) -> None:
    sqlite_files.tune()
    for number in range(sqlite_files.MOST_OPEN + 3):
        path = tmp_path / f"run{number}.db"
        path.write_bytes(in_wal_mode.read_bytes())
        _store(path, "x")
    assert len(sqlite_files._open) == sqlite_files.MOST_OPEN
    sqlite_files._close_all()


LONGER_THAN_DAGSTER_WAITS = 7
"""Seconds; Dagster waits 5 for the file of the runs."""
WRITER = """
import dagster as dg

@dg.job
def nothing(): ...

with dg.DagsterInstance.get() as instance:
    instance.run_launcher
    print("ready", flush=True)
    input()
    instance.create_run_for_job(nothing)
"""
"""A daemon as SQLite sees it: Dagster, and what `dagster.yaml` names."""


@pytest.mark.slow
def test_the_daemon_waits_for_a_file_that_is_locked(tmp_path: Path) -> None:
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER],
        env={**os.environ, "DAGSTER_HOME": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        runs = sqlite3.connect(tmp_path / "history" / "runs.db", isolation_level=None)
        runs.execute("BEGIN IMMEDIATE")
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate("go\n", timeout=LONGER_THAN_DAGSTER_WAITS)
        runs.execute("COMMIT")
        _, errors = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0, errors
    assert "locked" not in errors
    assert runs.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    runs.close()
