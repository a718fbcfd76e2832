"""The commands that monitor the automation: `status` and `health`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Any

import typer

from fantasy_pipeline.cli.help import CONTROL_PANEL, PROGRAM, command
from fantasy_pipeline.cli.options import AtOption, JsonOption, SourceOption, open_session
from fantasy_pipeline.cli.output import console, print_json, say, say_label
from fantasy_pipeline.cli.progress import waiting
from fantasy_pipeline.cli.run_lines import print_states
from fantasy_pipeline.operations.run_lines import minute, result_line


def status(source: SourceOption = None, at: AtOption = None, json: JsonOption = False) -> None:
    """Show all schedules and sensors, the daemons, the running week and backfills in progress.

    Makes no upstream requests. Changes nothing.
    """
    from fantasy_pipeline.operations.status import status as read_status

    with waiting("reading the status"):
        session = open_session(source, at)
        clock = session.at or datetime.now(timezone.utc)
        state = read_status(session.instance, clock, session.so_far, session.label)
    say_label(session.label)
    if json:
        print_json(state)
        return
    print_states([_daemon_row(daemon) for daemon in state["daemons"]])
    console().print()
    print_states(
        [_instigator_row(each) for each in state["jobs"]],
        spare=("kind", "tick", "last_tick"),
    )
    for week in state["so_far"]:
        console().print(f"\n{week['text']}", markup=False)
    for backfill in state["backfills"]:
        progress = f"{backfill['weeks_done']} of {backfill['weeks']} weeks done"
        console().print(f"\nbackfill {backfill['plan']}: {progress}", markup=False)


def _daemon_row(daemon: Mapping[str, Any]) -> dict[str, object]:
    return {
        "daemon": daemon["name"],
        "state": "running" if daemon["healthy"] else "not running",
        "heartbeat": minute(daemon["last_heartbeat"]) or "never",
    }


def _instigator_row(each: Mapping[str, Any]) -> dict[str, object]:
    """Return the row of a schedule or sensor."""
    run = each["last_run"]
    line = run and f"{minute(run['executed_at'])} {run['status']} {result_line(run)}".rstrip()
    return {
        "schedule or sensor": each["name"],
        "kind": each["kind"],
        "state": "on" if each["on"] else "off",
        "next_run": minute(each["next_run"]),
        "last_tick": minute(each["last_tick"]),
        "tick": each["tick_result"],
        "last_success": minute((each["last_success"] or {}).get("executed_at")),
        "last_run": line,
    }


def health(
    no_daemon: Annotated[
        bool,
        typer.Option(
            "--no-daemon",
            help="Skip the rules about the daemon and its schedules (cron starts imports).",
        ),
    ] = False,
    source: SourceOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Check that imports are complete and the automation runs; for monitoring.

    Makes no upstream requests. Changes nothing.
    """
    from fantasy_pipeline.operations.health import LEVELS, examine_session, exit_code

    # Silence the warnings of each attempt to reach a database that is down: a finding reports it.
    logging.disable(logging.WARNING)
    try:
        with waiting("checking"):
            findings = examine_session(
                lambda: open_session(source, at, one_run=True, lists_all=True), not no_daemon
            )
    finally:
        logging.disable(logging.NOTSET)
    code = exit_code(findings)
    if json:
        print_json({"status": LEVELS[code], "findings": [f._asdict() for f in findings]})
    else:
        print_states([{"level": f.level, "rule": f.rule, "message": f.message} for f in findings])
        if any(f.rule == "daemon_running" and f.level != "ok" for f in findings):
            say(f"If cron starts the imports, use {PROGRAM} health --no-daemon.")
    raise typer.Exit(code)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the app."""
    command(app, CONTROL_PANEL, "status", "status --json")(status)
    command(
        app,
        CONTROL_PANEL,
        "health",
        "health --no-daemon --json",
        notes="Exit codes: 0 ok; 1 a warning; 2 critical, or the check itself failed.",
    )(health)
