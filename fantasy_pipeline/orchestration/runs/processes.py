"""Tell which process executes a run, and whether that process has ended.

A process counts as ended only if that is certain. Processes of other hosts and containers are
invisible from here.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path
from typing import NamedTuple

import dagster as dg

from fantasy_pipeline.orchestration.runs.tags import PROCESS, internal


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
    stat = stat_of(pid)
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


class Stat(NamedTuple):
    state: str
    started: str


def stat_of(pid: int) -> Stat | None:
    """Return the kernel's record of a process; None if the kernel has none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the name in brackets, which may itself contain brackets and blanks.
    fields = text.rpartition(")")[2].split()
    return Stat(fields[0], fields[19])


def exists(pid: int) -> bool:
    """Return True if a process exists, of any user; a zombie does not count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    stat = stat_of(pid)
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
    stat = stat_of(process.pid)
    is_other = stat is not None and process.started != "-" and stat.started != process.started
    return is_other or not exists(process.pid)
