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
from fantasy_pipeline.web.decisions import add_decisions
from fantasy_pipeline.web.health import add_health
from fantasy_pipeline.web.jobs import add_history, add_status, add_trigger
from fantasy_pipeline.web.metrics import add_metrics
from fantasy_pipeline.web.models import Index, NoParameters
from fantasy_pipeline.web.problems import problem, problems
from fantasy_pipeline.web.progress import add_progress
from fantasy_pipeline.web.security import own_names, refusal
from fantasy_pipeline.web.server import config
from fantasy_pipeline.web.sessions import MakeSession, Sessions

DOCUMENTATION = "/docs"
CallNext = Callable[[Request], Awaitable[Response]]


def create_app(make_session: MakeSession = Session, names: Sequence[str] | None = None) -> FastAPI:
    """Return the application.

    Args:
        make_session: opens the session that a request works on, by source.
        names: host names that a request may be sent to; None: those of a server on loopback.
    """
    # Its page /docs loads Swagger from this server; FastAPI's own loads scripts from another host.
    app = FastAPIOffline(
        docs_url=DOCUMENTATION,
        redoc_url=None,
        title="fantasy_pipeline",
        version=__version__,
        description="Jobs, runs, health and decisions of the NFL fantasy football pipeline.",
    )
    sessions = Sessions(make_session)

    @app.middleware("http")
    async def admitted(request: Request, call_next: CallNext) -> Response:
        """Refuse a request by its headers, or pass it on to its route."""
        try:
            with at_once():
                return refusal(request) or await call_next(request)
        except Exception as error:
            if (known := in_words(error)) is None:
                raise
            return problem(503, str(known))

    @app.exception_handler(PipelineError)
    async def refused(request: Request, error: PipelineError) -> Response:
        return problem(503, str(error))

    @app.exception_handler(InvalidArgumentError)
    async def invalid(request: Request, error: InvalidArgumentError) -> Response:
        return problem(422, str(error))

    add_trigger(app, sessions)
    add_status(app, sessions.shared)
    add_history(app, sessions)
    add_health(app, sessions.shared)
    add_decisions(app, sessions)
    add_metrics(app, sessions.shared)
    add_progress(app, sessions)
    _add_index(app)
    app.add_middleware(
        TrustedHostMiddleware,
        allowed_hosts=own_names() if names is None else names,
        www_redirect=False,
    )
    return app


def _add_index(app: FastAPI) -> None:
    """Add the route of the addresses."""

    @app.get("/", responses=problems(422))
    def index(query: Annotated[NoParameters, Query()]) -> Index:
        """Return the addresses of this server, and where its documentation is."""
        addresses = {
            f"{method.upper()} {path}": operation["description"]
            for path, operations in app.openapi()["paths"].items()
            for method, operation in operations.items()
        }
        return Index(documentation=DOCUMENTATION, addresses=addresses)


def serve(host: str, port: int) -> None:
    """Serve the application until the process is stopped."""
    uvicorn.Server(config(create_app(names=own_names(host)), host, port)).run()
