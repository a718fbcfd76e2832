"""Store a summary of each finished run: one observation of the asset `run_results` per run.

The observation's partition is the run's id. Its metadata are the summary from `Facts.result` and
the run's job, status and tags. Dagster shows them as a table and over time; run history reads them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

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
    description="Summary of each run, one observation per run: rows imported, sources, phase, "
    "seconds, warnings, errors.",
    group_name="operations",
    owners=["team:data"],
    kinds={"dagster"},
)


def record(execution: Execution, facts: Facts | None = None) -> None:
    """Store a finished run's summary, and add the project's tags that the run lacks.

    Args:
        facts: facts from the run's events; None: read the events.
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
    # Runs started in the Dagster UI lack these tags.
    if missing := {name: text for name, text in tags.items() if name not in run.tags}:
        instance.add_run_tags(run.run_id, missing)


def try_to_record(execution: Execution, facts: Facts | None = None) -> None:
    """Store a finished run's summary; log a warning instead of raising if that fails."""
    try:
        record(execution, facts)
    except Exception as error:
        _LOG.warning(
            "result of run %s was not recorded: %s; the sensor record_results tries again",
            execution.run.run_id,
            error,
        )


def _metadata(
    value: str | float | list[str] | dict[str, str] | None,
) -> dg.MetadataValue | str | float:
    if value is None:
        return dg.MetadataValue.null()
    return dg.MetadataValue.json(value) if isinstance(value, (list, dict)) else value
