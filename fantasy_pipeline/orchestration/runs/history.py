"""Run history: runs and their results, read from the Dagster instance.

Works with every storage that Dagster supports, SQLite and Postgres among them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from itertools import islice
from typing import Any

import dagster as dg
import pyarrow as pa

from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek, week_ranges
from fantasy_pipeline.orchestration.runs.import_state import (
    IN_PROGRESS,
    UI_JOB,
    source_of_run,
    week_of_run,
    weeks_of_tags,
)
from fantasy_pipeline.orchestration.runs.results import Facts, facts_of
from fantasy_pipeline.orchestration.runs.summaries import recorded

STATUSES = tuple(status.value.lower() for status in dg.DagsterRunStatus)
"""Statuses of runs, as the commands show and accept them: ``success``, ``failure``, ``started``…"""
RUNNING = "running"
"""Status that stands for every run that is not over."""
LEAST_OF_ID = 6
"""Characters of a run id that name a run, at least."""
AGE = r"^(\d{1,9})([dhm])$"
"""Pattern of a time before now: a number of days, hours or minutes, e.g. 7d."""
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_PAGE = 200
_EVENTS = {
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_CANCELING,
    dg.DagsterEventType.RUN_CANCELED,
    dg.DagsterEventType.RUN_FAILURE,
}
"""Events that `facts_of` reads."""


class _Page:
    """Stored summaries of runs that were listed together, read in one query on first use."""

    def __init__(self, instance: dg.DagsterInstance, records: Sequence[dg.RunRecord]) -> None:
        self._instance = instance
        self._ids = [r.dagster_run.run_id for r in records if r.dagster_run.is_finished]

    @cached_property
    def results(self) -> Mapping[str, dict[str, Any]]:
        return recorded(self._instance, self._ids)


@dataclass(frozen=True)
class Execution:
    """One run with its result.

    Args:
        executed_at: start of the run; for a queued run, the moment it was requested.
        page: stored summaries of the runs listed together with this run.
    """

    instance: dg.DagsterInstance
    run: dg.DagsterRun
    executed_at: datetime
    ended_at: datetime | None
    page: _Page = field(repr=False, compare=False)

    @property
    def job_id(self) -> str:
        return self.run.job_name

    @property
    def name(self) -> str:
        """The work of the run: its job, or the assets chosen in the UI."""
        chosen = self.run.asset_selection
        if self.job_id != UI_JOB or not chosen:
            return self.job_id
        return ", ".join(sorted(key.to_user_string() for key in chosen))

    @property
    def title(self) -> str:
        """Name and weeks, e.g. ``weekly_import 2024 week 5``."""
        weeks = week_ranges(self.weeks) or str(self.season or "")
        return f"{self.name} {weeks}".strip()

    @property
    def status(self) -> str:
        return self.run.status.value.lower()

    @property
    def is_over(self) -> bool:
        return self.run.status not in IN_PROGRESS

    @property
    def season(self) -> int | None:
        """Season of the run, also of a run over several weeks of one season; else None."""
        tags = self.run.tags
        if week := week_of_run(tags):
            return week.season
        text = tags.get("season")
        if text is None:
            ends = [
                tags.get(f"dagster/asset_partition_range_{end}", "") for end in ("start", "end")
            ]
            first, last = (end.partition("|")[0] for end in ends)
            text = first if first == last else None
        return int(text) if text and text.isdigit() else None

    @property
    def week(self) -> int | None:
        """Week of a run of one week; else None."""
        week = week_of_run(self.run.tags)
        return week.week if week else None

    @property
    def weeks(self) -> list[SeasonWeek]:
        """Weeks of the run: one, those of its range, or none."""
        return weeks_of_tags(self.run.tags)

    @property
    def source(self) -> str | None:
        """Source from the run's tags or config; None if the run uses the configured one."""
        return source_of_run(self.run)

    @property
    def tags(self) -> dict[str, str]:
        """Season, week, source and trigger; values that do not apply are left out."""
        values = {
            "season": self.season,
            "week": self.week,
            "source": self.source,
            "trigger": trigger_of(self.run.tags),
        }
        return {name: str(value) for name, value in values.items() if value is not None}

    @cached_property
    def facts(self) -> Facts:
        entries = self.instance.all_logs(self.run.run_id, of_type=_EVENTS)
        return facts_of(entry.dagster_event for entry in entries)

    @property
    def duration_s(self) -> float | None:
        return (self.ended_at - self.executed_at).total_seconds() if self.ended_at else None

    @property
    def result(self) -> dict[str, Any]:
        """The stored summary; until it is stored, a summary of the events so far."""
        stored = self.page.results.get(self.run.run_id) if self.is_over else None
        return stored or self.facts.result(self.run.is_success, self.duration_s)

    def to_json(self, with_result: bool = True) -> dict[str, Any]:
        values = {
            "id": self.run.run_id,
            "job_id": self.job_id,
            "status": self.status,
            "executed_at": self.executed_at.isoformat(timespec="seconds"),
            "season": self.season,
            "week": self.week,
            "weeks": [week.key for week in self.weeks],
            "trigger": trigger_of(self.run.tags),
            "source": self.source,
        }
        return values | {"result": self.result} if with_result else values

    def details(self) -> dict[str, Any]:
        """Return what `show` prints: result, errors with stack traces, seconds per asset, tags."""
        return self.to_json() | {
            "ended_at": self.ended_at.isoformat(timespec="seconds") if self.ended_at else None,
            "errors": [
                {"step": error.step, "cause": error.cause, "stack": error.stack}
                for error in self.facts.errors
            ],
            "seconds": self.facts.seconds,
            "tags": dict(self.run.tags),
        }


