"""A run history in SQLite: its files are not written back at every event, and lose nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from fantasy_pipeline.operations import sqlite_files


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
    sqlite_files.keep_files_open()
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
        "from fantasy_pipeline.operations import sqlite_files\n"
        "from fantasy_pipeline_tests.operations.test_sqlite_files import _store\n"
        "sqlite_files.keep_files_open()\n"
        "[_store(Path(sys.argv[1]), str(number)) for number in range(3)]\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(in_wal_mode)]).returncode == -9
    assert _bodies(in_wal_mode) == ["0", "1", "2"]


def test_few_files_stay_open(tmp_path: Path, in_wal_mode: Path) -> None:
    sqlite_files.keep_files_open()
    for number in range(sqlite_files.MOST_OPEN + 3):
        path = tmp_path / f"run{number}.db"
        path.write_bytes(in_wal_mode.read_bytes())
        _store(path, "x")
    assert len(sqlite_files._open) == sqlite_files.MOST_OPEN
    sqlite_files._close_all()
