"""What every test stands on: a clean environment, no network, the data mirror, small tables."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import settings
from sqlalchemy import event
from sqlalchemy.engine import Engine

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.football.tables import PROJECTION_ACCURACY
from fantasy_pipeline.football.tables.contract import Column, Table
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.settings import is_loopback
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.browsing import chromium
from fantasy_pipeline_tests.lake.places import BucketPlace, environment, object_storage_server

MIRROR_VARIABLE = "FANTASY_TEST_MIRROR"
NO_MIRROR = "none"
"""Value of it that says that there is none: CI too skips then what needs real files."""
DEFAULT_MIRROR = ROOT.parent / "shared" / "nfl-data" / "mirror"
LONGEST = {"test_ui.py", "test_real_pipeline.py", "test_readme.py", "test_crashes.py"}
REAL_FIXTURES = {"nfl_mirror", "nfl_variants"}

Rows = Callable[..., pa.Table]
DataOf = Callable[[Path], str]
WithHistory = Callable[[Path], Path]

__all__ = ["chromium"]
"""Fixtures from elsewhere."""

# No time limit per example: the first one imports what the function under test imports.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_configure() -> None:
    # Tests start hundreds of processes; none should have to compile the package.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    event.listen(Engine, "connect", _never_wait_for_the_disk)


def _never_wait_for_the_disk(connection: object, _record: object) -> None:
    """Of the hundreds of run histories that tests make, none has to outlive a power cut."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def pytest_collection_finish() -> None:
    """What was loaded stays: looking for garbage in it would take a twentieth of the time."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    # DuckDB's bindings call what is not taken apart at the end a leak.
    gc.unfreeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever reads the mirror is `real`, marked or not. The longest modules come first: at the
    end, no worker waits long for another."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
    for item in items:
        if REAL_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("real")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests that talk to 127.0.0.1 need it; CI has it."""
    if item.get_closest_marker("loopback") and (reason := _no_loopback()):
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@cache
def _no_loopback() -> str:
    """Why 127.0.0.1 cannot be reached; empty if it can."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()
    except OSError as error:
        return f"loopback network is not available: {error}"
    return ""


@pytest.fixture(scope="session")
def with_history(tmp_path_factory: pytest.TempPathFactory) -> WithHistory:
    """Gives a folder the files of a run history without runs, as Dagster makes them: it takes half
    a second over it."""
    made = tmp_path_factory.mktemp("history")
    with dg.DagsterInstance.local_temp(str(made)):
        """That makes them."""

    def fill(folder: Path) -> Path:
        shutil.copytree(made, folder, dirs_exist_ok=True)
        return folder

    return fill


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's reaches a test, and no test reaches the developer's data."""
    for name in list(os.environ):
        if name.startswith("FANTASY_") and name != MIRROR_VARIABLE:
            monkeypatch.delenv(name)
    monkeypatch.delenv("NFLVERSE_MIRROR", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster_home"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections reach this machine only."""

    def guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
        def connect_here(self: socket.socket, address: Any) -> Any:
            if self.family != getattr(socket, "AF_UNIX", None) and not is_loopback(address[0]):
                raise AssertionError(f"a test tried to reach {address[0]}:{address[1]}")
            return connect(self, address)

        return connect_here

    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))


@pytest.fixture(scope="session")
def nfl_mirror() -> Path:
    """Real upstream files, laid out by host and path."""
    mirror = Path(os.environ.get(MIRROR_VARIABLE) or DEFAULT_MIRROR)
    need(mirror)
    return mirror


@pytest.fixture(scope="session")
def nfl_variants(nfl_mirror: Path) -> Path:
    """The same files as they were on other days, one folder per day."""
    variants = nfl_mirror.parent / "variants"
    need(variants)
    return variants


def need(folder: Path) -> None:
    """Skip what needs a folder of upstream's files that is not there; in CI, fail."""
    if folder.is_dir():
        return
    reason = f"no NFL data at {folder}; set {MIRROR_VARIABLE} to a mirror"
    if os.environ.get("CI") and os.environ.get(MIRROR_VARIABLE) != NO_MIRROR:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def sample() -> SampleLeague:
    """The synthetic league; its seasons are made once per session."""
    return SampleLeague()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(str(tmp_path / "lake"), "test")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an S3-compatible server on this machine."""
    with object_storage_server(tmp_path_factory.mktemp("s3") / "log") as address:
        yield address


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, with the environment that finds it."""
    for name, value in environment(s3_server).items():
        monkeypatch.setenv(name, value)
    return s3_server


