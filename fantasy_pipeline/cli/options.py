"""Options that several commands share, and the parsing of their values."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from fantasy_pipeline.cli.output import Format, say, warn
from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.positions import LEAGUE_POSITIONS
from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.season_week import FIRST_SEASON, LAST_SEASON, WEEKS, SeasonWeek

if TYPE_CHECKING:
    from fantasy_pipeline.operations.session import Session
    from fantasy_pipeline.settings import SourceName


def _sources(incomplete: str) -> list[str]:
    """Return the completions of --source."""
    from fantasy_pipeline.settings import SOURCES

    return [name for name in SOURCES if name.startswith(incomplete)]


def _known_source(name: str | None) -> str | None:
    """Return the value of --source.

    A Literal type would make `--help` load the settings and pydantic, which doubles its time.

    Raises:
        typer.BadParameter: there is no such source.
    """
    if name is not None and name not in (sources := _sources("")):
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(map(repr, sources))}.")
    return name


def _known_time(text: str | None) -> str | None:
    """Return the value of --at, checked before the command does anything.

    Raises:
        InvalidArgumentError: it is not an ISO 8601 time.
    """
    if text is not None:
        parse_time("--at", text)
    return text


_SOURCE: dict[str, Any] = {
    "metavar": "NAME",
    "help": "Data source: auto, nfl_data_py, nflreadpy or sample.",
    "callback": _known_source,
    "autocompletion": _sources,
}
SourceOption = Annotated[
    str | None, typer.Option(show_default="FANTASY_SOURCE, else auto", **_SOURCE)
]
DemoSourceOption = Annotated[str, typer.Option(**_SOURCE)]
_SEASON = typer.Option(
    metavar="YEAR",
    min=FIRST_SEASON,
    max=LAST_SEASON,
    help="Season, by the year in which it starts.",
)
_WEEK = typer.Option(
    metavar="N", min=WEEKS[0], max=WEEKS[-1], help="Week number, play-offs included."
)
SeasonOption = Annotated[int | None, _SEASON]
WeekOption = Annotated[int | None, _WEEK]
SeasonRequired = Annotated[int, _SEASON]
WeekRequired = Annotated[int, _WEEK]
SeasonsRequired = Annotated[
    str, typer.Option(metavar="YEARS", help="Seasons, for example 2024, 2015-2024 or 2015,2018.")
]
AtOption = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN",
        callback=_known_time,
        help="Act as of this time, in ISO 8601; default: now.",
    ),
]
LeagueOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Use the scoring of this registered league."),
]
ScoringOption = Annotated[
    Scoring | None, typer.Option(help="Scoring system of the points.", show_default="ppr")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON. Errors stay one line on stderr.")
]
FormatOption = Annotated[Format, typer.Option(help="Output format.")]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", dir_okay=False, help="File to write; default: print to the screen."
    ),
]


def not_empty(text: str) -> str:
    """Return the value of an option or argument that must not be empty.

    Raises:
        typer.BadParameter: it is empty.
    """
    if not text.strip():
        raise typer.BadParameter("the value is empty.")
    return text


def open_session(
    source: str | None,
    at: str | None = None,
    one_run: bool = False,
    lists_all: bool = False,
    runs_jobs: bool = False,
) -> Session:
    """Return the session of a command, from the values of its --source and --at.

    If the lake is empty and a demo has made another one, say on stderr how to reach that one.

    Args:
        one_run: the command starts no run, so that it reads each object of the lake once.
        lists_all: such a command reads many tables, so that it lists the lake first.
        runs_jobs: the command runs jobs in its process, and keeps the files of their events open.

    Raises:
        InvalidArgumentError: --at is not an ISO 8601 time.
    """
    from fantasy_pipeline.cli import no_pandas
    from fantasy_pipeline.operations.session import Session

    no_pandas.settle()
    name = cast("SourceName | None", source)
    moment = parse_time("--at", at) if at is not None else None
    session = Session(name, moment, one_run, lists_all, runs_jobs)
    if way := session.way_to_demo():
        say(f"No projections are in {session.settings.lake_root(session.source)}. {way}")
    return session


def check_one_scoring(scoring: str | None, league: str | None) -> None:
    """Check that points are asked for in one scoring.

    Raises:
        InvalidArgumentError: both a scoring system and a league are named.
    """
    if scoring is not None and league is not None:
        raise InvalidArgumentError(
            "--league and --scoring contradict each other; give one of them."
        )


def check_league(session: Session, league: str | None) -> None:
    """Check that a league is registered; None stands for no league.

    Raises:
        InvalidArgumentError: it is not.
    """
    if league is not None:
        from fantasy_pipeline.ingest.leagues.registry import find

        find(session.lake, league)


def warn_of_older_imports(session: Session, seasons: Collection[int]) -> None:
    """Warn of weeks of some seasons whose stats a league cannot score, and say how to mend them."""
    from fantasy_pipeline.operations.leagues import import_again, older_weeks

    if older := older_weeks(session.lake, seasons):
        warn([f"{import_again(older)}. No league has points of them"])


def warn_without_lines(session: Session, week: SeasonWeek) -> None:
    """Warn of players of a week whose points a league's keys do not decide."""
    from fantasy_pipeline.lake.queries import week_projections
    from fantasy_pipeline.leagues.projected import without_lines

    warn(without_lines(week_projections(session.lake, week)))


