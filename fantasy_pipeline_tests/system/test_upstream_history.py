"""Test imports of upstream's files of several days: the result is that of the last day alone.

Half-finished weeks, corrections, changed ids and another schema leave no trace, except in two
tables: `provisional_stats` stores the first stats, and `stat_corrections` compares them.
"""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PROVISIONAL_STATS, STAT_CORRECTIONS, WEEKLY_STATS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.orchestration.workspace import REAL_LABEL
from fantasy_pipeline_tests.system.replay import overlay
from fantasy_pipeline_tests.system.watching import differing, files_of, finish, new_home, start

pytestmark = [pytest.mark.real, pytest.mark.slow]

DAYS = ("2024-11-20", "2025-09-14", "2025-09-23", "last")
REMEMBERING = (PROVISIONAL_STATS.name, STAT_CORRECTIONS.name)
"""Tables that store the first stats of upstream, on purpose."""


@pytest.fixture(scope="module")
def mirrors(
    nfl_mirror: Path, nfl_variants: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Return the mirror as it was on each day."""
    root = tmp_path_factory.mktemp("days")
    found = {path.name for path in nfl_variants.iterdir()}
    assert found == set(DAYS) - {"last"}
    return {
        day: overlay(nfl_mirror, nfl_variants / day if day in found else None, root / day)
        for day in DAYS
    }


def forgetting(lake: Path) -> dict[str, bytes]:
    """Return the files of all tables that do not store first stats."""
    files = files_of(lake)
    return {name: files[name] for name in files if name.split("/")[0] not in REMEMBERING}


def test_weeks_end_as_upstream_last_told_them(
    mirrors: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = (SeasonWeek(2024, 11), SeasonWeek(2024, 11))
    half = (SeasonWeek(2025, 1), SeasonWeek(2025, 2))
    # For each day, the weeks of which it has another version.
    replay = [("2025-09-14", half), ("2025-09-23", late), ("last", late), ("last", half)]
    lakes = {}
    versions: dict[str, dict[str, bytes]] = {}
    for name, imports in (("replayed", replay), ("fresh", replay[-2:])):
        monkeypatch.setenv("FANTASY_DATA", str(tmp_path / name))
        lakes[name] = tmp_path / name / "lake"
        with dg.DagsterInstance.ephemeral() as instance:
            for day, weeks in imports:
                monkeypatch.setenv("NFLVERSE_MIRROR", str(mirrors[day]))
                tags = {"trigger": "manual"}
                if day != "last":
                    # Without this time, a week that old without half of its teams is refused.
                    tags["as_of"] = f"{day}T12:00:00+00:00"
                outcome = execute(instance, "weekly_import", "auto", tags, *weeks)
                assert outcome.errors == ()
                if name == "replayed":
                    versions[f"{day} {weeks[0]}"] = forgetting(lakes[name])
    assert differing(forgetting(lakes["replayed"]), forgetting(lakes["fresh"])) == []
    # The days differ.
    assert len({json.dumps([*map(hash, v.values())]) for v in versions.values()}) == len(replay)
    # A week in progress has no first stats: upstream had Thursday's game only.
    lake = Lake(str(lakes["replayed"]), REAL_LABEL)
    first = lake.read(PROVISIONAL_STATS, [half[1]])
    assert first.num_rows == 0
    assert lake.read(WEEKLY_STATS, [half[1]]).num_rows > 100
    assert Lake(str(lakes["fresh"]), REAL_LABEL).read(PROVISIONAL_STATS).num_rows == 0


def test_corrections_of_a_real_week(
    mirrors: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first stats of a week are compared with those that upstream has now."""
    monkeypatch.setenv("FANTASY_DATA", str(tmp_path / "data"))
    week = SeasonWeek(2025, 1)
    with dg.DagsterInstance.ephemeral() as instance:
        for day, as_of in (("2025-09-14", "2025-09-09T08:00"), ("last", "2025-09-11T12:00")):
            monkeypatch.setenv("NFLVERSE_MIRROR", str(mirrors[day]))
            tags = {"trigger": "manual", "as_of": f"{as_of}:00+00:00"}
            assert execute(instance, "weekly_import", "auto", tags, week, week).errors == ()
    rows = Lake(str(tmp_path / "data" / "lake"), REAL_LABEL).read(STAT_CORRECTIONS).to_pylist()
    columns = ("player_name", "stat", "old", "new", "points_difference")
    # Upstream has corrected recovered fumbles as well, which pay no points here.
    rows = [row for row in rows if not row["stat"].startswith("fumble_recovery")]
    assert sorted(tuple(row[name] for name in columns) for row in rows) == [
        ("Bijan Robinson", "rushing_first_downs", 1, 0, 0),
        ("Bucky Irving", "rushing_first_downs", 2, 1, 0),
        ("Chris Boswell", "fg_made_60_", 0, 1, 5),
        ("Dalton Kincaid", "receiving_first_downs", 4, 3, 0),
        ("Jaxon Smith-Njigba", "receiving_first_downs", 7, 6, 0),
        ("Josh Allen", "passing_first_downs", 19, 18, 0),
        ("Kyler Murray", "rushing_first_downs", 4, 3, 0),
        ("Matthew Stafford", "rushing_first_downs", 1, 0, 0),
        ("Michael Penix Jr.", "rushing_first_downs", 4, 3, 0),
        ("Miles Sanders", "rushing_first_downs", 2, 1, 0),
        ("Sam Darnold", "passing_first_downs", 7, 6, 0),
        ("Tank Bigsby", "rushing_first_downs", 2, 1, 0),
    ]
    assert {(row["season"], row["week"]) for row in rows} == {week}


@pytest.mark.soak
def test_seasons_end_as_upstream_last_told_them(mirrors: dict[str, Path], tmp_path: Path) -> None:
    """Run the weeks of all variants through the command line, projections included."""
    touched = {
        "2024-11-20": ("2024",),
        "2025-09-14": ("2025",),
        "2025-09-23": ("2019", "2021-2024"),
        "last": ("2019", "2021-2024", "2025"),
    }
    # Week 2 of 2025 had one game then: today, from the command line, it would be refused.
    weeks = {"2024-11-20": "1-12", "2025-09-14": "1-1"}
    homes = {}
    for name, days in (("replayed", DAYS), ("fresh", DAYS[-1:])):
        homes[name] = new_home(tmp_path / name)
        for day in days:
            for seasons in touched[day]:
                some = (
                    ("--weeks", weeks.get(day, "1-4")) if day in weeks or seasons == "2025" else ()
                )
                words = ("backfill", "--seasons", seasons, *some, "--json")
                finish(start(homes[name], *words, NFLVERSE_MIRROR=str(mirrors[day])))
    replayed, fresh = (forgetting(homes[name] / "data" / "lake") for name in homes)
    assert len(fresh) > 500
    # A model is kept by what it learned: those of stats since corrected stay beside.
    superseded = {name for name in replayed if name.startswith("models/")} - set(fresh)
    assert superseded
    kept = {name: data for name, data in replayed.items() if name not in superseded}
    assert differing(kept, fresh) == []
