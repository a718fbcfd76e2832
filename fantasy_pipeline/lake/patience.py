"""Waiting for servers that fail: how long for one answer, and which servers not to wait for again.

A command makes many requests, and several layers try again. Without a common memory of failures,
each of them would wait anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REMEMBERED_SECONDS = 8.0
"""A server that was given up is not asked again for so long."""

_seconds: ContextVar[float | None] = ContextVar("seconds", default=None)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait so long for each answer of a server, its attempts included; for small answers only."""
    token = _seconds.set(seconds)
    try:
        yield
    finally:
        _seconds.reset(token)


def set_seconds() -> float | None:
    """Return the seconds of the innermost `patience`; None outside."""
    return _seconds.get()


class Outage:
    """Failures of one server that follow one another, as this process has seen them.

    Args:
        longest: seconds from the start of the first failed request after which the server is given
            up.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._since = self._last = -float("inf")
        self.reason = ""

    def add(self, reason: str, waited: float = 0.0) -> None:
        """Add a failed request, which took so many seconds."""
        now = time.monotonic()
        begun = now - waited
        is_new = begun - self._last >= REMEMBERED_SECONDS
        self._since = begun if is_new else min(self._since, begun)
        self._last = now
        self.reason = reason

    def end(self) -> None:
        """Forget the failures: the server has answered."""
        self._since = self._last = -float("inf")

    @property
    def is_lasting(self) -> bool:
        """Return whether the server was given up moments ago."""
        is_remembered = time.monotonic() - self._last < REMEMBERED_SECONDS
        return is_remembered and self._last - self._since >= self._longest
