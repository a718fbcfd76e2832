"""Slots of a fantasy roster: one vocabulary for the leagues of all platforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, count

from fantasy_pipeline.football.positions import DEFENDER_GROUPS

_OFFENCE = ("RB", "WR", "TE")
ELIGIBLE: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("QB", "RB", "WR", "TE", "K", "P", "DEF", *DEFENDER_GROUPS)},
    "FLEX": _OFFENCE,
    "WRRB_FLEX": ("RB", "WR"),
    "REC_FLEX": ("WR", "TE"),
    "SUPER_FLEX": ("QB", *_OFFENCE),
    "IDP_FLEX": DEFENDER_GROUPS,
}
"""Positions that may fill each slot of a line-up."""
RESERVED = ("IR", "TAXI")
"""Slots of players who cannot start as they are, and who take no place of the bench."""
NOT_STARTED = ("BN", *RESERVED)
"""Slots of players who do not score: bench, injured reserve, taxi squad."""


def starting_slots(slots: Sequence[str]) -> list[str]:
    """Return the slots of a line-up, in order, without bench, injured reserve and taxi squad."""
    return [slot for slot in slots if slot not in NOT_STARTED]


def slot_numbers(slots: Sequence[str], taken: Sequence[str]) -> list[int | None]:
    """Return the number of the slot in the line-up that each player of a team has; None: no slot.

    A player whose slot is taken or not in the line-up gets the first free number.

    Args:
        slots: slots of a roster, in order.
        taken: the slot of each player, in any order.
    """
    free = dict(enumerate(starting_slots(slots)))
    numbers: list[int | None] = [None] * len(taken)
    starters = [index for index, slot in enumerate(taken) if slot not in NOT_STARTED]
    for index in starters:
        fitting = [number for number, slot in free.items() if slot == taken[index]]
        if fitting:
            numbers[index] = fitting[0]
            del free[fitting[0]]
    # More starters than slots: numbers after the last one.
    rest = chain(free, count(len(starting_slots(slots))))
    for index in starters:
        if numbers[index] is None:
            numbers[index] = next(rest)
    return numbers


def unknown_slots(slots: Sequence[str]) -> list[str]:
    """Return the slots of a line-up that no position fills, each once."""
    return [slot for slot in dict.fromkeys(starting_slots(slots)) if slot not in ELIGIBLE]
