"""The command `report`: show a week's report in the browser, in a file or as Markdown."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fantasy_pipeline.cli.help import RESULTS_PANEL, command
from fantasy_pipeline.cli.options import (
    AtOption,
    JsonOption,
    LeagueOption,
    OutputOption,
    ScoringOption,
    SeasonOption,
    SourceOption,
    WeekOption,
    both_or_none,
    check_league,
    check_one_scoring,
    check_shown,
    chosen_week,
    open_session,
    warn_of_older_imports,
)
from fantasy_pipeline.cli.output import console, print_json, say_label
from fantasy_pipeline.cli.progress import Steps, usual_seconds, waiting
from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek

if TYPE_CHECKING:
    from fantasy_pipeline.operations.session import Session
    from fantasy_pipeline.operations.week_runs import ShowStep


def report(
    season: SeasonOption = None,
    week: WeekOption = None,
    open: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    format: Annotated[
        Literal["html", "md"], typer.Option(help="HTML page, or Markdown for chat channels.")
    ] = "html",
    scoring: ScoringOption = None,
    league: LeagueOption = None,
    team: Annotated[
        str | None,
        typer.Option(
            metavar="TEAM", help="With --league: id, name or manager of your team, shown first."
        ),
    ] = None,
    output: OutputOption = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Write the report again even if it is up to date.")
    ] = False,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Show a week's report; without a week: the running one until its last kick-off, then the next.

    The command writes the report to the lake if it is missing, or if its projections, stats,
    corrections or accuracy have changed since. Without --output, it prints the path of the HTML
    page, or the Markdown text. --scoring applies to Markdown; a page offers every scoring system.
    --league shows rankings, tiers and value in a league's scoring and slots. Its page is written to
    the folder reports/ of the Dagster home. With --team, it begins with your line-up, the swaps
    that lead to it, the chance to win, free agents and byes to come.
    """
    from fantasy_pipeline.report import store

    check_one_scoring(scoring, league)
    if team is not None and league is None:
        raise InvalidArgumentError("--team needs --league, the league of the team.")
    named = both_or_none(season, week)
    session = open_session(source, at)
    check_league(session, league)
    if named is not None:
        check_shown(session, named)
    wanted = named or chosen_week(session)
    if league is not None:
        _show_league(session, league, team, wanted, format, output, open, json)
        return
    file = store.file_of(format, scoring or "ppr")
    text, made = _read_or_make(session, wanted, file, refresh, json)
    path = str(_write(output, text)) if output else store.path(session.lake, wanted, file)
    if open:
        _open(path)
    if json or format == "html" or output is not None:
        say_label(session.label)
    if json:
        print_json({**wanted._asdict(), "path": path, "format": format, "made": made})
    elif format == "md" and output is None:
        typer.echo(text, nl=False)
    else:
        console().print(path, markup=False)


def _show_league(
    session: Session,
    league: str,
    team: str | None,
    week: SeasonWeek,
    format: Literal["html", "md"],
    output: Path | None,
    open: bool,
    json: bool,
) -> None:
    """Write a league's report, and print its path; print Markdown without an output.

    Raises:
        PipelineError: the week was not projected, or there is no such league.
    """
    from fantasy_pipeline.operations.league_report import league_report
    from fantasy_pipeline.report import league_page

    warn_of_older_imports(session, [week.season])
    with waiting("ranking the players"):
        report = league_report(session, league, week, team)
        text = league_page.html(report) if format == "html" else league_page.markdown(report)
    if output is None and (format == "html" or open):
        folder = session.home / "reports"
        folder.mkdir(parents=True, exist_ok=True)
        output = folder / f"{league}-{week.season}-{week.week:02d}.{format}"
    path = str(_write(output, text)) if output else None
    if open and path:
        _open(path)
    if json:
        print_json({**week._asdict(), "league": league, "path": path, "format": format})
    elif path is None:
        typer.echo(text, nl=False)
    else:
        say_label(session.label)
        console().print(path, markup=False)


def _read_or_make(
    session: Session, week: SeasonWeek, file: str, refresh: bool, quiet: bool
) -> tuple[str, bool]:
    """Return the text of a file of a week's report, and True if the report had to be written.

    Args:
        refresh: write the report even if it is up to date.
        quiet: print no progress lines.

    Raises:
        PipelineError: the report cannot be written, or was deleted right after.
    """
    from fantasy_pipeline.report import store

    with waiting("comparing the report with the lake"):
        current = is_current(session, week) and not refresh
        text = store.read(session.lake, week, file) if current else None
    if text is not None:
        return text, False
    make(session, week, Steps(quiet, usual_seconds(session.instance)))
    text = store.read(session.lake, week, file)
    if text is None:
        path = store.path(session.lake, week, file)
        raise PipelineError(f"weekly_report {week}: {path} was deleted; run the command again.")
    return text, True


def is_current(session: Session, week: SeasonWeek) -> bool:
    """Return True if the stored report was made for the same moment, from the lake's rows.

    A report for the present is current until the rows that it shows change. A report made with
    --at is current for the same --at only.

    Raises:
        NotMaterializedError: the week was not projected.
        NoSuchWeekError: the schedule has no game in the week.
    """
    from fantasy_pipeline.football.named_weeks import NoSuchWeekError
    from fantasy_pipeline.report import store
    from fantasy_pipeline.report.fingerprint import fingerprint
    from fantasy_pipeline.report.rows import read_rows
    from fantasy_pipeline.report.stamp import stamp

    state = store.read_state(session.lake, week)
    if (
        state is not None
        and state.stamp is not None
        and state.at == session.at
        and state.stamp == stamp(session.lake, session.stored_games, week, session.now)
    ):
        return True
    rows = read_rows(session.lake, week, session.now)
    if not rows.projections.num_rows:
        raise NoSuchWeekError(
            f"there is no {week}: the schedule has no game in it; give another week."
        )
    if state is None or state.at != session.at:
        return False
    return state.made_from == fingerprint(rows)


def make(session: Session, week: SeasonWeek, step: ShowStep) -> None:
    """Write a week's report with a Dagster run.

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
    if "://" in path:
        raise PipelineError(f"{path} is not a local file; add --output FILE.")
    if not webbrowser.open(Path(path).absolute().as_uri()):
        raise PipelineError(f"no browser was found; open {path} yourself.")


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        RESULTS_PANEL,
        "report --open",
        "report --season 2025 --week 10 --output week10.html",
        "report --league friends --format md --output week10.md",
    )(report)
