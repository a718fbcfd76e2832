"""The sensors: what follows on a run, and what was missed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from fantasy_pipeline.football import import_calendar
from fantasy_pipeline.football.calendar import Game, week_status
from fantasy_pipeline.football.import_calendar import CATCH_UP_GRACE, Import, projected_from
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PROJECTIONS
from fantasy_pipeline.orchestration.jobs import (
    report_week,
    weekly_import,
    weekly_projections,
    whole_week,
)
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs
from fantasy_pipeline.orchestration.runs.import_state import (
    IMPORT_JOBS,
    imported_of,
    running_weeks,
    source_of_run,
    week_of_run,
)
from fantasy_pipeline.orchestration.runs.tags import moment_of, run_tags

CATCH_UP_SECONDS = 300
CATCH_UP_PER_TICK = 2
"""Imports that one tick may ask for: upstream is a free service."""
RECORD_SECONDS = 30
RECORDS_PER_TICK = 50


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
    imported = week_of_run(run.tags)
    if imported is None:
        return dg.SkipReason(f"run {run.run_id} imported no single week")
    theirs = _worked_on(run, nfl)
    now = moment_of(run.tags, theirs.now())
    return upcoming_request(theirs, imported, now, run.run_id, _resources(run))


def _worked_on(run: dg.DagsterRun, nfl: NflData) -> NflData:
    """The data of a run's own source; `nfl` where it was told none."""
    source = source_of_run(run)
    return nfl if source in (None, nfl.source_name) else NflData(source=source)


def _resources(run: dg.DagsterRun) -> dict[str, Any]:
    """Run config by which another run works on the same source."""
    resources = run.run_config.get("resources")
    return {"resources": resources} if resources else {}


def upcoming_request(
    nfl: NflData,
    imported: SeasonWeek,
    now: datetime,
    run_id: str,
    run_config: Mapping[str, Any] | None = None,
) -> dg.RunRequest | dg.SkipReason:
    """What to project after `imported` was imported by run `run_id` at `now`."""
    games = nfl.games()
    status = week_status(games, now)
    if imported != status.due:
        return dg.SkipReason(f"{imported} is not the week due, which is {status.due}")
    if status.upcoming is None:
        return dg.SkipReason("the schedule has no week to come")
    if (since := projected_from(games, status.upcoming)) > now:
        return dg.SkipReason(f"{status.upcoming} is projected from {since:%Y-%m-%d} on")
    return dg.RunRequest(
        run_key=f"{run_id}-{status.upcoming.key}",
        partition_key=status.upcoming.key,
        run_config=run_config or {},
        tags=dict(run_tags(status.upcoming, nfl.source_name, "sensor", as_of=now)),
    )


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[weekly_projections, weekly_import, whole_week],
    request_job=report_week,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Write the report of a week as soon as it is projected, and again with what "
    "happened once it is imported.",
)
def report_projected_week(
    context: dg.RunStatusSensorContext, nfl: NflData
) -> dg.RunRequest | dg.SkipReason:
    run = context.dagster_run
    week = week_of_run(run.tags)
    if week is None:
        return dg.SkipReason(f"run {run.run_id} is for no single week")
    theirs = _worked_on(run, nfl)
    if week not in theirs.lake.weeks(PROJECTIONS):
        return dg.SkipReason(f"{week} was not projected")
    as_of = moment_of(run.tags, theirs.now()) if "as_of" in run.tags else None
    return dg.RunRequest(
        run_key=run.run_id,
        partition_key=week.key,
        # The same source: its lake has the projections.
        run_config=_resources(run),
        tags={
            **run_tags(week, theirs.source_name, "sensor", as_of=as_of),
            "projected_by": run.run_id,
        },
    )


