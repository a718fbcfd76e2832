"""Test the script that measures the odds: on seasons that are drawn from known strengths."""

from __future__ import annotations

import numpy as np
import pytest

from fantasy_pipeline.decisions.odds import Rules, Strengths, odds
from fantasy_pipeline.operations.odds import OddsInputs, Past
from scripts.odds_accuracy import Season, fit, models, residuals, scores

TEAMS, REGULAR, WEEKS = 12, 14, 17
RULES = Rules(6, (1, 1, 1))
OF_WEEK, OF_TEAM, OF_PROJECTION = 17.0, 5.0, 10.0
"""Standard deviation of a week's points, and of a team's mean around its projection and around the
league's mean of 100 points."""


def drawn(number: int) -> Season:
    """Return a season in which each team's mean is its projection with an error."""
    draw = np.random.default_rng(number)
    projected = 100 + draw.normal(0, OF_PROJECTION, TEAMS)
    means = projected + draw.normal(0, OF_TEAM, TEAMS)
    points = draw.normal(means, OF_WEEK, (WEEKS, TEAMS))
    opponents = np.array([_pairs(draw.permutation(TEAMS)) for _ in range(REGULAR)])
    nothing = Strengths(np.zeros((0, TEAMS)), 1.0, 0.0)
    before = [
        OddsInputs(
            RULES,
            Past(points[:week], points[:week], opponents[:week]),
            opponents,
            np.tile(projected, (WEEKS - week, 1)),
        )
        for week in range(REGULAR)
    ]
    return Season(number, before, points, odds(RULES, opponents, points, nothing, 10))


def _pairs(order: np.ndarray) -> np.ndarray:
    against = np.empty(TEAMS, dtype=int)
    against[order[::2]], against[order[1::2]] = order[1::2], order[::2]
    return against


@pytest.fixture(scope="module")
def seasons() -> list[Season]:
    return [drawn(number) for number in range(60)]


def test_the_coefficients_are_those_of_the_draw(seasons: list[Season]) -> None:
    found = fit(seasons)
    # The past counts as much as the projections after (17 / 5) ** 2 games.
    assert found.past_games == pytest.approx((OF_WEEK / OF_TEAM) ** 2, abs=4)
    assert found.of_week == pytest.approx(OF_WEEK / 100, abs=0.005)
    # Before the first game, the projections are as far off as they were drawn.
    assert found.of_season(0) == pytest.approx(OF_TEAM / 100, abs=0.01)


def test_the_time_before_the_first_week_is_left_out(seasons: list[Season]) -> None:
    season = seasons[0]
    found = residuals([(one, season.points) for one in season.before], 10.0)
    assert [len(one) for one in found] == [WEEKS - week for week in range(1, REGULAR)]
    assert all(one.sum(axis=1) == pytest.approx(0.0) for one in found)


def test_better_models_have_better_scores(seasons: list[Season]) -> None:
    tried = seasons[:4]
    by_name = {
        name: np.nanmean([scores(season, model, 500) for season in tried], axis=(0, 1))
        for name, model in models(fit(seasons[4:])).items()
    }
    coins, past, fitted, _ = (one[0] for one in by_name.values())
    assert fitted < past < coins
    last = scores(tried[0], models(fit(seasons))["odds, as stored"], 100)[-1]
    assert last[:2].tolist() == [0.0, 0.0]
    assert np.isnan(last[2])
