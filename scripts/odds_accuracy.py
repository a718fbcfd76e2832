"""Measures the odds of play-offs, byes and titles on played seasons of a registered league.

usage: odds_accuracy.py LAKE LEAGUE SEASON SEASON...

LAKE is the folder of a lake that has the seasons of the league and their projections, e.g.
`$DAGSTER_HOME/data/lake`. The odds of a season use the coefficients that are fitted on the other
seasons, and the rosters of the week before. Prints the Brier scores of the odds as known before
each week of the regular season, beside those of coin flips and of the past alone, and the
coefficients.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fantasy_pipeline.decisions.odds import (
    MEASURED,
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
    pairs = [pair for season in seasons for pair in _pairs(season)]
    later = [pair for pair in pairs if pair.weeks]
    games = min(PAST_GAMES.tolist(), key=lambda games: _residuals(later, games)[1])
    share, _, residuals = _residuals(later, games)
    first, _, _ = _residuals([pair for pair in pairs if not pair.weeks], games)
    # Centred residuals vary less than those around the true mean.
    teams = residuals[0].shape[1]
    of_week = [(one**2).sum(axis=0) for one in residuals]
    together = [
        one.sum(axis=0) ** 2 - squares for one, squares in zip(residuals, of_week, strict=True)
    ]
    products = sum(len(one) * (len(one) - 1) * teams for one in residuals)
    total = sum(one.sum() for one in of_week) / sum(one.size for one in residuals)
    lasting = max(sum(one.sum() for one in together) / products, 0.0)
    scale = teams / (teams - 1)
    return Coefficients(
        round(share, 3),
        round(first, 3),
        games,
        round(float(np.sqrt(scale * (total - lasting))), 3),
        round(float(np.sqrt(scale * lasting)), 3),
    )


@dataclass(frozen=True)
class _Pair:
    """What was known before a week, and what happened, each above the week's mean.

    Args:
        past: sum over the past weeks, (teams,).
        ahead, actual: of the coming weeks, (weeks, teams).
        level: the league's mean.
    """

    weeks: int
    past: np.ndarray
    ahead: np.ndarray
    actual: np.ndarray
    level: float


def _pairs(season: Season) -> list[_Pair]:
    found = []
    for known in season.before:
        weeks = len(known.past.points)
        coming = season.points[weeks:]
        ahead = known.projected[: len(coming)]
        level = float(np.nanmean(known.past.points)) if weeks else float(coming.mean())
        past = np.nan_to_num(_centred(known.past.points)).sum(axis=0)
        found.append(_Pair(weeks, past, _centred(ahead), _centred(coming), level))
    return found


def _centred(points: np.ndarray) -> np.ndarray:
    return points - points.mean(axis=1, keepdims=True)


def _residuals(pairs: Sequence[_Pair], games: float) -> tuple[float, float, list[np.ndarray]]:
    """Return the share of the projections that fits best, the sum of squares, and the residuals."""
    left = [(one.actual - one.past / (one.weeks + games)) / one.level for one in pairs]
    ahead = [one.ahead / one.level for one in pairs]
    share = sum((x * y).sum() for x, y in zip(ahead, left, strict=True))
    share /= sum((x * x).sum() for x in ahead)
    residuals = [y - share * x for x, y in zip(ahead, left, strict=True)]
    return float(share), float(sum((one**2).sum() for one in residuals)), residuals


def scores(season: Season, model: Model) -> np.ndarray:
    """Return the Brier scores of the odds before each week, (weeks, `KINDS`)."""
    rows = []
    for known in season.before:
        found = odds(known.rules, known.opponents, known.past.points, model(known))
        errors = [getattr(found, kind) - getattr(season.happened, kind) for kind in KINDS]
        rows.append([float((error**2).mean()) for error in errors])
    return np.array(rows)


def coins(known: OddsInputs) -> Strengths:
    return Strengths(np.full_like(known.projected, 100.0), 20.0, 0.0)


def of_past(measured: Coefficients) -> Model:
    """Return the model of the past alone."""
    return lambda known: strengths(
        known.past.points, np.full_like(known.projected, known.projected.mean()), measured
    )


def main() -> None:
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    root, league, *years = sys.argv[1:]
    lake = Lake(str(Path(root).absolute()), "nfl")
    seasons = [read(lake, league, int(year)) for year in years]
    found: dict[str, list[np.ndarray]] = {}
    for season in seasons:
        measured = fit([other for other in seasons if other is not season])
        print(f"{season.season}: {measured}")
        models: dict[str, Model] = {
            "coin flips": coins,
            "past alone": of_past(measured),
            "odds, fitted on the other seasons": lambda known, use=measured: strengths(
                known.past.points, known.projected, use
            ),
            "odds, as stored": lambda known: strengths(known.past.points, known.projected),
        }
        for name, model in models.items():
            found.setdefault(name, []).append(scores(season, model))
    print(f"all: {fit(seasons)}; stored: {replace(MEASURED)}")
    print(f"{'':36} {'  '.join(KINDS)}  play-offs after week 1 on, by season")
    for name, of_seasons in found.items():
        total = np.mean([one.mean(axis=0) for one in of_seasons], axis=0)
        later = np.mean([one[1:, 0].mean() for one in of_seasons])
        each = " ".join(f"{one[:, 0].mean():.4f}" for one in of_seasons)
        print(f"{name:36} {'  '.join(f'{one:.4f}' for one in total)}  {later:.4f}  {each}")


if __name__ == "__main__":
    main()
