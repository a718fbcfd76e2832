"""Ending runs whose process is gone: a killed one cannot say itself that its run is over.

Left alone, such a run looks busy: its week is refused, and it takes one of the places for runs.
Only a process that this one could see is judged; in doubt a run is left alone.
"""

from __future__ import annotations

import os
import socket
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fantasy_pipeline.orchestration.runs.import_state import IN_PROGRESS

if TYPE_CHECKING:
    import dagster as dg

PROCESS_TAG = "process"
"""On runs that our own processes execute: which process it is."""
_STARTED = "Started process for run"
# The clock of the events and that of the kernel may be set apart by this much.
_SLACK_SECONDS = 10


class Process(NamedTuple):
    """A process, in words that no other one has.

    Args:
        boot: when the machine was started; ``-`` where the system does not tell.
        namespace: within which the process id holds, a container's for instance.
        started: in ticks since the machine was started.
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
        """None for what is no such tag."""
        match text.split(" "):
            case [host, boot, namespace, pid, started] if pid.isdigit():
                return cls(host, boot, namespace, int(pid), started)
        return None

    def is_of(self, other: Process) -> bool:
        """Whether both see the same process ids."""
        return self[:3] == other[:3]


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    stat = _stat(pid)
    return Process(*_place(), pid, stat.started if stat else "-")


@cache
def _place() -> tuple[str, str, str]:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        boot = namespace = "-"
    return socket.gethostname().replace(" ", "-"), boot, namespace


class _Stat(NamedTuple):
    state: str
    started: str


def _stat(pid: int) -> _Stat | None:
    """What the kernel says of a process; None if it does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in brackets, may have brackets and blanks in it.
    fields = text.rpartition(")")[2].split()
    return _Stat(fields[0], fields[19])


def _exists(pid: int) -> bool:
    """Whether there is such a process, also one of another user's; a zombie is none."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    stat = _stat(pid)
    return stat is None or stat.state not in "ZX"


def is_gone(process: Process) -> bool:
    """Whether a process is certain to have ended."""
    here = this_process()
    if process.host != here.host or process.host.startswith("localhost"):
        return False
    if process.boot != here.boot:
        return "-" not in (process.boot, here.boot)
    if not process.is_of(here):
        return False
    stat = _stat(process.pid)
    is_other = stat is not None and process.started != "-" and stat.started != process.started
    return is_other or not _exists(process.pid)


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """End the runs whose process is gone.

    Returns:
        Their ids. Those that the daemon launched are run again, if Dagster is told to.
    """
    import dagster as dg

    begun = [status for status in IN_PROGRESS if status != dg.DagsterRunStatus.QUEUED]
    return [
        run.run_id
        for run in instance.get_runs(dg.RunsFilter(statuses=begun))
        if (why := _why_dead(instance, run)) and end_run(instance, run.run_id, why)
    ]


def _why_dead(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    # One that the UI re-executes has the tag of the first one, but runs elsewhere.
    if run.remote_job_origin is None and (text := run.tags.get(PROCESS_TAG)):
        process = Process.from_tag(text)
        gone = process is not None and is_gone(process)
        return f"Its process (pid {process.pid}) died." if process and gone else None
    # Those that the daemon launched tell no host: it is this one if the history is in its files.
    if not instance.is_persistent or "Sqlite" not in repr(instance.get_ref().run_storage_data):
        return None
    pid = _launched_pid(instance, run.run_id)
    return f"Its process (pid {pid}) died." if pid else None


def _launched_pid(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """Process id of a run that the daemon launched, if that process is gone."""
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
    # Another process may have got the number: it is younger than all that the run's own one said.
    stat, latest = _stat(pids[-1]), max(entry.timestamp for entry in logs)
    is_other = stat is not None and _moment(stat) > latest + _SLACK_SECONDS
    return pids[-1] if is_other else None


def _moment(stat: _Stat) -> float:
    """When a process was started, in seconds of the clock."""
    ago = time.clock_gettime(time.CLOCK_BOOTTIME) - int(stat.started) / os.sysconf("SC_CLK_TCK")
    return time.time() - ago


def end_runs_of(instance: dg.DagsterInstance, pid: int, why: str) -> None:
    """End the runs of a process of this machine that is known to have ended."""
    import dagster as dg

    here = this_process()
    for run in instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS)):
        process = Process.from_tag(run.tags.get(PROCESS_TAG, ""))
        is_ours = run.remote_job_origin is None and process is not None and process.is_of(here)
        if process is not None and is_ours and process.pid == pid:
            end_run(instance, run.run_id, why)


def end_run(instance: dg.DagsterInstance, run_id: str, why: str) -> bool:
    """End a run whose process is gone, unless it has ended by itself."""
    import dagster as dg

    from fantasy_pipeline.orchestration.runs.history import execution_of
    from fantasy_pipeline.orchestration.runs.record import try_to_record

    # Read after its process was found gone: whatever that wrote last is seen.
    run = instance.get_run_by_id(run_id)
    if run is None or run.is_finished:
        return False
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, why)
    else:
        instance.report_run_failed(run, why)
    try_to_record(execution_of(instance, run_id))
    return True
