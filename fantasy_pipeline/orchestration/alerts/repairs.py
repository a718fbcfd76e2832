"""Finds runs that repair failed ones: later runs of the same job, or of the same weeks' tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import dagster as dg

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.orchestration.runs.history import executions
from fantasy_pipeline.orchestration.runs.import_state import (
    makes,
    same_league,
    source_of_run,
    week_of_run,
)

if TYPE_CHECKING:
    from fantasy_pipeline.orchestration.runs.history import Execution

REMEMBERED = timedelta(days=8)
"""Older failures are ignored; a missing week has its own health rule and alert."""
WILL_RETRY = "dagster/will_retry"
"""Dagster's tag of a failed run: ``true`` if the daemon retries the run."""

_RESULTS = {"weekly_stats", "projections"}
"""Main tables of a week; a run that writes one of these writes the tables that lead to it, too."""


class _Weeks(NamedTuple):
    first: SeasonWeek
    last: SeasonWeek

    def cover(self, other: _Weeks) -> bool:
        """Return True if these weeks include the others; a range is a rectangle seasons x weeks."""
        return (
            self.first.season <= other.first.season
            and self.first.week <= other.first.week
            and self.last.season >= other.last.season
            and self.last.week >= other.last.week
        )


def unrepaired(instance: dg.DagsterInstance, clock: datetime) -> Iterator[Execution]:
    """Yield the failed runs of the last 8 days that no later run repaired, newest first.

    Args:
        clock: the real present, also for the sample league.
    """
    since = clock - REMEMBERED
    failures = [
        run
        for run in executions(instance, status="failure", since=since)
        # Only the last attempt of a retried run counts.
        if run.run.tags.get(WILL_RETRY) != "true"
    ]
    if not failures:
        return
    successes = list(executions(instance, status="success", since=since))
    for failure in failures:
        if not any(repairs(success, failure) for success in successes):
            yield failure


def repaired_by(
    instance: dg.DagsterInstance, success: Execution, run_ids: Iterable[str]
) -> list[Execution]:
    """Return the failed runs that a run repaired, newest first.

    Args:
        run_ids: ids of the failed runs to consider.
    """
    since = _end(success) - REMEMBERED
    ids = set(run_ids)
    if not ids:
        return []
    return [
        run
        for run in executions(instance, status="failure", since=since)
        if run.run.run_id in ids and repairs(success, run)
    ]


def repairs(success: Execution, failure: Execution) -> bool:
    """Return True if a successful run ended after a failed one and did the same work."""
    if _end(success) < _end(failure):
        return False
    if not same_league(source_of_run(success.run), source_of_run(failure.run)):
        return False
    return _repeats(success.run, failure.run) or _writes_its_weeks(success.run, failure.run)


def _end(execution: Execution) -> datetime:
    return execution.ended_at or execution.executed_at


def _repeats(success: dg.DagsterRun, failure: dg.DagsterRun) -> bool:
    """Return True for the same job with at least the same assets."""
    if success.job_name != failure.job_name:
        return False
    done, wanted = success.asset_selection, failure.asset_selection
    return not done or (bool(wanted) and done >= (wanted or set()))


def _writes_its_weeks(success: dg.DagsterRun, failure: dg.DagsterRun) -> bool:
    """Return True for a run of any job that writes the failed run's tables for its weeks."""
    done, wanted = _weeks(success), _weeks(failure)
    if done is None or wanted is None or not done.cover(wanted):
        return False
    return bool(_RESULTS & makes(success) & makes(failure))


def _weeks(run: dg.DagsterRun) -> _Weeks | None:
    ends = [run.tags.get(f"dagster/asset_partition_range_{end}") for end in ("start", "end")]
    if week := week_of_run(run.tags):
        return _Weeks(week, week)
    weeks = [week_of_run({"dagster/partition": end}) for end in ends if end]
    first, last = weeks if len(weeks) == 2 else (None, None)
    return _Weeks(first, last) if first and last else None
