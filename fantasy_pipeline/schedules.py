"""The schedules: when the due week is imported."""

import dagster as dg

from fantasy_pipeline.jobs import weekly_import
from fantasy_pipeline.resources import NflData
from fantasy_pipeline.runs import run_tags


@dg.schedule(
    job=weekly_import,
    cron_schedule="0 8 * * 2",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Tuesday 08:00 UTC: import the NFL week that has just ended.",
)
def tuesday_import(context: dg.ScheduleEvaluationContext, nfl: NflData) -> dg.RunRequest:
    from fantasy_pipeline.calendar import games_from_table, week_status

    # The schedule of today, not the lake's: a game may have been moved since.
    games = games_from_table(nfl.upstream.schedule())
    due = week_status(games, context.scheduled_execution_time).due
    return dg.RunRequest(
        run_key=f"{context.scheduled_execution_time:%Y-%m-%d}-{due.key}",
        partition_key=due.key,
        tags=run_tags(due, nfl.source_name, "schedule"),
    )
