"""The commands that control and ask: status, trigger, history, show, health, alert-test, api."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any
from uuid import uuid4

import typer

from fantasy_pipeline.cli.help import PROGRAM, command
from fantasy_pipeline.cli.options import (
    JsonOption,
    SeasonOption,
    SeasonRequired,
    SourceOption,
    WeekOption,
    WeekRequired,
    moment,
    open_session,
    run_ids,
    run_statuses,
)
from fantasy_pipeline.cli.output import Column, console, print_json, write_table
from fantasy_pipeline.cli.progress import Steps, usual_seconds, waiting
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek

PANEL = "Control and ask"
_NUMBERS = ("season", "week")
_COLORS = {
    **dict.fromkeys(("success", "ok", "running", "on"), "green"),
    **dict.fromkeys(("failure", "critical", "not running", "off"), "red"),
    "warning": "yellow",
}


def _color(text: str) -> str:
    from rich.markup import escape

    return f"[{_COLORS.get(text, 'red' if text == 'critical' else 'white')}]{escape(text)}[/]"


def status(source: SourceOption = None, json: JsonOption = False) -> None:
    """Show every schedule and sensor, the daemons, and backfills under way.

    Asks no upstream. Changes nothing.
    """
    from rich.markup import escape

    from fantasy_pipeline.operations.status import status as state

    with waiting("reading the state"):
        values = state(open_session(source).instance, datetime.now(timezone.utc))
    if json:
        print_json(values)
        return
    _print_rows(
        [
            {
                "daemon": daemon["name"],
                "state": "running" if daemon["healthy"] else "not running",
                "heartbeat": _minute(daemon["last_heartbeat"]) or "never",
            }
            for daemon in values["daemons"]
        ]
    )
    console().print()
    _print_rows(
        [
            {
                "job": job["name"],
                "kind": job["kind"],
                "state": "on" if job["on"] else "off",
                "next_run": _minute(job["next_run"]),
                "last_tick": _minute(job["last_tick"]),
                "tick": job["tick_result"],
                "last_success": _minute((job["last_success"] or {}).get("executed_at")),
                "last_run": _run_in_short(job["last_run"]),
            }
            for job in values["jobs"]
        ],
        spare=("kind", "tick", "last_tick"),
    )
    for backfill in values["backfills"]:
        console().print(
            f"\nbackfill {escape(backfill['plan'])}: "
            f"{backfill['weeks_done']} of {backfill['weeks']} weeks done"
        )


def _minute(moment: str | None) -> str | None:
    """A moment in ISO 8601, to the minute."""
    return moment and moment[:16] + "Z"


def _run_in_short(run: dict[str, Any] | None) -> str | None:
    if run is None:
        return None
    return f"{_minute(run['executed_at'])} {run['status']} {_short(run)}".rstrip()


def _print_rows(rows: list[dict[str, Any]], spare: Sequence[str] = ()) -> None:
    """Print rows that have the same keys as a table; a cell that says how things are in colour."""
    columns = [
        Column(
            name, ["" if row[name] is None else str(row[name]) for row in rows], name in _NUMBERS
        )
        for name in (rows[0] if rows else ())
    ]
    write_table(columns, spare=spare, style=lambda cell: _COLORS.get(cell, ""))


def _short(execution: dict[str, Any]) -> str:
    """A result in one line."""
    result = execution["result"]
    if result["errors"]:
        return str(result["errors"][0])
    counts = [
        f"{result[f'{name}_imported']:,} {name}"
        for name in ("players", "stats", "projections")
        if result[f"{name}_imported"]
    ]
    return ", ".join([*counts, *([result["phase"]] if result["phase"] else [])])


def trigger(
    season: SeasonRequired,
    week: WeekRequired,
    source: SourceOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until it is over, and what follows it.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Start importing and projecting a week in a process of its own. Needs no daemon.

    What the lake has of the week is replaced. A week that is running already is refused. The week
    that follows is projected too, if it was not played yet, and the reports are written.
    """
    from fantasy_pipeline.operations.trigger import start, wait_for_all

    session = open_session(source)
    wanted = SeasonWeek(season, week)
    with waiting("starting the run"):
        started = start(session, wanted, "manual")
    run_id = started.run_id
    if not wait:
        if json:
            print_json({"run_id": run_id})
        else:
            console().print(f"Started run {run_id}. Next: {PROGRAM} show {run_id[:8]}")
        return
    instance = session.instance
    run = instance.get_run_by_id(run_id)
    with Steps(json, usual_seconds(instance))(f"{run.job_name if run else 'run'} {wanted}"):
        first, *rest = wait_for_all(instance, started)
    if json:
        print_json(first.to_json() | {"followed_by": [each.to_json() for each in rest]})
    else:
        for each in (first, *rest):
            what = f"{each.job_id} {each.season} week {each.week}"
            short = _short(each.to_json())
            console().print(f"{what}, run {each.run.run_id}: {_color(each.status)} {short}")
    failed = [each for each in (first, *rest) if not each.run.is_success]
    if failed:
        errors = (error for each in failed for error in each.result["errors"] or [each.status])
        raise PipelineError("; ".join(errors))
    if started.worker.returncode:
        log = f"{session.home}/logs/trigger-{run_id[:8]}.log"
        raise PipelineError(f"{wanted} is done, but not what was to follow it (log: {log})")


