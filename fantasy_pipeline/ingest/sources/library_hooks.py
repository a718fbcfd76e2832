"""How the two unmodified libraries are made to read through a transport.

How files are fetched belongs in `transport.py`, what the libraries return in the readers.
"""

from __future__ import annotations

import contextlib
import io
import threading
import urllib.request
import warnings
from collections.abc import Iterator
from email.message import Message
from typing import Any
from urllib.response import addinfourl

import requests
from requests.adapters import BaseAdapter

from fantasy_pipeline.errors import LastingError, PipelineError, SourceError
from fantasy_pipeline.ingest.download.transport import Fetched, Transport

_LOCK = threading.RLock()

# nfl_data_py.import_weekly_rosters reads this over plain http, only to compute ages that nobody
# here uses. It gets one game that no roster row matches. `import_schedules` reads it too: do not
# call that one here, it would find no games.
_AGES_URL = "http://www.habitatring.com/games.csv"
_NO_GAMES = b"season,week,gameday,home_team,away_team\n1900,1,1900-01-01,NONE,NONE\n"


class UnreadableError(LastingError):
    """A library failed on a file that it was given."""


@contextlib.contextmanager
def serve_libraries(
    transport: Transport, dataset: str, season: int | None = None
) -> Iterator[list[Fetched]]:
    """Answer every request of nflreadpy and nfl_data_py from `transport` within the context.

    Put the library call alone inside. Yields the list of files read, which fills as they are.
    nfl_data_py is served in the calling thread only (not with ``thread_requests=True``), so that
    other threads keep their network. What the libraries print is dropped, and so are their
    deprecation warnings. One context is open at a time in a process; a second waits.

    Raises:
        NotPublishedError: upstream has no such file.
        UnreadableError: the library could not read a file.
        SourceError: a file did not come, or the library refused the season. Raised even if the
            library swallowed the failure.
    """
    with _LOCK:
        desk = _Server(transport, dataset, season)
        error: Exception | None = None
        try:
            with (
                _nflreadpy_served(desk),
                _urllib_served(desk),
                contextlib.redirect_stdout(io.StringIO()),
                warnings.catch_warnings(),
            ):
                # nfl_data_py is archived: nobody can act on its use of deprecated pandas.
                warnings.simplefilter("ignore", DeprecationWarning)
                warnings.simplefilter("ignore", FutureWarning)
                yield desk.served
        except Exception as raised:
            error = raised
        # Outside of the except block, so that the failure keeps its own cause.
        if desk.failure is not None:
            raise desk.failure
        if error is not None:
            raise desk.explained(error)


class _Server:
    """Answers each address that a library asks for and remembers the first failure.

    The libraries wrap what is raised under them (nflreadpy in ConnectionError or ValueError), so
    the context raises the remembered failure instead.
    """

    def __init__(self, transport: Transport, dataset: str, season: int | None) -> None:
        self._transport = transport
        self._dataset = dataset
        self._season = season
        self.served: list[Fetched] = []
        self.failure: SourceError | None = None

    def answer(self, url: str) -> bytes:
        if url == _AGES_URL:
            return _NO_GAMES
        try:
            fetched = self._transport.fetch(url, self._dataset, self._season)
            content = fetched.path.read_bytes()
        except SourceError as failure:
            self.failure = self.failure or failure
            raise
        self.served.append(fetched)
        return content

    def explained(self, error: Exception) -> Exception:
        """Turn what a library raised into a SourceError, where it can only mean the data."""
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        explained: SourceError
        if isinstance(error, (PipelineError, MemoryError)):
            return error
        if self.served:
            explained = UnreadableError(
                self._dataset,
                f"the file {self.served[-1].path} could not be read: {reason}",
                "Delete that file (in a mirror: replace it) and run again",
                self._season,
            )
        elif isinstance(error, ValueError):
            explained = SourceError(
                self._dataset,
                f"the library refused: {reason}",
                "Check the season",
                self._season,
            )
        else:
            return error
        explained.__cause__ = error
        return explained


@contextlib.contextmanager
def _nflreadpy_served(desk: _Server) -> Iterator[None]:
    # Imported here: it reads a .env file of the working directory when imported.
    from nflreadpy.config import CacheMode, get_config, update_config
    from nflreadpy.downloader import get_downloader

    session = get_downloader().session
    config = get_config()
    adapters, cache_mode, verbose = session.adapters, config.cache_mode, config.verbose
    session.adapters = type(adapters)({"https://": _Adapter(desk), "http://": _Adapter(desk)})
    # Its memory cache is 24 hours old in a daemon; the transport's is validated on each run.
    update_config(cache_mode=CacheMode.OFF, verbose=False)
    try:
        yield
    finally:
        update_config(cache_mode=cache_mode, verbose=verbose)
        session.adapters = adapters


class _Adapter(BaseAdapter):
    """Answers a requests session from the desk."""

    def __init__(self, desk: _Server) -> None:
        super().__init__()
        self._desk = desk

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        content = self._desk.answer(str(request.url))
        response = requests.Response()
        response.status_code = 200
        response.url = str(request.url)
        response.request = request
        response.headers["Content-Length"] = str(len(content))
        response.raw = io.BytesIO(content)
        return response

    def close(self) -> None:
        """Nothing is open."""


@contextlib.contextmanager
def _urllib_served(desk: _Server) -> Iterator[None]:
    previous: urllib.request.OpenerDirector | None = getattr(urllib.request, "_opener", None)
    urllib.request.install_opener(_Opener(desk, previous or urllib.request.build_opener()))
    try:
        yield
    finally:
        # None makes urllib build its default again.
        urllib.request.install_opener(previous)


class _Opener(urllib.request.OpenerDirector):
    """Answers `urllib.request.urlopen`, which pandas uses, from the desk."""

    def __init__(self, desk: _Server, others: urllib.request.OpenerDirector) -> None:
        super().__init__()
        self._desk = desk
        self._others = others
        self._thread = threading.get_ident()

    def open(self, fullurl: Any, *args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != self._thread:
            return self._others.open(fullurl, *args, **kwargs)
        url = fullurl if isinstance(fullurl, str) else fullurl.full_url
        content = self._desk.answer(url)
        headers = Message()
        headers["Content-Length"] = str(len(content))
        return addinfourl(io.BytesIO(content), headers, url, 200)
