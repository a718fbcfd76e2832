"""`player_history`: every feature of every player-week, as of before that week.

The weeks are walked in order. Each week's features are read from the state first; only then does
the state take in what happened in the week. A feature can therefore not see its own week or a later
one. `state` defines the state, and `continued` starts from a stored one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from fantasy_pipeline.football.positions import PROJECTED_POSITIONS
from fantasy_pipeline.football.standings import standings
from fantasy_pipeline.football.tables import (
    AVERAGED_STATS,
    DEFENCE_STATS,
    GAMES,
    PLAYER_HISTORY,
    RAW_PLAYERS,
    TARGET_STATS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.lake.duck import arrow, query
from fantasy_pipeline.projections.columns import as_floats
from fantasy_pipeline.projections.history.rows import Names, Rows
from fantasy_pipeline.projections.history.state import State

INPUTS = (GAMES, RAW_PLAYERS, TEAM_DEFENSE_STATS, WEEKLY_STATS)
"""Tables that the history is made from."""
_OF_DEFENCES = {
    *("games", "games_season", "weeks_since_game", "weight", "long_weight"),
    *(f"{span}_points_{name}" for span in ("last", "last4", "season") for name in ("half", "ppr")),
    *(f"{kind}_{name}" for kind in ("avg", "opponent_factor") for name in AVERAGED_STATS[:3]),
    *("recent_fantasy_points_half", "long_fantasy_points_half", "spread_points"),
    *("before_points_half", "before_games", "target_played"),
    *("target_std", "target_half", "target_ppr"),
    *(f"{kind}_{name}" for kind in ("defence", "against") for name in DEFENCE_STATS),
}
"""Features and targets that team defences have; the others are null."""


class Season(NamedTuple):
    """A season of the history, its players, and the state after it."""

    season: int
    rows: pa.Table
    players: tuple[str, ...]
    state: State


def player_history(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Compute the features of all player-weeks in the lake.

    Args:
        connection: DuckDB with the views of `INPUTS`.

    Returns:
        `PLAYER_HISTORY`, one row per player of a fantasy position or team defence, and week.
    """
    found = connection.execute(
        "select season from raw_players union select season from weekly_stats order by 1"
    ).fetchall()
    made = walk(connection, [season for (season,) in found], State(Names()))
    parts = [season.rows for season in made]
    return pa.concat_tables([PLAYER_HISTORY.arrow_schema.empty_table(), *parts])


def walk(
    connection: duckdb.DuckDBPyConnection, seasons: Iterable[int], state: State
) -> Iterator[Season]:
    """Yield the features of some seasons, one after the other.

    Args:
        connection: as for `player_history`, with at least those seasons.
        seasons: seasons in order, without gaps in the lake.
        state: what is known before the first of them. The walk changes it.
    """
    # Kickers score by kicking; upstream's fantasy points leave kicks out, so they are added here.
    stats = ", ".join(
        f"coalesce(s.{name}, 0)"
        + (" + coalesce(s.kicking_points, 0)" if name in AVERAGED_STATS[:3] else "")
        + f" as x_{name}"
        for name in dict.fromkeys((*AVERAGED_STATS, *TARGET_STATS))
    )
    stats += "".join(f", s.defence_{name} as x_defence_{name}" for name in DEFENCE_STATS)
    defences = ", ".join(f"{name} as defence_{name}" for name in DEFENCE_STATS)
    text = query(__package__, "history_rows").format(stats=stats, defences=defences)
    for season in seasons:
        games = arrow(connection, "from games where season = $season", season=season)
        connection.register("team_games", team_games(games))
        connection.register("standings", standings(games))
        rows = arrow(connection, text, season=season, positions=list(PROJECTED_POSITIONS))
        if rows.num_rows == 0:
            yield Season(season, PLAYER_HISTORY.arrow_schema.empty_table(), (), state)
            continue
        state = state.with_room_for(state.names.with_those_of(rows))
        state.data = Rows(rows, state.names)
        columns: dict[str, pa.Array | pa.ChunkedArray] = {
            name: rows[name] for name in rows.column_names if not name.startswith("x_")
        }
        for name, values in _walk(rows, state).items():
            columns[name] = pa.array(values, from_pandas=True)
        players = Names().with_those_of(rows).players
        yield Season(season, PLAYER_HISTORY.shaped(pa.table(columns)), players, state)


def _walk(rows: pa.Table, state: State) -> dict[str, np.ndarray]:
    """Walk the weeks and return features and targets by column name, each (player-weeks,)."""
    data = state.data
    out: dict[str, np.ndarray] = {}
    # Rows are in time order; a week begins where the clock changes. (weeks + 1,)
    boundaries = np.flatnonzero(np.diff(data.now, prepend=np.nan, append=np.nan))
    for start, stop in pairwise(boundaries):
        week = slice(int(start), int(stop))
        for name, values in state.features(week).items():
            if name not in out:
                out[name] = np.full(data.count, np.nan)
            out[name][week] = values
        state.update(week)
    out |= _targets(rows, data)
    for name in out.keys() - _OF_DEFENCES:
        out[name] = np.where(data.is_defence, np.nan, out[name])
    return out


def _targets(rows: pa.Table, data: Rows) -> dict[str, np.ndarray]:
    """Return what happened in the week itself, NaN for players who did not play."""
    out = {}
    for name, column in zip(("target_std", "target_half", "target_ppr"), range(3), strict=True):
        out[name] = np.where(data.played, data.points[:, column], np.nan)
    for name in TARGET_STATS:
        out[f"target_{name}"] = np.where(data.played, as_floats(rows[f"x_{name}"]), np.nan)
    out["target_played"] = np.where(data.team_played, data.played.astype(float), np.nan)
    return out
