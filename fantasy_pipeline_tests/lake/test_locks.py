"""Locks between processes: what is said of a lock while others take, free and look at it."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from filelock import FileLock

from fantasy_pipeline.lake.locks import held, locked
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

LOOKS = 2000


def test_looks_at_a_free_lock_do_not_see_each_other(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    os.utime(path, (0, 0))

    def look(_: int) -> int:
        return sum(len(list(held([path]))) for _ in range(LOOKS))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(look, range(2))) == [0, 0]


def test_a_look_does_not_stand_in_the_way_of_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(lambda: [list(held([path])) for _ in range(LOOKS)])
        taken = 0
        while not looking.done():
            # Raises Timeout if a look keeps the lock; a look may have to wait for its turn.
            with locked(path, LONGEST_SECONDS):
                taken += 1
    assert taken


def test_a_lock_that_was_just_taken_has_no_old_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process takes the lock before the look, and sets the time of the file after it."""
    path = tmp_path / "lock"
    path.touch()
    os.utime(path, (0, 0))
    before = datetime.now(timezone.utc) - timedelta(hours=1)
    with FileLock(path):
        monkeypatch.setattr(time, "sleep", lambda seconds: os.utime(path))
        ((_, taken),) = held([path])
    assert taken > before
