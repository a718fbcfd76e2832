"""Movers: players whose projection changed since the previous refresh, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.report.players import Player

MIN_CHANGE = 0.5
"""Smallest change in points that counts as a move."""
MIN_POINTS = 5.0
"""Projected points, before or after the change, from which a move is shown."""


@dataclass(frozen=True)
class Move:
    """A changed projection, in points of one scoring; 0 means that the player was, or is, out."""

    player: Player
    before: float
    after: float

    @property
    def change(self) -> float:
        """Change in points, rounded to hundredths; positive for a rise."""
        return round(self.after - self.before, 2)

    @property
    def is_back(self) -> bool:
        """True if the player was out at the previous refresh and is projected to play now."""
        return self.before == 0 < self.after


def movers(
    players: Sequence[Player],
    before: Mapping[str, float],
    scoring: Scoring = "ppr",
    most: int = 8,
) -> tuple[list[Move], list[Move]]:
    """Return the biggest rises and the biggest falls, each with the biggest change first.

    Args:
        before: points in that scoring by player id as of the previous refresh, 0 for players who
            were out. Players not in it are new to the week and do not count as movers.
        most: largest number of rises, and of falls.
    """
    moves = [
        Move(player, before[player.player_id], player.points[scoring].expected)
        for player in players
        if player.player_id in before
    ]
    moves = [
        move
        for move in moves
        if abs(move.change) >= MIN_CHANGE and max(move.before, move.after) >= MIN_POINTS
    ]
    moves.sort(key=lambda move: (-abs(move.change), move.player.player_id))
    rises = [move for move in moves if move.change > 0]
    return rises[:most], [move for move in moves if move.change < 0][:most]
