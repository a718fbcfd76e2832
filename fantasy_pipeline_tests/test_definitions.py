"""Test the names that the code location offers: a renamed one breaks a user's schedule or query."""

from __future__ import annotations

import json
import os
import re
import site
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import dagster as dg
import pytest

import fantasy_pipeline
from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.tables import ALL_TABLES
from fantasy_pipeline.orchestration.partitions import season_week
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

DEPENDENCIES = {
    "games": set(),
    "raw_players": {"games"},
    "weekly_stats": {"games", "raw_players"},
    "provisional_stats": {"games", "weekly_stats"},
    "stat_corrections": {"provisional_stats", "weekly_stats"},
    "team_defense_stats": {"games", "weekly_stats"},
    "player_history": {"games", "raw_players", "team_defense_stats", "weekly_stats"},
    "source_projections": {"raw_players"},
    "projection_model": {"player_history", "source_projections"},
    "model_projections": {"games", "player_history", "raw_players"},
    "projections": {"model_projections", "source_projections"},
    "defender_projections": {"games", "raw_players", "source_projections", "weekly_stats"},
    "projection_accuracy": {
        "defender_projections",
        "raw_players",
        "player_history",
        "projections",
        "model_projections",
        "source_projections",
        "weekly_stats",
    },
    "news": {"games", "raw_players"},
    "league_teams": set(),
    "league_rosters": {"games", "league_teams", "raw_players"},
    "league_points": {"league_rosters", "raw_players", "team_defense_stats", "weekly_stats"},
    "league_matchups": {"league_points", "league_rosters"},
    "league_projections": {
        "defender_projections",
        "league_teams",
        "projections",
        "team_defense_stats",
    },
    "optimal_lineups": {
        "defender_projections",
        "games",
        "league_points",
        "league_rosters",
        "projections",
    },
    "rest_of_season": {"games", "player_history", "projections"},
    "weekly_report": {
        "games",
        "raw_players",
        "player_history",
        "source_projections",
        "projections",
        "projection_accuracy",
        "stat_corrections",
        "news",
    },
}
UNPARTITIONED = {"games", "league_teams", "player_history", "projection_model"}
NO_TABLES = {"projection_model", "run_results", "weekly_report"}
"""Assets without a table of rows: files, and records that Dagster stores."""


@pytest.mark.parametrize("name", DEPENDENCIES)
def test_asset_graph(name: str) -> None:
    node = defs.resolve_asset_graph().get(dg.AssetKey(name))
    assert {key.path[-1] for key in node.parent_keys} == DEPENDENCIES[name]
    expected = None if name in UNPARTITIONED else season_week
    assert node.partitions_def == expected
    policy = None if name in UNPARTITIONED else dg.BackfillPolicy.single_run()
    assert node.backfill_policy == policy


def test_every_table_is_a_documented_asset() -> None:
    graph = defs.resolve_asset_graph()
    for table in ALL_TABLES:
        spec = defs.resolve_assets_def(table.name).get_asset_spec(dg.AssetKey(table.name))
        assert spec.description == table.description
        assert spec.group_name != "default"
        assert spec.owners
        assert spec.kinds
        columns = spec.metadata["dagster/column_schema"].columns
        assert [column.name for column in columns] == table.column_names
        assert all(column.description for column in columns)
    names = {table.name for table in ALL_TABLES}
    assert {key.path[-1] for key in graph.get_all_asset_keys()} == names | NO_TABLES


@pytest.mark.parametrize("name", sorted(NO_TABLES))
def test_every_other_asset_is_documented(name: str) -> None:
    spec = defs.resolve_assets_def(name).get_asset_spec(dg.AssetKey(name))
    assert spec.description
    assert spec.group_name != "default"
    assert spec.owners
    assert spec.kinds


def test_jobs_schedules_and_sensors() -> None:
    repository = defs.get_repository_def()
    assert {
        "weekly_import",
        "weekly_projections",
        "whole_week",
        "games_refresh",
        "retrain",
        "report_week",
    } <= set(repository.job_names)
    schedule = repository.get_schedule_def("tuesday_import")
    assert schedule.cron_schedule == "0 8 * * 2"
    assert schedule.execution_timezone == "UTC"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    for name in ("project_upcoming_week", "report_projected_week"):
        sensor = repository.get_sensor_def(name)
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_every_schedule_and_sensor_but_one_is_on_by_default() -> None:
    repository = defs.get_repository_def()
    assert repository.schedule_defs
    off = {
        schedule.name
        for schedule in repository.schedule_defs
        if schedule.default_status != dg.DefaultScheduleStatus.RUNNING
    }
    assert off == {"prune_history"}
    assert repository.sensor_defs
    for sensor in repository.sensor_defs:
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING, sensor.name


def test_partitions_are_seasons_by_weeks() -> None:
    keys = season_week.get_partition_keys()
    assert keys[0] == "1999|01"
    assert "2024|05" in keys
    assert "2015|22" in keys


def test_loading_the_code_location_costs_little() -> None:
    """NumPy, Arrow and DuckDB load in 0.2 s and type the assets; the others cost more."""
    code = (
        "import sys, fantasy_pipeline.definitions;"
        "print([m for m in ('pandas','polars','nflreadpy','nfl_data_py','matplotlib','jinja2',"
        "'dataframely','requests')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


PACKAGE = Path(fantasy_pipeline.__file__).parent
CODE = [
    PACKAGE,
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    *map(Path, site.getsitepackages()),
]
"""Folders of the code: Python's standard library, installed packages, and this package."""
WATCH = """
import json, sys
seen = {"open": [], "socket": []}

def watch(event, args):
    if event == "open":
        seen["open"].append(str(args[0]))
    elif event.startswith("socket."):
        seen["socket"].append(event)

sys.addaudithook(watch)
"""


def seen_while(statement: str, folder: Path) -> dict[str, list[str]]:
    """Return the files that a statement opens and its calls of sockets, in a new interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{WATCH}\n{statement}\nprint(json.dumps(seen))"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "DAGSTER_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=LONGEST_SECONDS,
    )
    seen: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    # Libraries write test files with random names when they are imported.
    random = re.compile(rf"(?<=^{re.escape(tempfile.gettempdir())}/)(tmp)?[a-z0-9_]{{8}}(?=/|$)")
    return {name: [random.sub("*", one) for one in values] for name, values in seen.items()}


def is_code(file: str) -> bool:
    return any(Path(file).is_relative_to(folder) for folder in CODE)


def test_loading_the_code_location_reads_nothing_but_code_and_asks_nobody(tmp_path: Path) -> None:
    """It opens no data file beside those that Dagster opens when it is imported."""
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}")
    dagster = seen_while("import dagster", tmp_path)
    package = seen_while("import fantasy_pipeline.definitions", tmp_path)
    assert any(Path(file).is_relative_to(PACKAGE) for file in package["open"])
    assert {file for file in package["open"] if not is_code(file)} <= set(dagster["open"])
    assert package["socket"] == dagster["socket"] == []


def test_a_file_and_a_socket_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.touch()
    seen = seen_while(f"import socket; open({str(file)!r}); socket.socket().close()", tmp_path)
    assert str(file) in [name for name in seen["open"] if not is_code(name)]
    assert seen["socket"] == ["socket.__new__"]
