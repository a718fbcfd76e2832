"""The processes that do the steps of a backfill: each step one Dagster run in one of its own.

Light to import: the server is to start before anything else is loaded.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

    from fantasy_pipeline.operations.backfill.plan import Step
    from fantasy_pipeline.orchestration.runs.results import RunOutcome

STEP_TAG = "backfill_step"


def start_server() -> ForkServerContext:
    """Start loading what steps need, once: their processes then start in milliseconds and share
    the memory that it takes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fantasy_pipeline.operations.backfill.preload"])
    forkserver.ensure_running()
    return context


def run_in_process(step: Step, source: str, tags: Mapping[str, str]) -> RunOutcome:
    """Do a step in a process of its own; raises if that dies."""
    with ProcessPoolExecutor(1, mp_context=start_server()) as process:
        # The server keeps the environment that it was started with.
        return process.submit(
            _run_step, os.environ["DAGSTER_HOME"], step, source, dict(tags)
        ).result()


def _run_step(home: str, step: Step, source: str, tags: dict[str, str]) -> RunOutcome:
    """In a worker: one Dagster run on the instance of a home."""
    from fantasy_pipeline.operations.execute import execute
    from fantasy_pipeline.operations.session import open_instance

    _hasten()
    tags[STEP_TAG] = step.name
    tags["backfill_step_work"] = str(step.work)
    if step.first is not None:
        tags["season"] = str(step.first.season)
    with open_instance(Path(home), batches=True) as instance:
        return execute(instance, step.job, source, tags, step.first, step.last)


def _hasten() -> None:
    """Spare a process that ends with its step what only long-lived ones need.

    Its commits do not wait for the disk: a step without its end in the history is run again.
    """
    from fantasy_pipeline.operations.sqlite_storage import share_statements, spare_commits_the_wait

    share_statements()
    spare_commits_the_wait()


def default_workers() -> int:
    """As many as pay off: SQLite takes one writer at a time."""
    return min(2, os.cpu_count() or 1)
