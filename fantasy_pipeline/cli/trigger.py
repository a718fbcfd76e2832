"""The command `trigger`: start a run of one week in a background process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fantasy_pipeline.cli.help import CONTROL_PANEL, PROGRAM, command
from fantasy_pipeline.cli.options import (
    AtOption,
    JsonOption,
    SeasonRequired,
    SourceOption,
    WeekRequired,
    open_session,
)
from fantasy_pipeline.cli.output import console, print_json
from fantasy_pipeline.cli.progress import Steps, usual_seconds, waiting
from fantasy_pipeline.cli.run_lines import colored
from fantasy_pipeline.errors import InterruptedCommandError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.operations.run_lines import result_line

if TYPE_CHECKING:
    from fantasy_pipeline.operations.session import Session
    from fantasy_pipeline.operations.trigger import Started
    from fantasy_pipeline.orchestration.runs.history import Execution


def trigger(
    season: SeasonRequired,
    week: WeekRequired,
    source: SourceOption = None,
    at: AtOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the run and its follow-up runs have ended.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Start a background process that imports and projects a week. Needs no daemon.

    The process replaces the week's rows in the lake, projects the following week too if that was
    not played yet, and writes the reports. A week that is already running is refused.
    """
    from fantasy_pipeline.operations.trigger import start

    session = open_session(source, at)
    wanted = SeasonWeek(season, week)
    with waiting("starting the run"):
        started = start(session, wanted, "manual")
    if wait:
        _wait(session, wanted, started, json)
    elif json:
        print_json({"run_id": started.run_id})
    else:
        run_id = started.run_id
        console().print(f"Started run {run_id}. Next: {PROGRAM} show {run_id[:8]}")


def _wait(session: Session, week: SeasonWeek, started: Started, json: bool) -> None:
    """Wait for the run and its follow-up runs, and print them.

    Raises:
        InterruptedCommandError: a signal interrupted the wait.
        PipelineError: one of them failed, or the worker ended early.
    """
    from fantasy_pipeline.operations.trigger import wait_for_all

    instance = session.instance
    run = instance.get_run_by_id(started.run_id)
    with Steps(json, usual_seconds(instance))(f"{run.job_name if run else 'run'} {week}"):
        try:
            executions = wait_for_all(instance, started)
        except KeyboardInterrupt:
            raise InterruptedCommandError(
                f"Interrupted. The run continues: {PROGRAM} show {started.run_id[:8]}"
            ) from None
    if json:
        first, *rest = executions
        print_json(first.to_json() | {"followed_by": [each.to_json() for each in rest]})
    else:
        for each in executions:
            heading = f"{each.job_id} {each.season} week {each.week}, run {each.run.run_id}"
            line = result_line(each.to_json())
            console().print(f"{heading}: {colored(each.status)} {line}")
    _fail_if_failed(executions)
    if started.worker.returncode:
        log = f"{session.home}/logs/trigger-{started.run_id[:8]}.log"
        raise PipelineError(f"{week} is done, but a follow-up run did not start; see {log}.")


def _fail_if_failed(executions: Sequence[Execution]) -> None:
    failed = [each for each in executions if not each.run.is_success]
    if failed:
        errors = (error for each in failed for error in each.result["errors"] or [each.status])
        raise PipelineError("; ".join(errors))


def add_to(app: typer.Typer) -> None:
    """Add the command to the app."""
    command(
        app,
        CONTROL_PANEL,
        "trigger --season 2025 --week 5",
        "trigger --season 2025 --week 5 --wait --json",
    )(trigger)
