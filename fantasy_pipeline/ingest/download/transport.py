"""How upstream files are fetched: verified, cached whole, asked for at most once per run.

What the files mean belongs in the readers; how the two libraries are made to read through a
transport belongs in `library_hooks.py`.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from filelock import FileLock, Timeout

from fantasy_pipeline.errors import (
    NotPublishedError,
    SourceError,
    UnusableAnswerError,
)
from fantasy_pipeline.ingest.download.cache import Entry, Slot, content_problem
from fantasy_pipeline.ingest.download.http import (
    NETWORK_ADVICE,
    NOT_PUBLISHED_ADVICE,
    FetchError,
    check_status,
    is_count,
    parse_mirror,
    reason_of,
    session_for,
    split_url,
)
from fantasy_pipeline.ingest.download.slots import SLOTS, SLOTS_FOLDER, upstream_slot

_LOG = logging.getLogger(__name__)
_CHUNK_BYTES = 2**16


@dataclass(frozen=True)
class Fetched:
    """One upstream file, complete on local disk.

    `as_of` (aware, UTC) is upstream's Last-Modified, else when this content was first seen.
    """

    url: str
    path: Path
    as_of: datetime
    size: int


class Transport:
    """Fetches upstream files; one instance serves one run.

    Args:
        cache_dir: where downloads are kept, one folder per URL.
        mirror: None for the live hosts; a directory laid out ``<dir>/<host>/<path>``, read in
            place; or an address laid out ``<base>/<host>/<path>``, plain http on loopback only.
        offline: serve the cached copies without asking upstream.
        attempts: tries per file, the first included.
        connect_timeout, read_timeout: seconds without any answer.
        total_timeout: seconds one file may take, all attempts together.
        max_bytes: largest file accepted.
        backoff, backoff_max: first and longest wait between attempts, seconds; an upstream's
            Retry-After is honoured up to the longest.
        now: the clock that stamps first sight of a content.

    Raises:
        PipelineError: `mirror` is neither a directory nor a permitted address.
    """

    def __init__(
        self,
        cache_dir: Path,
        mirror: str | None = None,
        *,
        offline: bool = False,
        attempts: int = 4,
        connect_timeout: float = 10,
        read_timeout: float = 60,
        total_timeout: float = 300,
        max_bytes: int = 256 * 2**20,
        backoff: float = 1,
        backoff_max: float = 60,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._cache_dir = cache_dir
        self._directory, self._base = parse_mirror(mirror)
        self._offline = offline
        self._attempts = attempts
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._total_timeout = total_timeout
        self._max_bytes = max_bytes
        self._backoff_max = backoff_max
        self._backoff = tenacity.wait_exponential(backoff, backoff_max) + tenacity.wait_random(
            0, backoff
        )
        self._now = now
        self._session = session_for(self._base)
        self._known: dict[str, Fetched | FetchError] = {}
        self._lock = threading.RLock()

    def fetch(
        self,
        url: str,
        dataset: str,
        season: int | None = None,
        week: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Return the local copy of an https `url`, validated with upstream once per instance.

        `dataset`, `season` and `week` only label errors. A query is part of the file's name, in
        the cache and in a mirror: ``<dir>/<host>/<path>?<query>``, as wget saves it. `headers` are
        sent along; the same address must always be asked with the same ones.

        Raises:
            NotPublishedError: upstream has no such file.
            UnusableAnswerError: what it has is not a whole file, or it has the file no more.
            SourceError: anything else; a copy cached earlier is kept, but never used silently.
        """
        with self._lock:
            known = self._known.get(url)
            if known is None:
                try:
                    known = self._find(url, headers or {})
                except FetchError as failed:
                    # Other failures are not remembered: a retried step must be able to succeed.
                    if not failed.missing:
                        kind = UnusableAnswerError if failed.answered else SourceError
                        raise kind(
                            dataset, failed.cause, failed.advice, season, week
                        ) from failed.__cause__
                    known = failed
                self._known[url] = known
        if isinstance(known, FetchError):
            raise NotPublishedError(dataset, known.cause, known.advice, season, week)
        return known

    def _find(self, url: str, headers: Mapping[str, str]) -> Fetched:
        host, path = split_url(url)
        query = f"?{urlsplit(url).query}" if urlsplit(url).query else ""
        place = path.with_name(path.name + query).parts[1:]
        if self._directory is not None:
            return _in_place(url, self._directory.joinpath(host, *place), path.suffix)
        requested = f"{self._base}/{host}{urlsplit(url).path}{query}" if self._base else url
        slot = Slot(self._cache_dir.joinpath(host, *place), requested, path.suffix)
        try:
            if self._offline:
                entry = slot.load()
                if entry is None:
                    raise FetchError(
                        f"offline, and no cached copy of {url} exists",
                        "Run once without FANTASY_OFFLINE to download it",
                    )
            else:
                slot.folder.mkdir(parents=True, exist_ok=True)
                with FileLock(slot.folder / "lock", timeout=self._total_timeout):
                    entry = self._validated(slot, headers)
        except Timeout as error:
            raise FetchError(
                f"another process has been downloading {requested} for {self._total_timeout:g} s",
                "Wait for it to end, or stop it, and run again",
            ) from error
        except OSError as error:
            raise FetchError(
                f"the cache {slot.folder} cannot be used: {error}",
                "Check its permissions and the free disk space, and run again",
            ) from error
        return Fetched(url, slot.content(entry), entry.as_of(), entry.size)

    def _validated(self, slot: Slot, headers: Mapping[str, str]) -> Entry:
        """Ask upstream, with retries, whether the cached entry is still the file."""
        old = slot.load()
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._attempts)
            | tenacity.stop_before_delay(self._total_timeout),
            wait=self._wait,
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, FetchError) and e.transient),
            before_sleep=tenacity.before_sleep_log(_LOG, logging.WARNING),
            reraise=True,
        )
        deadline = time.monotonic() + self._total_timeout
        try:
            return retrying(self._in_turn, slot, old, deadline, headers)
        except FetchError as failed:
            if failed.missing and old is not None:
                # Releases are replaced by deletion and upload: for a while there is no file.
                failed.missing, failed.answered = False, True
                failed.cause += f", and had the file on {old.fetched_at[:10]}"
                failed.advice = "Upstream may be replacing it: run again later"
            if failed.transient:
                failed.cause += f" (attempts: {retrying.statistics['attempt_number']})"
            if old is not None:
                failed.advice += (
                    f". A cached copy of {old.as_of():%Y-%m-%d %H:%M} UTC exists; offline mode "
                    "(FANTASY_OFFLINE=1) would use it"
                )
            raise

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, FetchError) and error.retry_after is not None:
            return min(error.retry_after, self._backoff_max)
        return min(self._backoff(state), self._backoff_max)

    def _in_turn(
        self, slot: Slot, old: Entry | None, deadline: float, headers: Mapping[str, str]
    ) -> Entry:
        """One attempt, once fewer than `SLOTS` downloads of this machine are going on."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(upstream_slot(self._cache_dir / SLOTS_FOLDER, deadline))
            except TimeoutError as error:
                raise FetchError(
                    f"{slot.requested} was not asked for: {SLOTS} other downloads have been going "
                    f"on for {self._total_timeout:g} s",
                    "Wait for the other runs to end, or stop them, and run again",
                ) from error
            return self._attempt(slot, old, deadline, headers)

    def _attempt(
        self, slot: Slot, old: Entry | None, deadline: float, more: Mapping[str, str]
    ) -> Entry:
        headers = dict(more)
        if old is not None and old.etag:
            headers["If-None-Match"] = old.etag
        if old is not None and old.last_modified:
            headers["If-Modified-Since"] = old.last_modified
        patience = max(0.001, min(self._read_timeout, deadline - time.monotonic()))
        try:
            with self._session.get(
                slot.requested,
                headers=headers,
                stream=True,
                timeout=(min(self._connect_timeout, patience), patience),
            ) as response:
                if response.status_code == 304 and old is not None:
                    return old
                check_status(response, slot.requested)
                return self._receive(response, slot, old, deadline)
        except requests.exceptions.InvalidSchema as error:
            # The session has adapters for permitted addresses only, see _session.
            raise FetchError(
                f"{slot.requested} redirects to an address that is not https: {error}",
                "Check the proxy or the mirror",
            ) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise FetchError(
                f"{slot.requested} could not be downloaded: {reason_of(error)}",
                NETWORK_ADVICE,
                transient=True,
            ) from error

    def _receive(
        self, response: requests.Response, slot: Slot, old: Entry | None, deadline: float
    ) -> Entry:
        """Stream a 200 to disk, verify it, and make it the cached entry."""
        too_large = FetchError(
            f"{slot.requested} is larger than {self._max_bytes:,} bytes",
            "Check what is at that address: nothing was changed",
        )
        declared = response.headers.get("Content-Length", "")
        # Not int: it refuses thousands of digits.
        if is_count(declared) and float(declared) > self._max_bytes:
            raise too_large
        part = slot.folder / "download.part"
        digest = hashlib.sha256()
        size = 0
        try:
            with part.open("wb") as file:
                # read1 returns what has arrived; read would wait for a whole chunk, and a slow
                # drip would never meet the deadline. Both raise if Content-Length is not met.
                while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
                    size += len(chunk)
                    if size > self._max_bytes:
                        raise too_large
                    if time.monotonic() > deadline:
                        raise FetchError(
                            f"{slot.requested} did not arrive within {self._total_timeout:g} s",
                            NETWORK_ADVICE,
                        )
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            problem = content_problem(part, slot.suffix)
            if problem:
                raise FetchError(f"{slot.requested} {problem}", NETWORK_ADVICE, answered=True)
            same = old if old is not None and old.sha256 == digest.hexdigest() else None
            entry = Entry(
                requested=slot.requested,
                sha256=digest.hexdigest(),
                size=size,
                etag=response.headers.get("ETag"),
                last_modified=response.headers.get("Last-Modified"),
                fetched_at=same.fetched_at if same else self._now().isoformat(),
            )
            slot.store(part, entry, old)
            return entry
        finally:
            part.unlink(missing_ok=True)


def _in_place(url: str, path: Path, suffix: str) -> Fetched:
    """Return a file of a directory mirror, without copying it."""
    if not path.is_file():
        raise FetchError(f"{path} does not exist", NOT_PUBLISHED_ADVICE, missing=True)
    try:
        problem = content_problem(path, suffix)
        stat = path.stat()
    except OSError as error:
        raise FetchError(f"{path} cannot be read: {error}", "Check its permissions") from error
    if problem:
        advice = "Replace that file in the mirror and run again"
        raise FetchError(f"{path} {problem}", advice, answered=True)
    return Fetched(url, path, datetime.fromtimestamp(stat.st_mtime, timezone.utc), stat.st_size)
