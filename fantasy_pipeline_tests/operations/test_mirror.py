"""`mirror` as a user runs it: saved from a server, killed, resumed, and imported from offline."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.loopback import Upstream, files, serving

pytestmark = [pytest.mark.slow, pytest.mark.loopback]

AT = "2025-10-01T08:00Z"
"""The mirror of the tests has the first four weeks of 2025."""
SEASON = ("--seasons", "2025", "--at", AT)


def environment(home: Path, upstream: str) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    return {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "NFLVERSE_MIRROR": upstream,
        "PYTHONPATH": str(ROOT),
    }


def command(home: Path, upstream: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fantasy_pipeline.cli", *words],
        env=environment(home, upstream),
        capture_output=True,
        text=True,
        timeout=600,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def upstream(nfl_mirror: Path) -> Iterator[Upstream]:
    with serving() as state:
        state.will(files(nfl_mirror))
        yield state


def test_the_sample_league_has_no_files(tmp_path: Path) -> None:
    done = command(tmp_path / "home", "", "mirror", "m", "--source", "sample", "--seasons", "2025")
    assert done.returncode != 0
    assert "has no files to save; give another source" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_season_that_the_schedule_lacks_is_named(upstream: Upstream, tmp_path: Path) -> None:
    words = ("mirror", str(tmp_path / "m"), "--seasons", "2026-2028", "--at", AT)
    done = command(tmp_path / "home", upstream.base, *words)
    assert done.returncode != 0
    assert "the schedule has no season 2027-2028; give seasons out of 1999-2026" in done.stderr


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream, nfl_mirror: Path) -> Path:
    """A folder that a killed command began and the same command completed."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("mirror")
    reached, released = threading.Event(), threading.Event()

    def held(handler: BaseHTTPRequestHandler) -> None:
        reached.set()
        released.wait(60)
        files(nfl_mirror)(handler)

    [held_name] = [name for name in contents(nfl_mirror) if name.endswith("counts_2025.parquet")]
    upstream.faults[f"/{held_name}"] = [held]
    words = [sys.executable, "-m", "fantasy_pipeline.cli", "mirror", str(folder), *SEASON]
    process = subprocess.Popen(
        words, env=environment(home, upstream.base), stderr=subprocess.DEVNULL
    )
    assert reached.wait(120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    released.set()
    upstream.faults.clear()
    begun = contents(folder)
    assert len(begun) > 3
    assert held_name not in begun
    upstream.requests.clear()
    done = command(home, upstream.base, "mirror", str(folder), *SEASON)
    assert done.returncode == 0, done.stderr
    assert f"{len(begun)} unchanged" in done.stdout
    assert f"export NFLVERSE_MIRROR={folder}" in done.stdout
    assert "Not published: market_values; nflcom 2025 week 5; sleeper 2025 week 1-5" in done.stdout
    assert "weekly_stats 2025: " in done.stderr
    revalidated = {path for path, headers in upstream.requests if "If-None-Match" in headers}
    assert {f"/{name}" for name in begun} == revalidated
    return folder


def test_every_file_is_upstreams(saved: Path, nfl_mirror: Path) -> None:
    found = contents(saved)
    assert {name: (nfl_mirror / name).read_bytes() for name in found} == found
    assert any("scoringPeriodId=4" in name for name in found)


def test_weeks_that_are_over_are_not_requested_again(
    saved: Path, upstream: Upstream, tmp_path: Path
) -> None:
    upstream.requests.clear()
    done = command(tmp_path / "home", upstream.base, "mirror", str(saved), *SEASON, "--json")
    facts = json.loads(done.stdout)
    assert (facts["new"], facts["updated"]) == (0, 0)
    assert facts["unchanged"] == facts["files"] == len(contents(saved))
    requested = " ".join(path for path, _ in upstream.requests)
    assert "stats_player_week_2025" in requested
    assert "/2025/5/projected/QB" in requested
    assert "/2025/4/projected/QB" not in requested
    assert "scoringPeriodId=4" not in requested


def test_an_import_from_the_folder_is_an_import_from_upstream(
    saved: Path, upstream: Upstream, tmp_path: Path
) -> None:
    week = ("--season", "2025", "--week", "3", "--at", AT)
    lakes = []
    for home, source in (("one", str(saved)), ("two", upstream.base)):
        done = command(tmp_path / home, source, "run", *week, "--json")
        assert done.returncode == 0, done.stderr
        lake = contents(tmp_path / home / "data" / "lake")
        lakes.append({name: rows for name, rows in lake.items() if "week=03" in name})
    assert len(lakes[0]) >= 5
    assert lakes[0] == lakes[1]


def test_without_upstream_one_line_says_so(tmp_path: Path) -> None:
    done = command(tmp_path / "home", str(tmp_path), "mirror", str(tmp_path / "m"), *SEASON)
    assert done.returncode == 1
    assert "schedule" in done.stderr.splitlines()[-1]
