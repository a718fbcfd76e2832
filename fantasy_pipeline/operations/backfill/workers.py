"""Worker processes of a backfill: each step is one Dagster run in a separate process.

The processes are not in the terminal's process group: Ctrl-C reaches the command only, which then
ends them in order. A worker whose command has died ends itself.

This module imports only light modules, and its functions load the rest: the command starts
the server before it loads its own modules, so that both load at the same time.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from fantasy_pipeline.operations import interruption

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext
    from multiprocessing.process import BaseProcess

    from fantasy_pipeline.operations.backfill.plan import Step
    from fantasy_pipeline.orchestration.runs.results import RunOutcome

STOP_SECONDS = 10
"""Seconds that a worker has to end its run when it is stopped; then it is killed."""
NICENESS = 5
"""What is added to the niceness of workers: pages, the UI and imports of the day come first."""


def start_server() -> ForkServerContext:
    """Start the fork server once, and return the context of its processes.

    The server loads the modules of `preload`; workers forked from it start in milliseconds and
    share the memory of these modules.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fantasy_pipeline.operations.backfill.preload"])
    # The server inherits that Ctrl-C waits, until `preload` has left the terminal's group. The
    # start of the tracker ends the wait, so the tracker comes first.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    forkserver.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context


def run_steps(
    workers: int,
    steps: Sequence[Step],
    source: str,
    tags: Mapping[str, str],
    on_stopped: Callable[[int], None],
) -> Generator[tuple[Step, RunOutcome]]:
    """Run steps, each in a new process, and yield each step with its outcome when it ends.

    A worker that dies does not affect the others; its outcome has no run id. If the caller closes
    the iterator, the running workers are stopped.

    Args:
        workers: number of processes at a time.
        on_stopped: called with the process id of each worker that was stopped.
    """
    todo = deque(steps)
    running: dict[Connection, tuple[Step, BaseProcess]] = {}
    done: list[tuple[Step, RunOutcome]] = []
    try:
        while True:
            while todo and len(running) < workers:
                reader, process = _start(todo[0], source, tags)
                running[reader] = todo.popleft(), process
            # The next step begins before the caller handles the end of this one.
            yield from done
            done.clear()
            if not running:
                return
            ended = wait(list(running))
            for reader in [reader for reader in running if reader in ended]:
                step, process = running[reader]
                done.append((step, _outcome(reader, process)))
                del running[reader]
    finally:
        _stop(running, on_stopped)


def _start(step: Step, source: str, tags: Mapping[str, str]) -> tuple[Connection, BaseProcess]:
    """Start the process of a step; return where its outcome arrives, and the process."""
    context = start_server()
    reader, writer = context.Pipe(duplex=False)
    # The server keeps the environment that it was started with.
    arguments = (writer, dict(os.environ), step, source, dict(tags))
    process = context.Process(target=_work, args=arguments)
    process.start()
    writer.close()
    return reader, process


def _outcome(reader: Connection, process: BaseProcess) -> RunOutcome:
    """Return the outcome that a worker sent before it ended, or that it died."""
    from fantasy_pipeline.orchestration.runs.results import RunOutcome

    outcome: RunOutcome | None = None
    with reader, suppress(EOFError, OSError):
        outcome = reader.recv()
    process.join()
    if outcome is not None:
        return outcome
    code = process.exitcode or 0
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return RunOutcome("", False, errors=(f"worker died: {how}",))


def _stop(
    running: Mapping[Connection, tuple[Step, BaseProcess]], on_stopped: Callable[[int], None]
) -> None:
    """Interrupt workers, so that Dagster ends their runs; kill those that do not end in time."""
    processes = [process for _, process in running.values()]
    for reader, (_, process) in running.items():
        reader.close()
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    try:
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
    finally:
        for process in processes:
            process.kill()
            process.join()
            on_stopped(process.pid or 0)


def _work(
    writer: Connection, environment: dict[str, str], step: Step, source: str, tags: dict[str, str]
) -> None:
    """Run a step in the worker process and send its outcome to the command.

    Args:
        environment: environment variables of the command.
    """
    os.environ.clear()
    os.environ.update(environment)
    os.nice(NICENESS)
    from fantasy_pipeline.orchestration.runs.results import RunOutcome

    # An interrupt while a connection is being closed is not an error to print.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    # The command has closed its end if it does not want the outcome any more.
    with suppress(KeyboardInterrupt, BrokenPipeError), writer:
        interruption.listen()
        Thread(target=_end_with_command, daemon=True).start()
        try:
            outcome = _run_step(environment["DAGSTER_HOME"], step, source, tags)
        except Exception as error:
            outcome = RunOutcome("", False, errors=(f"worker died: {error}",))
        writer.send(outcome)


def _end_with_command() -> None:
    """Interrupt this worker process when the process of its command has ended."""
    if command := multiprocessing.parent_process():
        command.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _run_step(home: str, step: Step, source: str, tags: dict[str, str]) -> RunOutcome:
    """Run a step in the worker process, on the Dagster instance of a home."""
    from fantasy_pipeline.operations.execute import execute
    from fantasy_pipeline.operations.session import open_instance
    from fantasy_pipeline.orchestration.runs.tags import BACKFILL_STEP, BACKFILL_STEP_WORK

    tags[BACKFILL_STEP] = step.name
    tags[BACKFILL_STEP_WORK] = str(step.work)
    if step.first is not None:
        tags["season"] = str(step.first.season)
    with open_instance(Path(home), one_run=True) as instance:
        return execute(instance, step.job, source, tags, step.first, step.last)


def default_workers() -> int:
    """Return 2, or 1 on a single core: SQLite takes one writer at a time."""
    return min(2, os.cpu_count() or 1)
