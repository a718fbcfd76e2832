"""Ends runs whose process died: a killed process cannot mark its own run as failed.

Without this, such a run stays "running": `trigger` refuses its week, and the run uses one of the
slots for concurrent runs. A run is ended only if its process has certainly died. Processes
of other hosts and containers are invisible from here, so their runs are left alone.
"""

from __future__ import annotations

import os
import socket
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

import dagster as dg

from fantasy_pipeline.orchestration.runs.history import execution_of
from fantasy_pipeline.orchestration.runs.import_state import IN_PROGRESS
from fantasy_pipeline.orchestration.runs.record import try_to_record
from fantasy_pipeline.orchestration.runs.tags import PROCESS, internal

_STARTED = "Started process for run"
# The clocks of the events and of the kernel may differ by this much.
_SLACK_SECONDS = 10


class Process(NamedTuple):
    """Identity of a process, unique across hosts, containers and reboots.

    Args:
        boot: id of the machine's boot; ``-`` where the system has none.
        namespace: namespace of the process id, such as a container's.
        started: start of the process, in clock ticks since the boot.
    """

    host: str
    boot: str
    namespace: str
    pid: int
    started: str

    @property
    def tag(self) -> str:
        return " ".join(str(value) for value in self)

    @classmethod
    def from_tag(cls, text: str) -> Process | None:
        """Return the process that a tag names; None if the text is not such a tag."""
        match text.split(" "):
            case [host, boot, namespace, pid, started] if pid.isdigit():
                return cls(host, boot, namespace, int(pid), started)
        return None

    def shares_pids(self, other: Process) -> bool:
        """Return True if both processes see the same process ids."""
        return self[:3] == other[:3]


def this_process() -> Process:
    """Return the identity of the calling process."""
    pid = os.getpid()
    stat = _stat(pid)
    return Process(*_host_boot_namespace(), pid, stat.started if stat else "-")


@cache
def _host_boot_namespace() -> tuple[str, str, str]:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        boot = namespace = "-"
    return socket.gethostname().replace(" ", "-"), boot, namespace


def process_tag(run_id: str, process: Process) -> dict[str, str]:
    """Return the tag of a run that a process of this project executes.

    The value names the run too: when the UI re-executes the run, the new run has the same tag but
    another process.
    """
    return {PROCESS: f"{run_id} {process.tag}"}


def process_of(run: dg.DagsterRun) -> Process | None:
    """Return the process of this project that executes a run; None for a run of the daemon."""
    text = internal(run.tags, PROCESS) or ""
    run_id, _, process = text.partition(" ")
    if run_id == run.run_id:
        return Process.from_tag(process)
    # In early versions the tag did not name the run, and only runs of the daemon had an origin.
    return Process.from_tag(text) if run.remote_job_origin is None else None


class _Stat(NamedTuple):
    state: str
    started: str


def _stat(pid: int) -> _Stat | None:
    """Return the kernel's record of a process; None if the kernel has none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the name in brackets, which may itself contain brackets and blanks.
    fields = text.rpartition(")")[2].split()
    return _Stat(fields[0], fields[19])


def _exists(pid: int) -> bool:
    """Return True if a process exists, of any user; a zombie does not count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    stat = _stat(pid)
    return stat is None or stat.state not in "ZX"


def is_gone(process: Process) -> bool:
    """Return True if a process is certain to have ended."""
    here = this_process()
    if process.host != here.host or process.host.startswith("localhost"):
        return False
    if process.boot != here.boot:
        return "-" not in (process.boot, here.boot)
    if not process.shares_pids(here):
        return False
    stat = _stat(process.pid)
    is_other = stat is not None and process.started != "-" and stat.started != process.started
    return is_other or not _exists(process.pid)


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
    if not _exists(pids[-1]):
        return pids[-1]
    # The system may have given the id to another process, which started after the run's last event.
    stat, latest = _stat(pids[-1]), max(entry.timestamp for entry in logs)
    is_other = stat is not None and _moment(stat) > latest + _SLACK_SECONDS
    return pids[-1] if is_other else None


def _moment(stat: _Stat) -> float:
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
