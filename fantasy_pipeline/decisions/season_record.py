"""Compute a fantasy team's season so far: its record, its luck, and points left on the bench."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fantasy_pipeline.decisions.odds import matchups


@dataclass(frozen=True)
class Record:
    """The weeks that a team played in the regular season.

    Args:
        wins, losses, ties: games against the opponents, and against the median where the league
            plays against it.
        all_play: share of wins if the team had met every other team in every week, 0-1; ties count
            half. None before the first week.
        luck: wins above those that the all-play share stands for.
        efficiency: points of the starters / points of the best line-ups, 0-1; None: not known.
    """

    wins: int = 0
    losses: int = 0
    ties: int = 0
    points: float = 0.0
    all_play: float | None = None
    luck: float = 0.0
    efficiency: float | None = None


def records(
    points: np.ndarray,
    opponents: np.ndarray,
    optimal: np.ndarray,
    median_game: bool,
    matchup_weeks: Sequence[int] = (),
) -> Sequence[Record]:
    """Return the record of each team.

    Args:
        points: (weeks, teams); NaN: the team did not play.
        opponents: number of the opponent, (weeks, teams); -1: none.
        optimal: points of the best line-ups, (weeks, teams); NaN: not known.
        median_game: each team also plays against the week's median.
        matchup_weeks: as for `odds.Rules`. A match-up that is not over counts no win yet.
    """
    if not len(points):
        return [Record() for _ in range(points.shape[1])]
    wins, losses, ties = _results(points, opponents, median_game, matchup_weeks)
    all_play = _all_play(points)
    # Unknown figures of one side leave the week out.
    known = np.isfinite(points) & np.isfinite(optimal)
    best = np.where(known, optimal, 0.0).sum(axis=0)
    own = np.where(known, points, 0.0).sum(axis=0)
    games = wins + losses + ties
    luck = wins + 0.5 * ties - np.nan_to_num(all_play) * games
    return [
        Record(
            int(wins[team]),
            int(losses[team]),
            int(ties[team]),
            round(float(np.nansum(points[:, team])), 2),
            None if np.isnan(all_play[team]) else round(float(all_play[team]), 4),
            round(float(luck[team]), 2) + 0.0,
            round(float(own[team] / best[team]), 4) if best[team] > 0 else None,
        )
        for team in range(points.shape[1])
    ]


def _results(
    points: np.ndarray, opponents: np.ndarray, median_game: bool, matchup_weeks: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return wins, losses and ties of each team, (teams,) each."""
    regular = max(len(points), sum(matchup_weeks))
    over = [span for span in matchups(matchup_weeks, regular) if span.stop <= len(points)]
    # (match-ups, teams)
    totals = np.array([points[span].sum(axis=0) for span in over]).reshape(-1, points.shape[1])
    rival = opponents[[span.start for span in over]]
    other = np.take_along_axis(totals, np.maximum(rival, 0), axis=1)
    against = [np.where(rival >= 0, other, np.nan)]
    if median_game:
        against.append(np.broadcast_to(np.nanmedian(totals, axis=1)[:, None], totals.shape))
    # (games, match-ups, teams)
    rivals = np.stack(against)
    wins, losses, ties = (
        is_so.sum(axis=(0, 1)) for is_so in (totals > rivals, totals < rivals, totals == rivals)
    )
    return wins, losses, ties


def _all_play(points: np.ndarray) -> np.ndarray:
    """Return each team's share of wins over all others in the same week, (teams,)."""
    # (weeks, teams, teams): the row's team against the column's.
    one, other = points[:, :, None], points[:, None, :]
    met = np.isfinite(one) & np.isfinite(other) & ~np.eye(points.shape[1], dtype=bool)
    worth = np.where(met, (one > other) + 0.5 * (one == other), 0.0).sum(axis=(0, 2))
    games = met.sum(axis=(0, 2))
    return np.where(games > 0, worth / np.maximum(games, 1), np.nan)
