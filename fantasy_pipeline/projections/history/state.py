"""What is known at some moment, and how a week changes it: the state behind `player_history`.

A handful of arrays (one row per player, team or position), each a sum that decays with time, so
that the whole history costs one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fantasy_pipeline.football.tables import AVERAGED_STATS, LONG_STATS, RECENT_STATS, TEAM_STATS
from fantasy_pipeline.projections.history.rows import STATUS_PRIOR, Rows

if TYPE_CHECKING:
    import numpy as np

HALF_LIFE = 8.0
"""Weeks after which a game counts half."""
RECENT_HALF_LIFE = 2.5
LONG_HALF_LIFE = 26.0
OPPONENT_PRIOR_GAMES = 6.0
"""Games of an average opponent that a defence's record is mixed with."""
APPEARANCE_PRIOR_WEEKS = 2.0
"""Weeks of the usual appearance rate that a player's own is mixed with."""
_NO_STATUS = (0.95, 50.0)

_POINTS = AVERAGED_STATS[:3]
_EXPERIENCE_BINS = (1, 4, 12)
"""Career games that divide players into as-experienced groups: none, 1-3, 4-11, 12 and more."""


class Decaying:
    """Sums per code that halve every `half_life` weeks, each kept as of its last change."""

    def __init__(self, codes: int, width: int, half_life: float = HALF_LIFE) -> None:
        import numpy as np

        self.half_life = half_life
        self.sums = np.zeros((codes, width))
        self.at = np.zeros(codes)

    def read(self, codes: np.ndarray, now: float) -> np.ndarray:
        """Sums of each code as of `now`, one row per code."""
        fade = 0.5 ** ((now - self.at[codes]) / self.half_life)
        return self.sums[codes] * fade[:, None]

    def add(self, codes: np.ndarray, now: float, values: np.ndarray) -> None:
        """Add one row of values per code, each code once."""
        self.sums[codes] = self.read(codes, now) + values
        self.at[codes] = now

    def gather(self, codes: np.ndarray, now: float, values: np.ndarray) -> None:
        """Add one row of values per code; codes may repeat. Takes many times as long as `add`."""
        import numpy as np

        touched = np.unique(codes)
        self.sums[touched] = self.read(touched, now)
        self.at[touched] = now
        np.add.at(self.sums, codes, values)


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator is not positive."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


