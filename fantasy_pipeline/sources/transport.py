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
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import requests
import tenacity
import urllib3
from filelock import FileLock, Timeout

from fantasy_pipeline import __version__
from fantasy_pipeline.errors import (
    NotPublishedError,
    PipelineError,
    SourceError,
    UnusableAnswerError,
)
from fantasy_pipeline.hosts import is_loopback
from fantasy_pipeline.sources.download_cache import Entry, Slot, content_problem, http_date
from fantasy_pipeline.sources.upstream_slots import SLOTS, SLOTS_FOLDER, upstream_slot

_LOG = logging.getLogger(__name__)
_CHUNK_BYTES = 2**16

_NETWORK_ADVICE = (
    "Check the network; or set NFLVERSE_MIRROR to a directory or https address that holds the "
    "files; or run again later: nothing was changed"
)
_NOT_PUBLISHED_ADVICE = "Upstream has not published this file: check the season, or wait"


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
        self._directory, self._base = _parse_mirror(mirror)
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
        self._session = _session(self._base)
        self._known: dict[str, Fetched | _FetchError] = {}
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
                except _FetchError as failed:
                    # Other failures are not remembered: a retried step must be able to succeed.
                    if not failed.missing:
                        kind = UnusableAnswerError if failed.answered else SourceError
                        raise kind(
                            dataset, failed.cause, failed.advice, season, week
                        ) from failed.__cause__
                    known = failed
                self._known[url] = known
        if isinstance(known, _FetchError):
            raise NotPublishedError(dataset, known.cause, known.advice, season, week)
        return known

    def _find(self, url: str, headers: Mapping[str, str]) -> Fetched:
        host, path = _split(url)
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
                    raise _FetchError(
                        f"offline, and no cached copy of {url} exists",
                        "Run once without FANTASY_OFFLINE to download it",
                    )
            else:
                slot.folder.mkdir(parents=True, exist_ok=True)
                with FileLock(slot.folder / "lock", timeout=self._total_timeout):
                    entry = self._validated(slot, headers)
        except Timeout as error:
            raise _FetchError(
                f"another process has been downloading {requested} for {self._total_timeout:g} s",
                "Wait for it to end, or stop it, and run again",
            ) from error
        except OSError as error:
            raise _FetchError(
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
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, _FetchError) and e.transient),
            before_sleep=tenacity.before_sleep_log(_LOG, logging.WARNING),
            reraise=True,
        )
        deadline = time.monotonic() + self._total_timeout
        try:
            return retrying(self._in_turn, slot, old, deadline, headers)
        except _FetchError as failed:
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
        if isinstance(error, _FetchError) and error.retry_after is not None:
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
                raise _FetchError(
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
                _check_status(response, slot.requested)
                return self._receive(response, slot, old, deadline)
        except requests.exceptions.InvalidSchema as error:
            # The session has adapters for permitted addresses only, see _session.
            raise _FetchError(
                f"{slot.requested} redirects to an address that is not https: {error}",
                "Check the proxy or the mirror",
            ) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _FetchError(
                f"{slot.requested} could not be downloaded: {_reason(error)}",
                _NETWORK_ADVICE,
                transient=True,
            ) from error

    def _receive(
        self, response: requests.Response, slot: Slot, old: Entry | None, deadline: float
    ) -> Entry:
        """Stream a 200 to disk, verify it, and make it the cached entry."""
        too_large = _FetchError(
            f"{slot.requested} is larger than {self._max_bytes:,} bytes",
            "Check what is at that address: nothing was changed",
        )
        declared = response.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > self._max_bytes:
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
                        raise _FetchError(
                            f"{slot.requested} did not arrive within {self._total_timeout:g} s",
                            _NETWORK_ADVICE,
                        )
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            problem = content_problem(part, slot.suffix)
            if problem:
                raise _FetchError(f"{slot.requested} {problem}", _NETWORK_ADVICE, answered=True)
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


class _FetchError(Exception):
    """Why a file did not come; `Transport.fetch` adds the data set and makes it public."""

    def __init__(
        self,
        cause: str,
        advice: str,
        *,
        missing: bool = False,
        answered: bool = False,
        transient: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.advice = advice
        self.missing = missing
        self.answered = answered
        self.transient = transient
        self.retry_after = retry_after


def _parse_mirror(mirror: str | None) -> tuple[Path | None, str | None]:
    """Return (directory, None), (None, base address without its last slash) or (None, None)."""
    if not mirror:
        return None, None
    if "://" not in mirror:
        directory = Path(mirror).expanduser()
        if not directory.is_dir():
            raise PipelineError(f"mirror {mirror}: no such directory. Check NFLVERSE_MIRROR")
        return directory.absolute(), None
    parts = urlsplit(mirror)
    if parts.username is not None or parts.query or parts.fragment or not parts.hostname:
        raise PipelineError(
            "mirror: the address must be https://host/path, without a user, password or query. "
            "Check NFLVERSE_MIRROR"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise PipelineError(
            f"mirror {mirror}: only https is permitted, and http for this machine itself. "
            "Check NFLVERSE_MIRROR"
        )
    return None, parts.geturl().rstrip("/")  # geturl: the scheme in lower case


def _session(base: str | None) -> requests.Session:
    """Return a session that reaches https addresses, and a loopback mirror, and nothing else."""
    session = requests.Session()
    session.headers["User-Agent"] = f"fantasy_pipeline/{__version__}"
    session.headers["Accept-Encoding"] = "identity"
    session.auth = _anonymous
    del session.adapters["http://"]
    if base is not None and base.startswith("http://"):
        session.mount(f"{base}/", requests.adapters.HTTPAdapter())
        session.trust_env = False  # no proxy between us and this machine
    return session


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as it is: requests would send the user's ~/.netrc login otherwise."""
    return request


def _split(url: str) -> tuple[str, PurePosixPath]:
    """Return host and decoded path of an https URL that names a file."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise _FetchError(f"{url} is not https", "Only https addresses are fetched")
    path = PurePosixPath(unquote(parts.path))
    host = parts.hostname or ""
    odd = ".." in path.parts or any(c in f"{path}{parts.query}" for c in "\\\0")
    odd = odd or "/" in parts.query or bool(parts.fragment)
    if odd or host.strip(".") != host or not host or len(path.parts) < 2:
        raise _FetchError(f"{url} does not name a file", "Check the address")
    return host, path


def _in_place(url: str, path: Path, suffix: str) -> Fetched:
    """Return a file of a directory mirror, without copying it."""
    if not path.is_file():
        raise _FetchError(f"{path} does not exist", _NOT_PUBLISHED_ADVICE, missing=True)
    try:
        problem = content_problem(path, suffix)
        stat = path.stat()
    except OSError as error:
        raise _FetchError(f"{path} cannot be read: {error}", "Check its permissions") from error
    if problem:
        advice = "Replace that file in the mirror and run again"
        raise _FetchError(f"{path} {problem}", advice, answered=True)
    return Fetched(url, path, datetime.fromtimestamp(stat.st_mtime, timezone.utc), stat.st_size)


def _check_status(response: requests.Response, requested: str) -> None:
    """Raise for every status but 200."""
    status = response.status_code
    if status == 200:
        return
    cause = f"{requested} answered HTTP {status} {response.reason}".rstrip()
    if status == 404:
        raise _FetchError(cause, _NOT_PUBLISHED_ADVICE, missing=True)
    if status == 429 or status >= 500:
        retry_after = _retry_after(response.headers.get("Retry-After"))
        raise _FetchError(cause, _NETWORK_ADVICE, transient=True, retry_after=retry_after)
    raise _FetchError(cause, _NETWORK_ADVICE)


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which may be a number or a date."""
    if value is None or value.strip().isdigit():
        return float(value) if value else None
    moment = http_date(value)
    return max(0.0, moment.timestamp() - time.time()) if moment else None


def _reason(error: Exception) -> str:
    """Return what went wrong on the network, without the layers of wrapping around it."""
    inner = error.args[0] if error.args else error
    return " ".join(str(getattr(inner, "reason", inner)).split())[:300]