def trigger_of(tags: Mapping[str, str]) -> str:
    """Return what started a run; runs started in the Dagster UI lack the tag ``trigger``."""
    if "trigger" in tags:
        return tags["trigger"]
    for tag, name in (("schedule_name", "schedule"), ("sensor_name", "sensor")):
        if f"dagster/{tag}" in tags:
            return name
    return "backfill" if "dagster/backfill" in tags else "manual"


def ago(text: str, now: datetime) -> datetime | None:
    """Return the time that is 7d, 12h or 30m before `now`; None if the text is not an `AGE`.

    Raises:
        OverflowError: the time is before the calendar begins.
    """
    match = re.fullmatch(AGE, text, re.ASCII)
    return match and now - timedelta(**{_UNITS[match[2]]: int(match[1])})


def executions(
    instance: dg.DagsterInstance,
    job: str | None = None,
    status: str | None = None,
    season: int | None = None,
    week: int | None = None,
    since: datetime | None = None,
    cursor: str | None = None,
    limit: int | None = None,
    run_id: str | None = None,
) -> Iterator[Execution]:
    """Yield runs, newest first.

    Args:
        status: one of `STATUSES`, or ``running`` for all runs that are not over.
        since: only runs requested after this moment.
        cursor: id of a run; only runs older than this one follow.

    Raises:
        InvalidArgumentError: there is no such status.
        PipelineError: there is no run of the cursor.
    """
    if cursor is not None and instance.get_run_by_id(cursor) is None:
        raise PipelineError(
            f"there is no run {cursor}; start from the first page, without a cursor."
        )
    filters = dg.RunsFilter(
        run_ids=[run_id] if run_id else None,
        job_name=job,
        statuses=_statuses(status),
        created_after=since,
    )
    matching = (
        execution
        for execution in _pages(instance, filters, cursor)
        if _has_week(execution, season, week)
    )
    # islice takes no larger number.
    most = None if limit is None else min(limit, sys.maxsize)
    yield from islice(matching, most)


