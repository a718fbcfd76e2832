"""Odds against every outcome, certain cases, and the rules for seeds and brackets."""

from __future__ import annotations

from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fantasy_pipeline.decisions.odds import (
    Coefficients,
    Rules,
    Strengths,
    bracket,
    matchups,
    odds,
    seeds,
    strengths,
)

ROUND_ROBIN = ([1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0])
"""Opponents of four teams in three weeks."""


def nothing_to_come(teams: int) -> Strengths:
    return Strengths(np.zeros((0, teams)), 1.0, 0.0)


def certain(rules: Rules, opponents: list[list[int]], points: list[list[float]]) -> list[list[int]]:
    """Return the teams that play off, have a bye and win the title in a season that is over."""
    past = np.array(points, dtype=float)
    found = odds(rules, np.array(opponents), past, nothing_to_come(past.shape[1]), 10)
    chances = (found.playoffs, found.bye, found.title)
    assert set(np.concatenate(chances)) <= {0.0, 1.0}
    return [np.flatnonzero(chance).tolist() for chance in chances]


def test_the_odds_are_those_of_all_outcomes() -> None:
    """Four teams, two weeks left: each of the 16 outcomes, with its probability."""
    opponents = np.array([*ROUND_ROBIN, ROUND_ROBIN[0]])
    # Totals are far apart, so that points to come do not change who is ahead at equal wins.
    past = np.array([[5100.0, 9000.0, 4000.0, 7000.0], [900.0, 1000.0, 800.0, 1100.0]])
    means = np.array([[110.0, 100.0, 95.0, 120.0], [105.0, 90.0, 118.0, 99.0], [0.0] * 4])
    coming = Strengths(means, 20.0, 0.0)
    games = [(week, one, other) for week in (2, 3) for one, other in _games(opponents[week])]
    chance = [
        NormalDist(0, 20 * 2**0.5).cdf(means[week - 2, one] - means[week - 2, other])
        for week, one, other in games
    ]
    won = np.array([1.0, 1, 0, 2])
    expected, wins = np.zeros(4), np.zeros(4)
    for outcome in product((True, False), repeat=len(games)):
        share = np.prod([p if first else 1 - p for p, first in zip(chance, outcome, strict=True)])
        final = won.copy()
        for (_, one, other), first in zip(games, outcome, strict=True):
            final[one if first else other] += 1
        order = np.lexsort((-past.sum(axis=0), -final))
        expected[order[:2]] += share
        wins += share * final
    found = odds(Rules(2, (1,)), opponents, past, coming, 40_000)
    assert found.playoffs == pytest.approx(expected, abs=0.01)
    assert found.wins == pytest.approx(wins, abs=0.02)
    # The final is a game of equals.
    assert found.title == pytest.approx(expected / 2, abs=0.01)


def _games(week: np.ndarray) -> list[tuple[int, int]]:
    return [(team, int(other)) for team, other in enumerate(week) if team < other]


def test_the_same_question_has_the_same_answer() -> None:
    coming = Strengths(np.full((4, 4), 100.0), 20.0, 5.0)
    first, second = (
        odds(Rules(2, (1,)), np.array(ROUND_ROBIN), np.zeros((0, 4)), coming, 500) for _ in range(2)
    )
    assert (first.title == second.title).all()


@st.composite
def seasons(draw: st.DrawFn) -> tuple[Rules, np.ndarray, np.ndarray, Strengths]:
    teams, weeks = draw(st.integers(2, 9)), draw(st.integers(1, 5))
    places = draw(st.integers(1, teams))
    rules = Rules(
        places,
        (),
        tuple(draw(st.lists(st.integers(0, 2), min_size=teams, max_size=teams)))
        if draw(st.booleans())
        else (),
        *draw(st.tuples(st.booleans(), st.booleans(), st.booleans())),
    )
    random = np.random.default_rng(draw(st.integers(0, 99)))
    opponents = np.full((weeks, teams), -1)
    for week in opponents:
        order = random.permutation(teams)
        for one, other in zip(order[::2], order[1::2], strict=False):
            week[one], week[other] = other, one
    played = draw(st.integers(0, weeks))
    past = np.round(random.normal(100, 20, (played, teams)), 2)
    coming = random.normal(100, 10, (weeks - played + len(rules.rounds), teams))
    return rules, opponents, past, Strengths(coming, 20.0, 5.0)


