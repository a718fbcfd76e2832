"""Test how many connections and queries commands need on Postgres, counted by a proxy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server import Postgres

from fantasy_pipeline.operations.session import open_instance
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.operations.test_execute import run, tick
from fantasy_pipeline_tests.proxy import Proxy, postgres_queries, proxy

pytestmark = [pytest.mark.loopback, pytest.mark.slow]


@pytest.fixture
def counted(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Return the proxy between the commands of this test and the server."""
    shutil.copy(ROOT / "deploy" / "postgres" / "dagster.yaml", tmp_path)
    with proxy(postgres.port, postgres_queries) as counting:
        settings = {
            **postgres.environment,
            "DAGSTER_PG_PORT": str(counting.port),
            "DAGSTER_HOME": str(tmp_path),
            "FANTASY_DATA": str(tmp_path / "data"),
            "FANTASY_SOURCE": "sample",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield counting


def test_a_run_needs_few_connections_and_queries(counted: Proxy, tmp_path: Path) -> None:
    home = tmp_path
    assert call(home, ["history"])[0] == 0
    counted.clear()
    assert call(home, ["run"])[0] == 0
    assert counted.connections <= 40
    assert len(counted.requests) <= 1500


def test_status_and_health_need_few_queries(counted: Proxy, tmp_path: Path) -> None:
    """Each is a round trip. Before: `status` 24 queries, `health` 107."""
    with open_instance(tmp_path) as instance:
        # Runs of a schedule, whose results are stored.
        for _ in range(2):
            run(instance, dagster__schedule_name="tuesday_import")
        tick(instance)
    most = {"history": 4, "status": 10, "health": 27}
    for command, queries in most.items():
        counted.clear()
        assert call(tmp_path, [command])[0] == (2 if command == "health" else 0)
        assert len(counted.requests) <= queries, counted.requests
        assert counted.connections == 1


def test_columns_that_a_migration_adds_are_seen(counted: Proxy, tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        storage: Any = instance.event_log_storage
        assert not storage.has_table("made_later")
        with storage.index_connection() as connection:
            connection.exec_driver_sql("create table made_later (number int)")
            assert not storage.has_table("made_later")
            connection.dialect.read_at -= 60
        assert storage.has_table("made_later")


def test_a_pool_survives_a_restart_of_the_server(
    counted: Proxy, postgres: Postgres, tmp_path: Path
) -> None:
    """The first query after the restart gets a new connection; none fails."""
    with open_instance(tmp_path) as instance:
        assert instance.get_runs_count() == 0
        before = counted.connections
        assert instance.get_runs_count() == 0
        assert counted.connections == before
        postgres.stop()
        postgres.start()
        assert instance.get_runs_count() == 0
        assert counted.connections == before + 1
