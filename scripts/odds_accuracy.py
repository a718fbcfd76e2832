"""Measures the odds of play-offs, byes and titles on played seasons of a registered league.

usage: odds_accuracy.py LAKE LEAGUE SEASON SEASON...

LAKE is the folder of a lake that has the seasons of the league and their projections, e.g.
`$DAGSTER_HOME/data/lake`. The odds of a season use the coefficients that are fitted on the other
seasons, and the rosters of the week before. Prints the coefficients, and the Brier scores of the
odds after each week of the regular season, beside those of coin flips and of the past alone.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fantasy_pipeline.decisions.odds import (
    SIMULATIONS,
    Coefficients,
    Odds,
    Rules,
    Strengths,
    odds,
    strengths,
)
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.league_season import season_for
from fantasy_pipeline.operations.odds import OddsInputs, odds_inputs, weeks_before

PAST_GAMES = np.arange(3.0, 41.0)
KINDS = ("playoffs", "bye", "title")
Model = Callable[[OddsInputs], Strengths]


@dataclass(frozen=True)
class Season:
    """A played season.

    Args:
        before: what was known before each week of the regular season.
        points: of all weeks, (weeks, teams).
        happened: what became of the teams; every chance is 0 or 1.
    """

    season: int
    before: Sequence[OddsInputs]
    points: np.ndarray
    happened: Odds

    @property
    def rules(self) -> Rules:
        return self.before[0].rules


def read(lake: Lake, league: str, season: int) -> Season:
    """Return a season of a league from the lake."""
    of = season_for(lake, registry.find(lake, league), season)
    first = of.playoff_week
    if first is None:
        sys.exit(f"error: league {league} {season}: its play-off week is not stored")
    before = []
    for number in range(1, first):
        week = SeasonWeek(season, number)
        rosters = SeasonWeek(season, max(number - 1, 1))
        before.append(odds_inputs(lake, league, of, week, rosters))
    rules, opponents = before[-1].rules, before[-1].opponents
    last = SeasonWeek(season, first + sum(rules.rounds))
    points = weeks_before(lake, league, of, last, first).points
    nothing = Strengths(np.zeros((0, points.shape[1])), 1.0, 0.0)
    happened = odds(rules, opponents, points, nothing, 10)
    return Season(season, before, points, happened)


def fit(seasons: Sequence[Season]) -> Coefficients:
    """Return the coefficients that explain best what the teams scored in coming weeks."""
    known = [(one, season.points) for season in seasons for one in season.before]
    games = min(PAST_GAMES.tolist(), key=lambda games: _squares(residuals(known, games)))
    found = residuals(known, games)
    # Residuals of a team in two different weeks have the error of its mean in common.
    pairs = sum(float((one.sum(axis=0) ** 2 - (one**2).sum(axis=0)).sum()) for one in found)
    lasting = max(pairs / sum(len(one) * one.size - one.size for one in found), 0.0)
    total = _squares(found) / sum(one.size for one in found)
    # Points above the week's mean vary less than those above the true mean.
    teams = found[0].shape[1]
    scale = teams / (teams - 1)
    return Coefficients(games, round(float(np.sqrt(scale * (total - lasting))), 3))


def residuals(known: Sequence[tuple[OddsInputs, np.ndarray]], games: float) -> list[np.ndarray]:
    """Return what teams scored in coming weeks above what was expected, (weeks, teams) each.

    They are above the week's mean, and shares of the league's mean. The time before the first week
    is left out: it says nothing about the past.

    Args:
        known: what was known before a week, and the points of the whole season.
    """
    found = []
    for one, points in known:
        weeks = len(one.past.points)
        if weeks:
            coming = points[weeks:]
            expected = strengths(one.past.points, one.projected, Coefficients(games)).means
            above = (_above(coming) - _above(expected[: len(coming)])) / one.past.points.mean()
            found.append(above)
    return found


def _above(points: np.ndarray) -> np.ndarray:
    return points - points.mean(axis=1, keepdims=True)


def _squares(parts: Sequence[np.ndarray]) -> float:
    return float(sum((one**2).sum() for one in parts))


def scores(season: Season, model: Model, simulations: int = SIMULATIONS) -> np.ndarray:
    """Return the Brier scores of the odds after each week of the regular season, (weeks, `KINDS`).

    After the last one, who plays off and who has a bye is known; the title is not scored there.
    """
    rows = []
    for known in season.before[1:]:
        found = odds(known.rules, known.opponents, known.past.points, model(known), simulations)
        errors = [getattr(found, kind) - getattr(season.happened, kind) for kind in KINDS]
        rows.append([float((error**2).mean()) for error in errors])
    return np.array([*rows, [0.0, 0.0, np.nan]])


def coins(known: OddsInputs) -> Strengths:
    """Return equal strengths: every game is a coin flip."""
    return Strengths(np.full_like(known.projected, 100.0), 20.0, 0.0)


def models(measured: Coefficients) -> dict[str, Model]:
    """Return the models to compare, by name."""

    def of_past(known: OddsInputs) -> Strengths:
        equal = np.full_like(known.projected, known.projected.mean())
        return strengths(known.past.points, equal, measured)

    return {
        "every game is a coin flip": coins,
        "the past alone, shrunken": of_past,
        "odds, fitted on the other seasons": lambda known: strengths(
            known.past.points, known.projected, measured
        ),
        "odds, as stored": lambda known: strengths(known.past.points, known.projected),
    }


def scores_of_others(seasons: Sequence[Season]) -> dict[str, list[np.ndarray]]:
    """Return `scores` of each season by model, with coefficients of the other seasons."""
    found: dict[str, list[np.ndarray]] = {}
    for season in seasons:
        measured = fit([other for other in seasons if other is not season])
        print(f"{season.season} without itself: {measured}")
        for name, model in models(measured).items():
            found.setdefault(name, []).append(scores(season, model))
    return found


def main() -> None:
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    root, league, *years = sys.argv[1:]
    lake = Lake(str(Path(root).absolute()), "nfl")
    seasons = [read(lake, league, int(year)) for year in years]
    found = scores_of_others(seasons)
    print(f"all seasons: {fit(seasons)}")
    print(f"\n{'Brier scores after each week':34}  play-offs     bye   title  play-offs by season")
    for name, of_seasons in found.items():
        total = [f"{one:7.4f}" for one in np.nanmean(of_seasons, axis=(0, 1))]
        each = [f"{one[:, 0].mean():.4f}" for one in of_seasons]
        print(f"{name:34}    {' '.join(total)}  {' '.join(each)}")


if __name__ == "__main__":
    main()
