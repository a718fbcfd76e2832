"""Reconciliation of run history and lake, after each of them has lost something."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.football.calendar import Game
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, PROJECTIONS, WEEKLY_STATS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.reconcile import advice, reconcile
from fantasy_pipeline.orchestration.runs.import_state import imported_of
from fantasy_pipeline_tests.orchestration.runs.empty_history import WithHistory, opened
from fantasy_pipeline_tests.rows import Rows

WEEKS = [SeasonWeek(2024, week) for week in (1, 2, 3)]
STATS = dg.AssetKey("weekly_stats")
NOW = datetime(2024, 9, 25, tzinfo=timezone.utc)
SCHEDULE = [
    Game(2024, week, f"g{week}", "REG", datetime(2024, 9, day, 17, tzinfo=timezone.utc), *teams)
    for week, day in ((1, 8), (2, 15), (3, 22))
    for teams in [("KC", "BUF", True)]
]


@pytest.fixture
def instance(tmp_path: Path, with_history: WithHistory) -> Iterator[dg.DagsterInstance]:
    with opened(with_history(tmp_path / "home")) as instance:
        yield instance


@pytest.fixture
def lake(lake: Lake, rows: Rows) -> Lake:
    """Return a lake with a schedule, and with one player's stats of each week."""
    lines = [{"player_id": "a", "season": week.season, "week": week.week} for week in WEEKS]
    stats = rows(WEEKLY_STATS, *({**line, "team": "KC"} for line in lines))
    lake.write_weeks(WEEKLY_STATS, stats, WEEKS)
    teams = {"home_team": "KC", "away_team": "KC"}
    lake.write(GAMES, rows(GAMES, {"season": 2024, "week": 1, "game_id": "a", **teams}))
    return lake


def test_a_week_whose_stats_lack_a_game_does_not_count_as_imported(
    instance: dg.DagsterInstance, lake: Lake, rows: Rows
) -> None:
    """The history of a week in progress was lost: its stats are those of Friday."""
    teams = {"home_team": "KC", "away_team": "BUF"}
    lake.write(GAMES, rows(GAMES, {"season": 2024, "week": 3, "game_id": "a", **teams}))
    assert reconcile(instance, lake, None).reported["weekly_stats"] == WEEKS
    assert instance.get_materialized_partitions(STATS) == {week.key for week in WEEKS}
    imported = imported_of(instance, lake, SCHEDULE, NOW, None)
    assert imported == {week: {"provisional"} for week in WEEKS[:2]}


def test_weeks_that_dagster_does_not_know_are_reported(
    instance: dg.DagsterInstance, lake: Lake
) -> None:
    dry = reconcile(instance, lake, None, dry_run=True)
    assert dry.reported == {"games": [], "weekly_stats": WEEKS}
    assert instance.get_materialized_partitions(STATS) == set()
    assert imported_of(instance, lake, SCHEDULE, NOW, None) == {}

    assert reconcile(instance, lake, None).to_json() == {
        "reported": [
            {"table": "games", "weeks": None},
            {"table": "weekly_stats", "weeks": ["2024|01", "2024|02", "2024|03"]},
        ],
        "lost": [],
        "unreadable": [],
    }
    assert instance.get_materialized_partitions(STATS) == {week.key for week in WEEKS}
    event = instance.get_latest_materialization_event(STATS)
    assert event is not None
    assert event.run_id == ""
    assert event.asset_materialization is not None
    metadata = {key: value.value for key, value in event.asset_materialization.metadata.items()}
    assert metadata == {
        "dagster/partition_row_count": 1,
        "data": "nfl",
        "path": lake.path(WEEKLY_STATS, WEEKS[-1]),
    }
    # The lake does not say that the stats are final, so catch_up makes the final import.
    imported = imported_of(instance, lake, SCHEDULE, NOW, None)
    assert imported == {week: {"provisional"} for week in WEEKS}
    assert reconcile(instance, lake, None).reported == {}


def test_weeks_that_the_lake_lacks_are_named(instance: dg.DagsterInstance, lake: Lake) -> None:
    reconcile(instance, lake, None)
    shutil.rmtree(Path(lake.path(WEEKLY_STATS, WEEKS[1])).parent)
    Path(lake.path(GAMES)).unlink()
    instance.report_runless_asset_event(dg.AssetMaterialization("projections", partition="2023|04"))
    found = reconcile(instance, lake, None)
    assert found.reported == {}
    assert found.lost == {
        "games": [],
        "weekly_stats": WEEKS[1:2],
        "projections": [SeasonWeek(2023, 4)],
    }
    assert "fantasy-pipeline backfill --seasons 2023-2024 --only-missing" in advice(found.lost)


def test_damaged_file_is_named_and_costs_no_other_week(
    instance: dg.DagsterInstance, lake: Lake
) -> None:
    Path(lake.path(WEEKLY_STATS, WEEKS[1])).write_bytes(b"PAR1 no parquet")
    found = reconcile(instance, lake, None)
    assert found.reported["weekly_stats"] == [WEEKS[0], WEEKS[2]]
    (error,) = found.unreadable
    assert error.startswith("weekly_stats 2024 week 2: the file ")
    assert not lake.has(PROJECTIONS, WEEKS[0])
