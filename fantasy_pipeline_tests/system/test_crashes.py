"""Test backfills that are killed at any point: the lake stays valid, a rerun completes it.

A full disk is tested here too: it ends a backfill without asking the code either.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.workspace import REAL_LABEL
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.deployment.postgres import DEPLOY, running_postgres
from fantasy_pipeline_tests.system.watching import (
    Readers,
    counts_of,
    differing,
    files_of,
    finish,
    new_home,
    start,
    wait_for_files,
)
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

_LOG = logging.getLogger(__name__)


@dataclass
class Whole:
    """An uninterrupted backfill: its files, its rows, and how long it took."""

    words: tuple[str, ...]
    data_of: Callable[[Path], str]
    lake: str
    label: str
    environment: dict[str, str]
    files: dict[str, bytes]
    counts: dict[str, dict[SeasonWeek, int]]
    seconds: float
    settings: Path


def whole(
    folder: Path,
    words: tuple[str, ...],
    data_of: Callable[[Path], str],
    lake: str,
    label: str,
    settings: Path = ROOT / "dagster.yaml",
    **environment: str,
) -> Whole:
    home = new_home(folder / "whole", settings)
    data = data_of(home)
    begun = time.monotonic()
    finish(start(home, *words, FANTASY_DATA=data, **environment))
    seconds = time.monotonic() - begun
    files = files_of(f"{data}/{lake}")
    assert "player_history/part.parquet" in files
    assert any(name.startswith("models/") for name in files)
    counts = counts_of(Lake(f"{data}/{lake}", label))
    return Whole(words, data_of, lake, label, environment, files, counts, seconds, settings)


@pytest.fixture(scope="module")
def sample_backfill(
    tmp_path_factory: pytest.TempPathFactory, data_of: Callable[[Path], str]
) -> Whole:
    words = ("backfill", "--seasons", "2025", "--weeks", "1-2", "--json")
    folder = tmp_path_factory.mktemp("backfill")
    return whole(folder, words, data_of, "sample", SAMPLE_LABEL, FANTASY_SOURCE="sample")


TWO_SEASONS = ("backfill", "--seasons", "2024-2025", "--weeks", "1-2", "--json")


@pytest.fixture(scope="module")
def two_seasons(tmp_path_factory: pytest.TempPathFactory, data_of: Callable[[Path], str]) -> Whole:
    """Return the backfill of two seasons on a folder or on object storage, history in files."""
    folder = tmp_path_factory.mktemp("seasons")
    return whole(folder, TWO_SEASONS, data_of, "sample", SAMPLE_LABEL, FANTASY_SOURCE="sample")


@pytest.fixture(scope="module")
def two_seasons_on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Return the backfill of two seasons on a folder, its history in a real Postgres."""
    folder = tmp_path_factory.mktemp("seasons")
    with running_postgres() as server:
        yield whole(
            folder,
            TWO_SEASONS,
            lambda home: str(home / "data"),
            "sample",
            SAMPLE_LABEL,
            DEPLOY / "dagster.yaml",
            FANTASY_SOURCE="sample",
            **server.environment,
        )


