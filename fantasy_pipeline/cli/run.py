"""The commands that import and project: `run`, `backfill` and `demo`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fantasy_pipeline.cli.help import IMPORT_PANEL, PROGRAM, command
from fantasy_pipeline.cli.options import (
    AtOption,
    DemoSourceOption,
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
from fantasy_pipeline.cli.output import (
    Column,
    console,
    print_json,
    say,
    say_label,
    warn,
    write_table,
)
from fantasy_pipeline.cli.progress import Steps, Weeks, usual_seconds, waiting
from fantasy_pipeline.cli.query import opponent_of, print_projections, title_of
from fantasy_pipeline.errors import InterruptedCommandError, InvalidArgumentError, PipelineError
from fantasy_pipeline.football.positions import PROJECTED_POSITIONS
from fantasy_pipeline.football.season_week import WEEKS, SeasonWeek

if TYPE_CHECKING:
    from fantasy_pipeline.operations.backfill.plan import Plan
    from fantasy_pipeline.operations.backfill.run import Summary
    from fantasy_pipeline.operations.session import Session
    from fantasy_pipeline.operations.week_runs import WeekResult


def run(
    season: SeasonOption = None,
    week: WeekOption = None,
    source: SourceOption = None,
    at: AtOption = None,
    projections_only: Annotated[
        bool, typer.Option("--projections-only", help="Project the week without importing it.")
    ] = False,
    top: Annotated[
        int, typer.Option(metavar="N", min=0, help="Print the best N projections.")
    ] = 15,
    json: JsonOption = False,
) -> None:
    """Import and project a week; without a week: import the week due, project the weeks to come.

    Until the last game of the running week has kicked off, the command projects and prints that
    week, and also projects the upcoming one. With --season and --week, it projects the following
    week as well, unless that was played; a week without a finished game is only projected. Without
    a week, it also writes the reports. It replaces the rows of these weeks in the lake, and
    Dagster's history records the runs.
    """
    from fantasy_pipeline.operations.week_runs import plan_of_due, run_due, run_week

    wanted = both_or_none(season, week)
    if wanted is None and projections_only:
        raise InvalidArgumentError(
            "--projections-only needs a week; add --season and --week, or leave it out."
        )
    # Without a week, the lake is first read when its weeks are made: once is enough.
    is_due = wanted is None
    session = open_session(source, at, one_run=is_due, lists_all=is_due, runs_jobs=True)
    steps = Steps(json, usual_seconds(session.instance))
    if wanted is None:
        with waiting("reading the schedule"):
            plan = plan_of_due(session)
        say(plan)
        result = run_due(session, steps)
    else:
        result = run_week(session, wanted, projections_only, steps)
        if result.success and result.imported is None and not projections_only:
            is_begun = f"whole_week {wanted}" in result.runs
            why = "upstream has no stats of it yet" if is_begun else "none of its games is over"
            say(f"{wanted} is only projected: {why}.")
    say_label(session.label)
    if json:
        print_json(result.to_json())
    else:
        _print_result(session, result, top)
    if not result.success:
        raise PipelineError("; ".join(result.errors))


def _print_result(session: Session, result: WeekResult, top: int) -> None:
    """Print the warnings of a run and its best `top` projections, or why it projected nothing."""
    from fantasy_pipeline.operations.projection_list import projection_list

    warn(result.warnings)
    if result.unprojected:
        console().print(f"Nothing projected: {result.unprojected}.", markup=False)
    if result.projected is not None and top:
        table = projection_list(session.lake, result.projected, session.now, top=top)
        print_projections(session, result.projected, "ppr", table)


def backfill(
    seasons: SeasonsRequired,
    weeks: Annotated[
        str | None,
        typer.Option(metavar="WEEKS", help="Weeks, e.g. 5, 1-18 or 1,3; default: all played."),
    ] = None,
    only_missing: Annotated[
        bool, typer.Option("--only-missing", help="Skip weeks for which the lake has every table.")
    ] = False,
    source: SourceOption = None,
    at: AtOption = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Worker processes; default: 2, or 1 on one core."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Import and project whole seasons. The same command resumes an interrupted backfill.

    A backfill can be resumed within a day. It replaces the rows of its weeks in the lake, unless
    --only-missing is given. A season that fails does not stop the others.
    """
    from fantasy_pipeline.operations.backfill.workers import start_server

    numbers_of_weeks = WEEKS if weeks is None else numbers("--weeks", weeks, WEEKS[0], WEEKS[-1])
    wanted = seasons_of(seasons), numbers_of_weeks
    # The server loads its modules while this process loads the same ones.
    start_server()
    from fantasy_pipeline.operations.backfill.plan import backfill_plan
    from fantasy_pipeline.operations.backfill.run import Summary, refresh_schedule

    session = open_session(source, at)
    with waiting("refreshing the schedule"):
        refresh_schedule(session)
    plan = backfill_plan(session, *wanted, only_missing)
    if weeks is not None:
        _warn_of_skipped(plan)
    summary = run_plan(session, plan, workers, json) if plan.stages else Summary()
    say_label(session.label)
    _print_backfill(plan, summary, json)
    fail_if_failed(summary)


