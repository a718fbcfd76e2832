"""Test the instance on a real Postgres: week, history, move from SQLite, restart, demo."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from server import Postgres

from fantasy_pipeline.orchestration.alerts.messages import Alert
from fantasy_pipeline.orchestration.alerts.outbox import Outbox
from fantasy_pipeline.orchestration.runs.summaries import recorded
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.cli.calling import called
from fantasy_pipeline_tests.operations.test_execute import run, tick
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

DEPLOY = ROOT / "deploy" / "postgres"
Run = Callable[..., Any]


def shell(home: Path, environment: dict[str, str]) -> Run:
    """Return a function that calls a command on an instance and returns its JSON."""

    def run(*arguments: str, code: int = 0) -> Any:
        return json.loads(called(home, *arguments, code=code, **environment)[0])

    return run


def homes(tmp_path: Path, postgres: Postgres) -> tuple[Run, Run]:
    """Return two instances on the same data: on SQLite, then on Postgres."""
    sqlite, pg = tmp_path / "sqlite", tmp_path / "pg"
    for home, config in ((sqlite, ROOT / "dagster.yaml"), (pg, DEPLOY / "dagster.yaml")):
        home.mkdir()
        shutil.copy(config, home)
    shared = {"FANTASY_SOURCE": "sample", "FANTASY_DATA": str(tmp_path / "data")}
    return shell(sqlite, shared), shell(pg, {**shared, **postgres.environment})


ROWS = "select count(*) as n from weekly_stats"
GUIDE = (ROOT / "docs" / "operations.md").read_text()
SILENT = next(iter(re.findall(r'fantasy-pipeline sql "(.* interval 7 days)"', GUIDE)))
"""Query for jobs that did not run lately."""
RUNS = (
    "select job_id, status, season, week, executed_at is not null as ran, "
    "(result->>'success')::boolean as success, (result->>'stats_imported')::int as stats_imported "
    "from job_executions"
)


def test_week_history_and_the_move_from_sqlite(tmp_path: Path, postgres: Postgres) -> None:
    on_sqlite, on_postgres = homes(tmp_path, postgres)
    on_sqlite("trigger", "--season", "2025", "--week", "4", "--wait", "--json")
    before = on_sqlite("sql", ROWS, "--format", "json")
    files = _files(tmp_path / "data")
    # The one step of the move: DAGSTER_HOME points at the other dagster.yaml.
    assert on_postgres("sql", ROWS, "--format", "json") == before
    assert on_postgres("history", "--json") == []
    assert _files(tmp_path / "data") == files

    done = on_postgres("trigger", "--season", "2025", "--week", "5", "--wait", "--json")
    assert done["result"]["success"] is True
    assert done["result"]["stats_imported"] > 100
    rows = on_postgres("sql", RUNS, "--format", "json")
    of_week = {"status": "success", "season": 2025, "week": 5, "ran": True, "success": True}
    stats = done["result"]["stats_imported"]
    assert rows == [
        {"job_id": job, **of_week, "stats_imported": imported}
        for job, imported in (("report_week", 0), ("whole_week", stats))
    ]
    assert on_postgres("history", "--status", "failure", "--json") == []
    assert on_postgres("show", done["id"], "--json")["seconds"]["weekly_stats"] > 0
    assert on_postgres("sql", SILENT, "--format", "json") == []
    later = SILENT.replace("- interval 7 days", "+ interval 1 day")
    silent = on_postgres("sql", later, "--format", "json")
    assert sorted(row["job_id"] for row in silent) == ["report_week", "whole_week"]
    levels = {f["rule"]: f["level"] for f in on_postgres("health", "--json", code=2)["findings"]}
    assert levels["last_run"] == "ok"


def _dump_and_restore(postgres: Postgres, folder: Path, between: Callable[[], Any]) -> None:
    """Run the commands of the operations guide with the server's own programs."""
    [block] = [b for b in re.findall(r"```console\n(.*?)```", GUIDE, flags=re.S) if "pg_" in b]
    *settings, dump, restore = block.splitlines()
    path = f"{postgres.programs}:/usr/bin:/bin"
    for command in (dump, restore):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join([*settings, command])],
            env={
                **os.environ,
                **postgres.environment,
                "PATH": path,
            },
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        if command == dump:
            between()


def _files(data: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(data)): path.read_bytes()
        for path in data.rglob("part.parquet")
        if "cache" not in path.parts
    }


def test_outbox_is_kept_in_postgres_and_in_its_dump(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path)
    for name, value in postgres.environment.items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert "Postgres" in type(instance.run_storage).__name__
        assert Outbox(instance).add(Alert("a", "failure", "title"))

    def add_another() -> None:
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
            assert not Outbox(instance).add(Alert("a", "failure", "title"))
            assert Outbox(instance).add(Alert("b", "failure", "title"))

    _dump_and_restore(postgres, tmp_path, add_another)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert Outbox(instance).added_ids() == {"a"}


