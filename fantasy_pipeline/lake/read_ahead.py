"""Fetch objects in the background that a run reads later, so that it waits for few of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from fantasy_pipeline.lake.s3 import CONNECTIONS

_OTHERS = 4
"""Connections that are left for what the run reads and writes meanwhile."""


class ReadAhead:
    """The objects that this process fetches in the background, by address and name."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(CONNECTIONS - _OTHERS)
        self._pending: dict[tuple[str, str], Future[None]] = {}

    def start(self, address: str, names: Iterable[str], fetch: Callable[[str], None]) -> None:
        """Begin to fetch objects, in this order; `fetch` raises nothing."""
        for name in names:
            key = (address, name)
            if key not in self._pending or self._pending[key].done():
                self._pending[key] = self._pool.submit(fetch, name)

    def settle(self, address: str, name: str) -> None:
        """Wait for an object that is on its way; drop it if it has not been requested yet.

        Call this before an object is read or written: an answer that arrives after a write would
        replace the new content in the cache.
        """
        pending = self._pending.get((address, name))
        if pending is not None and not pending.cancel():
            wait([pending])
        self._pending.pop((address, name), None)


READ_AHEAD = ReadAhead()
"""The requests of this process."""
