"""The command `mirror`: save upstream's files in a folder."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from fantasy_pipeline.cli.help import IMPORT_PANEL, command
from fantasy_pipeline.cli.options import (
    AtOption,
    JsonOption,
    SeasonsRequired,
    SourceOption,
    not_empty,
    open_session,
    seasons_of,
)
from fantasy_pipeline.cli.output import console, print_json
from fantasy_pipeline.cli.progress import Steps
from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from fantasy_pipeline.operations.mirror import Mirrored

_MEGABYTE = 10**6


def mirror(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER",
            callback=not_empty,
            help="Folder to save in; created if it does not exist.",
        ),
    ],
    seasons: SeasonsRequired,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Save the upstream files of whole seasons in a folder, for imports without network.

    Set NFLVERSE_MIRROR to the folder to import from it. The same command resumes an interrupted
    download and updates the folder; it downloads only files that are missing or have changed.
    FANTASY_PROJECTION_SOURCES chooses the projection sources. Changes nothing in the lake.
    """
    from fantasy_pipeline.operations.mirror import mirror as save

    wanted = seasons_of(seasons)
    result = save(open_session(source, at), Path(folder), wanted, Steps(json))
    if json:
        print_json(result.to_json())
    else:
        _print_result(result)
    if result.failures:
        raise PipelineError(" | ".join(result.failures))


def _print_result(result: Mirrored) -> None:
    facts = result.to_json()
    if facts["not_published"]:
        console().print(f"Not published: {'; '.join(facts['not_published'])}", markup=False)
    counts = ", ".join(f"{facts[name]} {name}" for name in ("new", "updated", "unchanged"))
    size = facts["bytes"] / _MEGABYTE
    console().print(f"{facts['files']} files ({size:.1f} MB): {counts}")
    console().print("To import from them, run:")
    console().print(f"export NFLVERSE_MIRROR={quote(facts['folder'])}", markup=False)


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        IMPORT_PANEL,
        "mirror nfl-files --seasons 2015-2026",
        "mirror nfl-files --seasons 2024 --json",
    )(mirror)
