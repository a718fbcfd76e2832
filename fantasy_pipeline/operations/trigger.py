"""Start a run for a week by hand or over HTTP, in a worker process.

It needs no daemon, and the run continues when the command or server that started it ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from threading import Thread
from typing import NamedTuple
from uuid import uuid4

import dagster as dg

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.named_weeks import check_not_too_early, check_week, weeks_to_come
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.lake.locks import Timeout, locked
from fantasy_pipeline.operations.session import TRIGGER_LOCK, Session
from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs
from fantasy_pipeline.orchestration.runs.history import Execution, execution_of
from fantasy_pipeline.orchestration.runs.import_state import WEEK_JOBS, running_weeks
from fantasy_pipeline.orchestration.runs.tags import FOLLOWS

START_SECONDS = 90
"""Time limit until a worker's run exists."""
POLL_SECONDS = 0.5


class AlreadyRunningError(PipelineError):
    """A run, `run_id`, is importing or projecting the same week."""

    def __init__(self, week: SeasonWeek, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(
            f"{week} is already running: run {run_id}. "
            f"Wait for it to end; fantasy-pipeline show {run_id[:8]} shows its state."
        )


class Started(NamedTuple):
    """A triggered run, which exists in run history, and its worker process."""

    run_id: str
    worker: subprocess.Popen[bytes]


def trigger(session: Session, week: SeasonWeek, by: str) -> str:
    """Start a run for a week as `start` does, and return the run's id."""
    return start(session, week, by).run_id


def start(session: Session, week: SeasonWeek, by: str) -> Started:
    """Start to import and project a week; a week that has not been played is only projected.

    The worker then projects the next week and writes the reports, in separate runs.

    Args:
        by: ``manual`` or ``api``, the tag ``trigger`` of the run.

    Raises:
        NoSuchWeekError: the schedule has no such week.
        TooEarlyError: the week cannot be made yet.
        AlreadyRunningError: a run of the same week is running or queued.
        PipelineError: the worker did not start.
    """
    games = session.known_games
    now = session.present
    check_week(games, week)
    check_not_too_early(games, week, now)
    is_to_come = week in weeks_to_come(games, [week], now)
    job = "weekly_projections" if is_to_come else "whole_week"
    run_id = str(uuid4())
    arguments = [job, session.source, week.key, run_id, by, now.isoformat()]
    try:
        # Held until the run exists: else two processes could both find the week free.
        with locked(session.home / TRIGGER_LOCK, START_SECONDS):
            end_dead_runs(session.instance)
            running = running_weeks(session.instance, WEEK_JOBS, session.source).get(week)
            if running is not None:
                raise AlreadyRunningError(week, running.run_id)
            worker = _start(session, run_id, arguments)
    except Timeout:
        raise PipelineError(
            f"{week} was not started: other runs have been starting for {START_SECONDS} s. "
            "Try again."
        ) from None
    return Started(run_id, worker)


def _start(session: Session, run_id: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a worker process and return it once its run exists.

    Raises:
        PipelineError: the worker ended or took longer than `START_SECONDS` before its run existed.
    """
    log = session.home / "logs" / f"trigger-{run_id[:8]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "fantasy_pipeline.operations.worker", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a module of this package
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Not this process's variable: a server has sessions of several homes.
            env={**os.environ, "DAGSTER_HOME": str(session.home)},
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        # Poll before looking for the run: a short worker may start its run and end in between.
        ended = process.poll()
        if session.instance.get_run_by_id(run_id) is not None:
            # Wait in a thread, so that a server collects no zombie processes.
            Thread(target=process.wait, daemon=True).start()
            return process
        if ended is not None:
            break
        time.sleep(0.1)
    else:
        # Kill the worker: its run must not start later, when the week is triggered again.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else "the worker printed nothing"
    raise PipelineError(
        f"the run did not start: {last}. Fix the cause and trigger the week again (log: {log})"
    )


def wait_for(instance: dg.DagsterInstance, run_id: str) -> Execution:
    """Wait until a run is over, and return it."""
    while True:
        execution = execution_of(instance, run_id)
        if execution.is_over:
            return execution
        time.sleep(POLL_SECONDS)


def wait_for_all(instance: dg.DagsterInstance, started: Started) -> list[Execution]:
    """Wait until the worker has ended, and return the triggered run and its followers, in order."""
    started.worker.wait()
    # The outer process ends the runs of a dead inner one, but it may have been killed itself.
    end_dead_runs(instance)
    first = wait_for(instance, started.run_id)
    followers = instance.get_runs(dg.RunsFilter(tags={FOLLOWS: started.run_id}))
    return [first, *(execution_of(instance, run.run_id) for run in reversed(followers))]
