"""Ask a run to stop, as *Terminate* in the Dagster UI does."""

from __future__ import annotations

import dagster as dg

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.orchestration.runs.history import execution_of


class RunIsOverError(PipelineError):
    """The run has ended, so that nothing is left to cancel."""


def cancel(instance: dg.DagsterInstance, run_id: str) -> str:
    """Ask a run to stop, and return its id. The run ends within seconds, not at once.

    Raises:
        RunIsOverError: the run has ended.
        PipelineError: there is no such run, or its process cannot be reached.
    """
    execution = execution_of(instance, run_id)
    whole = execution.run.run_id
    if execution.is_over:
        raise RunIsOverError(
            f"run {whole} is over ({execution.status}); there is nothing to cancel."
        )
    if execution.run.status == dg.DagsterRunStatus.CANCELING:
        return whole
    coordinator = instance.run_coordinator
    if coordinator is None or not coordinator.cancel_run(whole):
        raise PipelineError(
            f"run {whole} was not cancelled: its process cannot be reached from this machine. "
            "Terminate it in the Dagster UI, which can also mark it as cancelled."
        )
    return whole
