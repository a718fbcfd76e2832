"""The sensors that tell people: a run failed, it works again, the due week is not there."""

import dagster as dg

from fantasy_pipeline import automation
from fantasy_pipeline.alerts import messages
from fantasy_pipeline.alerts.channels import configured
from fantasy_pipeline.alerts.outbox import Outbox
from fantasy_pipeline.import_state import imported_of
from fantasy_pipeline.resources import NflData
from fantasy_pipeline.settings import AlertSettings

_INTERVAL_SECONDS = 60
_WILL_RETRY = "dagster/will_retry"


# Of all code locations: a run of the command line belongs to none.
@dg.run_failure_sensor(
    monitor_all_code_locations=True,
    minimum_interval_seconds=_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tell once about a run that failed and is not retried.",
)
def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
    from fantasy_pipeline.control.history import execution_of

    run = context.dagster_run
    if run.tags.get(_WILL_RETRY) == "true":
        context.log.info("run %s is retried; only its last failure is told", run.run_id)
        return
    settings = AlertSettings()
    outbox = Outbox(context.instance)
    outbox.add(messages.failure(execution_of(context.instance, run.run_id), settings.ui_url))
    outbox.deliver(configured(settings))


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitor_all_code_locations=True,
    minimum_interval_seconds=_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tell that a job which failed succeeds again.",
)
def alert_on_recovery(context: dg.RunStatusSensorContext) -> None:
    from fantasy_pipeline.control.history import execution_of, executions

    run = context.dagster_run
    before = executions(context.instance, job=run.job_name, cursor=run.run_id)
    # Newest first: up to the success before this one.
    for earlier in before:
        if earlier.run.is_success:
            return
        if Outbox(context.instance).knows(f"failure-{earlier.run.run_id}"):
            break
    else:
        return
    settings = AlertSettings()
    outbox = Outbox(context.instance)
    outbox.add(messages.recovery(execution_of(context.instance, run.run_id), settings.ui_url))
    outbox.deliver(configured(settings))


@dg.sensor(
    minimum_interval_seconds=_INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tell when the due week is not imported 4 hours late; send what is still unsent.",
)
def alert_on_overdue_week(context: dg.SensorEvaluationContext, nfl: NflData) -> dg.SkipReason:
    outbox = Outbox(context.instance)
    said = "no new alert"
    try:
        now, games = nfl.now(), nfl.games()
        imported = imported_of(context.instance, games, now, nfl.label)
        late = automation.plan(games, imported, now, automation.ALARM_AFTER)
        # The newest only: of weeks long past, health tells.
        if late and outbox.add(alert := messages.overdue(late[0], now)):
            said = alert.title
    finally:
        # Without a schedule, when alerts matter most, too.
        sent = outbox.deliver(configured(AlertSettings()))
    return dg.SkipReason(f"{said}; {sent} messages sent; this sensor starts no runs")


ALERT_SENSORS = [alert_on_failure, alert_on_recovery, alert_on_overdue_week]
