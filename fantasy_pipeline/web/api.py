"""The application: routes, access control and errors put together, and its server.

Needs the extra ``[api]``.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Query, Request, Response
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi_offline import FastAPIOffline

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
from fantasy_pipeline.web.security import SECURITY_HEADERS, own_names, refusal
from fantasy_pipeline.web.server import config
from fantasy_pipeline.web.sessions import MakeSession, Sessions
from fantasy_pipeline.web.shared import SECONDS
from fantasy_pipeline.web.tables import Tables

CallNext = Callable[[Request], Awaitable[Response]]


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
    # It serves Swagger's files, which FastAPI loads from another host. Its own page has a script
    # inline, so that /docs is one of ours.
    app = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        title="fantasy_pipeline",
        version=__version__,
        description="Jobs, runs, health, data and decisions of the NFL fantasy football pipeline.",
    )
    sessions = Sessions(make_session)

    @app.middleware("http")
    async def admitted(request: Request, call_next: CallNext) -> Response:
        """Refuse a request by its headers, or pass it on to its route."""
        try:
            with at_once():
                response = refusal(request, is_protected) or await call_next(request)
        except Exception as error:
            if (known := in_words(error)) is None:
                raise
            response = problem(503, str(known))
        response.headers.update(SECURITY_HEADERS)
        return response

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
    add_decisions(app, sessions)
    add_metrics(app, sessions.shared)
    add_progress(app, sessions, is_protected)
    players = Players(sessions.shared)
    add_data(app, Tables(sessions.shared, seconds), players)
    site = Site(sessions.shared, seconds)
    add_pages(app, site, sessions, players)
    _add_index(app, site, results)
    app.add_middleware(
        TrustedHostMiddleware,
        allowed_hosts=own_names() if names is None else names,
        www_redirect=False,
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
    """Serve the application until the process is stopped."""
    app = create_app(names=own_names(host), is_protected=not is_loopback(host))
    uvicorn.Server(config(app, host, port)).run()
