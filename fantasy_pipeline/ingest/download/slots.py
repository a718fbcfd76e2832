"""The limit on downloads at a time, over all processes of this machine.

Dagster's pool counts only the runs of its queue. The slots also count runs of the command line,
and every other process that downloads the schedule of games.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from fantasy_pipeline.lake.locks import Timeout, locked

SLOTS_FOLDER = "slots"
"""Name of the folder with the slots' lock files, inside the cache of downloads."""
SLOTS = 2
"""Downloads at a time; upstream is a free service, so the number is low."""
_POLL_SECONDS = 0.05


@contextlib.contextmanager
def upstream_slot(folder: Path, deadline: float) -> Iterator[None]:
    """Hold one of the `SLOTS` download slots within the context.

    A slot is a locked file; the operating system frees the lock of a process that dies.

    Args:
        folder: folder of the lock files.
        deadline: end of the wait for a slot, by `time.monotonic`.

    Raises:
        TimeoutError: no slot became free before the deadline.
    """
    with contextlib.ExitStack() as stack:
        while not _take_slot(folder, stack):
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(_POLL_SECONDS)
        yield


def _take_slot(folder: Path, stack: contextlib.ExitStack) -> bool:
    """Lock a free slot until the stack closes, and return whether there was one."""
    for number in range(SLOTS):
        with contextlib.suppress(Timeout):
            stack.enter_context(locked(folder / f"slot-{number}.lock", 0))
            return True
    return False
