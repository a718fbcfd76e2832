"""Stat lines of players deep in a room are smaller than the regression's."""

from __future__ import annotations

import numpy as np
import pytest

from fantasy_pipeline.projections.model import predict


def test_the_best_keeps_his_line_and_the_deepest_half_of_it() -> None:
    half = np.array([16.0, 4.0, 0.0, 5.0])
    room = np.array([0, 0, 0, 1])
    factor = predict.of_depth(half, room, np.ones(4))
    assert factor[0] == 1.0
    assert factor[1] == pytest.approx(0.25**predict.DEPTH)
    assert factor[2] == predict.LEAST_DEPTH
    # The only player of another room is its best.
    assert factor[3] == 1.0


def test_a_player_who_is_unlikely_to_play_is_not_the_best_of_his_room() -> None:
    half = np.array([16.0, 8.0, 4.0])
    factor = predict.of_depth(half, np.zeros(3, dtype=np.int64), np.array([0.0, 1.0, 1.0]))
    # He himself is projected no more than before.
    assert factor[0] == factor[1] == 1.0
    assert factor[2] == pytest.approx(0.5**predict.DEPTH)


def test_a_room_without_a_likely_player_stays() -> None:
    factor = predict.of_depth(np.array([3.0, 0.0]), np.zeros(2, dtype=np.int64), np.zeros(2))
    assert factor.tolist() == [1.0, 1.0]
