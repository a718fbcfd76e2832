"""The application: routes, access control and errors put together, and its server.

Needs the extra ``[api]``.
"""

import socket
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fantasy_pipeline import __version__
from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.history_errors import at_once, in_words
from fantasy_pipeline.settings import is_loopback
from fantasy_pipeline.web.data import Players, add_data
from fantasy_pipeline.web.decisions import add_decisions
from fantasy_pipeline.web.health import Results, add_health
from fantasy_pipeline.web.jobs import add_history, add_status, add_trigger
from fantasy_pipeline.web.metrics import add_metrics
from fantasy_pipeline.web.models import Index, NoParameters
from fantasy_pipeline.web.pages.routes import DOCUMENTATION, add_pages
from fantasy_pipeline.web.pages.site import Site, wants_page
from fantasy_pipeline.web.pages.status import status_page
from fantasy_pipeline.web.problems import problem, problems
from fantasy_pipeline.web.progress import add_progress
from fantasy_pipeline.web.queries import no_repeated_values
from fantasy_pipeline.web.security import (
    SECURITY_HEADERS,
    own_names,
    refusal,
    refusal_of_name,
)
from fantasy_pipeline.web.server import Server, config
from fantasy_pipeline.web.sessions import MakeSession, Sessions
from fantasy_pipeline.web.shared import SECONDS
from fantasy_pipeline.web.tables import Tables

_DEFECT = "this is a defect of the server; report it with the traceback in the log of the server"


class Admission:
    """Refuses a request by its headers, or passes it on to its route.

    Args:
        names, is_protected: as for `create_app`.
    """

    def __init__(self, app: ASGIApp, names: Sequence[str], is_protected: bool) -> None:
        self._app = app
        self._names = names
        self._is_protected = is_protected

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
            return
        with at_once():
            await (self._refused_name(scope) or self._app)(scope, receive, send)

    def _refused_name(self, scope: Scope) -> Response | None:
        is_connection = scope["type"] in ("http", "websocket")
        return refusal_of_name(HTTPConnection(scope), self._names) if is_connection else None

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; every answer has `SECURITY_HEADERS`."""
        if scope["method"] == "HEAD":
            # The answer to a GET; the server leaves its body out.
            scope = {**scope, "method": "GET"}
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        try:
            with at_once():
                refused = refusal(Request(scope), self._is_protected)
                answer = self._refused_name(scope) or refused or self._app
                await answer(scope, receive, send_with_headers)
        except Exception as error:
            if has_started:
                raise
            if (known := in_words(error)) is not None:
                await problem(503, str(known))(scope, receive, send_with_headers)
                return
            await problem(500, _DEFECT)(scope, receive, send_with_headers)
            raise


def create_app(
    make_session: MakeSession = Session,
    names: Sequence[str] | None = None,
    is_protected: bool = False,
    seconds: float = SECONDS,
) -> FastAPI:
    """Return the application.

    Args:
        make_session: opens the session that a request works on, by source.
        names: host names that a request may be sent to; None: those of a server on loopback.
        is_protected: the server is bound beyond loopback, so that reading needs the token.
        seconds: seconds for which readers share answers and pages.
    """
    # FastAPI's pages of the documentation load files from another host; /docs is a page of ours.
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(no_repeated_values)],
        title="fantasy_pipeline",
        version=__version__,
        description="Jobs, runs, health, data and decisions of the NFL fantasy football pipeline.",
    )
    sessions = Sessions(make_session)

    @app.exception_handler(PipelineError)
    async def refused(request: Request, error: PipelineError) -> Response:
        return problem(503, str(error))

    @app.exception_handler(InvalidArgumentError)
    async def invalid(request: Request, error: InvalidArgumentError) -> Response:
        return problem(422, str(error))

    add_trigger(app, sessions)
    add_status(app, sessions.shared)
    add_history(app, sessions)
    results = Results(sessions.shared)
    add_health(app, results, is_protected)
    add_metrics(app, sessions.shared)
    add_progress(app, sessions, is_protected)
    players = Players(sessions.shared)
    tables = Tables(sessions.shared, seconds)
    # The address of comparisons looks like that of a player.
    add_decisions(app, tables)
    add_data(app, tables, players)
    site = Site(sessions.shared, seconds)
    add_pages(app, site, sessions, players)
    _add_index(app, site, results)
    app.add_middleware(
        Admission,
        names=own_names() if names is None else names,
        is_protected=is_protected,
    )
    return app


def _add_index(app: FastAPI, site: Site, results: Results) -> None:
    """Add the route of the addresses, which is the status page for browsers."""

    @app.get("/", response_model=Index, responses=problems(422))
    async def index(request: Request, query: Annotated[NoParameters, Query()]) -> Index | Response:
        """Return the addresses of this server, and where its documentation is."""
        if wants_page(request):
            return await status_page(request, site, results)
        addresses = {
            f"{method.upper()} {path}": operation["description"]
            for path, operations in app.openapi()["paths"].items()
            for method, operation in operations.items()
        }
        return Index(documentation=DOCUMENTATION, addresses=addresses)


def serve(host: str, port: int) -> None:
    """Serve the application until the process is stopped.

    Raises:
        PipelineError: the address cannot be listened on.
    """
    _check_address(host, port)
    app = create_app(names=own_names(host), is_protected=not is_loopback(host))
    Server(config(app, host, port)).run()


def _check_address(host: str, port: int) -> None:
    """Check that one of the addresses of a host can be listened on; uvicorn logs a failure only.

    Raises:
        PipelineError: none of them can.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # A machine may name an address of IPv6 without having it.
        for number, (family, _, _, _, address) in enumerate(found, 1):
            try:
                socket.create_server(address, family=family).close()
                return
            except OSError:
                if number == len(found):
                    raise
    except OSError as error:
        raise PipelineError(
            f"api cannot listen on {host} port {port}: {error.strerror}. Choose another port with "
            "--port, or stop what listens there."
        ) from None
