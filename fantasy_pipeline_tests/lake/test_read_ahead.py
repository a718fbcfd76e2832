"""Test that a run fetches objects ahead, each once, and that what it writes meanwhile stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PROJECTION_ACCURACY
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.read_ahead import ReadAhead
from fantasy_pipeline.lake.s3 import CONNECTIONS
from fantasy_pipeline_tests.lake.places import BucketPlace
from fantasy_pipeline_tests.proxy import Proxy, http_requests, proxy
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until

Accuracy = Callable[..., pa.Table]
WEEKS = [SeasonWeek(2024, week) for week in range(1, 10)]
ALL = [f"{PROJECTION_ACCURACY.name}/"]


def write(lake: Lake, accuracy: Accuracy, error: float) -> None:
    rows = accuracy(*((week.week, "QB", error) for week in WEEKS))
    lake.write_weeks(PROJECTION_ACCURACY, rows, WEEKS)


def errors(lake: Lake) -> set[float]:
    return set(lake.read(PROJECTION_ACCURACY, WEEKS)["mae"].to_pylist())


@pytest.mark.loopback
def test_a_run_fetches_ahead_and_each_object_once(
    s3: str, tmp_path: Path, accuracy: Accuracy, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = BucketPlace(s3)
    other = Lake(place.root, "test")
    write(other, accuracy, 1.0)

    def requests(counted: Proxy, look: Callable[[], object]) -> int:
        counted.clear()
        look()
        return len(counted.requests)

    with proxy(int(s3.rsplit(":", 1)[1]), http_requests, 0.05) as counted:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{counted.port}")
        run = Lake(place.root, "test", one_run=True, lists_all=True)

        def ahead_and_read(error: float) -> None:
            run.read_ahead(ALL)
            assert errors(run) == {error}

        assert requests(counted, lambda: ahead_and_read(1.0)) == len(WEEKS)
        assert requests(counted, lambda: ahead_and_read(1.0)) == 0
        # What another process writes is fetched again, after a lock.
        write(other, accuracy, 2.0)
        with run.rebuild_lock(PROJECTION_ACCURACY):
            ahead_and_read(2.0)
            write(other, accuracy, 3.0)
        with run.rebuild_lock(PROJECTION_ACCURACY):
            run.read_ahead(ALL)
            write(run, accuracy, 4.0)
            assert errors(run) == {4.0}
    # A lake that is not that of one run asks for nothing ahead, nor does one in a folder.
    other.read_ahead(ALL)
    Lake(str(tmp_path), "test").read_ahead(ALL)


@pytest.mark.loopback
def test_a_failure_ahead_is_not_the_runs(
    s3: str, accuracy: Accuracy, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = BucketPlace(s3)
    write(Lake(place.root, "test"), accuracy, 1.0)
    with proxy(int(s3.rsplit(":", 1)[1]), http_requests) as counted:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{counted.port}")
        run = Lake(place.root, "test", one_run=True, lists_all=True)
        run.versions([PROJECTION_ACCURACY])
        counted.begin("closing")
        run.read_ahead(ALL)
        until(lambda: counted.trouble_since, "a request has failed")
        counted.begin(None)
        assert errors(run) == {1.0}


def test_nothing_is_written_while_its_old_content_is_on_its_way() -> None:
    ahead, begun, arrives = ReadAhead(), threading.Event(), threading.Event()
    order: list[str] = []

    def fetch(name: str) -> None:
        begun.set()
        arrives.wait(LONGEST_SECONDS)
        order.append(name)

    ahead.start("address", ["old"], fetch)
    begun.wait(LONGEST_SECONDS)
    threading.Timer(0.1, arrives.set).start()
    ahead.settle("another address", "old")
    assert order == []
    ahead.settle("address", "old")
    assert order == ["old"]


def test_what_is_needed_at_once_does_not_wait_for_its_turn() -> None:
    ahead, arrives = ReadAhead(), threading.Event()
    asked: list[str] = []

    def fetch(name: str) -> None:
        asked.append(name)
        arrives.wait(LONGEST_SECONDS)

    names = [str(number) for number in range(CONNECTIONS)]
    try:
        ahead.start("address", names, fetch)
        ahead.settle("address", names[-1])
    finally:
        arrives.set()
    for name in names:
        ahead.settle("address", name)
    assert names[-1] not in asked
