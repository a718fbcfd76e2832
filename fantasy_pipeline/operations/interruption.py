"""Ctrl-C and SIGTERM: both interrupt a command, and its exit code tells which of them it was.

Dagster handles both signals itself while it executes a run: it ends the run, raises nothing, and
forgets a signal that arrives between two steps. Python writes the numbers of all signals to a pipe,
also of those that Dagster handles, so this module reads them there.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_pipe: list[int] = []
_seen: list[int] = []


def listen() -> None:
    """Make SIGTERM raise KeyboardInterrupt, as Ctrl-C does, and take note of both from now on."""
    if _pipe:
        return
    _pipe.extend(os.pipe())
    for end in _pipe:
        os.set_blocking(end, False)
    signal.set_wakeup_fd(_pipe[1], warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def note(number: int) -> None:
    """Take note of a signal whose number somebody else reads, e.g. an event loop."""
    _seen.append(number)


def received() -> int | None:
    """Return the number of the first signal that interrupted this process; None without one."""
    if _pipe:
        with suppress(BlockingIOError):
            _seen.extend(os.read(_pipe[0], 4096))
    return next((number for number in _seen if number in _SIGNALS), None)


def check() -> None:
    """Raise KeyboardInterrupt if a signal has interrupted this process."""
    if received() is not None:
        raise KeyboardInterrupt
