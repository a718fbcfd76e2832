"""Run history on a real instance: filters, results, the view with the old table's columns."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.queries import run_sql
from fantasy_pipeline.orchestration.runs.history import (
    Execution,
    execution_of,
    executions,
    job_executions,
    trigger_of,
)
from fantasy_pipeline.orchestration.runs.results import Facts
from fantasy_pipeline_tests.orchestration.runs.empty_history import WithHistory, opened


@dg.op(config_schema={"fail": bool})
def weekly_stats(context: dg.OpExecutionContext) -> None:
    for table, rows in (("raw_players", 700), ("weekly_stats", 400)):
        context.log_event(
            dg.AssetMaterialization(
                table,
                partition="2024|05",
                metadata={
                    "dagster/partition_row_count": rows,
                    "reader": "nflreadpy",
                    "warnings": ["a bye is missing"],
                    **({"phase": "final"} if table == "weekly_stats" else {}),
                },
            )
        )
    if context.op_config["fail"]:
        raise ValueError("week 5 is not there")


@dg.job
def weekly_import() -> None:
    weekly_stats()


def run(instance: dg.DagsterInstance, fail: bool = False, **tags: str) -> str:
    return weekly_import.execute_in_process(
        instance=instance,
        run_config={"ops": {"weekly_stats": {"config": {"fail": fail}}}},
        tags=tags,
        raise_on_error=False,
    ).run_id


@pytest.fixture
def instance(tmp_path: Path, with_history: WithHistory) -> Iterator[dg.DagsterInstance]:
    with opened(with_history(tmp_path)) as instance:
        yield instance


def ids(found: Iterator[Execution]) -> list[str]:
    return [execution.run.run_id for execution in found]


def test_result_is_the_structured_summary(instance: dg.DagsterInstance) -> None:
    execution = execution_of(instance, run(instance, season="2024", week="5"))
    result = execution.result
    assert result.pop("duration_s") >= 0
    assert result == {
        "success": True,
        "players_imported": 700,
        "stats_imported": 400,
        "projections_imported": 0,
        "sources": ["nflreadpy"],
        "phase": "final",
        "warnings": ["a bye is missing"],
        "errors": [],
    }
    assert (execution.season, execution.week, execution.status) == (2024, 5, "success")
    assert "weekly_stats" in execution.details()["seconds"]


def test_failure_shows_cause_and_stack(instance: dg.DagsterInstance) -> None:
    details = execution_of(instance, run(instance, fail=True)[:8]).details()
    assert details["status"] == "failure"
    assert details["result"]["errors"] == ["weekly_stats: week 5 is not there"]
    (error,) = details["errors"]
    assert "Traceback" in error["stack"] or "Stack Trace" in error["stack"]
    assert "test_history.py" in error["stack"]


def test_filters(instance: dg.DagsterInstance) -> None:
    old = run(instance, season="2023", week="5")
    bad = run(instance, fail=True, season="2024", week="5")
    new = run(instance, season="2024", week="6")
    assert ids(executions(instance)) == [new, bad, old]
    assert ids(executions(instance, status="failure")) == [bad]
    assert ids(executions(instance, season=2024)) == [new, bad]
    assert ids(executions(instance, week=5)) == [bad, old]
    assert ids(executions(instance, season=2024, week=5, limit=1)) == [bad]
    assert ids(executions(instance, job="weekly_import", limit=2)) == [new, bad]
    assert ids(executions(instance, cursor=bad)) == [old]
    assert ids(executions(instance, job="other")) == []
    future = datetime.now(timezone.utc) + timedelta(hours=1)
    assert ids(executions(instance, since=future)) == []


def test_a_run_over_a_range_has_its_weeks_and_is_found_by_each(
    instance: dg.DagsterInstance,
) -> None:
    ends = (("start", "2024|03"), ("end", "2024|05"))
    backfill = run(instance, **{f"dagster/asset_partition_range_{end}": key for end, key in ends})
    one = run(instance, season="2024", week="4")
    none = run(instance)
    found = {execution.run.run_id: execution.to_json() for execution in executions(instance)}
    weeks = {run_id: (values["week"], values["weeks"]) for run_id, values in found.items()}
    assert weeks == {
        backfill: (None, ["2024|03", "2024|04", "2024|05"]),
        one: (4, ["2024|04"]),
        none: (None, []),
    }
    assert ids(executions(instance, season=2024, week=4)) == [one, backfill]
    assert ids(executions(instance, week=5)) == [backfill]
    assert ids(executions(instance, season=2024)) == [one, backfill]
    assert ids(executions(instance, season=2024, week=6)) == []
    assert ids(executions(instance, season=2023)) == []


@pytest.mark.parametrize(
    ("phases", "phase"),
    [
        (["in_progress"], "in_progress"),
        (["final", "in_progress"], "in_progress"),
        (["completed"], "provisional"),
        (["final", "provisional"], "provisional"),
        (["final"], "final"),
        ([], None),
    ],
)
def test_the_earliest_phase_is_the_runs(phases: list[str], phase: str | None) -> None:
    facts = Facts(phases=dict.fromkeys(phases))
    assert facts.result(True, None)["phase"] == phase


def test_unknown_status_run_or_cursor_is_an_error(instance: dg.DagsterInstance) -> None:
    with pytest.raises(
        PipelineError, match=r"status 'odd' does not exist; choose one of running, "
    ):
        list(executions(instance, status="odd"))
    with pytest.raises(PipelineError, match="there is no run 123456"):
        execution_of(instance, "123456")
    with pytest.raises(PipelineError, match="there is no run x; start from the first page"):
        list(executions(instance, cursor="x"))


@pytest.mark.parametrize(
    ("tags", "trigger"),
    [
        ({"trigger": "api"}, "api"),
        ({"dagster/schedule_name": "x"}, "schedule"),
        ({"dagster/sensor_name": "x"}, "sensor"),
        ({"dagster/backfill": "x"}, "backfill"),
        ({}, "manual"),
    ],
)
def test_trigger(tags: dict[str, str], trigger: str) -> None:
    assert trigger_of(tags) == trigger


class TestJobExecutions:
    def test_columns_of_the_old_table(self, instance: dg.DagsterInstance) -> None:
        run_id = run(instance, season="2024", week="5")
        table = job_executions(instance)
        assert table.column_names == [
            "id",
            "job_id",
            "status",
            "executed_at",
            "result",
            "season",
            "week",
        ]
        (row,) = table.to_pylist()
        assert (row["id"], row["job_id"], row["status"]) == (run_id, "weekly_import", "success")
        assert (row["season"], row["week"]) == (2024, 5)
        assert json.loads(row["result"])["stats_imported"] == 400

    @pytest.mark.parametrize("week_ago", ["now() - interval 7 days", "NOW() - INTERVAL '7 days'"])
    def test_old_queries_work(
        self, instance: dg.DagsterInstance, lake: Lake, week_ago: str
    ) -> None:
        """In DuckDB's spelling of an interval and in Postgres's."""
        run(instance, season="2024", week="5")
        view = {"job_executions": lambda: job_executions(instance)}
        silent = (
            "select job_id, max(executed_at) as last_run from job_executions group by job_id "
            "having max(executed_at) < WEEK_AGO"
        ).replace("WEEK_AGO", week_ago)
        assert run_sql(lake, silent, view).num_rows == 0
        later = silent.replace("() - ", "() + ")
        assert run_sql(lake, later, view)["job_id"].to_pylist() == ["weekly_import"]
        text = (
            "select (result->>'stats_imported')::int as n from JOB_EXECUTIONS where season = 2024"
        )
        assert run_sql(lake, text, view)["n"].to_pylist() == [400]

    def test_history_is_not_read_for_other_queries(self, lake: Lake) -> None:
        def unread() -> None:
            raise AssertionError("history was read")

        assert run_sql(lake, "select 1 as one", {"job_executions": unread}).num_rows == 1  # type: ignore[dict-item]
