"""Describe defenders before a week: stats per snap, usual snaps, and what opponents allow.

Weeks are processed in order: those of a week are projected first, and its games count after that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football.positions import DEFENDER_GROUPS, GROUP_OF
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENDER_POINTS,
    PLAYER_WEEK,
    RAW_PLAYERS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.columns import as_floats, as_texts

KEY = list(PLAYER_WEEK)
STATS = tuple(DEFENDER_POINTS)
WORTH = np.array([DEFENDER_POINTS[name] for name in STATS])
IS_TACKLE = np.array([name.startswith("def_tackle") and "loss" not in name for name in STATS])
"""Tackles and assists; the other stats are plays that are rare."""
OF_PLAYERS = ("position", "team", "opponent", "defense_snaps")
OF_LINES = ("team", *STATS)
"""Columns of `RAW_PLAYERS` and `WEEKLY_STATS` that past weeks need, beside the key."""
SEASONS_BACK = 2
"""Earlier seasons that are read; older games hardly count."""
HALF_LIFE, CARRIED = 20.0, 0.7
"""Games after which a game counts half, and share of its weight after a summer."""
USUAL_SNAPS = np.array([250.0, 900.0])
"""Snaps of the usual player that a player's tackles, and his other stats, are mixed with."""
SNAPS_HALF_LIFE, SNAPS_CARRIED, SNAPS_GAMES = 5.0, 0.5, 0.3
"""The same for his snaps: games, share, and games of the usual player."""
ALLOWED_HALF_LIFE, ALLOWED_CARRIED = 10.0, 0.3
ALLOWED_POINTS = np.array([2000.0, 1000.0])
"""The same for what opponents allow: weeks, share, and usual points of tackles and other stats."""
PER_SNAP = np.array(
    [
        (
            *(0.03345, 0.00418, 0.023, 0.00889, 0.00613, 0.01538, 0.00011, 0.00237, 0.00119),
            *(0.00072, 0.00002, 0.00004),
        ),
        (
            *(0.06333, 0.00669, 0.03508, 0.00796, 0.00404, 0.0094, 0.00077, 0.00435, 0.0014),
            *(0.00088, 0.0001, 0.00003),
        ),
        (
            *(0.05692, 0.00365, 0.01768, 0.00227, 0.00059, 0.00133, 0.00198, 0.0095, 0.00077),
            *(0.00053, 0.00017, 0.00001),
        ),
    ]
)
"""Stats per defensive snap of `DEFENDER_GROUPS`, 2015-2020."""
SNAPS = np.array([33.0, 37.6, 45.4])
"""Snaps of a defender who plays, 2015-2020."""
NEW_SNAPS = {32: 40.0, 100: 26.0}
"""Snaps of a player without a game, by the highest overall pick; `UNPICKED` beyond."""
UNPICKED = 10.0


def groups(raw_players: pa.Table) -> np.ndarray:
    """Return the index of each row's position in `DEFENDER_GROUPS`; -1 for other positions."""
    number = np.array([*map(DEFENDER_GROUPS.index, GROUP_OF.values()), -1])
    at = pc.index_in(raw_players["position"], value_set=pa.array([*GROUP_OF], pa.string()))
    return np.asarray(number[pc.fill_null(at, len(GROUP_OF)).to_numpy()])


def games_of(raw_players: pa.Table, weekly_stats: pa.Table) -> pa.Table:
    """Return the games of defenders: one row per defender and week with defensive snaps.

    A defender without a stat line did nothing, if his team has stat lines with tackles. Without
    them, or without snaps, nothing is known of a game, and it has no rows.

    Args:
        raw_players: key and `OF_PLAYERS` of `RAW_PLAYERS`.
        weekly_stats: key and `OF_LINES` of `WEEKLY_STATS`.

    Returns:
        The columns of `raw_players`, and `STATS`.
    """
    games = ["season", "week", "team"]
    with_tackles = weekly_stats.filter(pc.is_valid(weekly_stats["def_tackles_solo"]))
    known = with_tackles.group_by(games).aggregate([])
    played = pc.fill_null(pc.greater(raw_players["defense_snaps"], 0), False).to_numpy()
    played &= groups(raw_players) >= 0
    rows = raw_players.filter(pa.array(played)).select([*KEY, *OF_PLAYERS])
    rows = rows.join(known, games, join_type="left semi")
    rows = rows.join(weekly_stats.select([*KEY, *STATS]), KEY, join_type="left outer")
    for name in STATS:
        filled = pc.fill_null(rows[name], 0.0)
        rows = rows.set_column(rows.column_names.index(name), name, filled)
    return rows.sort_by([(name, "ascending") for name in KEY])


