"""Project the rest of the season: the week's projection, and the player's usual points, by horizon.

A coming week has expected points = chance to play x points if he plays. Both are linear in few
things, separately by position. The coefficients were measured on the walk-forward projections of
2021-2024 from week 6 on; those of kickers were not measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DST, FANTASY_POSITIONS
from fantasy_pipeline.football.scoring import SCORINGS, Scoring, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.columns import PLAYER_WEEK
from fantasy_pipeline.football.tables.decisions import REST_OF_SEASON
from fantasy_pipeline.football.tables.week_rows import of_players, of_week, weeks_in
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model.features import POINTS_COLUMNS, shrunken_mean
from fantasy_pipeline.projections.model.intervals import GRID, LEVELS, QUANTILES, quantiles

HISTORY_COLUMNS = (
    *PLAYER_WEEK,
    *("position", "weight"),
    *(f"{kind}_{POINTS_COLUMNS[scoring]}" for scoring in SCORINGS for kind in ("avg", "prior")),
)
"""Columns of `PLAYER_HISTORY` that the projection reads."""
HEALTHY, UNCERTAIN, OUT, BYE = 0, 1, 2, 3
"""Status of a player in the week that is projected: he plays (chance 0.9 or more), may play (0.5
or more), does not, or has a bye."""
_PLAYS: Mapping[str, tuple[tuple[float, ...], ...]] = {
    "QB": (
        (0.465, 0.02, 0.459, -0.23, -0.129, 0.072),
        (0.303, 0.022, 0.007, 0.019, 0.127, 0.039),
        (0.063, 0.064, 0.031, 0.087, 0.011, 0.111),
        (0.284, -0.194, 0.588, 0.053, 0.017, -0.154),
    ),
    "RB": (
        (0.732, 0.164, 0.039, -0.171, -0.06, 0.024),
        (0.409, 0.285, 0.244, -0.123, 0.05, -0.104),
        (0.168, -0.069, 0.421, 0.106, 0.08, 0.216),
        (0.215, 0.333, 0.404, -0.009, 0.017, -0.095),
    ),
    "WR": (
        (0.633, 0.305, -0.004, -0.117, -0.074, 0.04),
        (0.238, 0.499, 0.152, -0.008, -0.125, 0.102),
        (0.052, 0.048, 0.249, -0.029, 0.258, 0.468),
        (0.077, 0.562, 0.405, -0.077, 0.025, -0.11),
    ),
    "TE": (
        (0.649, 0.296, -0.053, -0.163, 0.0, -0.117),
        (0.197, 0.654, -0.002, -0.053, -0.05, -0.045),
        (-0.186, 0.541, 0.082, -0.067, 0.45, 0.204),
        (0.252, 0.554, 0.035, -0.177, 0.201, -0.04),
    ),
    "K": (
        (0.93, 0.0, 0.0, -0.15, 0.0, 0.0),
        (0.6, 0.0, 0.0, 0.0, 0.0, 0.0),
        (0.2, 0.0, 0.0, 0.2, 0.0, 0.0),
        (0.7, 0.0, 0.0, -0.1, 0.0, 0.0),
    ),
}
"""Chance to play by status: the coefficients of 1, low, high, horizon / 12, and the products of
the last with low and high. Low is the level from 0 to 8 points, high that from 8 to 16, both
divided by 8; the level is the projection of the healthy, and the usual points of others."""
_PER_GAME: Mapping[str, tuple[float, ...]] = {
    "QB": (0.49, 0.379, 0.02, 0.728, 2.136, 1.306),
    "RB": (0.762, 0.176, 0.317, 1.046, 0.897, -0.557),
    "WR": (0.768, 0.229, 0.269, 1.209, 0.65, -1.691),
    "TE": (0.722, 0.2, 0.176, 1.182, 1.486, -0.208),
    "K": (0.5, 0.0, 0.0, 0.0, 3.9, 7.8),
}
"""Points if he plays. Of the healthy: the coefficients of the projection, the usual points, and
their difference (usual minus projection) x horizon / 10; of others: that of the usual points; then
the constants of both. A kicker's is half-way to the mean of 7.8: kicks are not among the usual
points."""
_MOST_PLAYS = 0.98
_SHARES = (
    (3.1, (0.0, 0.0, 0.0, 0.56, 1.51, 3.3, 6.39)),
    (5.4, (0.0, 0.0, 0.24, 0.63, 1.38, 2.32, 3.89)),
    (8.4, (0.0, 0.11, 0.39, 0.83, 1.44, 2.12, 3.02)),
    (11.9, (0.0, 0.23, 0.51, 0.93, 1.43, 1.92, 2.59)),
    (16.7, (0.0, 0.37, 0.61, 0.93, 1.29, 1.67, 2.2)),
)
"""Actual points of players who played, as shares of the expected ones, by the size of the latter:
the quantiles 0, 0.1, 0.25, 0.5, 0.75, 0.9 and 0.98."""
_SHARE_LEVELS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
_TOTAL_SHARES = np.array(
    [
        [12.6, 0.0, 0.06, 3.18],
        [41.4, 0.08, 0.91, 1.86],
        [79.0, 0.38, 1.0, 1.61],
        [120.2, 0.47, 1.04, 1.48],
        [170.8, 0.5, 1.06, 1.45],
    ]
)
"""Actual totals of the remaining weeks as shares of the expected ones: expected total, and the
quantiles 0.1, 0.5 and 0.9."""


_GAME_VARIANCE, _TEAM_VARIANCE = 31.0, 3.1
"""Variance of a team defence's points in a game, and of what all its coming games share. Measured
on 2017-2020 in ESPN's and Sleeper's standard scoring. A defence is never hurt and keeps its place,
so its weeks are nearly independent."""
_NORMAL = np.array([-1.2816, 0.0, 1.2816])
"""The quantiles 0.1, 0.5 and 0.9 in standard deviations."""


def rest_of_season(projections: pa.Table, history: pa.Table, games: pa.Table) -> pa.Table:
    """Return the projections of the coming weeks of the regular season.

    Args:
        projections: `PROJECTIONS` rows; positions other than players' are left out.
        history: `PLAYER_HISTORY` rows of the same weeks; those of team defences are left out.
        games: `GAMES` of their seasons.

    Returns:
        `REST_OF_SEASON` rows. A week of the play-offs has none.
    """
    parts = [REST_OF_SEASON.arrow_schema.empty_table()]
    is_player = pc.is_in(projections["position"], pa.array(FANTASY_POSITIONS))
    players, known = projections.filter(is_player), of_players(history)
    for week in weeks_in(players):
        opponents = _opponents(games, week)
        if opponents:
            parts.append(_of_week(of_week(players, week), of_week(known, week), week, opponents))
    return REST_OF_SEASON.shaped(pa.concat_tables(parts))


def totals(ids: Sequence[str], weeks: Sequence[Sequence[float]]) -> np.ndarray:
    """Return p10, p50 and p90 of totals over the remaining weeks, (totals, 3).

    Args:
        ids: player ids.
        weeks: expected points of each player in his coming weeks; 0 on a bye.
    """
    expected = np.array([sum(points) for points in weeks], dtype=float)
    shares = [np.interp(expected, _TOTAL_SHARES[:, 0], column) for column in _TOTAL_SHARES[:, 1:].T]
    of_players = np.column_stack(shares) * expected[:, None]
    games = np.array([sum(one > 0 for one in points) for points in weeks], dtype=float)
    deviation = np.sqrt(_GAME_VARIANCE * games + _TEAM_VARIANCE * games**2)
    of_defences = expected[:, None] + deviation[:, None] * _NORMAL
    is_defence = np.array([id_.startswith(f"{DST}-") for id_ in ids], dtype=bool)
    return np.where(is_defence[:, None], of_defences, of_players)


def _opponents(games: pa.Table, week: SeasonWeek) -> dict[int, dict[str, str]]:
    """Return the opponent of each team, by coming week of the regular season."""
    found: dict[int, dict[str, str]] = {}
    of_season = (pc.field("season") == week.season) & (pc.field("game_type") == "REG")
    names = ("week", "home_team", "away_team")
    coming = games.filter(of_season & (pc.field("week") >= week.week))
    for number, *teams in zip(*(coming[name].to_pylist() for name in names), strict=True):
        found.setdefault(number, {}).update(zip(teams, reversed(teams), strict=True))
    return dict(sorted(found.items()))


def _of_week(
    players: pa.Table, history: pa.Table, week: SeasonWeek, opponents: Mapping[int, dict[str, str]]
) -> pa.Table:
    """Return the rows that are known before one week: all players for each coming week."""
    teams, coming = players["team"].to_pylist(), len(opponents)
    against = [of_teams.get(team) for of_teams in opponents.values() for team in teams]
    bye = np.array([opponent is None for opponent in against])
    target = np.repeat(np.array(list(opponents)), players.num_rows)
    horizon = target - week.week
    usual = {scoring: np.tile(_usual(players, history, scoring), coming) for scoring in SCORINGS}
    rows = pa.concat_tables([players] * coming)
    status = _status(rows)
    # The week itself is projected.
    plays = np.where(
        horizon > 0, _plays(rows, usual["ppr"], status, horizon), as_floats(rows["plays"])
    )
    columns: dict[str, pa.Array] = {
        "target_week": pa.array(target),
        "bye": pa.array(bye),
        "plays": pa.array(np.round(np.where(bye, 0.0, plays), 4)),
        "opponent": pa.array(against, pa.string()),
    }
    for scoring in SCORINGS:
        bands = _points(rows, usual[scoring], status, horizon, plays, scoring)
        for name, values in bands.items():
            rounded = np.round(np.where(bye, 0.0, values), 2) + 0.0
            columns[f"{name}{suffix(scoring)}"] = pa.array(rounded)
    about = rows.select(["season", "week", "player_id", "player_name", "position", "team"])
    for name, column in columns.items():
        about = about.append_column(name, column)
    return about.select(REST_OF_SEASON.column_names).cast(REST_OF_SEASON.arrow_schema)


def _usual(players: pa.Table, history: pa.Table, scoring: Scoring) -> np.ndarray:
    """Return the usual points per game of each player; his projection, if there is no history."""
    ids = history["player_id"].to_pylist()
    of_player = dict(zip(ids, shrunken_mean(history, scoring).tolist(), strict=True))
    projected = as_floats(players[f"projected_points{suffix(scoring)}"])
    return np.array(
        [
            of_player.get(id_, value)
            for id_, value in zip(players["player_id"].to_pylist(), projected, strict=True)
        ]
    )


def _status(players: pa.Table) -> np.ndarray:
    plays = as_floats(players["plays"])
    other = np.where(as_texts(players["reason"]) == "bye", BYE, OUT)
    return np.select([plays >= 0.9, plays >= 0.5], [HEALTHY, UNCERTAIN], other)


def _plays(
    players: pa.Table, usual: np.ndarray, status: np.ndarray, horizon: np.ndarray
) -> np.ndarray:
    """Return the chance of each player to play some weeks later, (rows,).

    Args:
        horizon: number of weeks until then, (rows,).
    """
    level = np.where(status == HEALTHY, as_floats(players["projected_points"]), usual)
    low, high = np.clip(level, 0, 8) / 8, np.clip(level - 8, 0, 8) / 8
    later = np.minimum(horizon, 12) / 12
    # (rows, 6)
    features = np.column_stack([np.ones(len(level)), low, high, later, later * low, later * high])
    positions, position = _positions(players)
    # (positions, statuses, 6)
    weights = np.array([_PLAYS[name] for name in positions]).reshape(-1, 4, 6)
    plays = (features * weights[position, status]).sum(axis=1)
    return np.asarray(np.clip(plays, 0.0, _MOST_PLAYS))


def _positions(players: pa.Table) -> tuple[list[str], np.ndarray]:
    """Return the positions, and the number of each row's position among them, (rows,)."""
    encoded = players["position"].combine_chunks().dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy()


