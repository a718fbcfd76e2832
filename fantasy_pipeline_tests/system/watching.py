"""Watch a lake while it is written: its files, the command that writes it, readers all the time."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import ALL_TABLES
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.queries import run_sql
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.lake.places import object_at, objects_of
from fantasy_pipeline_tests.waiting import until

PAUSE = 0.02
"""Seconds between two reads: real readers pause too, and they share the machine with the tests."""

Counts = Mapping[str, Mapping[SeasonWeek, int]]


def new_home(folder: Path, settings: Path = ROOT / "dagster.yaml") -> Path:
    """Make a Dagster home with a file of settings, this project's or another; return its folder."""
    folder.mkdir(parents=True)
    shutil.copy(settings, folder)
    return folder


def start(home: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    """Start a command on a home, in a new process group."""
    return subprocess.Popen(
        [sys.executable, "-m", "fantasy_pipeline.cli", *words],
        env={**os.environ, "DAGSTER_HOME": str(home), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], seconds: float = 900) -> None:
    """Wait for a command that must succeed."""
    out, err = process.communicate(timeout=seconds)
    assert process.returncode == 0, err[-3000:] + out[-1000:]


def files_of(root: str | Path) -> dict[str, bytes]:
    """Return the files that readers of the lake see: no hidden and no half-written ones."""
    read = object_at if is_bucket(root) else lambda path: Path(path).read_bytes()
    return {name: read(f"{root}/{name}") for name in _names(root)}


def is_bucket(root: str | Path) -> bool:
    """Return whether a root is on object storage."""
    return str(root).startswith("s3://")


def _names(root: str | Path) -> list[str]:
    if is_bucket(root):
        return objects_of(str(root))
    names = []
    for folder, below, files in os.walk(root):
        # Readers make and remove snapshots all the time.
        below[:] = [name for name in below if not name.startswith(".")]
        names += [os.path.relpath(f"{folder}/{name}", root) for name in files]
    return sorted(name for name in names if not name.endswith(".tmp"))


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """Return the names of the files that differ between two lakes, or that one of them lacks."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def counts_of(lake: Lake) -> dict[str, dict[SeasonWeek, int]]:
    """Return the number of rows of each week of each weekly table."""
    return {table.name: _weekly_counts(lake, table) for table in ALL_TABLES if table.weekly}


def _weekly_counts(lake: Lake, table: Table) -> dict[SeasonWeek, int]:
    return {week: lake.read(table, [week], ["season"]).num_rows for week in lake.weeks(table)}


class Readers:
    """Readers of a lake in both ways: tables, and SQL over views.

    Args:
        complete: rows of each complete week; a reader must see all rows of a week or none.
            It leaves out weeks that may change while they are watched.
    """

    def __init__(self, root: str | Path, label: str, complete: Counts) -> None:
        self._root = str(root)
        self._label = label
        self._complete = complete
        self._done = threading.Event()
        self._lock = threading.Lock()
        self.reads = 0
        self.trouble: list[str] = []

    @contextmanager
    def watching(self, readers: int, least: int = 1) -> Iterator[None]:
        """Read with this many threads within the context.

        Args:
            least: the context ends after this many reads; a loaded machine reads slowly.
        """
        threads = [threading.Thread(target=self._watch, args=(n,)) for n in range(readers)]
        self._done.clear()
        for thread in threads:
            thread.start()
        already = self.reads
        try:
            yield
            assert self.reads > already, "nothing was read meanwhile"
            until(lambda: self.reads >= already + least, f"{least} reads are done")
        finally:
            self._done.set()
            for thread in threads:
                thread.join()

    def _watch(self, seed: int) -> None:
        choice = random.Random(seed)  # noqa: S311
        seen: dict[str, set[SeasonWeek]] = {}
        while not self._done.wait(PAUSE):
            table = choice.choice(ALL_TABLES)
            try:
                lake = Lake(self._root, self._label)
                if table.weekly:
                    self._look(table, self._weeks(lake, table, choice), seen)
                elif lake.has(table) and not lake.read(table, None, [table.key[0]]).num_rows:
                    self._tell(f"{table.name} has no rows")
            except Exception as error:
                self._tell(f"{table.name}: {type(error).__name__}: {error}")
            with self._lock:
                self.reads += 1

    def _weeks(self, lake: Lake, table: Table, choice: random.Random) -> dict[SeasonWeek, int]:
        if choice.random() < 0.5 or not lake.weeks(table):
            return _weekly_counts(lake, table)
        rows = run_sql(lake, f"select season, week, count(*) n from {table.name} group by all")  # noqa: S608
        return {SeasonWeek(row["season"], row["week"]): row["n"] for row in rows.to_pylist()}

    def _look(
        self, table: Table, weeks: Mapping[SeasonWeek, int], seen: dict[str, set[SeasonWeek]]
    ) -> None:
        complete = self._complete.get(table.name, {})
        for week, rows in weeks.items():
            if rows != complete.get(week, rows):
                self._tell(f"{table.name} {week}: {rows} rows of {complete[week]}")
        filled = {week for week in weeks if weeks[week]}
        if lost := seen.setdefault(table.name, set()) - filled:
            self._tell(f"{table.name}: lost {sorted(lost)}")
        seen[table.name] |= filled

    def _tell(self, text: str) -> None:
        with self._lock:
            self.trouble.append(text)


def wait_for_files(root: str | Path, more: int, process: subprocess.Popen[str]) -> None:
    """Wait until a lake has this many new files, or until the process ends."""
    before = len(_names(root))
    # A listing of a bucket keeps its server busy.
    pause = PAUSE if is_bucket(root) else 0.005
    while process.poll() is None and len(_names(root)) < before + more:
        time.sleep(pause)
