"""The commands that control and ask: status, trigger, history, show, health, api."""

import re
import sys
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Literal, cast

import typer

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.output import console, json_text
from fantasy_pipeline.season_week import FIRST_SEASON, WEEKS, SeasonWeek
from fantasy_pipeline.settings import SourceName

app = typer.Typer()

_Source = Annotated[
    Literal["auto", "nfl_data_py", "nflreadpy", "sample"] | None,
    typer.Option(help="Where data come from; default: FANTASY_SOURCE, else auto."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_COLORS = {"success": "green", "failure": "red", "ok": "green", "warning": "yellow"}


def _session(source: str | None) -> Any:
    from fantasy_pipeline.session import Session

    return Session(cast(SourceName | None, source))


def _print_json(value: Any) -> None:
    sys.stdout.write(json_text(value) + "\n")


def _color(text: str) -> str:
    from rich.markup import escape

    return f"[{_COLORS.get(text, 'red' if text == 'critical' else 'white')}]{escape(text)}[/]"


@app.command()
def status(source: _Source = None, json: _Json = False) -> None:
    """Show every schedule and sensor, the daemons, and backfills under way."""
    from rich.markup import escape

    from fantasy_pipeline.control.status import status as state

    values = state(_session(source).instance, datetime.now(timezone.utc))
    if json:
        _print_json(values)
        return
    out = console()
    for daemon in values["daemons"]:
        text = "[green]running[/]" if daemon["healthy"] else "[red]not running[/]"
        out.print(f"{daemon['name']:28} {text}, heartbeat {daemon['last_heartbeat'] or 'never'}")
    for job in values["jobs"]:
        on = "[green]on[/]" if job["on"] else "[red]off[/]"
        out.print(f"\n[bold]{job['name']}[/] ({job['kind']}, {on})")
        last = job["last_run"]
        success = job["last_success"]
        facts = {
            "next run": job["next_run"],
            "last tick": _joined(job["last_tick"], job["tick_result"]),
            "last run": last and _joined(last["executed_at"], last["status"], _short(last)),
            "last success": success and success["executed_at"],
        }
        for name, value in facts.items():
            if value:
                out.print(f"  {name:12} {escape(value)}")
    for backfill in values["backfills"]:
        out.print(
            f"\nbackfill {escape(backfill['plan'])}: "
            f"{backfill['weeks_done']} of {backfill['weeks']} weeks done"
        )


def _joined(*parts: str | None) -> str:
    return "  ".join(part for part in parts if part)


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


@app.command()
def trigger(
    season: Annotated[int, typer.Option(min=FIRST_SEASON, help="Season, the year it starts in.")],
    week: Annotated[int, typer.Option(min=WEEKS[0], max=WEEKS[-1], help="Week.")],
    source: _Source = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the run is over.")] = False,
    json: _Json = False,
) -> None:
    """Start importing and projecting a week in a process of its own. Needs no daemon."""
    from fantasy_pipeline.control.trigger import trigger as start
    from fantasy_pipeline.control.trigger import wait_for

    session = _session(source)
    run_id = start(session, SeasonWeek(season, week), "manual")
    if not wait:
        if json:
            _print_json({"run_id": run_id})
        else:
            console().print(f"Started run {run_id}. Next: fantasy-pipeline show {run_id[:8]}")
        return
    execution = wait_for(session.instance, run_id)
    if json:
        _print_json(execution.to_json())
    else:
        console().print(f"Run {run_id}: {_color(execution.status)} {_short(execution.to_json())}")
    if not execution.run.is_success:
        raise PipelineError("; ".join(execution.result["errors"]) or execution.status)


@app.command()
def history(
    job: Annotated[str | None, typer.Option(help="Only runs of this job.")] = None,
    status: Annotated[
        str | None, typer.Option(help="success, failure, running, queued, started, canceled …")
    ] = None,
    season: Annotated[int | None, typer.Option(min=FIRST_SEASON, help="Only this season.")] = None,
    week: Annotated[int | None, typer.Option(min=1, max=WEEKS[-1], help="Only this week.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only runs since: 7d, 12h, or a moment in ISO 8601.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    source: _Source = None,
    json: _Json = False,
) -> None:
    """List runs with their results, newest first."""
    from fantasy_pipeline.control.history import executions

    after = _since(since, datetime.now(timezone.utc)) if since else None
    instance = _session(source).instance
    found = executions(instance, job, status, season, week, after, limit=limit)
    rows = [execution.to_json() for execution in found]
    if json:
        _print_json(rows)
    else:
        _print_runs(rows)


def _since(text: str, now: datetime) -> datetime:
    units = {"d": "days", "h": "hours", "m": "minutes"}
    try:
        if match := re.fullmatch(r"(\d{1,9})([dhm])", text, re.ASCII):
            return now - timedelta(**{units[match[2]]: int(match[1])})
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (
            moment.astimezone(timezone.utc)
            if moment.tzinfo
            else moment.replace(tzinfo=timezone.utc)
        )
    except (ValueError, OverflowError):
        raise PipelineError(f"--since {text!r}: write 7d, 12h or 2025-09-30T08:00Z.") from None


def _print_runs(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        console().print("No such run.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("run", "job", "status", "executed at", "season", "week", "trigger", "result"):
        table.add_column(name, no_wrap=name != "result")
    for row in rows:
        table.add_row(
            row["id"][:8],
            escape(row["job_id"]),
            _color(row["status"]),
            row["executed_at"],
            *("" if row[name] is None else str(row[name]) for name in ("season", "week")),
            row["trigger"],
            escape(_short(row)),
        )
    # A pipe has no width: nothing is cut there.
    Console(highlight=False, width=None if sys.stdout.isatty() else 10_000).print(table)


@app.command()
def show(
    run_id: Annotated[str, typer.Argument(help="Run id, or its first 6 or more characters.")],
    source: _Source = None,
    json: _Json = False,
) -> None:
    """Show a run: its result, seconds per asset, errors with stack trace."""
    from rich.markup import escape

    from fantasy_pipeline.control.history import execution_of

    details = execution_of(_session(source).instance, run_id).details()
    if json:
        _print_json(details)
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
        out.print(f"\n[red]{escape(_joined(error['step'], error['cause']))}[/]")
        out.print(escape(error["stack"]))


@app.command()
def health(source: _Source = None, json: _Json = False) -> None:
    """Check every health rule. Exit code 0: ok, 1: warning, 2: critical."""
    from rich.markup import escape

    from fantasy_pipeline.control.health import LEVELS, examine, subject_of, worst

    findings = examine(subject_of(_session(source)))
    code = worst(findings)
    if json:
        _print_json({"status": LEVELS[code], "findings": [f._asdict() for f in findings]})
    else:
        for rule, level, message in findings:
            console().print(f"{_color(level)} [bold]{rule}[/] {escape(message)}")
    raise typer.Exit(code)


@app.command()
def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 8000,
) -> None:
    """Serve the HTTP interface; its documentation is at /docs. Needs the extra [api]."""
    try:
        from fantasy_pipeline.api import serve
    except ModuleNotFoundError as error:
        raise PipelineError(
            f"{error.name} is not installed; pip install 'fantasy-pipeline[api]'."
        ) from None
    serve(host, port)
