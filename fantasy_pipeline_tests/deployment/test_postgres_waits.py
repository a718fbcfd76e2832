"""Test how long commands wait for a Postgres that is silent or far away."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from server import Postgres

from fantasy_pipeline.errors import HistoryError
from fantasy_pipeline.lake.patience import Outage, patience
from fantasy_pipeline.operations.session import open_instance
from fantasy_pipeline.orchestration.history_errors import OUTAGE, at_once
from fantasy_pipeline.orchestration.history_locks import claimed
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.proxy import Proxy, Trouble, postgres_queries, proxy

pytestmark = [pytest.mark.loopback, pytest.mark.slow]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    # A process has one server; the tests before this one had another.
    OUTAGE.end()
    shutil.copy(ROOT / "deploy" / "postgres" / "dagster.yaml", tmp_path)
    # A home of the user's own may lack the time limit; libpq then waits without an end.
    text = (tmp_path / "dagster.yaml").read_text()
    (tmp_path / "dagster.yaml").write_text(text.replace("connect_timeout: 3", "connect_timeout: 0"))
    return tmp_path


@pytest.fixture
def counted(home: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with proxy(postgres.port, postgres_queries) as counting:
        _lead_to(home, postgres, counting, monkeypatch)
        yield counting


def _lead_to(home: Path, postgres: Postgres, to: Proxy, patch: pytest.MonkeyPatch) -> None:
    settings = {
        **postgres.environment,
        "DAGSTER_PG_PORT": str(to.port),
        "DAGSTER_HOME": str(home),
        "FANTASY_DATA": str(home / "data"),
        "FANTASY_SOURCE": "sample",
    }
    for name, value in settings.items():
        patch.setenv(name, value)


@pytest.mark.parametrize(
    ("command", "trouble", "after"),
    [
        ("history", "silent", 0),
        ("status", "silent", 3),
        ("run", "silent", 200),
        ("run", "closing", 200),
        ("health", "silent", 0),
        ("health", "silent", 12),
    ],
)
def test_a_command_ends_soon_after_the_server_stopped_answering(
    command: str, trouble: Trouble, after: int, home: Path, counted: Proxy
) -> None:
    """Before, libpq waited without an end, and Dagster tried six times for each query."""
    counted.begin(trouble, after)
    code, out, err = call(home, [command])
    assert counted.waited() < {"health": 5}.get(command, 20)
    assert code == {"health": 2}.get(command, 1), err
    place = f"the database postgres at 127.0.0.1 port {counted.port}: "
    assert place in " ".join(f"{out}{err}".split())
    if trouble == "silent":
        assert "no answer within " in " ".join(f"{out}{err}".split())


def test_a_server_far_away_is_waited_for(
    home: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(postgres.port, postgres_queries) as near:
        _lead_to(home, postgres, near, monkeypatch)
        assert call(home, ["history"])[0] == 0
    with proxy(postgres.port, postgres_queries, delay=0.1) as slow:
        _lead_to(home, postgres, slow, monkeypatch)
        code, out, _ = call(home, ["health"])
        assert code == 2
        assert "no answer" not in out
        assert slow.requests


def test_the_lock_of_the_alerts_is_waited_for(home: Path, counted: Proxy) -> None:
    """The other daemon may send alerts for longer than any other query takes."""
    with open_instance(home) as instance, ThreadPoolExecutor(1) as pool:

        def claim() -> bool:
            with patience(0.2), claimed(instance):
                return True

        with claimed(instance):
            waiting = pool.submit(claim)
            time.sleep(1)
            assert not waiting.done()
        assert waiting.result()
        storage = instance.run_storage
        with (
            storage.connect() as connection,  # type: ignore[attr-defined]
            at_once(),
            patience(0.2),
            pytest.raises(HistoryError, match=r"no answer within 0\.2 s"),
        ):
            connection.exec_driver_sql("select pg_sleep(5)")


def test_failures_long_apart_are_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    outage = Outage(12)
    for _ in range(5):
        outage.add("refused")
        assert not outage.is_lasting
        now[0] += 10
    # One request that waited long enough, or several one after the other.
    outage.add("silent", waited=15)
    assert outage.is_lasting
    assert outage.reason == "silent"
    outage.end()
    assert not outage.is_lasting
    for _ in range(4):
        outage.add("refused")
        now[0] += 5
    assert outage.is_lasting
    now[0] += 4
    assert not outage.is_lasting
