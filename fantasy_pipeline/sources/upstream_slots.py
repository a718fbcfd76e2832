"""How many downloads ask upstream at a time, over all processes of this machine.

Dagster's pool counts the runs of its queue only. Here runs of the command line count as well, and
whoever else looks at the schedule of games.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

SLOTS_FOLDER = "slots"
"""In the cache of downloads."""
SLOTS = 2
"""Upstream is a free service."""
_POLL_SECONDS = 0.05


@contextlib.contextmanager
def upstream_slot(folder: Path, deadline: float) -> Iterator[None]:
    """Hold one of the slots: locked files in `folder`, of which the system frees a dead holder's.

    Args:
        deadline: of the wait, by `time.monotonic`.

    Raises:
        TimeoutError: no slot became free.
    """
    folder.mkdir(parents=True, exist_ok=True)
    while (lock := _free_slot(folder)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


def _free_slot(folder: Path) -> FileLock | None:
    """A slot, locked; None if all are held."""
    for number in range(SLOTS):
        lock = FileLock(folder / f"slot-{number}.lock")
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
            # Since when it is held, for whoever looks.
            os.utime(lock.lock_file)
            return lock
    return None
