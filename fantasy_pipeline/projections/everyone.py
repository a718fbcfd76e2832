"""The pool *everyone*, and measures of teams: errors that a pool of likely starters cannot show.

Everyone is each player whom any source, our own projections or the neutral baseline put at
`LEAST_POINTS` or more, whether he played or not. A source that does not project one of them is
scored as if it projected 0. So a benched quarterback at 16 points is an error here, and silence
about a starter is one, too.

Of quarterbacks and kickers one per team plays, so their projections also say who starts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from fantasy_pipeline.projections.columns import as_floats

LEAST_POINTS = 8.0
"""PPR points of a player who belongs to the pool."""
STARTER_POINTS = {"QB": 8.0, "K": 4.0}
"""Positions of which one player per team starts, and the points that say that a player does."""
WORK = {"QB": ("attempts",), "K": ("fg_att", "pat_made")}
"""Stats whose sum tells which player of the team started: passes thrown, kicks."""
APART_YARDS = 60.0
"""Passing and receiving yards of a team that differ by more do not add up."""
HISTORY_COLUMNS = ("team", *(f"target_{name}" for names in WORK.values() for name in names))
"""Columns of `player_history` that are read here."""


def silence_as_zero(points: np.ndarray, weeks: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return a source's points, (rows,), with 0 for players whom the source does not project.

    NaN stays in the weeks and positions of which the source projects nobody: there it has no file.

    Args:
        points: NaN for players without a projection, (rows,).
        weeks, positions: of each row, (rows,).
    """
    _, week = np.unique(weeks, return_inverse=True)
    _, position = np.unique(positions, return_inverse=True)
    group = week * (position.max(initial=0) + 1) + position
    # (groups,): players of each week and position whom the source projects
    stated = np.bincount(group, ~np.isnan(points))
    return np.where(np.isnan(points) & (stated[group] > 0), 0.0, points)


def is_in_pool(points: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
    """Return a mask of the pool, (rows,).

    Args:
        points: PPR points of other sources, of ours and of the baseline, by source, (rows,).
    """
    found = np.zeros(rows, dtype=bool)
    for values in points.values():
        found |= np.nan_to_num(values) >= LEAST_POINTS
    return found


def work_of(rows: pa.Table, position: str) -> np.ndarray:
    """Return how often each player threw or kicked, (rows,); the team's highest number started.

    Args:
        rows: `HISTORY_COLUMNS`.
        position: one of `STARTER_POINTS`.
    """
    stats = [np.nan_to_num(as_floats(rows[f"target_{name}"])) for name in WORK[position]]
    return np.sum(stats, axis=0)


def measure_teams(
    teams: np.ndarray, work: np.ndarray, projected: np.ndarray, actual: np.ndarray, least: float
) -> dict[str, float | None]:
    """Return the measures of the teams of one week, for a position of `STARTER_POINTS`.

    A team counts if a listed player of the position started. A team on a bye does not, nor does one
    whose receiver had to throw.

    Args:
        teams: team of each listed player of the position, (players,).
        work: from `work_of`, (players,).
        projected, actual: points, (players,); projected is NaN if the source has no file.
        least: points that say that a player starts.
    """
    _, team = np.unique(teams, return_inverse=True)
    # (teams,): the most that a player of the team threw or kicked; 0 for teams that do not count
    most = np.zeros(team.max(initial=-1) + 1)
    np.maximum.at(most, team, work)
    played = most > 0
    if not played.any() or np.isnan(projected).all():
        return {}
    points = np.nan_to_num(projected)
    # (teams,): the player of each team with the highest projection, the first of equal ones
    order = np.lexsort((-points, team))
    named = order[np.flatnonzero(np.diff(team[order], prepend=-1))]
    right = (points[named] > 0) & (work[named] == most)
    two = np.bincount(team, points >= least) > 1
    count = np.count_nonzero(played)
    return {
        "teams": count,
        "starter_right": np.count_nonzero(right & played) / count,
        "two_starters": np.count_nonzero(two & played) / count,
        "team_projected": sum(np.bincount(team, points)[played].tolist()) / count,
        "team_scored": sum(np.bincount(team, actual)[played].tolist()) / count,
    }


def share_apart(teams: np.ndarray, passing: np.ndarray, receiving: np.ndarray) -> float | None:
    """Return the share of a week's teams whose yards differ by more than `APART_YARDS`.

    None if no player of the week has passing yards, or none has receiving yards: a baseline that
    projects a position has no stat line.

    Args:
        teams: team of each player of any position, (players,).
        passing, receiving: projected yards, (players,); NaN without a stat line.
    """
    names, team = np.unique(teams, return_inverse=True)
    thrown, caught = (
        np.bincount(team, np.nan_to_num(yards), len(names)) for yards in (passing, receiving)
    )
    if not (thrown.any() and caught.any()):
        return None
    # Teams on a bye have neither.
    plays = thrown + caught > 0
    return float(np.mean(np.abs(thrown - caught)[plays] > APART_YARDS))
