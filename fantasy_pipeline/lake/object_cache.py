"""Objects that this process has read from object storage, with the version of each (ETag).

An object whose version the storage confirms is not transferred again.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

_MAX_BYTES = 128 * 2**20
"""The weeks of ten seasons have 60 MB; a cache of less would be emptied by each pass over them."""


class Version(NamedTuple):
    """An object's content, and the storage's name of this version."""

    etag: str
    content: bytes


class ObjectCache:
    """The objects read last, up to a number of bytes; for several threads."""

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._versions: OrderedDict[tuple[str, str], Version] = OrderedDict()
        self._lock = Lock()

    def get(self, address: str, name: str) -> Version | None:
        """Return the version that is kept of an object."""
        with self._lock:
            if (address, name) in self._versions:
                self._versions.move_to_end((address, name))
            return self._versions.get((address, name))

    def keep(self, address: str, name: str, version: Version | None) -> None:
        """Keep a version in place of the earlier one; None: keep none."""
        with self._lock:
            if old := self._versions.pop((address, name), None):
                self._bytes -= len(old.content)
            if version is None or len(version.content) > self._max_bytes:
                return
            self._versions[address, name] = version
            self._bytes += len(version.content)
            while self._bytes > self._max_bytes:
                self._bytes -= len(self._versions.popitem(last=False)[1].content)


CACHE = ObjectCache()
"""The cache of this process."""
