"""The status page: what is due, what ran, what every week is, and what needs attention."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import dagster as dg
from fastapi import Request, Response

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import week_status
from fantasy_pipeline.football.season_week import WEEKS, SeasonWeek
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.operations.run_lines import result_line
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.shown_week import shown_week
from fantasy_pipeline.operations.source_states import SourceState, news_states, source_states
from fantasy_pipeline.operations.status import backfills, daemons, instigators
from fantasy_pipeline.operations.week_states import STATES, WeekState, week_states
from fantasy_pipeline.orchestration.runs.history import Execution, executions
from fantasy_pipeline.orchestration.runs.import_state import WEEK_JOBS
from fantasy_pipeline.web.charts import Bar, bar_chart
from fantasy_pipeline.web.health import Results
from fantasy_pipeline.web.pages.site import Context, Site, duration

LAST_RUNS = 10
"""Runs in the table of the page."""
_CHARTED_RUNS = 200
"""Newest runs that are read for the charts."""
_NEVER = datetime.max.replace(tzinfo=timezone.utc)
_DAYS = 14
_TIMES = 30
"""Days in the chart of results, and runs in the chart of times."""
RULES = {
    "answer": "settings and data folder can be used",
    "storage": "the run history can be reached",
    "daemon_running": "the Dagster daemon runs, once",
    "schedule_on": "schedules and sensors are on, and their latest ticks worked",
    "recent_success": "an import succeeded in the last 8 days of a season",
    "last_run": "later runs have repaired every failed run",
    "due_week": "the week due is imported, and earlier weeks are final",
    "lost_data": "the lake has everything that the run history has",
    "stuck_run": "no run is queued or running for 2 hours",
    "stale_lock": "no lock is held for half an hour",
    "history_writable": "the database stores runs",
    "disk_space": "the disks have more than 2 GB free",
    "disk_use": "size of run history and lake",
    "alert_channels": "every alert was delivered",
}
"""What each health rule checks, in words."""
_LETTERS = {
    "final": "F",
    "provisional": "P",
    "in progress": "S",
    "imported": "I",
    "missing": "M",
    "failed": "X",
    "running": "R",
    "projected": "J",
    "to come": "\N{MIDDLE DOT}",
}
"""Letter of each state in the table of weeks."""


async def status_page(request: Request, site: Site, results: Results) -> Response:
    """Return the status page."""
    return await site.page(request, "status", "", lambda: gather(site.session, results))


def gather(session: Session, results: Results) -> Context:
    """Return the contents of the status page."""
    clock = datetime.now(timezone.utc)
    instance = session.instance
    runs = list(executions(instance, limit=_CHARTED_RUNS))
    jobs = instigators(instance, clock)
    schedules = [job for job in jobs if job.kind == "schedule"]
    return {
        "at": clock,
        "calendar": _calendar(session),
        "so_far": session.so_far,
        # Those that are off come last.
        "schedules": sorted(schedules, key=lambda job: job.next_tick or _NEVER),
        "sensors": [job for job in jobs if job.kind == "sensor"],
        "daemons": daemons(instance),
        "backfills": backfills(instance),
        "runs": [run_row(run) for run in runs[:LAST_RUNS]],
        "results_chart": results_chart(daily_results(instance, runs, clock)),
        "times_chart": times_chart(runs),
        "matrix": matrix(session, clock),
        "states": [(_LETTERS[state], state, words) for state, words in STATES.items()],
        "week_numbers": WEEKS,
        "health": results.of(daemon=True),
        "rules": RULES,
        "sources": _sources(session),
        "leagues": [league.name for league in registry.registered(session.lake)],
    }


def run_row(run: Execution) -> dict[str, Any]:
    """Return a run as tables show it."""
    return {
        "id": run.run.run_id,
        "title": run.title,
        "status": run.status,
        "executed_at": run.executed_at,
        "duration": duration(run.duration_s),
        "result": result_line(run.to_json()),
        "trigger": run.tags["trigger"],
    }


def _calendar(session: Session) -> dict[str, Any] | None:
    """Return the weeks that matter now; None without a schedule."""
    try:
        status = week_status(session.stored_games, session.present)
        shown = shown_week(session, None)
    except PipelineError:
        return None
    return {
        "due": status.due,
        "is_complete": status.complete,
        "upcoming": status.upcoming,
        "shown": shown,
        "phase": status.phase,
    }


def _sources(session: Session) -> Sequence[tuple[str, Sequence[SourceState]]]:
    """Return the states of the sources by what they state; none before the first projection."""
    try:
        week = shown_week(session, None)
    except PipelineError:
        return []
    is_sample = session.source == "sample"
    return [
        ("Projections", source_states(session.lake, week, session.settings, is_sample)),
        ("News", news_states(session.lake, week, is_sample)),
    ]


def matrix(session: Session, clock: datetime) -> list[tuple[int, list[dict[str, Any] | None]]]:
    """Return the seasons, newest first, each with a cell per week; None: there is no such week."""
    try:
        states = {state.week: state for state in week_states(session, clock)}
    except PipelineError:
        return []
    return [
        (season, [_cell(states.get(SeasonWeek(season, week))) for week in WEEKS])
        for season in sorted({week.season for week in states}, reverse=True)
    ]


def _cell(state: WeekState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        "week": state.week,
        "letter": _LETTERS[state.state],
        "kind": state.state.replace(" ", "-"),
        "text": f"{state.week}: {state.state}",
        "has_page": state.is_projected,
        "run_id": state.run_id,
    }


def daily_results(
    instance: dg.DagsterInstance, runs: Sequence[Execution], clock: datetime
) -> dict[date, tuple[int, int]]:
    """Return how many runs succeeded and did not on each of the latest days, oldest first.

    Args:
        runs: the newest runs. Runs of days before them are counted by the run history.
    """
    good, bad = Counter[date](), Counter[date]()
    for run in runs:
        if run.is_over:
            (good if run.run.is_success else bad)[run.executed_at.date()] += 1
    first_whole = date.min
    if len(runs) >= _CHARTED_RUNS:
        first_whole = runs[-1].executed_at.date() + timedelta(days=1)
    found = {}
    for ago in reversed(range(_DAYS)):
        day = clock.date() - timedelta(days=ago)
        found[day] = (good[day], bad[day]) if day >= first_whole else _counted(instance, day)
    return found


def _counted(instance: dg.DagsterInstance, day: date) -> tuple[int, int]:
    """Return how many runs that were requested on a day succeeded and did not."""
    start = datetime.combine(day, time(), timezone.utc)

    def count(*statuses: dg.DagsterRunStatus) -> int:
        filters = dg.RunsFilter(
            statuses=statuses, created_after=start, created_before=start + timedelta(days=1)
        )
        return instance.get_runs_count(filters)

    return (
        count(dg.DagsterRunStatus.SUCCESS),
        count(dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED),
    )


def results_chart(by_day: Mapping[date, tuple[int, int]]) -> str:
    """Return the chart of successful and failed runs by day."""
    bars = [
        Bar(
            f"{day:%m-%d}" if number % 3 == 1 else "",
            [("good", float(good)), ("bad", float(bad))],
            f"{day:%m-%d}: {good} succeeded, {bad} did not",
        )
        for number, (day, (good, bad)) in enumerate(by_day.items())
    ]
    of_good = sum(good for good, _ in by_day.values())
    total = of_good + sum(bad for _, bad in by_day.values())
    title = f"{of_good} of the {total} runs of the last {_DAYS} days succeeded"
    return bar_chart(title, bars, "")


def times_chart(runs: Sequence[Execution]) -> str:
    """Return the chart of how long the latest imports and projections of a week took."""
    timed = [run for run in runs if run.job_id in WEEK_JOBS and run.duration_s is not None]
    shown = list(reversed(timed[:_TIMES]))
    bars = [
        Bar(
            f"{run.executed_at:%m-%d}" if number % max(len(shown) // 4, 1) == 0 else "",
            [("good" if run.run.is_success else "bad", run.duration_s or 0.0)],
            f"{run.title}: {duration(run.duration_s)}, {run.status}",
        )
        for number, run in enumerate(shown)
    ]
    return bar_chart(f"Seconds of the latest {len(shown)} runs of one week", bars, " s")
