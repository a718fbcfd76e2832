"""HTTP rules: which addresses may be requested, and what a status or a failure means.

Retries, timeouts and the cache belong in `transport.py`.
"""

from __future__ import annotations

import re
import time
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import requests
import urllib3

from fantasy_pipeline import __version__
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.ingest.download.cache import http_date
from fantasy_pipeline.settings import is_loopback

NETWORK_ADVICE = (
    "Check the network and run again later; if the host stays down, set NFLVERSE_MIRROR to a "
    "directory or https address that holds the files. No data was changed."
)
NOT_PUBLISHED_ADVICE = (
    "Upstream has not published this file: check the season, or run again when upstream has it."
)
REFUSED_ADVICE = (
    "Check the proxy and the mirror (NFLVERSE_MIRROR), or run again later. No data was changed."
)

_CONNECTION = re.compile(r"^(<[^>]* at 0x[0-9a-f]+>|\w+\(host=[^)]*\)): ")
"""The connection object at the start of urllib3's messages; the URL already names the host."""


class FetchError(Exception):
    """A failed download: cause and advice. `Transport.fetch` adds data set, season and week.

    Args:
        cause: what happened, with the address.
        advice: what to do next.
        missing: the host has no such file (404), or the mirror's directory has none.
        answered: the host answered, but its answer is not a whole file.
        transient: another attempt may succeed.
        retry_after: seconds that the host asks to wait before the next attempt.
        brief: the cause in a few words, with the host; default: the cause.
    """

    def __init__(
        self,
        cause: str,
        advice: str,
        *,
        missing: bool = False,
        answered: bool = False,
        transient: bool = False,
        retry_after: float | None = None,
        brief: str | None = None,
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.advice = advice
        self.missing = missing
        self.answered = answered
        self.transient = transient
        self.retry_after = retry_after
        self.brief = brief or cause


def parse_mirror(mirror: str | None) -> tuple[Path | None, str | None]:
    """Return (directory, None), (None, base address without its last slash) or (None, None).

    Raises:
        PipelineError: `mirror` is neither a directory nor a permitted address.
    """
    if not mirror:
        return None, None
    if "://" not in mirror:
        directory = Path(mirror).expanduser()
        if not directory.is_dir():
            raise PipelineError(f"mirror {mirror}: no such directory. Check NFLVERSE_MIRROR.")
        return directory.absolute(), None
    parts = urlsplit(mirror)
    if parts.username is not None or parts.query or parts.fragment or not parts.hostname:
        raise PipelineError(
            "mirror: the address must be https://host/path, without a user, password or query. "
            "Check NFLVERSE_MIRROR."
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise PipelineError(
            f"mirror {mirror}: only https is permitted; plain http is for this machine alone. "
            "Check NFLVERSE_MIRROR."
        )
    # geturl writes the scheme in lower case.
    return None, parts.geturl().rstrip("/")


def session_for(base: str | None) -> requests.Session:
    """Return a session that reaches https addresses and a mirror on this machine, nothing else."""
    session = requests.Session()
    session.headers["User-Agent"] = f"fantasy_pipeline/{__version__}"
    session.headers["Accept-Encoding"] = "identity"
    session.auth = _anonymous
    del session.adapters["http://"]
    if base is not None and base.startswith("http://"):
        session.mount(f"{base}/", requests.adapters.HTTPAdapter())
        # A proxy from the environment must not stand between this process and this machine.
        session.trust_env = False
    return session


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Return a request as it is; without this, requests would add the user's ~/.netrc login."""
    return request


def split_url(url: str) -> tuple[str, PurePosixPath]:
    """Return the host and the decoded path of an https URL that names a file.

    Raises:
        FetchError: the address is not https, or its path could leave the host's folder.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise FetchError(f"{url} is not https", "Use an https address.")
    path = PurePosixPath(unquote(parts.path))
    host = parts.hostname or ""
    odd = ".." in path.parts or any(c in f"{path}{parts.query}" for c in "\\\0")
    odd = odd or "/" in parts.query or bool(parts.fragment)
    if odd or host.strip(".") != host or not host or len(path.parts) < 2:
        raise FetchError(f"{url} does not name a file", "Check the address.")
    return host, path


def mirror_path(url: str) -> PurePosixPath:
    """Return the path of an https file in a mirror and in the cache: ``<host>/<path>?<query>``.

    Raises:
        FetchError: as `split_url`.
    """
    host, path = split_url(url)
    query = f"?{urlsplit(url).query}" if urlsplit(url).query else ""
    return PurePosixPath(host, *path.with_name(path.name + query).parts[1:])


def check_status(response: requests.Response, requested: str) -> None:
    """Raise a FetchError for every status but 200; 429 and 5xx are transient."""
    status = response.status_code
    if status == 200:
        return
    cause = f"{requested} answered HTTP {status} {response.reason}".rstrip()
    if status == 404:
        raise FetchError(cause, NOT_PUBLISHED_ADVICE, missing=True)
    if status == 429 or status >= 500:
        retry_after = _retry_after(response.headers.get("Retry-After"))
        brief = f"{urlsplit(requested).hostname} answered HTTP {status}"
        raise FetchError(
            cause, NETWORK_ADVICE, transient=True, retry_after=retry_after, brief=brief
        )
    raise FetchError(cause, REFUSED_ADVICE)


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which may be a number or a date."""
    if value is None:
        return None
    if is_count(value.strip()):
        return float(value)
    moment = http_date(value)
    return max(0.0, moment.timestamp() - time.time()) if moment else None


def is_count(text: str) -> bool:
    """Return whether a header is a plain number. (`isdigit` alone accepts "²".)"""
    return text.isascii() and text.isdecimal()


def trouble_of(error: Exception) -> tuple[str, bool]:
    """Return what a host did in a few words, and whether it sent nothing for too long."""
    # The error of a connection that timed out is of both kinds.
    if isinstance(error, requests.ConnectionError):
        return "cannot be reached", True
    if isinstance(error, requests.Timeout):
        return "does not answer", True
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "stopped sending", True
    return "did not send the whole file", False


def reason_of(error: Exception) -> str:
    """Return the innermost reason of a network error, without the connection object."""
    inner = error.args[0] if error.args else error
    reason = " ".join(str(getattr(inner, "reason", inner)).split())
    return _CONNECTION.sub("", reason)[:300]
