"""Shared parts of all pages: templates, static files, shared rendering, pages of errors."""

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.report.accuracy import DISPLAY_NAMES
from fantasy_pipeline.report.words import moment, number, signed
from fantasy_pipeline.web.answering import public_text, status_of
from fantasy_pipeline.web.pages.documents import Files
from fantasy_pipeline.web.representations import FORMATS, HTML, Representation, accepted, respond
from fantasy_pipeline.web.security import STATIC, configured_token, form_key, is_logged_in
from fantasy_pipeline.web.shared import Shared

SECONDS = 2.0
"""Seconds for which readers share a page."""
_MOST_PAGES = 30
_WEB = Path(__file__).parents[1]
_REPORT = _WEB.parent / "report" / "templates"
_FILES = {
    "report.css": (_REPORT, "text/css"),
    "site.css": (_WEB / "static", "text/css"),
    "site.js": (_WEB / "static", "text/javascript"),
    "icon.svg": (_WEB / "static", "image/svg+xml"),
}
"""Files below `/static/`: folder and media type."""
Context = Mapping[str, Any]


def wants_page(request: Request) -> bool:
    """Return whether the client prefers a page to data, as browsers do."""
    return accepted(request.headers.get("accept"), (*FORMATS, HTML)) == HTML


class Site:
    """Renders the pages of one session.

    Args:
        seconds: age from which a page is made again.

    Attributes:
        files: style sheets and scripts of documents.
    """

    def __init__(self, session: Session, seconds: float = SECONDS) -> None:
        self.session = session
        self.files = Files()
        self._contexts = Shared[Context](seconds)
        self._pages = Shared[Representation](seconds, _MOST_PAGES)

    async def page(
        self, request: Request, template: str, key: Hashable, gather: Callable[[], Context]
    ) -> Response:
        """Return a page; readers who are not logged in share its bytes.

        Args:
            template: file of `web/templates`, without its end.
            key: what the contents depend on.
            gather: makes the contents; it runs in a thread, unless they are shared.
        """
        return await self.shared(
            request,
            (template, key),
            lambda reader: self._rendered(
                template, self._contexts.of((template, key), gather), reader
            ),
        )

    async def shared(
        self, request: Request, key: Hashable, make: Callable[[Context], Representation]
    ) -> Response:
        """Return an answer whose bytes readers with the same login share, or the page of an error.

        Args:
            make: makes the answer for a reader, see `reader`, in a thread.
        """
        reader = self.reader(request)
        whole_key = (key, *reader.values())

        def ready() -> Representation:
            return make(reader).ready()

        found = self._pages.fresh(whole_key, ready)
        try:
            if found is None:
                found = await run_in_threadpool(self._pages.of, whole_key, ready)
        except HTTPException as error:
            return self.error(request, error.status_code, str(error.detail))
        except InvalidArgumentError as error:
            return self.error(request, 422, str(error))
        except PipelineError as error:
            return self.error(request, status_of(error), public_text(error, self.session))
        return respond(request, found)

    def forget(self) -> None:
        """Make every page anew when it is next asked for: a reader has changed something."""
        self._contexts.forget()
        self._pages.forget()

    def reader(self, request: Request) -> dict[str, Any]:
        """Return what a page depends on besides its contents: the reader's login."""
        return {
            "login": "in" if is_logged_in(request) else "out" if configured_token() else "off",
            "form_key": form_key(request),
        }

    def bar(self, reader: Context, links: str = "") -> str:
        """Return the site's navigation as HTML, for a page that is not made of our templates.

        Args:
            reader: see `reader`.
            links: HTML of further links.
        """
        template = _environment().get_template("bar.html.j2")
        return template.render(label=self.session.label, links=links, here="", **reader)

    def error(self, request: Request, code: int, text: str) -> Response:
        """Return the page of an error, in one sentence."""
        context = {"code": code, "text": text}
        body = self._rendered("error", context, self.reader(request)).body
        return Response(body, code, media_type=HTML)

    def _rendered(self, template: str, context: Context, reader: Context) -> Representation:
        body = (
            _environment()
            .get_template(f"{template}.html.j2")
            .render(
                label=self.session.label,
                **reader,
                **context,
            )
        )
        return Representation(body.encode(), HTML)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("fantasy_pipeline.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": moment,
        "number": number,
        "signed": signed,
        "duration": duration,
        "with_code": with_code,
        "source_name": lambda source: DISPLAY_NAMES.get(source, source),
    }
    return environment


def with_code(text: str) -> Markup:
    """Return a text as HTML in which what stands between backticks is code."""
    code = Markup("<code>{}</code>")
    parts = enumerate(text.split("`"))
    return Markup("").join(code.format(part) if at % 2 else escape(part) for at, part in parts)


def duration(seconds: float | None) -> str:
    """Return a duration in words, e.g. `1 min 12 s`; a dash for None."""
    if seconds is None:
        return "\N{EN DASH}"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


@cache
def static_file(name: str) -> Representation | None:
    """Return a file below `/static/`; None: there is no such file."""
    if name not in _FILES:
        return None
    folder, media_type = _FILES[name]
    return Representation((folder / name).read_bytes(), media_type)


def add_static(app: FastAPI, files: Files) -> None:
    """Add the route of style sheets and scripts, those of `Files` among them."""

    @app.get(STATIC + "{name}", include_in_schema=False)
    async def static(request: Request, name: str) -> Response:
        found = static_file(name) or files.get(name)
        if found is None:
            raise HTTPException(404, f"there is no file {name!r}")
        return respond(request, found)
