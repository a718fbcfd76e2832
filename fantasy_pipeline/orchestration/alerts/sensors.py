"""The sensors that tell people: a run failed, it works again, the due week is not there."""

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
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.import_state import imported_of
from fantasy_pipeline.settings import read_alert_settings

_INTERVAL_SECONDS = 60


# Of all code locations: a run of the command line belongs to none.
@dg.run_failure_sensor(
    monitor_all_code_locations=True,
    minimum_interval_seconds=_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tell once about a run that failed and is not retried.",
)
def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
    from fantasy_pipeline.orchestration.alerts.repairs import WILL_RETRY
    from fantasy_pipeline.orchestration.runs.history import execution_of

    run = context.dagster_run
    if run.tags.get(WILL_RETRY) == "true":
        context.log.info("run %s is retried; only its last failure is told", run.run_id)
        return
    outbox = Outbox(context.instance)
    outbox.add(messages.failure(execution_of(context.instance, run.run_id), _run_url()))
    outbox.deliver(configured())


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitor_all_code_locations=True,
    minimum_interval_seconds=_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tell that what failed was done by a later run.",
)
def alert_on_recovery(context: dg.RunStatusSensorContext) -> None:
    from fantasy_pipeline.orchestration.alerts.repairs import repaired_by
    from fantasy_pipeline.orchestration.runs.history import execution_of

    outbox = Outbox(context.instance)
    known = outbox.known()
    failed = {name.partition("-")[2] for name in known if name.startswith("failure-")}
    told = [run_id for run_id in failed if f"repaired-{run_id}" not in known]
    if not told:
        return
    success = execution_of(context.instance, context.dagster_run.run_id)
    repaired = repaired_by(context.instance, success, told)
    if not repaired:
        return
    # By failure: of two runs that both repair it, the first to succeed is told.
    marks = [f"repaired-{failure.run.run_id}" for failure in repaired]
    outbox.add(messages.recovery(success, _run_url()), settles=marks)
    outbox.deliver(configured())


@dg.sensor(
    minimum_interval_seconds=_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tell when the due week is not imported 4 hours late, and when it came; "
    "send what is still unsent.",
)
def alert_on_overdue_week(context: dg.SensorEvaluationContext, nfl: NflData) -> dg.SkipReason:
    outbox = Outbox(context.instance)
    said = "no new alert"
    try:
        now, games = nfl.now(), nfl.games()
        imported = imported_of(context.instance, games, now, nfl.label)
        due = imports_due_between(games, now - LOOK_BACK, now - ALARM_AFTER)
        came = [item for item in due if is_satisfied(item.phase, imported.get(item.week, ()))]
        # The newest only: the others come by and by after downtime, and health tells of them.
        if due and due[-1] not in came and outbox.add(alert := messages.overdue(due[-1], now)):
            said = alert.title
        for clear in _all_clears(outbox, came):
            said = clear.title
    finally:
        # Without a schedule, when alerts matter most, too.
        sent = outbox.deliver(configured())
    return dg.SkipReason(f"{said}; {sent} messages sent; this sensor starts no runs")


def _all_clears(outbox: Outbox, came: Sequence[Import]) -> Iterator[messages.Alert]:
    """Adds a message for each week that was told to be overdue and came."""
    known = outbox.known()
    told: dict[SeasonWeek, list[Import]] = {}
    for item in came:
        if f"overdue-{item.key}" in known and f"arrived-{item.key}" not in known:
            told.setdefault(item.week, []).append(item)
    for items in told.values():
        # The last says it for all: a final import is a provisional one as well.
        alert = messages.arrived(items[-1])
        outbox.add(alert, settles=[f"arrived-{item.key}" for item in items[:-1]])
        yield alert


def _run_url() -> str:
    settings, _ = read_alert_settings()
    return settings.run_url()


ALERT_SENSORS = [alert_on_failure, alert_on_recovery, alert_on_overdue_week]