def _has_week(execution: Execution, season: int | None, week: int | None) -> bool:
    """Return whether a run is of a season and of a week; None: of any."""
    weeks = execution.weeks or [SeasonWeek(execution.season or 0, execution.week or 0)]
    return any(season in (None, of.season) and week in (None, of.week) for of in weeks)


def _pages(
    instance: dg.DagsterInstance, filters: dg.RunsFilter, cursor: str | None
) -> Iterator[Execution]:
    """Yield runs, newest first, in pages of `_PAGE`."""
    while True:
        records = instance.get_run_records(filters, limit=_PAGE, cursor=cursor)
        yield from executions_of(instance, records)
        if len(records) < _PAGE:
            return
        cursor = records[-1].dagster_run.run_id


def executions_of(instance: dg.DagsterInstance, records: Sequence[dg.RunRecord]) -> list[Execution]:
    """Return the runs of Dagster's records, whose results are read together when first needed."""
    page = _Page(instance, records)
    return [_execution(instance, record, page) for record in records]


def check_status(status: str | None) -> None:
    """Check a status for `executions`.

    Raises:
        InvalidArgumentError: there is no such status.
    """
    if status not in (None, RUNNING, *STATUSES):
        names = ", ".join((RUNNING, *STATUSES))
        raise InvalidArgumentError(f"status {status!r} does not exist; choose one of {names}.")


def _statuses(status: str | None) -> Sequence[dg.DagsterRunStatus]:
    check_status(status)
    if status is None:
        return []
    if status == RUNNING:
        return IN_PROGRESS
    return [dg.DagsterRunStatus(status.upper())]


def execution_of(instance: dg.DagsterInstance, run_id: str) -> Execution:
    """Return the run with an id, given whole or by its first `LEAST_OF_ID` or more characters.

    Raises:
        InvalidArgumentError: the id is shorter.
        PipelineError: no run matches, or several do.
    """
    if len(run_id) < LEAST_OF_ID:
        raise InvalidArgumentError(
            f"run {run_id!r}: give the whole id or its first {LEAST_OF_ID} or more characters; "
            "`fantasy-pipeline history` lists the runs."
        )
    if exact := next(executions(instance, run_id=run_id), None):
        return exact
    found = [e for e in executions(instance) if e.run.run_id.startswith(run_id)]
    if len(found) == 1:
        return found[0]
    if found:
        raise PipelineError(
            f"{len(found)} runs begin with {run_id}; give more characters of the id."
        )
    raise PipelineError(f"there is no run {run_id}; `fantasy-pipeline history` lists them.")


def _execution(instance: dg.DagsterInstance, record: dg.RunRecord, page: _Page) -> Execution:
    created = record.create_timestamp
    if created.tzinfo is None:
        created = created.replace(tzinfo=timezone.utc)
    return Execution(
        instance,
        record.dagster_run,
        _moment(record.start_time) or created.astimezone(timezone.utc),
        _moment(record.end_time),
        page,
    )


def _moment(timestamp: float | None) -> datetime | None:
    return datetime.fromtimestamp(timestamp, timezone.utc) if timestamp else None


def job_executions(instance: dg.DagsterInstance) -> pa.Table:
    """Return the table `job_executions` of `fantasy-pipeline sql`, newest run first.

    One row per run; `result` is the summary as JSON, null until the run is over.
    """
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("job_id", pa.string()),
            ("status", pa.string()),
            # Without a time zone, so that queries can compare it with now()::timestamp and dates.
            ("executed_at", pa.timestamp("us")),
            ("result", pa.string()),
            ("season", pa.int32()),
            ("week", pa.int32()),
        ]
    )
    rows = [
        {
            "id": execution.run.run_id,
            "job_id": execution.job_id,
            "status": execution.status,
            "executed_at": execution.executed_at.replace(tzinfo=None),
            "result": json.dumps(execution.result) if execution.is_over else None,
            "season": execution.season,
            "week": execution.week,
        }
        for execution in executions(instance)
    ]
    return pa.Table.from_pylist(rows, schema=schema)
