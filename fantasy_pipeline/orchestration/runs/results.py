"""Results of a run: one structured summary, read only from the run's events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import dagster as dg

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.import_calendar import SO_FAR
from fantasy_pipeline.football.season_week import SeasonWeek, week_ranges

_ROW_COUNTS = ("dagster/partition_row_count", "dagster/row_count")
_TEXTS_TOLD = 3
"""Texts of a failed check that an error or a warning has."""
_INTERRUPTED = "the run was interrupted"
_DUCKDB_INTERRUPTED = "Query interrupted"
"""What DuckDB says if Ctrl-C or SIGTERM arrives while it computes."""


class ErrorInfo(Protocol):
    """Dagster's record of an error, as far as results read it."""

    @property
    def message(self) -> str: ...

    @property
    def cls_name(self) -> str | None: ...

    @property
    def cause(self) -> ErrorInfo | None: ...

    def to_string(self) -> str: ...


@dataclass(frozen=True)
class StepError:
    """A failed step.

    Args:
        cause: first line of the root cause, see `root_cause`.
        stack: the whole chain of errors with stack traces, as Dagster prints it.
    """

    step: str
    cause: str
    stack: str = ""

    @property
    def line(self) -> str:
        return f"{self.step}: {self.cause}" if self.step else self.cause


class FailedCheck(NamedTuple):
    """A check with failed results of one severity; an error if `serious`, else a warning."""

    name: str
    table: str
    serious: bool


def made_check(table: str) -> str:
    """Return the name of the check that a run made all its weeks of a table."""
    return f"{table}_made"


def made_the_others(errors: Sequence[str]) -> bool:
    """Return True if a run's errors only name weeks that it could not make."""
    named = [error.partition(": ") for error in errors]
    return bool(named) and all(
        name == made_check(text.partition(" ")[0]) for name, _, text in named
    )


@dataclass
class Facts:
    """Facts read from the events of a run.

    Args:
        rows: rows written, by table.
        sources: readers that delivered the rows.
        phases: phases of the imported weeks.
        seconds: duration of each step, by asset.
        unmade: played weeks that the run could not make, if it made all others.
        failed_checks: descriptions of the failed results of each check, by partition.
    """

    rows: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    errors: list[StepError] = field(default_factory=list)
    sources: dict[str, None] = field(default_factory=dict)
    phases: dict[str, None] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    unmade: set[SeasonWeek] = field(default_factory=set)
    failed_checks: dict[FailedCheck, dict[str | None, str]] = field(default_factory=dict)

    @property
    def phase(self) -> str | None:
        """The earliest phase of the imported weeks; provisional includes completed."""
        if not self.phases:
            return None
        if SO_FAR in self.phases:
            return SO_FAR
        return "final" if set(self.phases) == {"final"} else "provisional"

    def result(self, success: bool, duration_s: float | None) -> dict[str, Any]:
        """Return the summary as JSON values."""
        return {
            "success": success,
            "players_imported": self.rows.get("raw_players", 0),
            "stats_imported": self.rows.get("weekly_stats", 0),
            "projections_imported": self.rows.get("projections", 0),
            "sources": sorted(self.sources),
            "phase": self.phase,
            "duration_s": None if duration_s is None else round(duration_s, 1),
            "warnings": list(self.warnings),
            "errors": [error.line for error in self.errors],
        }


def facts_of(events: Iterable[dg.DagsterEvent | None]) -> Facts:
    """Return the facts from a run's events, given in order; entries without an event are None."""
    facts = Facts()
    cancel_reason = ""
    for event in events:
        if event is None:
            continue
        if event.event_type is dg.DagsterEventType.RUN_CANCELING:
            # The first event gives the reason; a second only says that the worker must stop.
            cancel_reason = cancel_reason or event.message or ""
        elif event.event_type is dg.DagsterEventType.RUN_CANCELED:
            facts.errors = [StepError("", "the run was canceled")]
        elif event.event_type is not dg.DagsterEventType.RUN_FAILURE:
            _add_step(facts, event)
        elif not facts.errors and not any(check.serious for check in facts.failed_checks):
            # No step failed: the worker died, or the run was ended from outside.
            facts.errors.append(_run_error(event, cancel_reason))
    _add_checks(facts)
    return facts


def _add_step(facts: Facts, event: dg.DagsterEvent) -> None:
    if event.is_step_materialization:
        materialization = event.step_materialization_data.materialization
        _add_metadata(facts, materialization.asset_key.path[-1], materialization.metadata)
    elif event.is_step_failure:
        # A step that is retried emits this event only after its last attempt.
        error = event.step_failure_data.error
        if _is_interrupted_query(error):
            facts.errors.append(StepError("", _INTERRUPTED, _stack(error)))
        elif not _is_blocking_check(error) and not _is_interrupt(error):
            step = StepError(event.step_key or "", root_cause(error), _stack(error))
            facts.errors.append(step)
    elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        _add_check(facts, event.asset_check_evaluation_data)
    elif event.is_step_success:
        milliseconds = event.step_success_data.duration_ms
        facts.seconds[event.step_key or ""] = round(milliseconds / 1000, 2)


