"""Points of best line-ups, for many teams at once.

Players who may fill the same slots are one class. A line-up takes the best players of each class,
so only the number of starters of each class matters. There are few such combinations: three for
one FLEX. The points of a team are the highest sum over the combinations.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fantasy_pipeline.leagues.lineup import may_fill

Class = tuple[str, ...]
"""The slots that the players of a class may fill."""


class LineupValues:
    """The exact points of the best line-ups of some players.

    A slot may stay empty, so that points below 0 count 0.

    Args:
        slots: slots of a line-up.
        positions: positions of each player.
    """

    def __init__(self, slots: Sequence[str], positions: Sequence[Sequence[str]]) -> None:
        known = sorted(set(slots))
        of_players = [tuple(slot for slot in known if may_fill(slot, own)) for own in positions]
        self.classes: list[Class] = sorted({one for one in of_players if one})
        self.class_of = [self.classes.index(one) if one else None for one in of_players]
        """Number of each player's class; None: he may not start."""
        self._combinations = self._all_combinations(slots)

    def _all_combinations(self, slots: Sequence[str]) -> np.ndarray:
        """Return the number of starters per class that fill all slots, (combinations, classes)."""
        found = {(0,) * len(self.classes)}
        for slot in slots:
            fitting = [number for number, one in enumerate(self.classes) if slot in one]
            found = {
                (*counts[:number], counts[number] + 1, *counts[number + 1 :])
                for counts in found
                for number in fitting
            } or found
        return np.array(sorted(found), dtype=int).reshape(len(found), len(self.classes))

    def points(self, players: Sequence[int], points: np.ndarray) -> np.ndarray:
        """Return the points of the best line-ups.

        Args:
            players: numbers of the players.
            points: what each of them scores, (players, ...).
        """
        return self.with_places_taken(self.sums(players, points))

    def sums(self, players: Sequence[int], points: np.ndarray) -> list[np.ndarray]:
        """Return the points of the best 0, 1, 2 … players of each class, (number, ...) each.

        Args:
            players, points: as for `points`.
        """
        scored = np.maximum(points, 0.0)
        found = []
        for number in range(len(self.classes)):
            rows = [row for row, one in enumerate(players) if self.class_of[one] == number]
            most = int(self._combinations[:, number].max(initial=0))
            # Beyond the last player of a class a slot stays empty.
            best = np.zeros((most + 1, *points.shape[1:]), dtype=points.dtype)
            ordered = -np.sort(-scored[rows], axis=0)[:most]
            best[1 : 1 + len(ordered)] = np.cumsum(ordered, axis=0)
            best[1 + len(ordered) :] = best[len(ordered)]
            found.append(best)
        return found

    def with_places_taken(
        self, sums: Sequence[np.ndarray], taken: Sequence[int] = ()
    ) -> np.ndarray:
        """Return the points of the best line-ups whose other places are taken by further players.

        Args:
            sums: of `sums`.
            taken: class of each further player; his own points are not included.

        Returns:
            Points, minus infinity where no line-up has these players.
        """
        counts = self._combinations.copy()
        for number in taken:
            counts[:, number] -= 1
        shape = sums[0].shape[1:] if sums else ()
        best = np.full(shape, -np.inf, dtype=sums[0].dtype if sums else float)
        for combination in counts[(counts >= 0).all(axis=1)]:
            total = np.zeros_like(best)
            for of_class, number in zip(sums, combination, strict=True):
                total += of_class[number]
            np.maximum(best, total, out=best)
        return best