def history(
    job: Annotated[str | None, typer.Option(metavar="NAME", help="Only runs of this job.")] = None,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Only runs in this status: running, success, failure, queued, canceled …",
            autocompletion=run_statuses,
        ),
    ] = None,
    season: SeasonOption = None,
    week: WeekOption = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Only runs since: 7d, 12h, or a moment in ISO 8601."),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Print the latest N runs.")] = 20,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """List runs with their results, newest first.

    Changes nothing.
    """
    from fantasy_pipeline.orchestration.runs.history import executions

    after = _since(since, datetime.now(timezone.utc)) if since else None
    instance = open_session(source).instance
    with waiting("reading run history"):
        found = executions(instance, job, status, season, week, after, limit=limit)
        rows = [execution.to_json() for execution in found]
    if json:
        print_json(rows)
    else:
        _print_runs(rows)


def _since(text: str, now: datetime) -> datetime:
    units = {"d": "days", "h": "hours", "m": "minutes"}
    try:
        if match := re.fullmatch(r"(\d{1,9})([dhm])", text, re.ASCII):
            return now - timedelta(**{units[match[2]]: int(match[1])})
        return moment("--since", text)
    except (PipelineError, OverflowError):
        raise PipelineError(f"--since {text!r}: write 7d, 12h or 2025-09-30T08:00Z.") from None


def _print_runs(rows: list[dict[str, Any]]) -> None:
    if not rows:
        console().print("No such run.")
        return
    cells = [
        {
            "run": row["id"][:8],
            "job": row["job_id"],
            "status": row["status"],
            "executed_at": _minute(row["executed_at"]),
            "season": row["season"],
            "week": row["week"],
            "trigger": row["trigger"],
            "result": _short(row),
        }
        for row in rows
    ]
    _print_rows(cells, spare=("trigger", "season", "week"))


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
    """Show a run: its result, seconds per asset, errors with stack trace.

    Changes nothing.
    """
    from rich.markup import escape

    from fantasy_pipeline.orchestration.runs.history import execution_of

    with waiting("reading the run"):
        details = execution_of(open_session(source).instance, run_id).details()
    if json:
        print_json(details)
        return
    out = console()
    for name in ("id", "job_id", "status", "executed_at", "ended_at", "season", "week", "trigger"):
        value = "" if details[name] is None else str(details[name])
        out.print(f"[bold]{name:22}[/] {_color(value) if name == 'status' else escape(value)}")
    for name, value in details["result"].items():
        if name not in ("warnings", "errors"):
            text = ", ".join(value) if isinstance(value, list) else str(value)
            out.print(f"[bold]{name:22}[/] {escape(text)}")
    for asset, seconds in details["seconds"].items():
        out.print(f"  {seconds:8.2f} s  {escape(asset)}")
    for warning in details["result"]["warnings"]:
        out.print(f"[yellow]warning[/] {escape(warning)}")
    for error in details["errors"]:
        out.print(f"\n[red]{escape('  '.join(filter(None, (error['step'], error['cause']))))}[/]")
        out.print(escape(error["stack"]))