@pytest.fixture(
    scope="module",
    params=["folder", pytest.param("s3", marks=[pytest.mark.loopback, pytest.mark.soak])],
)
def data_of(request: pytest.FixtureRequest) -> Iterator[DataOf]:
    """`data_of(home)`: root for the data of a Dagster home, its own folder or a new bucket."""
    if request.param == "folder":
        yield lambda home: str(home / "data")
        return
    address = request.getfixturevalue("s3_server")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(address).items():
            patch.setenv(name, value)
        yield lambda home: BucketPlace(address).root


@pytest.fixture(scope="session")
def rows() -> Rows:
    """`rows(contract, {...}, {...})`: a table of that contract; what is not given is null, or
    something allowed where a row may not do without."""

    def build(contract: Table, *records: dict[str, Any]) -> pa.Table:
        unknown = {name for record in records for name in record} - set(contract.column_names)
        assert not unknown, f"{contract.name} has no column {unknown}"
        columns = {
            column.name: [record.get(column.name, _something(column)) for record in records]
            for column in contract.columns
        }
        return pa.table(columns, schema=contract.arrow_schema)

    return build


def _something(column: Column) -> Any:
    """A value that the contract allows: null, if it does."""
    if column.nullable:
        return None
    if column.type in ("int", "float"):
        return max(column.lowest or 0, 0)
    some = {"bool": False, "timestamp": datetime(2024, 9, 8, 17, tzinfo=timezone.utc)}
    return some[column.type] if column.type in some else (*column.allowed, "x")[0]


@pytest.fixture
def accuracy(rows: Rows) -> Callable[..., pa.Table]:
    """`accuracy((week, position, mae), …)`: small, weekly, of 2024; a fourth is the source."""

    def build(*records: tuple[Any, ...], season: int = 2024) -> pa.Table:
        return rows(
            PROJECTION_ACCURACY,
            *(
                {
                    "season": season,
                    "week": week,
                    "source": source[0] if source else "m",
                    "position": position,
                    "scoring": "ppr",
                    "pool": "played",
                    "mae": mae,
                }
                for week, position, mae, *source in records
            ),
        )

    return build


class Upstream:
    """A `Source` over tables in memory; a data set that is not given is not published."""

    def __init__(self, **tables: pa.Table) -> None:
        self.tables = tables
        self.left_out: list[str] = []

    def _season(self, dataset: str, season: int) -> pa.Table:
        table = self._whole(dataset, season)
        table = table.filter(pc.equal(table["season"], season))
        if table.num_rows == 0:
            raise NotPublishedError(dataset, "HTTP 404", "Wait.", season)
        return table

    def _whole(self, dataset: str, season: int | None = None) -> pa.Table:
        if dataset not in self.tables:
            raise NotPublishedError(dataset, "HTTP 404", "Wait.", season)
        return self.tables[dataset]

    def schedule(self) -> pa.Table:
        return self._whole("schedule")

    def weekly_stats(self, season: int) -> pa.Table:
        return self._season("weekly_stats", season)

    def weekly_rosters(self, season: int) -> pa.Table:
        return self._season("weekly_rosters", season)

    def injuries(self, season: int) -> pa.Table:
        return self._season("injuries", season)

    def snap_counts(self, season: int) -> pa.Table:
        return self._season("snap_counts", season)

    def player_ids(self) -> pa.Table:
        return self._whole("player_ids")

    def players(self) -> pa.Table:
        return self._whole("players")

    def nflcom_projections(self, season: int, weeks: Iterable[int]) -> pa.Table:
        table = self._season("nflcom_projections", season)
        return table.filter(pc.is_in(table["week"], pa.array(list(weeks), pa.int32())))

    def reader_of(self, dataset: str) -> str:
        return "memory"

    def notes(self, dataset: str, season: int) -> list[str]:
        return self.left_out if dataset == "weekly_rosters" else []


CONTRACTS = {
    **schema.BY_SEASON,
    "schedule": schema.SCHEDULE,
    "player_ids": schema.PLAYER_IDS,
    "players": schema.PLAYERS,
    "nflcom_projections": schema.NFLCOM_PROJECTIONS,
}


@pytest.fixture(scope="session")
def upstream(rows: Rows) -> Callable[..., Upstream]:
    """`upstream(weekly_rosters=[{...}], …)`: a source that delivers these rows."""

    def build(**datasets: list[dict[str, Any]]) -> Upstream:
        return Upstream(
            **{name: rows(CONTRACTS[name], *records) for name, records in datasets.items()}
        )

    return build
