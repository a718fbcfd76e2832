"""Test how many requests a command sends to object storage, counted by a proxy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, PROJECTION_ACCURACY
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.lake.places import BucketPlace
from fantasy_pipeline_tests.proxy import http_requests, proxy
from fantasy_pipeline_tests.system.watching import finish, new_home, start

pytestmark = pytest.mark.loopback

Rows = Callable[..., pa.Table]

MOST = {"run": 200, "report": 10, "projections": 4, "health": 10, "status": 4}
"""Requests of each command on a lake with 31 weeks; `sql` has a test of its own."""
MOST_ROUNDS = 55
"""Requests of a weekly run that wait for each other, each of them for `DELAY`."""
DELAY = 0.2


@pytest.mark.slow
def test_commands_on_31_weeks_need_few_requests(
    s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before: 605 requests of a weekly run, 59 of a report that is up to date.

    Most requests of a run must not wait for others: its 190 were a chain of 70.
    """
    home, place = new_home(tmp_path / "home"), BucketPlace(s3)
    monkeypatch.setenv("FANTASY_DATA", place.root)
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    finish(start(home, "backfill", "--seasons", "2024-2025"))
    with proxy(int(s3.rsplit(":", 1)[1]), http_requests, DELAY) as counted:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{counted.port}")
        for command, requests in MOST.items():
            counted.clear()
            code, _, err = call(home, [command])
            assert code == (2 if command == "health" else 0), err
            assert len(counted.requests) <= requests, counted.requests
            assert counted.requests
            if command == "run":
                assert counted.rounds <= MOST_ROUNDS, counted.requests


def test_sql_lists_and_reads_the_tables_that_it_names(
    s3: str, tmp_path: Path, rows: Rows, accuracy: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request for the label, one listing, and one for each object of the table."""
    place = BucketPlace(s3)
    weeks = [SeasonWeek(2024, week) for week in range(1, 10)]
    lake = Lake(f"{place.root}/sample", SAMPLE_LABEL)
    scores = accuracy(*((week.week, "QB", 1.0) for week in weeks))
    lake.write_weeks(PROJECTION_ACCURACY, scores, weeks)
    lake.write(GAMES, rows(GAMES, {"season": 2024, "week": 5, "game_id": "a"}))
    monkeypatch.setenv("FANTASY_DATA", place.root)
    with proxy(int(s3.rsplit(":", 1)[1]), http_requests) as counted:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{counted.port}")
        code, out, err = call(tmp_path, ["sql", "select count(*) from projection_accuracy"])
        assert code == 0, err
        assert "9" in out
        assert len(counted.requests) == 2 + len(weeks), counted.requests
        assert not [line for line in counted.requests if line.startswith("HEAD")]
