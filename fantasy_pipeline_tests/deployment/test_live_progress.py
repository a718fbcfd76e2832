"""Live progress of runs in other processes, on SQLite and on a real Postgres."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from server import Postgres
from websockets.asyncio.client import connect

from fantasy_pipeline.operations.session import Session
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.operations.test_execute import run as run_some_job
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS
from fantasy_pipeline_tests.web.servers import Client, serving
from fantasy_pipeline_tests.web.test_progress import Messages, address, heard

pytestmark = [pytest.mark.loopback, pytest.mark.slow]


async def follow(client: Client, *words: str) -> Messages:
    """Run a command in another process, and return the messages about its runs."""
    async with connect(address(client, "progress"), open_timeout=60) as socket:
        found = [json.loads(await socket.recv())]
        command = subprocess.Popen(
            [sys.executable, "-m", "fantasy_pipeline.cli", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        )
        try:
            # Until the command is over and nothing is running.
            while command.poll() is None or found[-1].get("runs") != []:
                try:
                    found.append(json.loads(await asyncio.wait_for(socket.recv(), 5)))
                except asyncio.TimeoutError:
                    if command.poll() is not None and found[-1]["event"] == "ended":
                        break
        finally:
            assert command.wait(LONGEST_SECONDS) == 0
        return [one for one in found if one["event"] != "running"]


def use_home(home: Path, postgres: Postgres | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a home of the sample league, on Postgres or SQLite."""
    config = ROOT / "deploy" / "postgres" if postgres else ROOT
    (home / "dagster.yaml").write_text((config / "dagster.yaml").read_text())
    for name, value in postgres.environment.items() if postgres else ():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("FANTASY_SOURCE", "sample")


def test_messages_on_postgres(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_home(tmp_path, postgres, monkeypatch)
    session = Session()
    with serving(session) as client:
        failed, succeeded = (run_some_job(session.instance, fail) for fail in (True, False))
        for run_id, end in ((failed, "failure"), (succeeded, "success")):
            every, code, reason = heard(client, f"history/{run_id}/progress")
            assert (code, reason) == (1000, "the run is over")
            assert [one["cursor"] for one in every] == list(range(1, len(every) + 1))
            assert (every[-1]["event"], every[-1]["text"]) == ("ended", end)
            missed, _, _ = heard(client, f"history/{run_id}/progress?cursor=1")
            assert missed == every[1:]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_runs_of_another_process_are_followed(
    kind: str, tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_home(tmp_path, postgres if kind == "postgres" else None, monkeypatch)
    with serving(Session()) as client:
        found = asyncio.run(follow(client, "backfill", "--seasons", "2025", "--weeks", "1-3"))
        runs = dict.fromkeys(one["run_id"] for one in found)
        assert len(runs) >= 3
        for run_id in runs:
            of_run = [one for one in found if one["run_id"] == run_id]
            assert [one["cursor"] for one in of_run] == list(range(1, len(of_run) + 1))
            assert (of_run[0]["event"], of_run[-1]["text"]) == ("started", "success")
            # The same log gives the same messages.
            assert heard(client, f"history/{run_id}/progress")[0] == of_run
            assert heard(client, f"history/{run_id}/progress?cursor=2")[0] == of_run[2:]
        weeks = {one["weeks"] for one in found}
        assert 3 in weeks
