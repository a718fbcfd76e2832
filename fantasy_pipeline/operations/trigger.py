"""Starting a run for a week from outside: by hand or over HTTP. The run is a process of its own.

No daemon is needed, and the run survives the end of the command or server that asked for it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import check_week, is_over
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.lake.locks import Timeout, locked
from fantasy_pipeline.operations.session import TRIGGER_LOCK, Session

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from fantasy_pipeline.orchestration.runs.history import Execution

START_SECONDS = 90
"""How long a worker may take until its run exists."""


POLL_SECONDS = 0.5


class AlreadyRunningError(PipelineError):
    """The week is being imported or projected; `run_id` is the run that does it."""

    def __init__(self, week: SeasonWeek, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(f"{week} is already running: run {run_id}.")


class Started(NamedTuple):
    """A triggered run, which exists and goes on by itself, and its worker."""

    run_id: str
    worker: subprocess.Popen[bytes]


def trigger(session: Session, week: SeasonWeek, by: str) -> str:
    """`start`; returns the run's id."""
    return start(session, week, by).run_id


def start(session: Session, week: SeasonWeek, by: str) -> Started:
    """Start importing and projecting a week, or projecting one that is yet to be played.

    The week to follow is projected, and the reports are written, by runs of their own.

    Args:
        by: ``manual`` or ``api``.

    Raises:
        NoSuchWeekError: the schedule has no such week.
        AlreadyRunningError: the same week is running or queued.
        PipelineError: the worker did not start.
    """
    from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs
    from fantasy_pipeline.orchestration.runs.import_state import WEEK_JOBS, running_weeks

    games = session.known_games
    check_week(games, week)
    now = session.present
    is_played = any(is_over(g, now) for g in games if (g.season, g.week) == week)
    job = "whole_week" if is_played else "weekly_projections"
    run_id = str(uuid4())
    arguments = [job, session.source, week.key, run_id, by, now.isoformat()]
    try:
        # From the question whether the week is running until its run can be seen.
        with locked(session.home / TRIGGER_LOCK, START_SECONDS):
            end_dead_runs(session.instance)
            running = running_weeks(session.instance, WEEK_JOBS, session.source).get(week)
            if running is not None:
                raise AlreadyRunningError(week, running.run_id)
            worker = _start(session, run_id, arguments)
    except Timeout:
        raise PipelineError(
            f"{week}: other runs have been starting for {START_SECONDS} s. Try again."
        ) from None
    return Started(run_id, worker)


def _start(session: Session, run_id: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    instance = session.instance
    log = session.home / "logs" / f"trigger-{run_id[:8]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "fantasy_pipeline.operations.worker", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Not this process's: a server has sessions of more than one home.
            env={**os.environ, "DAGSTER_HOME": str(session.home)},
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        # Before the run: a short one may be over by now.
        ended = process.poll()
        if instance.get_run_by_id(run_id) is not None:
            # A server must not collect zombies.
            Thread(target=process.wait, daemon=True).start()
            return process
        if ended is not None:
            break
        time.sleep(0.1)
    else:
        # It must not start later, beside one that is asked for again.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else "it said nothing"
    raise PipelineError(
        f"the run did not start: {last}. Mend that and trigger it again (log: {log})"
    )


def wait_for(instance: DagsterInstance, run_id: str) -> Execution:
    """Wait until a run is over."""
    from fantasy_pipeline.orchestration.runs.history import execution_of

    while True:
        execution = execution_of(instance, run_id)
        if execution.is_over:
            return execution
        time.sleep(POLL_SECONDS)


def wait_for_all(instance: DagsterInstance, started: Started) -> list[Execution]:
    """Wait until the worker has ended: the triggered run, then those that followed it, in order."""
    import dagster as dg

    from fantasy_pipeline.operations.week_runs import FOLLOWS
    from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs
    from fantasy_pipeline.orchestration.runs.history import execution_of

    started.worker.wait()
    # The worker says so itself if a run of it died, but it may have been killed too.
    end_dead_runs(instance)
    first = wait_for(instance, started.run_id)
    followers = instance.get_runs(dg.RunsFilter(tags={FOLLOWS: started.run_id}))
    return [first, *(execution_of(instance, run.run_id) for run in reversed(followers))]
