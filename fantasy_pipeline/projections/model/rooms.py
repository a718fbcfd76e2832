"""Rooms with one starter: the chance of each quarterback and kicker to start for his team.

The chances of a team's available players sum to one. They are a softmax over the players of the
room, learnt on the players who threw or kicked most for their team.

Other sources speak about the room as a whole: a source that projects an available team-mate and
not this player forecasts that he sits.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model import features, linear
from fantasy_pipeline.projections.model.team_features import group_sum, groups

USAGE: Mapping[str, str] = {"QB": "attempts", "K": "fg_att"}
"""Positions of which a team starts one player, and the stat of which the starter has most."""
MIN_ROOMS = 100
"""Rooms with more than one player that the chances are learnt from."""
VOTE = 4.0
"""Log odds of a source that projects only one player of a room."""
_PENALTY = 30.0
_USUAL = {
    "starter": 0.15,
    "long_attempts": 0.04,
    "shrunken_points": 0.06,
    "avg_passing_epa": 0.09,
    "appearance_rate": 1.2,
    "last_snap_share": 0.55,
    "missed_last": -0.8,
    "log_absence": -0.25,
    "new_team": -0.85,
    "did_not_practise": -3.0,
    "questionable": -1.5,
    "practised_fully": 0.55,
}
"""Log odds per unit of a feature where no season has rosters to learn from. They were learnt on
2022-2024, and name 92% of the starting quarterbacks of 2021 right."""

_PLAIN = (
    "starter",
    "room_usage_share",
    "room_rank",
    "room_usage_rank",
    "appearance_rate",
    "missed_last",
    "new_team",
    "last_snap_share",
    "recent_snap_share",
    "avg_snap_share",
    "questionable",
    "did_not_practise",
    "limited",
    "practised_fully",
    "status_rate",
    "log_pick",
    "games",
    "games_season",
    "shrunken_points",
    "log_absence",
    "few_career",
    "log_pick x few_career",
    "avg_attempts",
    "recent_attempts",
    "long_attempts",
    "avg_passing_epa",
    "avg_fg_att",
)
_PRODUCTS = (
    ("starter", "resting"),
    ("starter", "rest_signal"),
    ("starter", "out_of_it"),
    ("starter", "questionable"),
    ("starter", "missed_last"),
    ("long_attempts", "missed_last"),
    ("last_snap_share", "missed_last"),
    ("long_attempts", "implied_change"),
    ("missed_last", "first_week"),
    ("few_career", "out_of_it"),
)
NAMES = (*_PLAIN, *(f"{a} x {b}" for a, b in _PRODUCTS))
"""Features of the chance to start."""


def inputs(matrix: np.ndarray) -> np.ndarray:
    """Return the features `NAMES` of rows of a feature matrix, (rows, `NAMES`); NaN is 0."""
    columns = {
        name: np.nan_to_num(matrix[:, features.NAMES.index(name)])
        for name in {*_PLAIN, *(name for pair in _PRODUCTS for name in pair)}
    }
    products = [columns[a] * columns[b] for a, b in _PRODUCTS]
    return np.column_stack([*(columns[name] for name in _PLAIN), *products])


def room_of(rows: pa.Table) -> np.ndarray:
    """Return the number of each row's room, (rows,): its team, week and position."""
    return groups(codes(rows), as_texts(rows["team"]), as_texts(rows["position"]))


def starters(rows: pa.Table, position: str) -> np.ndarray:
    """Return a mask of the players who threw or kicked most for their team in the week, (rows,).

    Args:
        rows: `PLAYER_HISTORY` rows of one position, with targets.
    """
    usage = np.nan_to_num(as_floats(rows[f"target_{USAGE[position]}"]))
    if position == "K":
        usage = usage + np.nan_to_num(as_floats(rows["target_pat_made"]))
    room = room_of(rows)
    most = np.full(room.max(initial=-1) + 1, 0.5)
    np.maximum.at(most, room, usage)
    return usage == most[room]


def learn(
    candidates: np.ndarray, started: np.ndarray, room: np.ndarray
) -> tuple[linear.Scale, np.ndarray]:
    """Return scale and coefficients of the chance to start; no coefficients with few rooms.

    Args:
        candidates: features of available players, (candidates, `NAMES`).
        started: 1 for candidates who started, else 0, (candidates,).
        room: number of each candidate's room, (candidates,).
    """
    # (candidates,): rooms in which one of several candidates started
    counted = (group_sum(room, started) == 1) & (group_sum(room, np.ones(len(room))) > 1)
    chosen = candidates[counted]
    if started[counted].sum() < MIN_ROOMS:
        return linear.Scale.of(chosen[:0]), np.empty(0)
    scale = linear.Scale.of(chosen)
    _, number = np.unique(room[counted], return_inverse=True)
    return scale, linear.choice(scale.apply(chosen), started[counted], number, _PENALTY)


def score(scale: linear.Scale, coefficients: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return log odds to start, (rows,), to compare within a room.

    Args:
        scale: from `learn`, as `coefficients`.
        matrix: features, (rows, `features.NAMES`).
    """
    return linear.dot(scale.apply(inputs(matrix)), coefficients[:, None])[:, 0]


def usual_score(matrix: np.ndarray) -> np.ndarray:
    """Return log odds to start by `_USUAL`, (rows,), where nothing is learnt."""
    total = np.zeros(len(matrix))
    for name, odds in _USUAL.items():
        total += odds * np.nan_to_num(matrix[:, features.NAMES.index(name)])
    return total


def softmax(score: np.ndarray, room: np.ndarray, available: np.ndarray) -> np.ndarray:
    """Return shares proportional to exp(score) in each room, (rows,); 0 for unavailable players."""
    best = np.full(room.max(initial=-1) + 1, -np.inf)
    np.maximum.at(best, room[available], score[available])
    weight = np.zeros(len(score))
    weight[available] = np.exp(score[available] - best[room[available]])
    total = group_sum(room, weight)
    return np.divide(weight, total, out=np.zeros(len(score)), where=total > 0)


def heard(
    starts: np.ndarray, room: np.ndarray, available: np.ndarray, sources: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Return the chance to start after other sources spoke about the room, (rows,).

    Each source adds `VOTE` times the player's share of the points that it projects in his room.

    Args:
        starts: our chance to start, (rows,).
        sources: points by source, (rows,); NaN where a source states nothing.
    """
    score = np.log(np.maximum(starts, 1e-4))
    for values in sources.values():
        score = score + VOTE * share_in_room(values, room, available)
    return softmax(score, room, available)


def silence(
    team: np.ndarray, available: np.ndarray, sources: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many sources project team-mates of each available player and not him, (rows,).

    Also return a mask of the available players whom a source projects, (rows,).

    Args:
        team: number of each row's team-week, (rows,).
        available: mask of available players of some positions; the others have no team-mates.
        sources: points by source, (rows,); NaN where a source states nothing.
    """
    silent = np.zeros(len(team), dtype=np.int64)
    named = np.zeros(len(team), dtype=bool)
    for values in sources.values():
        stated = available & (np.nan_to_num(values) > 0)
        silent += available & ~stated & (group_sum(team, stated) > 0)
        named |= stated
    return silent, named


def share_in_room(values: np.ndarray, room: np.ndarray, available: np.ndarray) -> np.ndarray:
    """Return each player's share of a source's points in his room, (rows,); 0 without any."""
    points = np.where(available, np.nan_to_num(values), 0.0)
    total = group_sum(room, points)
    return np.divide(points, total, out=np.zeros(len(points)), where=total > 0)
