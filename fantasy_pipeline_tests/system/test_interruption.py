"""Commands that a person or a service manager stops: one line, the exit code, no process left."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fantasy_pipeline.cli.program import INTERRUPTED

pytestmark = pytest.mark.slow

LONGEST = 120
"""Seconds that a test waits for something at most."""


class Terminal:
    """The command line in a terminal of its own, which sends what is typed there."""

    def __init__(self, home: Path, *words: str) -> None:
        self._screen, screen = pty.openpty()
        self.shown = b""
        self.process = subprocess.Popen(
            # The shell makes the terminal the one that controls the command, for Ctrl-C.
            [sys.executable, "-c", _IN_TERMINAL, *words],
            env={**os.environ, "DAGSTER_HOME": str(home), "FANTASY_SOURCE": "sample"},
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
        )
        os.close(screen)

    def until(self, text: bytes) -> None:
        """Wait until the screen shows a text."""
        deadline = time.monotonic() + LONGEST
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self._read()

    def type(self, key: bytes) -> None:
        os.write(self._screen, key)

    def end(self) -> int:
        """Wait for the command and return its exit code."""
        code = self.process.wait(LONGEST)
        while self._read():
            """The rest of what it printed."""
        os.close(self._screen)
        return code

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
