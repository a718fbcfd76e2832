"""Value over replacement: what a player is worth beyond the best one nobody starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FLEX = ("RB", "WR", "TE")
"""Positions that may fill a flex spot."""


@dataclass(frozen=True)
class League:
    """The league that values are for: how many teams start how many of each position."""

    teams: int = 12
    starters: Mapping[str, int] = field(
        default_factory=lambda: {"QB": 1, "RB": 2, "WR": 2, "TE": 1, "K": 1}
    )
    flex: int = 1

    def __str__(self) -> str:
        spots = ", ".join(f"{count} {position}" for position, count in self.starters.items())
        return f"{self.teams} teams starting {spots} and {self.flex} flex"


def starters(points: Mapping[str, Sequence[float]], league: League) -> dict[str, int]:
    """How many of each position the whole league starts: its spots, then the best for the flex.

    Args:
        points: expected points of the players of each position, best first.
    """
    counts = {position: league.teams * spots for position, spots in league.starters.items()}
    left = [
        (value, position)
        for position in FLEX
        for value in points.get(position, ())[counts.get(position, 0) :]
    ]
    for _, position in sorted(left, reverse=True)[: league.teams * league.flex]:
        counts[position] += 1
    return counts


def replacement(points: Mapping[str, Sequence[float]], league: League) -> dict[str, float]:
    """Points of the best player of each position whom nobody starts; 0 where there is none."""
    counts = starters(points, league)
    return {
        position: values[counts[position]] if len(values) > counts[position] else 0.0
        for position, values in points.items()
    }
