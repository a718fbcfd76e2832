"""End runs whose process died: a killed process cannot mark its own run as failed.

Without this, such a run stays "running": `trigger` refuses its week, and the run uses one of the
slots for concurrent runs. A run is ended only if its process has certainly died. Processes
of other hosts and containers are invisible from here, so their runs are left alone.
"""

from __future__ import annotations

import os
import time

import dagster as dg

from fantasy_pipeline.orchestration.runs.history import execution_of
from fantasy_pipeline.orchestration.runs.import_state import IN_PROGRESS
from fantasy_pipeline.orchestration.runs.processes import (
    Stat,
    exists,
    is_gone,
    process_of,
    stat_of,
    this_process,
)
from fantasy_pipeline.orchestration.runs.record import try_to_record

_STARTED = "Started process for run"
# The clocks of the events and of the kernel may differ by this much.
_SLACK_SECONDS = 10


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs whose process died as failed or canceled, and return their ids.

    Dagster runs those that the daemon launched again, if run retries are on.
    """
    begun = [status for status in IN_PROGRESS if status != dg.DagsterRunStatus.QUEUED]
    return [
        run.run_id
        for run in instance.get_runs(dg.RunsFilter(statuses=begun))
        if (why := _why_dead(instance, run)) and end_run(instance, run.run_id, why)
    ]


def _why_dead(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """Return why a run is dead; None if its process may be alive."""
    if (process := process_of(run)) is not None:
        return f"Its process (pid {process.pid}) died." if is_gone(process) else None
    # A run that the daemon launched names no host: it is this host if the history is in SQLite.
    if not instance.is_persistent or "Sqlite" not in repr(instance.get_ref().run_storage_data):
        return None
    pid = _launched_pid(instance, run.run_id)
    return f"Its process (pid {pid}) died." if pid else None


def _launched_pid(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """Return the process id of a run that the daemon launched; None if the process may be alive."""
    logs = instance.all_logs(run_id)
    pids = [
        int(str(entry.dagster_event.engine_event_data.metadata["pid"].value))
        for entry in logs
        if entry.dagster_event is not None
        and entry.dagster_event.is_engine_event
        and str(entry.message).startswith(_STARTED)
    ]
    if not pids:
        return None
    if not exists(pids[-1]):
        return pids[-1]
    # The system may have given the id to another process, which started after the run's last event.
    stat, latest = stat_of(pids[-1]), max(entry.timestamp for entry in logs)
    is_other = stat is not None and _moment(stat) > latest + _SLACK_SECONDS
    return pids[-1] if is_other else None


def _moment(stat: Stat) -> float:
    """Return when a process started, in seconds since the epoch."""
    ago = time.clock_gettime(time.CLOCK_BOOTTIME) - int(stat.started) / os.sysconf("SC_CLK_TCK")
    return time.time() - ago


def end_runs_of(instance: dg.DagsterInstance, pid: int, why: str) -> None:
    """End the runs of a process of this machine that is certain to have ended.

    Args:
        pid: id of the process.
        why: reason to store as the error of each run.
    """
    here = this_process()
    for run in instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS)):
        process = process_of(run)
        if process is not None and process.shares_pids(here) and process.pid == pid:
            end_run(instance, run.run_id, why)


def end_run(instance: dg.DagsterInstance, run_id: str, why: str) -> bool:
    """Mark a run whose process died as failed or canceled, and store its summary.

    Returns:
        False if the run had ended by itself.
    """
    # Read the run after its process was found dead: its last events are visible now.
    run = instance.get_run_by_id(run_id)
    if run is None or run.is_finished:
        return False
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, why)
    else:
        instance.report_run_failed(run, why)
    try_to_record(execution_of(instance, run_id))
    return True
