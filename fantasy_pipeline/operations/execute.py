"""Runs a job on a Dagster instance in this process, and returns its result.

Every run goes through Dagster, so run history contains all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.orchestration.runs.dead_runs import PROCESS_TAG, this_process
from fantasy_pipeline.orchestration.runs.history import execution_of
from fantasy_pipeline.orchestration.runs.record import try_to_record
from fantasy_pipeline.orchestration.runs.results import Facts, RunOutcome, facts_of
from fantasy_pipeline.orchestration.runs.tags import run_config


def execute(
    instance: dg.DagsterInstance,
    job: str,
    source: str,
    tags: Mapping[str, str],
    first: SeasonWeek | None = None,
    last: SeasonWeek | None = None,
    run_id: str | None = None,
) -> RunOutcome:
    """Run a job without a partition, for one week, or for the weeks `first` to `last` of a season.

    A failed run is returned, not raised. Its summary is stored in run history.
    """
    # The daemon cannot re-execute a run of this process. Without the tag it would mark the run as
    # "will retry", and no alert would be sent.
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
    """Return the rows, warnings and errors of a finished run.

    Args:
        facts: facts from the run's events; None: read the events.
    """
    facts = facts or facts_of(result.all_events)
    return RunOutcome(
        result.run_id,
        result.success,
        facts.rows,
        tuple(facts.warnings),
        tuple(error.line for error in facts.errors),
    )
