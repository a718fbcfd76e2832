"""Free agents by what they add to a team's line-up, each with the best player to drop for him."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from fantasy_pipeline.decisions.lineup_values import LineupValues
from fantasy_pipeline.decisions.trade import Owned

_EQUAL = 1e-9
"""Points up to which two drops are equally good."""


@dataclass(frozen=True)
class Pickup:
    """A free agent.

    Args:
        drop: the player to drop for him; None: the team has a spot.
        this_week: points that he adds to the best line-up of the first week, after the drop.
        rest_of_season: the same, summed over all weeks.
    """

    player: Owned
    drop: Owned | None
    this_week: float
    rest_of_season: float


def best_pickups(
    slots: Sequence[str],
    team: Sequence[Owned],
    free_agents: Sequence[Owned],
    droppable: Collection[str] | None,
) -> list[Pickup]:
    """Return the free agents with what each adds, the highest sum over all weeks first.

    The dropped player is the one whose loss costs the line-ups least, and of equal ones the one
    with the fewest points.

    Args:
        slots: slots of a line-up.
        droppable: ids of the players who may be dropped; None: nobody need be.
    """
    everybody = [*team, *free_agents]
    values = LineupValues(slots, [one.positions for one in everybody])
    points = np.array([one.weeks for one in everybody], dtype=float)
    points = np.maximum(points.reshape(len(everybody), -1), 0.0)
    own = range(len(team))
    drops: list[int | None] = [None]
    if droppable is not None:
        drops = [number for number in own if team[number].id in droppable]
        # Of equal losses, the first counts.
        drops.sort(key=lambda number: points[number or 0].sum())
    # (players, drops, weeks): a player who is dropped scores nothing.
    kept = np.repeat(points[: len(team), None], max(len(drops), 1), axis=1)
    for at, dropped in enumerate(drops):
        if dropped is not None:
            kept[dropped, at] = 0.0
    sums = values.sums(own, kept)
    before = values.points(own, points[: len(team)])
    without = values.with_places_taken(sums)
    rest_of_class = [values.with_places_taken(sums, [n]) for n in range(len(values.classes))]
    found = []
    for number, player in enumerate(free_agents, len(team)):
        of_class = values.class_of[number]
        if of_class is None or not drops:
            continue
        # (drops, weeks): he starts, or he does not.
        gains = np.maximum(without, rest_of_class[of_class] + points[number]) - before
        totals = gains.sum(axis=1)
        best = int(np.argmax(totals >= totals.max() - _EQUAL))
        dropped = drops[best]
        found.append(
            Pickup(
                player,
                None if dropped is None else team[dropped],
                round(float(gains[best, 0]), 2) + 0.0,
                round(float(totals[best]), 2) + 0.0,
            )
        )
    return sorted(found, key=lambda one: (-one.rest_of_season, -one.this_week, one.player.name))
