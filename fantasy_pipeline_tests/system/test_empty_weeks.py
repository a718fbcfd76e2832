"""Test that no table is silently empty: no rows are a failure where the schedule has games."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.checks.guards import refuse_forgotten_weeks
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    MODEL_PROJECTIONS,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import weeks_in
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.orchestration.runs.results import RunOutcome
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests.orchestration.runs.empty_history import opened

WEEK = SeasonWeek(2024, 5)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    return home


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with opened(home) as instance:
        if not instance.get_runs(limit=1):
            assert run(instance, "whole_week").success
        yield instance


@pytest.fixture
def lake(home: Path) -> Lake:
    return Lake(str(home / "data" / "sample"), SAMPLE_LABEL)


def run(instance: dg.DagsterInstance, job: str) -> RunOutcome:
    week = () if job in ("games_refresh", "history_rebuild") else (WEEK, WEEK)
    return execute(instance, job, "sample", {}, *week)


def test_a_history_that_forgot_a_week(instance: dg.DagsterInstance, lake: Lake) -> None:
    """The roster of a week has fantasy players, and player_history has no row of them."""
    history = lake.read(PLAYER_HISTORY)
    with lake.connect([RAW_PLAYERS, WEEKLY_STATS]) as connection:
        refuse_forgotten_weeks(connection, weeks_in(history))
        with pytest.raises(PipelineError, match="player_history 2024 week 5: no rows, but"):
            refuse_forgotten_weeks(connection, [])


def test_a_week_recorded_empty_before_the_schedule_knew_it(
    instance: dg.DagsterInstance, lake: Lake
) -> None:
    """A consensus without projections of our model is refused, and the stored one stays."""
    projected, together = lake.read(MODEL_PROJECTIONS, [WEEK]), lake.read(PROJECTIONS, [WEEK])
    lake.write_weeks(MODEL_PROJECTIONS, projected.slice(0, 0), [WEEK])
    job = dg.AssetKey(PROJECTIONS.name)
    result = _only(instance, job)
    assert not result.success
    [error] = result.errors
    assert "projections 2024 week 5: no rows, but the schedule has games" in error
    assert lake.read(PROJECTIONS, [WEEK]).equals(together)
    lake.write_weeks(MODEL_PROJECTIONS, projected, [WEEK])


def test_our_model_projects_nobody_of_a_week_that_the_history_lacks(
    instance: dg.DagsterInstance, lake: Lake
) -> None:
    history, projected = lake.read(PLAYER_HISTORY), lake.read(MODEL_PROJECTIONS, [WEEK])
    lake.write(PLAYER_HISTORY, history.filter(pc.not_equal(history["week"], WEEK.week)))
    result = _only(instance, dg.AssetKey(MODEL_PROJECTIONS.name))
    lake.write(PLAYER_HISTORY, history)
    assert not result.success
    [error] = result.errors
    assert "projections 2024 week 5: player_history has no players of that week" in error
    assert lake.read(MODEL_PROJECTIONS, [WEEK]).equals(projected)


def test_accuracy_of_a_history_older_than_the_stats(
    instance: dg.DagsterInstance, lake: Lake
) -> None:
    history, scores = lake.read(PLAYER_HISTORY), lake.read(PROJECTION_ACCURACY, [WEEK])
    assert scores.num_rows > 0
    names = [name for name in history.column_names if name.startswith("target_")]
    older = history
    for name in names:
        at = older.schema.get_field_index(name)
        older = older.set_column(at, name, pa.nulls(len(older), older.schema.field(name).type))
    lake.write(PLAYER_HISTORY, older)
    result = _only(instance, dg.AssetKey(PROJECTION_ACCURACY.name))
    assert not result.success
    assert "projection_accuracy 2024 week 5: no rows" in result.errors[0]
    assert lake.read(PROJECTION_ACCURACY, [WEEK]).equals(scores)
    lake.write(PLAYER_HISTORY, history)


def test_a_schedule_cut_short_does_not_empty_the_lake(
    instance: dg.DagsterInstance, lake: Lake
) -> None:
    """Otherwise the weeks of a season without games would be recorded as not existing."""
    games = lake.read(GAMES)
    more = games.filter(pc.equal(games["season"], 2024))
    at = games.schema.get_field_index("season")
    earlier = more.set_column(at, "season", pa.array([2019] * len(more), pa.int32()))
    lake.write(GAMES, pa.concat_tables([earlier, games]))
    outcome = run(instance, "games_refresh")
    assert not outcome.success
    assert "games 2019: the upstream schedule has 0 games" in outcome.errors[0]
    assert set(lake.read(GAMES)["season"].to_pylist()) >= {2019}
    lake.write(GAMES, games)
    assert run(instance, "games_refresh").success


def _only(instance: dg.DagsterInstance, key: dg.AssetKey) -> RunOutcome:
    """Materialize one asset of the week from the tables in the lake."""
    from fantasy_pipeline.definitions import defs
    from fantasy_pipeline.operations.execute import summarize
    from fantasy_pipeline.orchestration.runs.tags import run_config

    job = dg.define_asset_job("only", dg.AssetSelection.assets(key).without_checks())
    merged = dg.Definitions.merge(defs, dg.Definitions(jobs=[job]))
    result = merged.resolve_job_def("only").execute_in_process(
        instance=instance,
        partition_key=WEEK.key,
        run_config=run_config("sample"),
        raise_on_error=False,
    )
    return summarize(result)
