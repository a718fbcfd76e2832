"""The consensus: our model, moved towards other sources by weights learnt from past seasons.

``consensus = model + sum over sources of weight x (source - model)``, in half-PPR, to which every
source's points can be converted. A source's level does not count: its differences from the model
are centred within a position and week. A source that does not project a player has no effect on
him. A difference counts up to `MAX_DIFFERENCE` points. Copies of another source count once.

Two hints count beside the sources. The player's usual points have a weight below 0: model and
sources each stay near his past points, and their mean stays nearer than it should when his role has
changed. The betting market has a weight above 0: sources hardly react to the points that it implies
for a team, so that their share in the mean removes a part of the model's reaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.ingest.projection_record import as_known_at
from fantasy_pipeline.ingest.source_copies import find_copies
from fantasy_pipeline.projections.columns import as_floats
from fantasy_pipeline.projections.model.features import USUAL_TEAM_TOTAL
from fantasy_pipeline.projections.model.intervals import LEVELS, quantiles

PRIOR_WEIGHT = 0.5
"""Prior weight of all other sources together."""
PRIOR_ROWS = 4000
"""Player-weeks that the prior weights are worth."""
MOST_WEIGHT = 0.9
"""Highest weight of all other sources together."""
MAX_DIFFERENCE = 8.0
"""Points to which a source's difference from the model is clipped."""


class Hint(NamedTuple):
    """Weight of a hint: prior, and bounds of the learnt weight."""

    prior: float
    lowest: float
    highest: float


USUAL, MARKET = "usual", "market"
HINTS: Mapping[str, Hint] = {USUAL: Hint(-0.25, -0.4, 0.0), MARKET: Hint(0.2, 0.0, 0.4)}
"""By their names among the weights."""
NEWCOMER_GAMES = 2.0
"""Career games after which a player's differences count half as those of a newcomer."""
LEVEL_ROWS = 12
"""Players of a week and position that a source's level is estimated from at least."""
WIDTHS = tuple(round(0.8 + 0.02 * step, 2) for step in range(16))
"""Candidates for the width of p10-p90."""
COVERED = {"QB": 0.83, "RB": 0.76, "WR": 0.8, "TE": 0.77}
"""Share of outcomes that p10-p90 covers out of the fold, chosen so that a later season reaches 80%.
Quarterbacks need more, because the width is learnt from starters, and in one week of forty another
one throws most. Running backs and tight ends need less: later seasons scattered less than the
folds."""
PRIOR_WIDTH = {"QB": 1.04, "RB": 0.95, "WR": 0.97, "TE": 0.98}
"""Prior width of the consensus's p10-p90, relative to the model's; of kickers the model's counts:
they score few whole numbers, and a slightly narrower range leaves a whole number out."""
WIDTH_ROWS = 200
"""Player-weeks that the prior width is worth."""
KEY = list(PLAYER_WEEK)
POINTS = ["points_std", "points_half", "points_ppr"]


def stated_points(table: pa.Table, receptions: np.ndarray, scoring: Scoring = "half") -> np.ndarray:
    """Return a source's points in one scoring, (rows,); NaN where it states no scoring at all.

    The first that a source states counts: the scoring itself, what follows from its two other
    scorings, or one of these converted by expected receptions.

    Args:
        table: the columns `POINTS`.
        receptions: expected receptions, (rows,).
    """
    std, half, ppr = (as_floats(table[name]) for name in POINTS)
    candidates = {
        "std": (std, 2 * half - ppr, half - receptions / 2, ppr - receptions),
        "half": (half, (std + ppr) / 2, ppr - receptions / 2, std + receptions / 2),
        "ppr": (ppr, 2 * half - std, half + receptions / 2, std + receptions),
    }
    points, *others = candidates[scoring]
    for other in others:
        points = np.where(np.isnan(points), other, points)
    return points


