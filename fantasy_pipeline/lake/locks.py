"""Locks between processes: lock files whose modification time is the moment they were taken.

The operating system frees the lock of a process that dies, so a held lock has a live holder.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["LOOK_SECONDS", "Timeout", "held", "locked"]

LOOK_SECONDS = 0.05
"""Pause after a look that finds a lock held. `held` keeps a free lock for far less than that."""


@contextmanager
def locked(path: Path, seconds: float = -1) -> Iterator[None]:
    """Hold a lock while the context is open.

    Args:
        path: the lock file. Its modification time becomes the moment the lock was taken.
        seconds: longest wait for the lock; below 0, wait without limit.

    Raises:
        Timeout: another process still holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path, timeout=seconds):
        os.utime(path)
        yield


def held(paths: Iterable[Path]) -> Iterator[tuple[Path, datetime]]:
    """Return the lock files that are held now, each with the moment it was taken, UTC.

    Args:
        paths: lock files, or folders of lock files. A file that does not exist is not held.
    """
    for given in paths:
        for path in sorted(given.iterdir()) if given.is_dir() else [given]:
            # A second look: a process that just took the lock has not set the time yet.
            if _is_held(path) and _is_held(path):
                with suppress(FileNotFoundError):
                    yield path, datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)


def _is_held(path: Path) -> bool:
    """Return whether a process holds a lock; wait `LOOK_SECONDS` if so.

    A shared lock does not stand in the way of other looks.
    """
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(LOOK_SECONDS)
        return True
    except OSError:
        # The file was removed in the meantime, or this user may not open it.
        return False
    return False
