"""Answers that many requests share for seconds, so that readers do not slow down a backfill.

A stale answer is still served while a new one is built in the background, so that readers do
not wait.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from threading import BoundedSemaphore, Lock, Thread
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

SECONDS = 5.0
"""Seconds for which an answer is used again."""
_TIMES_COST, MOST_SECONDS = 10.0, 10.0
"""An answer is used for so many times the processor time that it took, up to some seconds: making
answers takes a tenth of a processor at most."""
RENEWED_SECONDS = 5.0
"""Further seconds for which a stale answer is served, while it is rebuilt in the background."""
LATE_SECONDS = 30.0
"""Seconds for which the old answer is given while a new one is being made."""
_RENEWALS = BoundedSemaphore(4)
"""Answers of the process that are made in the background at a time; requests make the others."""
MOST = 100
"""Answers that are kept; the one that was used longest ago is forgotten first."""


class _Made(NamedTuple, Generic[T]):
    value: T
    at: float
    """When it was made."""
    seconds: float
    """Age from which it is old."""


class Shared(Generic[T]):
    """Values by key, each made by the first request that needs it.

    Args:
        seconds: age from which a value is made again, unless it takes long to make; 0: always.
    """

    def __init__(self, seconds: float = SECONDS, most: int = MOST) -> None:
        self._seconds = seconds
        self._most = most
        self._lock = Lock()
        self._made: OrderedDict[Hashable, _Made[T]] = OrderedDict()
        self._making: dict[Hashable, Future[T]] = {}

    def fresh(self, key: Hashable, make: Callable[[], T] | None = None) -> T | None:
        """Return the value of a key without waiting; None if it must be made.

        While it is being made, an old value is as good as a new one.

        Args:
            make: makes a value that has just become old, in the background; None: the caller does.
        """
        with self._lock:
            value = self._usable(key)
            if value is not None or make is None or self._seconds <= 0:
                return value
            value = self._usable(key, RENEWED_SECONDS)
            if value is None or not _RENEWALS.acquire(blocking=False):
                return None
            mine = self._making[key] = Future()
        # In the request's context, which says how long to wait for a database.
        context = copy_context()
        arguments = (self._renew, key, mine, make)
        Thread(target=context.run, args=arguments, name="renewal", daemon=True).start()
        return value

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
        return making.result() if making is not None else self._make(key, mine, make)

    def forget(self) -> None:
        """Make every value anew when it is next asked for: what they are made from has changed."""
        with self._lock:
            self._made.clear()
            # What is being made now may not know of the change.
            self._making.clear()

    def _renew(self, key: Hashable, mine: Future[T], make: Callable[[], T]) -> None:
        try:
            # The next request that has to make the value meets the error again.
            with suppress(Exception):
                self._make(key, mine, make)
        finally:
            _RENEWALS.release()

    def _make(self, key: Hashable, mine: Future[T], make: Callable[[], T]) -> T:
        """Make and keep the value of a key, for which others wait in a future."""
        began = time.thread_time()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                self._is_made_by(mine, key)
            mine.set_exception(error)
            raise
        long = min(_TIMES_COST * (time.thread_time() - began), MOST_SECONDS)
        seconds = max(self._seconds, long) if self._seconds > 0 else 0.0
        with self._lock:
            if self._is_made_by(mine, key):
                self._made[key] = _Made(value, time.monotonic(), seconds)
                self._made.move_to_end(key)
                while len(self._made) > self._most:
                    self._made.popitem(last=False)
        mine.set_result(value)
        return value

    def _is_made_by(self, mine: Future[T], key: Hashable) -> bool:
        """End the making of a key; return False if it was forgotten meanwhile."""
        if self._making.get(key) is not mine:
            return False
        del self._making[key]
        return True

    def _usable(self, key: Hashable, more: float = 0.0) -> T | None:
        """Return the value of a key if it is not old; values are `more` seconds old at most."""
        made = self._made.get(key)
        if made is None:
            return None
        age = time.monotonic() - made.at
        if age >= made.seconds + (LATE_SECONDS if key in self._making else more):
            return None
        self._made.move_to_end(key)
        return made.value
