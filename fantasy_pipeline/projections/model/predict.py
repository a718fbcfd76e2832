"""Predictions: stat lines and the chance to play, from a position's model and feature rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from fantasy_pipeline.projections.columns import as_texts
from fantasy_pipeline.projections.model import availability, features, linear, rooms
from fantasy_pipeline.projections.model.baseline import baseline_plays
from fantasy_pipeline.projections.model.stat_line import STATS, points
from fantasy_pipeline.projections.model.training import PositionModel

REPLACEMENT = 0.65
"""Share of a typical starter's points that a starting quarterback or kicker has at least."""
PARTS = {"completions": "attempts", "receptions": "targets"}
"""Stats that are a part of another."""
DEPTH = 0.1
"""Power of a player's share of the best points in his room by which his stat line is smaller. The
regression is linear and overrates players deep in a room: without it, the receivers of 2021-2024
are projected 6% more yards than they had, and runners 8%."""
LEAST_DEPTH = 0.5
"""Lowest factor of a player deep in his room."""


@dataclass(frozen=True)
class Expected:
    """Projections of some rows: a stat line if the player plays, and the chance that he does.

    Args:
        line: values by stat, (rows,).
        plays: chance to play, 0-1, (rows,).
        starts: chance to start, 0-1, (rows,); NaN at positions of which a team starts several.
    """

    line: dict[str, np.ndarray]
    plays: np.ndarray
    starts: np.ndarray


def expect(model: PositionModel, position: str, rows: pa.Table, matrix: np.ndarray) -> Expected:
    """Return the projections of rows of one position.

    Args:
        rows: `PLAYER_HISTORY` rows.
        matrix: their features, (rows, `features.NAMES`).
    """
    # (rows, stats of the position): the ridge regression's stat line, never below 0
    scaled = features.with_curves(model.scale.apply(matrix))
    raw = linear.dot(scaled, model.coefficients) + model.intercepts
    line = dict(zip(STATS[position], np.maximum(raw, 0.0).T, strict=True))
    if position in rooms.USAGE:
        line = _at_least_a_replacement(model, position, line)
    for part, whole in PARTS.items():
        if part in line:
            line[whole] = np.maximum(line[whole], line[part])
    plays = baseline_plays(rows)
    if len(model.plays):
        plays = availability.chance(model.plays_scale, model.plays, rows, matrix)
    if position not in rooms.USAGE:
        factor = of_depth(points(line, "half"), rooms.room_of(rows), plays)
        line = {name: values * factor for name, values in line.items()}
    return Expected(line, plays, starts(model, position, rows, matrix, plays))


def of_depth(half: np.ndarray, room: np.ndarray, plays: np.ndarray) -> np.ndarray:
    """Return the factor of each player's stat line, (rows,): the deeper in his room, the lower.

    Args:
        half: half-PPR points, (rows,).
        room: number of each row's room, (rows,).
        plays: chance to play, (rows,). The room's best is among the players who are likely to.
    """
    best = np.zeros(room.max(initial=-1) + 1)
    likely = plays > availability.LIKELY
    np.maximum.at(best, room[likely], half[likely])
    share = np.divide(half, best[room], out=np.ones(len(half)), where=best[room] > 0)
    return np.clip(np.maximum(share, 0.0) ** DEPTH, LEAST_DEPTH, 1.0)


def _at_least_a_replacement(
    model: PositionModel, position: str, line: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return stat lines with at least `REPLACEMENT` of a typical starter's half-PPR points.

    Of a starter without a past the regression knows nothing good, and projects next to nothing.
    """
    least = REPLACEMENT * model.typical_half(position)
    # (rows,): half-PPR points to add, as a typical line
    missing = np.maximum(least - points(line, "half"), 0.0)
    typical = model.typical_line(position)
    return {name: values + missing * typical[name] for name, values in line.items()}


def starts(
    model: PositionModel | None,
    position: str,
    rows: pa.Table,
    matrix: np.ndarray,
    plays: np.ndarray,
) -> np.ndarray:
    """Return the chance to start, (rows,); NaN at positions of which a team starts several.

    Args:
        model: None: recent usage decides.
        plays: chance to play, (rows,); 0 for players who are ruled out.
    """
    if position not in rooms.USAGE:
        return np.full(rows.num_rows, np.nan)
    if model is None or not len(model.starts):
        score = rooms.usual_score(matrix)
    else:
        score = rooms.score(model.starts_scale, model.starts, matrix)
    # A doubtful player starts only if he plays.
    doubtful = as_texts(rows["injury_status"]) == availability.DOUBTFUL
    score = score + np.where(doubtful, np.log(np.maximum(plays, 1e-3)), 0.0)
    return rooms.softmax(score, rooms.room_of(rows), plays > 0)
