"""A run over the whole running season: weeks that can be made are made, the others are named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.orchestration.alerts.repairs import unrepaired
from fantasy_pipeline.orchestration.runs.import_state import imported_phases
from fantasy_pipeline.orchestration.runs.results import RunOutcome
from fantasy_pipeline_tests.orchestration.runs.empty_history import opened
from fantasy_pipeline_tests.real_lake import ROSTERS, STATS
from fantasy_pipeline_tests.system.replay import overlay

pytestmark = pytest.mark.slow

SEASON = [SeasonWeek(2025, week) for week in range(1, 23)]
"""Upstream has weeks 1-4, and the rosters of which weeks 5 and 6 can be made."""
STAGES = ("games_refresh", "season_ingest", "history_rebuild", "season_projections", "report_week")
DURING_WEEK_5, AFTER_WEEK_6 = "2025-10-01T12:00:00+00:00", "2025-10-15T12:00:00+00:00"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    return home


@pytest.fixture
def instance(
    home: Path, nfl_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("NFLVERSE_MIRROR", str(nfl_mirror))
    with opened(home) as instance:
        yield instance


@pytest.fixture
def lake(home: Path) -> Lake:
    return Lake(str(home / "data" / "lake"), "nfl")


def run(instance: dg.DagsterInstance, job: str, as_of: str) -> RunOutcome:
    bounds = () if job in ("games_refresh", "history_rebuild") else (SEASON[0], SEASON[-1])
    return execute(instance, job, "auto", {"as_of": as_of, "trigger": "manual"}, *bounds)


def stored(lake: Lake, table: Table) -> list[int]:
    assert all(lake.read(table, [week]).num_rows for week in lake.weeks(table))
    return [week.week for week in lake.weeks(table)]


def of_weeks(instance: dg.DagsterInstance, name: str) -> dict[int, dict[str, object]]:
    """Metadata of the latest materialization of each week of an asset."""
    records = instance.fetch_materializations(dg.AssetKey(name), limit=1000).records
    found: dict[int, dict[str, object]] = {}
    for record in records:
        assert record.asset_materialization is not None
        assert record.partition_key is not None
        values = {k: v.value for k, v in record.asset_materialization.metadata.items()}
        found.setdefault(SeasonWeek.from_key(record.partition_key).week, values)
    return found


def test_weeks_to_come_cost_no_other_week(instance: dg.DagsterInstance, lake: Lake) -> None:
    for job in STAGES:
        outcome = run(instance, job, DURING_WEEK_5)
        assert outcome.success, (job, outcome.errors)
    for table in (tables.RAW_PLAYERS, tables.MODEL_PROJECTIONS, tables.PROJECTIONS):
        assert stored(lake, table) == [1, 2, 3, 4, 5, 6], table.name
    for table in (tables.WEEKLY_STATS, tables.PROJECTION_ACCURACY):
        assert stored(lake, table) == [1, 2, 3, 4], table.name
    # Dagster marks all weeks; those to come are empty, say why, and do not count as imported.
    found = of_weeks(instance, "weekly_stats")
    full = {week for week in found if found[week]["dagster/partition_row_count"]}
    assert full == {1, 2, 3, 4}
    assert str(found[5]["not made"]).startswith("its games are to come, the first at 2025-10-03")
    assert found[19]["not made"] == found[19]["games"] == "its games are not scheduled yet"
    imported = imported_phases(instance, SEASON, None)
    assert [week.week for week in sorted(imported)] == [1, 2, 3, 4]
    assert of_weeks(instance, "weekly_report")[7] == {"not made": "the week has no projections"}


def test_their_check_warns(instance: dg.DagsterInstance) -> None:
    outcome = run(instance, "season_ingest", DURING_WEEK_5)
    [text] = [text for text in outcome.warnings if text.startswith("weekly_stats_made: ")]
    assert "weekly_stats 2025 week 5: left out: its games are to come" in text
    assert text.endswith("; and in 15 more weeks")


def test_played_weeks_that_upstream_lacks_are_named(
    instance: dg.DagsterInstance, lake: Lake
) -> None:
    """The run fails, makes all other weeks, and these count as imported."""
    for week in lake.weeks(tables.WEEKLY_STATS):
        Path(lake.path(tables.WEEKLY_STATS, week)).unlink()
    outcome = run(instance, "season_ingest", AFTER_WEEK_6)
    assert not outcome.success
    error, defences = outcome.errors
    assert defences.startswith(
        "team_defense_stats_made: team_defense_stats 2025 weeks 5-6: played, but could not be made"
    )
    assert error.startswith(
        "weekly_stats_made: weekly_stats 2025 weeks 5-6: played, but could not be made: the "
        "schedule has games, but upstream's file has weeks 1-4 only. "
    )
    assert "week 7" not in error
    assert outcome.unmade == (SeasonWeek(2025, 5), SeasonWeek(2025, 6))
    assert stored(lake, tables.WEEKLY_STATS) == [1, 2, 3, 4]
    [latest] = instance.get_runs(limit=1)
    records = instance.fetch_materializations(dg.AssetKey("weekly_stats"), limit=1).records
    assert records[0].run_id == latest.run_id
    assert [week.week for week in sorted(imported_phases(instance, SEASON, None))] == [1, 2, 3, 4]
    # The weeks to come are not left to do.
    [failure] = unrepaired(instance, datetime.now(timezone.utc))
    assert failure.weeks == [SeasonWeek(2025, 5), SeasonWeek(2025, 6)]


def test_wrong_weeks_cost_no_other_week(
    tmp_path: Path, nfl_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeated stat line in week 2 and an impossible roster in week 3 cost those weeks only."""
    upstream, home = tmp_path / "mirror", tmp_path / "home"
    overlay(nfl_mirror, None, upstream)

    def change(name: str, spoil: Callable[[pa.Table], pa.Table]) -> None:
        path = upstream / name.format(season=2025)
        table = pq.read_table(path, partitioning=None)
        path.unlink()
        pq.write_table(spoil(table), path)

    def repeated_line(stats: pa.Table) -> pa.Table:
        return pa.concat_tables([stats, stats.filter(pc.equal(stats["week"], 2)).slice(0, 1)])

    def five_players_of_detroit(rosters: pa.Table) -> pa.Table:
        here = pc.and_(pc.equal(rosters["week"], 3), pc.equal(rosters["team"], "DET"))
        return pa.concat_tables([rosters.filter(pc.invert(here)), rosters.filter(here).slice(0, 5)])

    change(STATS, repeated_line)
    change(ROSTERS, five_players_of_detroit)
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    monkeypatch.setenv("NFLVERSE_MIRROR", str(upstream))
    lake = Lake(str(home / "data" / "lake"), "nfl")
    with opened(home) as instance:
        assert run(instance, "games_refresh", DURING_WEEK_5).success
        tags = {"as_of": DURING_WEEK_5, "trigger": "manual"}
        outcome = execute(instance, "season_ingest", "auto", tags, SEASON[0], SEASON[3])
        imported = [week.week for week in sorted(imported_phases(instance, SEASON, None))]
        of_players = of_weeks(instance, "raw_players")
    assert not outcome.success
    text = " ".join(outcome.errors)
    assert "raw_players 2025 week 3: refused: raw_players_against_schedule: too few " in text
    assert " on the roster: DET " in text
    assert "weekly_stats 2025 week 2: refused: table weekly_stats: 1 repeated keys" in text
    assert "; 2025 week 3: played, but could not be made: raw_players of the week is not" in text
    assert stored(lake, tables.RAW_PLAYERS) == [1, 2, 4]
    assert stored(lake, tables.WEEKLY_STATS) == [1, 4]
    assert outcome.unmade == (SeasonWeek(2025, 2), SeasonWeek(2025, 3))
    assert imported == [1, 4]
    assert of_players[3]["dagster/partition_row_count"] == 0
    assert str(of_players[3]["not made"]).startswith("refused: raw_players_against_schedule")


