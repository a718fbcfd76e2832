"""Test the slots of a fantasy roster."""

from __future__ import annotations

from itertools import permutations

import pytest

from fantasy_pipeline.football.slots import slot_numbers, starting_slots

SLOTS = ["QB", "RB", "RB", "FLEX", "K", "BN", "IR"]


def test_players_get_the_numbers_of_their_slots_in_any_order() -> None:
    """The FLEX is empty."""
    for order in permutations(("K", "QB", "BN", "RB", "RB", "IR")):
        numbers = slot_numbers(SLOTS, order)
        starters = dict(zip(numbers, order, strict=True))
        assert starters.pop(None) in ("BN", "IR")
        assert starters == {0: "QB", 1: "RB", 2: "RB", 4: "K"}


@pytest.mark.parametrize(
    ("taken", "numbers"),
    [
        (["RB", "RB", "RB", "K"], [1, 2, 0, 4]),
        (["QB", "QB", "RB", "RB", "FLEX", "K"], [0, 5, 1, 2, 3, 4]),
        (["WR", "QB"], [1, 0]),
    ],
)
def test_a_player_without_a_slot_of_his_own_takes_a_free_one(
    taken: list[str], numbers: list[int]
) -> None:
    assert slot_numbers(SLOTS, taken) == numbers
    assert len(set(numbers)) == len(numbers)
    assert len(starting_slots(SLOTS)) == 5