@settings(max_examples=60, deadline=None)
@given(seasons())
def test_as_many_teams_play_off_as_there_are_places(
    season: tuple[Rules, np.ndarray, np.ndarray, Strengths],
) -> None:
    rules, opponents, past, coming = season
    found = odds(rules, opponents, past, coming, 200)
    assert found.playoffs.sum() == pytest.approx(rules.places)
    assert found.bye.sum() == pytest.approx(rules.byes)
    assert found.title.sum() == pytest.approx(1.0)
    assert (found.title <= found.playoffs + 1e-12).all()
    assert (found.bye <= found.playoffs + 1e-12).all()
    per_week = opponents.shape[1] if rules.median_game else 0
    games = (opponents >= 0).sum() / 2 + per_week / 2 * len(opponents)
    assert found.wins.sum() == pytest.approx(games)


@settings(max_examples=40, deadline=None)
@given(seasons(), st.integers(1, 3))
def test_a_team_that_nobody_can_reach_plays_off_for_certain(
    season: tuple[Rules, np.ndarray, np.ndarray, Strengths], lead: int
) -> None:
    rules, opponents, past, coming = season
    # Weeks in front of the season: team 0 wins more of them than the season has games.
    games = len(opponents) * (2 if rules.median_game else 1)
    before = np.zeros((games + lead, opponents.shape[1]))
    before[:, 0] = 100.0
    pairs = np.full(before.shape, -1)
    pairs[:, 0], pairs[:, 1] = 1, 0
    longer = odds(rules, np.vstack([pairs, opponents]), np.vstack([before, past]), coming, 100)
    assert longer.playoffs[0] == 1.0


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (1, [0]),
        (2, [0, 1]),
        (4, [0, 3, 1, 2]),
        (6, [0, -1, 3, 4, 1, -1, 2, 5]),
        (8, [0, 7, 3, 4, 1, 6, 2, 5]),
    ],
)
def test_the_best_seeds_meet_last(places: int, expected: list[int]) -> None:
    assert bracket(places) == expected


def test_points_or_games_between_teams_break_ties() -> None:
    # 1 beat 0, and 0 beat 2: a win each, and 0 has more points.
    opponents, points = [[1, 0, -1, -1], [2, -1, 0, -1]], [[50.0, 60, 0, 0], [99.0, 0, 10, 0]]
    assert certain(Rules(1, ()), opponents, points)[0] == [0]
    assert certain(Rules(1, (), head_to_head=True), opponents, points)[0] == [1]


def test_the_winner_of_a_division_is_seeded_before_better_teams() -> None:
    wins, points = np.array([[3.0, 2, 1, 0]]), np.array([[400.0, 300, 200, 100]])
    assert seeds(Rules(2, (), (0, 0, 1, 1)), wins, points).tolist() == [[0, 2, 1, 3]]
    assert seeds(Rules(2, ()), wins, points).tolist() == [[0, 1, 2, 3]]


def test_the_median_game_is_a_second_game_of_each_week() -> None:
    opponents = [[1, 0, 3, 2]]
    points = [[50.0, 49, 20, 10]]
    # Team 1 loses its game and beats the median; team 2 wins its game and does not.
    assert certain(Rules(2, ()), opponents, [*points, [1.0] * 4])[0] == [0, 2]
    assert certain(Rules(2, (), median_game=True), opponents, [*points, [1.0] * 4])[0] == [0, 1]


def test_the_bracket_is_fixed_or_reseeded() -> None:
    # Seeds are 0 to 5. In round 1 the seeds 4 and 5 win; then seed 0 meets 4, or 5 if reseeded.
    opponents, season = [[1, 0, 3, 2, 5, 4]], [60.0, 10, 50, 9, 40, 8]
    # By wins and points the seeds are the teams 0, 2, 4, 1, 3, 5.
    order = seeds(Rules(6, ()), np.array([[1.0, 0, 1, 0, 1, 0]]), np.array([season]))[0]
    assert order.tolist() == [0, 2, 4, 1, 3, 5]
    # Points of the rounds by seed: 4 and 5 win the first, 1 and 5 the second.
    rounds = [0.0, 0, 1, 1, 2, 2], [5.0, 9, 0, 0, 4, 6], [1.0, 2, 0, 0, 0, 3]
    points = [season, *([of[order.tolist().index(team)] for team in range(6)] for of in rounds)]
    # Fixed: 0 beats 4, 1 beats 5, 1 wins the final. Reseeded: 5 beats 0, 1 beats 4, 5 wins.
    assert certain(Rules(6, ()), opponents, points)[1:] == [[0, 2], [2]]
    assert certain(Rules(6, (), reseeds=True), opponents, points)[1:] == [[0, 2], [5]]


