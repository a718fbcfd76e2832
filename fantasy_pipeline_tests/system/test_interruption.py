"""Commands that a person or a service manager stops: one line, the exit code, no process left."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.cli.program import INTERRUPTED
from fantasy_pipeline.orchestration.runs.history import Execution, executions
from fantasy_pipeline_tests.system.watching import new_home
from fantasy_pipeline_tests.waiting import until

pytestmark = pytest.mark.slow

LONGEST = 300
"""Seconds that a test waits for something at most."""


def heed_ctrl_c() -> None:
    """Let a new process heed Ctrl-C, also where a shell started the tests with &."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """The command line in a terminal of its own, which sends what is typed there."""

    def __init__(self, home: Path, *words: str) -> None:
        self._screen, screen = pty.openpty()
        self.shown = b""
        self._follower: threading.Thread | None = None
        self.process = subprocess.Popen(
            # The shell makes the terminal the one that controls the command, for Ctrl-C.
            [sys.executable, "-c", _IN_TERMINAL, *words],
            env={**os.environ, "DAGSTER_HOME": str(home), "FANTASY_SOURCE": "sample"},
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
            preexec_fn=heed_ctrl_c,
        )
        os.close(screen)

    def until(self, text: bytes) -> None:
        """Wait until the screen shows a text."""
        deadline = time.monotonic() + LONGEST
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self._read()

    def follow(self) -> None:
        """Read the screen from now on, so that the command can go on printing."""
        self._follower = threading.Thread(target=self._read_all)
        self._follower.start()

    def type(self, key: bytes) -> None:
        os.write(self._screen, key)

    def end(self) -> int:
        """Wait for the command and return its exit code."""
        try:
            code = self.process.wait(LONGEST)
        finally:
            self.process.kill()
        if self._follower is None:
            self._read_all()
        else:
            self._follower.join(LONGEST)
        os.close(self._screen)
        return code

    def _read_all(self) -> None:
        while self._read():
            """Read on."""

    def _read(self) -> bytes:
        try:
            found = os.read(self._screen, 2**16)
        # Linux reports the end of a terminal whose program has ended as an error.
        except OSError:
            return b""
        self.shown += found
        return found


_IN_TERMINAL = """
import fcntl, runpy, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.argv[0] = "fantasy-pipeline"
runpy.run_module("fantasy_pipeline.cli", run_name="__main__")
"""

ENDLESS = "select count(*) from range(1000000000) a, range(1000000000) b where a.range % 7 = 3"


def test_ctrl_c_stops_a_query(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "sql", ENDLESS)
    # DuckDB states the share that is done once it computes.
    terminal.until(b"ETA")
    terminal.type(b"\x03")
    assert terminal.end() == INTERRUPTED
    assert b"Traceback" not in terminal.shown


Begin = Callable[..., subprocess.Popen[str]]
BACKFILL = ("backfill", "--seasons", "2023-2025")
RUN = ("run", "--season", "2025", "--week", "5")
RESUME = "Interrupted. Run the same command again to resume."


@pytest.fixture
def home(tmp_path: Path, with_history: Callable[[Path], Path]) -> Path:
    """Return a home whose history exists: the command and the test must not both make it."""
    return with_history(new_home(tmp_path / "home"))


def started(home: Path, job: str) -> None:
    """Wait until a step of a job works."""

    def works() -> bool:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            return any(
                entry.dagster_event is not None and entry.dagster_event.is_step_start
                for run in instance.get_runs(dg.RunsFilter(job_name=job))
                for entry in instance.all_logs(run.run_id)
            )

    until(works, f"{job} works")


def runs_of(home: Path, job: str) -> list[Execution]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        found = list(executions(instance, job=job))
        for execution in found:
            assert execution.result
        return found


def processes_of(session: int) -> dict[int, str]:
    """Command lines of the processes of a session that have not ended, by process id."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in "ZX":
                found[int(entry.name)] = (entry / "cmdline").read_text()
        except (OSError, ValueError, IndexError):
            continue
    return found


