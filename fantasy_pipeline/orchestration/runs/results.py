"""What a run came to: one structured summary, read from the run's events and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.errors import PipelineError

if TYPE_CHECKING:
    import dagster as dg

_ROW_COUNTS = ("dagster/partition_row_count", "dagster/row_count")


@dataclass(frozen=True)
class StepError:
    """A failed step.

    Args:
        cause: first line of the error that says what to do, see `root_cause`.
        stack: Dagster's rendering of the whole chain of errors.
    """

    step: str
    cause: str
    stack: str = ""

    @property
    def line(self) -> str:
        return f"{self.step}: {self.cause}" if self.step else self.cause


@dataclass
class Facts:
    """What the events of a run say.

    Args:
        rows: rows written, by table.
        sources: readers that delivered the rows.
        phases: phases of the imported weeks.
        seconds: time each step took, by asset.
    """

    rows: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    errors: list[StepError] = field(default_factory=list)
    sources: dict[str, None] = field(default_factory=dict)
    phases: dict[str, None] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def result(self, success: bool, duration_s: float | None) -> dict[str, Any]:
        """The summary, as JSON values."""
        phase = "final" if set(self.phases) == {"final"} else "provisional"
        return {
            "success": success,
            "players_imported": self.rows.get("raw_players", 0),
            "stats_imported": self.rows.get("weekly_stats", 0),
            "projections_imported": self.rows.get("projections", 0),
            "sources": sorted(self.sources),
            "phase": phase if self.phases else None,
            "duration_s": None if duration_s is None else round(duration_s, 1),
            "warnings": list(self.warnings),
            "errors": [error.line for error in self.errors],
        }


def facts_of(events: Iterable[dg.DagsterEvent | None]) -> Facts:
    """Read the events of a run, in order."""
    facts = Facts()
    ended = ""
    for event in events:
        if event is None:
            continue
        if event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            _add(facts, materialization.asset_key.path[-1], materialization.metadata)
        elif event.is_step_failure:
            # A step that was retried and then succeeded is no error, and emits none of these.
            error = event.step_failure_data.error
            if not _is_verdict(error):
                facts.errors.append(
                    StepError(event.step_key or "", root_cause(error), _stack(error))
                )
        elif event.event_type_value == "ASSET_CHECK_EVALUATION":
            _add_check(facts, event.event_specific_data)
        elif event.is_step_success:
            data: Any = event.event_specific_data
            facts.seconds[event.step_key or ""] = round(data.duration_ms / 1000, 2)
        elif event.event_type_value == "PIPELINE_CANCELING":
            # The first says why, a second that the worker was asked to end.
            ended = ended or event.message or ""
        elif event.event_type_value == "PIPELINE_FAILURE" and not facts.errors:
            # The worker died, or the run was ended from outside: no step failed.
            data = event.event_specific_data
            error = getattr(data, "error", None)
            # Why a run was to be ended says more than that it then was.
            cause = root_cause(error) if error else (ended or event.message or "the run failed")
            facts.errors.append(StepError("", cause.strip().splitlines()[0], _stack(error)))
    return facts


def _add(facts: Facts, table: str, metadata: Mapping[str, Any]) -> None:
    for name, entry in metadata.items():
        if name in _ROW_COUNTS:
            facts.rows[table] = facts.rows.get(table, 0) + int(str(entry.value))
        elif name == "warnings":
            facts.warnings.update(dict.fromkeys(entry.value))
        elif name == "reader":
            facts.sources[str(entry.value)] = None
        elif name == "phase":
            facts.phases[str(entry.value)] = None


def _add_check(facts: Facts, evaluation: Any) -> None:
    """A check that failed: an error if it blocks, by its severity, else a warning."""
    if evaluation.passed:
        return
    text = f"{evaluation.asset_key.path[-1]} {evaluation.description or 'failed'}"
    if evaluation.severity.value == "ERROR":
        facts.errors.append(StepError(evaluation.check_name, text))
    else:
        facts.warnings[f"{evaluation.check_name}: {text}"] = None


def _is_verdict(error: Any) -> bool:
    """Whether a step failed only because a blocking check did, which says why by itself."""
    return error is not None and error.cls_name == "DagsterAssetCheckFailedError"


def _stack(error: Any) -> str:
    return error.to_string() if error is not None else ""


def root_cause(error: Any) -> str:
    """First line of the innermost error, but of ours where there is one, without its class.

    What is behind one of ours (a reset connection) does not say which data set, or what to do.
    """
    ours = {"Failure", *_names(PipelineError)}
    while error is not None and error.cause is not None and error.cls_name not in ours:
        error = error.cause
    if error is None:
        return "unknown error"
    line = str(error.message).strip().splitlines()[0]
    name, _, text = line.partition(": ")
    return text if name.split(".")[-1].endswith(("Error", "Failure")) and text else line


def _names(error: type[Any]) -> Iterator[str]:
    """Names of an error class and of those derived from it."""
    yield error.__name__
    for derived in error.__subclasses__():
        yield from _names(derived)


@dataclass(frozen=True)
class RunOutcome:
    """Result of one Dagster run.

    Args:
        rows: rows written, by table.
        warnings: what the materializations warn of, each once.
        errors: failed step and its cause, one line each.
    """

    run_id: str
    success: bool
    rows: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "success": self.success,
            "rows": dict(self.rows),
            "warnings": list(self.warnings),
            "errors": list(self.errors),
        }
