"""Stored models: a model read back projects the same; a model that does not fit is refused."""

from __future__ import annotations

import io
import json
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    SOURCE_PROJECTIONS,
    TARGET_STATS,
)
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.model import artefact, features, training
from fantasy_pipeline.projections.model.predict import expect
from fantasy_pipeline.projections.model.stat_line import STATS
from fantasy_pipeline.projections.model_projections import model_projections

SEASON = 2024
MOMENT = datetime(2021, 9, 9, 12, tzinfo=timezone.utc)


def history(seasons: range = range(2022, 2025)) -> pa.Table:
    """Return history of synthetic running backs whose points are their past mean and noise."""
    rng = np.random.default_rng(5)
    rows = []
    for season in seasons:
        for week in range(1, 18):
            for player in range(40):
                skill = 4 + player / 3
                yards = max(skill * 6 + rng.normal(0, 20), 0.0)
                row = dict.fromkeys((f"target_{stat}" for stat in TARGET_STATS), 0.0)
                rows.append(
                    {
                        "season": season,
                        "week": week,
                        "player_id": f"P{player:02d}",
                        "position": "RB",
                        "team": TEAMS[player % 8],
                        "on_bye": False,
                        "roster_status": "ACT",
                        "roster_source": "weekly_roster",
                        "weight": 8.0,
                        "games": 20,
                        "games_season": week - 1,
                        "weeks_since_game": 1,
                        "missed_last": False,
                        "status_rate": 0.97,
                        "appearance_rate": 0.95,
                        "avg_fantasy_points": skill,
                        "avg_fantasy_points_half": skill,
                        "avg_fantasy_points_ppr": skill,
                        "avg_carries": skill,
                        "recent_carries": skill,
                        "avg_targets": 0.0,
                        "recent_targets": 0.0,
                        "avg_attempts": 0.0,
                        "recent_attempts": 0.0,
                        "target_played": bool(rng.random() < 0.95),
                        **row,
                        "target_rushing_yards": yards,
                        "target_std": yards / 10,
                        "target_half": yards / 10,
                        "target_ppr": yards / 10,
                        "opponent_factor_fantasy_points_ppr": 1.0,
                        "opponent_factor_fantasy_points_half": 1.0,
                        "opponent_factor_fantasy_points": 1.0,
                        "prior_fantasy_points_half": 8.0,
                        "prior_fantasy_points_ppr": 8.0,
                        "prior_fantasy_points": 8.0,
                    }
                )
    return pa.Table.from_pylist(rows, schema=PLAYER_HISTORY.arrow_schema)


@pytest.fixture(scope="module")
def past() -> pa.Table:
    return history()


@pytest.fixture(scope="module")
def model(past: pa.Table) -> training.Model:
    return training.train(training.of_each_season(past), SEASON)


def test_a_model_knows_only_the_seasons_before(past: pa.Table, model: training.Model) -> None:
    assert set(model.window) == {2022, 2023}
    earlier = training.train(training.of_each_season(history(range(2022, 2024))), SEASON)
    for name, array in artefact._arrays(model).items():
        assert np.array_equal(array, artefact._arrays(earlier)[name]), name


def test_weeks_that_were_not_played_teach_nothing(past: pa.Table, model: training.Model) -> None:
    before = past.filter(pc.less(past["season"], SEASON))
    played = pc.sum(before["target_played"]).as_py()
    assert model.metrics["RB"]["rows"] == played < before.num_rows


def test_a_position_learns_from_its_own_players(past: pa.Table, model: training.Model) -> None:
    assert set(model.positions) == {"RB"}
    table = past.slice(past.num_rows - 40)
    other = pa.array(["WR"] * 20 + ["RB"] * 20)
    table = table.set_column(table.schema.get_field_index("position"), "position", other)
    found = model_projections(table, [SeasonWeek(SEASON, 17)], lambda _: model, None)
    sources = dict(zip(found["position"].to_pylist(), found["source"].to_pylist(), strict=True))
    assert sources == {"WR": "baseline", "RB": "model"}


