"""Worker processes of a backfill: each step is one Dagster run in a separate process.

This module imports only the standard library, and its functions load the rest: the command starts
the server before it loads its own modules, so that both load at the same time.
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


def start_server() -> ForkServerContext:
    """Start the fork server once, and return the context of its processes.

    The server loads the modules of `preload`; workers forked from it start in milliseconds and
    share the memory of these modules.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fantasy_pipeline.operations.backfill.preload"])
    forkserver.ensure_running()
    return context


def run_in_process(step: Step, source: str, tags: Mapping[str, str]) -> RunOutcome:
    """Run a step in a new process and return its outcome.

    Raises:
        BrokenProcessPool: the process died.
    """
    with ProcessPoolExecutor(1, mp_context=start_server()) as process:
        # Pass the home: the server keeps the environment that it was started with.
        return process.submit(
            _run_step, os.environ["DAGSTER_HOME"], step, source, dict(tags)
        ).result()


def _run_step(home: str, step: Step, source: str, tags: dict[str, str]) -> RunOutcome:
    """Run a step in the worker process, on the Dagster instance of a home."""
    from fantasy_pipeline.operations.execute import execute
    from fantasy_pipeline.operations.session import open_instance
    from fantasy_pipeline.orchestration.runs.tags import BACKFILL_STEP, BACKFILL_STEP_WORK

    _hasten()
    tags[BACKFILL_STEP] = step.name
    tags[BACKFILL_STEP_WORK] = str(step.work)
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
    """Return 2, or 1 on a single core: SQLite takes one writer at a time."""
    return min(2, os.cpu_count() or 1)
