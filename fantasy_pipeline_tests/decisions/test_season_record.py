"""Records, all-play, luck and efficiency of a small season by hand."""

from __future__ import annotations

import numpy as np

from fantasy_pipeline.decisions.season_record import Record, records

NAN = float("nan")
POINTS = np.array([[50.0, 40.0, 30.0], [10.0, 20.0, 20.0]])
OPPONENTS = np.array([[1, 0, -1], [-1, 2, 1]])


def test_a_record_by_hand() -> None:
    optimal = np.array([[60.0, 40.0, 30.0], [20.0, 20.0, NAN]])
    first, second, third = records(POINTS, OPPONENTS, optimal, median_game=False)
    # All-play: 2 of 4 games won; one game was played, so .5 wins were due.
    assert first == Record(1, 0, 0, 60.0, 0.5, 0.5, 0.75)
    # A win and a tie of four all-play games; no win and a tie of two games.
    assert second == Record(0, 1, 1, 60.0, 0.625, -0.75, 1.0)
    # The week without a best line-up is left out of the efficiency.
    assert third == Record(0, 0, 1, 50.0, 0.375, 0.12, 1.0)


def test_the_median_counts_as_a_game() -> None:
    found = records(POINTS, OPPONENTS, np.full((2, 3), NAN), median_game=True)
    assert [(one.wins, one.losses, one.ties) for one in found] == [(2, 1, 0), (0, 1, 3), (0, 1, 2)]
    assert {one.efficiency for one in found} == {None}


def test_no_week_was_played() -> None:
    nothing = np.zeros((0, 3))
    assert list(records(nothing, nothing.astype(int), nothing, False)) == [Record()] * 3


def test_a_team_that_did_not_play_has_no_game() -> None:
    points = np.array([[50.0, NAN, 30.0]])
    first, second, _ = records(points, np.array([[1, 0, -1]]), points, False)
    assert (first.wins, first.losses, first.ties, first.all_play) == (0, 0, 0, 1.0)
    assert (second.points, second.all_play, second.luck) == (0.0, None, 0.0)


def test_a_matchup_of_two_weeks_is_one_game_once_it_is_over() -> None:
    points = np.array([[50.0, 40.0], [10.0, 30.0], [9.0, 1.0]])
    opponents = np.array([[1, 0]] * 3)
    optimal = np.full((3, 2), NAN)
    found = records(points[:2], opponents[:2], optimal[:2], False, [2, 2])
    assert [(one.wins, one.losses) for one in found] == [(0, 1), (1, 0)]
    found = records(points, opponents, optimal, False, [2, 2])
    assert [(one.wins, one.losses) for one in found] == [(0, 1), (1, 0)]
    assert [one.points for one in found] == [69.0, 71.0]
    found = records(points[:1], opponents[:1], optimal[:1], True, [2, 2])
    assert [(one.wins, one.losses, one.ties) for one in found] == [(0, 0, 0)] * 2
