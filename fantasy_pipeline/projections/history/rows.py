"""The player-weeks that `player_history` walks over, as arrays coded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fantasy_pipeline.football.tables import (
    AVERAGED_STATS,
    FANTASY_POSITIONS,
    LONG_STATS,
    RECENT_STATS,
    TEAM_STATS,
)

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

WEEKS_PER_YEAR = 30
"""Weeks between two seasons' same weeks, on the clock of the decay: a season of 22 and an
off-season that costs as much memory as 8 weeks of football."""
STATUS_PRIOR = {"Out": (0.0, 200.0), "Doubtful": (0.1, 50.0), "Questionable": (0.7, 50.0)}
"""Share of players with a game status who play, and how many players that is worth."""


def _codes(column: pa.ChunkedArray, categories: list[str] | None = None) -> tuple[np.ndarray, int]:
    """Integer code of each string, and the number of codes; unknown and null are the last."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    values = pa.array(categories) if categories else pc.unique(column.drop_null()).sort()
    codes = pc.index_in(column, value_set=values).fill_null(len(values))
    return codes.to_numpy().astype(np.int64), len(values) + 1


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast("float64").fill_null(float("nan")).to_numpy()


def _flags(column: pa.ChunkedArray) -> np.ndarray:
    return column.fill_null(False).to_numpy()


class Rows:
    """The rows' columns as arrays, coded once."""

    def __init__(self, rows: pa.Table) -> None:
        import numpy as np

        self.count = rows.num_rows
        self.season = rows["season"].to_numpy().astype(np.int64)
        self.week = rows["week"].to_numpy().astype(np.int64)
        self.now = (self.season * WEEKS_PER_YEAR + self.week).astype(float)
        self.player, self.players = _codes(rows["player_id"])
        self.position, self.positions = _codes(rows["position"], list(FANTASY_POSITIONS))
        teams = sorted(
            {
                team
                for name in ("opponent", "x_opponent", "team", "x_team")
                for team in rows[name].unique().to_pylist()
            }
            - {None}
        )
        self.opponent, self.teams = _codes(rows["opponent"], teams)
        self.faced, _ = _codes(rows["x_opponent"], teams)
        self.team, _ = _codes(rows["team"], teams)
        self.played_for, _ = _codes(rows["x_team"], teams)
        self.status, _ = _codes(rows["injury_status"], list(STATUS_PRIOR))
        self.played = _flags(rows["x_played"])
        # Weeks that say whether a fit player plays: on the active roster (or no roster file), the
        # team plays, the week is in the books, and the report does not rule him out.
        active = np.isin(
            np.array(rows["roster_status"].fill_null("ACT").to_pylist(), dtype=object), ["ACT"]
        )
        self.in_books = _flags(rows["x_week_played"]) & ~_flags(rows["on_bye"])
        self.counted = self.in_books & active
        self.fit = self.status == len(STATUS_PRIOR)
        self.snap_share = _floats(rows["x_snap_share"])
        self.stats = np.column_stack([_floats(rows[f"x_{name}"]) for name in AVERAGED_STATS])
        self.points = self.stats[:, :3]
        self.half = self.points[:, 1]
        self.recent = self.stats[:, [AVERAGED_STATS.index(name) for name in RECENT_STATS]]
        self.long = self.stats[:, [AVERAGED_STATS.index(name) for name in LONG_STATS]]
        self.team_stats = self.stats[:, [AVERAGED_STATS.index(name) for name in TEAM_STATS]]
