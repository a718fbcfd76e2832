"""Options that several commands of the command line share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from fantasy_pipeline.output import Format
from fantasy_pipeline.season_week import FIRST_SEASON, WEEKS

SourceOption = Annotated[
    Literal["auto", "nfl_data_py", "nflreadpy", "sample"] | None,
    typer.Option(help="Where data come from; default: FANTASY_SOURCE, else auto."),
]
SeasonOption = Annotated[
    int | None, typer.Option(min=FIRST_SEASON, help="Season, the year it starts in.")
]
WeekOption = Annotated[
    int | None, typer.Option(min=WEEKS[0], max=WEEKS[-1], help="Week, play-offs included.")
]
AtOption = Annotated[
    str | None, typer.Option(metavar="ISO8601", help="Act as of this moment; default: now.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FormatOption = Annotated[Format, typer.Option(help="Output format.")]
OutputOption = Annotated[Path | None, typer.Option(help="File to write; default: the screen.")]