def _add_metadata(facts: Facts, table: str, metadata: Mapping[str, dg.MetadataValue]) -> None:
    for name, entry in metadata.items():
        if name in _ROW_COUNTS:
            facts.rows[table] = facts.rows.get(table, 0) + int(str(entry.value))
        elif name == "warnings" and isinstance(entry.value, (list, tuple)):
            facts.warnings.update(dict.fromkeys(entry.value))
        elif name == "reader":
            facts.sources[str(entry.value)] = None
        elif name == "phase":
            facts.phases[str(entry.value)] = None


def _add_check(facts: Facts, evaluation: dg.AssetCheckEvaluation) -> None:
    if evaluation.passed:
        return
    serious = evaluation.severity is dg.AssetCheckSeverity.ERROR
    check = FailedCheck(evaluation.check_name, evaluation.asset_key.path[-1], serious)
    texts = facts.failed_checks.setdefault(check, {})
    texts[evaluation.partition] = evaluation.description or "failed"


def _add_checks(facts: Facts) -> None:
    """Add an error or a warning per failed check: the first texts, and the number of other weeks.

    A run of the checks of all weeks also has a result without a partition, which names them too.
    """
    serious = [check for check in facts.failed_checks if check.serious]
    if not facts.errors and all(check.name == made_check(check.table) for check in serious):
        keys = (key for check in serious for key in facts.failed_checks[check] if key)
        facts.unmade.update(map(SeasonWeek.from_key, keys))
    for check, of_week in facts.failed_checks.items():
        text = f"{check.table} {_in_words(of_week)}"
        if check.serious:
            facts.errors.append(StepError(check.name, text))
        else:
            facts.warnings[f"{check.name}: {text}"] = None


def _in_words(of_week: Mapping[str | None, str]) -> str:
    """Return the texts of a check's results in one line; weeks with the same text share it."""
    if None in of_week:
        return of_week[None]
    weeks: dict[str, list[SeasonWeek]] = {}
    for key, text in of_week.items():
        week = SeasonWeek.from_key(key or "")
        weeks.setdefault(text.removeprefix(str(week)).lstrip(": "), []).append(week)
    first = [f"{week_ranges(found)}: {text}" for text, found in weeks.items()][:_TEXTS_TOLD]
    others = sum(map(len, list(weeks.values())[_TEXTS_TOLD:]))
    more = f"; and in {others} more week{'s' if others > 1 else ''}" if others else ""
    return "; ".join(first) + more


def _run_error(event: dg.DagsterEvent, cancel_reason: str) -> StepError:
    """Return the error of a run that failed without a failed step."""
    # An event stored from outside the run may carry no data.
    error = event.job_failure_data.error if event.event_specific_data else None
    # "exceeded its maximum runtime" says more than "was forcibly marked as failed".
    cause = root_cause(error) if error else (cancel_reason or event.message or "the run failed")
    if _is_interrupt(error):
        cause = cancel_reason or _INTERRUPTED
    return StepError("", cause.strip().splitlines()[0], _stack(error))


def _is_blocking_check(error: ErrorInfo | None) -> bool:
    """Return True for a step that failed because a blocking check failed.

    Such a step is left out: the check reports its own error.
    """
    return error is not None and error.cls_name == "DagsterAssetCheckFailedError"


def _is_interrupt(error: ErrorInfo | None) -> bool:
    """Return True for a step or run that was interrupted; why it was, the run's last event says."""
    return error is not None and error.cls_name == dg.DagsterExecutionInterruptedError.__name__


def _is_interrupted_query(error: ErrorInfo | None) -> bool:
    """Return True for a step that was interrupted in a query: DuckDB raises its own error then."""
    while error is not None:
        if str(error.message).strip().endswith(_DUCKDB_INTERRUPTED):
            return True
        error = error.cause
    return False


def _stack(error: ErrorInfo | None) -> str:
    return error.to_string() if error is not None else ""


def root_cause(error: ErrorInfo | None) -> str:
    """Return the root cause's first line, without the error's class.

    Stop at the first PipelineError, which names the data set and the next step; its own cause
    (a reset connection) names neither.
    """
    expected = {"Failure", *_class_names(PipelineError)}
    while error is not None and error.cause is not None and error.cls_name not in expected:
        error = error.cause
    if error is None:
        return "unknown error"
    line = str(error.message).strip().splitlines()[0]
    name, _, text = line.partition(": ")
    return text if name.split(".")[-1].endswith(("Error", "Failure")) and text else line


def _class_names(error: type[BaseException]) -> Iterator[str]:
    """Yield the names of an error class and of its subclasses."""
    yield error.__name__
    for derived in error.__subclasses__():
        yield from _class_names(derived)


@dataclass(frozen=True)
class RunOutcome:
    """Result of one Dagster run.

    Args:
        rows: rows written, by table.
        warnings: warnings of the materializations and checks, without repeats.
        errors: failed step and its cause, one line each.
        unmade: of a run that made all other weeks, the weeks that it could not make.
        phase: earliest phase of the imported weeks; None if the run imported none.
    """

    run_id: str
    success: bool
    rows: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    unmade: tuple[SeasonWeek, ...] = ()
    phase: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "success": self.success,
            "rows": dict(self.rows),
            "phase": self.phase,
            "warnings": list(self.warnings),
            "errors": list(self.errors),
        }
