"""The assets as Dagster runs them, on the sample league and a real instance in a temporary home."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    MODEL_PROJECTIONS,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.operations.own_instance import home_instance
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.retries import NETWORK_RETRY
from fantasy_pipeline.orchestration.runs.history import execution_of
from fantasy_pipeline.orchestration.runs.import_state import imported_phases
from fantasy_pipeline.orchestration.runs.results import RunOutcome
from fantasy_pipeline.orchestration.runs.tags import run_config
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests.orchestration.runs.empty_history import instance
from fantasy_pipeline_tests.system.replay import followed

__all__ = ["instance"]

WEEKLY = (
    RAW_PLAYERS,
    WEEKLY_STATS,
    SOURCE_PROJECTIONS,
    MODEL_PROJECTIONS,
    PROJECTIONS,
    PROJECTION_ACCURACY,
)


@pytest.fixture
def sample_lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "home" / "data" / "sample"), SAMPLE_LABEL)


def run(instance: dg.DagsterInstance, job: str, *keys: str) -> RunOutcome:
    weeks = [SeasonWeek.from_key(key) for key in keys]
    bounds = (weeks[0], weeks[-1]) if weeks else ()
    return execute(instance, job, "sample", {}, *bounds)


def latest(
    instance: dg.DagsterInstance, asset: str, key: str | None = None
) -> Mapping[str, dg.MetadataValue[Any]]:
    """Metadata of the latest materialization of an asset, or of one partition of it."""
    of = dg.AssetRecordsFilter(
        asset_key=dg.AssetKey(asset), asset_partitions=None if key is None else [key]
    )
    (record,) = instance.fetch_materializations(of, limit=1).records
    assert record.asset_materialization is not None
    return record.asset_materialization.metadata


def metadata(instance: dg.DagsterInstance, asset: str, key: str) -> dict[str, object]:
    return {name: found.value for name, found in latest(instance, asset, key).items()}


def came_from(lineage: object, column: str) -> list[tuple[str, str]]:
    """Assets and columns that a column lineage names for one column."""
    assert isinstance(lineage, dg.TableColumnLineageMetadataValue)
    deps = lineage.value.deps_by_column[column]
    return [(dep.asset_key.to_user_string(), dep.column_name) for dep in deps]


def test_a_range_of_weeks_is_one_run_with_a_report_per_week(
    instance: dg.DagsterInstance, sample_lake: Lake
) -> None:
    outcome = run(instance, "whole_week", "2024|05", "2024|09")
    assert outcome.errors == ()
    assert outcome.success
    weeks = [SeasonWeek(2024, week) for week in (5, 6, 7, 8, 9)]
    for table in WEEKLY:
        assert sample_lake.weeks(table) == weeks
        assert instance.get_materialized_partitions(dg.AssetKey(table.name)) == {
            week.key for week in weeks
        }
    rows = sample_lake.read(WEEKLY_STATS, [weeks[1]]).num_rows
    report = metadata(instance, "weekly_stats", "2024|06")
    assert report["dagster/partition_row_count"] == rows > 0
    assert report["complete"] is True
    assert report["data"] == SAMPLE_LABEL
    for asset in ("weekly_stats", "projections"):
        shown = [week for week in weeks if metadata(instance, asset, week.key).get("preview")]
        assert shown == weeks[-4:], "the latest weeks of a long run"
    for asset in ("games", "player_history"):
        table = latest(instance, asset)["preview"]
        assert isinstance(table, dg.TableMetadataValue)
        assert len(table.records) == 10
    shown = latest(instance, "projections", weeks[-1].key)["preview"]
    assert isinstance(shown, dg.TableMetadataValue)
    points = sample_lake.read(PROJECTIONS, weeks[-1:])["projected_points"].to_pylist()
    # The best players, not the lowest ids.
    assert [row.data["projected_points"] for row in shown.records] == sorted(points)[:-11:-1]
    lineage = "dagster/column_lineage"
    drawn = [week for week in weeks if lineage in latest(instance, "projections", week.key)]
    assert drawn == weeks[-1:], "the latest partition's is what the UI draws"
    of_projections = latest(instance, "projections", weeks[-1].key)[lineage]
    assert came_from(of_projections, "nflcom_half") == [("source_projections", "points_half")]
    of_history = latest(instance, "player_history")[lineage]
    assert came_from(of_history, "avg_receptions") == [("weekly_stats", "receptions")]
    assert came_from(of_history, "team") == [("raw_players", "team")]
    assert outcome.rows["weekly_stats"] == sample_lake.read(WEEKLY_STATS).num_rows
    assert sample_lake.read(PLAYER_HISTORY).num_rows == outcome.rows["player_history"]


@pytest.mark.parametrize(
    ("job", "tags", "text"),
    [
        ("weekly_import", {}, "The run names no week. Choose a partition, e.g. 2024|05"),
        ("report_week", {}, "The run names no week."),
        (
            "whole_week",
            {
                "dagster/asset_partition_range_start": "2023|10",
                "dagster/asset_partition_range_end": "2024|02",
            },
            "The partition range is empty: a range is the same weeks of every season",
        ),
    ],
)
def test_a_run_without_weeks_is_refused_before_its_first_step(
    instance: dg.DagsterInstance, job: str, tags: dict[str, str], text: str
) -> None:
    outcome = execute(instance, job, "sample", tags)
    assert not outcome.success
    [error] = outcome.errors
    assert error.startswith(text)
    types = {
        entry.dagster_event.event_type
        for entry in instance.all_logs(outcome.run_id)
        if entry.dagster_event
    }
    assert dg.DagsterEventType.STEP_START not in types
    assert not instance.fetch_materializations(dg.AssetKey("games"), limit=1).records


def test_a_home_has_one_league(instance: dg.DagsterInstance, sample_lake: Lake) -> None:
    """`source` typed into the Launchpad does not put sample data beside real ones."""
    assert run(instance, "games_refresh").success
    [error] = execute(instance, "games_refresh", "auto", {}).errors
    assert error == (
        "source auto is refused: this Dagster home has the history of the synthetic sample league. "
        "Set FANTASY_SOURCE=sample, or choose another DAGSTER_HOME."
    )
    assert run(instance, "games_refresh").success
    # An early version let a run of the NFL into this home.
    real = dg.AssetMaterialization("games", metadata={"data": "nfl"})
    instance.report_runless_asset_event(real)
    [error] = run(instance, "games_refresh").errors
    assert error == (
        "source sample is refused: this Dagster home has the history of the NFL. "
        "`fantasy-pipeline` with --source sample uses a home of its own."
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FANTASY_SOURCE", "sample")
        assert run(instance, "games_refresh").success


def test_a_new_home_has_the_league_that_is_configured(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run as the Launchpad starts it: it names the code location, and is not of a command."""
    job = defs.resolve_job_def("games_refresh")
    with home_instance(Path(instance.root_directory)) as home:
        refused = job.execute_in_process(
            instance=home, run_config=run_config("sample"), raise_on_error=False
        )
        [error] = execution_of(home, refused.run_id).facts.errors
        assert error.cause.endswith(
            "source sample is refused: this Dagster home is set up for the NFL. "
            "`fantasy-pipeline` with --source sample uses a home of its own."
        )
        monkeypatch.setenv("FANTASY_SOURCE", "sample")
        assert job.execute_in_process(instance=home, run_config=run_config("sample")).success


