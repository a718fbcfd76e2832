"""No leak: upstream as it was before a week's games gives the same rows as upstream today."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import of_defences, of_week
from fantasy_pipeline.ingest.projection_record import as_known_at
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections import team_defense
from fantasy_pipeline.projections.consensus_projections import projections
from fantasy_pipeline.projections.defender_careers import stored_games
from fantasy_pipeline.projections.defenders import defender_projections
from fantasy_pipeline.projections.history import INPUTS, player_history
from fantasy_pipeline.projections.model import artefact
from fantasy_pipeline.projections.model_projections import model_projections
from fantasy_pipeline_tests.real_lake import (
    ESPN,
    INJURIES,
    NFLCOM,
    ROSTERS,
    SNAPS,
    STATS,
    import_seasons,
    upstream_before,
)
from fantasy_pipeline_tests.system.replay import SCHEDULE, overlay

pytestmark = [pytest.mark.real, pytest.mark.slow]

SEASON = 2024
LAST_OF_ESPN = 17
"""Last week of which the mirror has ESPN's answer."""
WEEKS = (
    *(1, 9),
    *(pytest.param(week, marks=pytest.mark.soak) for week in (2, 17, 20)),
)
"""Weeks 1 and 9 always; an early, a late and a play-off week in the soak tests."""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory, nfl_mirror: Path) -> Path:
    """Return the folder of a lake with the two seasons before."""
    root = tmp_path_factory.mktemp("past")
    import_seasons(nfl_mirror, root, [SEASON - 2, SEASON - 1])
    return root


@pytest.fixture(scope="module")
def lake(past: Path, tmp_path_factory: pytest.TempPathFactory, nfl_mirror: Path) -> Lake:
    """Return the same lake with the whole season."""
    root = tmp_path_factory.mktemp("whole")
    shutil.copytree(past / "lake", root / "lake")
    return import_seasons(nfl_mirror, root, [SEASON])


@pytest.fixture
def imported_before(past: Path, tmp_path: Path, nfl_mirror: Path) -> Callable[[SeasonWeek], Lake]:
    """Return a function that imports the season from upstream as it was before a week."""

    def build(week: SeasonWeek) -> Lake:
        mirror = upstream_before(nfl_mirror, tmp_path / "mirror", week)
        shutil.copytree(past / "lake", tmp_path / "lake")
        return import_seasons(mirror, tmp_path, [SEASON], until=week)

    return build


@pytest.fixture(scope="module")
def today(lake: Lake) -> Callable[[SeasonWeek], list[pa.Table]]:
    """Return a function that returns a week's projections from the whole season, made once."""
    return cache(lambda week: projected(lake, week))


def history_of(lake: Lake) -> pa.Table:
    with lake.connect(INPUTS) as connection:
        return player_history(connection)


def projected(lake: Lake, week: SeasonWeek) -> list[pa.Table]:
    """Return a week's projections of players, of team defences with features, and of defenders."""
    history = history_of(lake)
    lake.write(tables.PLAYER_HISTORY, history)
    model = artefact.fitting(lake, week.season) or artefact.trained(lake, week.season)
    assert set(model.positions) == {"QB", "RB", "WR", "TE", "K"}
    ours = model_projections(history, [week], lambda _: model, None)
    statements = lake.read(tables.SOURCE_PROJECTIONS, [week])
    if week.week <= LAST_OF_ESPN:
        assert {"espn", "nflcom"} <= set(as_known_at(statements)["source"].to_pylist())
        assert all("espn" in weights for weights in model.source_weights.values())
    both = projections(ours, statements, lambda _: model, None)
    assert ours.num_rows > 100
    listed, games = lake.read(tables.RAW_PLAYERS, [week]), lake.read(tables.GAMES)
    defences = team_defense.model_rows(history, listed, [week], None)
    assert defences.num_rows > 0
    assert set(defences["source"].to_pylist()) == {"model"}
    past = stored_games(lake, [week])
    singles = defender_projections(past, listed, games, statements, [week], None)
    assert singles.num_rows > 500
    together = team_defense.consensus_rows(defences, statements, None)
    return [known_of_defences(history, week), ours, both, defences, together, singles]


def known_of_defences(history: pa.Table, week: SeasonWeek) -> pa.Table:
    """Return the features of the week's team defences."""
    rows = of_defences(of_week(history, week))
    assert rows["defence_sacks"].null_count == 0 < rows.num_rows
    return rows.select([name for name in rows.column_names if not name.startswith("target_")])


@pytest.mark.parametrize("week", WEEKS)
def test_projections_do_not_know_what_came_later(
    imported_before: Callable[[SeasonWeek], Lake],
    today: Callable[[SeasonWeek], list[pa.Table]],
    week: int,
) -> None:
    now = SeasonWeek(SEASON, week)
    before = imported_before(now)
    assert max(before.weeks(tables.WEEKLY_STATS)) < now
    assert max(before.weeks(tables.RAW_PLAYERS)) == now
    assert projected(before, now) == today(now)


