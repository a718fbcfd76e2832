"""Rooms with one starter: chances sum to one, and are learnt from who started."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.football.tables import PLAYER_HISTORY
from fantasy_pipeline.projections.model import features, linear, rooms

RANDOM = np.random.default_rng(3)


@st.composite
def players(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw scores, rooms and availability of some players."""
    size = draw(st.integers(1, 12))
    score = draw(st.lists(st.floats(-50, 50), min_size=size, max_size=size))
    room = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    free = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    return np.array(score), np.array(room), np.array(free)


@given(players())
def test_chances_of_a_room_sum_to_one(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    score, room, available = drawn
    chance = rooms.softmax(score, room, available)
    assert (chance[~available] == 0).all()
    for number in np.unique(room[available]):
        assert chance[room == number].sum() == pytest.approx(1.0)


@given(players())
def test_sources_keep_the_sum(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    score, room, available = drawn
    before = rooms.softmax(score, room, available)
    said = {"a": np.where(score > 0, score, np.nan), "b": np.full(len(score), np.nan)}
    after = rooms.heard(before, room, available, said)
    for number in np.unique(room[available]):
        assert after[room == number].sum() == pytest.approx(1.0)


def test_a_source_that_projects_both_decides_nothing() -> None:
    room, available = np.zeros(2, dtype=np.int64), np.ones(2, dtype=bool)
    before = np.array([0.6, 0.4])
    same = rooms.heard(before, room, available, {"a": np.array([12.0, 12.0])})
    np.testing.assert_allclose(same, before)
    one = rooms.heard(before, room, available, {"a": np.array([np.nan, 12.0])})
    both = rooms.heard(before, room, available, dict.fromkeys("ab", np.array([np.nan, 12.0])))
    assert before[1] < one[1] < both[1] < 1
    # A source speaks about the players who may play only.
    out = rooms.heard(np.array([1.0, 0.0]), room, np.array([True, False]), {"a": before})
    assert out.tolist() == [1.0, 0.0]


def test_the_choice_is_learnt() -> None:
    """400 rooms of three; the chance to start is a softmax of one of two features."""
    room = np.repeat(np.arange(4000), 3)
    inputs = RANDOM.normal(size=(12_000, 2))
    noise = RANDOM.gumbel(size=12_000)
    score = 1.5 * inputs[:, 0] + noise
    best = np.full(4000, -np.inf)
    np.maximum.at(best, room, score)
    started = (score == best[room]).astype(float)
    found = linear.choice(inputs, started, room, 1.0)
    assert found == pytest.approx([1.5, 0.0], abs=0.1)


def test_few_rooms_teach_nothing() -> None:
    inputs = np.zeros((4, len(rooms.NAMES)))
    _, coefficients = rooms.learn(inputs, np.array([1.0, 0, 1, 0]), np.array([0, 0, 1, 1]))
    assert not len(coefficients)


def test_the_starter_threw_most_for_his_team() -> None:
    rows = [
        {"season": 2024, "week": 5, "team": team, "position": "QB", "target_attempts": attempts}
        for team, attempts in (("BUF", 30.0), ("BUF", 4.0), ("MIA", None), ("MIA", 0.0))
    ]
    table = pa.Table.from_pylist(rows, schema=PLAYER_HISTORY.arrow_schema)
    assert rooms.starters(table, "QB").tolist() == [True, False, False, False]


def test_silence_counts_the_sources_that_project_team_mates_only() -> None:
    nan = float("nan")
    team = np.array([0, 0, 0, 1, 2, 2])
    available = np.array([True, True, False, True, True, True])
    sources = {
        "a": np.array([9.0, nan, nan, nan, nan, nan]),
        "b": np.array([8.0, 3.0, 7.0, nan, 0.0, nan]),
        "c": np.array([nan, nan, nan, nan, nan, nan]),
    }
    silent, named = rooms.silence(team, available, sources)
    # Source c projects nobody, and no source projects a player of the teams 1 and 2.
    assert silent.tolist() == [0, 1, 0, 0, 0, 0]
    assert named.tolist() == [True, True, False, False, False, False]
    silent, named = rooms.silence(team, available, {"a": sources["a"], "c": sources["c"]})
    assert silent.tolist() == [0, 1, 0, 0, 0, 0]
    assert named.tolist() == [True, False, False, False, False, False]


def test_without_rosters_a_returning_starter_is_told_from_a_benched_one() -> None:
    """Both missed the last game; one is on the injury report and practised fully."""
    matrix = np.zeros((3, len(features.NAMES)))
    for name, values in {
        "long_attempts": (30.0, 30.0, 30.0),
        "missed_last": (0.0, 1.0, 1.0),
        "practised_fully": (0.0, 1.0, 0.0),
    }.items():
        matrix[:, features.NAMES.index(name)] = values
    played, returns, benched = rooms.usual_score(matrix)
    assert played > returns > benched