def test_outputs_of_the_sample_league_say_so(
    instance: dg.DagsterInstance, sample_lake: Lake
) -> None:
    run(instance, "whole_week", "2024|05")
    sources = sample_lake.read(PROJECTIONS)["source"].unique().to_pylist()
    assert all(SAMPLE_LABEL in source for source in sources)
    assert sample_lake.read(WEEKLY_STATS)["source"].unique().to_pylist() == [SAMPLE_LABEL]


def test_a_week_that_a_season_does_not_have_is_recorded_as_empty(
    instance: dg.DagsterInstance, sample_lake: Lake
) -> None:
    run(instance, "games_refresh")
    games = sample_lake.read(GAMES)
    # As the seasons until 2020, whose Super Bowl was in week 21.
    last = pc.and_(pc.equal(games["season"], 2024), pc.equal(games["week"], 22))
    earlier = pc.if_else(last, pa.scalar(21, pa.int32()), games["week"])
    index = games.schema.get_field_index("week")
    sample_lake.write(GAMES, games.set_column(index, games.schema.field(index), earlier))
    outcome = run(instance, "season_ingest", "2024|22")
    assert outcome.success, outcome.errors
    assert sample_lake.read(WEEKLY_STATS, [SeasonWeek(2024, 22)]).num_rows == 0
    report = metadata(instance, "weekly_stats", "2024|22")
    assert report["dagster/partition_row_count"] == 0
    assert report["games"] == "no such week: the schedule has no game in it"
    assert imported_phases(instance, [SeasonWeek(2024, 22)], SAMPLE_LABEL) == {}


def test_play_offs_that_are_not_paired_yet_fail(
    instance: dg.DagsterInstance, sample_lake: Lake
) -> None:
    """Empty, they would be taken for imported when they are played."""
    run(instance, "games_refresh")
    for job in ("weekly_import", "season_ingest", "weekly_projections"):
        outcome = run(instance, job, "2025|19")
        assert not outcome.success
        assert any(
            "schedule 2025 week 19: it ends with week 18 so far" in error
            for error in outcome.errors
        )
    assert imported_phases(instance, [SeasonWeek(2025, 19)], SAMPLE_LABEL) == {}
    assert SeasonWeek(2025, 19) not in sample_lake.weeks(WEEKLY_STATS)


def test_a_week_yet_to_be_played_fails_with_its_cause(
    instance: dg.DagsterInstance, sample_lake: Lake
) -> None:
    run(instance, "games_refresh")
    outcome = run(instance, "season_ingest", "2025|10")
    assert not outcome.success
    assert any("weekly_stats 2025 week 10" in error for error in outcome.errors)
    assert SeasonWeek(2025, 10) not in sample_lake.weeks(WEEKLY_STATS)


