"""Running the jobs on the configured Dagster instance, in this process, and saying what came out.

Everything goes through Dagster, so that run history has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.runs.results import Facts, facts_of
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


def run_tags(
    week: SeasonWeek,
    source: str,
    trigger: str,
    phase: str | None = None,
    as_of: datetime | None = None,
) -> Mapping[str, str]:
    """Tags by which a run is found.

    Args:
        trigger: ``schedule``, ``sensor``, ``manual``, ``api`` or ``backfill``.
        phase: phase of the import that the plan asks for.
        as_of: the moment that the run stands for; default: when it runs.
    """
    tags = {
        "season": str(week.season),
        "week": str(week.week),
        "source": source,
        "trigger": trigger,
    }
    if phase:
        tags["phase"] = phase
    if as_of:
        tags["as_of"] = as_of.isoformat()
    return tags


def moment_of(tags: Mapping[str, str], present: datetime) -> datetime:
    """The moment a run stands for: a late tick must not act as of a later week.

    Args:
        present: of the league; what a run stands for whose tags do not say.
    """
    text = tags.get("as_of") or tags.get("dagster/scheduled_execution_time")
    return datetime.fromisoformat(text) if text else present


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
    run_id: str | None = None,
) -> RunOutcome:
    """Run a job for no partition, one week, or the weeks `first` to `last` of one season."""
    from fantasy_pipeline.definitions import defs
    from fantasy_pipeline.runs.dead_runs import PROCESS_TAG, this_process
    from fantasy_pipeline.runs.history import execution_of
    from fantasy_pipeline.runs.recorded import try_to_record

    # The daemon cannot re-execute a run of this process; without this it would call it retried.
    tags = {"dagster/max_retries": "0", PROCESS_TAG: this_process().tag, **tags}
    if first is not None and last is not None and first != last:
        tags["dagster/asset_partition_range_start"] = first.key
        tags["dagster/asset_partition_range_end"] = last.key
        first = None
    result = defs.resolve_job_def(job).execute_in_process(
        instance=instance,
        partition_key=first.key if first else None,
        run_config=run_config(source),
        tags=tags,
        run_id=run_id,
        raise_on_error=False,
    )
    facts = facts_of(result.all_events)
    try_to_record(execution_of(instance, result.run_id), facts)
    return summarize(result, facts)


def summarize(result: dg.ExecuteInProcessResult, facts: Facts | None = None) -> RunOutcome:
    """Rows, warnings and errors of a finished run, from its events.

    Args:
        facts: what they say, if they are read already.
    """
    facts = facts or facts_of(result.all_events)
    return RunOutcome(
        result.run_id,
        result.success,
        facts.rows,
        tuple(facts.warnings),
        tuple(error.line for error in facts.errors),
    )