def assert_interrupted(home: Path, job: str) -> None:
    """The runs of a job have ended, at least one of them because it was interrupted."""
    found = runs_of(home, job)
    assert all(execution.is_over for execution in found)
    errors = [execution.result["errors"] for execution in found if execution.status == "failure"]
    assert errors
    assert {text for lines in errors for text in lines} == {"the run was interrupted"}


@pytest.fixture
def begin(home: Path) -> Iterator[Begin]:
    """Return a function that starts a program as a service manager does, without a terminal.

    Each program has a session of its own. What is left of it after the test is killed.
    """
    begun: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> subprocess.Popen[str]:
        begun.append(_begin(home, *words))
        return begun[-1]

    yield begin
    for process in begun:
        for pid in processes_of(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _begin(home: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words,
        env={**os.environ, "DAGSTER_HOME": str(home), "FANTASY_SOURCE": "sample"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
    )


CLI = (sys.executable, "-m", "fantasy_pipeline.cli")


@pytest.mark.parametrize(
    ("words", "job", "line"),
    [(BACKFILL, "season_ingest", RESUME), (RUN, "whole_week", "Interrupted.")],
)
def test_ctrl_c_ends_a_command_in_one_line(
    home: Path, words: tuple[str, ...], job: str, line: str
) -> None:
    terminal = Terminal(home, *words)
    terminal.follow()
    started(home, job)
    terminal.type(b"\x03")
    assert terminal.end() == INTERRUPTED
    assert terminal.shown.decode().rstrip().endswith(line)
    assert b"Traceback" not in terminal.shown
    assert b"watch_orphans" not in terminal.shown
    until(lambda: not processes_of(terminal.process.pid), "no process is left")
    assert_interrupted(home, job)


@pytest.mark.parametrize(
    ("words", "job", "line"),
    [(BACKFILL, "season_ingest", RESUME), (RUN, "whole_week", "Interrupted.")],
)
def test_sigterm_ends_a_command_and_its_workers(
    home: Path, begin: Begin, words: tuple[str, ...], job: str, line: str
) -> None:
    """Only the command gets the signal, as from `kill`."""
    process = begin(*CLI, *words, "--json")
    started(home, job)
    process.terminate()
    out, err = process.communicate(timeout=LONGEST)
    assert (process.returncode, out) == (128 + signal.SIGTERM, "")
    assert [text for text in err.splitlines() if not text.startswith("Data: ")] == [line]
    until(lambda: not processes_of(process.pid), "no process is left")
    assert_interrupted(home, job)


def test_a_killed_command_leaves_no_worker(home: Path, begin: Begin) -> None:
    process = begin(*CLI, *BACKFILL)
    started(home, "season_ingest")
    process.kill()
    process.communicate(timeout=LONGEST)
    until(lambda: not processes_of(process.pid), "no process is left")


def test_an_interrupted_backfill_leaves_no_process_while_the_server_starts(begin: Begin) -> None:
    process = begin(*CLI, *BACKFILL)
    until(lambda: "forkserver" in "".join(processes_of(process.pid).values()), "the server starts")
    process.terminate()
    _, err = process.communicate(timeout=LONGEST)
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in err
    until(lambda: not processes_of(process.pid), "no process is left")


def test_timeout_ends_a_backfill(home: Path, begin: Begin) -> None:
    """`timeout` signals the command first, and then its process group."""
    process = begin("timeout", "--preserve-status", "1000", *CLI, *BACKFILL)
    started(home, "season_ingest")
    # It passes the signal on as when the time is over.
    process.terminate()
    _, err = process.communicate(timeout=LONGEST)
    assert process.returncode == 128 + signal.SIGTERM
    assert err.splitlines()[-1] == RESUME
    assert "Traceback" not in err
    until(lambda: not processes_of(process.pid), "no process is left")
    assert_interrupted(home, "season_ingest")


def test_a_service_manager_ends_a_backfill(home: Path, begin: Begin) -> None:
    """systemd signals every process of the service."""
    process = begin(*CLI, *BACKFILL)
    started(home, "season_ingest")
    for pid in processes_of(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    _, err = process.communicate(timeout=LONGEST)
    assert process.returncode == 128 + signal.SIGTERM
    assert err.splitlines()[-1] == RESUME
    assert "Traceback" not in err
    until(lambda: not processes_of(process.pid), "no process is left")
