"""Downloads of upstream files: verified, cached whole, requested at most once per run.

The meaning of the files belongs in the readers. `sources/library_hooks.py` makes the two nflverse
libraries read through a transport.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from filelock import FileLock, Timeout

from fantasy_pipeline.errors import NotPublishedError, SourceError, UnusableAnswerError
from fantasy_pipeline.ingest.download.cache import Entry, Slot, content_problem
from fantasy_pipeline.ingest.download.files import (
    Fetched,
    in_place,
    json_beside,
)
from fantasy_pipeline.ingest.download.http import (
    NETWORK_ADVICE,
    REFUSED_ADVICE,
    FetchError,
    check_status,
    is_count,
    mirror_path,
    parse_mirror,
    reason_of,
    session_for,
    split_url,
    trouble_of,
)
from fantasy_pipeline.ingest.download.patience import Patience
from fantasy_pipeline.ingest.download.slots import SLOTS, SLOTS_FOLDER, upstream_slot

_LOG = logging.getLogger(__name__)
_CHUNK_BYTES = 2**16
_WRONG_CONTENT_ADVICE = (
    "Check the network for a proxy or a login page, or run again later. No data was changed."
)


class Transport:
    """Fetches upstream files; one instance serves one run.

    Args:
        cache_dir: where downloads are kept, one folder per URL.
        mirror: None for the live hosts; a directory laid out ``<dir>/<host>/<path>``, read in
            place; or an address laid out ``<base>/<host>/<path>``, plain http on loopback only.
        offline: serve the cached copies without requests to upstream.
        attempts: attempts per file, the first included.
        connect_timeout, read_timeout: seconds to wait for a connection, and for the next bytes.
        patience: seconds after which a host that sends nothing is given up, over all attempts.
        total_timeout: seconds that one file may take, all attempts together.
        max_bytes: size of the largest file accepted.
        backoff, backoff_max: first and longest wait between attempts, seconds. Upstream's
            Retry-After replaces the wait, up to the longest.
        now: the clock; it stamps when a content was first seen.

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
        connect_timeout: float = 5,
        read_timeout: float = 10,
        patience: float = 20,
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
        self._patience = patience
        self._total_timeout = total_timeout
        self._max_bytes = max_bytes
        self._backoff_max = backoff_max
        self._backoff = tenacity.wait_exponential(backoff, backoff_max) + tenacity.wait_random(
            0, backoff
        )
        self._now = now
        self._session = session_for(self._base)
        self._results: dict[str, Fetched | FetchError] = {}
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

        A query is part of the file's name, in the cache and in a mirror:
        ``<dir>/<host>/<path>?<query>``, as wget saves it.

        Args:
            url: https address of a file.
            dataset, season, week: labels for errors; they do not change what is fetched.
            headers: extra request headers; each address must always get the same ones.

        Raises:
            NotPublishedError: upstream has no such file.
            UnusableAnswerError: upstream's answer is not a whole file, or upstream no longer has a
                file that it had.
            SourceError: any other failure. A cached copy is kept, but never used in its place.
        """
        with self._lock:
            result = self._results.get(url)
            if result is None:
                try:
                    result = self._find(url, headers or {})
                except FetchError as failed:
                    # Remember a missing file only: after other failures, a retry may succeed.
                    if not failed.missing:
                        raise _public(failed, dataset, season, week) from failed.__cause__
                    result = failed
                self._results[url] = result
        if isinstance(result, FetchError):
            raise _public(result, dataset, season, week)
        return result

    def _find(self, url: str, headers: Mapping[str, str]) -> Fetched:
        """Return the file from the mirror's directory, the cache or upstream."""
        host, path = split_url(url)
        relative = mirror_path(url)
        if self._directory is not None:
            file = self._directory / relative
            if not file.is_file():
                file = json_beside(file)
            return in_place(url, file, path.suffix)
        if self._base is None:
            return self._cached(url, url, relative, path.suffix, headers)
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        address = f"{self._base}/{host}{parts.path}"
        try:
            return self._cached(url, address + query, relative, path.suffix, headers)
        except FetchError as error:
            if not error.missing or path.suffix:
                raise
            return self._cached(url, f"{address}.json{query}", relative, path.suffix, headers)

    def _cached(
        self,
        url: str,
        requested: str,
        relative: PurePosixPath,
        suffix: str,
        headers: Mapping[str, str],
    ) -> Fetched:
        """Return the file from the cache or from `requested`, its address upstream."""
        slot = Slot(self._cache_dir / relative, requested, suffix)
        try:
            if self._offline:
                entry = slot.load()
                if entry is None:
                    raise FetchError(
                        f"offline, and no cached copy of {url} exists",
                        "Run once without FANTASY_OFFLINE to download it.",
                    )
            else:
                slot.folder.mkdir(parents=True, exist_ok=True)
                with FileLock(slot.folder / "lock", timeout=self._total_timeout):
                    entry = self._validated(slot, headers)
        except Timeout as error:
            raise FetchError(
                f"another process is still downloading {requested} after a wait of "
                f"{self._total_timeout:g} s",
                "Wait for that process to end, or stop it, then run again.",
            ) from error
        except OSError as error:
            raise FetchError(
                f"the cache {slot.folder} cannot be used: {error}",
                "Check its permissions and the free disk space, then run again.",
            ) from error
        return Fetched(url, slot.content(entry), entry.as_of(), entry.size)

    def _validated(self, slot: Slot, headers: Mapping[str, str]) -> Entry:
        """Return the cached entry if upstream still has that content, else download the new one.

        Transient failures are retried.
        """
        old = slot.load()
        patience = Patience(urlsplit(slot.requested).netloc, self._patience, self._total_timeout)
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._attempts)
            | tenacity.stop_before_delay(self._total_timeout)
            | patience,
            wait=self._wait,
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, FetchError) and e.transient),
            before_sleep=self._log_retry,
            reraise=True,
        )
        try:
            return retrying(self._attempt_in_turn, slot, old, patience, headers)
        except FetchError as failed:
            if failed.transient:
                patience.give_up()
            if failed.missing and old is not None:
                # Upstream replaces a release by deletion and upload: in between, there is no file.
                failed.missing, failed.answered = False, True
                failed.cause += f", but had the file on {old.fetched_at[:10]}"
                failed.advice = "Upstream may be replacing the file: run again later."
            if failed.transient:
                failed.cause += f" (attempts: {retrying.statistics['attempt_number']})"
            if old is not None:
                failed.advice += (
                    f" To use the cached copy of {old.as_of():%Y-%m-%d %H:%M} UTC, set "
                    "FANTASY_OFFLINE=1."
                )
            raise

    def _log_retry(self, state: tenacity.RetryCallState) -> None:
        """Warn of a failed attempt, with the number of the next one and the wait before it."""
        error = state.outcome.exception() if state.outcome else None
        brief = error.brief if isinstance(error, FetchError) else error
        wait = state.next_action.sleep if state.next_action else 0.0
        attempt = state.attempt_number + 1
        _LOG.warning("%s; trying again in %.2g s (%d of %d)", brief, wait, attempt, self._attempts)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Return the seconds before the next attempt."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, FetchError) and error.retry_after is not None:
            return min(error.retry_after, self._backoff_max)
        return min(self._backoff(state), self._backoff_max)

    def _attempt_in_turn(
        self, slot: Slot, old: Entry | None, patience: Patience, headers: Mapping[str, str]
    ) -> Entry:
        """Make one attempt, as soon as one of this machine's download slots is free."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(
                    upstream_slot(self._cache_dir / SLOTS_FOLDER, patience.deadline)
                )
            except TimeoutError as error:
                raise FetchError(
                    f"{slot.requested} was not requested: {SLOTS} other downloads were still "
                    f"running after a wait of {self._total_timeout:g} s",
                    "Wait for the other runs to end, or stop them, then run again.",
                ) from error
            return self._attempt(slot, old, patience, headers)

    def _attempt(
        self, slot: Slot, old: Entry | None, patience: Patience, headers: Mapping[str, str]
    ) -> Entry:
        """Send one conditional request: a 304 returns the old entry, a 200 downloads a new one."""
        conditions = {}
        if old is not None and old.etag:
            conditions["If-None-Match"] = old.etag
        if old is not None and old.last_modified:
            conditions["If-Modified-Since"] = old.last_modified
        patience.start_attempt()
        timeout = patience.longest_wait(self._read_timeout)
        try:
            with self._session.get(
                slot.requested,
                headers={**headers, **conditions},
                stream=True,
                timeout=(min(self._connect_timeout, timeout), timeout),
            ) as response:
                patience.hear()
                if response.status_code == 304 and old is not None:
                    return old
                check_status(response, slot.requested)
                return self._receive(response, slot, old, patience)
        except ValueError as error:
            # InvalidSchema: `session_for` gives the session adapters for permitted addresses only.
            # Any other: the host redirects to an address that cannot be parsed, e.g. http://[::1.
            raise FetchError(
                f"{slot.requested} redirects to an address that is not https: {reason_of(error)}",
                REFUSED_ADVICE,
            ) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            what, is_silent = trouble_of(error)
            if is_silent:
                patience.hear_nothing()
            raise FetchError(
                f"{slot.requested} could not be downloaded: {reason_of(error)}",
                NETWORK_ADVICE,
                transient=True,
                brief=f"{urlsplit(slot.requested).hostname} {what}",
            ) from error

    def _receive(
        self, response: requests.Response, slot: Slot, old: Entry | None, patience: Patience
    ) -> Entry:
        """Download the body of a 200, verify it, and make it the cached entry."""
        part = slot.folder / "download.part"
        try:
            sha256, size = self._save(response, part, slot.requested, patience)
            problem = content_problem(part, slot.suffix)
            if problem:
                cause = f"{slot.requested} {problem}"
                raise FetchError(cause, _WRONG_CONTENT_ADVICE, answered=True)
            same = old if old is not None and old.sha256 == sha256 else None
            entry = Entry(
                requested=slot.requested,
                sha256=sha256,
                size=size,
                etag=response.headers.get("ETag"),
                last_modified=response.headers.get("Last-Modified"),
                fetched_at=same.fetched_at if same else self._now().isoformat(),
            )
            slot.store(part, entry, old)
            return entry
        finally:
            part.unlink(missing_ok=True)

    def _save(
        self, response: requests.Response, part: Path, requested: str, patience: Patience
    ) -> tuple[str, int]:
        """Stream a body to disk, and return its SHA-256 and its size in bytes."""
        too_large = FetchError(
            f"{requested} is larger than {self._max_bytes:,} bytes",
            "Check what this address serves. No data was changed.",
        )
        declared = response.headers.get("Content-Length", "")
        # float: int refuses texts of thousands of digits.
        if is_count(declared) and float(declared) > self._max_bytes:
            raise too_large
        digest = hashlib.sha256()
        size = 0
        with part.open("wb") as file:
            # read1 returns the bytes that have arrived. read would wait for a whole chunk, so that
            # a slow drip never met the deadline. Both raise if the body is shorter than declared.
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
                patience.hear()
                size += len(chunk)
                if size > self._max_bytes:
                    raise too_large
                if time.monotonic() > patience.deadline:
                    raise FetchError(
                        f"{requested} did not arrive within {self._total_timeout:g} s",
                        f"Raise FANTASY_DOWNLOAD_TIMEOUT if the host is slow. {NETWORK_ADVICE}",
                    )
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest(), size


def _public(failed: FetchError, dataset: str, season: int | None, week: int | None) -> SourceError:
    """Return the public error of a failed download, with data set, season and week."""
    kind = SourceError
    if failed.missing:
        kind = NotPublishedError
    elif failed.answered:
        kind = UnusableAnswerError
    return kind(dataset, failed.cause, failed.advice, season, week)
