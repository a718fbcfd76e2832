"""The command `api`: serve the HTTP interface."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from fantasy_pipeline.cli.help import CONTROL_PANEL, PROGRAM, command
from fantasy_pipeline.cli.options import not_empty
from fantasy_pipeline.cli.output import warn
from fantasy_pipeline.errors import PipelineError


def api(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", callback=not_empty, help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=1, max=65535, help="Port to listen on.")
    ] = 8000,
) -> None:
    r"""Serve the HTTP interface until stopped. Its documentation is at /docs.

    Needs the extra: pip install -e '.\[api]' in the checkout. Starting runs over HTTP needs
    FANTASY_API_TOKEN. Requests must name this machine as localhost, 127.0.0.1, ADDRESS or a name
    in FANTASY_API_HOSTS.
    """
    try:
        from fantasy_pipeline.web.api import serve
        from fantasy_pipeline.web.security import exposure
    except ModuleNotFoundError as error:
        raise PipelineError(
            f"{error.name} is not installed; in the checkout: pip install -e '.[api]'."
        ) from None
    from fantasy_pipeline.cli import no_pandas

    warn(filter(None, [exposure(host)]))
    no_pandas.settle()
    # A server lives long: its garbage is collected at Python's usual pace.
    gc.set_threshold(700)
    serve(host, port)


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        CONTROL_PANEL,
        "api --port 8080",
        notes=f"Exit codes: 1 without the extra; the others: {PROGRAM} --help.",
    )(api)
