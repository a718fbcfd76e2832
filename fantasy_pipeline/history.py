"""`player_history`: every feature of every player-week, as of before that week.

The weeks are walked in order. For each, the features are read from the state first, and only then
is the state updated with what happened: a feature cannot see its own week or a later one. The
state is a handful of arrays (one row per player, team or position), each a sum that decays with
time, so that the whole history costs one pass.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.sql import arrow, query
from fantasy_pipeline.tables import AVERAGED_STATS, FANTASY_POSITIONS, PLAYER_HISTORY

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow as pa

HALF_LIFE = 8.0
"""Weeks after which a game counts half."""
WEEKS_PER_YEAR = 30
"""Weeks between two seasons' same weeks, on the clock of the decay: a season of 22 and an
off-season that costs as much memory as 8 weeks of football."""
OPPONENT_PRIOR_GAMES = 6.0
"""Games of an average opponent that a defence's record is mixed with."""
APPEARANCE_PRIOR_WEEKS = 2.0
"""Weeks of the usual appearance rate that a player's own is mixed with."""
STATUS_PRIOR = {"Out": (0.0, 200.0), "Doubtful": (0.1, 50.0), "Questionable": (0.7, 50.0)}
"""Share of players with a game status who play, and how many players that is worth."""
_NO_STATUS = (0.95, 50.0)

_POINTS = AVERAGED_STATS[:3]
_EXPERIENCE_BINS = (1, 4, 12)
"""Career games that divide players into as-experienced groups: none, 1-3, 4-11, 12 and more."""


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
        + (" + coalesce(s.kicking_points, 0)" if name in _POINTS else "")
        + f" as x_{name}"
        for name in AVERAGED_STATS
    )
    rows = arrow(connection, query("history_rows").format(stats=stats))
    if rows.num_rows == 0:
        return PLAYER_HISTORY.arrow_schema.empty_table()
    known = rows.select([name for name in rows.column_names if not name.startswith("x_")])
    columns = {name: known[name] for name in known.column_names}
    for name, values in _walk(rows).items():
        columns[name] = pa.array(values, from_pandas=True)
    return PLAYER_HISTORY.conform(pa.table(columns))


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


class _Decaying:
    """Sums per code that halve every `HALF_LIFE` weeks, each kept as of its last change."""

    def __init__(self, codes: int, width: int) -> None:
        import numpy as np

        self.sums = np.zeros((codes, width))
        self.at = np.zeros(codes)

    def read(self, codes: np.ndarray, now: float) -> np.ndarray:
        """Sums of each code as of `now`, one row per code."""
        fade = 0.5 ** ((now - self.at[codes]) / HALF_LIFE)
        return self.sums[codes] * fade[:, None]

    def add(self, codes: np.ndarray, now: float, values: np.ndarray) -> None:
        """Add one row of values per code; codes may repeat."""
        import numpy as np

        touched = np.unique(codes)
        self.sums[touched] = self.read(touched, now)
        self.at[touched] = now
        np.add.at(self.sums, codes, values)


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


class _Rows:
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
                for name in ("opponent", "x_opponent")
                for team in rows[name].unique().to_pylist()
            }
            - {None}
        )
        self.opponent, self.teams = _codes(rows["opponent"], teams)
        self.faced, _ = _codes(rows["x_opponent"], teams)
        self.status, self.statuses = _codes(rows["injury_status"], list(STATUS_PRIOR))
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


def _walk(rows: pa.Table) -> dict[str, np.ndarray]:
    """Walk the weeks; returns the walked features and targets by column name."""
    import numpy as np

    data = _Rows(rows)
    state = _State(data)
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
    out["target_played"] = np.where(data.in_books, data.played.astype(float), np.nan)
    return out


