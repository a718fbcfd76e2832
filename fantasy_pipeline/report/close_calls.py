"""Start or sit: pairs of players near the starter cutoff with almost equal projections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fantasy_pipeline.decisions.outcomes import chance_to_outscore
from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.report.players import Player, ranked

MAX_DIFFERENCE = 1.0
"""Largest difference in expected points of a close call."""
_NFLCOM_TIE = 0.25
"""Largest difference in half-PPR points at which NFL.com prefers neither player."""


@dataclass(frozen=True)
class CloseCall:
    """Two players of a position; `first` is projected more.

    Args:
        chance: chance that `first` outscores `second`, 0-1.
        scoring: scoring of the points.
    """

    first: Player
    second: Player
    chance: float
    scoring: Scoring = "ppr"

    @property
    def percent(self) -> int:
        """Chance that the favoured player outscores the other, in whole percent."""
        return round(100 * max(self.chance, 1 - self.chance))

    @property
    def is_even(self) -> bool:
        """True if the chance is 50% after rounding."""
        return self.percent == 50

    @property
    def favoured(self) -> Player:
        """The player who is likelier to outscore the other."""
        return self.first if self.chance >= 0.5 else self.second

    @property
    def nflcom(self) -> Player | None:
        """The player whom NFL.com projects over a quarter point higher; None: a tie, or no data."""
        one, other = self.first.nflcom_half, self.second.nflcom_half
        if one is None or other is None or abs(one - other) <= _NFLCOM_TIE:
            return None
        return self.first if one > other else self.second

    @property
    def higher_floor(self) -> Player:
        """The player with the higher floor."""
        return max(self.first, self.second, key=lambda player: player.points[self.scoring].p10)

    @property
    def higher_ceiling(self) -> Player:
        """The player with the higher ceiling."""
        return max(self.first, self.second, key=lambda player: player.points[self.scoring].p90)


def close_calls(
    players: Sequence[Player],
    position: str,
    starters: int,
    scoring: Scoring = "ppr",
    most: int = 3,
) -> list[CloseCall]:
    """Return the closest pairs of neighbouring players near the starter cutoff, best-ranked first.

    A player is in one pair at most.

    Args:
        starters: players of the position that the league starts. Pairs come from the ranks between
            two thirds and four thirds of this number.
        most: largest number of pairs.
    """
    playing = [player for player in ranked(players, position, scoring) if not player.is_out]
    near = range(max(starters * 2 // 3 - 1, 0), min(starters * 4 // 3, len(playing) - 1))
    pairs = []
    for rank in near:
        one, other = playing[rank], playing[rank + 1]
        difference = one.points[scoring].expected - other.points[scoring].expected
        if difference <= MAX_DIFFERENCE:
            pairs.append((difference, rank))
    chosen: list[int] = []
    for _, rank in sorted(pairs):
        if len(chosen) < most and not {rank - 1, rank, rank + 1} & set(chosen):
            chosen.append(rank)
    return [
        CloseCall(
            playing[rank],
            playing[rank + 1],
            chance_to_outscore(playing[rank].points[scoring], playing[rank + 1].points[scoring]),
            scoring,
        )
        for rank in sorted(chosen)
    ]
