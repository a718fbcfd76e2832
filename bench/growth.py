"""Measures what a weekly run costs as the lake grows: by seasons, and by registered leagues.

usage: NFLVERSE_MIRROR=<folder of upstream files> growth.py HOME [--seasons N ...] [--leagues N ...]

HOME is a Dagster home whose lake has the seasons 2015-2024. It is copied, never changed. In the
lake of 26 seasons, the earlier ones have the rows of 2015-2024 again: a mirror may lack them.
Prints CPU seconds of week 5 of 2024, run a second time, its peak memory and the bytes of the lake.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from run import CLI, fresh, timed

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import ALL_TABLES, WEEKLY_STATS
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.files import read_file
from fantasy_pipeline.ingest.sample.fantasy import write_fantasy_league
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.workspace import REAL_LABEL

FIRST, LAST = 2015, 2024
WEEK = SeasonWeek(2024, 5)


def with_first(home: Path, first: int) -> Path:
    """Give a lake of 2015-2024 the first season `first`, and return its home."""
    lake = Lake(str(home / "data" / "lake"), REAL_LABEL)
    for table in ALL_TABLES:
        folder = home / "data" / "lake" / table.name
        for season in range(FIRST, first):
            shutil.rmtree(folder / f"season={season}", ignore_errors=True)
        for season in range(first, FIRST):
            # A span of ten seasons, once or twice as long ago.
            copied = season + 10 * -((season - FIRST) // 10)
            weeks = [week for week in lake.weeks(table) if week.season == copied]
            if weeks:
                rows = earlier(lake.read(table, weeks), copied - season)
                lake.write_weeks(table, rows, [SeasonWeek(season, week.week) for week in weeks])
    return home


def earlier(rows: pa.Table, years: int) -> pa.Table:
    """Return rows of a season as those of one some years before, with the players' ages."""
    for name in ("season", "rookie_season", "birth_date"):
        if name in rows.column_names:
            at, values = rows.schema.get_field_index(name), rows[name]
            if name == "birth_date":
                days = pa.scalar(timedelta(days=round(365.25 * years)))
                moved = pc.subtract(values.cast(pa.timestamp("s")), days.cast(pa.duration("s")))
            else:
                moved = pc.subtract(values, pa.scalar(years, values.type))
            rows = rows.set_column(at, name, moved.cast(values.type))
    return rows


def with_leagues(home: Path, number: int) -> Path:
    """Register leagues of twelve teams whose players are those of the running season."""
    lake = Lake(str(home / "data" / "lake"), REAL_LABEL)
    season = [week for week in lake.weeks(WEEKLY_STATS) if week.season == LAST]
    lines = lake.read(WEEKLY_STATS, season)
    # The sample league drafts by the positions of its rosters.
    groups = {"DL": "DE", "DB": "S", None: ""}
    drafted = [groups.get(name, name) for name in lines["position"].to_pylist()]
    lines = lines.set_column(lines.schema.get_field_index("position"), "position", [drafted])
    of = read_file(write_fantasy_league(home / "fantasy", lines, LAST))
    for one in range(number):
        registry.store(lake, f"league-{one:03}", [of])
    return home


def measure(name: str, home: Path) -> None:
    """Print what a weekly run costs whose inputs the lake has already."""
    run = [*CLI, "run", "--season", str(WEEK.season), "--week", str(WEEK.week), "--top", "0"]
    timed(run, home)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall, peak = timed(run, home)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = sum(file.stat().st_size for file in (home / "data").rglob("*.parquet"))
    print(
        f"{name:14} {cpu:6.2f} s of CPU, {wall:6.2f} s, {peak / 2**20:6.0f} MiB at most; "
        f"lake {size / 2**20:6.0f} MiB",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--seasons", type=int, nargs="*", default=[2, 10, 26])
    parser.add_argument("--leagues", type=int, nargs="*", default=[1, 10, 100])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fantasy-growth-") as name:

        def copy(of: str) -> Path:
            home = fresh(Path(name), of)
            shutil.copytree(chosen.home / "data" / "lake", home / "data" / "lake")
            return home

        for seasons in chosen.seasons:
            label = f"{seasons} seasons"
            measure(label, with_first(copy(label.replace(" ", "-")), LAST + 1 - seasons))
        for number in chosen.leagues:
            measure(f"{number} leagues", with_leagues(copy(f"leagues-{number}"), number))
    return 0


if __name__ == "__main__":
    sys.exit(main())
