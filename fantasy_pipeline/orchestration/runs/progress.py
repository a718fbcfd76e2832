"""The progress of one run as a sequence of numbered messages, from Dagster's event log.

The log of a run only grows, and its events have an order. The same log therefore always gives the
same messages with the same numbers: in this process or another, today or after a restart. The
number of the last message that a reader has seen is all that he needs to go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import dagster as dg

from fantasy_pipeline.orchestration.runs.history import executions
from fantasy_pipeline.orchestration.runs.import_state import IN_PROGRESS, weeks_of_tags
from fantasy_pipeline.orchestration.runs.results import root_cause

_Type = dg.DagsterEventType
_ENDS = {
    _Type.RUN_SUCCESS: "success",
    _Type.RUN_FAILURE: "failure",
    _Type.RUN_CANCELED: "canceled",
}
_EVENTS = {
    _Type.ASSET_MATERIALIZATION_PLANNED,
    _Type.RUN_START,
    _Type.RUN_CANCELING,
    _Type.STEP_START,
    _Type.STEP_SUCCESS,
    _Type.STEP_FAILURE,
    _Type.STEP_UP_FOR_RETRY,
    _Type.ASSET_MATERIALIZATION,
    _Type.ASSET_CHECK_EVALUATION,
    *_ENDS,
}
"""Events that are read of the log."""
_PAGE = 1000
"""Events per query."""
LONGEST_TEXT = 500
"""Characters of a warning."""


@dataclass(frozen=True)
class Message:
    """One message about a run, with the state of the run after it.

    Args:
        cursor: number of the message, from 1.
        event: ``started``, ``asset`` (began), ``made`` (an asset is done), ``warning``, ``error``
            or ``ended``.
        text: the asset, the warning or error, or how the run ended.
        weeks_done, weeks: weeks of the run; each asset of a run makes all weeks, so those done
            are a share of the assets done.
        asset: asset that is being made; None between two assets.
        eta_seconds: seconds left, judged by the latest successful run of the job; None: unknown.
        warnings: number of warnings so far.
    """

    cursor: int
    run_id: str
    at: datetime
    event: str
    text: str
    status: str
    weeks_done: int
    weeks: int
    assets_done: int
    assets: int
    asset: str | None
    eta_seconds: float | None
    warnings: int

    def to_json(self) -> dict[str, Any]:
        """Return the message as JSON values."""
        values: dict[str, Any] = dict(self.__dict__)
        return values | {"at": self.at.isoformat(timespec="milliseconds")}


@dataclass
class RunProgress:
    """Reads the messages of one run; `read` returns those that are new.

    Args:
        instance: the Dagster instance.
        run: the run.
    """

    instance: dg.DagsterInstance
    run: dg.DagsterRun
    _cursor: str | None = None
    _count: int = 0
    _status: str = "queued"
    _began: float | None = None
    _asset: str | None = None
    _planned: dict[str, None] = field(default_factory=dict)
    _made: dict[str, float] = field(default_factory=dict)
    _seconds: Mapping[str, float] = field(default_factory=dict)
    _warnings: dict[str, None] = field(default_factory=dict)
    is_over: bool = False

    def read(self) -> list[Message]:
        """Return the messages of the events since the last call, in order."""
        if self._cursor is None and not self._seconds:
            self._seconds = usual_seconds(self.instance, self.run)
        found: list[Message] = []
        while True:
            page = self.instance.get_records_for_run(
                self.run.run_id, self._cursor, of_type=_EVENTS, limit=_PAGE
            )
            # A page without events must not move the cursor back to the beginning.
            self._cursor = page.cursor if page.records else self._cursor
            for record in page.records:
                entry = record.event_log_entry
                if entry.dagster_event is not None:
                    for event, text in self._events(entry.dagster_event, entry.timestamp):
                        found.append(self._message(event, text, entry.timestamp))
            if not page.has_more:
                return found

    def _message(self, event: str, text: str, timestamp: float) -> Message:
        self._count += 1
        weeks, assets = max(len(weeks_of_tags(self.run.tags)), 1), max(len(self._planned), 1)
        return Message(
            self._count,
            self.run.run_id,
            datetime.fromtimestamp(timestamp, timezone.utc),
            event,
            text[:LONGEST_TEXT],
            self._status,
            weeks * len(self._made) // assets,
            weeks,
            len(self._made),
            len(self._planned),
            self._asset,
            self._eta(timestamp),
            len(self._warnings),
        )

    def _events(self, event: dg.DagsterEvent, timestamp: float) -> Iterator[tuple[str, str]]:
        """Take in an event of the log, and yield the messages that it causes."""
        kind, step = event.event_type, event.step_key or ""
        if kind is _Type.ASSET_MATERIALIZATION_PLANNED and event.asset_key is not None:
            self._planned[event.asset_key.path[-1]] = None
        elif kind is _Type.RUN_START:
            self._began, self._status = timestamp, "started"
            yield "started", self.run.job_name
        elif kind is _Type.RUN_CANCELING:
            self._status = "canceling"
            yield from self._warning("the run is being canceled")
        elif kind is _Type.STEP_START and step in self._planned:
            self._asset = step
            yield "asset", step
        elif kind is _Type.STEP_SUCCESS and step in self._planned:
            self._made[step], self._asset = timestamp, None
            yield "made", step
        elif kind is _Type.ASSET_MATERIALIZATION:
            metadata = event.step_materialization_data.materialization.metadata
            found = metadata["warnings"].value if "warnings" in metadata else ()
            for text in found if isinstance(found, (list, tuple)) else ():
                yield from self._warning(str(text))
        else:
            yield from self._troubles(event, kind, step)

    def _troubles(
        self, event: dg.DagsterEvent, kind: dg.DagsterEventType, step: str
    ) -> Iterator[tuple[str, str]]:
        """Yield the messages of failed checks, failed steps and the end of the run."""
        if kind is _Type.ASSET_CHECK_EVALUATION:
            check = event.asset_check_evaluation_data
            if not check.passed:
                serious = check.severity is dg.AssetCheckSeverity.ERROR
                text = f"{check.check_name}: {check.description or 'failed'}"
                yield from [("error", text)] if serious else self._warning(text)
        elif kind is _Type.STEP_UP_FOR_RETRY:
            yield from self._warning(f"{step} failed and is tried again")
        elif kind is _Type.STEP_FAILURE:
            yield "error", f"{step}: {root_cause(event.step_failure_data.error)}"
        elif kind in _ENDS:
            self._status, self._asset, self.is_over = _ENDS[kind], None, True
            yield "ended", self._status

    def _warning(self, text: str) -> Iterator[tuple[str, str]]:
        # Every week of a season repeats the warnings of the season.
        if text not in self._warnings:
            self._warnings[text] = None
            yield "warning", text

    def _eta(self, timestamp: float) -> float | None:
        """Return the seconds left: those of the other assets, at the pace of this run so far."""
        if self.is_over:
            return 0.0
        if self._began is None or not self._planned:
            return None
        usual = {name: self._seconds.get(name, 1.0) for name in self._planned}
        done = sum(usual[name] for name in self._made if name in usual)
        left = sum(usual.values()) - done
        if not self._seconds and not done:
            return None
        pace = max(timestamp - self._began, 0.0) / done if done else 1.0
        return round(left * pace, 1)


def usual_seconds(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Mapping[str, float]:
    """Return the seconds of each asset in the job's latest successful run; empty without one."""
    latest = next(executions(instance, run.job_name, "success", limit=1), None)
    return {} if latest is None or latest.run.run_id == run.run_id else latest.facts.seconds


def running(instance: dg.DagsterInstance, most: int) -> list[dg.DagsterRun]:
    """Return the runs that are not over, newest first, at most `most`."""
    return list(instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS), limit=most))
