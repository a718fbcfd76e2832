"""Wait for something that another thread or process does, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

LONGEST_SECONDS = 900
"""Ends a test that hangs. No test takes so long, not even on a loaded machine."""

T = TypeVar("T")


def until(ready: Callable[[], T], what: str, pause: float = 0.02) -> T:
    """Return the first true result of `ready`, which is called until then.

    Args:
        what: what is waited for, for the error.
        pause: seconds between two calls.

    Raises:
        AssertionError: there was no true result within `LONGEST_SECONDS`.
    """
    deadline = time.monotonic() + LONGEST_SECONDS
    while not (found := ready()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {LONGEST_SECONDS} s in vain until {what}")
        time.sleep(pause)
    return found