def stored_games(lake: Lake, weeks: Sequence[SeasonWeek]) -> pa.Table:
    """Return the games of defenders that the projections of some weeks need, see `games_of`."""
    last, first = max(weeks), min(week.season for week in weeks) - SEASONS_BACK
    stored = set(lake.weeks(RAW_PLAYERS)) & set(lake.weeks(WEEKLY_STATS))
    past = [week for week in sorted(stored) if first <= week.season and week < last]
    try:
        players = lake.read(RAW_PLAYERS, past, [*KEY, *OF_PLAYERS])
        lines = lake.read(WEEKLY_STATS, past, [*KEY, *OF_LINES])
    except NotMaterializedError:
        players = RAW_PLAYERS.arrow_schema.empty_table().select([*KEY, *OF_PLAYERS])
        lines = WEEKLY_STATS.arrow_schema.empty_table().select([*KEY, *OF_LINES])
    return games_of(players, lines)


@dataclass(frozen=True)
class Known:
    """The features of listed defenders as known before their week.

    Args:
        line: expected stats if he plays against an average game script, (rows, `STATS`).
        snaps: expected snaps if he plays, (rows,).
        usual_snaps: recency-weighted mean of his snaps; 0 without a game, (rows,).
        usual_points: recency-weighted mean of his points; NaN without a game, (rows,).
        allowed: points of defenders against the opponent relative to the expected, (rows,).
        games: earlier games, (rows,).
    """

    line: np.ndarray
    snaps: np.ndarray
    usual_snaps: np.ndarray
    usual_points: np.ndarray
    allowed: np.ndarray
    games: np.ndarray

    @classmethod
    def nothing(cls, rows: int) -> Known:
        """Return zeros, to be filled week by week."""
        one = (np.zeros(rows) for _ in range(4))
        return cls(
            np.zeros((rows, len(STATS))),
            next(one),
            next(one),
            next(one),
            next(one),
            np.zeros(rows, int),
        )