def parse_time(option: str, text: str) -> datetime:
    """Return the time that an ISO 8601 text states, in UTC; a text without an offset is UTC.

    Raises:
        InvalidArgumentError: the text is not an ISO 8601 time.
    """
    try:
        # Python 3.10 does not read the Z.
        value = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text.strip()))
        # OverflowError: the first or last day of the calendar may have no equivalent in UTC.
        return (
            value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)
        )
    except (ValueError, OverflowError):
        raise InvalidArgumentError(
            f"{option} {text!r} is not an ISO 8601 time; write it like 2025-09-30T08:00Z."
        ) from None


def both_or_none(season: int | None, week: int | None) -> SeasonWeek | None:
    """Return the week of --season and --week, or None if neither is given.

    Raises:
        InvalidArgumentError: only one of them is given.
    """
    if season is None and week is None:
        return None
    if season is None or week is None:
        missing = "--season" if season is None else "--week"
        raise InvalidArgumentError(
            f"--season and --week go together; add {missing}, or give neither."
        )
    return SeasonWeek(season, week)


def check_shown(session: Session, week: SeasonWeek) -> None:
    """Check that a named week can be shown, as far as the lake's schedule tells.

    Raises:
        NoSuchWeekError: the schedule has no such week.
        TooEarlyError: the week is not projected and cannot be projected yet.
    """
    from fantasy_pipeline.operations.shown_week import check_named

    check_named(session, week)


def chosen_week(session: Session) -> SeasonWeek:
    """Return the week to show when none is named, and say on stderr which one it is and why.

    Raises:
        PipelineError: the lake has no schedule, or no game of it is over.
    """
    from fantasy_pipeline.football.calendar import week_to_show

    if not (games := session.stored_games):
        raise PipelineError("no week is projected yet; run `fantasy-pipeline run` first.")
    week, why = week_to_show(games, session.now)
    say(why)
    return week


def projected_week(session: Session) -> SeasonWeek:
    """Return the week to show; if the lake lacks its projections, the latest week before it.

    Raises:
        PipelineError: the lake has neither.
    """
    from fantasy_pipeline.football.tables import PROJECTIONS

    chosen = chosen_week(session)
    weeks = [week for week in session.lake.weeks(PROJECTIONS) if week <= chosen]
    if weeks and weeks[-1] != chosen:
        say(f"{chosen} is not projected yet, so {weeks[-1]} is shown, the latest week that is.")
    return weeks[-1] if weeks else chosen


def open_week(
    season: int | None, week: int | None, source: str | None, at: str | None
) -> tuple[Session, SeasonWeek]:
    """Return the session of a command about one week, and the week: the named or projected one.

    Raises:
        InvalidArgumentError: only one of --season and --week is given, or --at is no time.
        NoSuchWeekError: the schedule has no such week.
        TooEarlyError: the week is not projected and cannot be projected yet.
        PipelineError: no week is named, and the lake has no projections.
    """
    named = both_or_none(season, week)
    session = open_session(source, at, one_run=True)
    if named is not None:
        check_shown(session, named)
    return session, named or projected_week(session)


def numbers(option: str, text: str, lowest: int, highest: int) -> list[int]:
    """Return the numbers of a list like ``1-3,7``, sorted and without duplicates.

    Raises:
        InvalidArgumentError: the text is not such a list, or a number is out of range.
    """
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", part, re.ASCII)
        if match is None:
            raise InvalidArgumentError(
                f"{option} {text!r} is not a list like {lowest + 2}, {lowest}-{lowest + 4} or "
                f"{lowest},{lowest + 3}-{lowest + 5}."
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if not lowest <= first <= last <= highest:
            raise InvalidArgumentError(
                f"{option} {part.strip()} is out of range; use numbers from {lowest} to {highest}, "
                f"the smaller one first."
            )
        found.update(range(first, last + 1))
    return sorted(found)


def seasons_of(text: str) -> list[int]:
    """Return the seasons of --seasons, sorted.

    Raises:
        InvalidArgumentError: the text is not a list of seasons.
    """
    return numbers("--seasons", text, FIRST_SEASON, LAST_SEASON)


def table_format(format: Format, json: bool, output: Path | None) -> Format:
    """Return the output format of a command that has both --format and --json.

    Raises:
        InvalidArgumentError: the options contradict each other, or parquet has no file.
    """
    if json and format in (Format.csv, Format.parquet):
        raise InvalidArgumentError(
            f"--json and --format {format.value} contradict each other; give one of them."
        )
    if format is Format.parquet and output is None:
        raise InvalidArgumentError("--format parquet needs a file; add --output FILE.")
    return Format.json if json else format


def positions(incomplete: str) -> list[str]:
    """Return the completions of --position."""
    return [name for name in LEAGUE_POSITIONS if name.startswith(incomplete)]


def run_statuses(incomplete: str) -> list[str]:
    """Return the completions of --status."""
    from fantasy_pipeline.orchestration.runs.history import RUNNING, STATUSES

    return [name for name in (RUNNING, *STATUSES) if name.startswith(incomplete)]


def run_ids(incomplete: str) -> list[str]:
    """Return the completions of a run id: the latest 20 runs, each by its first 8 characters."""
    import dagster as dg

    runs = open_session(None).instance.get_runs(dg.RunsFilter(), limit=20)
    return [run.run_id[:8] for run in runs if run.run_id.startswith(incomplete)]
