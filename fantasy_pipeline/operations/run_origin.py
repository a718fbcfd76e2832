"""The Dagster instance of our own processes: its runs belong to the code location.

The Dagster UI shows a run on the timeline and on its job's page only if the run names its code
location. Dagster names it in runs of its daemon and webserver; ``execute_in_process``, ``dagster
job execute`` and ``dagster asset materialize`` have no argument for it.

This is the only module that reaches into Dagster's internals. Faster storage of events (in batches,
without waiting for the disk, with shared statements) would take 14.5 s instead of 15.3 s of CPU for
a backfill of one season, which is not worth more of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._serdes import ConfigurableClassData

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


def makes_files(home: Path) -> bool:
    """Return whether the run history of a home is in SQLite files, not on a database server."""
    ref = InstanceRef.from_dir(str(home))
    storages = (
        ref.storage_data,
        ref.run_storage_data,
        ref.event_storage_data,
        ref.schedule_storage_data,
    )
    return any("sqlite" in data.class_name.lower() for data in storages if data is not None)


def home_instance(home: Path) -> dg.DagsterInstance:
    """Return the instance of a Dagster home as an `OwnInstance`, without capture of printed output.

    Dagster captures output through two helper processes per step. They are in the terminal's
    process group, and print a stack trace when Ctrl-C reaches them. Our own steps print nothing.
    """
    capture = {
        "module": NoOpComputeLogManager.__module__,
        "class": NoOpComputeLogManager.__name__,
    }
    ref = InstanceRef.from_dir(str(home), overrides={"compute_logs": capture})
    # A ref is the only way to make an instance of another class without a line in dagster.yaml,
    # which would also change the instance of the daemon.
    own = ConfigurableClassData(OwnInstance.__module__, OwnInstance.__name__, "{}")
    return dg.DagsterInstance.from_ref(
        ref._replace(custom_instance_class_data=ref.custom_instance_class_data or own)
    )
