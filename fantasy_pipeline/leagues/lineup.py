"""Line-ups: which players may fill which slots, and the best assignment of players to slots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fantasy_pipeline.football.slots import ELIGIBLE

_NOBODY: frozenset[str] = frozenset()
_ELIGIBLE = {slot: frozenset(positions) for slot, positions in ELIGIBLE.items()}


def may_fill(slot: str, positions: Sequence[str]) -> bool:
    """Return whether a player with some positions may fill a slot; nobody fills an unknown one."""
    return not _ELIGIBLE.get(slot, _NOBODY).isdisjoint(positions)


def best_lineup(
    slots: Sequence[str], positions: Sequence[Sequence[str]], points: Sequence[float]
) -> dict[int, int]:
    """Return the line-up with the most points: the player of each filled slot.

    As many slots are filled as the roster allows, also with negative points: Sleeper counts its
    figure of the best line-up (`ppts`) so. A slot that no player is left for stays empty.

    Args:
        slots: slots of the line-up.
        positions: positions of each player.
        points: points of each player.

    Returns:
        Numbers of players by number of slot.
    """
    # Imported here: SciPy takes longer to load than Dagster's definitions may.
    from scipy.optimize import linear_sum_assignment

    if not slots or not points:
        return {}
    # A filled slot counts more than all points together, so no line-up gains by an empty slot.
    filled = 1.0 + 2.0 * float(np.sum(np.abs(points)))
    able = {slot: [may_fill(slot, own) for own in positions] for slot in dict.fromkeys(slots)}
    may = np.array([able[slot] for slot in slots])
    # Slots x players: what a player adds in a slot; 0, as an empty slot, where he may not play.
    gain = np.where(may, filled + np.asarray(points, dtype=np.float64), 0.0)
    chosen = zip(*linear_sum_assignment(gain, maximize=True), strict=True)
    return {int(slot): int(player) for slot, player in chosen if may[slot, player]}
