"""Evaluate a trade: the best line-ups of both teams, summed over the remaining weeks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from fantasy_pipeline.decisions.lineup_values import LineupValues
from fantasy_pipeline.decisions.rest_of_season import totals
from fantasy_pipeline.leagues.lineup import best_lineup

DRAWS = 100
"""Simulated seasons behind the range of a change."""
SEED = 20
_EQUAL = 1e-6
"""Points up to which two sums in another order are equal."""


@dataclass(frozen=True)
class Owned:
    """A player of a fantasy team: his positions, and expected points of each remaining week."""

    id: str
    name: str
    positions: tuple[str, ...]
    weeks: tuple[float, ...]


@dataclass(frozen=True)
class Change:
    """The effect of a trade on one team, in points of its best line-ups until the season's end.

    Args:
        before, after: expected points without and with the trade.
        p10, p90: floor and ceiling of the change.
        better: chance that the trade improves the team, 0-1.
    """

    before: float
    after: float
    p10: float
    p90: float
    better: float

    @property
    def change(self) -> float:
        return round(self.after - self.before, 2) + 0.0


def season_points(slots: Sequence[str], players: Sequence[Owned], weeks: np.ndarray) -> float:
    """Return the sum of a team's best line-ups over the weeks.

    Args:
        weeks: points of the players, (players, weeks).
    """
    positions = [one.positions for one in players]
    total = 0.0
    for points in weeks.T.tolist():
        chosen = best_lineup(slots, positions, points)
        total += sum(points[player] for player in chosen.values())
    return total


def trade(
    slots: Sequence[str],
    one: Sequence[Owned],
    other: Sequence[Owned],
    give: Collection[str],
    get: Collection[str],
) -> tuple[Change, Change]:
    """Return what a trade changes for the team that gives, and for the one that is given to.

    The range comes from simulated seasons: in each, a player's weeks are multiplied by one random
    factor, as real totals differ from expected ones.

    Args:
        slots: slots of a line-up.
        one, other: players of both teams.
        give, get: ids of the players of `one` and `other` that change teams.
    """
    everybody = [*one, *other]
    expected = np.array([player.weeks for player in everybody]).reshape(len(everybody), -1)
    moves = [player.id in {*give, *get} for player in everybody]
    first = [number < len(one) for number in range(len(everybody))]
    teams = {
        (is_first, is_after): [
            number
            for number in range(len(everybody))
            if (first[number] != (is_after and moves[number])) == is_first
        ]
        for is_first in (True, False)
        for is_after in (False, True)
    }

    values = LineupValues(slots, [player.positions for player in everybody])
    # (players, draws, weeks)
    drawn = expected[:, None] * _factors(everybody).T[:, :, None]

    changes = []
    for is_first in (True, False):
        sides = [teams[is_first, is_after] for is_after in (False, True)]
        before, after = (
            season_points(slots, [everybody[n] for n in side], expected[side]) for side in sides
        )
        was, becomes = (values.points(side, drawn[side]).sum(axis=-1) for side in sides)
        found = becomes - was
        p10, p90 = np.quantile(found, (0.1, 0.9)).tolist()
        better = float(((found > _EQUAL) + 0.5 * (np.abs(found) <= _EQUAL)).mean())
        changes.append(
            Change(round(before, 2), round(after, 2), round(p10, 1), round(p90, 1), better)
        )
    return changes[0], changes[1]


def _factors(players: Sequence[Owned]) -> np.ndarray:
    """Return simulated totals as shares of the expected ones, (draws, players)."""
    expected = np.array([sum(player.weeks) for player in players], dtype=float)
    scores = np.random.default_rng(SEED).standard_normal((DRAWS, len(expected))) / 1.2816
    ids, weeks = [player.id for player in players], [player.weeks for player in players]
    p10, p50, p90 = totals(ids, weeks).T
    drawn = p50 + scores * np.where(scores > 0, p90 - p50, p50 - p10)
    return np.maximum(drawn, 0.0) / np.maximum(expected, 0.01)