@dg.sensor(
    job=weekly_import,
    minimum_interval_seconds=CATCH_UP_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Import what was missed: downtime, failed runs, games that ended later.",
)
def catch_up(
    context: dg.SensorEvaluationContext, nfl: NflData
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    end_dead_runs(context.instance)
    now = nfl.now()
    games = nfl.games()
    imported = imported_of(context.instance, games, now, nfl.label)
    missing = import_calendar.missing_imports(games, imported, now, CATCH_UP_GRACE)
    seen = _read_cursor(context.cursor)
    running = running_weeks(context.instance, IMPORT_JOBS, nfl.source_name)
    # The sample league has weeks of the same names.
    league = "sample-" if nfl.source_name == "sample" else ""
    requests = to_request(missing, seen, set(running), now, league)
    requested = [*seen.requested, *(league + item.key for item in requests)]
    keys = [league + item.key for item in missing]
    context.update_cursor(_Cursor(now, keys, requested).to_json())
    for item in requests:
        yield dg.RunRequest(
            run_key=league + item.key,
            partition_key=item.week.key,
            tags=dict(run_tags(item.week, nfl.source_name, "sensor", item.phase, now)),
        )
    if not requests:
        yield dg.SkipReason(_why(missing, games, requested, now, league))


class _Cursor:
    """What the last tick saw, and everything that was ever requested and may be due again."""

    def __init__(self, at: datetime | None, missing: list[str], requested: list[str]) -> None:
        self.at = at
        self.missing = missing
        # A year has about 60 imports.
        self.requested = requested[-200:]

    def to_json(self) -> str:
        at = self.at.isoformat() if self.at else None
        return json.dumps({"at": at, "missing": self.missing, "requested": self.requested})


def _read_cursor(text: str | None) -> _Cursor:
    values = json.loads(text) if text else {}
    at = values.get("at")
    return _Cursor(
        datetime.fromisoformat(at) if at else None,
        values.get("missing", []),
        values.get("requested", []),
    )


def to_request(
    missing: Sequence[Import],
    seen: _Cursor,
    running: set[SeasonWeek],
    now: datetime,
    league: str = "",
) -> list[Import]:
    """Of what is missing, what to ask for in this tick: newest first, each once.

    Only what the tick before saw missing too: after downtime the schedules evaluate their latest
    tick first, and both must not ask for the same.

    Args:
        league: what its keys begin with; empty for the NFL.
    """
    is_fresh = seen.at is not None and now - seen.at <= timedelta(seconds=3 * CATCH_UP_SECONDS)
    return [
        item
        for item in missing
        if is_fresh
        and league + item.key in seen.missing
        and league + item.key not in seen.requested
        and item.week not in running
    ][:CATCH_UP_PER_TICK]


def _why(
    missing: Sequence[Import],
    games: Sequence[Game],
    requested: Sequence[str],
    now: datetime,
    league: str,
) -> str:
    given_up = [item.key for item in missing if league + item.key in requested]
    waiting = [item.key for item in missing if league + item.key not in requested]
    if waiting:
        return f"seen missing, or being imported: {', '.join(waiting[:5])}; asked for next tick"
    if given_up:
        return f"requested once and still missing: {', '.join(given_up[:5])}; trigger it by hand"
    following = import_calendar.next_import(games, now)
    then = f"; next: {following.key} on {following.due_at:%Y-%m-%d %H:%M} UTC" if following else ""
    return f"every due week is imported{then}"


@dg.sensor(
    minimum_interval_seconds=RECORD_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Write down what each run came to, however it was started and however it ended.",
)
def record_results(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    from fantasy_pipeline.orchestration.runs.history import execution_of
    from fantasy_pipeline.orchestration.runs.record import OVER, record
    from fantasy_pipeline.orchestration.runs.summaries import recorded

    end_dead_runs(context.instance)
    since = datetime.fromisoformat(context.cursor) if context.cursor else None
    runs = context.instance.get_run_records(
        dg.RunsFilter(statuses=OVER, updated_after=since),
        limit=RECORDS_PER_TICK,
        order_by="update_timestamp",
        ascending=True,
    )
    ids = [run.dagster_run.run_id for run in runs]
    # Those of the command line have theirs by the time they are seen here.
    known = recorded(context.instance, ids)
    missing = [run_id for run_id in ids if run_id not in known]
    for run_id in missing:
        record(execution_of(context.instance, run_id))
    if runs:
        context.update_cursor(runs[-1].update_timestamp.isoformat())
    return dg.SkipReason(f"{len(missing)} results recorded; this sensor starts no runs")


ALL_SENSORS = [project_upcoming_week, report_projected_week, catch_up, record_results]
