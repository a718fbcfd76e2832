"""Find the trades that help both teams most: all of one player for one, and of two for two.

A team that gives some players and gets two has four kinds of line-ups: with neither of the new
players, with one, with the other, and with both. The points of the best line-up of a kind are those
of the new players in it plus those of the best line-up of the rest, which depends on the classes of
the new players but not on their points. So a team is solved once per set of given players and pair
of classes, and a trade is the highest of four sums. That is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from fantasy_pipeline.decisions.lineup_values import LineupValues
from fantasy_pipeline.decisions.trade import Owned

THREADS = 2
WORTH_A_SECOND = 1.0
"""Points that a trade of two players must be better, for the team that gains less, than each trade
of one player that it contains: otherwise the second player changes nothing."""
PER_PAIR = 3
"""Trades between the same two teams, so that the best are not one idea in ten variants."""
MOST_PAIRED = 26
"""Players of a team that are traded in twos: those with the most points. Rosters of more players
would have many millions of trades of two for two, nearly all of them with backups."""
_DIFFERENT = 0.5
"""Points by which a gain must differ between two trades of the same teams: otherwise they differ in
a player who changes nothing."""
_CANDIDATES = 50
Players = tuple[int, ...]
"""Numbers of players that are given together."""


@dataclass(frozen=True)
class Found:
    """A trade, and how many points each team gains until the season's end.

    Args:
        one, other: ids of the teams.
        give, get: ids of the players of `one` and `other` that change teams.
    """

    one: str
    other: str
    give: tuple[str, ...]
    get: tuple[str, ...]
    gains: tuple[float, float]


@dataclass(frozen=True)
class TradingTeam:
    """A team: its players, and the sets of players that it may give, by number of players."""

    id: str
    players: Sequence[int]
    sets: Mapping[int, Sequence[Players]]


@dataclass(frozen=True)
class Market:
    """All players of a league, by number.

    Args:
        classes: class of each player; -1: he may not start, so that nobody trades for him.
        points: points of each remaining week, (players, weeks).
    """

    values: LineupValues
    classes: Sequence[int]
    points: np.ndarray
    teams: Sequence[TradingTeam]

    def gains(self, size: int, of: int) -> Mapping[int, np.ndarray]:
        """Return what one team gains by each trade of `size` players for as many.

        Returns:
            By number of the other team: points, (sets that the team gives, sets that it gets).
        """
        team = self.teams[of]
        # (players, sets, weeks): a player who is given scores nothing.
        points = np.repeat(self.points[list(team.players), None], len(team.sets[size]), axis=1)
        row_of = {player: row for row, player in enumerate(team.players)}
        for number, given in enumerate(team.sets[size]):
            points[[row_of[player] for player in given], number] = 0.0
        sums = self.values.sums(team.players, points)
        before = self.values.points(team.players, self.points[list(team.players)]).sum()
        others = [number for number in range(len(self.teams)) if number != of]
        sets = [one for number in others for one in self.teams[number].sets[size]]
        after = self._after(sums, sets)
        ends = np.cumsum([len(self.teams[number].sets[size]) for number in others])
        parts = np.split(after - before, ends[:-1], axis=1)
        return dict(zip(others, parts, strict=True))

    def _after(self, sums: Sequence[np.ndarray], sets: Sequence[Players]) -> np.ndarray:
        """Return points with each set of new players, (sets given, sets gotten)."""
        neither = self.values.with_places_taken(sums)
        found = np.empty((len(neither), len(sets)), dtype=np.float32)
        by_classes: dict[tuple[int, ...], list[int]] = {}
        for number, players in enumerate(sets):
            classes = tuple(self.classes[player] for player in players)
            by_classes.setdefault(classes, []).append(number)
        for classes, numbers in by_classes.items():
            # (players of a set, sets, weeks)
            gotten = self.points[np.array([sets[number] for number in numbers]).T]
            kinds = [
                (self.values.with_places_taken(sums, [classes[at] for at in chosen]), chosen)
                for size in range(1, len(classes) + 1)
                for chosen in combinations(range(len(classes)), size)
            ]
            total = np.zeros((len(neither), len(numbers)), dtype=np.float32)
            best, with_new = np.empty_like(total), np.empty_like(total)
            for week in range(self.points.shape[1]):
                best[:] = neither[:, week, None]
                for rest, chosen in kinds:
                    new = gotten[list(chosen), :, week].sum(axis=0)
                    np.add(rest[:, week, None], new, out=with_new)
                    np.maximum(best, with_new, out=best)
                total += best
            found[:, numbers] = total
        return found


def find_trades(
    slots: Sequence[str],
    teams: Mapping[str, Sequence[Owned]],
    team: str | None = None,
    top: int = 10,
) -> tuple[list[Found], int]:
    """Return the trades that help both teams, best first, and the number of compared trades.

    The best trade is the one whose smaller gain of the two teams is highest. At most `PER_PAIR`
    trades are between the same teams. Trades of two for two in which the second player changes
    nothing are left out. Only players who may start and are projected are traded, and of a team the
    `MOST_PAIRED` with the most points in twos.

    Args:
        slots: slots of a line-up.
        teams: players of each team, by id.
        team: id of the team that trades, and is `one` of each trade; None: any.
        top: number of trades to return.
    """
    everybody = [player for players in teams.values() for player in players]
    market = open_market(slots, teams, everybody)
    numbers = range(len(market.teams))
    own = [number for number in numbers if team in (None, market.teams[number].id)]
    pairs = [(a, b) for a in own for b in numbers if b != a and (b not in own or a < b)]
    with ThreadPoolExecutor(THREADS) as threads:
        single = list(threads.map(partial(market.gains, 1), numbers))
        double = list(threads.map(partial(market.gains, 2), numbers))
    found: list[Found] = []
    compared = 0
    for a, b in pairs:
        one, other = market.teams[a], market.teams[b]
        ones = np.minimum(single[a][b], single[b][a].T)
        twos = np.minimum(double[a][b], double[b][a].T)
        compared += ones.size + twos.size
        twos[twos < _best_part(ones, one, other) + WORTH_A_SECOND] = -np.inf
        best = [
            (smaller[row, column], gains, size, row, column)
            for size, smaller, gains in ((1, ones, single), (2, twos, double))
            for row, column in _highest(smaller)
        ]
        best.sort(key=lambda of: -of[0])
        listed: list[tuple[float, float]] = []
        for _, gains, size, row, column in best:
            both = (float(gains[a][b][row, column]), float(gains[b][a][column, row]))
            if len(listed) == PER_PAIR or any(_same(both, earlier) for earlier in listed):
                continue
            listed.append(both)
            give, get = one.sets[size][row], other.sets[size][column]
            found.append(
                Found(
                    one.id,
                    other.id,
                    tuple(everybody[number].id for number in give),
                    tuple(everybody[number].id for number in get),
                    both,
                )
            )
    found.sort(key=lambda trade: -min(trade.gains))
    return found[:top], compared


def open_market(
    slots: Sequence[str], teams: Mapping[str, Sequence[Owned]], everybody: Sequence[Owned]
) -> Market:
    """Return the players of a league as `find_trades` compares them."""
    values = LineupValues(slots, [one.positions for one in everybody])
    classes = [-1 if one is None else one for one in values.class_of]
    points = np.array([one.weeks for one in everybody], dtype=np.float32)
    points = np.maximum(points.reshape(len(everybody), -1), 0.0)
    found = []
    first = 0
    for id_, players in teams.items():
        numbers = range(first, first + len(players))
        first += len(players)
        # Nobody trades for a player without projected points.
        offered = [n for n in numbers if classes[n] >= 0 and points[n].any()]
        best = sorted(offered, key=lambda n: -float(points[n].sum()))[:MOST_PAIRED]
        sets: dict[int, list[Players]] = {
            1: [(n,) for n in offered],
            2: list(combinations(sorted(best), 2)),
        }
        found.append(TradingTeam(id_, numbers, sets))
    return Market(values, classes, points, found)


def _best_part(ones: np.ndarray, one: TradingTeam, other: TradingTeam) -> np.ndarray:
    """Return the best trade of one for one that each trade of two for two contains.

    Args:
        ones: smaller gains of the trades of one for one.
    """
    rows, columns = (
        np.array([[index[(n,)] for n in pair] for pair in team.sets[2]], dtype=int).reshape(-1, 2)
        for team in (one, other)
        for index in [{given: number for number, given in enumerate(team.sets[1])}]
    )
    # (sets of `one`, singles of `other`), then (sets of `one`, sets of `other`).
    if not len(rows) or not len(columns):
        return np.zeros((len(rows), len(columns)))
    best = np.maximum(ones[rows[:, 0]], ones[rows[:, 1]])
    return np.asarray(np.maximum(best[:, columns[:, 0]], best[:, columns[:, 1]]))


def _same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(a - b) < _DIFFERENT for a, b in zip(one, other, strict=True))


def _highest(smaller: np.ndarray) -> list[tuple[int, int]]:
    """Return row and column of the best trades that help both teams."""
    flat = smaller.ravel()
    count = min(_CANDIDATES, len(flat))
    best = np.argpartition(-flat, count - 1)[:count] if count else np.array([], dtype=int)
    columns = max(smaller.shape[1], 1)
    return [divmod(int(number), columns) for number in best if flat[number] > 0]
