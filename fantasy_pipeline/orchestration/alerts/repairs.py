"""Which run makes good one that failed: the same job, or another that does its week's work."""

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
"""Nobody repairs an older failure; a week that is missing has a rule and an alert of its own."""
WILL_RETRY = "dagster/will_retry"

_RESULTS = {"weekly_stats", "projections"}
"""What a failed run owes to a week; the rest comes with it."""


class _Weeks(NamedTuple):
    first: SeasonWeek
    last: SeasonWeek

    def cover(self, other: _Weeks) -> bool:
        """A range of partitions is a rectangle of seasons and weeks."""
        return (
            self.first.season <= other.first.season
            and self.first.week <= other.first.week
            and self.last.season >= other.last.season
            and self.last.week >= other.last.week
        )


def unrepaired(instance: dg.DagsterInstance, clock: datetime) -> Iterator[Execution]:
    """Failed runs of the last days that no later run made good, newest first.

    Args:
        clock: the real present.
    """
    since = clock - REMEMBERED
    failures = [
        run
        for run in executions(instance, status="failure", since=since)
        # Its successor counts.
        if run.run.tags.get(WILL_RETRY) != "true"
    ]
    if not failures:
        return
    successes = list(executions(instance, status="success", since=since))
    for failure in failures:
        if not any(repairs(success, failure) for success in successes):
            yield failure


def repaired_by(
    instance: dg.DagsterInstance, success: Execution, told: Iterable[str]
) -> list[Execution]:
    """Failed runs that a run makes good, newest first.

    Args:
        told: ids of the runs that are asked about.
    """
    since = _end(success) - REMEMBERED
    ids = set(told)
    if not ids:
        return []
    return [
        run
        for run in executions(instance, status="failure", since=since)
        if run.run.run_id in ids and repairs(success, run)
    ]


def repairs(success: Execution, failure: Execution) -> bool:
    """Whether a run that succeeded ended later, and did what another one failed to do."""
    if _end(success) < _end(failure):
        return False
    if not same_league(source_of_run(success.run), source_of_run(failure.run)):
        return False
    return _is_same(success.run, failure.run) or _does_the_same(success.run, failure.run)


def _end(execution: Execution) -> datetime:
    return execution.ended_at or execution.executed_at


def _is_same(success: dg.DagsterRun, failure: dg.DagsterRun) -> bool:
    if success.job_name != failure.job_name:
        return False
    done, wanted = success.asset_selection, failure.asset_selection
    return not done or (bool(wanted) and done >= (wanted or set()))


def _does_the_same(success: dg.DagsterRun, failure: dg.DagsterRun) -> bool:
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
