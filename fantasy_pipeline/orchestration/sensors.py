"""Sensors that start runs after other runs, request missed imports, and store run results."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from fantasy_pipeline.football import import_calendar
from fantasy_pipeline.football.calendar import (
    Game,
    week_status,
    weeks_to_project,
    why_nothing_is_projected,
)
from fantasy_pipeline.football.import_calendar import CATCH_UP_GRACE, Import
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PROJECTIONS
from fantasy_pipeline.orchestration.alerts.sensors import ALERT_SENSORS
from fantasy_pipeline.orchestration.jobs import (
    report_week,
    weekly_import,
    weekly_projections,
    whole_week,
)
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs
from fantasy_pipeline.orchestration.runs.history import execution_of
from fantasy_pipeline.orchestration.runs.import_state import (
    IMPORT_JOBS,
    imported_of,
    lost_imports,
    running_weeks,
    source_of_run,
    week_of_run,
)
from fantasy_pipeline.orchestration.runs.processes import process_of
from fantasy_pipeline.orchestration.runs.record import OVER, record
from fantasy_pipeline.orchestration.runs.summaries import recorded
from fantasy_pipeline.orchestration.runs.tags import PROJECTED_BY, moment_of, run_tags

CATCH_UP_SECONDS = 300
CATCH_UP_PER_TICK = 2
"""Imports that one tick may request: upstream is a free service."""
RECORD_SECONDS = 30
RECORDS_PER_TICK = 50


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[weekly_import],
    request_job=weekly_projections,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="As soon as the due week is imported, project the upcoming week, and the running "
    "week while one of its games has not kicked off.",
)
def project_upcoming_week(
    context: dg.RunStatusSensorContext, nfl: NflData
) -> list[dg.RunRequest] | dg.SkipReason:
    run = context.dagster_run
    if process_of(run) is not None:
        return dg.SkipReason(f"run {run.run_id} is of a command, which projects the week itself")
    imported = week_of_run(run.tags)
    if imported is None:
        return dg.SkipReason(f"run {run.run_id} did not import exactly one week")
    data = _data_of(run, nfl)
    now = moment_of(run.tags, data.now())
    return projection_requests(data, imported, now, run.run_id, _resources(run))


def _data_of(run: dg.DagsterRun, nfl: NflData) -> NflData:
    """Return the data of a run's source; `nfl` if the run uses the configured source."""
    source = source_of_run(run)
    return nfl if source in (None, nfl.source_name) else NflData(source=source)


def _resources(run: dg.DagsterRun) -> dict[str, Any]:
    """Return run config that makes another run use the same source."""
    resources = run.run_config.get("resources")
    return {"resources": resources} if resources else {}


def projection_requests(
    nfl: NflData,
    imported: SeasonWeek,
    now: datetime,
    run_id: str,
    run_config: Mapping[str, Any] | None = None,
) -> list[dg.RunRequest] | dg.SkipReason:
    """Return the requests to project weeks after an import, or why there are none.

    Args:
        imported: week that was imported.
        now: moment that the import stands for.
        run_id: run of the import.
    """
    games = nfl.games()
    due = week_status(games, now).due
    if imported != due:
        return dg.SkipReason(f"{imported} is not the due week, which is {due}")
    weeks = weeks_to_project(games, now)
    if not weeks:
        return dg.SkipReason(why_nothing_is_projected(games, now))
    return [
        dg.RunRequest(
            run_key=f"{run_id}-{week.key}",
            partition_key=week.key,
            run_config=run_config or {},
            tags=dict(run_tags(week, nfl.source_name, "sensor", as_of=now)),
        )
        for week in weeks
    ]


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[weekly_projections, weekly_import, whole_week],
    request_job=report_week,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Write the report of a week as soon as the week is projected, and again with its "
    "results once it is imported.",
)
def report_projected_week(
    context: dg.RunStatusSensorContext, nfl: NflData
) -> dg.RunRequest | dg.SkipReason:
    run = context.dagster_run
    if process_of(run) is not None:
        return dg.SkipReason(f"run {run.run_id} is of a command, which writes reports itself")
    week = week_of_run(run.tags)
    if week is None:
        return dg.SkipReason(f"run {run.run_id} is not a run of exactly one week")
    data = _data_of(run, nfl)
    if week not in data.lake.weeks(PROJECTIONS):
        return dg.SkipReason(f"{week} has no projections in the lake, so it gets no report")
    as_of = moment_of(run.tags, data.now()) if "as_of" in run.tags else None
    return dg.RunRequest(
        run_key=run.run_id,
        partition_key=week.key,
        # The same source: its lake has the projections.
        run_config=_resources(run),
        tags={
            **run_tags(week, data.source_name, "sensor", as_of=as_of),
            PROJECTED_BY: run.run_id,
        },
    )