def test_a_model_read_back_projects_the_same(
    tmp_path: Path, past: pa.Table, model: training.Model
) -> None:
    lake = Lake(str(tmp_path), "nfl")
    version = artefact.save(lake, model)
    assert artefact.save(lake, model) == version
    found = artefact.load(lake, SEASON)
    assert found is not None
    assert artefact.version_of(found) == artefact.version_of(model) == version
    rows = past.slice(past.num_rows - 40)
    matrix = features.matrix(rows)
    one = expect(model.positions["RB"], "RB", rows, matrix)
    two = expect(found.positions["RB"], "RB", rows, matrix)
    assert np.array_equal(one.line["rushing_yards"], two.line["rushing_yards"])
    assert np.array_equal(one.plays, two.plays)
    # Better players are projected higher, and points follow from the line.
    assert np.corrcoef(one.line["rushing_yards"], np.arange(40))[0, 1] > 0.9
    about = artefact.facts(lake, SEASON)
    assert about is not None
    assert about["window"] == {"2022": 680, "2023": 680}
    assert about["feature_set"] == features.fingerprint()
    assert about["metrics"]["RB"]["rmse_half"] > 0


def test_coefficients_are_stored_as_arrays_one_per_feature_and_curve(
    tmp_path: Path, model: training.Model
) -> None:
    """The names are those of lakes of earlier versions; other names would lose their models."""
    lake = Lake(str(tmp_path), "nfl")
    version = artefact.save(lake, model)
    raw = lake.read_bytes(f"models/projection/season={SEASON}/{version}.npz")
    assert raw is not None
    with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
        shape = stored["RB/coefficients"].shape
    assert shape == (len(features.NAMES) + len(features.CURVES), len(STATS["RB"]))


def test_a_model_of_an_earlier_format_is_refused(tmp_path: Path, model: training.Model) -> None:
    lake = Lake(str(tmp_path), "nfl")
    artefact.save(lake, model)
    path = f"models/projection/season={SEASON}/model.json"
    about = json.loads(lake.read_bytes(path) or b"")
    lake.write_bytes(path, json.dumps({**about, "format": artefact.FORMAT - 1}).encode())
    with pytest.raises(artefact.ModelMismatchError, match="another feature set"):
        artefact.load(lake, SEASON)


def test_a_model_of_another_feature_set_is_refused_and_trained_again(
    tmp_path: Path, past: pa.Table, model: training.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path), "nfl")
    lake.write(PLAYER_HISTORY, past)
    artefact.save(lake, model)
    monkeypatch.setattr(features, "fingerprint", lambda: "other")
    with pytest.raises(artefact.ModelMismatchError, match="another feature set"):
        artefact.load(lake, SEASON)
    assert artefact.fitting(lake, SEASON) is None
    artefact.trained(lake, SEASON)
    assert artefact.fitting(lake, SEASON) is not None


@pytest.mark.parametrize("damage", ["cut", "changed", "weights", "gone", "incomplete"])
def test_a_damaged_model_is_refused(tmp_path: Path, model: training.Model, damage: str) -> None:
    lake = Lake(str(tmp_path), "nfl")
    version = artefact.save(lake, model)
    folder = tmp_path / "models" / "projection" / f"season={SEASON}"
    file = folder / f"{version}.npz"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:1000])
    elif damage == "gone":
        file.unlink()
    elif damage == "weights":
        about = json.loads((folder / "model.json").read_text())
        about["source_weights"] = {"QB": {"nflcom": 99.0}}
        (folder / "model.json").write_text(json.dumps(about))
    elif damage == "incomplete":
        about = json.loads((folder / "model.json").read_text())
        del about["width"]
        (folder / "model.json").write_text(json.dumps(about))
    else:
        about = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps(about | {"sha256": "0" * 64}))
    with pytest.raises(artefact.ModelMismatchError, match="Materialize projection_model"):
        artefact.load(lake, SEASON)


def test_the_doubtful_have_their_statuss_chance_at_most(
    past: pa.Table, model: training.Model
) -> None:
    """The regression alone had 15 of 160 doubtful players above 0.5; one of the 160 played."""
    rows = past.slice(past.num_rows - 40)
    at = rows.schema.get_field_index("status_rate")
    rows = rows.set_column(at, "status_rate", pa.array([0.03] * 40, rows.schema.field(at).type))

    def chances(status: str) -> np.ndarray:
        at = rows.schema.get_field_index("injury_status")
        named = rows.set_column(at, "injury_status", pa.array([status] * 40, pa.string()))
        return expect(model.positions["RB"], "RB", named, features.matrix(named)).plays

    assert len(model.positions["RB"].plays)
    assert (chances("Questionable") > 0.03).any()
    assert (chances("Doubtful") <= 0.03).all()


