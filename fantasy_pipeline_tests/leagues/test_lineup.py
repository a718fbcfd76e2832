"""The best line-up: against every possible line-up, and slots that stay empty."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.football.slots import ELIGIBLE, starting_slots
from fantasy_pipeline.leagues.lineup import best_lineup, may_fill

POSITIONS = ("QB", "RB", "WR", "TE", "K", "DEF", "DL", "LB", "DB")
Roster = list[tuple[list[str], int]]


def every_lineup(slots: Sequence[str], roster: Roster) -> int:
    """Return the most points of the line-ups with the most players, in cents, by trying all."""
    # One None per slot: a slot may be empty.
    choices = [*range(len(roster)), *[None] * len(slots)]
    best = (0, 0)
    for chosen in set(permutations(choices, len(slots))):
        pairs = [
            (slot, player) for slot, player in zip(slots, chosen, strict=True) if player is not None
        ]
        if all(may_fill(slot, roster[player][0]) for slot, player in pairs):
            best = max(best, (len(pairs), sum(roster[player][1] for _, player in pairs)))
    return best[1]


def best_points(
    slots: Sequence[str], positions: Sequence[Sequence[str]], points: Sequence[float]
) -> float:
    """Return the points of the best line-up."""
    return sum(points[player] for player in best_lineup(slots, positions, points).values())


players = st.tuples(
    st.lists(st.sampled_from(POSITIONS), min_size=1, max_size=2, unique=True),
    st.integers(-500, 4000),
)


@given(st.lists(st.sampled_from([*ELIGIBLE, "UNKNOWN"]), max_size=3), st.lists(players, max_size=4))
def test_no_other_lineup_has_more_points(slots: list[str], roster: Roster) -> None:
    positions = [eligible for eligible, _ in roster]
    points = [cents / 100 for _, cents in roster]
    assert best_points(slots, positions, points) == pytest.approx(every_lineup(slots, roster) / 100)
    chosen = best_lineup(slots, positions, points)
    assert len(set(chosen.values())) == len(chosen)
    assert all(may_fill(slots[slot], positions[player]) for slot, player in chosen.items())


def test_filling_slot_by_slot_would_lose_points() -> None:
    """The best receiver must leave the receiver's slot to the second, who can play nowhere else."""
    slots = ["FLEX", "REC_FLEX", "WRRB_FLEX"]
    positions = [["WR"], ["TE"], ["RB"]]
    points = [20.0, 15.0, 10.0]
    assert best_points(slots, positions, points) == 45.0
    assert best_lineup(slots, positions, points)[2] != 1


def test_a_slot_that_nobody_can_fill_stays_empty() -> None:
    assert best_lineup(["K", "QB"], [["QB"]], [21.5]) == {1: 0}
    assert best_points(["K"], [["QB"]], [21.5]) == 0.0
    assert best_points(["QB"], [], []) == 0.0


def test_a_slot_is_filled_also_with_negative_points() -> None:
    """Sleeper's own figure counts the only defence of a roster, whatever its points."""
    assert best_points(["DEF"], [["DEF"]], [-4.0]) == -4.0
    assert best_points(["DEF"], [["DEF"], ["DEF"]], [-4.0, -1.0]) == -1.0


def test_the_bench_is_no_slot_of_a_lineup() -> None:
    assert starting_slots(["QB", "FLEX", "BN", "BN", "IR", "TAXI"]) == ["QB", "FLEX"]
