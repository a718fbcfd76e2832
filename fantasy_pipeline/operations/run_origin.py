"""Runs of our own processes belong to the code location, as runs of the daemon do.

The Dagster UI shows a run on the timeline and on its job's page only if the run names its code
location. Dagster names it in runs of its daemon and webserver; ``execute_in_process``, ``dagster
job execute`` and ``dagster asset materialize`` have no argument for it.
"""

from __future__ import annotations

import json
from typing import Any

import dagster as dg

LOCATION, REPOSITORY = "fantasy_pipeline", "__repository__"
"""Name of the code location in ``workspace.yaml`` and ``pyproject.toml``, and Dagster's name for
what a module with `Definitions` contains."""

# Dagster exports no class for it. The stored form is the one that it reads from every history.
_ORIGIN: Any = dg.deserialize_value(
    json.dumps(
        {
            "__class__": "ExternalRepositoryOrigin",
            "repository_location_origin": {
                "__class__": "RegisteredRepositoryLocationOrigin",
                "location_name": LOCATION,
            },
            "repository_name": REPOSITORY,
        }
    )
)


class OwnInstance(dg.DagsterInstance):
    """A Dagster instance whose new runs name the code location."""

    def create_run_for_job(
        self, job_def: dg.JobDefinition, *args: Any, **values: Any
    ) -> dg.DagsterRun:
        values.setdefault("remote_job_origin", _ORIGIN.get_job_origin(job_def.name))
        return super().create_run_for_job(job_def, *args, **values)
