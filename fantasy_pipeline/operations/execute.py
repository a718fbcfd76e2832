"""Running the jobs on the configured Dagster instance, in this process, and saying what came out.

Everything goes through Dagster, so that run history has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.orchestration.runs.results import Facts, RunOutcome, facts_of
from fantasy_pipeline.orchestration.runs.tags import run_config

if TYPE_CHECKING:
    import dagster as dg


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
    from fantasy_pipeline.orchestration.runs.dead_runs import PROCESS_TAG, this_process
    from fantasy_pipeline.orchestration.runs.history import execution_of
    from fantasy_pipeline.orchestration.runs.record import try_to_record

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
