"""Answers that many requests share for seconds, so that readers do not slow down a backfill."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

SECONDS = 5.0
"""Seconds for which an answer is used again."""
LATE_SECONDS = 30.0
"""Seconds for which others get the old answer while one request makes a new one."""
MOST = 100
"""Answers that are kept; the one that was used longest ago is forgotten first."""


class _Made(NamedTuple, Generic[T]):
    value: T
    at: float


class Shared(Generic[T]):
    """Values by key, each made by the first request that needs it.

    Args:
        seconds: age from which a value is made again; 0: always.
    """

    def __init__(self, seconds: float = SECONDS, most: int = MOST) -> None:
        self._seconds = seconds
        self._most = most
        self._lock = Lock()
        self._made: OrderedDict[Hashable, _Made[T]] = OrderedDict()
        self._making: dict[Hashable, Future[T]] = {}

    def fresh(self, key: Hashable) -> T | None:
        """Return the value of a key without waiting; None if it must be made.

        While another request makes it, an old value is as good as a new one.
        """
        with self._lock:
            return self._usable(key)

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key, made by `make` unless a fresh one is kept.

        Requests that ask at the same time wait for one `make`; its error is raised for each of
        them and not kept.
        """
        with self._lock:
            if (value := self._usable(key)) is not None:
                return value
            making = self._making.get(key)
            if making is None:
                mine = self._making[key] = Future()
        if making is not None:
            return making.result()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._made[key] = _Made(value, time.monotonic())
            self._made.move_to_end(key)
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        mine.set_result(value)
        return value

    def _usable(self, key: Hashable) -> T | None:
        made = self._made.get(key)
        if made is None:
            return None
        age = time.monotonic() - made.at
        if age >= self._seconds + (LATE_SECONDS if key in self._making else 0.0):
            return None
        self._made.move_to_end(key)
        return made.value