def _points(
    players: pa.Table,
    usual: np.ndarray,
    status: np.ndarray,
    horizon: np.ndarray,
    plays: np.ndarray,
    scoring: Scoring,
) -> dict[str, np.ndarray]:
    """Return expected points, floor, median and ceiling of coming weeks, (rows,) each.

    Those of the week itself, whose `horizon` is 0, are projected.
    """
    end = suffix(scoring)
    projected = as_floats(players[f"projected_points{end}"])
    healthy = status == HEALTHY
    later = np.minimum(horizon, 10) / 10
    # (rows, 6)
    features = np.column_stack(
        [
            np.where(healthy, projected, 0.0),
            np.where(healthy, usual, 0.0),
            np.where(healthy, (usual - projected) * later, 0.0),
            np.where(healthy, 0.0, usual),
            healthy,
            ~healthy,
        ]
    )
    positions, position = _positions(players)
    # (positions, 6)
    weights = np.array([_PER_GAME[name] for name in positions]).reshape(-1, 6)
    per_game = np.maximum((features * weights[position]).sum(axis=1), 0.0)
    bands = quantiles(_TABLE, per_game, plays, LEVELS)
    coming = {"points": per_game * plays, **dict(zip(QUANTILES, bands.T, strict=True))}
    now = {"points": projected, **{name: as_floats(players[f"{name}{end}"]) for name in QUANTILES}}
    return {name: np.where(horizon > 0, values, now[name]) for name, values in coming.items()}


def _quantile_table() -> np.ndarray:
    """Return `_SHARES` in the form of `intervals.quantile_table`."""
    rows = [np.zeros(1 + len(GRID))]
    for size, shares in _SHARES:
        levels = np.interp(GRID, _SHARE_LEVELS, shares)
        rows.append(np.array([size, *(size * levels)]))
    return np.array(rows)


_TABLE = _quantile_table()
