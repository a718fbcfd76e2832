"""Backfills killed at any point: what is in the lake is right at once, and complete after a re-run.

Disk full is here too: another end that no code of ours is asked about.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fantasy_pipeline.lake import Lake
from fantasy_pipeline.resources import REAL_LABEL
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.sources.base import SAMPLE_LABEL
from fantasy_pipeline.tables import WEEKLY_STATS
from fantasy_pipeline_tests.watching import (
    Readers,
    counts_of,
    differing,
    files_of,
    finish,
    new_home,
    start,
    wait_for_files,
)

SEED = 20250907
SHORT = ("backfill", "--seasons", "2025", "--weeks", "1-2", "--json")
LONG = ("backfill", "--seasons", "2024-2025", "--weeks", "1-3", "--json")


class Victim:
    """A backfill that is killed again and again; the lake is compared to one never interrupted."""

    def __init__(
        self, folder: Path, words: tuple[str, ...], lake: str, label: str, **environment: str
    ) -> None:
        self.folder = folder
        self.words = words
        self.lake = lake
        self.label = label
        self.environment = environment
        self.choice = random.Random(SEED)  # noqa: S311
        self.kills = 0
        self.completions = 0
        begun = time.monotonic()
        finish(self.start(new_home(folder / "reference")))
        self.seconds = time.monotonic() - begun
        self.reference = files_of(folder / "reference" / "data" / lake)
        assert "player_history/part.parquet" in self.reference
        self.counts = counts_of(Lake(str(folder / "reference" / "data" / lake), label))

    def start(self, home: Path) -> subprocess.Popen[str]:
        return start(home, *self.words, **self.environment)

    def kill_one(self, home: Path) -> bool:
        """Start the backfill and kill all its processes at some point; whether it came to that."""
        process = self.start(home)
        if self.choice.random() < 0.5:
            files = self.choice.randint(1, len(self.reference) // 2)
            # Just after a file came, the next is on its way.
            wait_for_files(home / "data" / self.lake, files, process)
        else:
            delay = self.choice.uniform(0, self.seconds)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(delay)
        finished = process.poll() is not None
        if not finished:
            os.killpg(process.pid, signal.SIGKILL)
            self.kills += 1
        out, err = process.communicate()
        assert not finished or process.returncode == 0, err[-3000:] + out[-500:]
        return not finished

    def assert_right(self, home: Path) -> None:
        """What is there is final: the same bytes as if nothing had happened."""
        found = files_of(home / "data" / self.lake)
        assert differing(found, {name: self.reference.get(name, b"") for name in found}) == []

    def until(self, kills: int) -> Readers:
        """Kill, see what is there, and start again, afresh whenever a backfill got through."""
        trouble: list[str] = []
        reads = 0
        while self.kills < kills:
            home = new_home(self.folder / f"home{self.completions}")
            readers = Readers(home / "data" / self.lake, self.label, self.counts)
            with readers.watching(1):
                while self.kills < kills and self.kill_one(home):
                    self.assert_right(home)
                if self.kills == kills:
                    finish(self.start(home))
            self.completions += 1
            assert differing(files_of(home / "data" / self.lake), self.reference) == []
            trouble += readers.trouble
            reads += readers.reads
            shutil.rmtree(home)
        readers.trouble, readers.reads = trouble, reads
        return readers


def test_a_few_kills(tmp_path: Path) -> None:
    victim = Victim(tmp_path, SHORT, "sample", SAMPLE_LABEL, FANTASY_SOURCE="sample")
    readers = victim.until(3)
    assert readers.trouble == []
    assert readers.reads > 20


@pytest.mark.soak
def test_fifty_kills_of_the_sample_league(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    victim = Victim(tmp_path, LONG, "sample", SAMPLE_LABEL, FANTASY_SOURCE="sample")
    assert any(name.startswith("models/") for name in victim.reference)
    report(victim, victim.until(50), record_property)


@pytest.mark.soak
def test_kills_on_real_data(
    tmp_path: Path, nfl_mirror: Path, record_property: Callable[[str, object], None]
) -> None:
    words = ("backfill", "--seasons", "2022-2023", "--weeks", "1-6", "--json")
    victim = Victim(tmp_path, words, "lake", REAL_LABEL, NFLVERSE_MIRROR=str(nfl_mirror))
    report(victim, victim.until(10), record_property)


def report(
    victim: Victim, readers: Readers, record_property: Callable[[str, object], None]
) -> None:
    print(f"{victim.kills} kills, {victim.completions} completions, {readers.reads} reads")  # noqa: T201
    record_property("kills", victim.kills)
    record_property("reads", readers.reads)
    assert readers.trouble == []


# Disk full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """`small_disk(kib)`: a file system of that size."""
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
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_disk_full(tmp_path: Path, small_disk: Callable[[int], Path]) -> None:
    """One clear error; of the tables nothing is lost, and nothing half is there."""
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
    _, err = process.communicate(timeout=300)
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
    # With room again, the same command goes through.
    (disk / "filler").unlink()
    finish(start(home, "run", "--season", "2024", "--week", "2", "--json", **where))
    assert lake.weeks(WEEKLY_STATS) == [SeasonWeek(2024, 1), SeasonWeek(2024, 2)]
