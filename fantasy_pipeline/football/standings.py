"""The standings before each week: which teams have clinched a place in the play-offs.

Only wins count. Ties in the standings are not broken, so a team counts as clinched or eliminated
when it is so for any tie-breaker.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.football.teams import AFC

_SEVEN_PLACES = 2020
"""First season in which seven teams of a conference play on; six before."""


def standings(games: pa.Table) -> pa.Table:
    """Return the standing of each team before each of its regular-season games.

    Args:
        games: rows of `GAMES`. Scores of a week and of later weeks are not read for that week.

    Returns:
        season, week, team, then clinched (a place in the play-offs is certain), eliminated (a
        place is impossible) and last_week (the team's last game of the regular season).
    """
    rows = team_games(games)
    regular = np.array(rows["game_type"].to_pylist(), dtype=object) == "REG"
    rows = rows.filter(pa.array(regular))
    season, week = rows["season"].to_numpy(), rows["week"].to_numpy()
    names, team = np.unique(np.array(rows["team"].to_pylist(), dtype=str), return_inverse=True)
    conference = np.isin(names, AFC)
    wins = _wins(rows)
    flags = np.zeros((rows.num_rows, 3), dtype=bool)
    for year in np.unique(season):
        for number in np.unique(week[season == year]):
            of_year = season == year
            past, ahead = of_year & (week < number), of_year & (week >= number)
            won = np.bincount(team[past], wins[past], len(names))
            left = np.bincount(team[ahead], minlength=len(names))
            now = np.flatnonzero(of_year & (week == number))
            places = 7 if year >= _SEVEN_PLACES else 6
            clinched, eliminated = _certain(won, left, conference, places)
            flags[now, 0] = clinched[team[now]]
            flags[now, 1] = eliminated[team[now]]
            flags[now, 2] = left[team[now]] == 1
    out: dict[str, pa.Array | pa.ChunkedArray] = {
        name: rows[name] for name in ("season", "week", "team")
    }
    for name, column in zip(("clinched", "eliminated", "last_week"), flags.T, strict=True):
        out[name] = pa.array(column)
    return pa.table(out)


def _wins(rows: pa.Table) -> np.ndarray:
    """Return 1 for a win, 0.5 for a tie, 0 for a defeat or a game without a score, (rows,)."""
    scored, allowed = (
        rows[name].cast("float64").fill_null(float("nan")).to_numpy()
        for name in ("score", "opponent_score")
    )
    return np.where(scored > allowed, 1.0, np.where(scored == allowed, 0.5, 0.0))


def _certain(
    won: np.ndarray, left: np.ndarray, conference: np.ndarray, places: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return masks of teams that certainly play on, and that certainly do not, (teams,).

    Args:
        won: wins so far, (teams,).
        left: games left, (teams,).
        conference: mask of the teams of one conference, (teams,).
        places: number of teams of a conference that play on.
    """
    most = won + left
    # (teams, teams): the column's team is a rival of the row's team
    rival = (conference[:, None] == conference) & ~np.eye(len(won), dtype=bool) & (most > 0)
    can_reach = (rival & (most >= won[:, None])).sum(axis=1)
    is_ahead = (rival & (won > most[:, None])).sum(axis=1)
    return can_reach < places, is_ahead >= places
