"""Ridge regression, curves and quantiles: results by hand, and rows independent of other rows."""

from __future__ import annotations

import numpy as np
import pytest

from fantasy_pipeline.projections.model import features, linear
from fantasy_pipeline.projections.model.intervals import GRID, quantile_table, quantiles
from fantasy_pipeline.projections.model.stat_line import STATS, WEIGHTS, points

RANDOM = np.random.default_rng(7)


def ridge(
    inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, penalties: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    return linear.Sums.of(inputs, targets, weights).ridge(penalties)


def test_ridge_without_penalty_finds_the_line() -> None:
    inputs = RANDOM.normal(size=(200, 3))
    targets = np.column_stack([inputs @ [1.0, -2.0, 0.5] + 3, inputs @ [0.0, 1.0, 0.0] - 1])
    coefficients, intercepts = ridge(inputs, targets, np.ones(200), np.array([1e-9, 1e-9]))
    np.testing.assert_allclose(coefficients.T, [[1.0, -2.0, 0.5], [0.0, 1.0, 0.0]], atol=1e-6)
    np.testing.assert_allclose(intercepts, [3.0, -1.0], atol=1e-6)


def test_a_penalty_draws_to_the_mean() -> None:
    inputs = RANDOM.normal(size=(50, 1))
    targets = 2 * inputs + 5
    coefficients, intercepts = ridge(inputs, targets, np.ones(50), np.array([1e9]))
    assert abs(coefficients[0, 0]) < 1e-4
    assert intercepts[0] == pytest.approx(targets.mean(), abs=1e-3)


def test_sums_of_parts_add_up_to_the_regression_of_all_rows() -> None:
    inputs, targets = RANDOM.normal(size=(300, 4)) + 0.5, RANDOM.normal(size=(300, 2))
    weights, penalties = RANDOM.random(300) + 0.1, np.array([3.0, 30.0])
    parts = [
        linear.Sums.of(inputs[rows], targets[rows], weights[rows])
        for rows in (slice(0, 10), slice(10, 200), slice(200, 300))
    ]
    found = (parts[0] + parts[1] + parts[2]).ridge(penalties)
    # The same by least squares: a row per penalised coefficient, and the intercept free.
    root = np.sqrt(weights)
    for column, penalty in enumerate(penalties):
        design = np.column_stack([inputs, np.ones(300)]) * root[:, None]
        prior = np.column_stack([np.sqrt(penalty) * np.eye(4), np.zeros(4)])
        wanted = np.concatenate([targets[:, column] * root, np.zeros(4)])
        expected, *_ = np.linalg.lstsq(np.vstack([design, prior]), wanted, rcond=None)
        np.testing.assert_allclose(found[0][:, column], expected[:4], atol=1e-12)
        assert found[1][column] == pytest.approx(expected[4], abs=1e-12)


def test_dot_gives_a_row_the_same_bits_alone_and_with_others() -> None:
    inputs, coefficients = RANDOM.normal(size=(500, 157)), RANDOM.normal(size=(157, 12))
    together = linear.dot(inputs, coefficients)
    alone = np.vstack([linear.dot(inputs[[row]], coefficients) for row in range(0, 500, 50)])
    assert np.array_equal(together[::50], alone)
    np.testing.assert_allclose(together, inputs @ coefficients)


def test_missing_values_are_the_mean_and_outliers_are_cut() -> None:
    inputs = np.array([[1.0], [3.0], [np.nan], [2.0]])
    scale = linear.Scale.of(inputs)
    scaled = scale.apply(np.array([[np.nan], [2.0], [1e9]]))
    np.testing.assert_allclose(scaled[:, 0], [0.0, 0.0, linear.CLIP])


def test_logistic_finds_the_chance() -> None:
    inputs = RANDOM.normal(size=(20_000, 1))
    happened = (RANDOM.random(20_000) < 1 / (1 + np.exp(-(0.5 + 1.5 * inputs[:, 0])))).astype(float)
    slope, intercept = linear.logistic(inputs, happened, 1.0)
    assert slope == pytest.approx(1.5, abs=0.1)
    assert intercept == pytest.approx(0.5, abs=0.1)


def test_the_choice_finds_the_better_of_each_group() -> None:
    inputs = RANDOM.normal(size=(9000, 2))
    # Groups of three rows that are not next to each other.
    group = np.tile(np.arange(3000), 3)
    score = (inputs @ [1.5, -0.5] + RANDOM.gumbel(size=9000)).reshape(3, 3000)
    chosen = (score == score.max(axis=0)).astype(float).ravel()
    found = linear.choice(inputs, chosen, group, 1.0)
    np.testing.assert_allclose(found, [1.5, -0.5], atol=0.1)


def test_curves_follow_a_feature_from_each_knot_on() -> None:
    scaled = np.tile([[-2.0], [-0.5], [0.5], [3.0]], len(features.NAMES))
    wide = features.with_curves(scaled)
    assert wide.shape == (4, len(features.NAMES) + len(features.CURVES))
    assert np.array_equal(wide[:, : len(features.NAMES)], scaled)
    by_name = dict(zip(features.CURVES, wide[:, len(features.NAMES) :].T, strict=True))
    np.testing.assert_array_equal(by_name["age > -1"], [0.0, 0.5, 1.5, 4.0])
    np.testing.assert_array_equal(by_name["age > +0"], [0.0, 0.0, 0.5, 3.0])
    np.testing.assert_array_equal(by_name["age > +1"], [0.0, 0.0, 0.0, 2.0])


def test_a_bend_is_learnt_which_no_line_has() -> None:
    scaled = np.zeros((2000, len(features.NAMES)))
    at = features.NAMES.index("age")
    scaled[:, at] = RANDOM.uniform(-3, 3, 2000)
    target = np.maximum(scaled[:, [at]], 0.0)
    wide = features.with_curves(scaled)
    coefficients, level = ridge(wide, target, np.ones(2000), np.array([1e-6]))
    np.testing.assert_allclose(wide @ coefficients + level, target, atol=1e-3)


def test_quantiles_cover_what_they_promise_and_rise() -> None:
    expected = RANDOM.uniform(2, 20, 20_000)
    actual = RANDOM.gamma(2.0, expected / 2.0)
    table = quantile_table(expected, actual)
    assert table.shape[1] == 1 + len(GRID)
    fresh = RANDOM.uniform(2, 20, 20_000)
    outcome = RANDOM.gamma(2.0, fresh / 2.0)
    low, middle, high = quantiles(table, fresh, np.ones(20_000), (0.1, 0.5, 0.9)).T
    assert np.mean((outcome >= low) & (outcome <= high)) == pytest.approx(0.8, abs=0.02)
    assert np.mean(outcome <= middle) == pytest.approx(0.5, abs=0.02)
    assert (low <= middle).all()
    assert (middle <= high).all()


def test_a_player_who_may_not_play_has_a_lower_floor() -> None:
    expected = np.linspace(9, 11, 6000)
    table = quantile_table(expected, expected + np.tile(np.linspace(-5, 5, 500), 12))
    sure, likely, doubtful, never = quantiles(
        table, np.full(4, 10.0), np.array([1.0, 0.95, 0.4, 0.0]), (0.1, 0.5, 0.9)
    )
    assert sure[0] == pytest.approx(6.0, abs=0.2)
    assert likely[0] < sure[0]
    assert doubtful[0] == doubtful[1] == 0.0
    assert doubtful[2] > 0
    assert (never == 0).all()


def test_points_of_a_stat_line_in_the_three_scorings() -> None:
    line = {
        "receptions": np.array([5.0]),
        "receiving_yards": np.array([60.0]),
        "receiving_tds": np.array([0.5]),
        "targets": np.array([7.0]),
        "fumbles_lost": np.array([0.1]),
    }
    assert points(line, "std")[0] == pytest.approx(6 + 3 - 0.2)
    assert points(line, "half")[0] == pytest.approx(8.8 + 2.5)
    assert points(line, "ppr")[0] == pytest.approx(8.8 + 5)


def test_every_stat_that_scores_is_projected() -> None:
    usage = {"completions", "attempts", "carries", "targets", "receptions"}
    kicks = {"fg_att", "fg_made", "pat_made"}
    for position, stats in STATS.items():
        assert set(stats) - usage - kicks <= set(WEIGHTS), position
