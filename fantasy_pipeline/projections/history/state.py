"""The state behind `player_history`: what is known at some moment, and how a week changes it.

The state is a handful of arrays, one row per player, team or position. Most are sums that decay
with time, so that one pass over the weeks computes the whole history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fantasy_pipeline.football.positions import PROJECTED_POSITIONS
from fantasy_pipeline.football.tables import (
    AVERAGED_STATS,
    LONG_STATS,
    RECENT_STATS,
    TEAM_STATS,
)
from fantasy_pipeline.projections.history import defences
from fantasy_pipeline.projections.history.decaying import Decaying, ratio
from fantasy_pipeline.projections.history.rows import Names, Rows, report_priors

RECENT_HALF_LIFE = 2.5
LONG_HALF_LIFE = 26.0
OPPONENT_PRIOR_GAMES = 6.0
"""Games of an average defence that each defence's record is mixed with."""
APPEARANCE_PRIOR_WEEKS = 2.0
"""Weeks at the group's appearance rate that each player's own rate is mixed with."""

_POINTS = AVERAGED_STATS[:3]
_EXPERIENCE_BINS = (1, 4, 12)
"""Career games that divide a position's players into groups: 0, 1-3, 4-11, 12 and more."""
_OF_TEAMS = ("made", "allowed", "did", "against", "team_last_played")
_OF_CELLS = ("made_by_position", "conceded")
"""Arrays with a row per team and position."""
_OF_LEAGUE = ("group_games", "group_appearances", "league", "reports")
"""Arrays whose rows are no names; all others have a row per player."""


def _places(names: Sequence[str], among: Sequence[str]) -> np.ndarray:
    """Return the place of each name among others, then that of unknown, (names + 1,)."""
    place = {name: number for number, name in enumerate(among)}
    return np.array([*(place[name] for name in names), len(among)])


