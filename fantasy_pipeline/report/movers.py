"""Movers: whose projection changed since the refresh before, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.report.players import Player

LEAST = 0.5
"""Points that count as a move."""
RELEVANT = 5.0
"""A player is of interest if he is, or was, projected so many points."""


@dataclass(frozen=True)
class Move:
    """A changed projection, in points of one scoring; 0: he is, or was, out."""

    player: Player
    before: float
    after: float

    @property
    def change(self) -> float:
        """Points up (above 0) or down (below 0), to hundredths."""
        return round(self.after - self.before, 2)

    @property
    def is_back(self) -> bool:
        """Whether he was not expected to play at the refresh before."""
        return self.before == 0 < self.after


def movers(
    players: Sequence[Player],
    before: Mapping[str, float],
    scoring: Scoring = "ppr",
    most: int = 8,
) -> tuple[list[Move], list[Move]]:
    """The biggest rises and the biggest falls.

    Args:
        before: points in that scoring by player id, as of the refresh before, 0 for who was out;
            who is not in it is new to the week and has not moved.
    """
    moves = [
        Move(player, before[player.player_id], player.points[scoring].expected)
        for player in players
        if player.player_id in before
    ]
    moves = [
        move
        for move in moves
        if abs(move.change) >= LEAST and max(move.before, move.after) >= RELEVANT
    ]
    moves.sort(key=lambda move: (-abs(move.change), move.player.player_id))
    rises = [move for move in moves if move.change > 0]
    return rises[:most], [move for move in moves if move.change < 0][:most]
