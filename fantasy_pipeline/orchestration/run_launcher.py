"""The run launcher that `dagster.yaml` names: Dagster's own, which can also stop our commands.

Dagster stops a run through the code server that launched it. A run of the command line has none:
its process reads the run's status every second (`operations/cancellation.py`). With Dagster's own
launcher, *Terminate* in the UI reaches such a run, but answers "Unable to terminate run".
"""

from __future__ import annotations

import weakref

import dagster as dg

from fantasy_pipeline.orchestration.runs.processes import is_gone, process_of


class RunLauncher(dg.DefaultRunLauncher):
    """Launches runs as Dagster does, and terminates runs of the daemon and of our commands."""

    def register_instance(self, instance: dg.DagsterInstance) -> None:
        """Keep the instance whose launcher this is; Dagster calls this before any other method."""
        super().register_instance(instance)
        # A strong reference would be a circle, since the instance holds its launcher.
        self._runs = weakref.ref(instance)

    def terminate(self, run_id: str) -> bool:
        """Ask a run to stop, and return whether its process gets the request."""
        instance = self._runs()
        run = instance.get_run_by_id(run_id) if instance is not None else None
        if instance is None or run is None or run.is_finished:
            return False
        process = process_of(run)
        if process is None or is_gone(process):
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        instance.report_run_canceling(run)
        return True
