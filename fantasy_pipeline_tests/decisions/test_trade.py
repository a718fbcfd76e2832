"""Trades against every line-up of every week."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import permutations

import pytest

from fantasy_pipeline.decisions.trade import Owned, trade
from fantasy_pipeline.football.slots import ELIGIBLE

SLOTS = ["QB", "RB", "FLEX"]


def by_hand(players: Sequence[Owned], week: int) -> float:
    """Return the points of the best of all line-ups, empty slots included."""
    best = 0.0
    for chosen in permutations([*players, None, None, None], len(SLOTS)):
        pairs = [(slot, one) for slot, one in zip(SLOTS, chosen, strict=True) if one is not None]
        if all(set(ELIGIBLE[slot]) & set(one.positions) for slot, one in pairs):
            best = max(best, sum(one.weeks[week] for _, one in pairs))
    return best


def team(draw: random.Random, name: str) -> list[Owned]:
    return [
        Owned(f"{name}{n}", f"{name}{n}", (draw.choice(["QB", "RB", "WR", "TE"]),), weeks)
        for n in range(4)
        for weeks in [tuple(round(draw.choice([0, draw.uniform(1, 25)]), 2) for _ in range(2))]
    ]


def test_200_trades_are_worth_what_every_lineup_says() -> None:
    draw = random.Random(5)  # noqa: S311
    for number in range(200):
        one, other = team(draw, "a"), team(draw, "b")
        give = draw.sample(one, draw.choice([1, 2]))
        get = draw.sample(other, draw.choice([1, 2]))
        found = trade(SLOTS, one, other, {x.id for x in give}, {x.id for x in get})
        after = ([x for x in one if x not in give] + get, [x for x in other if x not in get] + give)
        for change, before, later in zip(found, (one, other), after, strict=True):
            for players, value in ((before, change.before), (later, change.after)):
                expected = sum(by_hand(players, week) for week in range(2))
                assert value == pytest.approx(expected, abs=0.01), number
            assert change.p10 <= change.p90
            assert 0 <= change.better <= 1


def test_a_gift_helps_one_and_hurts_the_other() -> None:
    star = Owned("star", "Star", ("RB",), (20.0, 20.0))
    back = Owned("back", "Back", ("RB",), (5.0, 5.0))
    end = Owned("end", "End", ("TE",), (1.0, 1.0))
    ours, theirs = trade(["RB"], [star], [back, end], {"star"}, {"end"})
    assert (ours.change, theirs.change) == (-40.0, 30.0)
    assert ours.better < 0.05
    assert theirs.better > 0.8
