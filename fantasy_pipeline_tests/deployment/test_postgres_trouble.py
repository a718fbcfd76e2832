"""Test what commands, sensors and the HTTP server say when Postgres is down, full or refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy
from server import Postgres

from fantasy_pipeline.errors import HistoryError
from fantasy_pipeline.lake.locks import locked
from fantasy_pipeline.operations.health import examine, subject_of
from fantasy_pipeline.operations.session import INSTANCE_LOCK, Session, open_instance
from fantasy_pipeline.orchestration import history_errors
from fantasy_pipeline.orchestration.alerts.channels import Webhook
from fantasy_pipeline.orchestration.alerts.messages import Alert
from fantasy_pipeline.orchestration.alerts.outbox import KEY, Outbox
from fantasy_pipeline.orchestration.history_errors import OUTAGE
from fantasy_pipeline.orchestration.history_locks import claimed
from fantasy_pipeline.orchestration.history_probe import try_to_write
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.cli.calling import called
from fantasy_pipeline_tests.operations.test_execute import run, tick
from fantasy_pipeline_tests.orchestration.alerts.receivers import receiving
from fantasy_pipeline_tests.waiting import until
from fantasy_pipeline_tests.web.servers import serving
from fantasy_pipeline_tests.web.test_progress import heard

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

COMMANDS = (
    ("history",),
    ("status", "--json"),
    ("sql", "select * from job_executions"),
    ("run",),
    ("trigger", "--season", "2025", "--week", "4"),
    ("backfill", "--seasons", "2024", "--weeks", "1-2"),
)


@pytest.fixture
def home(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home whose history is on the server, which the environment leads to."""
    shutil.copy(ROOT / "deploy" / "postgres" / "dagster.yaml", tmp_path)
    settings = {
        **postgres.environment,
        "DAGSTER_HOME": str(tmp_path),
        "FANTASY_DATA": str(tmp_path / "data"),
        "FANTASY_SOURCE": "sample",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def failure(*arguments: str, **variables: str) -> str:
    """Return the one line on stderr of a command that must end with exit code 1."""
    # A process has one server, and this one has had another.
    OUTAGE.end()
    _, err = called(Path(os.environ["DAGSTER_HOME"]), *arguments, code=1, **variables)
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    return line


def execute(postgres: Postgres, statement: str) -> None:
    """Execute a statement on the server, without the program's own code."""
    url = sqlalchemy.URL.create(
        "postgresql+psycopg2", "postgres", postgres.password, "127.0.0.1", postgres.port, "postgres"
    )
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()


def place(postgres: Postgres, database: str = "postgres") -> str:
    return f"the database {database} at 127.0.0.1 port {postgres.port}: "


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_stopped_server_is_one_line(command: tuple[str, ...], home: Path) -> None:
    # Nothing listens on port 1.
    line = failure(*command, DAGSTER_PG_PORT="1")
    assert "the database postgres at 127.0.0.1 port 1: Connection refused. Start the server" in line


def test_a_refused_connection_is_one_line(home: Path, postgres: Postgres) -> None:
    line = failure("history", DAGSTER_PG_PASSWORD="wrong")  # noqa: S106 - of the test
    assert f"{place(postgres)}password authentication failed" in line
    assert "Check the user and the password" in line
    line = failure("history", DAGSTER_PG_DB="absent")
    assert f'{place(postgres, "absent")}database "absent" does not exist. Create' in line


def test_an_unset_variable_is_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_PG_PASSWORD")
    assert failure("history").endswith("that are not set: DAGSTER_PG_PASSWORD. Set them.")


def test_a_schema_of_another_version_is_one_line(home: Path, postgres: Postgres) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        run(instance)
        execute(postgres, "alter table runs drop column update_timestamp")
        history_errors.listen()
        with pytest.raises(HistoryError, match=r"update_timestamp.*run dagster instance migrate"):
            tick(instance)
    # The worker processes of a backfill would each fail, and Dagster say so beside them.
    backfill = ("backfill", "--seasons", "2024", "--weeks", "1")
    prune = ("prune", "--older-than", "180d")
    for command in ("history",), ("reconcile",), prune, backfill:
        line = failure(*command)
        assert line.startswith(f"error: the run history cannot be used: {place(postgres)}")
        assert "run dagster instance migrate" in line


def test_http_answers_503_without_its_database(home: Path, postgres: Postgres) -> None:
    with serving(Session()) as client:
        assert client.get("/api/jobs/history").status_code == 200
        postgres.stop()
        for path in ("/api/jobs/history", "/api/jobs/status"):
            answer = client.get(path)
            assert answer.status_code == 503, answer.text
            assert f"{place(postgres)}Connection refused" in answer.json()["detail"]
        page = client.page("/runs/00000000-0000-0000-0000-000000000000")
        assert page.status_code == 503
        assert "Connection refused" in page.text
        for path in ("progress", "history/00000000-0000-0000-0000-000000000000/progress"):
            found, code, reason = heard(client, path)
            assert (found, code) == ([], 1013)
            assert reason == "the run history cannot be read; connect again later"
        answer = client.get("/healthz")
        assert answer.status_code == 503
        (finding,) = answer.json()["findings"]
        assert place(postgres) in finding["message"]
        postgres.start()
        assert client.get("/api/jobs/history").status_code == 200


def test_health_knows_that_the_history_cannot_be_written(home: Path, postgres: Postgres) -> None:
    session = Session()
    assert {f.level for f in examine(subject_of(session)) if f.rule == "history_writable"} == {"ok"}
    assert session.instance.run_storage.get_cursor_values({"fantasy_pipeline/probe"}) == {}
    execute(postgres, "alter database postgres set default_transaction_read_only = on")
    session = Session()
    (finding,) = (f for f in examine(subject_of(session)) if f.rule == "history_writable")
    assert finding.level == "critical"
    assert f"{place(postgres)}cannot execute INSERT in a read-only transaction" in finding.message
    assert "connect to the primary server" in finding.message


def _run_often(instance: dg.DagsterInstance) -> None:
    for _ in range(100):
        run(instance)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Return a file system of 150 MB; a server needs 70 MB for a new history."""
    with tempfile.TemporaryDirectory(prefix="fantasy-postgres-") as folder:
        Path(folder).chmod(0o755)
        mount = ["mount", "-t", "tmpfs", "-o", "size=150m,mode=755", "none", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("mounting a file system needs root")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_one_line(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Postgres(small_disk / "server")
    server.start()
    try:
        shutil.copy(ROOT / "deploy" / "postgres" / "dagster.yaml", tmp_path)
        for name, value in {**server.environment, "DAGSTER_HOME": str(tmp_path)}.items():
            monkeypatch.setenv(name, value)
        history_errors.listen()
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
            run(instance)
            try_to_write(instance)
            with (small_disk / "filler").open("wb", buffering=0) as filler:
                while True:
                    try:
                        filler.write(b"\0" * 2**12)
                    except OSError:
                        break
            cause = f"{place(server)}could not extend file.*Free space on the disk of the server"
            with pytest.raises(HistoryError, match=cause):
                _run_often(instance)
            with pytest.raises(HistoryError, match=cause):
                try_to_write(instance)
            # Reading goes on, so no other rule would say it.
            assert instance.get_runs_count() > 0
    finally:
        server.stop("immediate")


def test_commands_on_postgres_do_not_wait_for_the_lock_of_the_home(
    home: Path, postgres: Postgres
) -> None:
    """Another process holds the lock until both commands have ended."""
    with locked(home / INSTANCE_LOCK):
        assert "Connection refused" in failure("history", DAGSTER_PG_PORT="1")
        assert "there is no run absent" in failure("show", "absent")


def test_an_alert_that_another_daemon_is_sending_is_not_sent_again(
    home: Path, postgres: Postgres
) -> None:
    def is_waited_for(instance: dg.DagsterInstance) -> bool:
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        with instance.run_storage.connect() as connection:  # type: ignore[attr-defined]
            return bool(connection.execute(sqlalchemy.text(waiting)).scalar())

    with open_instance(home) as instance, receiving() as server, ThreadPoolExecutor(1) as pool:
        assert Outbox(instance).add(Alert("a", "failure", "title"))
        storage = instance.daemon_cursor_storage
        # The other daemon, which sends the alert.
        with claimed(instance):
            sending = pool.submit(Outbox(instance).deliver, [Webhook("webhook", server.url)])
            until(lambda: is_waited_for(instance), "the second daemon waits")
            state = json.loads(storage.get_cursor_values({KEY})[KEY])
            storage.set_cursor_values({KEY: json.dumps({**state, "pending": []})})
        assert sending.result() == 0
        assert server.bodies == []
        assert Outbox(instance).add(Alert("b", "failure", "title"))
        assert Outbox(instance).deliver([Webhook("webhook", server.url)]) == 1
