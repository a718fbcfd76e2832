"""Commands without network: they say what they wait for and give up after seconds.

All commands wait at the same time, each for a host of its own kind.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import dagster as dg
import pytest

from fantasy_pipeline_tests.system.watching import new_home, start

pytestmark = [pytest.mark.slow, pytest.mark.loopback]

COMMANDS = {
    "swallowed": ("run",),
    "run": ("run",),
    "backfill": ("backfill", "--seasons", "2024"),
    "week": ("week",),
    "refused": ("backfill", "--seasons", "2024"),
}
"""Commands that wait; those that are named after themselves wait for a host that says nothing."""


class Ended(NamedTuple):
    """How a command ended: its Dagster home, exit code and output."""

    home: Path
    code: int
    out: str
    err: str


@contextmanager
def swallowing() -> Iterator[str]:
    """Return an address that answers no connection: its queue is full, so the system drops more."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.socket() as queued:
        queued.connect(server.getsockname())
        yield _address(server)


def _address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Return how each of `COMMANDS` ended."""
    homes = {name: new_home(tmp_path_factory.mktemp("home") / name) for name in COMMANDS}
    with (
        swallowing() as swallower,
        # The system accepts connections for the server, which never looks at them.
        socket.create_server(("127.0.0.1", 0), backlog=50) as silent,
        socket.socket() as closed,
    ):
        closed.bind(("127.0.0.1", 0))
        special = {"swallowed": swallower, "refused": _address(closed)}
        processes = {
            name: start(
                homes[name],
                *words,
                NFLVERSE_MIRROR=special.get(name, _address(silent)),
                COLUMNS="500",
            )
            for name, words in COMMANDS.items()
        }
        found = {}
        for name, process in processes.items():
            out, err = process.communicate(timeout=900)
            found[name] = Ended(homes[name], process.returncode, out, err)
    return found


def test_a_host_that_swallows_connections_is_given_up_after_seconds(
    ended: dict[str, Ended],
) -> None:
    """Four attempts of five seconds, and the waits between them, would take half a minute."""
    _, code, out, err = ended["swallowed"]
    assert (code, out) == (1, "")
    retries = [line for line in err.splitlines() if "trying again" in line]
    assert 1 <= len(retries) <= 2
    for text in retries:
        assert re.fullmatch(r"127\.0\.0\.1 cannot be reached; trying again in .*", text)
    error = err.splitlines()[-1]
    assert error.startswith("error: schedule: ")
    assert "timed out" in error
    assert f"(attempts: {len(retries) + 1})" in error


@pytest.mark.parametrize("command", ["run", "backfill", "week"])
def test_a_host_that_accepts_and_says_nothing_is_given_up_after_seconds(
    ended: dict[str, Ended], command: str
) -> None:
    """Two waits of at most ten seconds. Four of sixty took four minutes."""
    _, code, out, err = ended[command]
    assert (code, out) == (1, "")
    retry, error = err.splitlines()
    assert re.fullmatch(r"127\.0\.0\.1 does not answer; trying again in \S+ s \(2 of 4\)", retry)
    assert re.match(r"error: (games: )?schedule: ", error)
    assert "timed out" in error
    assert "(attempts: 2)" in error


def test_backfill_gives_up_without_step_retries(ended: dict[str, Ended]) -> None:
    home, code, out, err = ended["refused"]
    assert (code, out) == (1, "")
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
