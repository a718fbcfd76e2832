"""The commands that import and project: run, backfill, demo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fantasy_pipeline.cli.help import PROGRAM, command
from fantasy_pipeline.cli.options import (
    AtOption,
    JsonOption,
    SeasonOption,
    SeasonsRequired,
    SourceOption,
    WeekOption,
    both_or_none,
    numbers,
    open_session,
    seasons_of,
)
from fantasy_pipeline.cli.output import Format, console, print_json, say_label, warn
from fantasy_pipeline.cli.progress import Steps, Weeks, usual_seconds, waiting
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import WEEKS

if TYPE_CHECKING:
    from fantasy_pipeline.operations.backfill.plan import Plan
    from fantasy_pipeline.operations.backfill.run import Summary
    from fantasy_pipeline.operations.session import Session

PANEL = "Import and project"


def run(
    season: SeasonOption = None,
    week: WeekOption = None,
    source: SourceOption = None,
    at: AtOption = None,
    projections_only: Annotated[
        bool, typer.Option("--projections-only", help="Project the week, do not import its stats.")
    ] = False,
    top: Annotated[
        int, typer.Option(metavar="N", min=0, help="Print the best N projections.")
    ] = 15,
    json: JsonOption = False,
) -> None:
    """Import a week and project it; without a week: import the due one, project the upcoming one.

    With --season and --week the week after is projected too, if it was not played yet; without,
    the reports are written. What the lake has of these weeks is replaced; the runs are in
    Dagster's history.
    """
    from fantasy_pipeline.cli.query import print_projections
    from fantasy_pipeline.operations.week_runs import run_due, run_week

    session = open_session(source, at)
    wanted = both_or_none(season, week)
    if wanted is None and projections_only:
        raise PipelineError("--projections-only needs --season and --week.")
    steps = Steps(json, usual_seconds(session.instance))
    if wanted is None:
        result = run_due(session, steps)
    else:
        result = run_week(session, wanted, projections_only, steps)
    say_label(session.label)
    if json:
        print_json(result.to_json())
    else:
        warn(result.warnings)
        if result.unprojected:
            console().print(f"Nothing projected: {result.unprojected}.", markup=False)
        if result.projected is not None and top:
            print_projections(session, result.projected, "ppr", None, top, Format.table, None)
    if not result.success:
        raise PipelineError("; ".join(result.errors))


def backfill(
    seasons: SeasonsRequired,
    weeks: Annotated[
        str | None,
        typer.Option(metavar="WEEKS", help="Weeks: 5, 1-18 or 1,3; default: all played."),
    ] = None,
    only_missing: Annotated[
        bool, typer.Option("--only-missing", help="Leave out weeks that the lake has whole.")
    ] = False,
    source: SourceOption = None,
    at: AtOption = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Worker processes; default: 2, or 1 on one core."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Import and project whole seasons. Interrupted, the same command resumes, within a day.

    What the lake has of these weeks is replaced, unless --only-missing. A season that fails does
    not stop the others.
    """
    from fantasy_pipeline.operations.backfill.workers import start_server

    # First of all: this process has as much to load itself.
    start_server()
    from fantasy_pipeline.operations.backfill.plan import backfill_plan
    from fantasy_pipeline.operations.backfill.run import Summary, refresh_schedule

    session = open_session(source, at)
    wanted = seasons_of(seasons), numbers("--weeks", weeks, WEEKS[0], WEEKS[-1]) if weeks else WEEKS
    with waiting("refreshing the schedule"):
        refresh_schedule(session)
    plan = backfill_plan(session, *wanted, only_missing)
    if weeks:
        for why, left_out in (
            ("no game of them is over", plan.ahead),
            ("their season has no such week so far", plan.absent),
        ):
            if left_out:
                keys = ", ".join(week.key for week in left_out)
                warn([f"left out, as {why}: {keys}"])
    summary = run_plan(session, plan, workers, json) if plan.stages else Summary()
    say_label(session.label)
    if json:
        print_json(summary_json(summary))
    elif not plan.stages:
        console().print("Nothing to do: all of it is in the lake.")
    else:
        print_summary(summary)
    fail_if_failed(summary)


def run_plan(session: Session, plan: Plan, workers: int | None, json: bool) -> Summary:
    """Run a backfill, with its progress on stderr; 130 if it is interrupted."""
    from fantasy_pipeline.operations.backfill.run import run_backfill
    from fantasy_pipeline.operations.backfill.workers import default_workers

    with Weeks(plan.weeks, plan.work, json) as bar:
        try:
            return run_backfill(
                session.instance,
                plan,
                workers or default_workers(),
                lambda step: bar.advance(step.work, step.name),
                lambda: bar.say("waiting for another backfill to end"),
                lambda step: bar.skip(step.work),
            )
        except KeyboardInterrupt:
            console(stderr=True).print("Interrupted. The same command resumes where it stopped.")
            raise typer.Exit(130) from None