def test_a_round_of_two_weeks_adds_them_up() -> None:
    points = [[9.0, 1, 8, 2], [1.0, 0, 9, 0], [9.0, 0, 2, 0]]
    assert certain(Rules(2, (1,)), [[1, 0, 3, 2]], points[:2])[2] == [2]
    assert certain(Rules(2, (2,)), [[1, 0, 3, 2]], points)[2] == [2]
    points[2][0] = 11.0
    assert certain(Rules(2, (2,)), [[1, 0, 3, 2]], points)[2] == [0]


def test_unknown_pairings_are_drawn() -> None:
    coming = Strengths(np.full((3, 5), 100.0) + np.arange(5) * 20, 1.0, 0.0)
    found = odds(Rules(1, ()), np.full((3, 5), -1), np.zeros((0, 5)), coming, 4000)
    # Two of five games per week; the worst team wins none, the best one 3 x 4 / 5.
    assert found.wins.sum() == pytest.approx(6.0)
    assert found.wins[0] == 0.0
    assert found.wins[4] == pytest.approx(2.4, abs=0.05)


def test_strength_is_the_projection_and_the_past() -> None:
    projected = np.array([[120.0, 100.0, 80.0]])
    first = strengths(np.zeros((0, 3)), projected)
    assert first.means[0, 0] > first.means[0, 1] == pytest.approx(100.0)
    level = np.full((1, 3), 100.0)
    one, five = (strengths(np.tile([[130.0, 100.0, 70.0]], (n, 1)), level) for n in (1, 5))
    assert 100.0 < one.means[0, 0] < five.means[0, 0] < 130.0
    assert one.means.mean() == pytest.approx(100.0)


def test_the_error_of_a_mean_falls_with_the_games_of_the_past() -> None:
    measured = Coefficients(past_games=9.0, of_week=0.18)
    level = np.full((1, 3), 100.0)
    before = strengths(np.zeros((0, 3)), level, measured)
    after = strengths(np.full((7, 3), 100.0), level, measured)
    # 18 / sqrt(9), and 18 / sqrt(16).
    assert (before.of_season, after.of_season) == pytest.approx((6.0, 4.5))
    assert before.of_week == after.of_week == pytest.approx(18.0)


def test_matchups_of_several_weeks() -> None:
    assert matchups((), 3) == [slice(0, 1), slice(1, 2), slice(2, 3)]
    assert matchups((1, 2), 4) == [slice(0, 1), slice(1, 3), slice(3, 4)]
    assert matchups((2, 2), 3) == [slice(0, 2), slice(2, 3)]
    assert matchups((2,), 0) == []


def test_a_matchup_of_two_weeks_counts_one_win_by_the_points_of_both() -> None:
    # Team 0 wins the first week by 5 and loses the second by 10.
    points = [[105.0, 100.0], [90.0, 100.0], [0.0, 1.0]]
    opponents = [[1, 0]] * 2
    past = np.array(points)
    nothing = nothing_to_come(2)
    one_week = odds(Rules(1, ()), np.array(opponents), past, nothing, 10)
    two_weeks = odds(Rules(1, (), matchup_weeks=(2,)), np.array(opponents), past, nothing, 10)
    assert one_week.wins.tolist() == [1.0, 1.0]
    assert two_weeks.wins.tolist() == [0.0, 1.0]
    # In the middle of the match-up, the points of its first week count.
    coming = Strengths(np.full((2, 2), 100.0), 20.0, 0.0)
    halfway = odds(Rules(1, (), matchup_weeks=(2,)), np.array(opponents), past[:1], coming, 20_000)
    lead = NormalDist(0, 20 * 2**0.5).cdf(5)
    assert halfway.wins == pytest.approx([lead, 1 - lead], abs=0.01)


def test_the_median_game_of_a_matchup_of_two_weeks() -> None:
    past = np.array([[10.0, 20.0, 30.0, 40.0], [60.0, 10.0, 10.0, 10.0]])
    rules = Rules(1, (), median_game=True, matchup_weeks=(2,))
    found = odds(rules, np.array([[1, 0, 3, 2]] * 2), past, nothing_to_come(4), 10)
    # 70, 30, 40 and 50 points; the median is 45.
    assert found.wins.tolist() == [2.0, 0.0, 0.0, 2.0]