class _State:
    """What is known at some moment: about players, positions, defences and game statuses."""

    def __init__(self, data: _Rows) -> None:
        import numpy as np

        self.data = data
        groups = data.positions * (len(_EXPERIENCE_BINS) + 1)
        # Columns: games, then the stats; snaps have a count of their own (none before 2012).
        self.games = _Decaying(data.players, 1 + len(AVERAGED_STATS))
        self.snaps = _Decaying(data.players, 2)
        self.appearances = _Decaying(data.players, 2)
        self.group_games = _Decaying(groups, 1 + len(_POINTS))
        self.group_appearances = _Decaying(groups, 2)
        self.defences = _Decaying(data.teams * data.positions, 1 + len(_POINTS))
        self.league = _Decaying(data.positions, 1 + len(_POINTS))
        priors = [*STATUS_PRIOR.values(), _NO_STATUS]
        self.status = np.array([[rate * worth, worth] for rate, worth in priors])
        self.career = np.zeros(data.players)
        self.season_games = np.zeros(data.players)
        self.season_points = np.zeros(data.players)
        self.last_season = np.zeros(data.players, dtype=np.int64)
        self.last_played = np.full(data.players, np.nan)
        self.last_points = np.full(data.players, np.nan)

    def _group(self, week: slice) -> np.ndarray:
        import numpy as np

        experience = np.digitize(self.career[self.data.player[week]], _EXPERIENCE_BINS)
        return self.data.position[week] * (len(_EXPERIENCE_BINS) + 1) + experience

    def features(self, week: slice) -> dict[str, Any]:
        """Features of the week's rows, from what happened before it."""
        import numpy as np

        data, player = self.data, self.data.player[week]
        now, season = float(data.now[week][0]), int(data.season[week][0])
        games = self.games.read(player, now)
        means = _ratio(games[:, 1:], games[:, :1])
        snaps = self.snaps.read(player, now)
        appearances = self.appearances.read(player, now)
        group = self._group(week)
        group_games = self.group_games.read(group, now)
        group_appearances = self.group_appearances.read(group, now)
        usual = _ratio(group_appearances[:, 1], group_appearances[:, 0])
        this_season = self.last_season[player] == season
        season_games = np.where(this_season, self.season_games[player], 0.0)
        out = {
            "games": self.career[player],
            "games_season": season_games,
            "weeks_since_game": now - self.last_played[player],
            "weight": games[:, 0],
            "appearance_rate": (appearances[:, 1] + APPEARANCE_PRIOR_WEEKS * usual)
            / (appearances[:, 0] + APPEARANCE_PRIOR_WEEKS),
            "last_points_ppr": self.last_points[player],
            "season_points_ppr": _ratio(self.season_points[player], season_games),
            "avg_snap_share": _ratio(snaps[:, 1], snaps[:, 0]),
            "status_rate": _ratio(*self.status[data.status[week]].T),
        }
        for column, name in enumerate(AVERAGED_STATS):
            out[f"avg_{name}"] = means[:, column]
        factors = self._opponent_factors(week, now)
        for column, name in enumerate(_POINTS):
            out[f"prior_{name}"] = _ratio(group_games[:, 1 + column], group_games[:, 0])
            out[f"opponent_factor_{name}"] = factors[:, column]
        return out

    def _opponent_factors(self, week: slice, now: float) -> np.ndarray:
        """Points a defence allowed a position per game, over the league's mean."""
        import numpy as np

        data = self.data
        defence = self.defences.read(
            data.opponent[week] * data.positions + data.position[week], now
        )
        league = self.league.read(data.position[week], now)
        mean = _ratio(league[:, 1:], league[:, :1])
        allowed = defence[:, 1:] + OPPONENT_PRIOR_GAMES * mean
        factors = _ratio(allowed, (defence[:, :1] + OPPONENT_PRIOR_GAMES) * mean)
        unknown = np.isnan(factors) | (data.opponent[week] == data.teams - 1)[:, None]
        return np.where(unknown, 1.0, factors)

    def update(self, week: slice) -> None:
        """Take in what happened in the week."""
        import numpy as np

        data = self.data
        now, season = float(data.now[week][0]), int(data.season[week][0])
        group = self._group(week)
        played, player = data.played[week], data.player[week]
        ones = np.ones((int(played.sum()), 1))

        counted = data.counted[week] & data.fit[week]
        appeared = np.column_stack([np.ones(counted.sum()), played[counted]])
        self.appearances.add(player[counted], now, appeared)
        self.group_appearances.add(group[counted], now, appeared)
        np.add.at(
            self.status,
            data.status[week][data.counted[week]],
            np.column_stack([played, np.ones(len(played))])[data.counted[week]],
        )

        points = data.points[week][played]
        self.games.add(player[played], now, np.hstack([ones, data.stats[week][played]]))
        self.group_games.add(group[played], now, np.hstack([ones, points]))
        share = data.snap_share[week]
        seen = played & ~np.isnan(share)
        self.snaps.add(player[seen], now, np.column_stack([np.ones(seen.sum()), share[seen]]))
        self._update_defences(week, now)

        who = player[played]
        new_season = who[self.last_season[who] != season]
        self.season_games[new_season] = 0
        self.season_points[new_season] = 0
        self.last_season[who] = season
        self.season_games[who] += 1
        self.season_points[who] += points[:, 2]
        self.career[who] += 1
        self.last_played[who] = now
        self.last_points[who] = points[:, 2]

    def _update_defences(self, week: slice, now: float) -> None:
        """Points allowed: one game per defence and position, whoever scored them."""
        import numpy as np

        data = self.data
        played = data.played[week] & (data.faced[week] < data.teams - 1)
        position = data.position[week][played]
        matchup = data.faced[week][played] * data.positions + position
        cells, index = np.unique(matchup, return_inverse=True)
        allowed = np.zeros((len(cells), len(_POINTS)))
        np.add.at(allowed, index, data.points[week][played])
        rows = np.column_stack([np.ones(len(cells)), allowed])
        self.defences.add(cells, now, rows)
        self.league.add(cells % data.positions, now, rows)
