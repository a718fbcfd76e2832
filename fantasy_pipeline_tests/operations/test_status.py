"""`status`: schedules with their ticks and runs, and a backfill while it runs."""

import json
import os
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_shared.serdes import deserialize_value

from fantasy_pipeline.errors import HistoryError
from fantasy_pipeline.operations.status import backfills, instigators, status
from fantasy_pipeline.orchestration.runs.history import executions
from fantasy_pipeline.orchestration.runs.summaries import recorded
from fantasy_pipeline.orchestration.runs.tags import BACKFILL
from fantasy_pipeline.web.models import Status
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.operations.test_execute import run
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS


def test_next_ticks_of_the_schedules() -> None:
    now = datetime(2024, 9, 19, 16, tzinfo=timezone.utc)  # a Thursday, at one of two ticks
    with dg.instance_for_test() as instance:
        found = {item.name: item for item in instigators(instance, now)}
    ticks = {name: item.next_tick for name, item in found.items() if item.kind == "schedule"}
    assert {name: f"{tick:%m-%d %H:%M %z}" for name, tick in ticks.items() if tick} == {
        "tuesday_import": "09-24 08:00 +0000",
        "thursday_final_import": "09-26 12:00 +0000",
        "running_week_import": "09-20 08:00 +0000",
        "daily_projections": "09-20 14:00 +0000",
        "thursday_kickoff_projections": "09-19 23:00 +0000",
        "daily_news": "09-23 14:00 +0000",
        "daily_games": "09-20 06:00 +0000",
    }
    assert all(item.next_tick is None for item in found.values() if item.kind == "sensor")


def _stored(kind: str, **values: Any) -> Any:
    """An object of Dagster's storage, made from the JSON that the storage holds.

    Dagster exports no class for the state of a schedule and for its ticks; it loads these classes
    with an instance's storage.
    """
    return deserialize_value(json.dumps({"__class__": kind, **values}))


def _state() -> Any:
    """Return the state of a schedule that is on."""
    return _stored(
        "InstigatorState",
        origin={
            "__class__": "ExternalJobOrigin",
            "external_repository_origin": {
                "__class__": "ExternalRepositoryOrigin",
                "repository_location_origin": {
                    "__class__": "RegisteredRepositoryLocationOrigin",
                    "location_name": "any",
                },
                "repository_name": "__repository__",
            },
            "job_name": "tuesday_import",
        },
        job_type={"__enum__": "InstigatorType.SCHEDULE"},
        status={"__enum__": "InstigatorStatus.RUNNING"},
        job_specific_data={"__class__": "ScheduleInstigatorData", "cron_schedule": "0 8 * * 2"},
    )


def _add_tick(
    instance: dg.DagsterInstance, state: Any, at: datetime, status: str, **more: Any
) -> None:
    tick = _stored(
        "TickData",
        job_origin_id=state.instigator_origin_id,
        selector_id=state.selector_id,
        job_name=state.instigator_name,
        job_type={"__enum__": "InstigatorType.SCHEDULE"},
        status={"__enum__": f"TickStatus.{status}"},
        timestamp=at.timestamp(),
        **more,
    )
    instance.create_tick(tick)


@pytest.mark.filterwarnings("ignore:Non-compliant tag keys:DeprecationWarning")
def test_last_run_last_success_and_last_tick_of_a_schedule() -> None:
    """As the daemon leaves them: a run that succeeded, then one that failed; ticks likewise."""
    now = datetime(2024, 9, 19, 16, tzinfo=timezone.utc)
    tuesday = datetime(2024, 9, 17, 8, tzinfo=timezone.utc)
    with dg.instance_for_test() as instance:

        def shown() -> dict[str, Any]:
            """The schedule, as commands and HTTP show it."""
            answer = Status(**status(instance, now)).model_dump(mode="json")
            jobs = {job["name"]: job for job in answer["jobs"]}
            # Runs and ticks of one schedule are not shown for another.
            assert jobs["thursday_final_import"]["last_run"] is None
            assert jobs["thursday_final_import"]["last_tick"] is None
            return dict(jobs["tuesday_import"])

        state = _state()
        instance.add_instigator_state(state)
        tags = {"dagster__schedule_name": "tuesday_import", "season": "2024", "week": "2"}
        good, bad = run(instance, **tags), run(instance, fail=True, **tags)
        run(instance)  # by hand
        _add_tick(instance, state, tuesday, "SKIPPED", skip_reason="not yet over")
        skipped = shown()
        error = {
            "__class__": "SerializableErrorInfo",
            "message": "no route to host\nat line 5\n",
            "stack": [],
            "cls_name": "OSError",
        }
        outer = {**error, "message": "dagster.SensorExecutionError: see below", "cause": error}
        _add_tick(instance, state, tuesday.replace(hour=9), "FAILURE", error=outer)
        failed = shown()
        ours = {
            **error,
            "message": f"{HistoryError.__module__}.HistoryError: disk is\nfull. Free it",
        }
        named = {**outer, "cause": {**ours, "cause": error}}
        _add_tick(instance, state, tuesday.replace(hour=10), "FAILURE", error=named)
        assert shown()["tick_result"] == "disk is full. Free it"

    for job in (skipped, failed):
        assert (job["last_run"]["id"], job["last_run"]["status"]) == (bad, "failure")
        assert job["last_run"]["trigger"] == "schedule"
        assert "upstream is upside down" in job["last_run"]["result"]["errors"][0]
        assert (job["last_success"]["id"], job["last_success"]["week"]) == (good, 2)
        assert (job["on"], job["next_run"]) == (True, "2024-09-24T08:00:00Z")
    assert (skipped["last_tick"], skipped["tick_result"]) == (
        "2024-09-17T08:00:00Z",
        "not yet over",
    )
    assert (failed["last_tick"], failed["tick_result"]) == (
        "2024-09-17T09:00:00Z",
        "no route to host",
    )


@pytest.mark.slow
def test_backfill_under_way_shows_weeks_done_of_all(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    log = (tmp_path / "backfill.log").open("w")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "fantasy_pipeline.cli", "backfill", "--workers", "1"),
            *("--seasons", "2024", "--weeks", "1-2"),
        ],
        env={
            **os.environ,
            "DAGSTER_HOME": str(tmp_path),
            "FANTASY_SOURCE": "sample",
            "PYTHONPATH": str(ROOT),
        },
        cwd=tmp_path,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    seen: list[dict[str, Any]] = []
    deadline = time.monotonic() + LONGEST_SECONDS
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        while process.poll() is None:
            assert time.monotonic() < deadline
            seen += backfills(instance)
            time.sleep(0.1)
        log.close()
        assert process.returncode == 0, (tmp_path / "backfill.log").read_text()
        runs = [found for found in executions(instance) if BACKFILL in found.run.tags]
        written = recorded(instance, [found.run.run_id for found in runs])
        assert backfills(instance) == []

    assert {entry["weeks"] for entry in seen} == {2}
    assert {entry["plan"] for entry in seen} == {"sample 2024 weeks 1-2"}
    assert len({entry["id"] for entry in seen}) == 1
    done = [entry["weeks_done"] for entry in seen]
    assert done == sorted(done)
    # The work counts 26 weeks: 2 to import, 22 for the history, 2 to project.
    # Two are done if the last step ends while its backfill is read.
    assert {0, 1} <= set(done) <= {0, 1, 2}
    # Each of its runs wrote its result; a season's are one run, not one per week.
    assert len(runs) == len(written) == 3
    assert all(entry["success"] for entry in written.values())
    assert [found.season for found in runs] == [2024, None, 2024]
