"""Stop a run of this process when somebody cancels it, or when a signal interrupts the command.

A cancellation comes from the Dagster UI, for instance. Dagster stops runs of the daemon through
their code server. A run of our own process has none, so a thread reads the run's status and
interrupts the main thread, which executes the run.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import dagster as dg

from fantasy_pipeline.operations import interruption

POLL_SECONDS = 1.0
PATIENCE = 4
"""Requests after which the run is interrupted between steps too: it may be waiting for a retry."""
_ENDED_FROM_OUTSIDE = {
    dg.DagsterRunStatus.CANCELING,
    dg.DagsterRunStatus.CANCELED,
    dg.DagsterRunStatus.FAILURE,
}
_LOG = logging.getLogger(__name__)


@contextmanager
def cancellable(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Interrupt the run that the body executes, within seconds, once the run is to end.

    Dagster then marks the run as canceled, or as failed if a signal interrupted the command. A
    signal alone makes Dagster try the step again later, if the step has a retry policy. Only a run
    of the main thread can be interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    outside = signal.getsignal(signal.SIGINT)
    requests = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal requests
        during = signal.getsignal(signal.SIGINT)
        # Before and after the run, Dagster's handler is not set, and nothing is to be interrupted.
        if during == outside or not callable(during):
            return
        requests += 1
        if requests > PATIENCE:
            raise dg.DagsterExecutionInterruptedError
        # It raises while a step works; between steps it makes the next step raise.
        during(number, frame)

    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(instance, run_id, over), daemon=True)
    before = signal.signal(signal.SIGUSR1, interrupt)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        signal.signal(signal.SIGUSR1, before)


def _watch(instance: dg.DagsterInstance, run_id: str, over: threading.Event) -> None:
    """Interrupt the main thread every second from the moment a run is to end until it is over."""
    while not over.wait(POLL_SECONDS):
        if interruption.received() is not None:
            _interrupt()
            continue
        try:
            run = instance.get_run_by_id(run_id)
        except Exception as error:
            # A database that is busy now answers the next time.
            _LOG.debug("status of run %s cannot be read: %s", run_id, error)
            continue
        if run is not None and run.status in _ENDED_FROM_OUTSIDE:
            _interrupt()


def _interrupt() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)


def keep_canceled(instance: dg.DagsterInstance, run_id: str) -> None:
    """Mark a run as canceled again if it was canceled and then ended by itself.

    A run that ends within a second after it is marked as canceled would count as a success.
    """
    run = instance.get_run_by_id(run_id)
    canceled = dg.DagsterEventType.RUN_CANCELED
    if run is None or run.status == dg.DagsterRunStatus.CANCELED:
        return
    if instance.all_logs(run_id, of_type=canceled):
        instance.report_run_canceled(run, "The run ended by itself after it had been canceled.")
