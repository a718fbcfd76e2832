"""What of http is ours: which addresses may be asked, what their answers mean, why none came."""

from __future__ import annotations

import time
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import requests

from fantasy_pipeline import __version__
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.ingest.download.cache import http_date
from fantasy_pipeline.settings import is_loopback

NETWORK_ADVICE = (
    "Check the network; or set NFLVERSE_MIRROR to a directory or https address that holds the "
    "files; or run again later: nothing was changed"
)
NOT_PUBLISHED_ADVICE = "Upstream has not published this file: check the season, or wait"


class FetchError(Exception):
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


def parse_mirror(mirror: str | None) -> tuple[Path | None, str | None]:
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


def session_for(base: str | None) -> requests.Session:
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


def split_url(url: str) -> tuple[str, PurePosixPath]:
    """Return host and decoded path of an https URL that names a file."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise FetchError(f"{url} is not https", "Only https addresses are fetched")
    path = PurePosixPath(unquote(parts.path))
    host = parts.hostname or ""
    odd = ".." in path.parts or any(c in f"{path}{parts.query}" for c in "\\\0")
    odd = odd or "/" in parts.query or bool(parts.fragment)
    if odd or host.strip(".") != host or not host or len(path.parts) < 2:
        raise FetchError(f"{url} does not name a file", "Check the address")
    return host, path


def check_status(response: requests.Response, requested: str) -> None:
    """Raise for every status but 200."""
    status = response.status_code
    if status == 200:
        return
    cause = f"{requested} answered HTTP {status} {response.reason}".rstrip()
    if status == 404:
        raise FetchError(cause, NOT_PUBLISHED_ADVICE, missing=True)
    if status == 429 or status >= 500:
        retry_after = _retry_after(response.headers.get("Retry-After"))
        raise FetchError(cause, NETWORK_ADVICE, transient=True, retry_after=retry_after)
    raise FetchError(cause, NETWORK_ADVICE)


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which may be a number or a date."""
    if value is None:
        return None
    if is_count(value.strip()):
        return float(value)
    moment = http_date(value)
    return max(0.0, moment.timestamp() - time.time()) if moment else None


def is_count(text: str) -> bool:
    """Whether a header is a plain number; `isdigit` alone is true of "²", which is none."""
    return text.isascii() and text.isdecimal()


def reason_of(error: Exception) -> str:
    """Return what went wrong on the network, without the layers of wrapping around it."""
    inner = error.args[0] if error.args else error
    return " ".join(str(getattr(inner, "reason", inner)).split())[:300]
