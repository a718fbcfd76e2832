"""The command `report`: the week to look at, in the browser, in a file or as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fantasy_pipeline.cli.help import command
from fantasy_pipeline.cli.options import (
    AtOption,
    JsonOption,
    OutputOption,
    SeasonOption,
    SourceOption,
    WeekOption,
    both_or_none,
    open_session,
)
from fantasy_pipeline.cli.output import console, print_json, say_label
from fantasy_pipeline.cli.progress import Steps, usual_seconds, waiting
from fantasy_pipeline.cli.query import PANEL
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.season_week import SeasonWeek

if TYPE_CHECKING:
    from fantasy_pipeline.operations.session import Session
    from fantasy_pipeline.operations.week_runs import ShowStep


def report(
    season: SeasonOption = None,
    week: WeekOption = None,
    open: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    format: Annotated[
        Literal["html", "md"], typer.Option(help="A page, or Markdown for chat channels.")
    ] = "html",
    scoring: Annotated[Scoring, typer.Option(help="Scoring of the points.")] = "ppr",
    output: OutputOption = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Make it anew, though it is up to date.")
    ] = False,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Show a week's report; without a week: the upcoming one's.

    It is made if there is none, or if what it shows changed since: projections, stats, corrections,
    accuracy. It is kept in the lake.
    Without --output, a page's path is printed, Markdown is printed itself. --scoring is that of
    Markdown; a page has every scoring to choose from.
    """
    from fantasy_pipeline.report import store

    session = open_session(source, at)
    wanted = both_or_none(season, week) or upcoming_week(session)
    file = store.file_of(format, scoring)
    with waiting("comparing the report with the lake"):
        current = is_current(session, wanted) and not refresh
        text = store.read(session.lake, wanted, file) if current else None
    made = text is None
    if text is None:
        make(session, wanted, Steps(json, usual_seconds(session.instance)))
        text = store.read(session.lake, wanted, file)
    path = store.path(session.lake, wanted, file)
    if text is None:
        raise PipelineError(f"weekly_report {wanted}: {path} is gone.")
    if output is not None:
        path = str(_write(output, text))
    if open:
        _open(path)
    if json or format == "html" or output is not None:
        say_label(session.label)
    if json:
        facts = {**wanted._asdict(), "path": path, "format": format, "made": made}
        print_json(facts)
    elif format == "md" and output is None:
        typer.echo(text, nl=False)
    else:
        console().print(path, markup=False)


def upcoming_week(session: Session) -> SeasonWeek:
    """The week that kicks off next, by the schedule in the lake.

    Raises:
        PipelineError: the schedule has no week to come.
    """
    from fantasy_pipeline.football.calendar import week_status

    upcoming: SeasonWeek | None = week_status(session.known_games, session.now).upcoming
    if upcoming is None:
        raise PipelineError("the schedule has no week to come; give --season and --week.")
    return upcoming


def is_current(session: Session, week: SeasonWeek) -> bool:
    """Whether the stored report shows what is in the lake.

    Raises:
        NotMaterializedError: the week was not projected.
        PipelineError: the week has no games.
    """
    from fantasy_pipeline.report import store
    from fantasy_pipeline.report.fingerprint import fingerprint
    from fantasy_pipeline.report.rows import read_rows

    rows = read_rows(session.lake, week)
    if not rows.projections.num_rows:
        raise PipelineError(f"there is no {week}: the schedule has no game in it.")
    state = store.read_state(session.lake, week)
    return state is not None and state.made_from == fingerprint(rows)


def make(session: Session, week: SeasonWeek, step: ShowStep) -> None:
    """Write a week's report, through Dagster.

    Raises:
        PipelineError: the run failed.
    """
    from fantasy_pipeline.operations.execute import execute
    from fantasy_pipeline.orchestration.runs.tags import run_tags

    with step(f"report_week {week}", 0):
        tags = run_tags(week, session.source, "manual", as_of=session.now)
        outcome = execute(session.instance, "report_week", session.source, tags, week, week)
    if not outcome.success:
        raise PipelineError("; ".join(outcome.errors))


def _write(output: Path, text: str) -> Path:
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PipelineError(f"cannot write {output}: {error.strerror or error}.") from error
    return output.absolute()


def _open(path: str) -> None:
    import webbrowser

    if "://" in path:
        raise PipelineError(f"{path} is no local file; add --output FILE.")
    if not webbrowser.open(Path(path).absolute().as_uri()):
        raise PipelineError(f"found no browser; open {path} yourself.")


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    command(
        app,
        PANEL,
        "report --open",
        "report --season 2025 --week 10 --output week10.html",
        "report --format md --scoring half",
    )(report)
