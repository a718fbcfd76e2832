"""The sensors: what follows on a run."""

from datetime import datetime, timedelta, timezone

import dagster as dg

from fantasy_pipeline.jobs import weekly_import, weekly_projections
from fantasy_pipeline.resources import NflData
from fantasy_pipeline.runs import run_tags
from fantasy_pipeline.season_week import SeasonWeek

PROJECTION_LEAD = timedelta(days=14)
"""A week is projected from this long before its first game; rosters are out by then."""


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[weekly_import],
    request_job=weekly_projections,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Project the upcoming week as soon as the due one is imported.",
)
def project_upcoming_week(
    context: dg.RunStatusSensorContext, nfl: NflData
) -> dg.RunRequest | dg.SkipReason:
    run = context.dagster_run
    imported = run.tags.get("dagster/partition")
    if imported is None:
        return dg.SkipReason(f"run {run.run_id} imported no single week")
    # The moment the run stands for: a late tick must not project the week after next.
    at = run.tags.get("dagster/scheduled_execution_time")
    now = datetime.fromisoformat(at) if at else datetime.now(timezone.utc)
    return upcoming_request(nfl, SeasonWeek.from_key(imported), now, run.run_id)


def upcoming_request(
    nfl: NflData, imported: SeasonWeek, now: datetime, run_id: str
) -> dg.RunRequest | dg.SkipReason:
    """What to project after `imported` was imported by run `run_id` at `now`."""
    from fantasy_pipeline.calendar import week_status

    games = nfl.games()
    status = week_status(games, now)
    if imported != status.due:
        return dg.SkipReason(f"{imported} is not the week due, which is {status.due}")
    if status.upcoming is None:
        return dg.SkipReason("the schedule has no week to come")
    first = min(g.kickoff for g in games if (g.season, g.week) == status.upcoming)
    if first - now > PROJECTION_LEAD:
        return dg.SkipReason(f"{status.upcoming} begins on {first:%Y-%m-%d}, too far ahead")
    return dg.RunRequest(
        run_key=f"{run_id}-{status.upcoming.key}",
        partition_key=status.upcoming.key,
        tags=dict(run_tags(status.upcoming, nfl.source_name, "sensor")),
    )
