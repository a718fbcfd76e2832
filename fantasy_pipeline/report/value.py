"""Value over replacement: projected points above the best unstarted player of the position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fantasy_pipeline.football.slots import ELIGIBLE

FLEX = ELIGIBLE["FLEX"]
"""Positions that can fill a flex spot."""


@dataclass(frozen=True)
class League:
    """The league that values are computed for: its number of teams and the starters of each.

    Args:
        flexible: positions of each further slot of a team that several positions may fill.
    """

    teams: int = 12
    starters: Mapping[str, int] = field(
        default_factory=lambda: {"QB": 1, "RB": 2, "WR": 2, "TE": 1, "K": 1, "DST": 1}
    )
    flex: int = 1
    flexible: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        spots = ", ".join(f"{count} {position}" for position, count in self.starters.items())
        return f"{self.teams} teams starting {spots} and {self.flex} flex"


def starters(points: Mapping[str, Sequence[float]], league: League) -> dict[str, int]:
    """Return how many players of each position the whole league starts.

    Every team fills its position spots; the best remaining players fill the flex spots.

    Args:
        points: expected points of the players of each position, best first.
    """
    counts = {position: league.teams * spots for position, spots in league.starters.items()}
    flexible = [*(FLEX,) * league.flex, *league.flexible]
    for positions in flexible:
        remaining = [
            (value, position)
            for position in positions
            for value in points.get(position, ())[counts.get(position, 0) :]
        ]
        for _, position in sorted(remaining, reverse=True)[: league.teams]:
            counts[position] = counts.get(position, 0) + 1
    return counts


def replacement(points: Mapping[str, Sequence[float]], league: League) -> dict[str, float]:
    """Return the points of the best unstarted player of each position; 0 if all players start."""
    counts = starters(points, league)
    return {
        position: values[counts.get(position, 0)] if len(values) > counts.get(position, 0) else 0.0
        for position, values in points.items()
    }