def test_a_model_of_other_stats_is_refused(
    tmp_path: Path, model: training.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its coefficients would count for the wrong stats."""
    lake = Lake(str(tmp_path), "nfl")
    version = artefact.save(lake, model)
    assert artefact.load(lake, SEASON) is not None
    kept = artefact.facts(lake, SEASON)
    assert kept is not None
    assert kept["features"] == list(features.NAMES)
    assert lake.read_bytes(f"models/projection/season={SEASON}/{version}.json") is not None
    monkeypatch.setitem(artefact.STATS, "RB", tuple(reversed(artefact.STATS["RB"])))
    with pytest.raises(artefact.ModelMismatchError, match="other stats"):
        artefact.load(lake, SEASON)


def statement(points: float, season: int) -> pa.Table:
    key = {"season": season, "week": 1, "source": "a", "player_id": "P01", "as_of": MOMENT}
    return pa.Table.from_pylist(
        [key | {"points_half": points}], schema=SOURCE_PROJECTIONS.arrow_schema
    )


def changed(rows: pa.Table, column: str, at: int, value: object) -> pa.Table:
    values = rows[column].to_pylist()
    values[at] = value
    number = rows.schema.get_field_index(column)
    return rows.set_column(number, column, pa.array(values, rows.schema.field(column).type))


def test_a_model_fits_until_what_it_learnt_from_changes(tmp_path: Path, past: pa.Table) -> None:
    lake = Lake(str(tmp_path), "nfl")
    before, now = SeasonWeek(2023, 1), SeasonWeek(SEASON, 1)
    lake.write(PLAYER_HISTORY, past)
    lake.write_weeks(SOURCE_PROJECTIONS, statement(5.0, 2023), [before])
    assert artefact.fitting(lake, SEASON) is None
    first = artefact.trained(lake, SEASON)

    def fits(rows: pa.Table) -> bool:
        lake.write(PLAYER_HISTORY, rows)
        return artefact.fitting(lake, SEASON) is not None

    # Rows of the season itself do not count: it grows by a week each week.
    assert fits(past)
    assert fits(changed(past, "target_half", past.num_rows - 1, 99.0))
    assert fits(past.slice(0, past.num_rows - 40))
    lake.write_weeks(SOURCE_PROJECTIONS, statement(5.0, SEASON), [now])
    assert fits(past)
    # A corrected stat, a feature, a name, a row, another season, another source's points.
    assert not fits(changed(past, "target_half", 0, 99.0))
    assert not fits(changed(past, "avg_fantasy_points", 0, 99.0))
    assert not fits(changed(past, "team", 0, TEAMS[9]))
    assert not fits(changed(past, "avg_targets", 0, None))
    assert not fits(past.slice(1))
    assert not fits(history(range(2021, 2025)))
    lake.write_weeks(SOURCE_PROJECTIONS, statement(6.0, 2023), [before])
    assert not fits(past)
    again = artefact.trained(lake, SEASON)
    assert again.window == first.window
    assert again.content != first.content
    assert fits(past)


def test_too_few_rows_fall_back_to_the_baseline_and_say_so(past: pa.Table) -> None:
    young = training.train(training.of_each_season(past), 2022)
    assert young.positions == {}
    table = model_projections(past, [SeasonWeek(2022, 3)], lambda _: young, "made up")
    assert set(table["source"].to_pylist()) == {"baseline (made up)"}
    assert table["rushing_yards"].null_count == table.num_rows
    assert min(table["projected_points"].to_pylist()) > 0


def test_files_beside_the_tables_are_replaced_whole(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path), "nfl")
    assert lake.read_bytes("models/a.json") is None
    for content in (b"one", b"two"):
        lake.write_bytes("models/a.json", content)
        assert lake.read_bytes("models/a.json") == content
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["a.json"]


def test_weeks_of_an_older_layout_say_so(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path), "nfl")
    week = SeasonWeek(2024, 1)
    path = Path(lake.path(PROJECTION_ACCURACY, week))
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"season": [2024], "week": [1]}), path)
    with pytest.raises(PipelineError, match="older layout; materialize them again"):
        lake.read(PROJECTION_ACCURACY, [week])
