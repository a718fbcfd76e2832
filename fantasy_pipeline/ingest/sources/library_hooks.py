"""Hooks that make nflreadpy and nfl_data_py read their files through a transport.

Neither library has a setting for this, so within `serve_libraries` the hooks replace nflreadpy's
adapters (of its public session) and `urllib.request.urlopen`, which pandas calls for nfl_data_py.
Only public attributes are replaced, and all of them are put back. Downloads belong in
`download/transport.py`; what the libraries return belongs in `nflverse.py`.
"""

from __future__ import annotations

import contextlib
import io
import threading
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from email.message import Message
from typing import TypeVar
from urllib.response import addinfourl

import requests
from requests.adapters import BaseAdapter

from fantasy_pipeline.errors import LastingError, PipelineError, SourceError
from fantasy_pipeline.ingest.download.files import Fetched
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sources.file_bounds import refuse_oversized

T = TypeVar("T")

_LOCK = threading.RLock()

# nfl_data_py.import_weekly_rosters reads this schedule over plain http, only to compute ages,
# which this package does not use. The hook answers with one game that no roster row matches.
# Never call `import_schedules` here: it reads the same address and would return that game alone.
_AGES_URL = "http://www.habitatring.com/games.csv"
_NO_GAMES = b"season,week,gameday,home_team,away_team\n1900,1,1900-01-01,NONE,NONE\n"


class UnreadableError(LastingError):
    """A library failed on a file that it read."""


@contextlib.contextmanager
def serve_libraries(
    transport: Transport, dataset: str, season: int | None = None
) -> Iterator[list[Fetched]]:
    """Answer every request of nflreadpy and nfl_data_py from `transport` within the context.

    The context must contain the library call alone. It yields the list of files read, which grows
    with each file. nfl_data_py is served in the calling thread only (so never call it with
    ``thread_requests=True``); other threads keep their network. Everything that the libraries
    print is dropped, and so are their deprecation warnings. A process has one context open at a
    time; a second thread waits for it.

    Raises:
        NotPublishedError: upstream has no such file.
        UnreadableError: the library could not read a file.
        SourceError: a download failed, or the library refused the season. It is raised even if
            the library swallowed the failure.
    """
    with _LOCK:
        server = _Server(transport, dataset, season)
        error: Exception | None = None
        try:
            with (
                _nflreadpy_served(server),
                _urllib_served(server),
                contextlib.redirect_stdout(io.StringIO()),
                warnings.catch_warnings(),
            ):
                # nfl_data_py is archived: its use of deprecated pandas will never change.
                warnings.simplefilter("ignore", DeprecationWarning)
                warnings.simplefilter("ignore", FutureWarning)
                yield server.served
        except Exception as raised:
            error = raised
        # Raise outside of the except block, so that the failure keeps its own cause.
        if server.failure is not None:
            raise server.failure
        if error is not None:
            raise server.explained(error)


class _Server:
    """Answers the libraries' requests from a transport, and keeps the first failure.

    The libraries wrap the errors of a request (nflreadpy in ConnectionError or ValueError), so the
    context raises the kept failure instead.
    """

    def __init__(self, transport: Transport, dataset: str, season: int | None) -> None:
        self._transport = transport
        self._dataset = dataset
        self._season = season
        self.served: list[Fetched] = []
        self.failure: PipelineError | None = None

    def answer(self, url: str) -> bytes:
        """Return the content of the file at an address.

        Raises:
            SourceError: the download failed, or the file declares too large a table.
        """
        if url == _AGES_URL:
            return _NO_GAMES
        try:
            fetched = self._transport.fetch(url, self._dataset, self._season)
            refuse_oversized(fetched.path, self._dataset, self._season)
            content = fetched.path.read_bytes()
        except PipelineError as failure:
            self.failure = self.failure or failure
            raise
        self.served.append(fetched)
        return content

    def explained(self, error: Exception) -> Exception:
        """Return a SourceError for a library's error that comes from the data, else the error."""
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300].rstrip('.')}"
        explained: SourceError
        if isinstance(error, (PipelineError, MemoryError)):
            return error
        if self.served:
            explained = UnreadableError(
                self._dataset,
                f"the file {self.served[-1].path} could not be read: {reason}",
                "Delete that file (in a mirror: replace it), then run again.",
                self._season,
            )
        elif isinstance(error, ValueError):
            explained = SourceError(
                self._dataset,
                f"the library refused the request: {reason}",
                "Check the season.",
                self._season,
            )
        else:
            return error
        explained.__cause__ = error
        return explained


@contextlib.contextmanager
def _nflreadpy_served(server: _Server) -> Iterator[None]:
    """Answer nflreadpy's requests from the server, and switch its own cache off."""
    # Imported here: nflreadpy reads a .env file of the working directory when it is imported.
    from nflreadpy.config import CacheMode, get_config, update_config
    from nflreadpy.downloader import get_downloader

    session = get_downloader().session
    config = get_config()
    adapters, cache_mode, verbose = session.adapters, config.cache_mode, config.verbose
    session.adapters = type(adapters)({"https://": _Adapter(server), "http://": _Adapter(server)})
    # Its memory cache would keep a file for 24 hours; the transport validates files on each run.
    update_config(cache_mode=CacheMode.OFF, verbose=False)
    try:
        yield
    finally:
        update_config(cache_mode=cache_mode, verbose=verbose)
        session.adapters = adapters


class _Adapter(BaseAdapter):
    """Answers a requests session from the server."""

    def __init__(self, server: _Server) -> None:
        super().__init__()
        self._server = server

    def send(
        self, request: requests.PreparedRequest, *args: object, **kwargs: object
    ) -> requests.Response:
        content = self._server.answer(str(request.url))
        response = requests.Response()
        response.status_code = 200
        response.url = str(request.url)
        response.request = request
        response.headers["Content-Length"] = str(len(content))
        response.raw = io.BytesIO(content)
        return response

    def close(self) -> None:
        """Do nothing: the adapter holds no connection."""


@contextlib.contextmanager
def _urllib_served(server: _Server) -> Iterator[None]:
    """Answer `urllib.request.urlopen` from the server."""
    previous = urllib.request.urlopen
    urllib.request.urlopen = _served(server, previous)
    try:
        yield
    finally:
        urllib.request.urlopen = previous


def _served(server: _Server, previous: Callable[..., T]) -> Callable[..., T | addinfourl]:
    """Return an `urlopen` that the server answers in this thread, and `previous` in all others."""
    thread = threading.get_ident()

    def urlopen(
        url: str | urllib.request.Request, *args: object, **kwargs: object
    ) -> T | addinfourl:
        if threading.get_ident() != thread:
            return previous(url, *args, **kwargs)
        address = url if isinstance(url, str) else url.full_url
        content = server.answer(address)
        headers = Message()
        headers["Content-Length"] = str(len(content))
        return addinfourl(io.BytesIO(content), headers, address, 200)

    return urlopen
