"""Deletion of old runs: what goes, and that Dagster's answers about the weeks stay."""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.import_state import imported_phases
from fantasy_pipeline.orchestration.runs.retention import check_age, prune
from fantasy_pipeline_tests.orchestration.runs.empty_history import WithHistory, opened
from fantasy_pipeline_tests.orchestration.runs.ui_runs import ui_run
from fantasy_pipeline_tests.system.replay import record_imports

WEEKS = [SeasonWeek(2024, week) for week in (1, 2)]
STATS = dg.AssetKey("weekly_stats")


@dg.op
def nothing() -> None: ...


@dg.job
def other_job() -> None:
    nothing()


@pytest.fixture
def instance(tmp_path: Path, with_history: WithHistory) -> Iterator[dg.DagsterInstance]:
    with opened(with_history(tmp_path)) as instance:
        yield instance


@pytest.fixture
def needed(instance: dg.DagsterInstance) -> set[str]:
    """Return the runs that must stay, in a history of imports, failures and another job."""
    ids = []
    for phase in ("provisional", "provisional", "final", "final"):
        record_imports(instance, dict.fromkeys(WEEKS, phase), {})
        ids.append(instance.get_runs(limit=1)[0].run_id)
    failed = ui_run(instance, ["weekly_stats"], WEEKS, fails="no file", writes=WEEKS[:1])
    ui_run(instance, ["weekly_stats"], WEEKS, fails="no file")
    # Results of runs are observations: their asset was never materialized.
    instance.report_runless_asset_event(dg.AssetObservation("run_results", partition=failed))
    for _ in range(2):
        other_job.execute_in_process(instance=instance)
    # The newest run of each phase, and the newest that wrote week 1.
    return {ids[1], ids[3], failed}


def test_old_runs_go_and_weeks_stay_imported(
    instance: dg.DagsterInstance, needed: set[str], tmp_path: Path
) -> None:
    started = dg.DagsterRunStatus.STARTED
    running = instance.create_run_for_job(other_job, status=started).run_id
    lake = Path(NflData().lake.path(WEEKLY_STATS)).parents[1]
    files = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}

    def answers() -> list[object]:
        newest = instance.get_latest_materialization_event(STATS)
        phases = imported_phases(instance, WEEKS, None)
        return [phases, instance.get_materialized_partitions(STATS), newest and newest.run_id]

    before = answers()
    later = datetime.now(timezone.utc) + timedelta(minutes=1)
    count = instance.get_runs_count()
    dry = prune(instance, later, dry_run=True)
    assert instance.get_runs_count() == count
    assert len(dry.deleted) == count - len(needed) - 1
    assert dry.kept == len(needed)
    pruned = prune(instance, later)
    assert (pruned.deleted, pruned.kept) == (dry.deleted, dry.kept)
    assert pruned.freed_bytes > 0

    assert {run.run_id for run in instance.get_runs()} == {*needed, running}
    assert answers() == before
    assert before[0] == {week: {"provisional", "final"} for week in WEEKS}
    assert {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()} == files
    left = [path for run_id in pruned.deleted for path in tmp_path.rglob(f"{run_id}*")]
    assert left == []
    assert prune(instance, later).deleted == []


@pytest.mark.usefixtures("needed")
def test_younger_runs_stay(instance: dg.DagsterInstance) -> None:
    count = instance.get_runs_count()
    assert prune(instance, datetime.now(timezone.utc) - timedelta(days=1)).deleted == []
    assert instance.get_runs_count() == count


def test_left_over_files_go(instance: dg.DagsterInstance, needed: set[str], tmp_path: Path) -> None:
    """A killed process leaves a -wal; a run deleted in the UI leaves all its files."""
    kept, gone = sorted(needed)[:2]
    shard = next(tmp_path.rglob(f"{kept}.db"))
    # A connection that is not closed keeps its last changes in the -wal, as a killed process does.
    killed = sqlite3.connect(shard)
    killed.execute("create table left_over (id integer)")
    killed.commit()
    wal = shard.with_name(f"{shard.name}-wal")
    assert wal.stat().st_size > 0
    instance.delete_run(gone)
    assert list(tmp_path.rglob(f"{gone}.db"))
    prune(instance, datetime.now(timezone.utc) + timedelta(minutes=1))
    killed.close()
    assert list(tmp_path.rglob(f"{gone}*")) == []
    assert not wal.exists() or wal.stat().st_size == 0
    with contextlib.closing(sqlite3.connect(shard)) as connection:
        assert connection.execute("select count(*) from left_over").fetchone() == (0,)


def test_recent_runs_cannot_be_deleted() -> None:
    with pytest.raises(PipelineError, match="runs of the last 14 days cannot be deleted"):
        check_age(timedelta(days=13))


def turn_back(database: Path, by: timedelta) -> None:
    """Make all runs of a history older."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        moved = f"-{by.days} days"
        connection.execute(
            "update runs set create_timestamp = datetime(create_timestamp, ?)", (moved,)
        )


def test_job_deletes_runs_older_than_half_a_year(
    instance: dg.DagsterInstance, needed: set[str], tmp_path: Path
) -> None:
    turn_back(next(tmp_path.rglob("runs.db")), timedelta(days=181))
    young = other_job.execute_in_process(instance=instance).run_id
    job = defs.resolve_job_def("prune_history")
    result = job.execute_in_process(instance=instance)
    assert result.success
    assert {run.run_id for run in instance.get_runs()} == {*needed, young, result.run_id}
    config = {"ops": {"delete_old_runs": {"config": {"older_than_days": 1}}}}
    refused = job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)
    assert not refused.success
