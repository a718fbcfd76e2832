"""The event log of processes of one run: what it stores is what Dagster's own log would store."""

import logging
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest
import yaml
from dagster._daemon.backfill import execute_backfill_iteration_loop
from sqlalchemy import event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from fantasy_pipeline.operations.own_instance import (
    BACKFILL_SECONDS,
    OpenEventLog,
    OwnInstance,
    home_instance,
)
from fantasy_pipeline_tests import ROOT

WEEKS = [f"{week:02d}" for week in range(1, 11)]
PARTITIONS = dg.StaticPartitionsDefinition(WEEKS)


@dg.asset(partitions_def=PARTITIONS, check_specs=[dg.AssetCheckSpec("sound", asset="stats")])
def stats(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Report each week and the result of a check, as the project's assets do."""
    for week in WEEKS:
        context.log_event(dg.AssetMaterialization("stats", partition=week))
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


def _run(instance: dg.DagsterInstance) -> str:
    result = dg.materialize([stats], instance=instance, partition_key=WEEKS[0])
    assert result.success
    return result.run_id


def _events(instance: dg.DagsterInstance, run_id: str) -> list[tuple[str, str]]:
    return [
        (entry.dagster_event.event_type_value, entry.dagster_event.partition or "")
        for entry in instance.all_logs(run_id)
        if entry.dagster_event is not None
    ]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    home = tmp_path / "own"
    home.mkdir()
    with home_instance(home, one_run=True) as instance:
        yield instance


def test_dagsters_own_log_reads_the_same_events(tmp_path: Path, own: dg.DagsterInstance) -> None:
    (tmp_path / "plain").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "plain")) as plain:
        expected = _events(plain, _run(plain))
    run_id = _run(own)
    assert ("ASSET_MATERIALIZATION", "10") in expected
    assert _events(own, run_id) == expected
    with dg.DagsterInstance.local_temp(own.root_directory) as plain:
        assert type(plain.event_log_storage) is not type(own.event_log_storage)
        assert _events(plain, run_id) == _events(own, run_id)
        assert plain.get_materialized_partitions(stats.key) == set(WEEKS)
        [check] = plain.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(stats.key, "sound"), limit=2
        )
        assert check.run_id == run_id


def test_an_event_is_one_transaction_per_file(own: dg.DagsterInstance) -> None:
    _run(own)
    commits: list[str] = []

    def see(connection: Connection) -> None:
        commits.append(Path(connection.engine.url.database or "").name)

    event.listen(Engine, "commit", see)
    try:
        own.report_runless_asset_event(dg.AssetMaterialization("stats", partition="01"))
    finally:
        event.remove(Engine, "commit", see)
    assert commits.count("index.db") == 1


def test_an_event_that_fails_leaves_nothing(own: dg.DagsterInstance) -> None:
    run_id = _run(own)
    before = _events(own, run_id)
    [made, *_] = [
        entry
        for entry in own.all_logs(run_id)
        if entry.dagster_event and entry.dagster_event.is_step_materialization
    ]
    log = own.event_log_storage
    assert isinstance(log, OpenEventLog)
    with log.index_connection() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON event_logs "
                "BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
            )
        )
    with pytest.raises(DBAPIError, match="disk is full"):
        log.store_event(made)
    assert _events(own, run_id) == before
    with log.index_connection() as connection:
        connection.execute(text("DROP TRIGGER full"))
    log.store_event(made)
    assert len(_events(own, run_id)) == len(before) + 1


def test_a_table_of_a_later_version_is_found_once_it_is_made(own: dg.DagsterInstance) -> None:
    log = own.event_log_storage
    assert isinstance(log, OpenEventLog)
    assert not log.has_table("of_a_later_version")
    with log.index_connection() as connection:
        connection.execute(text("CREATE TABLE of_a_later_version (id INTEGER)"))
    assert log.has_table("of_a_later_version")


class _Waits(threading.Event):
    """Ends a loop at its first pause, and knows how long that would have been."""

    seconds: float | None = None

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds = timeout
        return super().wait(0)


@pytest.mark.parametrize("folder", [ROOT, ROOT / "deploy" / "postgres"], ids=lambda path: path.name)
def test_the_daemon_looks_at_backfills_every_five_seconds(
    own: dg.DagsterInstance, folder: Path
) -> None:
    """Dagster looks every 30 seconds: a backfill of seasons waited for that in every wave."""
    named = yaml.safe_load((folder / "dagster.yaml").read_text())["instance_class"]
    assert named == {"module": OwnInstance.__module__, "class": OwnInstance.__name__}
    pause = _Waits()
    # The daemon's own loop; of its workspace it needs the instance only.
    loop = execute_backfill_iteration_loop(
        cast("Any", SimpleNamespace(instance=own)), logging.getLogger(__name__), pause
    )
    while pause.seconds is None:
        next(loop)
    # The pause is what the look left of the interval.
    assert pause.seconds <= BACKFILL_SECONDS


def test_every_process_of_a_home_has_the_instance_that_dagster_yaml_names(tmp_path: Path) -> None:
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert type(instance) is OwnInstance
        # As the webserver hands it to code servers and runs.
        with dg.DagsterInstance.from_ref(instance.get_ref()) as again:
            assert type(again) is OwnInstance
        assert instance.get_settings("auto_materialize") == {"minimum_interval_seconds": 30}
