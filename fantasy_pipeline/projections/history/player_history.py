"""`player_history`: every feature of every player-week, as of before that week.

The weeks are walked in order. For each, the features are read from the state first, and only then
is the state updated with what happened: a feature cannot see its own week or a later one. What the
state is, is in `state`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from fantasy_pipeline.football.tables import (
    AVERAGED_STATS,
    FANTASY_POSITIONS,
    PLAYER_HISTORY,
    TARGET_STATS,
)
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.lake.duck import arrow, query
from fantasy_pipeline.projections.history.rows import Rows
from fantasy_pipeline.projections.history.state import State

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow as pa


def player_history(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Features of all player-weeks in the lake.

    Args:
        connection: DuckDB with the views games, raw_players and weekly_stats.

    Returns:
        `PLAYER_HISTORY`, one row per player of a fantasy position and week.
    """
    import pyarrow as pa

    # Kickers score by kicking; points as such count none, to agree with upstream.
    stats = ", ".join(
        f"coalesce(s.{name}, 0)"
        + (" + coalesce(s.kicking_points, 0)" if name in AVERAGED_STATS[:3] else "")
        + f" as x_{name}"
        for name in dict.fromkeys((*AVERAGED_STATS, *TARGET_STATS))
    )
    connection.register("team_games", team_games(arrow(connection, "from games")))
    rows = arrow(
        connection,
        query(__package__, "history_rows").format(stats=stats),
        positions=list(FANTASY_POSITIONS),
    )
    if rows.num_rows == 0:
        return PLAYER_HISTORY.arrow_schema.empty_table()
    known = rows.select([name for name in rows.column_names if not name.startswith("x_")])
    columns = {name: known[name] for name in known.column_names}
    for name, values in _walk(rows).items():
        columns[name] = pa.array(values, from_pandas=True)
    return PLAYER_HISTORY.shaped(pa.table(columns))


def _walk(rows: pa.Table) -> dict[str, np.ndarray]:
    """Walk the weeks; returns the walked features and targets by column name."""
    import numpy as np

    data = Rows(rows)
    state = State(data)
    out: dict[str, np.ndarray] = {}
    boundaries = np.flatnonzero(np.diff(data.now, prepend=np.nan, append=np.nan))
    for start, stop in pairwise(boundaries):
        week = slice(int(start), int(stop))
        for name, values in state.features(week).items():
            if name not in out:
                out[name] = np.full(data.count, np.nan)
            out[name][week] = values
        state.update(week)
    for name, column in zip(("target_std", "target_half", "target_ppr"), range(3), strict=True):
        out[name] = np.where(data.played, data.points[:, column], np.nan)
    for name in TARGET_STATS:
        values = rows[f"x_{name}"].cast("float64").to_numpy()
        out[f"target_{name}"] = np.where(data.played, values, np.nan)
    out["target_played"] = np.where(data.in_books, data.played.astype(float), np.nan)
    return out
