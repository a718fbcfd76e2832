"""Locks between processes: files that say since when they are held, for whoever looks after them.

The system frees the lock of a process that dies; a lock that is held has a live holder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["Timeout", "held", "locked"]


@contextmanager
def locked(path: Path, seconds: float = -1) -> Iterator[None]:
    """Hold a lock; its file's time is the moment it was taken.

    Args:
        seconds: how long to wait for it; below 0: as long as it takes.

    Raises:
        Timeout: another process still holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path, timeout=seconds):
        os.utime(path)
        yield


def held(places: Iterable[Path]) -> Iterator[tuple[Path, datetime]]:
    """Locks that are held now, and since when.

    Args:
        places: lock files, or folders of them; those that do not exist are free.
    """
    for place in places:
        for path in sorted(place.iterdir()) if place.is_dir() else [place]:
            if not path.is_file():
                continue
            taken = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
            try:
                with FileLock(path, timeout=0):
                    pass
            except Timeout:
                yield path, taken
            except OSError:
                # Gone meanwhile, or not ours to open.
                continue