def summary_json(summary: Summary) -> dict[str, Any]:
    """Rows by table, weeks done and failed, steps, failures and warnings."""
    return {
        "rows": summary.rows,
        "weeks": summary.weeks,
        "weeks_failed": sorted(week.key for week in summary.failed),
        "steps_done": summary.steps_done,
        "steps_resumed": summary.steps_resumed,
        "failures": summary.failures,
        "warnings": list(summary.warnings),
    }


def print_summary(summary: Summary) -> None:
    """What a backfill came to, for people."""
    warn(summary.warnings)
    for table, rows in summary.rows.items():
        console().print(f"{table:20} {rows:>10,} rows")
    resumed = f" ({summary.steps_resumed} done before)" if summary.steps_resumed else ""
    lost = f" {len(summary.failed)} weeks failed," if summary.failed else ""
    console().print(
        f"{summary.weeks} weeks done,{lost} {summary.steps_done + summary.steps_resumed} steps "
        f"succeeded{resumed}, {len(summary.failures)} failed"
    )


def fail_if_failed(summary: Summary) -> None:
    """Raises PipelineError if a step of the backfill failed."""
    if summary.failures:
        lines = [f"{step}: {'; '.join(errors)}" for step, errors in summary.failures.items()]
        raise PipelineError(" | ".join(lines))


def demo(source: SourceOption = "sample", at: AtOption = None, json: JsonOption = False) -> None:
    """Import two seasons and this one so far, project the upcoming week, and show the result.

    The sample league needs no network; its tables are in a lake of their own.
    """
    from fantasy_pipeline.operations.backfill.workers import start_server

    start_server()
    from fantasy_pipeline.cli.query import print_projections
    from fantasy_pipeline.football.tables import FANTASY_POSITIONS
    from fantasy_pipeline.operations.backfill.plan import demo_plan
    from fantasy_pipeline.operations.backfill.run import refresh_schedule
    from fantasy_pipeline.operations.week_runs import run_due
    from fantasy_pipeline.report import store

    session = open_session(source, at)
    out = console()
    with waiting("reading the schedule"):
        due = session.status.due
    if not json:
        out.print(f"Importing {due.season - 2} to {due}, then projecting the week to come.")
    with waiting("refreshing the schedule"):
        refresh_schedule(session)
    summary = run_plan(session, demo_plan(session), None, json)
    say_label(session.label)
    if not json:
        print_summary(summary)
    fail_if_failed(summary)
    steps = Steps(json, usual_seconds(session.instance))
    result = run_due(session, steps)
    if not result.success:
        raise PipelineError("; ".join(result.errors))
    projected = result.projected
    if projected is None:
        raise PipelineError(f"nothing projected: {result.unprojected}; --at chooses a moment.")
    report = store.path(session.lake, projected, store.file_of("html"))
    if json:
        facts = {"backfill": summary_json(summary), "run": result.to_json()}
        print_json({**facts, "report": report, "lake": session.lake.root})
        return
    for position in FANTASY_POSITIONS:
        out.print()
        print_projections(session, projected, "ppr", position, 5, Format.table, None)
    say_label(session.label)
    out.print(
        f"\nThe report: {report}\n"
        f"The tables are in {session.lake.root}, the runs in Dagster's history.\n"
        f"Both in the Dagster UI, at http://127.0.0.1:3000:\n"
        f"{_show_in_ui(session)}"
    )


def _show_in_ui(session: Session) -> str:
    """The shell's command that shows a session's home in the Dagster UI, from any folder."""
    import shutil
    import sys
    from pathlib import Path
    from shlex import quote

    home, program = quote(str(session.home)), "dagster"
    if shutil.which(program) is None:
        program = quote(str(Path(sys.executable).with_name(program)))
    return (
        f"DAGSTER_HOME={home} FANTASY_SOURCE={session.source} "
        f"{program} dev -m fantasy_pipeline.definitions"
    )


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    command(app, PANEL, "demo", "demo --source auto")(demo)
    command(
        app,
        PANEL,
        "run",
        "run --season 2025 --week 8 --top 5",
        "run --season 2025 --week 9 --projections-only --json",
    )(run)
    command(
        app,
        PANEL,
        "backfill --seasons 2023-2026",
        "backfill --seasons 2024 --weeks 1-3",
        "backfill --seasons 2015-2024 --only-missing --workers 1",
        notes=f"Exit codes: 130 interrupted; the others: {PROGRAM} --help.",
    )(backfill)
