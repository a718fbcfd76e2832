"""Runs of dead processes are ended, and no others; with real processes, some of them killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.operations import trigger
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.runs import dead_runs
from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs, end_runs_of
from fantasy_pipeline.orchestration.runs.history import Execution, execution_of, executions
from fantasy_pipeline.orchestration.runs.processes import (
    Process,
    is_gone,
    process_of,
    process_tag,
    stat_of,
    this_process,
)
from fantasy_pipeline.orchestration.runs.summaries import recorded
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.waiting import until


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "300"])
    yield process
    process.kill()
    process.wait()


def seen(pid: int) -> Process:
    """Return the identity of a living process, as `this_process` gives it there."""
    stat = stat_of(pid)
    assert stat is not None
    return this_process()._replace(pid=pid, started=stat.started)


def test_a_tag_says_which_process_it_is() -> None:
    assert Process.from_tag(this_process().tag) == this_process()
    for text in ("", "host", "a b c d e", "a b c 1"):
        assert Process.from_tag(text) is None


def test_a_living_process_is_not_gone(sleeper: subprocess.Popen[bytes]) -> None:
    assert not is_gone(this_process())
    assert not is_gone(seen(sleeper.pid))


def test_a_killed_process_is_gone_even_as_a_zombie(sleeper: subprocess.Popen[bytes]) -> None:
    process = seen(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(process)
    sleeper.wait()
    assert is_gone(process)


def test_a_number_that_another_process_has_now_is_gone(sleeper: subprocess.Popen[bytes]) -> None:
    assert is_gone(seen(sleeper.pid)._replace(started="1"))


def test_process_that_is_invisible_from_here_is_not_gone() -> None:
    dead = this_process()._replace(pid=2**22, started="1")
    assert is_gone(dead)
    assert not is_gone(dead._replace(host="elsewhere"))
    assert not is_gone(dead._replace(namespace="pid:[1]"))
    assert not is_gone(dead._replace(host="localhost"))
    # The machine was rebooted since.
    assert is_gone(this_process()._replace(boot="before"))
    assert not is_gone(this_process()._replace(boot="-"))


def test_the_start_of_a_process_as_a_moment(sleeper: subprocess.Popen[bytes]) -> None:
    stat = stat_of(sleeper.pid)
    assert stat is not None
    assert abs(time.time() - dead_runs._moment(stat)) < 5


@dg.op
def work() -> None: ...


@dg.job
def some_job() -> None:
    work()


def started(
    instance: dg.DagsterInstance,
    process: Process | None,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
) -> str:
    run_id = str(uuid4())
    tags = process_tag(run_id, process) if process else {}
    instance.create_run_for_job(some_job, run_id=run_id, status=status, tags=tags)
    return run_id


def test_the_tag_of_a_run_is_of_that_run_alone(tmp_path: Path) -> None:
    """The UI copies the tags of a run that it re-executes, in a process of its own."""
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        first = instance.get_run_by_id(started(instance, this_process()))
        assert first is not None
        assert process_of(first) == this_process()
        again = instance.create_run_for_job(some_job, tags=first.tags)
        assert process_of(again) is None
        assert process_of(instance.create_run_for_job(some_job)) is None


def test_the_tag_of_an_early_version_is_read(tmp_path: Path) -> None:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        early = instance.create_run_for_job(some_job, tags={"process": this_process().tag})
        assert process_of(early) == this_process()


def test_only_runs_of_dead_processes_are_ended(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    gone = this_process()._replace(pid=2**22, started="1")
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        left = [started(instance, seen(sleeper.pid)), started(instance, None)]
        dead = started(instance, gone)
        unborn = started(instance, gone, dg.DagsterRunStatus.NOT_STARTED)
        stopping = started(instance, gone, dg.DagsterRunStatus.CANCELING)
        assert sorted(end_dead_runs(instance)) == sorted([dead, unborn, stopping])
        status = {e.run.run_id: e.status for e in executions(instance)}
        assert [status[run] for run in left] == ["started", "started"]
        ended = [status[run] for run in (dead, unborn, stopping)]
        assert ended == ["failure", "failure", "canceled"]
        assert recorded(instance, [dead])[dead]["errors"] == [f"Its process (pid {2**22}) died."]
        assert end_dead_runs(instance) == []
        # The worker's outer process knows how its inner one died.
        end_runs_of(instance, sleeper.pid, "It was killed.")
        assert execution_of(instance, left[0]).result["errors"] == ["It was killed."]
        assert not execution_of(instance, left[1]).is_over


@pytest.mark.slow
def test_a_killed_command_does_not_look_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    session, week = Session(), SeasonWeek(2025, 5)
    instance = session.instance
    command = [sys.executable, "-m", "fantasy_pipeline.cli", "run"]
    with (tmp_path / "run.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--season", "2025", "--week", "5"], cwd=tmp_path, stdout=log, stderr=log
        )

    def started() -> list[Execution]:
        assert process.poll() is None, (tmp_path / "run.log").read_text()
        return list(executions(instance, status="started"))

    (busy,) = until(started, "the run has started")
    process.send_signal(signal.SIGSTOP)
    with pytest.raises(trigger.AlreadyRunningError):
        trigger.start(session, week, "manual")
    assert not execution_of(instance, busy.run.run_id).is_over, "it is alive"
    process.kill()
    process.wait()
    first, *rest = trigger.wait_for_all(instance, trigger.start(session, week, "manual"))
    assert first.run.is_success
    assert [(each.job_id, each.week, each.status) for each in rest] == [
        ("report_week", 5, "success")
    ]
    killed = execution_of(instance, busy.run.run_id)
    assert killed.result["errors"] == [f"Its process (pid {process.pid}) died."]
    # The daemon does not retry the run, because it cannot.
    assert killed.run.tags["dagster/max_retries"] == "0"