class State:
    """What is known at some moment: about players, positions, defences and game statuses."""

    def __init__(self, data: Rows) -> None:
        import numpy as np

        self.data = data
        groups = data.positions * (len(_EXPERIENCE_BINS) + 1)
        # Columns: games, then the stats; snaps have a count of their own (none before 2012).
        self.games = Decaying(data.players, 1 + len(AVERAGED_STATS))
        self.snaps = Decaying(data.players, 2)
        self.recent = Decaying(data.players, 1 + len(RECENT_STATS), RECENT_HALF_LIFE)
        self.recent_snaps = Decaying(data.players, 2, RECENT_HALF_LIFE)
        self.long = Decaying(data.players, 1 + len(LONG_STATS), LONG_HALF_LIFE)
        self.squares = Decaying(data.players, 3)
        # Games first, too; what a team makes and what is made against it.
        self.made = Decaying(data.teams, 1 + len(TEAM_STATS))
        self.allowed = Decaying(data.teams, 1 + len(TEAM_STATS))
        self.made_by_position = Decaying(data.teams * data.positions, 2)
        self.appearances = Decaying(data.players, 2)
        self.group_games = Decaying(groups, 1 + len(_POINTS))
        self.group_appearances = Decaying(groups, 2)
        self.defences = Decaying(data.teams * data.positions, 1 + len(_POINTS))
        self.league = Decaying(data.positions, 1 + len(_POINTS))
        priors = [*STATUS_PRIOR.values(), _NO_STATUS]
        self.status = np.array([[rate * worth, worth] for rate, worth in priors])
        self.career = np.zeros(data.players)
        self.season_games = np.zeros(data.players)
        self.season_points = np.zeros(data.players)
        self.last_season = np.zeros(data.players, dtype=np.int64)
        self.last_played = np.full(data.players, np.nan)
        # The last four games, newest last: half-PPR and PPR points.
        self.last_points = np.full((data.players, 4, 2), np.nan)
        self.last_snap_share = np.full(data.players, np.nan)
        self.last_team = np.full(data.players, -1)
        self.team_last_played = np.full(data.teams, np.nan)
        self.half_points = np.zeros(data.players)
        self.before = np.full((data.players, 2), np.nan)
        self.before_season = np.zeros(data.players, dtype=np.int64)

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
        means = ratio(games[:, 1:], games[:, :1])
        snaps = self.snaps.read(player, now)
        appearances = self.appearances.read(player, now)
        group = self._group(week)
        group_games = self.group_games.read(group, now)
        group_appearances = self.group_appearances.read(group, now)
        usual = ratio(group_appearances[:, 1], group_appearances[:, 0])
        this_season = self.last_season[player] == season
        season_games = np.where(this_season, self.season_games[player], 0.0)
        out = {
            "games": self.career[player],
            "games_season": season_games,
            "weeks_since_game": now - self.last_played[player],
            "weight": games[:, 0],
            "appearance_rate": (appearances[:, 1] + APPEARANCE_PRIOR_WEEKS * usual)
            / (appearances[:, 0] + APPEARANCE_PRIOR_WEEKS),
            "season_points_half": np.where(
                this_season, ratio(self.half_points[player], season_games), np.nan
            ),
            "season_points_ppr": ratio(self.season_points[player], season_games),
            "avg_snap_share": ratio(snaps[:, 1], snaps[:, 0]),
            "status_rate": ratio(*self.status[data.status[week]].T),
        }
        last = self.last_points[player]
        count = np.maximum((~np.isnan(last[:, :, 0])).sum(axis=1), 1)
        for column, name in enumerate(("half", "ppr")):
            out[f"last_points_{name}"] = last[:, -1, column]
            total = np.nansum(last[:, :, column], axis=1) / count
            out[f"last4_points_{name}"] = np.where(np.isnan(last[:, -1, 0]), np.nan, total)
        for column, name in enumerate(AVERAGED_STATS):
            out[f"avg_{name}"] = means[:, column]
        factors = self._opponent_factors(week, now)
        priors = ratio(group_games[:, 1:], group_games[:, :1])
        for column, name in enumerate(_POINTS):
            out[f"prior_{name}"] = priors[:, column]
            out[f"opponent_factor_{name}"] = factors[:, column]
        return out | self._form(week, now) | self._team_features(week, now)

    def _form(self, week: slice, now: float) -> dict[str, Any]:
        """A player's last few games, last seasons, season before, and scatter."""
        import numpy as np

        data, player = self.data, self.data.player[week]
        season = int(data.season[week][0])
        recent, long = self.recent.read(player, now), self.long.read(player, now)
        snaps = self.recent_snaps.read(player, now)
        count, total, squares = self.squares.read(player, now).T
        mean = ratio(total, count)
        # In his first game of a season, the last season he played in is the one before.
        fresh = self.last_season[player] != season
        points = np.where(fresh, ratio(self.half_points[player], self.season_games[player]), np.nan)
        known = self.before_season[player] == season - 1
        was = self.last_season[player] == season - 1
        out = {
            "long_weight": long[:, 0],
            "recent_snap_share": ratio(snaps[:, 1], snaps[:, 0]),
            "last_snap_share": self.last_snap_share[player],
            "spread_points": np.sqrt(np.maximum(ratio(squares, count) - mean**2, 0.0)),
            "before_points_half": np.where(
                fresh & was, points, np.where(known, self.before[player, 0], np.nan)
            ),
            "before_games": np.where(
                fresh & was,
                self.season_games[player],
                np.where(known & ~fresh, self.before[player, 1], 0.0),
            ),
            "new_team": np.where(
                self.last_team[player] >= 0, self.last_team[player] != data.team[week], np.nan
            ),
            "missed_last": self.team_last_played[data.team[week]] > self.last_played[player],
        }
        for span, names, sums in (("recent", RECENT_STATS, recent), ("long", LONG_STATS, long)):
            means = ratio(sums[:, 1:], sums[:, :1])
            for column, name in enumerate(names):
                out[f"{span}_{name}"] = means[:, column]
        return out

    def _team_features(self, week: slice, now: float) -> dict[str, Any]:
        """What the team makes per game, and what its opponent allows."""
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
        """Points a defence allowed a position per game, over the league's mean."""
        import numpy as np

        data = self.data
        defence = self.defences.read(
            data.opponent[week] * data.positions + data.position[week], now
        )
        league = self.league.read(data.position[week], now)
        mean = ratio(league[:, 1:], league[:, :1])
        allowed = defence[:, 1:] + OPPONENT_PRIOR_GAMES * mean
        factors = ratio(allowed, (defence[:, :1] + OPPONENT_PRIOR_GAMES) * mean)
        unknown = np.isnan(factors) | (data.opponent[week] == data.teams - 1)[:, None]
        return np.where(unknown, 1.0, factors)

    def update(self, week: slice) -> None:
        """Take in what happened in the week."""
        import numpy as np

        data = self.data
        now = float(data.now[week][0])
        group = self._group(week)
        played, player = data.played[week], data.player[week]
        ones = np.ones((int(played.sum()), 1))

        counted = data.counted[week] & data.fit[week]
        appeared = np.column_stack([np.ones(counted.sum()), played[counted]])
        self.appearances.add(player[counted], now, appeared)
        self.group_appearances.gather(group[counted], now, appeared)
        np.add.at(
            self.status,
            data.status[week][data.counted[week]],
            np.column_stack([played, np.ones(len(played))])[data.counted[week]],
        )

        points = data.points[week][played]
        self.games.add(player[played], now, np.hstack([ones, data.stats[week][played]]))
        self.group_games.gather(group[played], now, np.hstack([ones, points]))
        share = data.snap_share[week]
        seen = played & ~np.isnan(share)
        snaps = np.column_stack([np.ones(seen.sum()), share[seen]])
        self.snaps.add(player[seen], now, snaps)
        self.recent_snaps.add(player[seen], now, snaps)
        self.last_snap_share[player[seen]] = share[seen]
        self.recent.add(player[played], now, np.hstack([ones, data.recent[week][played]]))
        self.long.add(player[played], now, np.hstack([ones, data.long[week][played]]))
        half = data.half[week][played]
        self.squares.add(player[played], now, np.column_stack([ones, half, half**2]))
        self._update_defences(week, now)
        self._update_teams(week, now)
        self._update_seasons(week, now)

    def _update_seasons(self, week: slice, now: float) -> None:
        """Careers, seasons and last games of those who played."""
        import numpy as np

        data = self.data
        played, season = data.played[week], int(data.season[week][0])
        who, points = data.player[week][played], data.points[week][played]
        new_season = who[self.last_season[who] != season]
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
        self.last_season[who] = season
        self.season_games[who] += 1
        self.season_points[who] += points[:, 2]
        self.career[who] += 1
        self.last_played[who] = now
        self.last_points[who, :-1] = self.last_points[who, 1:]
        self.last_points[who, -1] = points[:, 1:]
        self.half_points[who] += points[:, 1]
        self.last_team[who] = data.played_for[week][played]

    def _update_teams(self, week: slice, now: float) -> None:
        """Stats of whole teams: one game per team, whoever made them."""
        import numpy as np

        data = self.data
        played = data.played[week] & (data.played_for[week] < data.teams - 1)
        for sums, keys in ((self.made, data.played_for), (self.allowed, data.faced)):
            teams, index = np.unique(keys[week][played], return_inverse=True)
            totals = np.zeros((len(teams), len(TEAM_STATS)))
            np.add.at(totals, index, data.team_stats[week][played])
            sums.add(teams, now, np.column_stack([np.ones(len(teams)), totals]))
        teams = np.unique(data.played_for[week][played])
        self.team_last_played[teams] = now
        cells = data.played_for[week][played] * data.positions + data.position[week][played]
        cells, index = np.unique(cells, return_inverse=True)
        points = np.bincount(index, data.half[week][played], len(cells))
        self.made_by_position.add(cells, now, np.column_stack([np.ones(len(cells)), points]))

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
        self.league.gather(cells % data.positions, now, rows)
