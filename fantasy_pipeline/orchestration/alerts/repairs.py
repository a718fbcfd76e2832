"""Find runs that repair failed ones: later runs that write the same tables of the same weeks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import dagster as dg

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.orchestration.jobs import ASSET_JOBS
from fantasy_pipeline.orchestration.runs.history import executions
from fantasy_pipeline.orchestration.runs.import_state import (
    UI_JOB,
    is_empty_week,
    same_league,
    source_of_run,
    weeks_of_tags,
)
from fantasy_pipeline.orchestration.runs.results import made_check

if TYPE_CHECKING:
    from fantasy_pipeline.orchestration.runs.history import Execution

REMEMBERED = timedelta(days=8)
"""Older failures are ignored; a missing week has its own health rule and alert."""
WILL_RETRY = "dagster/will_retry"
"""Dagster's tag of a failed run: ``true`` if the daemon retries the run."""

Work: TypeAlias = frozenset[tuple[str, SeasonWeek | None]]
"""Assets with their weeks, None for an asset without weeks; a job's name stands for its ops."""

_RESULTS = {"weekly_stats", "projections"}
"""Main tables of a week; a run that writes one of these writes the tables that lead to it, too."""


@dataclass(frozen=True)
class Failure:
    """A failed run whose work no later run has done as a whole.

    Args:
        left: what is left to do.
    """

    run: Execution
    left: Work

    @property
    def weeks(self) -> list[SeasonWeek]:
        """Weeks that are left to do, in order; none if the run had no weeks."""
        return sorted({week for _, week in self.left if week is not None})


def unrepaired(instance: dg.DagsterInstance, clock: datetime) -> list[Failure]:
    """Return the failed runs of the last 8 days that later runs have not repaired, newest first.

    Args:
        clock: the real present, also for the sample league.
    """
    since = clock - REMEMBERED
    failures = list(executions(instance, status="failure", since=since))
    if not failures:
        return []
    runs = [*executions(instance, status="success", since=since), *failures]
    return [
        Failure(failure, left)
        for failure in failures
        # Only the last attempt of a retried run counts.
        if failure.run.tags.get(WILL_RETRY) != "true" and (left := _left(failure, runs))
    ]


def repaired_by(
    instance: dg.DagsterInstance, success: Execution, run_ids: Iterable[str]
) -> list[Execution]:
    """Return the failed runs whose last work a run has done, newest first.

    Args:
        run_ids: ids of the failed runs to consider.
    """
    ids = set(run_ids)
    if not ids:
        return []
    since = _end(success) - REMEMBERED
    failures = list(executions(instance, status="failure", since=since))
    wanted = [run for run in failures if run.run.run_id in ids]
    if not wanted:
        return []
    runs = [*executions(instance, status="success", since=since), *failures]
    return [
        failure
        for failure in wanted
        if _follows(success, failure)
        and not _wanted(failure).isdisjoint(work_of(success.run))
        and not _left(failure, runs)
    ]


def _left(failure: Execution, runs: Sequence[Execution]) -> Work:
    """Return the work of a failed run that neither it nor any of `runs` has done."""
    left = _wanted(failure)
    for run in runs:
        if left and _follows(run, failure):
            left -= work_of(run.run) if run.run.is_success else _made(run)
    return left


def _follows(run: Execution, failure: Execution) -> bool:
    """Return True if a run ended after a failed one and is of the same league."""
    return (
        run.run.run_id != failure.run.run_id
        and _end(run) >= _end(failure)
        and same_league(source_of_run(run.run), source_of_run(failure.run))
    )


def _end(execution: Execution) -> datetime:
    return execution.ended_at or execution.executed_at


def _wanted(failure: Execution) -> Work:
    """Return what a failed run leaves to do: of a week's tables, the main ones if they are left."""
    planned = work_of(failure.run) - _too_early(failure)
    # All tables may be made, and a check or something else failed: then all are to be made again.
    left = planned - _made(failure) or planned
    return frozenset(item for item in left if item[0] in _RESULTS) or left


def work_of(run: dg.DagsterRun) -> Work:
    """Return the assets that a run is to make, each with the run's weeks."""
    weeks: Sequence[SeasonWeek | None] = weeks_of_tags(run.tags) or [None]
    without_weeks = _without_weeks()
    return frozenset(
        (name, None if name in without_weeks else week)
        for name in _assets_of(run)
        for week in weeks
    )


def _assets_of(run: dg.DagsterRun) -> Iterable[str]:
    if run.asset_selection:
        return {key.to_user_string() for key in run.asset_selection}
    if run.asset_check_selection:
        # A run of checks alone makes nothing.
        return {
            f"{key.name} of {key.asset_key.to_user_string()}" for key in run.asset_check_selection
        }
    return _assets_of_jobs().get(run.job_name, {run.job_name})


def _made(run: Execution) -> Work:
    """Return what a run has written, according to its events."""
    events = run.instance.all_logs(
        run.run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    without_weeks = _without_weeks()
    weeks = weeks_of_tags(run.run.tags)
    made: set[tuple[str, SeasonWeek | None]] = set()
    for entry in events:
        event = entry.asset_materialization
        if event is None or is_empty_week(event):
            continue
        name = event.asset_key.to_user_string()
        if event.partition is not None and name not in without_weeks and weeks:
            made.add((name, SeasonWeek.from_key(event.partition)))
        else:
            made.add((name, None))
    return frozenset(made)


def _too_early(run: Execution) -> Work:
    """Return what a run left out because its games were to come: it only warned of these weeks."""
    events = run.instance.all_logs(
        run.run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    )
    found: set[tuple[str, SeasonWeek | None]] = set()
    for entry in events:
        check = entry.get_dagster_event().asset_check_evaluation_data
        name = check.asset_key.to_user_string()
        is_warning = not check.passed and check.severity is dg.AssetCheckSeverity.WARN
        if is_warning and check.partition and check.check_name == made_check(name):
            found.add((name, SeasonWeek.from_key(check.partition)))
    return frozenset(found)


@cache
def _definitions() -> Sequence[dg.AssetsDefinition]:
    # Importing the assets takes longer than a health check without a failed run.
    from fantasy_pipeline.orchestration import assets

    found = dg.load_assets_from_modules([assets])
    return [item for item in found if isinstance(item, dg.AssetsDefinition)]


@cache
def _assets_of_jobs() -> dict[str, frozenset[str]]:
    """Return the assets of each job."""
    found = {
        job.name: frozenset(key.to_user_string() for key in job.selection.resolve(_definitions()))
        for job in ASSET_JOBS
    }
    return {**found, UI_JOB: frozenset().union(*found.values())}


@cache
def _without_weeks() -> frozenset[str]:
    """Return the assets that have no partitions."""
    return frozenset(
        key.to_user_string()
        for definition in _definitions()
        if definition.partitions_def is None
        for key in definition.keys
    )