class Stated(NamedTuple):
    """The projections that sources stated for whole weeks, as known at kick-off.

    Args:
        rows: source, `KEY` and `POINTS` of each statement.
        copies: sources that copy another one, with their original, by week.
    """

    rows: pa.Table
    copies: Mapping[SeasonWeek, Mapping[str, str]]

    @classmethod
    def of(cls, source_projections: pa.Table, with_copies: bool = False) -> Stated:
        """Return what `SOURCE_PROJECTIONS` of whole weeks state.

        Args:
            with_copies: copies count as any other source.
        """
        known = as_known_at(source_projections).select(["source", *KEY, *POINTS])
        # Team defences are no evidence for a copy: only some sources project them.
        is_defence = pc.starts_with(known["player_id"], f"{DST}-")
        return cls(known, {} if with_copies else find_copies(known.filter(pc.invert(is_defence))))


def points_by_source(
    rows: pa.Table, stated: Stated, scoring: Scoring = "half"
) -> dict[str, np.ndarray]:
    """Return each source's points as known at kick-off, (rows,), in the order of `rows`.

    NaN where a source has no projection, and in weeks in which it copies another source. Sources
    without any projection of these rows are left out.

    Args:
        rows: key columns and receptions.
    """
    source_projections, copies = stated
    weeks = codes(rows)
    keyed = rows.select([*KEY, "receptions"]).append_column(
        "row", pa.array(np.arange(rows.num_rows))
    )
    out: dict[str, np.ndarray] = {}
    for source in sorted(pc.unique(source_projections["source"]).to_pylist()):
        of_source = source_projections.filter(pc.equal(source_projections["source"], source))
        both = keyed.join(of_source.drop_columns(["source"]), KEY, join_type="inner")
        values = np.full(rows.num_rows, np.nan)
        receptions = both["receptions"].fill_null(0.0).to_numpy()
        values[both["row"].to_numpy()] = stated_points(both, receptions, scoring)
        # Sources state 0 for players that they do not project.
        values[~(values > 0)] = np.nan
        copied = [week.code for week in copies if source in copies[week]]
        values[np.isin(weeks, copied)] = np.nan
        if not np.isnan(values).all():
            out[source] = values
    return out


def centred_differences(
    model: np.ndarray, sources: dict[str, np.ndarray], weeks: np.ndarray
) -> np.ndarray:
    """Return source less model, less the source's level of the week, clipped to `MAX_DIFFERENCE`.

    The level is the mean difference of the week's players, better players weighing more. It
    changes with a source's methods: NFL.com was 1.3 points too high for quarterbacks in 2021-2023
    and 1.3 too low in 2024.

    Args:
        model: half-PPR points of one position, (players,).
        sources: half-PPR points by source, (players,).
        weeks: any number that differs between weeks, (players,).

    Returns:
        (players, sources); 0 where a source has no projection.
    """
    # (players,): index of each player's week
    _, week = np.unique(weeks, return_inverse=True)
    columns = []
    for values in sources.values():
        # (players,): players that count for the level
        stated = ~np.isnan(values) & (model > 0)
        # (players,): differences, outliers clipped so that they cannot shift the level
        difference = _clip_to_median(np.nan_to_num(values - model), stated, week)
        # (players,): weight, the square of the model's plus the source's points
        merit = np.where(stated, 2 * model + difference, 0.0) ** 2
        # (weeks,): weighted mean difference; none where too few players are projected
        level = np.bincount(week, merit * difference) / np.maximum(np.bincount(week, merit), 1e-9)
        level[np.bincount(week, stated) < LEVEL_ROWS] = 0.0
        # (players,): unclipped difference less the level. Rounded, so that the order in which the
        # level is summed does not show.
        centred = np.where(np.isnan(values), 0.0, values - model - np.round(level, 6)[week])
        columns.append(np.clip(centred, -MAX_DIFFERENCE, MAX_DIFFERENCE))
    return np.column_stack(columns) if columns else np.zeros((len(model), 0))


