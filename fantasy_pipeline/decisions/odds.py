"""Odds of a fantasy season: simulate the remaining games, the seeds and the play-offs.

A team's points in a coming week are normal: a mean, an error of the mean that lasts the season, and
the luck of the week. `strengths` has the means; its coefficients were measured on a real league.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fantasy_pipeline.ingest.leagues.base import round_lengths

SEED = 20
SIMULATIONS = 10_000
_WIN, _DIVISION = 1e6, 1e9
"""What a win and the lead of a division are worth in the order of teams, in points."""
_BYE = -1


@dataclass(frozen=True)
class Coefficients:
    """The parameters of the points of coming weeks; `scripts/odds_accuracy.py` measures them.

    Args:
        past_games: games after which a team's past counts as much as its projections.
        of_week: standard deviation of a team's points in a week around its true mean, as a share of
            the league's mean.
    """

    past_games: float = 9.0
    of_week: float = 0.17

    def of_season(self, games: int) -> float:
        """Return the standard deviation of the true mean around the expected one, as a share.

        The past weighs as much as the projections after `past_games` games, so the projections are
        as exact as the mean of so many games, and both together as that of all of them.

        Args:
            games: number of games of the past.
        """
        return float(self.of_week / np.sqrt(games + self.past_games))


MEASURED = Coefficients()
"""Measured on three seasons of a 12-team league."""


@dataclass(frozen=True)
class Rules:
    """The rules for the end of a league's season.

    Args:
        places: number of teams in the play-offs.
        round_weeks: number of weeks of each round.
        divisions: number of the division of each team; their winners have the first seeds. Empty:
            no divisions.
        median_game: each team also plays against the week's median.
        head_to_head: teams with equal records are ordered by the games between them, then by
            points; otherwise by points.
        reseeds: the best seed left meets the worst one after each round.
        matchup_weeks: number of weeks of each match-up of the regular season; empty: one each.
    """

    places: int
    round_weeks: tuple[int, ...]
    divisions: tuple[int, ...] = ()
    median_game: bool = False
    head_to_head: bool = False
    reseeds: bool = False
    matchup_weeks: tuple[int, ...] = ()

    @property
    def rounds(self) -> tuple[int, ...]:
        """Number of weeks of each round that the number of places needs; one if not stated."""
        return round_lengths(self.places, self.round_weeks)

    @property
    def byes(self) -> int:
        """Number of teams without a game in the first round."""
        return int(2 ** len(self.rounds) - self.places)


@dataclass(frozen=True)
class Odds:
    """The results of the simulated seasons, (teams,) each: shares of seasons, and wins."""

    playoffs: np.ndarray
    bye: np.ndarray
    title: np.ndarray
    wins: np.ndarray


@dataclass(frozen=True)
class Strengths:
    """Expected points of coming weeks.

    Args:
        means: (weeks, teams).
        of_week, of_season: standard deviation of the points of a week, and of the error of a
            team's mean.
    """

    means: np.ndarray
    of_week: float
    of_season: float


def strengths(
    past: np.ndarray, projected: np.ndarray, measured: Coefficients = MEASURED
) -> Strengths:
    """Return the expected points of the teams in coming weeks.

    The league's mean, plus what the team is above it: by the projected line-ups of the week, and by
    the mean of the weeks before, which counts the more, the longer it is.

    Args:
        past: points of the weeks before, (weeks, teams); NaN: did not play.
        projected: points of the best line-ups of the coming weeks, (weeks, teams).
    """
    level = float(np.nanmean(past) if len(past) else projected.mean())
    ahead = projected - projected.mean(axis=1, keepdims=True)
    games = len(past) + measured.past_games
    # (teams,): the mean of the past above the week's mean, times its weight.
    before = np.nan_to_num(_above(past)).sum(axis=0) / games
    means = level + measured.past_games / games * ahead + before
    return Strengths(means, measured.of_week * level, measured.of_season(len(past)) * level)


def _above(points: np.ndarray) -> np.ndarray:
    """Return points above the mean of their week, (weeks, teams)."""
    return points - np.nanmean(points, axis=1, keepdims=True)


def odds(
    rules: Rules,
    opponents: np.ndarray,
    past: np.ndarray,
    coming: Strengths,
    simulations: int = SIMULATIONS,
) -> Odds:
    """Return the odds of each team, from simulated seasons.

    Args:
        opponents: opponent of each team in the regular season, (weeks, teams); -1: none. A week
            of nothing but -1 is one whose pairings are not known: they are drawn.
        past: points of the weeks that were played, from week 1 on, (weeks, teams).
        coming: expected points of the weeks after it, up to the last one of the play-offs.
    """
    teams, weeks = opponents.shape[1], len(opponents)
    draw = np.random.default_rng(SEED)
    drawn = draw.standard_normal((len(coming.means), simulations, teams), dtype=np.float32)
    drawn *= coming.of_week
    error = coming.of_season * draw.standard_normal((simulations, teams), dtype=np.float32)
    # (weeks, simulations, teams): points of every week, those of the past once for all.
    points = [np.nan_to_num(one)[None, :] for one in past]
    points += [
        noise + (mean[None, :].astype(np.float32) + error)
        for noise, mean in zip(drawn, coming.means, strict=True)
    ]
    wins = np.zeros((1, teams))
    beaten = np.zeros((1, teams, teams))
    for span in matchups(rules.matchup_weeks, weeks):
        first = opponents[span.start]
        against = first[None, :] if (first >= 0).any() else _pairings(draw, simulations, teams)
        scored = sum(points[span.start + 1 : span.stop], points[span.start])
        result = _results(scored, against)
        wins = wins + result
        if rules.head_to_head:
            beaten = beaten + _between(result, against)
        if rules.median_game:
            middle = np.median(scored, axis=1, keepdims=True)
            wins = wins + (scored > middle) + 0.5 * (scored == middle)
    total = sum(points[:weeks], np.zeros((1, teams)))
    order = seeds(rules, wins, total, beaten if rules.head_to_head else None)
    order = np.broadcast_to(order, (simulations, teams))
    champion = _champions(rules, order, points[weeks:])

    def share(of: np.ndarray) -> np.ndarray:
        return np.bincount(of.ravel(), minlength=teams) / simulations

    return Odds(
        share(order[:, : rules.places]),
        share(order[:, : rules.byes]),
        share(champion),
        np.broadcast_to(wins, (simulations, teams)).mean(axis=0),
    )


def matchups(lengths: Sequence[int], weeks: int) -> list[slice]:
    """Return the weeks of each match-up of the regular season, counted from 0 on.

    Args:
        lengths: number of weeks of each match-up; those that are not stated have one.
        weeks: number of weeks of the regular season.
    """
    found, start = [], 0
    for length in (*lengths, *[1] * weeks):
        if start < weeks:
            found.append(slice(start, min(start + length, weeks)))
            start += length
    return found


def in_percent(chance: float) -> str:
    """Return a chance in percent; only what every simulated season has is 0% or 100%."""
    if 0 < chance < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= chance < 1 else f"{chance:.0%}"


def seeds(
    rules: Rules, wins: np.ndarray, points: np.ndarray, beaten: np.ndarray | None = None
) -> np.ndarray:
    """Return the teams in the order of their seeds, (seasons, teams).

    Args:
        wins, points: of the regular season, (seasons, teams).
        beaten: wins of each team over each other, (seasons, teams, teams); None: they do not count.
    """
    wins, points = np.broadcast_arrays(wins, points)
    worth = _WIN * wins + points
    if beaten is not None:
        # (seasons, teams, teams): teams with equal records.
        level = wins[:, :, None] == wins[:, None, :]
        worth = worth + 0.01 * _WIN * (beaten * level).sum(axis=2)
    if rules.divisions:
        of_team = np.array(rules.divisions)
        worth = worth.copy()
        for division in np.unique(of_team):
            members = np.flatnonzero(of_team == division)
            leader = members[np.argmax(worth[:, members], axis=1)]
            worth[np.arange(len(worth)), leader] += _DIVISION
    return np.argsort(-worth, axis=1, kind="stable")


def bracket(places: int) -> list[int]:
    """Return the seeds, from 0 on, in the order of a bracket: neighbours meet; -1: a bye."""
    order = [0]
    while len(order) < places:
        size = 2 * len(order)
        order = [seed for one in order for seed in (one, size - 1 - one)]
    return [seed if seed < places else _BYE for seed in order]


def _champions(rules: Rules, order: np.ndarray, points: Sequence[np.ndarray]) -> np.ndarray:
    """Return the champion of each season, (seasons,).

    Args:
        order: teams by seed, (seasons, teams).
        points: of the weeks of the play-offs, (1 or seasons, teams) each.
    """
    seasons = np.arange(len(order))[:, None]
    # (seasons, seeds left): seeds in the order of the bracket; no seed is larger than `none`.
    none = order.shape[1]
    left = np.array([none if seed == _BYE else seed for seed in bracket(rules.places)])
    left = np.broadcast_to(left, (len(order), len(left)))
    teams = np.column_stack([order, np.zeros(len(order), dtype=order.dtype)])
    week = 0
    for length in rules.rounds:
        total = sum(points[week : week + length], np.zeros((1, 1)))
        total = np.broadcast_to(total, (len(order), order.shape[1]))
        week += length
        if rules.reseeds:
            left = np.sort(left, axis=1)
            half = left.shape[1] // 2
            first, second = left[:, :half], left[:, half:][:, ::-1]
        else:
            first, second = left[:, ::2], left[:, 1::2]
        one, other = (
            np.where(side == none, -np.inf, total[seasons, teams[seasons, side]])
            for side in (first, second)
        )
        # The better seed wins a tie.
        wins = (one > other) | ((one == other) & (first < second))
        left = np.where(wins, first, second)
    return np.asarray(order[seasons[:, 0], left[:, 0]])


def _results(points: np.ndarray, against: np.ndarray) -> np.ndarray:
    """Return 1 for a win, 0.5 for a tie and 0 for other teams, (seasons, teams)."""
    rows = max(len(points), len(against))
    own = np.broadcast_to(points, (rows, points.shape[1]))
    if len(against) == 1:
        other = points[:, np.maximum(against[0], 0)]
    else:
        other = np.take_along_axis(own, against, axis=1)
    result = (own > other) + 0.5 * (own == other)
    return np.where(against >= 0, result, 0.0)


def _between(result: np.ndarray, against: np.ndarray) -> np.ndarray:
    """Return the results of a week by team and opponent, (seasons, teams, teams)."""
    teams = result.shape[1]
    is_opponent = against[:, :, None] == np.arange(teams)[None, None, :]
    return np.asarray(result[:, :, None] * is_opponent)


def _pairings(draw: np.random.Generator, seasons: int, teams: int) -> np.ndarray:
    """Return drawn opponents, (seasons, teams); one team has none if their number is odd."""
    shuffled = draw.permuted(np.broadcast_to(np.arange(teams), (seasons, teams)), axis=1)
    against = np.full((seasons, teams), -1)
    rows = np.arange(seasons)[:, None]
    first, second = shuffled[:, : teams // 2], shuffled[:, teams // 2 : 2 * (teams // 2)]
    against[rows, first], against[rows, second] = second, first
    return against
