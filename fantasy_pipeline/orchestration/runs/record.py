"""What each run came to, written down when it is over: one observation of `run_results` per run.

Its partition is the run's id, its metadata are the summary of `results.Facts.result` and what the
run was. Dagster shows them as a table and over time, run history reads them from here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import dagster as dg

from fantasy_pipeline.orchestration.runs.summaries import RUN_RESULTS
from fantasy_pipeline.settings import Settings

if TYPE_CHECKING:
    from fantasy_pipeline.orchestration.runs.history import Execution
    from fantasy_pipeline.orchestration.runs.results import Facts

OVER = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]

_LOG = logging.getLogger(__name__)

run_results = dg.AssetSpec(
    RUN_RESULTS,
    description="What each run came to, one observation per run: rows imported, sources, phase, "
    "seconds, warnings, errors.",
    group_name="operations",
    owners=["team:data"],
    kinds={"dagster"},
)


def record(execution: Execution, facts: Facts | None = None) -> None:
    """Write a finished run's summary, and the tags of ours that it lacks.

    Args:
        facts: what its events say, if they are at hand.
    """
    instance, run = execution.instance, execution.run
    summary = (facts or execution.facts).result(run.is_success, execution.duration_s)
    tags = {"source": Settings().source, **execution.tags}
    about = {"job": execution.job_id, "status": execution.status, **tags}
    values = {name: _metadata(value) for name, value in (about | summary).items()}
    instance.report_runless_asset_event(
        dg.AssetObservation(
            RUN_RESULTS,
            partition=run.run_id,
            metadata={"run": dg.MetadataValue.dagster_run(run.run_id), **values},
        )
    )
    # Runs that were started in the Dagster UI carry none of them.
    if missing := {name: text for name, text in tags.items() if name not in run.tags}:
        instance.add_run_tags(run.run_id, missing)


def try_to_record(execution: Execution, facts: Facts | None = None) -> None:
    """`record`, but a run that did its work does not fail for its summary."""
    try:
        record(execution, facts)
    except Exception as error:
        # The sensor `record_results` tries again.
        _LOG.warning("result of run %s was not recorded: %s", execution.run.run_id, error)


def _metadata(value: Any) -> Any:
    if value is None:
        return dg.MetadataValue.null()
    return dg.MetadataValue.json(value) if isinstance(value, (list, dict)) else value
