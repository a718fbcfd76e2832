"""How many downloads ask upstream at a time, over all processes of this machine.

Dagster's pool counts the runs of its queue only. Here runs of the command line count as well, and
whoever else looks at the schedule of games.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from fantasy_pipeline.lake.locks import Timeout, locked

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
    with contextlib.ExitStack() as stack:
        while not _take_slot(folder, stack):
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(_POLL_SECONDS)
        yield


def _take_slot(folder: Path, stack: contextlib.ExitStack) -> bool:
    """Lock a slot until the stack ends; False if all are held."""
    for number in range(SLOTS):
        with contextlib.suppress(Timeout):
            stack.enter_context(locked(folder / f"slot-{number}.lock", 0))
            return True
    return False