def _print_backfill(plan: Plan, summary: Summary, json: bool) -> None:
    if json:
        print_json(summary_json(summary))
    elif not plan.stages:
        console().print("Nothing to do: the lake already has these weeks.")
    else:
        print_summary(summary)


def _warn_of_skipped(plan: Plan) -> None:
    """Warn of weeks that the user asked for and the plan skips."""
    for reason, skipped in (
        ("none of their games is over", plan.ahead),
        ("their season does not have them yet", plan.absent),
    ):
        if skipped:
            warn([f"weeks skipped because {reason}: {', '.join(week.key for week in skipped)}"])


def run_plan(session: Session, plan: Plan, workers: int | None, json: bool) -> Summary:
    """Run a backfill with its progress on stderr and return its summary.

    Raises:
        InterruptedCommandError: a signal interrupted it.
    """
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
            raise InterruptedCommandError(
                "Interrupted. Run the same command again to resume."
            ) from None


def summary_json(summary: Summary) -> dict[str, Any]:
    """Return a backfill's summary for JSON: rows by table, weeks, steps, failures, warnings."""
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
    """Print a backfill's summary for people."""
    warn(summary.warnings)
    for table, rows in summary.rows.items():
        console().print(f"{table:20} {rows:>10,} rows")
    resumed = f" ({summary.steps_resumed} resumed)" if summary.steps_resumed else ""
    failed = f" {len(summary.failed)} weeks failed," if summary.failed else ""
    console().print(
        f"{summary.weeks} weeks done,{failed} {summary.steps_done + summary.steps_resumed} steps "
        f"succeeded{resumed}, {len(summary.failures)} failed"
    )


def fail_if_failed(summary: Summary) -> None:
    """Check that every step of a backfill succeeded.

    Raises:
        PipelineError: a step failed; the message lists every failed step and its errors.
    """
    if summary.failures:
        lines = [f"{step}: {'; '.join(errors)}" for step, errors in summary.failures.items()]
        raise PipelineError(" | ".join(lines))


def demo(
    source: DemoSourceOption = "sample", at: AtOption = None, json: JsonOption = False
) -> None:
    """Import two past seasons and the current one; project and print the running or next week.

    The sample league needs no network. Its tables are stored in a lake separate from real data.
    """
    from fantasy_pipeline.operations.backfill.workers import start_server

    # The server loads its modules while this process loads the same ones.
    start_server()
    from fantasy_pipeline.operations.week_runs import plan_of_due, run_due

    session = open_session(source, at)
    if session.source == "sample":
        from fantasy_pipeline.operations.leagues import register_sample

        with waiting("drafting the sample fantasy league"):
            register_sample(session)
    summary = _import_demo(session, json)
    say(plan_of_due(session))
    result = run_due(session, Steps(json, usual_seconds(session.instance)))
    if not result.success:
        raise PipelineError("; ".join(result.errors))
    if result.projected is None:
        raise PipelineError(
            f"nothing was projected: {result.unprojected}; choose another time with --at."
        )
    _print_demo(session, summary, result, result.projected, json)


def _import_demo(session: Session, json: bool) -> Summary:
    """Import the weeks before the due one and return the summary.

    Raises:
        PipelineError: a step failed.
    """
    from fantasy_pipeline.operations.backfill.plan import demo_plan
    from fantasy_pipeline.operations.backfill.run import refresh_schedule

    with waiting("reading the schedule"):
        due = session.status.due
    if not json:
        console().print(f"Importing {due.season - 2} to {due}, then projecting.")
    with waiting("refreshing the schedule"):
        refresh_schedule(session)
    summary = run_plan(session, demo_plan(session), None, json)
    say_label(session.label)
    if not json:
        print_summary(summary)
    fail_if_failed(summary)
    return summary