class Victim:
    """A backfill that is killed repeatedly; its lake is compared with that of the whole one."""

    def __init__(self, folder: Path, whole: Whole, seed: int) -> None:
        self.folder = folder
        self.whole = whole
        self.choice = random.Random(seed)  # noqa: S311
        self.kills = 0
        self.completions = 0

    def start(self, home: Path, data: str) -> subprocess.Popen[str]:
        return start(home, *self.whole.words, FANTASY_DATA=data, **self.whole.environment)

    def kill_one(self, home: Path, data: str) -> bool:
        """Start the backfill and kill all its processes; return False if it ended before that."""
        process = self.start(home, data)
        if self.choice.random() < 0.5:
            files = self.choice.randint(1, len(self.whole.files) // 2)
            # Just after a file is written, the next one is being written.
            wait_for_files(f"{data}/{self.whole.lake}", files, process)
        else:
            delay = self.choice.uniform(0, self.whole.seconds)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(delay)
        finished = process.poll() is not None
        if not finished:
            os.killpg(process.pid, signal.SIGKILL)
            self.kills += 1
            _LOG.info("kill %d, with %d files", self.kills, len(files_of(data)))
        out, err = process.communicate()
        assert not finished or process.returncode == 0, err[-3000:] + out[-500:]
        return not finished

    def assert_right(self, data: str) -> None:
        """Check that every file has the same bytes as without kills."""
        found = files_of(f"{data}/{self.whole.lake}")
        assert differing(found, {name: self.whole.files.get(name, b"") for name in found}) == []

    def until(self, kills: int) -> Readers:
        """Kill backfills, check the lake each time, and start again.

        After a backfill that completed, the next one gets a new lake.
        """
        trouble: list[str] = []
        reads = 0
        while self.kills < kills:
            home = new_home(self.folder / f"home{self.completions}", self.whole.settings)
            data = self.whole.data_of(home)
            lake = f"{data}/{self.whole.lake}"
            readers = Readers(lake, self.whole.label, self.whole.counts)
            with readers.watching(1, 21):
                while self.kills < kills and self.kill_one(home, data):
                    self.assert_right(data)
                if self.kills == kills:
                    finish(self.start(home, data))
            self.completions += 1
            assert differing(files_of(lake), self.whole.files) == []
            trouble += readers.trouble
            reads += readers.reads
            shutil.rmtree(home)
        readers.trouble, readers.reads = trouble, reads
        return readers


@pytest.mark.slow
def test_a_few_kills(tmp_path: Path, sample_backfill: Whole) -> None:
    readers = Victim(tmp_path, sample_backfill, 0).until(3)
    assert readers.trouble == []
    assert readers.reads > 20


@pytest.mark.soak
@pytest.mark.parametrize("data_of", ["folder"], indirect=True)
@pytest.mark.parametrize("seed", range(1, 6))
def test_fifty_kills_of_the_sample_league(
    tmp_path: Path,
    sample_backfill: Whole,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    victim = Victim(tmp_path, sample_backfill, seed)
    assert_untroubled(victim, victim.until(10), record_property)


@pytest.mark.soak
@pytest.mark.parametrize("data_of", ["folder"], indirect=True)
@pytest.mark.parametrize("seed", range(100))
def test_a_thousand_kills_of_two_seasons(
    tmp_path: Path,
    two_seasons: Whole,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    victim = Victim(tmp_path, two_seasons, seed)
    assert_untroubled(victim, victim.until(10), record_property)


@pytest.mark.soak
@pytest.mark.loopback
@pytest.mark.parametrize("data_of", ["s3"], indirect=True)
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_kills_on_object_storage(
    tmp_path: Path,
    two_seasons: Whole,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    victim = Victim(tmp_path, two_seasons, seed)
    assert_untroubled(victim, victim.until(10), record_property)


@pytest.mark.soak
@pytest.mark.loopback
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_kills_on_postgres(
    tmp_path: Path,
    two_seasons_on_postgres: Whole,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    victim = Victim(tmp_path, two_seasons_on_postgres, seed)
    assert_untroubled(victim, victim.until(10), record_property)


@pytest.mark.soak
def test_kills_on_real_data(
    tmp_path: Path, nfl_mirror: Path, record_property: Callable[[str, object], None]
) -> None:
    words = ("backfill", "--seasons", "2021-2023", "--weeks", "1-6", "--json")
    mirror = {"NFLVERSE_MIRROR": str(nfl_mirror)}
    real = whole(tmp_path, words, lambda home: str(home / "data"), "lake", REAL_LABEL, **mirror)
    # One model is large: it was trained.
    assert any(len(real.files[name]) > 10_000 for name in real.files if name.endswith(".npz"))
    victim = Victim(tmp_path, real, 0)
    assert_untroubled(victim, victim.until(10), record_property)


def assert_untroubled(
    victim: Victim, readers: Readers, record_property: Callable[[str, object], None]
) -> None:
    counts = (victim.kills, victim.completions, readers.reads)
    _LOG.info("%d kills, %d completions, %d reads", *counts)
    record_property("kills", victim.kills)
    record_property("reads", readers.reads)
    assert readers.trouble == []


# Disk full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Return `small_disk(kib)`, which mounts a file system of that size."""
    mounted: list[Path] = []

    def mount(kib: int) -> Path:
        folder = tmp_path / "disk"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            reason = f"no file system can be mounted here: {done.stderr.strip()}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_disk_full(tmp_path: Path, small_disk: Callable[[int], Path]) -> None:
    """The command prints one clear error; no table loses a row, no half-written file is left."""
    home = new_home(tmp_path / "home")
    where = {"FANTASY_SOURCE": "sample", "FANTASY_DATA": str(tmp_path / "data")}
    finish(start(home, "run", "--season", "2024", "--week", "1", "--json", **where))
    full = tmp_path / "data" / "sample"
    used = sum(-(-len(data) // 4096) * 4 for data in files_of(full).values())
    disk = small_disk(used + 900)
    shutil.copytree(tmp_path / "data", disk, dirs_exist_ok=True)
    (disk / "filler").write_bytes(b"x" * max(0, shutil.disk_usage(disk).free - 40 * 1024))
    before = files_of(disk / "sample")
    where["FANTASY_DATA"] = str(disk)
    process = start(home, "run", "--season", "2024", "--week", "2", **where)
    _, err = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 1
    assert err.count("error:") == 1
    assert "Traceback" not in err
    assert "No space left on device" in err
    assert "free disk space" in err
    after = files_of(disk / "sample")
    assert {name: after.get(name) for name in before} == before
    assert not list(disk.rglob("*.tmp"))
    lake = Lake(str(disk / "sample"), SAMPLE_LABEL)
    rows = lake.read(WEEKLY_STATS).num_rows
    assert rows > 100
    # With free space the same command succeeds.
    (disk / "filler").unlink()
    finish(start(home, "run", "--season", "2024", "--week", "2", "--json", **where))
    assert lake.weeks(WEEKLY_STATS) == [SeasonWeek(2024, 1), SeasonWeek(2024, 2)]