def test_results_are_recorded_in_postgres(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path)
    for name, value in postgres.environment.items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        ids = [run(instance), run(instance, fail=True)]
        first = tick(instance)
        assert first.skip_message.startswith("2 results recorded")
        ids.append(run(instance))
        second = tick(instance, first.cursor)
        assert second.skip_message.startswith("1 results recorded")
        assert tick(instance, second.cursor).skip_message.startswith("0 results recorded")
        written = recorded(instance, ids)
    assert [written[run_id]["success"] for run_id in ids] == [True, False, True]


COUNT = "dagster/partition_row_count"


def test_a_backfill_tells_postgres_of_every_week(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every week of a backfill is recorded on Postgres, with its own metadata."""
    _, on_postgres = homes(tmp_path, postgres)
    done = on_postgres("backfill", "--seasons", "2024", "--weeks", "1-4", "--json")
    assert done["weeks"] == 4
    for name, value in postgres.environment.items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(tmp_path / "pg")) as instance:
        for table in ("raw_players", "weekly_stats", "projections", "projection_accuracy"):
            key = dg.AssetKey(table)
            records = instance.fetch_materializations(key, limit=20).records
            rows = {
                record.partition_key: record.asset_materialization.metadata[COUNT].value
                for record in records
            }
            assert sorted(rows) == [f"2024|{week:02}" for week in range(1, 5)]
            assert sum(rows.values()) == done["rows"][table]
            assert instance.get_materialized_partitions(key) == set(rows)
        assert not instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))


@pytest.mark.soak
def test_postgres_stopped_and_started_during_a_run(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, on_postgres = homes(tmp_path, postgres)
    week = ("--season", "2025", "--week", "4", "--json")
    first = on_postgres("trigger", *week, "--wait")["id"]
    expected = _files(tmp_path / "data")
    for name, value in postgres.environment.items():
        monkeypatch.setenv(name, value)
    run_id = on_postgres("trigger", *week)["run_id"]
    with dg.DagsterInstance.from_config(str(tmp_path / "pg")) as instance:
        _until_at_work(instance, run_id)
    postgres.stop("immediate")
    # A fixed pause: the outage must last while the run writes its events.
    time.sleep(8)
    postgres.start()

    def ended() -> dict[str, Any] | None:
        details: dict[str, Any] = on_postgres("show", run_id, "--json")
        return details if details["status"] in ("success", "failure") else None

    seen = until(ended, "the run is over", pause=1)
    assert seen is not None
    # The run survives the outage, or fails with errors; the lake is complete in both cases.
    assert seen["status"] == "success" or seen["errors"]
    assert _files(tmp_path / "data") == expected
    again = on_postgres("trigger", *week, "--wait")
    assert again["result"]["success"] is True
    assert _files(tmp_path / "data") == expected
    found = on_postgres("history", "--job", "whole_week", "--json")
    history = {entry["id"]: entry for entry in found}
    assert list(history) == [again["id"], run_id, first]
    assert [entry["status"] for entry in history.values()] == ["success", seen["status"], "success"]
    for entry in history.values():
        assert entry["result"]["success"] is (entry["status"] == "success")
        assert bool(entry["result"]["errors"]) is (entry["status"] == "failure")


def _until_at_work(instance: dg.DagsterInstance, run_id: str) -> None:
    """Wait until the run has written its first table; more of them are to come."""

    def is_at_work() -> bool:
        written = instance.get_records_for_run(
            run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
        ).records
        seen = instance.get_run_by_id(run_id)
        assert seen is not None
        assert not seen.is_finished, "it was over before the outage"
        if written:
            assert seen.status == dg.DagsterRunStatus.STARTED
        return bool(written)

    until(is_at_work, "the run has written a table")


def test_the_demo_shows_a_week_on_postgres() -> None:
    """Run `make postgres-demo` in a temporary folder."""
    (line,) = re.findall(
        r"^\t@\$\(BIN\)/python (\S+) \$\(PG_HOME\)$",
        (ROOT / "deploy" / "postgres.mk").read_text(),
        flags=re.M,
    )
    # Not under tmp_path: as root, the server runs as a user that may not enter there.
    with tempfile.TemporaryDirectory(prefix="fantasy-postgres-") as folder:
        Path(folder).chmod(0o755)
        done = subprocess.run(
            [sys.executable, line, str(Path(folder) / "postgres")],
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        assert done.stdout.endswith(f"are in {folder}/postgres; it is stopped.\n")
    _, run, history, sql = re.split(r"^\$ fantasy-pipeline .*\n", done.stdout, flags=re.M)
    assert "Projections 2025 week 10, ppr" in run
    for job, week in (("weekly_import", 9), ("weekly_projections", 10), ("report_week", 10)):
        for shown in (history, sql):
            (row,) = [text for text in shown.splitlines() if re.search(rf"\b{job}\b", text)]
            assert re.search(r"\bsuccess\b", row), row
            assert re.search(rf"\b2025\b.*\b{week}\b", row), row
