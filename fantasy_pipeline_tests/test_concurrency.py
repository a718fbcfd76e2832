"""Runs, backfills and readers at once: the outcome is that of one after the other."""

from __future__ import annotations

import threading
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.lake import Lake
from fantasy_pipeline.runs import execute
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.sources.base import SAMPLE_LABEL
from fantasy_pipeline.tables import PLAYER_HISTORY, WEEKLY_STATS
from fantasy_pipeline_tests.watching import (
    Readers,
    differing,
    files_of,
    finish,
    new_home,
    start,
)

W1, W2 = SeasonWeek(2024, 1), SeasonWeek(2024, 2)
RUN = ("run", "--season", "2024", "--week", "1", "--source", "sample", "--json")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the sample league; its lake is data/sample."""
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    home = new_home(tmp_path / "home")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return home


def lake_of(home: Path) -> Path:
    return home / "data" / "sample"


@pytest.mark.soak
def test_two_runs_of_the_same_week(home: Path, tmp_path: Path) -> None:
    runs = [start(home, *RUN) for _ in range(2)]
    for run in runs:
        finish(run)
    serial = new_home(tmp_path / "serial")
    finish(start(serial, *RUN))
    assert differing(files_of(lake_of(home)), files_of(lake_of(serial))) == []
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs_of_week = instance.get_runs(dg.RunsFilter(job_name="whole_week"))
    assert [run.is_success for run in runs_of_week] == [True, True]


def test_a_rebuild_that_waited_sees_what_came_meanwhile(home: Path) -> None:
    """Else the run that read the lake first could write last, and lose the other's week."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert execute(instance, "games_refresh", "sample", {}).success
        assert execute(instance, "season_ingest", "sample", {}, W1, W1).success
        lake = Lake(str(lake_of(home)), SAMPLE_LABEL)
        job = (instance, "history_rebuild", "sample", {})
        rebuild = threading.Thread(target=execute, args=job)
        with lake.rebuilding(PLAYER_HISTORY):
            rebuild.start()
            assert execute(instance, "season_ingest", "sample", {}, W2, W2).success
            rebuild.join(1)
            assert rebuild.is_alive()
            assert not lake.has(PLAYER_HISTORY)
        rebuild.join(120)
    assert set(lake.read(PLAYER_HISTORY)["week"].to_pylist()) == {1, 2}


@pytest.mark.soak
def test_four_backfills_of_overlapping_ranges_and_eight_readers(home: Path, tmp_path: Path) -> None:
    ranges = ("1-4", "3-6", "2-5", "1-6")
    words = {
        weeks: ("backfill", "--seasons", "2024", "--weeks", weeks, "--json") for weeks in ranges
    }
    readers = Readers(lake_of(home), SAMPLE_LABEL, {})
    with readers.watching(8):
        backfills = [start(home, *words[weeks]) for weeks in ranges]
        for backfill in backfills:
            finish(backfill)
    assert readers.trouble == []
    assert readers.reads > 100
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = [run for run in instance.get_runs() if "backfill_plan" in run.tags]
        assert all(run.is_success for run in runs)
    plans = dict.fromkeys(run.tags["backfill_plan"] for run in reversed(runs))
    order = [plan.rpartition(" ")[2] for plan in plans]
    assert sorted(order) == sorted(ranges)
    serial = new_home(tmp_path / "serial")
    for weeks in order:
        finish(start(serial, *words[weeks]))
    assert differing(files_of(lake_of(home)), files_of(lake_of(serial))) == []
    assert len(Lake(str(lake_of(home)), SAMPLE_LABEL).weeks(WEEKLY_STATS)) == 6