def known_before(past: pa.Table, listed: pa.Table) -> Known:
    """Return what is known of listed defenders before their week.

    Args:
        past: of `games_of`.
        listed: `RAW_PLAYERS` rows of defenders, with opponent and draft_pick.
    """
    ids = pa.concat_tables([past.select(["player_id"]), listed.select(["player_id"])])["player_id"]
    numbers = ids.combine_chunks().dictionary_encode().indices.to_numpy()
    careers = _Careers(numbers.max(initial=-1) + 1)
    rows = _Rows.of(listed, numbers[past.num_rows :])
    done = _Rows.of(past, numbers[: past.num_rows])
    snaps = as_floats(past["defense_snaps"])
    did = np.column_stack([as_floats(past[name]) for name in STATS])
    new = _new_snaps(as_floats(listed["draft_pick"]))
    found = Known.nothing(listed.num_rows)
    for week in np.unique([*rows.week, *done.week]):
        careers.begin(int(week) // 100)
        at = np.flatnonzero(rows.week == week)
        if len(at):
            careers.tell(found, at, rows, new)
        at = np.flatnonzero(done.week == week)
        if len(at):
            careers.add(done.player[at], done.group[at], done.opponent[at], snaps[at], did[at])
    return found


def _new_snaps(picks: np.ndarray) -> np.ndarray:
    """Return expected snaps of players without a game, (rows,)."""
    limits = list(NEW_SNAPS)
    return np.select(
        [picks <= limit for limit in limits], [NEW_SNAPS[limit] for limit in limits], UNPICKED
    )


@dataclass(frozen=True)
class _Rows:
    """Rows of players as arrays: `SeasonWeek.code`, and numbers of player, group and opponent."""

    week: np.ndarray
    player: np.ndarray
    group: np.ndarray
    opponent: np.ndarray

    @classmethod
    def of(cls, table: pa.Table, players: np.ndarray) -> _Rows:
        number = {team: index for index, team in enumerate(TEAMS)}
        # The last row of what opponents allow is that of no opponent.
        opponents = [number.get(name, len(TEAMS)) for name in as_texts(table["opponent"])]
        return cls(codes(table), players, groups(table), np.array(opponents, int))


class _Careers:
    """Faded sums of all players and opponents, updated week by week."""

    def __init__(self, players: int) -> None:
        self._did, self._snaps = np.zeros((players, len(STATS))), np.zeros(players)
        self._points, self._weight = np.zeros(players), np.zeros(players)
        self._recent, self._recent_weight = np.zeros(players), np.zeros(players)
        self._games = np.zeros(players, int)
        # (opponents, tackles and other stats): points scored against them, and expected ones
        self._scored, self._expected = (np.zeros((len(TEAMS) + 1, 2)) for _ in range(2))
        self._season = 0

    def begin(self, season: int) -> None:
        """Begin a week; everything known loses weight over a summer."""
        summers = season - self._season if self._season else 0
        self._season = season
        for _ in range(summers):
            for sums in (self._did, self._snaps, self._points, self._weight):
                sums *= CARRIED
            for sums in (self._recent, self._recent_weight):
                sums *= SNAPS_CARRIED
            for sums in (self._scored, self._expected):
                sums *= ALLOWED_CARRIED

    def tell(self, found: Known, at: np.ndarray, rows: _Rows, new_snaps: np.ndarray) -> None:
        """Write what is known of some rows, which are of one week, into `found`."""
        player, opponent = rows.player[at], rows.opponent[at]
        games = self._games[player]
        weight, recent = self._weight[player], self._recent_weight[player]
        factors = self._factors()[opponent]
        snaps = np.where(games > 0, self._usual_snaps(player, rows.group[at]), new_snaps[at])
        line = self._per_snap(player, rows.group[at]) * snaps[:, None]
        found.snaps[at], found.games[at] = snaps, games
        found.line[at] = line * np.where(IS_TACKLE, factors[:, :1], factors[:, 1:])
        found.usual_snaps[at] = self._recent[player] / np.maximum(recent, 1e-9)
        points = self._points[player] / np.maximum(weight, 1e-9)
        found.usual_points[at] = np.where(weight > 0, points, np.nan)
        found.allowed[at] = factors @ (0.6, 0.4)

    def add(
        self,
        player: np.ndarray,
        group: np.ndarray,
        opponent: np.ndarray,
        snaps: np.ndarray,
        did: np.ndarray,
    ) -> None:
        """Add the games of a week, one row per player who played."""
        line = self._per_snap(player, group) * self._usual_snaps(player, group)[:, None]
        for sums, points in ((self._scored, did * WORTH), (self._expected, line * WORTH)):
            sums *= 0.5 ** (1 / ALLOWED_HALF_LIFE)
            np.add.at(sums[:, 0], opponent, points[:, IS_TACKLE].sum(axis=1))
            np.add.at(sums[:, 1], opponent, points[:, ~IS_TACKLE].sum(axis=1))
        fade, recent_fade = 0.5 ** (1 / HALF_LIFE), 0.5 ** (1 / SNAPS_HALF_LIFE)
        self._did[player] = self._did[player] * fade + did
        self._snaps[player] = self._snaps[player] * fade + snaps
        self._points[player] = self._points[player] * fade + did @ WORTH
        self._weight[player] = self._weight[player] * fade + 1
        self._recent[player] = self._recent[player] * recent_fade + snaps
        self._recent_weight[player] = self._recent_weight[player] * recent_fade + 1
        self._games[player] += 1

    def _per_snap(self, player: np.ndarray, group: np.ndarray) -> np.ndarray:
        """Return stats per snap, (players, `STATS`)."""
        usual = np.where(IS_TACKLE, USUAL_SNAPS[0], USUAL_SNAPS[1])
        return (self._did[player] + usual * PER_SNAP[group]) / (self._snaps[player, None] + usual)

    def _usual_snaps(self, player: np.ndarray, group: np.ndarray) -> np.ndarray:
        """Return expected snaps, (players,)."""
        mixed = self._recent[player] + SNAPS_GAMES * SNAPS[group]
        return mixed / (self._recent_weight[player] + SNAPS_GAMES)

    def _factors(self) -> np.ndarray:
        """Return the effect of each opponent, (opponents, tackles and other stats)."""
        factors = (self._scored + ALLOWED_POINTS) / (self._expected + ALLOWED_POINTS)
        factors[len(TEAMS)] = 1.0
        return factors
