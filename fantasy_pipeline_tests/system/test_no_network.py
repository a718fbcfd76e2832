"""Commands without network: they say what they wait for and give up after seconds."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline_tests.system.watching import new_home, start

pytestmark = [pytest.mark.slow, pytest.mark.loopback]


@contextmanager
def swallowing() -> Iterator[str]:
    """Return an address that answers no connection: its queue is full, so the system drops more."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.socket() as queued:
        queued.connect(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_host_that_swallows_connections_is_given_up_after_seconds(tmp_path: Path) -> None:
    """Four attempts of five seconds, and the waits between them, would take half a minute."""
    home = new_home(tmp_path / "home")
    with swallowing() as mirror:
        process = start(home, "run", NFLVERSE_MIRROR=mirror, COLUMNS="500")
        out, err = process.communicate(timeout=900)
    assert (process.returncode, out) == (1, "")
    retries = [line for line in err.splitlines() if "trying again" in line]
    assert 1 <= len(retries) <= 2
    for text in retries:
        assert re.fullmatch(r"127\.0\.0\.1 cannot be reached; trying again in .*", text)
    error = err.splitlines()[-1]
    assert error.startswith("error: schedule: ")
    assert "timed out" in error
    assert f"(attempts: {len(retries) + 1})" in error


@pytest.mark.parametrize("command", [("run",), ("backfill", "--seasons", "2024"), ("week",)])
def test_a_host_that_accepts_and_says_nothing_is_given_up_after_seconds(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Two waits of at most ten seconds. Four of sixty took four minutes."""
    home = new_home(tmp_path / "home")
    # The system accepts connections for the server, which never looks at them.
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        mirror = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = start(home, *command, NFLVERSE_MIRROR=mirror, COLUMNS="500")
        out, err = process.communicate(timeout=900)
    assert (process.returncode, out) == (1, "")
    retry, error = err.splitlines()
    assert re.fullmatch(r"127\.0\.0\.1 does not answer; trying again in \S+ s \(2 of 4\)", retry)
    assert re.match(r"error: (games: )?schedule: ", error)
    assert "timed out" in error
    assert "(attempts: 2)" in error


def test_backfill_gives_up_without_step_retries(tmp_path: Path) -> None:
    home = new_home(tmp_path / "home")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        mirror = f"http://127.0.0.1:{closed.getsockname()[1]}"
        process = start(home, "backfill", "--seasons", "2024", NFLVERSE_MIRROR=mirror)
        out, err = process.communicate(timeout=900)
    assert (process.returncode, out) == (1, "")
    *retries, error = err.splitlines()
    line = r"127\.0\.0\.1 cannot be reached; trying again in \S+ s \(%d of 4\)"
    assert len(retries) == 3
    for number, text in enumerate(retries, 2):
        assert re.fullmatch(line % number, text)
    assert error.startswith("error: games: schedule: ")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs()
        retry = dg.DagsterEventType.STEP_UP_FOR_RETRY
        assert not instance.all_logs(run.run_id, of_type=retry)