def _clip_to_median(difference: np.ndarray, stated: np.ndarray, week: np.ndarray) -> np.ndarray:
    """Clip differences to +-2 `MAX_DIFFERENCE` around the median of their week, (players,).

    One outlier must not shift its source's level, and with it all other players.
    """
    # (weeks,): median of the stated differences
    median = np.zeros(week.max(initial=-1) + 1)
    for number in np.unique(week[stated]):
        median[number] = np.median(difference[stated & (week == number)])
    return np.clip(difference, median[week] - 2 * MAX_DIFFERENCE, median[week] + 2 * MAX_DIFFERENCE)


def hints(
    model: np.ndarray, usual: np.ndarray, implied_team_total: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the hints by name in half-PPR, (players,); NaN for players without the hint.

    Args:
        model: the model's points.
        usual: points that each player usually scores.
        implied_team_total: points that the betting market implies for each player's team.
    """
    return {USUAL: usual, MARKET: model * implied_team_total / USUAL_TEAM_TOTAL}


def _hints_of(unseen: pa.Table) -> dict[str, np.ndarray]:
    names = ("model_half", "usual_half", "implied_team_total")
    return hints(*(unseen[name].to_numpy() for name in names))


def learn_weights(unseen: pa.Table, sources: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the weights of sources and hints for one position; empty without any source.

    Least squares on players that people may start, shrunken to the prior. Of other players, sources
    say little.

    Args:
        unseen: projections out of the fold: key, model_half, usual_half, implied_team_total,
            target_half, starts.
        sources: their points by source, see `points_by_source`.
    """
    if not sources:
        return {}
    model = unseen["model_half"].to_numpy()
    inputs = _with_hints(sources, _hints_of(unseen))
    # (player-weeks, sources and hints)
    differences = centred_differences(model, inputs, codes(unseen))
    # (player-weeks,): keep players that people may start and at least one source projects
    counted = unseen["starts"].to_numpy(zero_copy_only=False) & ~_unstated(sources)
    differences = differences[counted]
    error = (unseen["target_half"].to_numpy() - model)[counted]
    if not len(differences):
        return {}
    # (inputs,): prior weights, and their strength as squared differences of PRIOR_ROWS player-weeks
    prior = _prior(inputs)
    strength = PRIOR_ROWS * np.maximum((differences**2).mean(axis=0), 1e-9)
    # (inputs, inputs): normal equations of error = differences x weights, shrunken to the prior
    gram = differences.T @ differences + np.diag(strength)
    found = np.linalg.solve(gram, differences.T @ error + strength * prior)
    return {name: round(float(weight), 4) for name, weight in _bounded(inputs, found).items()}


def _unstated(sources: dict[str, np.ndarray]) -> np.ndarray:
    """Return a mask of the players that no source projects, (players,)."""
    return np.isnan(np.column_stack(list(sources.values()))).all(axis=1)


def _with_hints(
    sources: dict[str, np.ndarray], hints: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return sources and hints by name; hints are NaN for players that no source projects."""
    unstated = _unstated(sources)
    return {**sources, **{name: np.where(unstated, np.nan, hint) for name, hint in hints.items()}}


def _prior(inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return the prior weights, (inputs,): `PRIOR_WEIGHT` shared by the sources, and the hints'."""
    share = PRIOR_WEIGHT / len(inputs.keys() - HINTS.keys())
    return np.array([HINTS[name].prior if name in HINTS else share for name in inputs])


def _bounded(inputs: dict[str, np.ndarray], weights: np.ndarray) -> dict[str, float]:
    """Return weights by name: sources from 0 to `MOST_WEIGHT` together, hints in their bounds."""
    named = dict(zip(inputs, weights, strict=True))
    total = sum(max(weight, 0.0) for name, weight in named.items() if name not in HINTS)
    share = min(1.0, MOST_WEIGHT / max(total, 1e-9))
    return {
        name: min(max(weight, HINTS[name].lowest), HINTS[name].highest)
        if name in HINTS
        else max(weight, 0.0) * share
        for name, weight in named.items()
    }


def prior_width(position: str) -> float:
    """Return the width of p10-p90, relative to the model's, where none is learnt."""
    return PRIOR_WIDTH.get(position, 1.0)


def learn_width(
    unseen: pa.Table,
    sources: dict[str, np.ndarray],
    weights: dict[str, float],
    table: np.ndarray,
    position: str,
) -> float:
    """Return the width of p10-p90 around the median, relative to the model's, to cover `COVERED`.

    It is learnt on players that people may start and other sources project: with other sources the
    consensus is more certain than the model alone.

    Args:
        unseen, sources: as for `learn_weights`.
        table: the model's quantile table in half-PPR.
    """
    prior = prior_width(position)
    if not sources or not weights or position not in COVERED:
        return prior
    counted = unseen["starts"].to_numpy(zero_copy_only=False) & ~_unstated(sources)
    model = unseen["model_half"].to_numpy()
    # (player-weeks,): consensus and actual points
    together = combine(model, sources, weights, codes(unseen), _hints_of(unseen))[counted]
    actual = unseen["target_half"].to_numpy()[counted]
    # (WIDTHS,): share of player-weeks within p10-p90 for each candidate
    low, middle, high = quantiles(table, together, np.ones(len(together)), LEVELS).T
    covered = [
        np.mean((actual >= middle - (middle - low) * w) & (actual <= middle + (high - middle) * w))
        for w in WIDTHS
    ]
    learnt = WIDTHS[int(np.argmin(np.abs(np.array(covered) - COVERED[position])))]
    share = counted.sum() / (counted.sum() + WIDTH_ROWS)
    return round(float(prior + share * (learnt - prior)), 4)


def known_of(games: np.ndarray) -> np.ndarray:
    """Return how much the model knows of players after some career games, 0-1, (players,)."""
    return games**2 / (games**2 + NEWCOMER_GAMES**2)


def _trust(
    inputs: dict[str, np.ndarray], weights: dict[str, float], known: np.ndarray
) -> np.ndarray:
    """Return the factor of each input's weight for each player, (players, inputs).

    The less the model knows of a player, the nearer the weights of the sources that project him
    come to 1 together, and those of the hints to 0.
    """
    # (players, inputs): 1 for the sources that project the player
    speaks = np.column_stack(
        [~np.isnan(values) & (name not in HINTS) for name, values in inputs.items()]
    ).astype(float)
    total = speaks @ np.array(list(weights.values()))
    whole = np.divide(1.0, total, out=np.ones(len(total)), where=total > 0)
    of_sources = known + (1 - known) * np.maximum(whole, 1.0)
    hint = np.array([name in HINTS for name in inputs])
    return np.where(hint, known[:, None], of_sources[:, None])


def combine(
    model: np.ndarray,
    sources: dict[str, np.ndarray],
    weights: dict[str, float],
    weeks: np.ndarray,
    hints: dict[str, np.ndarray],
    known: np.ndarray | None = None,
) -> np.ndarray:
    """Return the consensus of one position in half-PPR, (players,).

    It is never below or above the model and all of the player's sources. A source without a learnt
    weight gets its share of the prior among the sources of these rows.

    Args:
        weights: from `learn_weights`.
        weeks: any number that differs between weeks, (players,).
        hints: from `hints`.
        known: how much the model knows of each player, 0-1, from `known_of`; None: enough.
    """
    sources = {name: values for name, values in sources.items() if not np.isnan(values).all()}
    if not sources:
        return model
    inputs = _with_hints(sources, hints)
    prior = dict(zip(inputs, _prior(inputs), strict=True))
    bounded = _bounded(inputs, np.array([weights.get(name, prior[name]) for name in inputs]))
    # (players, sources and hints): how far each input moves each player
    moves = centred_differences(model, inputs, weeks) * np.array(list(bounded.values()))
    if known is not None:
        moves = moves * _trust(inputs, bounded, known)
    # (players, model and sources)
    stated = np.column_stack([model, *sources.values()])
    lowest, highest = np.nanmin(stated, axis=1), np.nanmax(stated, axis=1)
    return np.clip(model + moves.sum(axis=1), lowest, highest)
