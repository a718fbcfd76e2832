"""Run a job on a Dagster instance in this process, and return its result.

Every run goes through Dagster, so run history contains all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

import dagster as dg

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.operations import interruption
from fantasy_pipeline.operations.cancellation import cancellable, keep_canceled
from fantasy_pipeline.orchestration.runs.history import execution_of
from fantasy_pipeline.orchestration.runs.processes import process_tag, this_process
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
    """Run a job without a partition, for one week, or for the same weeks of one or more seasons.

    `first` is the first week of the first season, `last` the last week of the last one.

    A failed run is returned, not raised. Its summary is stored in run history.

    Raises:
        KeyboardInterrupt: a signal interrupted the command; the run is over.
    """
    run_id = run_id or str(uuid4())
    # Who started the run sees its failure. Without the tag the daemon would run it again.
    tags = {"dagster/max_retries": "0", **process_tag(run_id, this_process()), **tags}
    if first is not None and last is not None and first != last:
        tags["dagster/asset_partition_range_start"] = first.key
        tags["dagster/asset_partition_range_end"] = last.key
        first = None
    with cancellable(instance, run_id):
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            partition_key=first.key if first else None,
            run_config=run_config(source),
            tags=tags,
            run_id=run_id,
            raise_on_error=False,
        )
    keep_canceled(instance, run_id)
    execution = execution_of(instance, run_id)
    # Others may have ended the run: their events are in the history only.
    facts = facts_of(result.all_events) if execution.run.is_success else execution.facts
    try_to_record(execution, facts)
    # Dagster has ended the run, if a signal came meanwhile; the command must end, too.
    interruption.check()
    return replace(summarize(result, facts), success=execution.run.is_success)


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
        tuple(sorted(facts.unmade)),
        facts.phase,
    )
