"""The commands that show past runs: `history` and `show`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fantasy_pipeline.cli.help import CONTROL_PANEL, command
from fantasy_pipeline.cli.options import (
    JsonOption,
    SeasonOption,
    SourceOption,
    WeekOption,
    open_session,
    parse_time,
    run_ids,
    run_statuses,
)
from fantasy_pipeline.cli.output import console, print_json
from fantasy_pipeline.cli.progress import waiting
from fantasy_pipeline.cli.run_lines import colored, print_states
from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.season_week import SeasonWeek, ranges
from fantasy_pipeline.operations.run_lines import minute, result_line

if TYPE_CHECKING:
    from dagster import DagsterInstance


def history(
    job: Annotated[str | None, typer.Option(metavar="NAME", help="Only runs of this job.")] = None,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Only runs with this status: success, failure, running, queued, canceled.",
            autocompletion=run_statuses,
        ),
    ] = None,
    season: SeasonOption = None,
    week: WeekOption = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Only runs since then: 7d, 12h or an ISO 8601 time."),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Print the latest N runs.")] = 20,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """List runs and their results, newest first.

    Changes nothing.
    """
    from fantasy_pipeline.orchestration.runs.history import check_status, executions

    after = None if since is None else _since(since, datetime.now(timezone.utc))
    check_status(status)
    instance = open_session(source).instance
    if job is not None:
        _check_job(instance, job)
    with waiting("reading run history"):
        found = executions(instance, job, status, season, week, after, limit=limit)
        runs = [execution.to_json() for execution in found]
    if json:
        print_json(runs)
    elif runs:
        _print_runs(runs)
    elif any(option is not None for option in (job, status, season, week, since)):
        console().print("No run matches these options.")
    else:
        console().print("This home has no run yet. Start one with `fantasy-pipeline run`.")


def _check_job(instance: DagsterInstance, job: str) -> None:
    """Check that the history has a run of a job, or that there is such a job.

    Raises:
        InvalidArgumentError: neither is so.
    """
    import dagster as dg

    # Dagster takes an empty name for all jobs.
    if job and instance.get_runs(dg.RunsFilter(job_name=job), limit=1):
        return
    from fantasy_pipeline.definitions import defs
    from fantasy_pipeline.orchestration.runs.import_state import UI_JOB

    jobs = sorted({UI_JOB, *(each.name for each in defs.jobs or ())})
    if job not in jobs:
        raise InvalidArgumentError(f"job {job!r} does not exist; choose one of {', '.join(jobs)}.")


def _since(text: str, now: datetime) -> datetime:
    """Return the time of --since: a number of days, hours or minutes ago, or an ISO 8601 time.

    Raises:
        InvalidArgumentError: the text is neither.
    """
    from fantasy_pipeline.orchestration.runs.history import ago

    try:
        return ago(text, now) or parse_time("--since", text)
    except (InvalidArgumentError, OverflowError):
        raise InvalidArgumentError(
            f"--since {text!r} is not a time; write 7d, 12h or 2025-09-30T08:00Z."
        ) from None


def _weeks(keys: Sequence[str]) -> str:
    """Return the week numbers of a run, e.g. ``1-18``."""
    return ranges({SeasonWeek.from_key(key).week for key in keys})


def _print_runs(runs: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        {
            "run": run["id"][:8],
            "job": run["job_id"],
            "status": run["status"],
            "executed_at": minute(run["executed_at"]),
            "season": run["season"],
            "week": _weeks(run["weeks"]),
            "trigger": run["trigger"],
            "result": result_line(run),
        }
        for run in runs
    ]
    print_states(rows, spare=("trigger", "season", "week"))


def show(
    run_id: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="Run id, or its first 6 or more characters.", autocompletion=run_ids
        ),
    ],
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Show one run: its result, the seconds per asset, errors with stack traces.

    Changes nothing.
    """
    from fantasy_pipeline.orchestration.runs.history import execution_of

    with waiting("reading the run"):
        details = execution_of(open_session(source).instance, run_id).details()
    if json:
        print_json(details)
    else:
        _print_details(details)


def _print_details(run: Mapping[str, Any]) -> None:
    from rich.markup import escape

    out = console()
    for name in ("id", "job_id", "status", "executed_at", "ended_at", "season", "week", "trigger"):
        value = "" if run[name] is None else str(run[name])
        out.print(f"[bold]{name:22}[/] {colored(value) if name == 'status' else escape(value)}")
    for name, value in run["result"].items():
        if name not in ("warnings", "errors"):
            text = ", ".join(value) if isinstance(value, list) else str(value)
            out.print(f"[bold]{name:22}[/] {escape(text)}")
    for asset, seconds in run["seconds"].items():
        out.print(f"  {seconds:8.2f} s  {escape(asset)}")
    for warning in run["result"]["warnings"]:
        out.print(f"[yellow]warning[/] {escape(warning)}")
    for error in run["errors"]:
        out.print(f"\n[red]{escape('  '.join(filter(None, (error['step'], error['cause']))))}[/]")
        out.print(escape(error["stack"]))


def add_to(app: typer.Typer) -> None:
    """Add the commands to the app."""
    command(
        app,
        CONTROL_PANEL,
        "history --status failure --since 7d",
        "history --job whole_week --season 2025 --week 5 --json",
    )(history)
    command(app, CONTROL_PANEL, "show 1b9d6bcd", "show 1b9d6bcd --json")(show)
