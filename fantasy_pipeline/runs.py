"""Running the jobs on the configured Dagster instance, in this process, and saying what came out.

Everything goes through Dagster, so that run history has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.season_week import SeasonWeek

if TYPE_CHECKING:
    import dagster as dg


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


def run_tags(week: SeasonWeek, source: str, trigger: str) -> Mapping[str, str]:
    """Tags by which a run is found: season, week, source, trigger."""
    return {
        "season": str(week.season),
        "week": str(week.week),
        "source": source,
        "trigger": trigger,
    }


def run_config(source: str) -> dict[str, Any]:
    """Run config that chooses the source and keeps the console quiet."""
    return {
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        "resources": {"nfl": {"config": {"source": source}}},
    }


def execute(
    instance: dg.DagsterInstance,
    job: str,
    source: str,
    tags: Mapping[str, str],
    first: SeasonWeek | None = None,
    last: SeasonWeek | None = None,
) -> RunOutcome:
    """Run a job for no partition, one week, or the weeks `first` to `last` of one season."""
    from fantasy_pipeline.definitions import defs

    tags = dict(tags)
    if first is not None and last is not None and first != last:
        tags["dagster/asset_partition_range_start"] = first.key
        tags["dagster/asset_partition_range_end"] = last.key
        first = None
    result = defs.resolve_job_def(job).execute_in_process(
        instance=instance,
        partition_key=first.key if first else None,
        run_config=run_config(source),
        tags=tags,
        raise_on_error=False,
    )
    return summarize(result)


def summarize(result: dg.ExecuteInProcessResult) -> RunOutcome:
    """Rows, warnings and errors of a finished run, from its events."""
    rows: dict[str, int] = {}
    warnings: dict[str, None] = {}
    errors = []
    for event in result.all_events:
        if event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            table = materialization.asset_key.path[-1]
            for name, value in materialization.metadata.items():
                if name in ("dagster/partition_row_count", "dagster/row_count"):
                    rows[table] = rows.get(table, 0) + int(str(value.value))
                elif name == "warnings":
                    warnings.update(dict.fromkeys(value.value))  # type: ignore[arg-type]
        elif event.is_step_failure:
            errors.append(f"{event.step_key}: {root_cause(event.step_failure_data.error)}")
    return RunOutcome(result.run_id, result.success, rows, tuple(warnings), tuple(errors))


def root_cause(error: Any) -> str:
    """First line of the innermost error, without its class where that is one of ours."""
    while error is not None and error.cause is not None:
        error = error.cause
    if error is None:
        return "unknown error"
    line = str(error.message).strip().splitlines()[0]
    name, _, text = line.partition(": ")
    return text if name.split(".")[-1].endswith(("Error", "Failure")) and text else line
