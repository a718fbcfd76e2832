"""Test runs, backfills and readers at the same time: the result is that of one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    PLAYER_HISTORY,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.orchestration.runs.tags import BACKFILL_PLAN
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests.system.watching import (
    Counts,
    Readers,
    counts_of,
    differing,
    files_of,
    finish,
    is_bucket,
    new_home,
    start,
)
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

W1, W2 = SeasonWeek(2024, 1), SeasonWeek(2024, 2)
DataOf = Callable[[Path], str]
RUN = ("run", "--season", "2024", "--week", "1", "--source", "sample", "--json")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home of the sample league; its lake is data/sample unless a test sets another."""
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    home = new_home(tmp_path / "home")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return home


def backfill(weeks: str) -> tuple[str, ...]:
    return ("backfill", "--seasons", "2024", "--weeks", weeks, "--json")


IMPORTED = (RAW_PLAYERS, WEEKLY_STATS, SOURCE_PROJECTIONS)
"""Tables whose rows of a week do not depend on the other weeks of the lake."""


@pytest.fixture(scope="module")
def whole_weeks(tmp_path_factory: pytest.TempPathFactory) -> Counts:
    """Return the rows per week of the imported tables, weeks 1-6, made by one backfill alone."""
    home = new_home(tmp_path_factory.mktemp("whole") / "home")
    finish(start(home, *backfill("1-6"), FANTASY_SOURCE="sample"))
    counts = counts_of(Lake(str(home / "data" / "sample"), SAMPLE_LABEL))
    return {table.name: counts[table.name] for table in IMPORTED}


@pytest.mark.slow
def test_two_runs_of_the_same_week(home: Path, tmp_path: Path, data_of: DataOf) -> None:
    data = data_of(home)
    runs = [start(home, *RUN, FANTASY_DATA=data) for _ in range(2)]
    for run in runs:
        finish(run)
    serial = new_home(tmp_path / "serial")
    alone = data_of(serial)
    finish(start(serial, *RUN, FANTASY_DATA=alone))
    assert differing(files_of(f"{data}/sample"), files_of(f"{alone}/sample")) == []
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs_of_week = instance.get_runs(dg.RunsFilter(job_name="whole_week"))
    assert [run.is_success for run in runs_of_week] == [True, True]


NO_LOGS = """
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def test_a_rebuild_that_waited_sees_what_came_meanwhile(home: Path) -> None:
    """Otherwise a run that read the lake first could write last, and lose the other run's week."""
    # Two runs in one process would capture each other's output, and wait for each other.
    with (home / "dagster.yaml").open("a") as config:
        config.write(NO_LOGS)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert execute(instance, "games_refresh", "sample", {}).success
        assert execute(instance, "season_ingest", "sample", {}, W1, W1).success
        lake = Lake(str(home / "data" / "sample"), SAMPLE_LABEL)
        job = (instance, "history_rebuild", "sample", {})
        rebuild = threading.Thread(target=execute, args=job)
        with lake.rebuild_lock(PLAYER_HISTORY):
            rebuild.start()
            assert execute(instance, "season_ingest", "sample", {}, W2, W2).success
            rebuild.join(1)
            assert rebuild.is_alive()
            assert not lake.has(PLAYER_HISTORY)
        rebuild.join(LONGEST_SECONDS)
    assert set(lake.read(PLAYER_HISTORY)["week"].to_pylist()) == {1, 2}


@pytest.mark.soak
def test_four_backfills_of_overlapping_ranges_and_eight_readers(
    home: Path, tmp_path: Path, data_of: DataOf, whole_weeks: Counts
) -> None:
    """Object storage gets half as many: its server runs on the cores of this machine."""
    data = data_of(home)
    lake = f"{data}/sample"
    ranges, seats, reads = ("1-4", "3-6", "2-5", "1-6"), 8, 100
    if is_bucket(data):
        ranges, seats, reads = ("1-2", "2-3"), 4, 20
    readers = Readers(lake, SAMPLE_LABEL, whole_weeks)
    with readers.watching(seats, reads + 1):
        backfills = [start(home, *backfill(weeks), FANTASY_DATA=data) for weeks in ranges]
        for process in backfills:
            finish(process)
    assert readers.trouble == []
    assert readers.reads > reads
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = [run for run in instance.get_runs() if BACKFILL_PLAN in run.tags]
        assert all(run.is_success for run in runs)
    plans = dict.fromkeys(run.tags[BACKFILL_PLAN] for run in reversed(runs))
    order = [plan.rpartition(" ")[2] for plan in plans]
    assert sorted(order) == sorted(ranges)
    serial = new_home(tmp_path / "serial")
    alone = data_of(serial)
    for weeks in order:
        finish(start(serial, *backfill(weeks), FANTASY_DATA=alone))
    assert differing(files_of(lake), files_of(f"{alone}/sample")) == []
    last = max(int(weeks.rpartition("-")[2]) for weeks in ranges)
    assert len(Lake(lake, SAMPLE_LABEL).weeks(WEEKLY_STATS)) == last


@pytest.mark.soak
def test_two_homes_and_one_lake(
    home: Path, tmp_path: Path, data_of: DataOf, whole_weeks: Counts
) -> None:
    """Two homes write one lake at the same time.

    Their backfills do not wait for each other, and on object storage they share no lock. Each file
    is whole and written by one of them. A backfill of all weeks then rebuilds the tables that were
    made from a half-filled lake.
    """
    data = data_of(home)
    other, serial = new_home(tmp_path / "other"), new_home(tmp_path / "serial")
    readers = Readers(f"{data}/sample", SAMPLE_LABEL, whole_weeks)
    with readers.watching(2, 11):
        both = [
            start(home, *backfill("1-2"), FANTASY_DATA=data),
            start(other, *backfill("2-3"), FANTASY_DATA=data),
        ]
        for process in both:
            finish(process)
    assert readers.trouble == []
    assert readers.reads > 10
    finish(start(serial, *backfill("1-3")))
    alone = files_of(serial / "data" / "sample")
    imported = ("raw_players/", "weekly_stats/", "games/", "source_projections/")
    found = files_of(f"{data}/sample")
    assert sorted(found) == sorted(alone)
    assert not [name for name in differing(found, alone) if name.startswith(imported)]
    finish(start(home, *backfill("1-3"), FANTASY_DATA=data))
    assert differing(files_of(f"{data}/sample"), alone) == []
