"""Free agents against every drop and the exact assignment of every week."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from fantasy_pipeline.decisions.trade import Owned
from fantasy_pipeline.decisions.waivers import best_pickups
from fantasy_pipeline.leagues.lineup import best_lineup

SLOTS = ["QB", "RB", "FLEX", "SUPER_FLEX"]


def player(name: str, position: str, *weeks: float) -> Owned:
    return Owned(name, name, (position,), weeks)


def by_assignment(players: Sequence[Owned], week: int) -> float:
    points = [one.weeks[week] for one in players]
    chosen = best_lineup(SLOTS, [one.positions for one in players], points)
    return sum(points[number] for number in chosen.values())


def test_pickups_add_what_the_exact_assignment_says() -> None:
    draw = random.Random(4)  # noqa: S311
    positions = ["QB", "RB", "WR", "TE"]
    for _ in range(40):
        team, free = (
            [
                player(f"{name}{n}", draw.choice(positions), *(draw.uniform(0, 20) for _ in "123"))
                for n in range(size)
            ]
            for name, size in (("own", 7), ("free", 4))
        )
        droppable = [one for one in team if one.id != "own0"]
        found = best_pickups(SLOTS, team, free, {one.id for one in droppable})
        for pickup in found:
            gains = {
                drop.id: [
                    by_assignment([x for x in team if x is not drop] + [pickup.player], week)
                    - by_assignment(team, week)
                    for week in range(3)
                ]
                for drop in droppable
            }
            best = max(sum(of_weeks) for of_weeks in gains.values())
            assert pickup.drop is not None
            assert pickup.rest_of_season == pytest.approx(best, abs=0.011)
            assert sum(gains[pickup.drop.id]) == pytest.approx(best, abs=0.011)
            assert pickup.this_week == pytest.approx(gains[pickup.drop.id][0], abs=0.011)
        totals = [pickup.rest_of_season for pickup in found]
        assert totals == sorted(totals, reverse=True)
        assert len(found) == len(free)


def test_of_equal_drops_the_player_with_the_fewest_points_goes() -> None:
    team = [
        player("star", "QB", 20),
        player("back", "RB", 15),
        player("deep", "RB", 2),
        player("deeper", "RB", 1),
    ]
    (found,) = best_pickups(["QB", "RB"], team, [player("new", "RB", 16)], {"deep", "deeper"})
    assert (found.drop and found.drop.id, found.this_week) == ("deeper", 1.0)


def test_a_team_with_a_spot_drops_nobody() -> None:
    team = [player("star", "QB", 20)]
    (found,) = best_pickups(["QB", "RB"], team, [player("new", "RB", 16)], None)
    assert (found.drop, found.rest_of_season) == (None, 16.0)


def test_nobody_may_be_dropped_and_nobody_who_cannot_start() -> None:
    team = [player("star", "QB", 20)]
    assert best_pickups(["QB", "RB"], team, [player("new", "RB", 16)], set()) == []
    assert best_pickups(["QB"], team, [player("new", "K", 9)], {"star"}) == []