class State:
    """The knowledge at some moment about players, positions, teams and game statuses.

    `features` reads the state, `update` changes it. A `week` is the slice of the rows of one week.

    Args:
        names: the players and teams that the state has room for.
    """

    data: Rows
    """The player-weeks to walk through, of these names; the caller sets it."""

    def __init__(self, names: Names) -> None:
        self.names = names
        # One more code of each stands for unknown.
        players, positions, teams = (
            len(known) + 1 for known in (names.players, PROJECTED_POSITIONS, names.teams)
        )
        groups = positions * (len(_EXPERIENCE_BINS) + 1)
        # Per player: (players, games and then stats). Snap shares, unknown before 2012, have their
        # own count of games in column 0.
        self.games = Decaying(players, 1 + len(AVERAGED_STATS))
        self.snaps = Decaying(players, 2)
        self.recent = Decaying(players, 1 + len(RECENT_STATS), RECENT_HALF_LIFE)
        self.recent_snaps = Decaying(players, 2, RECENT_HALF_LIFE)
        self.long = Decaying(players, 1 + len(LONG_STATS), LONG_HALF_LIFE)
        self.squares = Decaying(players, 3)
        # Per team: games and then stats, made by the team and allowed to its opponents.
        self.made = Decaying(teams, 1 + len(TEAM_STATS))
        self.allowed = Decaying(teams, 1 + len(TEAM_STATS))
        self.did, self.against = defences.sums(teams), defences.sums(teams)
        self.made_by_position = Decaying(teams * positions, 2)
        # Column 0 counts weeks, column 1 the weeks played; groups are position x experience.
        self.appearances = Decaying(players, 2)
        self.group_games = Decaying(groups, 1 + len(_POINTS))
        self.group_appearances = Decaying(groups, 2)
        self.conceded = Decaying(teams * positions, 1 + len(_POINTS))
        self.league = Decaying(positions, 1 + len(_POINTS))
        # Per game status and practice: players who played, players. (reports, 2)
        rate, worth = report_priors().T
        self.reports = np.column_stack([rate * worth, worth])
        self.career = np.zeros(players)
        self.season_games = np.zeros(players)
        self.season_points = np.zeros(players)
        self.last_season = np.zeros(players, dtype=np.int64)
        self.last_played = np.full(players, np.nan)
        # (players, last four games with the newest last, half-PPR and PPR points)
        self.last_points = np.full((players, 4, 2), np.nan)
        self.last_snap_share = np.full(players, np.nan)
        self.last_team = np.full(players, -1)
        self.team_last_played = np.full(teams, np.nan)
        self.half_points = np.zeros(players)
        # The season before the last one played: half-PPR points per game, games. (players, 2)
        self.before = np.full((players, 2), np.nan)
        self.before_season = np.zeros(players, dtype=np.int64)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays themselves by name, with a code per row; a `Decaying` has two."""
        found: dict[str, np.ndarray] = {}
        for name, value in vars(self).items():
            if isinstance(value, Decaying):
                found |= {f"{name}.sums": value.sums, f"{name}.at": value.at}
            elif isinstance(value, np.ndarray):
                found[name] = value
        return found

    def with_room_for(self, names: Names) -> State:
        """Return the same state with room for more players and teams."""
        state = State(names)
        state.put(self.names, self.arrays())
        return state

    def rows_of(self, names: Names) -> dict[str, np.ndarray]:
        """Return which rows of each array belong to some players and teams, and to unknown ones.

        Args:
            names: players and teams that the state has room for.
        """
        players = _places(names.players, self.names.players)
        teams = _places(names.teams, self.names.teams)
        positions = np.arange(len(PROJECTED_POSITIONS) + 1)
        rows = {
            **dict.fromkeys(_OF_TEAMS, teams),
            **dict.fromkeys(_OF_CELLS, (teams[:, None] * len(positions) + positions).ravel()),
        }
        return {
            name: np.arange(len(array))
            if (key := name.partition(".")[0]) in _OF_LEAGUE
            else rows.get(key, players)
            for name, array in self.arrays().items()
        }

    def put(self, names: Names, arrays: Mapping[str, np.ndarray]) -> None:
        """Replace what is known of some players and teams, and of unknown ones.

        Args:
            names: players and teams that the state has room for.
            arrays: rows of `arrays`, as `rows_of` chooses them in a state of those names.
        """
        own = self.arrays()
        for name, rows in self.rows_of(names).items():
            own[name][rows] = arrays[name]
        # The values of this array are codes of teams, -1 for none.
        codes = np.append(_places(names.teams, self.names.teams), -1)
        self.last_team[self.rows_of(names)["last_team"]] = codes[arrays["last_team"]]

    def _group(self, week: slice) -> np.ndarray:
        """Return the code of each row's group of equal position and similar experience."""
        experience = np.digitize(self.career[self.data.player[week]], _EXPERIENCE_BINS)
        return self.data.position[week] * (len(_EXPERIENCE_BINS) + 1) + experience

    def features(self, week: slice) -> dict[str, np.ndarray]:
        """Return the features of the week's rows by name, from what happened before the week."""
        data, player = self.data, self.data.player[week]
        now, season = float(data.now[week][0]), int(data.season[week][0])
        snaps = self.snaps.read(player, now)
        this_season = self.last_season[player] == season
        season_games = np.where(this_season, self.season_games[player], 0.0)
        out = {
            "games": self.career[player],
            "games_season": season_games,
            "weeks_since_game": now - self.last_played[player],
            "season_points_half": np.where(
                this_season, ratio(self.half_points[player], season_games), np.nan
            ),
            "season_points_ppr": ratio(self.season_points[player], season_games),
            "avg_snap_share": ratio(snaps[:, 1], snaps[:, 0]),
            "status_rate": ratio(*self.reports[data.report[week]].T),
        }
        out |= self._averages(week, now)
        out |= self._last_games(player)
        out |= self._form(week, now) | self._team_features(week, now)
        return out | defences.features(self.did, self.against, data, week)

    def _averages(self, week: slice, now: float) -> dict[str, np.ndarray]:
        """Return decayed means per game, the group's means, and the appearance rate."""
        player, group = self.data.player[week], self._group(week)
        # (week's rows, games and then AVERAGED_STATS) -> means per game
        games = self.games.read(player, now)
        means = ratio(games[:, 1:], games[:, :1])
        # (week's rows, weeks and weeks played), of the player and of his group
        appearances = self.appearances.read(player, now)
        of_group = self.group_appearances.read(group, now)
        usual = ratio(of_group[:, 1], of_group[:, 0])
        out = {
            "weight": games[:, 0],
            # The player's own rate, shrunken to the rate of his group.
            "appearance_rate": (appearances[:, 1] + APPEARANCE_PRIOR_WEEKS * usual)
            / (appearances[:, 0] + APPEARANCE_PRIOR_WEEKS),
        }
        for column, name in enumerate(AVERAGED_STATS):
            out[f"avg_{name}"] = means[:, column]
        # (week's rows, _POINTS)
        group_games = self.group_games.read(group, now)
        priors = ratio(group_games[:, 1:], group_games[:, :1])
        factors = self._opponent_factors(week, now)
        for column, name in enumerate(_POINTS):
            out[f"prior_{name}"] = priors[:, column]
            out[f"opponent_factor_{name}"] = factors[:, column]
        return out

    def _last_games(self, player: np.ndarray) -> dict[str, np.ndarray]:
        """Return points of the last game and mean points of the last four; NaN without a game."""
        # (week's rows, last four games, scorings); players with fewer games have NaN first.
        last = self.last_points[player]
        count = np.maximum((~np.isnan(last[:, :, 0])).sum(axis=1), 1)
        out = {}
        for column, name in enumerate(("half", "ppr")):
            out[f"last_points_{name}"] = last[:, -1, column]
            mean = np.nansum(last[:, :, column], axis=1) / count
            out[f"last4_points_{name}"] = np.where(np.isnan(last[:, -1, 0]), np.nan, mean)
        return out

    def _form(self, week: slice, now: float) -> dict[str, np.ndarray]:
        """Return features of a player's last few games, last seasons, team and scatter."""
        data, player = self.data, self.data.player[week]
        recent, long = self.recent.read(player, now), self.long.read(player, now)
        snaps = self.recent_snaps.read(player, now)
        # Variance as mean of squares less square of the mean, all three decayed alike.
        count, total, squares = self.squares.read(player, now).T
        mean = ratio(total, count)
        last_team, team = self.last_team[player], data.team[week]
        out = {
            "long_weight": long[:, 0],
            "recent_snap_share": ratio(snaps[:, 1], snaps[:, 0]),
            "last_snap_share": self.last_snap_share[player],
            "spread_points": np.sqrt(np.maximum(ratio(squares, count) - mean**2, 0.0)),
            "new_team": np.where(last_team >= 0, last_team != team, np.nan),
            "missed_last": self.team_last_played[team] > self.last_played[player],
        }
        # (week's rows, games and then stats) -> means per game
        for span, names, sums in (("recent", RECENT_STATS, recent), ("long", LONG_STATS, long)):
            means = ratio(sums[:, 1:], sums[:, :1])
            for column, name in enumerate(names):
                out[f"{span}_{name}"] = means[:, column]
        return out | self._last_season(player, int(data.season[week][0]))

    def _last_season(self, player: np.ndarray, season: int) -> dict[str, np.ndarray]:
        """Return points per game and games of the season before `season`.

        Points are NaN and games 0 for players who missed all of it.
        """
        # Until a player's first game of a season, the sums of his last season are still in
        # `half_points` and `season_games`; from then on they are in `before`.
        fresh = self.last_season[player] != season
        current = fresh & (self.last_season[player] == season - 1)
        stored = self.before_season[player] == season - 1
        games = self.season_games[player]
        points = ratio(self.half_points[player], games)
        return {
            "before_points_half": np.where(
                current, points, np.where(stored, self.before[player, 0], np.nan)
            ),
            "before_games": np.where(
                current, games, np.where(stored & ~fresh, self.before[player, 1], 0.0)
            ),
        }

    def _team_features(self, week: slice, now: float) -> dict[str, np.ndarray]:
        """Return what the team makes per game, and what its opponent allows."""
        data = self.data
        made = self.made.read(data.team[week], now)
        allowed = self.allowed.read(data.opponent[week], now)
        room = self.made_by_position.read(
            data.team[week] * data.positions + data.position[week], now
        )
        out = {"team_position_points": ratio(room[:, 1], room[:, 0])}
        for side, sums in (("team", made), ("allowed", allowed)):
            means = ratio(sums[:, 1:], sums[:, :1])
            for column, name in enumerate(TEAM_STATS):
                out[f"{side}_{name}"] = means[:, column]
        return out

    def _opponent_factors(self, week: slice, now: float) -> np.ndarray:
        """Return points that the opponent allows the position, relative to the league's mean.

        (week's rows, _POINTS); 1 without an opponent or without any game to learn from.
        """
        data = self.data
        defence = self.conceded.read(
            data.opponent[week] * data.positions + data.position[week], now
        )
        league = self.league.read(data.position[week], now)
        mean = ratio(league[:, 1:], league[:, :1])
        # Shrunken to the league's mean: `OPPONENT_PRIOR_GAMES` average games are added.
        allowed = defence[:, 1:] + OPPONENT_PRIOR_GAMES * mean
        factors = ratio(allowed, (defence[:, :1] + OPPONENT_PRIOR_GAMES) * mean)
        unknown = np.isnan(factors) | (data.opponent[week] == data.teams - 1)[:, None]
        return np.where(unknown, 1.0, factors)

    def update(self, week: slice) -> None:
        """Add what happened in the week to the state."""
        data = self.data
        now = float(data.now[week][0])
        group = self._group(week)
        played, player = data.played[week], data.player[week]
        # (players of the week who played, 1): the game that each sum of stats counts.
        ones = np.ones((int(played.sum()), 1))

        # Appearance rate: only weeks in which a fit, active player's team played.
        counted = data.counted[week] & data.fit[week]
        appeared = np.column_stack([np.ones(counted.sum()), played[counted]])
        self.appearances.add(player[counted], now, appeared)
        self.group_appearances.gather(group[counted], now, appeared)
        np.add.at(
            self.reports,
            data.report[week][data.counted[week]],
            np.column_stack([played, np.ones(len(played))])[data.counted[week]],
        )

        points = data.points[week][played]
        self.games.add(player[played], now, np.hstack([ones, data.stats[week][played]]))
        self.group_games.gather(group[played], now, np.hstack([ones, points]))
        share = data.snap_share[week]
        counted_snaps = played & ~np.isnan(share)
        snaps = np.column_stack([np.ones(counted_snaps.sum()), share[counted_snaps]])
        self.snaps.add(player[counted_snaps], now, snaps)
        self.recent_snaps.add(player[counted_snaps], now, snaps)
        self.last_snap_share[player[counted_snaps]] = share[counted_snaps]
        self.recent.add(player[played], now, np.hstack([ones, data.recent[week][played]]))
        self.long.add(player[played], now, np.hstack([ones, data.long[week][played]]))
        half = data.half[week][played]
        self.squares.add(player[played], now, np.column_stack([ones, half, half**2]))
        self._update_defences(week, now)
        self._update_teams(week, now)
        self._update_seasons(week, now)
        defences.update(self.did, self.against, data, week)

    def _update_seasons(self, week: slice, now: float) -> None:
        """Add the week to careers, seasons and last games of the players who played."""
        data = self.data
        played, season = data.played[week], int(data.season[week][0])
        player, points = data.player[week][played], data.points[week][played]
        # In a player's first game of a season, his last season becomes the season before.
        new_season = player[self.last_season[player] != season]
        self.before[new_season] = np.column_stack(
            [
                ratio(self.half_points[new_season], self.season_games[new_season]),
                self.season_games[new_season],
            ]
        )
        self.before_season[new_season] = self.last_season[new_season]
        self.season_games[new_season] = 0
        self.season_points[new_season] = 0
        self.half_points[new_season] = 0
        self.last_season[player] = season
        self.season_games[player] += 1
        self.season_points[player] += points[:, 2]
        self.career[player] += 1
        self.last_played[player] = now
        self.last_points[player, :-1] = self.last_points[player, 1:]
        self.last_points[player, -1] = points[:, 1:]
        self.half_points[player] += points[:, 1]
        self.last_team[player] = data.played_for[week][played]

    def _update_teams(self, week: slice, now: float) -> None:
        """Add one game per team, with the stats of all its players summed."""
        data = self.data
        of_players = data.played[week] & ~data.is_defence[week]
        played = of_players & (data.played_for[week] < data.teams - 1)
        for sums, keys in ((self.made, data.played_for), (self.allowed, data.faced)):
            # Sum the rows of each team: (rows that played,) -> (teams, TEAM_STATS).
            teams, index = np.unique(keys[week][played], return_inverse=True)
            totals = np.zeros((len(teams), len(TEAM_STATS)))
            np.add.at(totals, index, data.team_stats[week][played])
            sums.add(teams, now, np.column_stack([np.ones(len(teams)), totals]))
        teams = np.unique(data.played_for[week][played])
        self.team_last_played[teams] = now
        # The same per team and position, half-PPR points only: (cells,).
        cells = data.played_for[week][played] * data.positions + data.position[week][played]
        cells, index = np.unique(cells, return_inverse=True)
        points = np.bincount(index, data.half[week][played], len(cells))
        self.made_by_position.add(cells, now, np.column_stack([np.ones(len(cells)), points]))

    def _update_defences(self, week: slice, now: float) -> None:
        """Add one game per defence and position, with the points of all opposing players summed."""
        data = self.data
        played = data.played[week] & (data.faced[week] < data.teams - 1)
        position = data.position[week][played]
        matchup = data.faced[week][played] * data.positions + position
        cells, index = np.unique(matchup, return_inverse=True)
        # (defence x position, _POINTS)
        allowed = np.zeros((len(cells), len(_POINTS)))
        np.add.at(allowed, index, data.points[week][played])
        rows = np.column_stack([np.ones(len(cells)), allowed])
        self.conceded.add(cells, now, rows)
        self.league.gather(cells % data.positions, now, rows)