def test_a_run_that_can_make_no_week_fails(instance: dg.DagsterInstance) -> None:
    """It says what upstream lacks, and Dagster marks nothing."""
    before = len(instance.fetch_materializations(dg.AssetKey("weekly_stats"), limit=1000).records)
    tags = {"as_of": DURING_WEEK_5, "trigger": "manual"}
    outcome = execute(instance, "season_ingest", "auto", tags, SEASON[9], SEASON[11])
    assert not outcome.success
    assert "weekly_rosters 2025 week 10: upstream has no row for this week" in outcome.errors[0]
    after = len(instance.fetch_materializations(dg.AssetKey("weekly_stats"), limit=1000).records)
    assert after == before


def test_the_backfill_command_makes_the_others(nfl_mirror: Path, tmp_path: Path) -> None:
    """`--weeks 1-6` while upstream has weeks 1-4: four weeks done, two named, exit code 1."""
    command = [str(Path(sys.executable).parent / "fantasy-pipeline"), "backfill"]
    done = subprocess.run(
        [*command, "--seasons", "2025", "--weeks", "1-6", "--json"],
        env={**os.environ, "DAGSTER_HOME": str(tmp_path), "NFLVERSE_MIRROR": str(nfl_mirror)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert result["weeks_failed"] == ["2025|05", "2025|06"]
    lake = Lake(str(tmp_path / "data" / "lake"), "nfl")
    assert stored(lake, tables.WEEKLY_STATS) == [1, 2, 3, 4]
    assert stored(lake, tables.PROJECTIONS) == [1, 2, 3, 4, 5, 6]
