"""The model's assets as Dagster runs them: trained when needed, kept, trained anew, refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import MODEL_PROJECTIONS, PLAYER_HISTORY, PROJECTIONS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.execute import execute, summarize
from fantasy_pipeline.orchestration.runs.tags import run_config
from fantasy_pipeline.report import store
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests.orchestration.runs.empty_history import opened

WEEK = SeasonWeek(2024, 2)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a season to learn from, and two weeks of the next one imported."""
    home = tmp_path_factory.mktemp("home")
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    with opened(home) as instance:
        stages = (
            ("games_refresh", ()),
            ("season_ingest", (SeasonWeek(2023, 1), SeasonWeek(2023, 18))),
            ("season_ingest", (SeasonWeek(2024, 1), WEEK)),
            ("history_rebuild", ()),
        )
        for job, weeks in stages:
            outcome = execute(instance, job, "sample", {}, *weeks)
            assert outcome.success, outcome.errors
    return home


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with opened(home) as instance:
        yield instance


def lake(home: Path) -> Lake:
    return Lake(str(home / "data" / "sample"), SAMPLE_LABEL)


def model_file(home: Path) -> Path:
    return home / "data" / "sample" / "models" / "projection" / "season=2024" / "model.json"


def test_a_model_is_trained_when_first_needed_and_kept(
    home: Path, instance: dg.DagsterInstance
) -> None:
    outcome = execute(instance, "season_projections", "sample", {}, WEEK)
    assert outcome.success, outcome.errors
    table = lake(home).read(MODEL_PROJECTIONS, [WEEK])
    assert f"model ({SAMPLE_LABEL})" in table["source"].unique().to_pylist()
    about = json.loads(model_file(home).read_text())
    assert set(about["window"]) == {"2023"}
    made = model_file(home).stat().st_mtime_ns
    # Dagster knows of it, and only of what was trained.
    [event] = materializations(instance)
    models = event.metadata["models"].value
    assert isinstance(models, dict)
    assert models["2024"]["version"] == about["version"]
    assert execute(instance, "season_projections", "sample", {}, WEEK).success
    assert model_file(home).stat().st_mtime_ns == made
    assert len(materializations(instance)) == 1
    # A new history for an old lake learns of the model in use.
    instance.wipe_assets([dg.AssetKey("projection_model")])
    assert execute(instance, "season_projections", "sample", {}, WEEK).success
    assert len(materializations(instance)) == 1


def materializations(instance: dg.DagsterInstance) -> list[dg.AssetMaterialization]:
    records = instance.fetch_materializations(dg.AssetKey("projection_model"), limit=10).records
    return [record.asset_materialization for record in records if record.asset_materialization]


def test_the_retrain_job_trains_the_latest_season_and_reports_it(
    home: Path, instance: dg.DagsterInstance
) -> None:
    outcome = execute(instance, "retrain", "sample", {})
    assert outcome.success, outcome.errors
    records = instance.fetch_materializations(dg.AssetKey("projection_model"), limit=1).records
    event = records[0].asset_materialization
    assert event is not None
    models = event.metadata["models"].value
    assert isinstance(models, dict)
    stored = json.loads(model_file(home).read_text())
    assert models["2024"]["version"] == stored["version"]
    assert models["2024"]["metrics"]["RB"]["rmse_half"] > 0


def test_a_report_names_the_model_that_made_its_week(
    home: Path, instance: dg.DagsterInstance
) -> None:
    """Not the one that was trained since, from other facts."""

    def reported() -> str:
        outcome = execute(instance, "report_week", "sample", {}, WEEK)
        assert outcome.success, outcome.errors
        text = store.read(lake(home), WEEK, "report.html")
        assert text is not None
        [version] = re.findall(r"<dt>Model</dt><dd><code>(\w+)</code>, trained on 2023-2023", text)
        markdown = store.read(lake(home), WEEK, "report.md")
        assert markdown is not None
        assert f"; model {version}." in markdown
        return str(version)

    def in_use() -> str:
        return str(json.loads(model_file(home).read_text())["version"])

    assert execute(instance, "season_projections", "sample", {}, WEEK).success
    first = in_use()
    assert reported() == first
    kept = lake(home).read(PLAYER_HISTORY)
    index = kept.schema.get_field_index("target_rushing_yards")
    more = pc.add(kept["target_rushing_yards"], 1.0)
    try:
        lake(home).write(PLAYER_HISTORY, kept.set_column(index, kept.field(index), more))
        assert execute(instance, "retrain", "sample", {}).success
        assert in_use() != first
        assert reported() == first
        assert execute(instance, "season_projections", "sample", {}, WEEK).success
        assert reported() == in_use() != first
    finally:
        lake(home).write(PLAYER_HISTORY, kept)


def test_a_model_of_another_feature_set_is_refused_by_the_asset_and_trained_anew(
    home: Path, instance: dg.DagsterInstance
) -> None:
    assert execute(instance, "season_projections", "sample", {}, WEEK).success
    file = model_file(home)
    about = json.loads(file.read_text())
    file.write_text(json.dumps(about | {"feature_set": "of another version"}))
    before = lake(home).read(PROJECTIONS, [WEEK])
    job = defs.resolve_implicit_global_asset_job_def()
    alone = job.execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey("projections")],
        partition_key=WEEK.key,
        run_config=run_config("sample"),
        tags={"dagster/max_retries": "0"},
        raise_on_error=False,
    )
    outcome = summarize(alone)
    assert not outcome.success
    assert any("another feature set" in error for error in outcome.errors)
    assert lake(home).read(PROJECTIONS, [WEEK]).equals(before)
    assert execute(instance, "season_projections", "sample", {}, WEEK).success
    assert json.loads(file.read_text())["feature_set"] == about["feature_set"]