def health(
    no_daemon: Annotated[
        bool,
        typer.Option("--no-daemon", help="Leave out daemon and schedules: a cron does the work."),
    ] = False,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Check every health rule, for monitoring: is all imported, is all at work?

    Asks no upstream. Changes nothing.
    """

    from fantasy_pipeline.operations.health import LEVELS, examine_session, exit_code

    # A database that is down is told once, not at each of the attempts to reach it.
    logging.disable(logging.WARNING)
    try:
        with waiting("checking"):
            findings = examine_session(lambda: open_session(source), not no_daemon)
    finally:
        logging.disable(logging.NOTSET)
    code = exit_code(findings)
    if json:
        print_json({"status": LEVELS[code], "findings": [f._asdict() for f in findings]})
    else:
        _print_rows([{"level": f.level, "rule": f.rule, "message": f.message} for f in findings])
    raise typer.Exit(code)


def alert_test(json: JsonOption = False) -> None:
    """Send a test message to every channel that is set up.

    The message says that it is a test. It is sent once, and not again if it is not taken.
    """
    from rich.markup import escape

    from fantasy_pipeline.orchestration.alerts.channels import ChannelError, configured
    from fantasy_pipeline.orchestration.alerts.messages import Alert

    channels = configured()
    if not channels:
        raise PipelineError(
            "no channel of alerts is set up: set FANTASY_ALERT_SLACK_URL, "
            "FANTASY_ALERT_WEBHOOK_URL, or FANTASY_ALERT_SMTP_HOST and FANTASY_ALERT_SMTP_TO."
        )
    alert = Alert(f"test-{uuid4()}", "test", "A test of fantasy_pipeline's alerts")
    errors: dict[str, str | None] = {}
    for channel in channels:
        try:
            with waiting(f"sending to {channel.name}"):
                channel.send(alert)
            errors[channel.name] = None
        except ChannelError as error:
            errors[channel.name] = str(error)
    if json:
        print_json(
            [{"channel": name, "sent": not why, "error": why} for name, why in errors.items()]
        )
    else:
        for name, why in errors.items():
            console().print(f"{name}: {escape(why) if why else '[green]sent[/]'}")
    if failed := [name for name, why in errors.items() if why]:
        raise PipelineError(
            f"not taken by {', '.join(failed)}; check its FANTASY_ALERT_… settings and test again."
        )


def api(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=1, max=65535, help="Port to listen on.")
    ] = 8000,
) -> None:
    r"""Serve the HTTP interface until stopped; its documentation is at /docs.

    Needs the extra: pip install -e '.\[api]' in the checkout. Triggering a week over it needs
    FANTASY_API_TOKEN.
    """
    try:
        import uvicorn  # noqa: F401 - else it is missed only when the server is made

        from fantasy_pipeline.web.api import serve
    except ModuleNotFoundError as error:
        raise PipelineError(
            f"{error.name} is not installed; in the checkout: pip install -e '.[api]'."
        ) from None
    serve(host, port)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    command(app, PANEL, "status", "status --json")(status)
    command(
        app, PANEL, "trigger --season 2025 --week 5", "trigger --season 2025 --week 5 --wait --json"
    )(trigger)
    command(
        app,
        PANEL,
        "history --status failure --since 7d",
        "history --job whole_week --season 2025 --week 5 --json",
    )(history)
    command(app, PANEL, "show 1b9d6bcd", "show 1b9d6bcd --json")(show)
    command(
        app,
        PANEL,
        "health",
        "health --no-daemon --json",
        notes="Exit codes: 0 ok; 1 a warning; 2 critical, or no answer.",
    )(health)
    command(app, PANEL, "alert-test", "alert-test --json")(alert_test)
    command(
        app,
        PANEL,
        "api --port 8080",
        notes="Exit codes: 1 without the extra; the others: " + PROGRAM + " --help.",
    )(api)
