"""The status page: what is due, what ran, what every week is, and what needs attention."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from fastapi import Request, Response

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import week_status
from fantasy_pipeline.football.season_week import WEEKS, SeasonWeek
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.operations.run_lines import result_line
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.shown_week import shown_week
from fantasy_pipeline.operations.source_states import source_states
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
"""Newest runs that the charts count."""
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
    ticks = [job for job in jobs if job.next_tick is not None]
    return {
        "at": clock,
        "calendar": _calendar(session),
        "so_far": session.so_far,
        "ticks": sorted(ticks, key=lambda job: job.next_tick or clock),
        "sensors": [job for job in jobs if job.kind == "sensor"],
        "daemons": daemons(instance),
        "backfills": backfills(instance),
        "runs": [run_row(run) for run in runs[:LAST_RUNS]],
        "results_chart": results_chart(runs, clock),
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


def _sources(session: Session) -> Sequence[Any]:
    """Return the states of the sources of projections; none before the first projection."""
    try:
        week = shown_week(session, None)
    except PipelineError:
        return []
    return source_states(session.lake, week, session.settings.projection_sources)


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


def results_chart(runs: Sequence[Execution], clock: datetime) -> str:
    """Return the chart of successful and failed runs by day."""
    good, bad = Counter[str](), Counter[str]()
    for run in runs:
        if run.is_over:
            (good if run.run.is_success else bad)[f"{run.executed_at:%m-%d}"] += 1
    days = [f"{clock - timedelta(days=ago):%m-%d}" for ago in reversed(range(_DAYS))]
    bars = [
        Bar(
            day if number % 3 == 1 else "",
            [("good", float(good[day])), ("bad", float(bad[day]))],
            f"{day}: {good[day]} succeeded, {bad[day]} did not",
        )
        for number, day in enumerate(days)
    ]
    of_good = sum(good[day] for day in days)
    total = of_good + sum(bad[day] for day in days)
    # With more runs than are counted, the first of the days lack some.
    is_whole = len(runs) < _CHARTED_RUNS or total < len(runs)
    which = f"runs of the last {_DAYS} days" if is_whole else f"newest {total} runs"
    rate = f"{of_good} of the {total} {which} succeeded"
    return bar_chart(rate, bars, "")


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
