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

from fantasy_pipeline.football.standings import standings
from fantasy_pipeline.football.tables import (
    AVERAGED_STATS,
    FANTASY_POSITIONS,
    PLAYER_HISTORY,
    TARGET_STATS,
)
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.lake.duck import arrow, query
from fantasy_pipeline.projections.columns import as_floats
from fantasy_pipeline.projections.history.rows import Names, Rows
from fantasy_pipeline.projections.history.state import State


class Season(NamedTuple):
    """A season of the history, its players, and the state after it."""

    season: int
    rows: pa.Table
    players: tuple[str, ...]
    state: State


def player_history(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Compute the features of all player-weeks in the lake.

    Args:
        connection: DuckDB with the views games, raw_players and weekly_stats.

    Returns:
        `PLAYER_HISTORY`, one row per player of a fantasy position and week.
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
    text = query(__package__, "history_rows").format(stats=stats)
    for season in seasons:
        games = arrow(connection, "from games where season = $season", season=season)
        connection.register("team_games", team_games(games))
        connection.register("standings", standings(games))
        rows = arrow(connection, text, season=season, positions=list(FANTASY_POSITIONS))
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
    # Targets: what happened in the week itself, NaN for players who did not play.
    for name, column in zip(("target_std", "target_half", "target_ppr"), range(3), strict=True):
        out[name] = np.where(data.played, data.points[:, column], np.nan)
    for name in TARGET_STATS:
        out[f"target_{name}"] = np.where(data.played, as_floats(rows[f"x_{name}"]), np.nan)
    out["target_played"] = np.where(data.team_played, data.played.astype(float), np.nan)
    return out