@dg.sensor(
    job=weekly_import,
    minimum_interval_seconds=CATCH_UP_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Request missed imports: after downtime, failed runs, games that ended late.",
)
def catch_up(
    context: dg.SensorEvaluationContext, nfl: NflData
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    end_dead_runs(context.instance)
    now = nfl.now()
    games = nfl.games()
    imported = imported_of(context.instance, nfl.lake, games, now, nfl.label)
    missing = import_calendar.missing_imports(games, imported, now, CATCH_UP_GRACE)
    # A lost week is requested again: its key names the import that was lost.
    lost = lost_imports(context.instance, nfl.lake, {item.week for item in missing}, nfl.label)
    previous = _read_cursor(context.cursor)
    running = running_weeks(context.instance, IMPORT_JOBS, nfl.source_name)
    # The sample league's weeks have the same keys as the NFL's.
    league = "sample-" if nfl.source_name == "sample" else ""
    keys = {item: _request_key(item, league, lost.get(item.week)) for item in missing}
    requests = to_request(keys, previous, set(running), now)
    requested = [*previous.requested, *(keys[item] for item in requests)]
    context.update_cursor(_Cursor(now, list(keys.values()), requested).to_json())
    for item in requests:
        yield dg.RunRequest(
            run_key=keys[item],
            partition_key=item.week.key,
            tags={
                **run_tags(item.week, nfl.source_name, "sensor", item.phase, now),
                # A run that somebody waits for goes first, e.g. of a backfill in the UI.
                "dagster/priority": "-1",
            },
        )
    if not requests:
        yield dg.SkipReason(_skip_reason(keys, games, requested, now))


def _request_key(item: Import, league: str, lost: datetime | None) -> str:
    """Return the key by which an import is requested once.

    Args:
        league: prefix of the league's keys; empty for the NFL.
        lost: when the week was last imported, if the lake has lost it; None if it is not lost.
    """
    return league + item.key + (f"-lost-{lost:%Y%m%dT%H%M%S}" if lost else "")


class _Cursor:
    """State between ticks: imports missing at the last tick, and imports requested so far."""

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
    missing: Mapping[Import, str],
    previous: _Cursor,
    running: set[SeasonWeek],
    now: datetime,
) -> list[Import]:
    """Return the missing imports to request in this tick: newest first, each once, at most
    `CATCH_UP_PER_TICK`.

    An import must also have been missing at the tick before: after downtime the schedules evaluate
    their latest tick first, and the sensor must not request the same imports.

    Args:
        missing: missing imports, newest first, with their keys.
        previous: state of the tick before.
        running: weeks that are being imported.
    """
    is_fresh = previous.at is not None and now - previous.at <= timedelta(
        seconds=3 * CATCH_UP_SECONDS
    )
    return [
        item
        for item, key in missing.items()
        if is_fresh
        and key in previous.missing
        and key not in previous.requested
        and item.week not in running
    ][:CATCH_UP_PER_TICK]


def _skip_reason(
    missing: Mapping[Import, str],
    games: Sequence[Game],
    requested: Sequence[str],
    now: datetime,
) -> str:
    given_up = [item for item, key in missing.items() if key in requested]
    waiting = [item.key for item, key in missing.items() if key not in requested]
    if waiting:
        return f"missing or being imported: {', '.join(waiting[:5])}; requested on the next tick"
    if given_up:
        keys, (season, week) = ", ".join(item.key for item in given_up[:5]), given_up[0].week
        command = f"fantasy-pipeline trigger --season {season} --week {week}"
        return f"requested once and still missing: {keys}; run {command}"
    following = import_calendar.next_import(games, now)
    then = f"; next: {following.key} on {following.due_at:%Y-%m-%d %H:%M} UTC" if following else ""
    return f"every due week is imported{then}"


@dg.sensor(
    minimum_interval_seconds=RECORD_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Store the result of every finished run, and end runs whose process died.",
)
def record_results(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    end_dead_runs(context.instance)
    since = datetime.fromisoformat(context.cursor) if context.cursor else None
    runs = context.instance.get_run_records(
        dg.RunsFilter(statuses=OVER, updated_after=since),
        limit=RECORDS_PER_TICK,
        order_by="update_timestamp",
        ascending=True,
    )
    ids = [run.dagster_run.run_id for run in runs]
    # Runs of the command line store their own result before they end.
    stored = recorded(context.instance, ids)
    missing = [run_id for run_id in ids if run_id not in stored]
    for run_id in missing:
        record(execution_of(context.instance, run_id))
    if runs:
        context.update_cursor(runs[-1].update_timestamp.isoformat())
    return dg.SkipReason(f"{len(missing)} results recorded; this sensor starts no runs")


ALL_SENSORS = [
    project_upcoming_week,
    report_projected_week,
    catch_up,
    record_results,
    *ALERT_SENSORS,
]
