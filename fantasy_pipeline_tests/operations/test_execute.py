"""Stored run results: which process stores them, and that every reader uses them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.orchestration.runs.history import execution_of, executions, job_executions
from fantasy_pipeline.orchestration.runs.record import record, try_to_record
from fantasy_pipeline.orchestration.runs.summaries import FIELDS, RUN_RESULTS, recorded
from fantasy_pipeline.orchestration.sensors import record_results
from fantasy_pipeline_tests.orchestration.runs.empty_history import WithHistory, opened

pytestmark = pytest.mark.filterwarnings("ignore:Non-compliant tag keys:DeprecationWarning")


@pytest.fixture
def instance(tmp_path: Path, with_history: WithHistory) -> Iterator[dg.DagsterInstance]:
    with opened(with_history(tmp_path)) as instance:
        yield instance


@dg.op(config_schema={"fail": bool})
def step(context: dg.OpExecutionContext) -> None:
    metadata = {"dagster/partition_row_count": 400, "reader": "nflreadpy", "phase": "final"}
    context.log_event(dg.AssetMaterialization("weekly_stats", metadata=metadata))
    if context.op_config["fail"]:
        raise ValueError("upstream is upside down")


@dg.job
def some_job() -> None:
    step()


def run(instance: dg.DagsterInstance, fail: bool = False, **tags: str) -> str:
    """Run a job without storing its result, as a run started in the Dagster UI does."""
    return some_job.execute_in_process(
        instance=instance,
        run_config={"ops": {"step": {"config": {"fail": fail}}}},
        tags={name.replace("__", "/"): value for name, value in tags.items()},
        raise_on_error=False,
    ).run_id


def observations(instance: dg.DagsterInstance) -> list[dg.AssetObservation]:
    found = instance.fetch_observations(RUN_RESULTS, limit=100).records
    return [entry.asset_observation for entry in found if entry.asset_observation]


def tick(instance: dg.DagsterInstance, cursor: str | None = None) -> Any:
    with dg.build_sensor_context(
        instance=instance, cursor=cursor, repository_def=defs.get_repository_def()
    ) as context:
        data = record_results.evaluate_tick(context)
    assert not data.run_requests
    return data


def test_summary_has_the_fields_of_the_old_result(instance: dg.DagsterInstance) -> None:
    execution = execution_of(instance, run(instance, season="2024", week="5", trigger="api"))
    derived = execution.result
    record(execution)
    (observation,) = observations(instance)
    assert observation.partition == execution.run.run_id
    values = {name: entry.value for name, entry in observation.metadata.items()}
    assert {name: values[name] for name in FIELDS} == derived
    assert derived["stats_imported"] == 400
    assert (values["season"], values["week"], values["trigger"]) == ("2024", "5", "api")
    assert (values["job"], values["status"]) == ("some_job", "success")
    assert values["run"] == execution.run.run_id


def test_every_reader_uses_the_stored_result(instance: dg.DagsterInstance) -> None:
    """The stored number differs from the number in the events: readers show the stored one."""
    run_id = run(instance)
    facts = execution_of(instance, run_id).facts
    facts.rows["weekly_stats"] = 123
    record(execution_of(instance, run_id), facts)
    (execution,) = executions(instance)
    assert execution.result["stats_imported"] == 123
    assert execution.details()["result"]["stats_imported"] == 123
    (row,) = job_executions(instance).to_pylist()
    assert json.loads(row["result"]) == execution.result


def test_run_of_the_command_line_writes_its_own(instance: dg.DagsterInstance) -> None:
    tags = {"source": "sample", "trigger": "manual"}
    outcome = execute(instance, "games_refresh", "sample", tags)
    assert outcome.success
    written = recorded(instance, [outcome.run_id])[outcome.run_id]
    assert written["success"] is True
    assert written["errors"] == []
    assert written["duration_s"] > 0
    assert tick(instance).skip_message.startswith("0 results recorded")


def test_failed_run_of_the_command_line_writes_its_own(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NFLVERSE_MIRROR", str(tmp_path))
    tags = {"source": "auto", "trigger": "manual"}
    outcome = execute(instance, "games_refresh", "auto", tags)
    assert not outcome.success
    written = recorded(instance, [outcome.run_id])[outcome.run_id]
    assert written["success"] is False
    assert written["errors"] == list(outcome.errors)


def test_sensor_records_every_other_finished_run(instance: dg.DagsterInstance) -> None:
    good, bad = run(instance), run(instance, fail=True)
    canceled = instance.create_run_for_job(
        some_job,
        run_config={"ops": {"step": {"config": {"fail": False}}}},
        status=dg.DagsterRunStatus.STARTED,
    )
    instance.report_run_canceled(canceled)
    lost = instance.create_run_for_job(
        some_job,
        run_config={"ops": {"step": {"config": {"fail": False}}}},
        status=dg.DagsterRunStatus.STARTED,
    )
    first = tick(instance)
    assert first.skip_message.startswith("3 results recorded")
    instance.report_run_failed(lost, "The worker process was killed by signal 9.")
    second = tick(instance, first.cursor)
    assert second.skip_message.startswith("1 results recorded")
    assert tick(instance, second.cursor).skip_message.startswith("0 results recorded")
    written = recorded(instance, [good, bad, canceled.run_id, lost.run_id])
    assert {run_id: entry["success"] for run_id, entry in written.items()} == {
        good: True,
        bad: False,
        canceled.run_id: False,
        lost.run_id: False,
    }
    assert written[bad]["errors"] == ["step: upstream is upside down"]
    assert written[lost.run_id]["errors"] == ["The worker process was killed by signal 9."]


def test_why_a_run_was_ended_is_its_error(instance: dg.DagsterInstance) -> None:
    hung = instance.create_run_for_job(
        some_job,
        run_config={"ops": {"step": {"config": {"fail": False}}}},
        status=dg.DagsterRunStatus.STARTED,
    )
    # As Dagster's run monitoring does it.
    instance.report_run_canceling(hung, "Canceling due to exceeding maximum runtime of 45 seconds.")
    instance.report_run_canceling(hung)
    instance.report_run_failed(hung, "This job is being forcibly marked as failed.")
    tick(instance)
    (error,) = recorded(instance, [hung.run_id])[hung.run_id]["errors"]
    assert "maximum runtime of 45 seconds" in error


def test_runs_of_the_ui_get_the_tags(instance: dg.DagsterInstance) -> None:
    week = run(instance, dagster__partition="2024|05")
    weeks = run(
        instance,
        dagster__backfill="x",
        dagster__asset_partition_range_start="2023|01",
        dagster__asset_partition_range_end="2023|18",
    )
    seasons = run(
        instance,
        dagster__asset_partition_range_start="2022|01",
        dagster__asset_partition_range_end="2023|18",
    )
    tick(instance)

    def tags(run_id: str) -> dict[str, str]:
        entry = execution_of(instance, run_id).run.tags
        return {name: text for name, text in entry.items() if "/" not in name}

    assert tags(week) == {"season": "2024", "week": "5", "source": "auto", "trigger": "manual"}
    assert tags(weeks) == {"season": "2023", "source": "auto", "trigger": "backfill"}
    assert tags(seasons) == {"source": "auto", "trigger": "manual"}


def test_run_does_not_fail_for_its_summary(
    instance: dg.DagsterInstance, caplog: pytest.LogCaptureFixture
) -> None:
    execution = execution_of(instance, run(instance))
    with dg.DagsterInstance.ephemeral() as closed:
        unknown = execution_of(instance, execution.run.run_id)
        object.__setattr__(unknown, "instance", closed)
        # That instance has no such run to tag.
        try_to_record(unknown)
    assert f"result of run {execution.run.run_id} was not recorded" in caplog.text


def test_history_page_reads_results_at_once(instance: dg.DagsterInstance) -> None:
    ids = [run(instance, fail=n == 1) for n in range(3)]
    for run_id in ids:
        record(execution_of(instance, run_id))
    listed = list(executions(instance))
    assert len({id(execution.page) for execution in listed}) == 1
    assert [e.result["success"] for e in listed] == [True, False, True]
