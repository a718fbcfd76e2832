"""The player-weeks that `player_history` walks over, as arrays coded once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DST, PROJECTED_POSITIONS
from fantasy_pipeline.football.tables import (
    AVERAGED_STATS,
    DEFENCE_STATS,
    LONG_STATS,
    RECENT_STATS,
    TEAM_STATS,
)
from fantasy_pipeline.projections.columns import as_floats

WEEKS_PER_YEAR = 30
"""Weeks between the same week of two seasons, on the clock of the decay: a season of 22 weeks and
an off-season in which as much memory fades as in 8 weeks of football."""
STATUS_PRIOR = {"Out": (0.0, 200.0), "Doubtful": (0.1, 50.0), "Questionable": (0.7, 50.0)}
"""Per game status: prior share of players who play, and the number of players that it is worth."""
NO_STATUS = (0.95, 50.0)
"""As `STATUS_PRIOR`, for players without a game status."""
PRACTICE_PRIOR = {"DNP": 0.45, "Limited": 0.7, "Full": 0.85}
"""Per participation in practice: prior share of questionable players who play."""


def report_priors() -> np.ndarray:
    """Return prior share and worth of each report, (reports, 2): status by practice, then none.

    The last practice of each status is unknown.
    """
    out = []
    for status, (rate, worth) in STATUS_PRIOR.items():
        rates = [p if status == "Questionable" else rate for p in PRACTICE_PRIOR.values()]
        out += [(share, worth) for share in (*rates, rate)]
    return np.array([*out, NO_STATUS])


def _codes(column: pa.ChunkedArray, categories: Sequence[str]) -> tuple[np.ndarray, int]:
    """Return an integer code per row, and the number of codes.

    Null, and strings that are not among the categories, share the last code.
    """
    values = pa.array(categories, pa.string())
    codes = pc.index_in(column, value_set=values).fill_null(len(values))
    return codes.to_numpy().astype(np.int64), len(values) + 1


def _flags(column: pa.ChunkedArray) -> np.ndarray:
    return column.fill_null(False).to_numpy()


class Names(NamedTuple):
    """The players and teams that have codes, each sorted: a code is a place in its list.

    Codes follow the order of the names, so that sums over codes have the same order, and the same
    last bits, however many names there are.
    """

    players: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()

    def with_those_of(self, rows: pa.Table) -> Names:
        """Return these names and those of player-weeks: ids, own teams and opponents."""
        players = {*self.players, *_values(rows, "player_id")}
        teams = {*self.teams, *_values(rows, "opponent", "x_opponent", "team", "x_team")}
        return Names(tuple(sorted(players)), tuple(sorted(teams)))


def _values(rows: pa.Table, *columns: str) -> set[str]:
    """Return the values of text columns that are not null."""
    return {value for name in columns for value in rows[name].unique().to_pylist()} - {None}


class Rows:
    """The player-weeks' columns as arrays, one value or one row of values per player-week.

    Keys are integer codes; `players`, `positions` and `teams` are the numbers of codes. The last
    code of a key stands for "unknown". `now` is the decay's clock in weeks.

    Args:
        rows: player-weeks in time order.
        names: the players and teams that have codes, those of the rows included.
    """

    def __init__(self, rows: pa.Table, names: Names) -> None:
        self.count = rows.num_rows
        self.season = rows["season"].to_numpy().astype(np.int64)
        self.week = rows["week"].to_numpy().astype(np.int64)
        self.now = (self.season * WEEKS_PER_YEAR + self.week).astype(float)
        self.player, self.players = _codes(rows["player_id"], names.players)
        self.position, self.positions = _codes(rows["position"], PROJECTED_POSITIONS)
        self.is_defence = self.position == PROJECTED_POSITIONS.index(DST)
        teams = names.teams
        # As known before the week: own team and its opponent. As played: `played_for`, `faced`.
        self.opponent, self.teams = _codes(rows["opponent"], teams)
        self.faced, _ = _codes(rows["x_opponent"], teams)
        self.team, _ = _codes(rows["team"], teams)
        self.played_for, _ = _codes(rows["x_team"], teams)
        self.status, _ = _codes(rows["injury_status"], list(STATUS_PRIOR))
        practice, kinds = _codes(rows["practice_status"], list(PRACTICE_PRIOR))
        # The row of `report_priors`. Without a status, practice says little: veterans rest.
        nothing = len(STATUS_PRIOR) * kinds
        self.report = np.minimum(self.status * kinds + practice, nothing)
        self.played = _flags(rows["x_played"])
        # A week counts towards the appearance rate if the player's team has played in it and he was
        # on the active roster (or there is no roster file) without a game status. Defences have no
        # such rate.
        active = np.isin(
            np.array(rows["roster_status"].fill_null("ACT").to_pylist(), dtype=object), ["ACT"]
        )
        self.team_played = _flags(rows["x_week_played"]) & ~_flags(rows["on_bye"])
        self.counted = self.team_played & active & ~self.is_defence
        self.fit = self.status == len(STATUS_PRIOR)
        self.snap_share = as_floats(rows["x_snap_share"])
        # (player-weeks, AVERAGED_STATS); the first three stats are points: std, half-PPR, PPR.
        self.stats = np.column_stack([as_floats(rows[f"x_{name}"]) for name in AVERAGED_STATS])
        self.points = self.stats[:, :3]
        self.half = self.points[:, 1]
        self.recent = self.stats[:, [AVERAGED_STATS.index(name) for name in RECENT_STATS]]
        self.long = self.stats[:, [AVERAGED_STATS.index(name) for name in LONG_STATS]]
        self.team_stats = self.stats[:, [AVERAGED_STATS.index(name) for name in TEAM_STATS]]
        # (player-weeks, DEFENCE_STATS); NaN for players.
        self.did = np.column_stack([as_floats(rows[f"x_defence_{name}"]) for name in DEFENCE_STATS])
