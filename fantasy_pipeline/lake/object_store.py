"""Storage of the lake's files as objects, e.g. on S3.

A request is tried again by `ObjectStore._request` alone: botocore and s3fs try once, because the
attempts of several layers multiply. (aiohttp connects again once if the server closes a
connection.) A request that fails ends within `SILENT_SECONDS` plus
`_RETRY_SECONDS`; one that moves bytes may take longer. Further requests of the process to the same
server then fail at once for some seconds, so that steps which do not depend on each other do not
each wait.

Requests cost most of the time of a lake that is far away. An object is transferred once per
process: later reads ask for it only if it has changed, in one request (a listing confirms the
versions of a whole table). The store of one run does not even ask: what the run has read or written
stays as it is, until the run takes a lock. A Dagster run lists the whole lake when it begins and
after each lock, and then transfers only what the process lacks. What its steps read later is
fetched in the background (`read_ahead`).
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from functools import cache
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pyarrow as pa

from fantasy_pipeline.errors import PipelineError, UnusableStorageError
from fantasy_pipeline.lake.copies import TEMPORARY, RemovedFileError, target
from fantasy_pipeline.lake.object_cache import CACHE, Version
from fantasy_pipeline.lake.patience import Outage, set_seconds
from fantasy_pipeline.lake.read_ahead import READ_AHEAD
from fantasy_pipeline.lake.s3 import (
    CONNECTIONS,
    OPTIONS,
    answer_to,
    end_thread_at_exit,
    passing_errors,
    send_at_once,
    session,
)
from fantasy_pipeline.settings import is_loopback

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_ATTEMPTS = 6
"""At a server that refuses at once, they take 3 to 6 s: a server may restart meanwhile."""
_RETRY_SECONDS = 6
"""No attempt starts later than this after the first one."""
_UNKNOWN = ""
"""Version of an object that the storage has not named; no object has it."""
_LEAST_OUTAGE_SECONDS = 0.5
"""A request that was given up sooner is tried again by the next one."""
_NOT_MODIFIED = 304
_PASSING_STATUS = (408, 429, 500, 502, 503, 504)


@cache
def _outage_of(server: str) -> Outage:
    """Return the failures of a server; one request that was given up is an outage."""
    return Outage(_LEAST_OUTAGE_SECONDS)


class ObjectStore:
    """Objects under an fsspec URL, e.g. ``s3://bucket/lake``.

    botocore reads the address and the credentials from the environment (``AWS_…``).

    Args:
        one_run: the store is that of one run, which reads each object once.
        lists_all: the run reads many tables, so one listing of the lake saves most requests.
    """

    is_local = False

    def __init__(self, root: str, one_run: bool = False, lists_all: bool = False) -> None:
        import fsspec  # lazily: a lake in a folder does not need it

        self._root = root
        is_s3 = root.startswith(("s3:", "s3a:"))
        try:
            options = {**OPTIONS, "session": session()} if is_s3 else {}
            self._fs, self._base = fsspec.core.url_to_fs(root, **options)
        except (ImportError, ValueError) as error:
            raise PipelineError(
                f"a lake at {root} needs a package that is not installed: {error}. "
                f"For s3, in the checkout: pip install -e '.[s3]'."
            ) from error
        self._is_s3 = is_s3
        self._address = root
        self._outage = _outage_of(root)
        self._given_up = ""
        self._one_run = one_run
        self._lists_all = lists_all and self._is_s3
        self._etags: dict[str, str] | None = None
        self._listing = Lock()
        self._listed: dict[str, str] = {}
        self._listings: dict[str, set[str]] = {}
        self._read_by_run: set[str] = set()
        if self._is_s3:
            end_thread_at_exit()
            self._fs.retries = 1
            self._request(self._check_endpoint)

    def _check_endpoint(self) -> None:
        self._fs.connect()
        self._fs.s3.meta.events.register_last("before-call.s3", send_at_once)
        self._address = f"{self._fs.s3.meta.endpoint_url} {self._base}"
        self._outage = _outage_of(self._fs.s3.meta.endpoint_url)
        address = urlsplit(self._fs.s3.meta.endpoint_url)
        if address.scheme != "https" and not is_loopback(address.hostname or ""):
            raise PipelineError(
                f"the object storage at {address.hostname} must be reached over https "
                f"(http is allowed on this machine only). Check AWS_ENDPOINT_URL."
            )

    def _request(self, send: Callable[[], _Result]) -> _Result | None:
        """Send a request and return the storage's answer; None if the object does not exist.

        Raises:
            UnusableStorageError: the bucket does not exist, or the storage refuses or does not
                answer.
        """
        if self._given_up or self._outage.is_lasting:
            raise UnusableStorageError(self._given_up or self._outage.reason)
        started = time.monotonic()
        last_start = started + min(_RETRY_SECONDS, set_seconds() or _RETRY_SECONDS)
        for attempt in range(_ATTEMPTS):
            try:
                answer = send()
                self._outage.end()
                return answer
            except PipelineError:
                raise
            except Exception as error:
                missing = answer_to(error).get("Error", {}).get("Code") == "NoSuchBucket"
                if isinstance(error, FileNotFoundError) and not missing:
                    return None
                pause = 0.2 * 2**attempt * random.uniform(0.5, 1)  # noqa: S311 - no secret
                is_last = attempt == _ATTEMPTS - 1 or time.monotonic() + pause > last_start
                if not self._passes(error):
                    raise self._unusable(error) from error
                if is_last:
                    given_up = self._unusable(error)
                    self._outage.add(str(given_up), time.monotonic() - started)
                    # A run that lacks a table fails, however long its other steps take.
                    self._given_up = str(given_up) if self._one_run else ""
                    raise given_up from error
                time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _passes(self, error: Exception) -> bool:
        """Return whether another attempt can succeed; other storages retry on their own."""
        if not self._is_s3:
            return False
        status = answer_to(error).get("ResponseMetadata", {}).get("HTTPStatusCode")
        return status in _PASSING_STATUS or isinstance(error, passing_errors())

    def _unusable(self, error: Exception) -> UnusableStorageError:
        reason = " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
        if self._is_s3 and type(error).__name__ == "FSTimeoutError":
            reason = f"no answer within {set_seconds():g} s"
        return UnusableStorageError(
            f"the lake at {self._root} cannot be used: {reason}. "
            f"Check FANTASY_DATA, AWS_ENDPOINT_URL and the AWS credentials, or run again later."
        )

    def _bounds(self) -> dict[str, float]:
        """Return the arguments that bound the time of a request."""
        seconds = set_seconds()
        return {"timeout": seconds} if self._is_s3 and seconds else {}

    def path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def put(self, name: str, content: bytes) -> None:
        READ_AHEAD.settle(self._address, name)
        answer = self._request(
            lambda: self._fs.pipe_file(f"{self._base}/{name}", content, **self._bounds())
        )
        # Large objects are sent in parts, and their answer has no version.
        etag = answer.get("ETag") if isinstance(answer, dict) else None
        self._keep(name, Version(etag, content) if etag else None)
        if self._etags is not None:
            self._etags[name] = etag or _UNKNOWN
        for folder, names in self._listings.items():
            if name.startswith(f"{folder}/"):
                names.add(name)

    def put_all(self, files: Iterable[tuple[str, bytes]]) -> None:
        self._in_parallel(lambda file: self.put(*file), files)

    def get(self, name: str, listed: bool = False) -> bytes | None:
        """Return the content of an object; None if it does not exist.

        Args:
            listed: the caller has just listed the object: that version is current.
        """
        if self._lists_all and not self.has(name):
            return None
        READ_AHEAD.settle(self._address, name)
        old = CACHE.get(self._address, name)
        if old and (name in self._read_by_run or old.etag == self._listed_etag(name, listed)):
            return old.content
        found: Version | None = self._request(lambda: self._version(name, old))
        self._keep(name, found)
        return found and found.content

    def read_ahead(self, starts: Sequence[str]) -> None:
        """Fetch objects in the background whose names begin so, in this order."""
        if not self._lists_all:
            return
        names = self._all_etags()
        wanted = [name for start in starts for name in names if name.startswith(start)]
        READ_AHEAD.start(self._address, filter(self._is_stale, wanted), self._fetch)

    def _is_stale(self, name: str) -> bool:
        kept = CACHE.get(self._address, name)
        return kept is None or kept.etag != self._all_etags().get(name)

    def _fetch(self, name: str) -> None:
        """Fetch an object; after a failure, `get` requests it again and reports the failure."""
        if self._given_up or self._outage.is_lasting:
            return
        with suppress(Exception):
            version = self._version(name, CACHE.get(self._address, name))
            CACHE.keep(self._address, name, version)

    def _listed_etag(self, name: str, listed: bool) -> str | None:
        """Return the version of an object in the latest listing, if the caller may rely on it."""
        if self._lists_all:
            return self._all_etags().get(name)
        return self._listed.get(name) if listed else None

    def _all_etags(self) -> dict[str, str]:
        """Return the version of each object of the lake, as of the run's begin or last lock."""
        with self._listing:
            if self._etags is None:
                self._etags = self._request(lambda: self._wait(self._list_objects, "")) or {}
            return self._etags

    def versions(self) -> Mapping[str, str] | None:
        """Return the version of each object of the lake; None if the storage tells none.

        A run gets the versions that it has read, or will read.
        """
        if not self._is_s3:
            return None
        if self._lists_all:
            return dict(self._all_etags())
        return self._request(lambda: self._wait(self._list_objects, ""))

    def version(self, name: str) -> None:
        return None

    def _keep(self, name: str, version: Version | None) -> None:
        if not self._is_s3:
            return
        if self._etags is not None and version:
            self._etags[name] = version.etag
        CACHE.keep(self._address, name, version)
        if self._one_run and version:
            self._read_by_run.add(name)
        else:
            self._read_by_run.discard(name)

    def _version(self, name: str, old: Version | None) -> Version:
        """Return the current version of an object, in one request; `old` if it has not changed."""
        if not self._is_s3:
            return Version("", self._fs.cat_file(f"{self._base}/{name}", **self._bounds()))
        try:
            return self._wait(self._get_object, name, old.etag if old else None)
        except Exception as error:
            metadata = answer_to(error).get("ResponseMetadata", {})
            if old is not None and metadata.get("HTTPStatusCode") == _NOT_MODIFIED:
                return old
            raise

    def _wait(self, call: Callable[..., Coroutine[Any, Any, _Result]], *arguments: Any) -> _Result:
        """Return the result of a call that runs in the thread of s3fs."""
        from fsspec.asyn import sync

        result: _Result = sync(self._fs.loop, call, *arguments, timeout=set_seconds())
        return result

    async def _get_object(self, name: str, etag: str | None) -> Version:
        bucket, key, _ = self._fs.split_path(f"{self._base}/{name}")
        condition = {"IfNoneMatch": etag} if etag else {}
        # s3fs has no public coroutine for a request. Its public `cat_file` asks for the ETag in a
        # second request and takes no condition, so every read would cost two.
        answer = await self._fs._call_s3("get_object", Bucket=bucket, Key=key, **condition)
        try:
            return Version(answer["ETag"], await answer["Body"].read())
        finally:
            answer["Body"].close()

    def has(self, name: str) -> bool:
        if self._lists_all:
            return name in self._all_etags()
        if self._one_run and self._is_s3:
            # What a run looks for it reads next, and then without a second request.
            return self.get(name) is not None
        # isfile and exists would report a refused request as a missing file.
        if self._is_s3:
            return self._request(lambda: self._wait(self._head_object, name)) is not None
        found = self._request(lambda: self._fs.info(f"{self._base}/{name}", **self._bounds()))
        return found is not None and found["type"] == "file"

    async def _head_object(self, name: str) -> object:
        bucket, key, _ = self._fs.split_path(f"{self._base}/{name}")
        return await self._fs._call_s3("head_object", Bucket=bucket, Key=key)

    def names(self, folder: str) -> Iterable[str]:
        if self._lists_all:
            return [name for name in list(self._all_etags()) if name.startswith(f"{folder}/")]
        if self._is_s3:
            if folder not in self._listings:
                etags = self._request(lambda: self._wait(self._list_objects, folder)) or {}
                self._listed |= etags
                if not self._one_run:
                    return list(etags)
                self._listings[folder] = set(etags)
            return list(self._listings[folder])
        found = self._request(lambda: self._fs.find(f"{self._base}/{folder}", **self._bounds()))
        return [path[len(self._base) + 1 :] for path in found or ()]

    async def _list_objects(self, folder: str) -> dict[str, str]:
        """Return the version of each object of a folder, a thousand objects per request.

        Args:
            folder: name of the folder; empty: the whole lake.
        """
        bucket, base, _ = self._fs.split_path(f"{self._base}/")
        prefix = f"{base}{folder}/" if folder else base
        found: dict[str, str] = {}
        more: dict[str, str] = {}
        while True:
            page = await self._fs._call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, **more)
            for entry in page.get("Contents", ()):
                found[entry["Key"][len(base) :]] = entry["ETag"]
            if not page.get("IsTruncated"):
                return found
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def sources(self, names: Sequence[str], listed: bool = False) -> Iterator[pa.NativeFile]:
        def existing(name: str) -> bytes:
            return self._existing(name, listed)

        for content in self._in_parallel(existing, names):
            yield pa.BufferReader(content)

    @contextmanager
    def snapshot(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Return a temporary folder of copies, each of one version of its object."""
        with tempfile.TemporaryDirectory(prefix=TEMPORARY) as folder:

            def copy(name: str) -> None:
                with open(target(folder, name), "wb") as file:
                    file.write(self._existing(name, listed=True))

            self._in_parallel(copy, names)
            yield folder, folder

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Forget what the run has read: object storage has no locks, the last writer wins."""
        self._read_by_run.clear()
        self._listings.clear()
        self._etags = None
        yield

    def _existing(self, name: str, listed: bool) -> bytes:
        content = self.get(name, listed)
        if content is None:
            raise RemovedFileError(self.path(name))
        return content

    @staticmethod
    def _in_parallel(work: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """Return the results of all items, computed in threads that mostly wait for the network."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            futures = [pool.submit(copy_context().run, work, item) for item in items]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
