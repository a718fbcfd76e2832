"""Test how long commands wait when object storage stops working while they run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fantasy_pipeline.football.tables import GAMES
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.lake.places import BucketPlace, environment
from fantasy_pipeline_tests.proxy import Proxy, Trouble, http_requests, proxy
from fantasy_pipeline_tests.system.watching import start
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

SECONDS = {"health": 5}
"""Seconds from the first request that fails to the end of a command; 20 for the other commands."""


@pytest.fixture(scope="module")
def imported(s3_server: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a home and the root of its data, with a week of the sample league."""
    home = tmp_path_factory.mktemp("home")
    (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    place = BucketPlace(s3_server)
    with pytest.MonkeyPatch.context() as patch:
        _lead_to(s3_server, place.root, patch)
        code, _, err = call(home, ["run"])
    assert code == 0, err
    return home, place.root


def _lead_to(address: str, root: str, patch: pytest.MonkeyPatch) -> None:
    for name, value in {**environment(address), "FANTASY_DATA": root}.items():
        patch.setenv(name, value)


@pytest.fixture
def counted(
    s3_server: str, imported: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Proxy]:
    with proxy(int(s3_server.rsplit(":", 1)[1]), http_requests) as counting:
        _lead_to(f"http://127.0.0.1:{counting.port}", imported[1], monkeypatch)
        yield counting


@pytest.mark.parametrize(
    ("command", "trouble", "after"),
    [
        ("status", "silent", 0),
        ("sql from projections", "silent", 2),
        ("report", "silent", 3),
        ("run", "silent", 20),
        ("run", "closing", 20),
        ("health", "silent", 0),
        ("health", "silent", 2),
        ("health", "closing", 2),
    ],
)
def test_a_command_ends_soon_after_the_storage_stopped_working(
    command: str, trouble: Trouble, after: int, counted: Proxy, imported: tuple[Path, str]
) -> None:
    """Each layer and each step would try again for itself; together they wait once."""
    home, root = imported
    name, *text = command.split(" ", 1)
    counted.begin(trouble, after)
    code, out, err = call(home, [name, *text])
    # A command gives up after 20 s of waiting. What it does besides takes longer on a busy machine.
    assert counted.waited() < SECONDS.get(name, 30)
    assert code == {"health": 2}.get(name, 1), err
    assert f"{root}/sample cannot be used: " in " ".join(f"{out}{err}".split())
    # Several threads read at the same time, and aiohttp connects again once.
    assert counted.connections - after <= 2 * 16 + 8


def test_a_storage_that_restarts_is_waited_for(counted: Proxy, imported: tuple[Path, str]) -> None:
    """The attempts of a request that is refused at once take 3 s or more."""
    lake = Lake(f"{imported[1]}/sample", SAMPLE_LABEL)
    counted.begin("closing")
    threading.Timer(1.5, counted.begin, [None]).start()
    assert lake.read(GAMES).num_rows > 0
    assert counted.requests


def test_a_backfill_does_not_wait_in_each_of_its_processes(
    counted: Proxy, imported: tuple[Path, str]
) -> None:
    home, root = imported
    counted.begin("silent", 20)
    words = ("backfill", "--seasons", "2024-2025", "--weeks", "1-2")
    process = start(home, *words, FANTASY_SOURCE="sample")
    _, err = process.communicate(timeout=LONGEST_SECONDS)
    # The CPU is that of other processes, which load the code and interpret for seconds.
    assert counted.waited() < 30
    assert process.returncode == 1
    assert f"{root}/sample cannot be used: " in " ".join(err.split())