def test_the_test_can_fail(
    lake: Lake, today: Callable[[SeasonWeek], list[pa.Table]], tmp_path: Path
) -> None:
    shutil.copytree(lake.root, tmp_path / "lake")
    other, now, last = (
        Lake(str(tmp_path / "lake"), "nfl"),
        SeasonWeek(SEASON, 9),
        SeasonWeek(SEASON, 8),
    )
    assert projected(other, now) == today(now)
    stats = other.read(tables.WEEKLY_STATS, [last])
    more = pc.add(stats["targets"], 1.0)
    stats = stats.set_column(stats.schema.get_field_index("targets"), "targets", more)
    other.write_weeks(tables.WEEKLY_STATS, stats, [last])
    assert projected(other, now) != today(now)


@pytest.mark.parametrize("week", [1, 9, 20])
def test_upstream_before_a_week_has_nothing_of_later(
    nfl_mirror: Path, tmp_path: Path, week: int
) -> None:
    now = SeasonWeek(SEASON, week)
    mirror = upstream_before(nfl_mirror, tmp_path / "mirror", now)
    for path, last in ((STATS, week - 1), (SNAPS, week - 1), (ROSTERS, week), (INJURIES, week)):
        file = mirror / path.format(season=SEASON)
        assert file.exists() == (last > 0)
        if last:
            weeks = pq.read_table(file, columns=["week"], partitioning=None)["week"]
            assert pc.max(weeks).as_py() == last
    rosters = pq.read_table(mirror / ROSTERS.format(season=SEASON), partitioning=None)
    inactive = rosters.filter(pc.equal(rosters["status"], "INA"))
    assert set(inactive["week"].to_pylist()) == set(range(1, week))
    games = pq.read_table(mirror / SCHEDULE)
    assert pc.max(games["season"]).as_py() == SEASON
    this = games.filter(pc.equal(games["season"], SEASON))
    # The end of the regular season is known in advance, the teams of the final are not.
    assert pc.max(this["week"]).as_py() == max(18, week)
    known = {
        name: pc.max(this.filter(pc.is_valid(this[name]))["week"]).as_py()
        for name in ("home_score", "home_qb_id", "temp", "spread_line", "gameday")
    }
    before = week - 1 or None
    assert known == {
        "home_score": before,
        "home_qb_id": before,
        "temp": before,
        "spread_line": week,
        "gameday": max(18, week),
    }
    left = {path.relative_to(mirror).as_posix() for path in mirror.rglob("*") if path.is_file()}
    assert not [name for name in left if re.search("2025|2026", name)]
    folder = NFLCOM.format(season=SEASON, week=week)
    if week <= 17:
        assert f"{folder}projected/QB_projected.csv" in left
    assert f"{folder}QB.csv" not in left
    assert (ESPN.format(season=SEASON, week=week) in left) == (week <= LAST_OF_ESPN)
    assert ESPN.format(season=SEASON, week=week + 1) not in left
    assert not [
        name for name in left if name.startswith(NFLCOM.format(season=SEASON, week=week + 1))
    ]


def test_a_report_changed_after_the_kickoff_is_not_known_before(
    nfl_mirror: Path, tmp_path: Path
) -> None:
    """ARI plays on Sunday at 13:00 in Buffalo, 17:00 UTC, BAL in Kansas City on Thursday night."""
    name = INJURIES.format(season=SEASON)
    real = pq.read_table(nfl_mirror / name, partitioning=None)
    row = real.filter(pc.equal(real["week"], 1)).slice(0, 1).to_pylist()[0]
    reports = [
        row | {"team": team, "gsis_id": f"{team} {day} {hour}", "date_modified": moment(day, hour)}
        for team, day, hour in (
            ("ARI", 8, 16), ("ARI", 8, 18), ("BAL", 5, 23), ("BAL", 6, 1), ("BAL", 8, 12),
        )
    ]  # fmt: skip
    copy = overlay(nfl_mirror, None, tmp_path / "copy")
    (copy / name).unlink()
    pq.write_table(pa.Table.from_pylist(reports, schema=real.schema), copy / name)
    mirror = upstream_before(copy, tmp_path / "mirror", SeasonWeek(SEASON, 1))
    kept = pq.read_table(mirror / name, partitioning=None)["gsis_id"].to_pylist()
    assert kept == ["ARI 8 16", "BAL 5 23"]


def moment(day: int, hour: int) -> datetime:
    """Of September 2024, UTC."""
    return datetime(SEASON, 9, day, hour, tzinfo=timezone.utc)