def test_an_upcoming_week_is_projected_from_rosters_carried_forward(
    instance: dg.DagsterInstance, sample_lake: Lake
) -> None:
    assert run(instance, "season_ingest", "2025|09").errors != ()  # no schedule in the lake yet
    run(instance, "games_refresh")
    assert run(instance, "season_ingest", "2025|07", "2025|09").success
    outcome = run(instance, "weekly_projections", "2025|10")
    assert outcome.success, outcome.errors
    table = sample_lake.read(PROJECTIONS, [SeasonWeek(2025, 10)])
    assert table.num_rows > 300
    rosters = sample_lake.read(RAW_PLAYERS, [SeasonWeek(2025, 10)])["roster_source"]
    assert set(rosters.to_pylist()) == {"carried_forward", "schedule"}


def test_a_run_without_tags_stands_for_the_present_of_its_league(
    instance: dg.DagsterInstance,
) -> None:
    # Started as the UI does it; the sample league's clock stands at Tuesday after week 9.
    assert run(instance, "weekly_import", "2025|09").errors == ()
    assert metadata(instance, "weekly_stats", "2025|09")["phase"] == "provisional"
    sample = NflData(source="sample")
    requests = followed(instance, "weekly_import", "project_upcoming_week", sample)
    assert isinstance(requests, list)
    (request,) = requests
    assert request.partition_key == "2025|10"
    assert request.tags["as_of"] == sample.now().isoformat()


def test_an_import_of_the_sample_league_is_none_of_the_real_week(
    instance: dg.DagsterInstance,
) -> None:
    assert run(instance, "weekly_import", "2025|09").errors == ()
    week = SeasonWeek(2025, 9)
    assert imported_phases(instance, [week], SAMPLE_LABEL) == {week: {"provisional"}}
    assert imported_phases(instance, [week], None) == {}
    # What follows is of the run's league as well, whatever the deployment's is.
    requests = followed(instance, "weekly_import", "project_upcoming_week", NflData(source="auto"))
    assert isinstance(requests, list)
    (request,) = requests
    assert request.tags["source"] == "sample"
    assert request.run_config["resources"]["nfl"]["config"]["source"] == "sample"


def test_accuracy_of_a_week_nobody_projected_is_empty_and_says_so(
    instance: dg.DagsterInstance, sample_lake: Lake
) -> None:
    outcome = run(instance, "weekly_import", "2024|05")
    assert outcome.success, outcome.errors
    assert sample_lake.read(PROJECTION_ACCURACY).num_rows == 0
    assert "projections 2024: none of week 5 to score" in outcome.warnings


def test_a_range_that_wraps_is_refused(instance: dg.DagsterInstance) -> None:
    run(instance, "games_refresh")
    outcome = run(instance, "season_ingest", "2023|10", "2024|02")
    assert not outcome.success
    assert any("so it cannot run from a late week" in error for error in outcome.errors)


def test_projections_without_a_history_name_what_to_do(instance: dg.DagsterInstance) -> None:
    outcome = run(instance, "season_projections", "2024|05")
    assert not outcome.success
    assert any("Materialize" in error for error in outcome.errors)


def test_source_is_a_run_config_choice_and_bad_ones_are_refused(
    instance: dg.DagsterInstance,
) -> None:
    assert run_config("sample")["resources"] == {"nfl": {"config": {"source": "sample"}}}
    outcome = execute(instance, "games_refresh", "teletext", {})
    assert not outcome.success
    assert (
        "source 'teletext' does not exist. Choose one of auto, nfl_data_py, nflreadpy, sample."
        in outcome.errors[0]
    )


def test_points_check_passes_and_fires(instance: dg.DagsterInstance, sample_lake: Lake) -> None:
    import pyarrow as pa

    from fantasy_pipeline.ingest.stats import point_differences

    run(instance, "games_refresh")
    assert run(instance, "season_ingest", "2024|05").success
    key = dg.AssetCheckKey(dg.AssetKey("weekly_stats"), "points_match_upstream")
    [record] = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    assert record.status.value == "SUCCEEDED"
    lines = sample_lake.read(WEEKLY_STATS, [SeasonWeek(2024, 5)])
    assert point_differences(lines) == []
    wrong = lines.set_column(
        lines.schema.get_field_index("fantasy_points_ppr"),
        "fantasy_points_ppr",
        pa.array([value + 1 for value in lines["fantasy_points_ppr"].to_pylist()]),
    )
    assert len(point_differences(wrong)) == lines.num_rows


def test_assets_that_ask_upstream_take_turns_and_are_tried_again() -> None:
    definitions = defs.get_repository_def().assets_defs_by_key
    ops = {
        key.to_user_string(): assets.op
        for key, assets in definitions.items()
        if assets.is_executable
    }
    asking = {"games", "raw_players", "weekly_stats", "source_projections", "news"}
    asking |= {"league_teams", "league_rosters", "league_matchups"}
    assert {name for name, op in ops.items() if op.pool == "nflverse"} == asking
    assert {name for name, op in ops.items() if op.retry_policy == NETWORK_RETRY} == asking


def test_definitions_resolve_with_the_default_source() -> None:
    repository = defs.get_repository_def()
    repository.validate_loadable()
    assert "whole_week" in repository.job_names
