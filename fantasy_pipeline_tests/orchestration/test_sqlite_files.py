"""A run history in SQLite: its files are not written back at every event, and lose nothing."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import dagster as dg
import pytest
import requests
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from fantasy_pipeline.orchestration import sqlite_files
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until


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
"""Seconds; Dagster waits 5 for the files of runs and ticks."""
HEARTBEATS = "SELECT count(*) FROM daemon_heartbeats"
PAUSE_AUTOMATION = "mutation { setAutoMaterializePaused(paused: true) }"
"""Stores one value in the file of the runs."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A Dagster home whose files exist."""
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)):
        return tmp_path


@contextmanager
def _locked(home: Path) -> Iterator[sqlite3.Connection]:
    """Hold the files of runs and ticks, as a process on a slow disk does; yield the first."""
    files = [home / "history" / "runs.db", home / "schedules" / "schedules.db"]
    with ExitStack() as stack:
        writers = []
        for path in files:
            writer = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
            writer.execute("BEGIN IMMEDIATE")
            writers.append(writer)
        yield writers[0]


@contextmanager
def _started(home: Path, program: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of Dagster, which knows of this project what `dagster.yaml` names."""
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / program), *arguments, "--empty-workspace"],
            cwd=home,
            env={**os.environ, "DAGSTER_HOME": str(home)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(LONGEST_SECONDS)


@pytest.mark.slow
def test_a_daemon_that_starts_waits_for_a_file_that_is_locked(home: Path) -> None:
    said = home / "log"
    with _locked(home) as runs, _started(home, "dagster-daemon", "run") as process:
        # From here on it writes heartbeats, or would say that it cannot.
        until(lambda: "configured with the following daemons" in said.read_text(), "it runs")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(LONGER_THAN_DAGSTER_WAITS)
        assert runs.execute(HEARTBEATS).fetchone() == (0,)
        runs.execute("COMMIT")
        until(lambda: runs.execute(HEARTBEATS).fetchone() > (0,), "it writes heartbeats")
    assert "locked" not in said.read_text()


@pytest.mark.slow
@pytest.mark.loopback
def test_the_webserver_waits_for_a_file_that_is_locked(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    with _started(home, "dagster-webserver", "--host", "127.0.0.1", "--port", port) as process:

        def up() -> bool:
            assert process.poll() is None, (home / "log").read_text()
            try:
                return requests.get(f"{address}/server_info", timeout=60).ok
            except requests.ConnectionError:
                return False

        until(up, "the webserver answers")
        answers: list[object] = []

        def pause() -> None:
            body = {"query": PAUSE_AUTOMATION}
            answers.append(requests.post(f"{address}/graphql", json=body, timeout=900).json())

        asking = threading.Thread(target=pause)
        with _locked(home) as runs:
            asking.start()
            asking.join(LONGER_THAN_DAGSTER_WAITS)
            assert answers == []
            runs.execute("COMMIT")
            asking.join(LONGEST_SECONDS)
    assert answers == [{"data": {"setAutoMaterializePaused": True}}]
    assert "locked" not in (home / "log").read_text()
