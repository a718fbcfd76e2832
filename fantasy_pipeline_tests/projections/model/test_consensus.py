"""The consensus: the effect of sources, copies, outliers and hints on a player's points."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fantasy_pipeline.football.scoring import SCORINGS
from fantasy_pipeline.football.tables import SOURCE_PROJECTIONS
from fantasy_pipeline.projections.model import consensus
from fantasy_pipeline.projections.model.intervals import quantile_table

RANDOM = np.random.default_rng(3)


def statements(
    source: str, points: dict[int, float | None], scoring: str = "half", week: int = 1
) -> list[dict[str, object]]:
    return [
        {
            "season": 2024,
            "week": week,
            "source": source,
            "player_id": f"P{player}",
            f"points_{scoring}": value,
        }
        for player, value in points.items()
    ]


def sources(*rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(
        [row for part in rows for row in part], schema=SOURCE_PROJECTIONS.arrow_schema
    )


def players(count: int, receptions: float = 0.0, week: int = 1) -> pa.Table:
    return pa.table(
        {
            "season": pa.array([2024] * count, pa.int32()),
            "week": pa.array([week] * count, pa.int32()),
            "player_id": [f"P{number}" for number in range(count)],
            "receptions": [receptions] * count,
        }
    )


def unseen(
    model: np.ndarray,
    actual: np.ndarray,
    usual: np.ndarray | None = None,
    total: np.ndarray | None = None,
) -> pa.Table:
    """Return projections out of the fold of players that people may start."""
    missing = np.full(len(model), np.nan)
    columns = {
        "model_half": model,
        "target_half": actual,
        "usual_half": missing if usual is None else usual,
        "implied_team_total": missing if total is None else total,
        "starts": np.ones(len(model), dtype=bool),
    }
    rows = players(len(model))
    for name, values in columns.items():
        rows = rows.append_column(name, pa.array(values))
    return rows


def by_source(rows: pa.Table, stated: pa.Table, with_copies: bool = False) -> dict[str, np.ndarray]:
    return consensus.points_by_source(rows, consensus.Stated.of(stated, with_copies))


def test_zero_and_absence_are_no_projection() -> None:
    found = by_source(players(3), sources(statements("a", {0: 5.0, 1: 0.0})))
    np.testing.assert_array_equal(found["a"], [5.0, np.nan, np.nan])


def test_other_scorings_are_converted_to_half_ppr() -> None:
    rows = sources(statements("ppr", {0: 10.0}, "ppr"), statements("std", {0: 6.0}, "std"))
    found = by_source(players(1, receptions=4.0), rows)
    assert found["ppr"][0] == 8.0
    assert found["std"][0] == 8.0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"points_std": 10.0, "points_half": 12.0, "points_ppr": 14.0}, (10.0, 12.0, 14.0)),
        # Points that a source states come before points converted by expected receptions.
        ({"points_std": 10.0, "points_ppr": 14.0}, (10.0, 12.0, 14.0)),
        ({"points_std": 10.0, "points_half": 12.0}, (10.0, 12.0, 14.0)),
        ({"points_half": 12.0, "points_ppr": 14.0}, (10.0, 12.0, 14.0)),
        ({"points_half": 12.0}, (9.0, 12.0, 15.0)),
        ({"points_ppr": 14.0}, (8.0, 11.0, 14.0)),
        ({"points_std": 10.0}, (10.0, 13.0, 16.0)),
    ],
)
def test_a_source_has_the_points_that_it_states(
    given: dict[str, float], expected: tuple[float, ...]
) -> None:
    names = ("points_std", "points_half", "points_ppr")
    stated = pa.table({name: pa.array([given.get(name)], pa.float64()) for name in names})
    six = np.array([6.0])
    found = [consensus.stated_points(stated, six, scoring)[0] for scoring in SCORINGS]
    assert tuple(found) == expected


def test_a_copy_counts_once() -> None:
    own = {player: float(value) for player, value in enumerate(RANDOM.uniform(2, 20, 80))}
    copy = {player: value + 0.01 for player, value in own.items()}
    other = {player: value + 1.0 for player, value in own.items()}
    found = by_source(
        players(80), sources(statements("a", own), statements("b", copy), statements("c", other))
    )
    assert list(found) == ["a", "c"]


def test_a_copy_of_one_week_counts_in_other_weeks() -> None:
    own = {player: float(value) for player, value in enumerate(RANDOM.uniform(2, 20, 80))}
    other = {player: value + 1.0 for player, value in own.items()}
    stated = sources(
        statements("a", own), statements("b", own),
        statements("a", own, week=2), statements("b", other, week=2),
        statements("a", own, week=3), statements("b", other, week=3),
    )  # fmt: skip
    rows = pa.concat_tables([players(80, week=week) for week in (1, 2, 3)])
    found = by_source(rows, stated)
    assert np.isnan(found["a"]).sum() == 0
    assert np.isnan(found["b"]).reshape(3, 80).all(axis=1).tolist() == [True, False, False]
    # Copies are found among all of the week's players, even if few rows are asked for.
    few = by_source(pa.concat_tables([players(3), players(3, week=2)]), stated)
    assert np.isnan(few["b"]).tolist() == [True] * 3 + [False] * 3
    assert "b" in by_source(rows, stated, with_copies=True)


ONE_WEEK = np.zeros(2)


def test_a_source_without_a_projection_has_no_effect() -> None:
    model = np.array([10.0, 10.0])
    others = {"a": np.array([20.0, np.nan]), "b": np.array([10.0, 12.0])}
    both = consensus.combine(model, others, {"a": 0.3, "b": 0.5}, ONE_WEEK, {})
    # 20 counts up to MAX_DIFFERENCE points from the model.
    assert both.tolist() == [10 + 0.3 * consensus.MAX_DIFFERENCE, 11.0]


def test_sources_without_learnt_weights_share_the_prior() -> None:
    model, others = np.array([10.0]), {"a": np.array([12.0]), "b": np.array([12.0])}
    together = consensus.combine(model, others, {}, ONE_WEEK[:1], {})
    assert together[0] == pytest.approx(10 + consensus.PRIOR_WEIGHT * 2)


def test_the_level_of_a_source_does_not_count() -> None:
    weeks = np.repeat([1, 2], 20)
    model = RANDOM.uniform(5, 20, 40)
    opinion = RANDOM.normal(0, 2, 40)
    level = np.where(weeks == 1, 3.0, -3.0)
    one, two = (
        consensus.centred_differences(model, {"a": model + opinion + shift}, weeks)[:, 0]
        for shift in (0.0, level)
    )
    np.testing.assert_allclose(one, two, atol=0.5)
    # One wild value moves nobody else.
    wild = model + opinion
    wild[0] = 80.0
    moved = consensus.centred_differences(model, {"a": wild}, weeks)[:, 0]
    np.testing.assert_allclose(moved[1:], one[1:], atol=1.0)
    # A few players are not enough to estimate the level.
    few = consensus.centred_differences(model[:5], {"a": model[:5] + 3.0}, weeks[:5])
    np.testing.assert_allclose(few[:, 0], 3.0)


def test_the_consensus_steps_back_from_what_a_player_usually_scores() -> None:
    model, usual = np.array([12.0, 8.0]), np.array([8.0, 12.0])
    others = {"a": np.array([14.0, np.nan])}
    together = consensus.combine(
        model, others, {"a": 0.4, "usual": -0.2}, ONE_WEEK, {"usual": usual}
    )
    # His role has grown: further up. A player without other sources keeps the model's points.
    assert together.tolist() == pytest.approx([13.6, 8.0])
    # But never beyond the model and all sources.
    beyond = consensus.combine(model, others, {"a": 0.4, "usual": -0.8}, ONE_WEEK, {"usual": usual})
    assert beyond.tolist() == pytest.approx([14.0, 8.0])


def test_the_consensus_leans_on_the_betting_market_more_than_its_sources() -> None:
    model, total = np.array([12.0, 12.0, 12.0]), np.array([27.0, 18.0, np.nan])
    hints = consensus.hints(model, np.full(3, np.nan), total)
    others = {"a": np.array([14.0, 14.0, 14.0])}
    weeks = np.zeros(3)
    rich, poor, unknown = consensus.combine(model, others, {"a": 0.4, "market": 0.2}, weeks, hints)
    # A fifth of what the model gains or loses in proportion to 22.5 points of the team.
    assert (rich, poor, unknown) == pytest.approx((12.8 + 0.48, 12.8 - 0.48, 12.8))


@pytest.mark.parametrize(("true", "learnt"), [(0.5, 0.4), (0.2, 0.2), (-0.3, 0.0)])
def test_the_weight_of_the_market_is_learnt_within_bounds(true: float, learnt: float) -> None:
    size = 20_000
    model, total = RANDOM.uniform(5, 20, size), RANDOM.uniform(16, 29, size)
    actual = model * (1 + true * (total / 22.5 - 1)) + RANDOM.normal(0, 2, size)
    rows = sources(statements("a", dict(enumerate((model + 0.01).tolist()))))
    past = unseen(model, actual, total=total)
    weights = consensus.learn_weights(past, by_source(past, rows))
    assert weights["market"] == pytest.approx(learnt, abs=0.04)


@pytest.mark.parametrize(("noise", "low", "high"), [(0.5, 0.6, 0.9), (9.0, 0.0, 0.3)])
def test_a_good_source_weighs_more_than_a_bad_one(noise: float, low: float, high: float) -> None:
    size = 6000
    truth = RANDOM.uniform(2, 20, size)
    past = unseen(truth + RANDOM.normal(0, 3, size), truth + RANDOM.normal(0, 5, size))
    others = np.maximum(truth + RANDOM.normal(0, noise, size), 0.1)
    rows = sources(statements("a", dict(enumerate(others.tolist()))))
    assert low <= consensus.learn_weights(past, by_source(past, rows))["a"] <= high


def test_the_width_is_learnt_from_past_coverage() -> None:
    size = 3000
    truth = RANDOM.uniform(5, 20, size)
    actual = truth + RANDOM.normal(0, 2, size)
    table = quantile_table(truth, truth + RANDOM.normal(0, 2.4, size))
    past = unseen(truth, actual, usual=truth)
    rows = sources(statements("a", dict(enumerate(truth.tolist()))))
    stated = by_source(past, rows)
    learnt = consensus.learn_width(past, stated, {"a": 0.4}, table, "WR")
    assert learnt == pytest.approx(0.84, abs=0.05)
    assert consensus.learn_width(past, stated, {}, table, "WR") == consensus.PRIOR_WIDTH["WR"]
    # Kickers keep the model's width. A position to cover less of has a narrower one.
    assert consensus.learn_width(past, stated, {"a": 0.4}, table, "K") == 1.0
    assert consensus.learn_width(past, stated, {"a": 0.4}, table, "RB") < learnt
    # Few rows leave the width near the prior.
    some = past.slice(0, 50)
    few = consensus.learn_width(some, by_source(some, rows), {"a": 0.4}, table, "WR")
    assert learnt < few == pytest.approx(consensus.PRIOR_WIDTH["WR"], abs=0.04)
