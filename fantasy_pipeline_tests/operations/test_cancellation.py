"""A run of this process that is canceled from outside: interrupted, canceled, and staying so."""

import signal
import threading
from collections.abc import Iterator

import dagster as dg
import pytest

from fantasy_pipeline.operations.cancellation import cancellable, keep_canceled
from fantasy_pipeline.orchestration.runs.history import execution_of
from fantasy_pipeline_tests.waiting import until

FOREVER = 600


@dg.op
def waits_for_ever() -> None:
    threading.Event().wait(FOREVER)


@dg.op
def waits_for_its_retry() -> None:
    raise dg.RetryRequested(max_retries=1, seconds_to_wait=FOREVER)


@dg.op
def is_canceled_and_ends(context: dg.OpExecutionContext) -> None:
    context.instance.report_run_canceled(context.run)


@dg.job
def waiting() -> None:
    waits_for_ever()


@dg.job
def retrying() -> None:
    waits_for_its_retry()


@dg.job
def ending() -> None:
    is_canceled_and_ends()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


def cancel_once(instance: dg.DagsterInstance, run_id: str, event: dg.DagsterEventType) -> None:
    """Cancel a run as the UI does, once an event of the run is stored."""
    until(lambda: instance.all_logs(run_id, of_type=event), "the event is stored")
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_run_canceling(run)


@pytest.mark.parametrize(
    ("job", "event"),
    [
        (waiting, dg.DagsterEventType.STEP_START),
        pytest.param(retrying, dg.DagsterEventType.STEP_UP_FOR_RETRY, marks=[pytest.mark.slow]),
    ],
    ids=["in a step", "between two attempts"],
)
def test_a_canceled_run_is_interrupted(
    instance: dg.DagsterInstance, job: dg.JobDefinition, event: dg.DagsterEventType
) -> None:
    run_id = "11111111-2222-3333-4444-555555555555"
    canceler = threading.Thread(target=cancel_once, args=(instance, run_id, event))
    canceler.start()
    with cancellable(instance, run_id):
        result = job.execute_in_process(instance=instance, run_id=run_id, raise_on_error=False)
    canceler.join()
    assert not result.success
    execution = execution_of(instance, run_id)
    assert execution.status == "canceled"
    assert execution.result["errors"] == ["the run was canceled"]
    # Nothing is left behind that could interrupt what comes next.
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL


def test_a_run_that_ends_by_itself_after_it_was_canceled_stays_canceled(
    instance: dg.DagsterInstance,
) -> None:
    result = ending.execute_in_process(instance=instance)
    assert execution_of(instance, result.run_id).status == "success", "Dagster's own way"
    keep_canceled(instance, result.run_id)
    assert execution_of(instance, result.run_id).status == "canceled"


def test_other_runs_stay_as_they_ended(instance: dg.DagsterInstance) -> None:
    @dg.job
    def empty() -> None: ...

    result = empty.execute_in_process(instance=instance)
    keep_canceled(instance, result.run_id)
    assert execution_of(instance, result.run_id).status == "success"
