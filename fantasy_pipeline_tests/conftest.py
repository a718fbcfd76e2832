"""Hooks and fixtures of all tests: a clean environment, no network, upstream's files, a lake.

Helpers and fixtures of one subject live in the module that is named after it, not here.
"""

from __future__ import annotations

import gc
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from hypothesis import settings
from sqlalchemy import event
from sqlalchemy.engine import Engine

from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests import cpu, mirror
from fantasy_pipeline_tests.browsing import chromium
from fantasy_pipeline_tests.ingest.memory_source import MemorySource, memory_source
from fantasy_pipeline_tests.lake.storage import data_of, s3, s3_server
from fantasy_pipeline_tests.network import need_loopback, only_to_this_machine
from fantasy_pipeline_tests.orchestration.runs.empty_history import with_history
from fantasy_pipeline_tests.rows import Rows, rows_of

LONGEST = {"test_ui.py", "test_real_pipeline.py", "test_readme.py", "test_crashes.py"}

__all__ = ["chromium", "data_of", "s3", "s3_server", "with_history"]
"""Fixtures that other modules define."""

# No time limit per example: the first one imports what the function under test imports.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_configure() -> None:
    # Tests start hundreds of processes; none should have to compile the package.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    event.listen(Engine, "connect", _do_not_wait_for_the_disk)
    # Dagster reads its migrations from files for each run history and each run.
    ScriptDirectory.from_config = cache(ScriptDirectory.from_config)


def _do_not_wait_for_the_disk(connection: object, _record: object) -> None:
    """Turn off SQLite's syncing: no run history of a test has to survive a power cut."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def pytest_collection_finish() -> None:
    """Exclude loaded modules from garbage collection, which takes 5% of the time otherwise."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    # DuckDB's bindings report frozen objects as leaks at exit.
    gc.unfreeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that read the mirror as `real`, and run the longest modules first.

    No worker waits long for another at the end then.
    """
    items.sort(key=lambda item: item.path.name not in LONGEST)
    for item in items:
        if mirror.fixtures_of_real_files(item):
            item.add_marker("real")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs real files or 127.0.0.1 where they are missing; in CI, fail it."""
    mirror.need_files_of(item)
    if item.get_closest_marker("loopback"):
        need_loopback()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Measure the CPU time of a test of `make test`. Its fixtures do not count."""
    before = time.process_time()
    yield
    cpu.measure(item, time.process_time() - before)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the fast tests that take much CPU."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    if lines := cpu.dear([one for one in reports if isinstance(one, pytest.TestReport)]):
        terminalreporter.section("fast tests that take much CPU, in loops (cpu.py)")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the developer's settings and data from the test."""
    for name in list(os.environ):
        if name.startswith("FANTASY_") and name != mirror.MIRROR_VARIABLE:
            monkeypatch.delenv(name)
    monkeypatch.delenv("NFLVERSE_MIRROR", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster_home"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow connections to this machine only."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, only_to_this_machine(getattr(socket.socket, name)))


@pytest.fixture(scope="session")
def nfl_mirror() -> Path:
    """Return the folder of upstream's real files, laid out by host and path."""
    return mirror.mirror_folder()


@pytest.fixture(scope="session")
def nfl_variants() -> Path:
    """Return the folder of the same files as they were on other days, one folder per day."""
    return mirror.variants_folder()


@pytest.fixture(scope="session")
def sample() -> SampleLeague:
    """Return the sample league; its seasons are made once per session."""
    return SampleLeague()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Return an empty lake."""
    return Lake(str(tmp_path / "lake"), "test")


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Return `rows(contract, {...}, {...})`, which builds a table of a contract."""
    return rows_of


@pytest.fixture(scope="session")
def upstream() -> Callable[..., MemorySource]:
    """Return `upstream(weekly_rosters=[{...}], …)`, which builds a source that serves rows."""
    return memory_source
