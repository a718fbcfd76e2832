"""Options that several commands share, and what their texts mean."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fantasy_pipeline.cli.output import Format
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import FIRST_SEASON, LAST_SEASON, WEEKS, SeasonWeek
from fantasy_pipeline.settings import SourceName

if TYPE_CHECKING:
    from fantasy_pipeline.operations.session import Session


SourceOption = Annotated[
    SourceName | None,
    typer.Option(
        metavar="NAME",
        help="auto, nfl_data_py, nflreadpy or sample; default: FANTASY_SOURCE or auto.",
    ),
]
_SEASON = typer.Option(metavar="YEAR", min=FIRST_SEASON, help="Season, the year it starts in.")
_WEEK = typer.Option(metavar="N", min=WEEKS[0], max=WEEKS[-1], help="Week, play-offs included.")
SeasonOption = Annotated[int | None, _SEASON]
WeekOption = Annotated[int | None, _WEEK]
SeasonRequired = Annotated[int, _SEASON]
WeekRequired = Annotated[int, _WEEK]
SeasonsRequired = Annotated[
    str, typer.Option(metavar="YEARS", help="Seasons: 2024, 2015-2024 or 2015,2018.")
]
AtOption = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Act as of this moment, in ISO 8601; default: now."),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON; errors stay one line on stderr.")
]
FormatOption = Annotated[Format, typer.Option(help="Output format.")]
OutputOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="File to write; default: the screen.")
]


def open_session(source: str | None, at: str | None = None) -> Session:
    """What a command works on, by its --source and --at."""
    from fantasy_pipeline.operations.session import Session

    known: Any = source
    return Session(known, moment("--at", at) if at is not None else None)


def moment(option: str, text: str) -> datetime:
    """A moment in ISO 8601, in UTC unless it says otherwise.

    Raises:
        PipelineError: the text is none.
    """
    try:
        # Python 3.10 does not read the Z.
        value = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
        # The first and the last day of the calendar have no UTC in it.
        return (
            value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)
        )
    except (ValueError, OverflowError):
        raise PipelineError(
            f"{option} {text!r} is not a moment in ISO 8601; write it like 2025-09-30T08:00Z."
        ) from None


def both_or_none(season: int | None, week: int | None) -> SeasonWeek | None:
    """The week of --season and --week.

    Raises:
        PipelineError: one of them is missing.
    """
    if season is None and week is None:
        return None
    if season is None or week is None:
        missing = "--season" if season is None else "--week"
        raise PipelineError(f"--season and --week go together; add {missing}, or give neither.")
    return SeasonWeek(season, week)


def numbers(option: str, text: str, lowest: int, highest: int) -> list[int]:
    """Numbers written like 1-3,7.

    Raises:
        PipelineError: written otherwise, or out of range.
    """
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", part, re.ASCII)
        if match is None:
            raise PipelineError(f"{option} {text!r} is not a list like 3, 1-5 or 1,4-6.")
        first, last = int(match[1]), int(match[2] or match[1])
        if not lowest <= first <= last <= highest:
            raise PipelineError(f"{option} {part.strip()}: from {lowest} to {highest}, rising.")
        found.update(range(first, last + 1))
    return sorted(found)


def seasons_of(text: str) -> list[int]:
    """The seasons of --seasons."""
    return numbers("--seasons", text, FIRST_SEASON, LAST_SEASON)


def table_format(format: Format, json: bool) -> Format:
    """The format of a command that takes --json as well as --format.

    Raises:
        PipelineError: they contradict each other.
    """
    if json and format in (Format.csv, Format.parquet):
        raise PipelineError(f"--json and --format {format.value} contradict; give one of them.")
    return Format.json if json else format


def positions(incomplete: str) -> list[str]:
    """Completions of --position."""
    from fantasy_pipeline.football.tables import FANTASY_POSITIONS

    return [name for name in FANTASY_POSITIONS if name.startswith(incomplete)]


def run_statuses(incomplete: str) -> list[str]:
    """Completions of --status."""
    from fantasy_pipeline.orchestration.runs.history import STATUSES

    return [name for name in ("running", *STATUSES) if name.startswith(incomplete)]


def run_ids(incomplete: str) -> list[str]:
    """Completions of a run's id: those of the latest runs, shortened."""
    import dagster as dg

    runs = open_session(None).instance.get_runs(dg.RunsFilter(), limit=20)
    return [run.run_id[:8] for run in runs if run.run_id.startswith(incomplete)]
