"""Start or sit: pairs around the starting line whose projections are next to equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.report.players import Player, Points, ranked

if TYPE_CHECKING:
    import numpy as np

CLOSE = 1.0
"""Points of difference up to which a call is close."""
_ALIKE = 0.25
_GRID = 199


@dataclass(frozen=True)
class CloseCall:
    """Two players of a position; `first` is projected more.

    Args:
        chance: that `first` outscores `second`, 0-1.
        scoring: in which.
    """

    first: Player
    second: Player
    chance: float
    scoring: Scoring = "ppr"

    @property
    def percent(self) -> int:
        """Chance, in whole percent, that the favoured one outscores the other."""
        return round(100 * max(self.chance, 1 - self.chance))

    @property
    def is_even(self) -> bool:
        """Whether the whole percent favour nobody."""
        return self.percent == 50

    @property
    def favoured(self) -> Player:
        """The one likelier to outscore the other."""
        return self.first if self.chance >= 0.5 else self.second

    @property
    def nflcom(self) -> Player | None:
        """Whom NFL.com prefers by more than a quarter point; None: nobody, or it does not say."""
        one, other = self.first.nflcom_half, self.second.nflcom_half
        if one is None or other is None or abs(one - other) <= _ALIKE:
            return None
        return self.first if one > other else self.second

    @property
    def safer(self) -> Player:
        """The one with the higher floor."""
        return max(self.first, self.second, key=lambda player: player.points[self.scoring].p10)

    @property
    def bolder(self) -> Player:
        """The one with the higher ceiling."""
        return max(self.first, self.second, key=lambda player: player.points[self.scoring].p90)


def close_calls(
    players: Sequence[Player],
    position: str,
    starters: int,
    scoring: Scoring = "ppr",
    most: int = 3,
) -> list[CloseCall]:
    """The closest pairs of neighbours near the starting line, best-ranked first.

    Args:
        starters: players of the position whom the league starts; neighbours from two thirds of
            that rank to four thirds of it are looked at. Nobody is in two pairs.
    """
    own = [player for player in ranked(players, position, scoring) if not player.is_out]
    near = range(max(starters * 2 // 3 - 1, 0), min(starters * 4 // 3, len(own) - 1))
    pairs = []
    for rank in near:
        one, other = own[rank], own[rank + 1]
        difference = one.points[scoring].expected - other.points[scoring].expected
        if difference <= CLOSE:
            pairs.append((difference, rank))
    chosen: list[int] = []
    for _, rank in sorted(pairs):
        if len(chosen) < most and not {rank - 1, rank, rank + 1} & set(chosen):
            chosen.append(rank)
    return [
        CloseCall(
            own[rank],
            own[rank + 1],
            chance_to_outscore(own[rank].points[scoring], own[rank + 1].points[scoring]),
            scoring,
        )
        for rank in sorted(chosen)
    ]


def chance_to_outscore(one: Points, other: Points) -> float:
    """Chance, 0-1, that one scores more than the other, were they independent.

    Each is taken for two half-normals that meet at p50 and pass through p10 and p90; ties count
    half.
    """
    mine, theirs = _quantiles(one)[:, None], _quantiles(other)[None, :]
    return float(((mine > theirs) + 0.5 * (mine == theirs)).mean())


def _quantiles(points: Points) -> np.ndarray:
    from statistics import NormalDist

    import numpy as np

    normal = NormalDist()
    z = np.array([normal.inv_cdf((i + 0.5) / _GRID) for i in range(_GRID)])
    z /= normal.inv_cdf(0.9)
    width = np.where(z > 0, points.p90 - points.p50, points.p50 - points.p10)
    return points.p50 + z * width
