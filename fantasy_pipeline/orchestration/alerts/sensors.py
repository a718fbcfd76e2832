"""Sensors that send alerts: a run failed, a later run repaired it, the due week is missing."""

from collections.abc import Iterator, Sequence

import dagster as dg

from fantasy_pipeline.football.import_calendar import (
    ALARM_AFTER,
    LOOK_BACK,
    Import,
    imports_due_between,
    is_satisfied,
)
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.orchestration.alerts import messages
from fantasy_pipeline.orchestration.alerts.channels import configured
from fantasy_pipeline.orchestration.alerts.outbox import Outbox
from fantasy_pipeline.orchestration.alerts.repairs import WILL_RETRY, repaired_by
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.history import execution_of
from fantasy_pipeline.orchestration.runs.import_state import imported_of
from fantasy_pipeline.settings import read_alert_settings

_INTERVAL_SECONDS = 60


# Monitor all code locations: runs of the command line belong to none of them.
@dg.run_failure_sensor(
    monitor_all_code_locations=True,
    minimum_interval_seconds=_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Send one alert for each run that failed and is not retried.",
)
def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
    run = context.dagster_run
    if run.tags.get(WILL_RETRY) == "true":
        context.log.info("run %s is retried; no alert until its last attempt fails", run.run_id)
        return
    outbox = Outbox(context.instance)
    outbox.add(messages.failure(execution_of(context.instance, run.run_id), _run_url()))
    outbox.deliver(configured())


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitor_all_code_locations=True,
    minimum_interval_seconds=_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Send one alert when a later run did the work of failed runs.",
)
def alert_on_recovery(context: dg.RunStatusSensorContext) -> None:
    outbox = Outbox(context.instance)
    ids = outbox.added_ids()
    failed = {name.partition("-")[2] for name in ids if name.startswith("failure-")}
    unrepaired = [run_id for run_id in failed if f"repaired-{run_id}" not in ids]
    if not unrepaired:
        return
    success = execution_of(context.instance, context.dagster_run.run_id)
    repaired = repaired_by(context.instance, success, unrepaired)
    if not repaired:
        return
    # One id per repaired failure: a second run that repairs the same failure sends no alert.
    marks = [f"repaired-{failure.run.run_id}" for failure in repaired]
    outbox.add(messages.recovery(success, repaired, _run_url()), settles=marks)
    outbox.deliver(configured())


@dg.sensor(
    minimum_interval_seconds=_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Send an alert when the due week is not imported 4 hours after its due time, and "
    "another when it is imported. Resend alerts that a channel refused.",
)
def alert_on_overdue_week(context: dg.SensorEvaluationContext, nfl: NflData) -> dg.SkipReason:
    outbox = Outbox(context.instance)
    news = "no new alert"
    try:
        now, games = nfl.now(), nfl.games()
        imported = imported_of(context.instance, nfl.lake, games, now, nfl.label)
        due = imports_due_between(games, now - LOOK_BACK, now - ALARM_AFTER)
        done = [item for item in due if is_satisfied(item.phase, imported.get(item.week, ()))]
        # Only the newest: after downtime catch_up imports the others, and health lists them.
        if due and due[-1] not in done and outbox.add(alert := messages.overdue(due[-1], now)):
            news = alert.title
        for clear in _add_all_clears(outbox, done):
            news = clear.title
    finally:
        # Deliver even if the schedule cannot be read: alerts matter most then.
        sent = outbox.deliver(configured())
    return dg.SkipReason(f"{news}; {sent} messages sent; this sensor starts no runs")


def _add_all_clears(outbox: Outbox, done: Sequence[Import]) -> Iterator[messages.Alert]:
    """Add one alert for each week that was reported as overdue and is imported now."""
    ids = outbox.added_ids()
    overdue: dict[SeasonWeek, list[Import]] = {}
    for item in done:
        if f"overdue-{item.key}" in ids and f"arrived-{item.key}" not in ids:
            overdue.setdefault(item.week, []).append(item)
    for items in overdue.values():
        # One alert for the latest phase: a final import includes the provisional one.
        alert = messages.arrived(items[-1])
        outbox.add(alert, settles=[f"arrived-{item.key}" for item in items[:-1]])
        yield alert


def _run_url() -> str:
    settings, _ = read_alert_settings()
    return settings.run_url()


ALERT_SENSORS = [alert_on_failure, alert_on_recovery, alert_on_overdue_week]
