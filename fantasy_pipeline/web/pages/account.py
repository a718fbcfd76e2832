"""The login, and the buttons that start and cancel runs: forms with a key of the login (CSRF)."""

import asyncio
import hmac
import time
from urllib.parse import parse_qsl

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from fantasy_pipeline.errors import PipelineError, UnusableStorageError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.operations.cancel import RunIsOverError, cancel
from fantasy_pipeline.operations.trigger import AlreadyRunningError, trigger
from fantasy_pipeline.web.jobs import due_week
from fantasy_pipeline.web.pages.site import Site
from fantasy_pipeline.web.security import (
    COOKIE,
    LOGIN,
    SESSION_SECONDS,
    configured_token,
    form_key,
    is_the_token,
    session_cookie,
)
from fantasy_pipeline.web.sessions import Sessions

WRONG_TOKEN_SECONDS = 0.5
"""Seconds after which a wrong token is refused, so that guessing takes long."""
_KEY = "form_key"
_MOST_FIELDS = 20
_OFF = "starting runs is off: FANTASY_API_TOKEN is not set on the server"


def add_account(app: FastAPI, site: Site) -> None:
    """Add the login and the logout."""

    @app.get(LOGIN, include_in_schema=False)
    async def login_page(request: Request) -> Response:
        return await site.page(request, "login", "", lambda: {"wrong": False})

    @app.post(LOGIN, include_in_schema=False)
    async def login(request: Request) -> Response:
        if not configured_token():
            return site.error(request, 503, _OFF)
        form = await _form(request)
        if not is_the_token(form.get("token", "")):
            await asyncio.sleep(WRONG_TOKEN_SECONDS)
            return site.error(request, 401, "This is not the token of the server. Log in again.")
        expires = int(time.time()) + SESSION_SECONDS
        response = RedirectResponse("/", 303)
        response.set_cookie(
            COOKIE,
            session_cookie(configured_token(), expires),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    @app.post("/logout", include_in_schema=False)
    async def logout(request: Request) -> Response:
        if (refused := _refused(site, request, await _form(request))) is not None:
            return refused
        response = RedirectResponse("/", 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response


def add_actions(app: FastAPI, site: Site, sessions: Sessions) -> None:
    """Add the buttons that start and cancel runs."""

    @app.post("/runs", include_in_schema=False)
    async def start(request: Request) -> Response:
        form = await _form(request)
        if (refused := _refused(site, request, form)) is not None:
            return refused
        try:
            run_id = await run_in_threadpool(_start, sessions, form.get("week", ""))
        except AlreadyRunningError as error:
            return RedirectResponse(f"/runs/{error.run_id}", 303)
        except UnusableStorageError as error:
            return site.error(request, 503, str(error))
        except PipelineError as error:
            return site.error(request, 422, str(error))
        site.forget()
        return RedirectResponse(f"/runs/{run_id}", 303)

    @app.post("/runs/{run_id}/cancel", include_in_schema=False)
    async def stop(request: Request, run_id: str) -> Response:
        if (refused := _refused(site, request, await _form(request))) is not None:
            return refused
        try:
            found = await run_in_threadpool(sessions.execution, run_id)
            await run_in_threadpool(cancel, found.instance, found.run.run_id)
        except RunIsOverError as error:
            return site.error(request, 409, str(error))
        except PipelineError as error:
            return site.error(request, 503, str(error))
        except HTTPException as error:
            return site.error(request, error.status_code, str(error.detail))
        site.forget()
        return RedirectResponse(f"/runs/{found.run.run_id}", 303)


def _start(sessions: Sessions, key: str) -> str:
    """Start the run of a week, by its key; empty: the due week. Return the run's id.

    Raises:
        PipelineError: the key is not a week's; or as for `trigger`.
    """
    session = sessions.shared
    week = SeasonWeek.from_key(key) if key else due_week(session)
    return trigger(session, week, "api")


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form; none if the body is no form. Headers have limited its size."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def _refused(site: Site, request: Request, form: dict[str, str]) -> Response | None:
    """Return the refusal of a form without login or without the key of the login, else None."""
    if not configured_token():
        return site.error(request, 503, _OFF)
    expected = form_key(request)
    if not expected:
        return site.error(request, 401, "Log in first: the login has ended, or there was none.")
    if not hmac.compare_digest(form.get(_KEY, "").encode(), expected.encode()):
        text = "The form is not of this login. Load the page again and repeat the step."
        return site.error(request, 403, text)
    return None
