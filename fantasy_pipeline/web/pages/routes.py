"""All pages of an application, and errors as pages where a browser asks."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from fantasy_pipeline.web.data import Players
from fantasy_pipeline.web.pages.account import add_account, add_actions
from fantasy_pipeline.web.pages.api_reference import operations
from fantasy_pipeline.web.pages.players import add_accuracy, add_players
from fantasy_pipeline.web.pages.runs import add_runs
from fantasy_pipeline.web.pages.site import Context, Site, add_static, wants_page
from fantasy_pipeline.web.pages.weeks import add_leagues, add_weeks
from fantasy_pipeline.web.problems import problem, sentence
from fantasy_pipeline.web.sessions import Sessions

DOCUMENTATION = "/docs"
_DATA = ("/api/", "/healthz", "/metrics", "/openapi.json")
_UNREADABLE = "There was an error parsing the body"
"""FastAPI's sentence about a body that is not text."""


def add_pages(app: FastAPI, site: Site, sessions: Sessions, players: Players) -> None:
    """Add all pages except the status page, which shares its address with the index."""
    add_static(app, site.files)
    add_account(app, site)
    add_actions(app, site, sessions)
    add_runs(app, site, sessions)
    add_weeks(app, site)
    add_leagues(app, site)
    add_players(app, site, players)
    add_accuracy(app, site)
    _add_errors(app, site)

    @app.get(DOCUMENTATION, include_in_schema=False)
    async def documentation(request: Request) -> Response:
        return await site.page(request, "docs", "", contents)

    def contents() -> Context:
        document = app.openapi()
        return {**document["info"], "operations": operations(document)}


def _add_errors(app: FastAPI, site: Site) -> None:
    """Answer errors of pages with a page, and those of data routes with JSON."""

    def is_page(request: Request) -> bool:
        return not request.url.path.startswith(_DATA) and wants_page(request)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        code, detail = error.status_code, _in_words(request, error)
        if not is_page(request):
            return problem(code, detail, headers=dict(error.headers or {}))
        page = site.error(request, code, detail)
        page.headers.update(error.headers or {})
        return page

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        detail = sentence(error)
        return site.error(request, 422, detail) if is_page(request) else problem(422, detail)


def _in_words(request: Request, error: HTTPException) -> str:
    """Return what is wrong with a request; the framework's own words lack the next step."""
    detail = str(error.detail)
    if detail == _UNREADABLE:
        return f"the body is not JSON in UTF-8; {DOCUMENTATION} describes it"
    if detail != HTTPStatus(error.status_code).phrase:
        return detail
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "other methods")
        return f"this address does not take {request.method}; use {allowed}"
    return f"there is nothing at this address; {DOCUMENTATION} lists all addresses"