def _print_demo(
    session: Session, summary: Summary, result: WeekResult, projected: SeasonWeek, json: bool
) -> None:
    """Print the best five projections per position, and where to find the rest."""
    from fantasy_pipeline.report import store

    report = store.path(session.lake, projected, store.file_of("html"))
    if json:
        facts = {"backfill": summary_json(summary), "run": result.to_json()}
        print_json({**facts, "report": report, "lake": session.lake.root})
        return
    out = console()
    out.print(f"\n{title_of(session, projected, 'ppr')}", markup=False)
    for position in PROJECTED_POSITIONS:
        out.print()
        _print_best(session, projected, position)
    if session.source == "sample":
        _print_league(session)
    shown = f"report --season {projected.season} --week {projected.week} --open"
    out.print(f"\nReport: {report}\nTables: {session.lake.root}", markup=False)
    out.print(f"Open the report: {_in_demo(session, PROGRAM, shown)}", markup=False)
    out.print(f"Start the Dagster UI: {_start_ui(session)}", markup=False)


def _print_league(session: Session) -> None:
    """Print how far the points of the sample fantasy league agree, and a command about it."""
    from fantasy_pipeline.operations.leagues import SAMPLE_NAME, checked

    [season] = checked(session, SAMPLE_NAME)["seasons"]
    command = _in_demo(session, PROGRAM, f"odds --league {SAMPLE_NAME}")
    console().print(
        f"\nLeague {SAMPLE_NAME}: {season['equal']} of {season['compared']} player-weeks have the "
        f"platform's points. Who makes the play-offs: {command}",
        markup=False,
    )


def _print_best(session: Session, week: SeasonWeek, position: str) -> None:
    """Print the best five players of a position as a compact table."""
    from fantasy_pipeline.operations.projection_list import projection_list

    table = projection_list(session.lake, week, session.now, position=position, top=5)
    rows = table.to_pylist()
    points = {"points": "projected_points", "floor": "p10", "ceiling": "p90"}
    write_table(
        [
            Column("rank", [f"{position}{row['rank']}" for row in rows]),
            Column("player", [f"{row['player_name']}, {row['team']}" for row in rows]),
            Column("opponent", [opponent_of(row) for row in rows]),
            *(
                Column(name, [f"{row[key]:.1f}" for row in rows], is_number=True)
                for name, key in points.items()
            ),
        ]
    )


def _start_ui(session: Session) -> str:
    """Return the shell command that opens the UI on a session's data.

    The workspace of the checkout names the code location as runs of commands do.
    """
    workspace = Path(__file__).parents[2] / "workspace.yaml"
    if not workspace.is_file():
        return _in_demo(session, "dagster", "dev -m fantasy_pipeline.definitions")
    return _in_demo(session, "dg", f"dev -w {quote(str(workspace))}")


def _in_demo(session: Session, program: str, arguments: str) -> str:
    """Return the shell command of a program on a session's data, for any folder and shell."""
    home = quote(str(session.home))
    start = quote(name_in_path(program))
    return f"DAGSTER_HOME={home} FANTASY_SOURCE={session.source} {start} {arguments}"


def name_in_path(program: str) -> str:
    """Return the name of a program of this environment, or its path if the name starts another."""
    own = Path(sys.executable).with_name(program)
    found = shutil.which(program)
    return program if found and Path(found).resolve() == own.resolve() else str(own)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the app."""
    command(app, IMPORT_PANEL, "demo", "demo --source auto")(demo)
    command(
        app,
        IMPORT_PANEL,
        "run",
        "run --season 2025 --week 8 --top 5",
        "run --season 2025 --week 9 --projections-only --json",
    )(run)
    command(
        app,
        IMPORT_PANEL,
        "backfill --seasons 2015-2026",
        "backfill --seasons 2024 --weeks 1-3",
        "backfill --seasons 2015-2024 --only-missing --workers 1",
        notes=f"Exit codes: 130 interrupted, 143 by SIGTERM; the others: {PROGRAM} --help.",
    )(backfill)
