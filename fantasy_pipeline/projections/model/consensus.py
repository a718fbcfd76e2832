"""The consensus: our model moved towards what the other sources say, by what they have been worth.

``consensus = model + sum over sources of weight x (source - model)``, in half-PPR, which every
source can be brought to. A source's level is its own affair: what counts is whom it puts above or
below the others of his position and week. A source that says nothing about a player leaves him to
the others; one that disagrees wildly is heard up to `MOST_APART` points; one that copies another
counts once.

Two hints are heard beside the sources. The player's usual, with a weight below 0: model and sources
each stay near what he scored before, and their mean stays nearer than it should when his role has
changed. And the betting market, above 0: sources hardly move with the points that it gives a team,
so that their share in the mean takes back some of what the model makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.tables import PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.ingest.projection_record import as_known_at
from fantasy_pipeline.ingest.source_copies import find_copies
from fantasy_pipeline.projections.model.features import USUAL_TEAM_TOTAL
from fantasy_pipeline.projections.model.intervals import LEVELS, quantiles

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PRIOR_WEIGHT = 0.4
"""Weight of all other sources together before any of their past is known."""
PRIOR_ROWS = 2000
"""Player-weeks that the prior is worth."""
MOST_WEIGHT = 0.9
MAX_DIFFERENCE = 8.0
"""Points beyond which a source's difference from the model counts no more."""


class Hint(NamedTuple):
    """Weight of what is no projection of its own: before any of the past is known, and bounds."""

    prior: float
    lowest: float
    highest: float


USUAL, MARKET = "usual", "market"
HINTS: Mapping[str, Hint] = {USUAL: Hint(-0.1, -0.4, 0.0), MARKET: Hint(0.2, 0.0, 0.4)}
"""By their names among the weights."""
LEVEL_ROWS = 12
"""Players of a week and position from which on a source's level can be told."""
WIDTHS = tuple(round(0.8 + 0.02 * step, 2) for step in range(16))
PRIOR_WIDTH = 0.95
"""Width of the consensus's p10-p90 relative to the model's before it can be learnt."""
WIDTH_ROWS = 200
"""Player-weeks that it is worth beside those that it is learnt from."""
KEY = list(PLAYER_WEEK)
POINTS = ["points_std", "points_half", "points_ppr"]


def stated_points(table: pa.Table, receptions: np.ndarray, scoring: Scoring = "half") -> np.ndarray:
    """A source's points in one scoring: as it says, else by its other scorings, else by the
    receptions to expect."""
    import numpy as np

    def column(name: str) -> np.ndarray:
        return table[name].cast("float64").fill_null(float("nan")).to_numpy()

    std, half, ppr = column("points_std"), column("points_half"), column("points_ppr")
    told = {
        "std": (std, 2 * half - ppr, half - receptions / 2, ppr - receptions),
        "half": (half, (std + ppr) / 2, ppr - receptions / 2, std + receptions / 2),
        "ppr": (ppr, 2 * half - std, half + receptions / 2, std + receptions),
    }
    points, *others = told[scoring]
    for other in others:
        points = np.where(np.isnan(points), other, points)
    return points


def points_by_source(
    rows: pa.Table,
    source_projections: pa.Table,
    with_copies: bool = False,
    scoring: Scoring = "half",
) -> dict[str, np.ndarray]:
    """Points of each source that has any, as known at kick-off, in the order of `rows`; NaN where
    it has none, and in weeks in which it copies another.

    Args:
        rows: key columns and receptions.
        source_projections: `SOURCE_PROJECTIONS` of whole weeks: who copies is told by all players.
        with_copies: what a copy says as well.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    source_projections = as_known_at(source_projections).select(["source", *KEY, *POINTS])
    same = {} if with_copies else find_copies(source_projections)
    weeks = codes(rows)
    keyed = rows.select([*KEY, "receptions"]).append_column(
        "row", pa.array(np.arange(rows.num_rows))
    )
    out: dict[str, np.ndarray] = {}
    for source in sorted(pc.unique(source_projections["source"]).to_pylist()):
        theirs = source_projections.filter(pc.equal(source_projections["source"], source))
        both = keyed.join(theirs.drop_columns(["source"]), KEY, join_type="inner")
        values = np.full(rows.num_rows, np.nan)
        receptions = both["receptions"].fill_null(0.0).to_numpy()
        values[both["row"].to_numpy()] = stated_points(both, receptions, scoring)
        # 0 is how sources say that they have no projection.
        values[~(values > 0)] = np.nan
        copied = [week.code for week in same if source in same[week]]
        values[np.isin(weeks, copied)] = np.nan
        if not np.isnan(values).all():
            out[source] = values
    return out


def centred_differences(
    model: np.ndarray, sources: dict[str, np.ndarray], weeks: np.ndarray
) -> np.ndarray:
    """Source less model, beyond the source's level of the week; 0 where a source says nothing.

    The level is the mean difference of the week's players, the better ones weighing more. It
    changes with a source's methods: NFL.com was 1.3 points too high for quarterbacks in 2021-2023
    and 1.3 too low in 2024.

    Args:
        model: half-PPR points of one position.
        weeks: any number that tells the rows' weeks apart.

    Returns:
        One column per source.
    """
    import numpy as np

    _, week = np.unique(weeks, return_inverse=True)
    columns = []
    for values in sources.values():
        heard = ~np.isnan(values) & (model > 0)
        apart = _near_the_middle(np.nan_to_num(values - model), heard, week)
        merit = np.where(heard, 2 * model + apart, 0.0) ** 2
        level = np.bincount(week, merit * apart) / np.maximum(np.bincount(week, merit), 1e-9)
        level[np.bincount(week, heard) < LEVEL_ROWS] = 0.0
        apart = np.where(np.isnan(values), 0.0, values - model - np.round(level, 6)[week])
        columns.append(np.clip(apart, -MAX_DIFFERENCE, MAX_DIFFERENCE))
    return np.column_stack(columns) if columns else np.zeros((len(model), 0))


def _near_the_middle(apart: np.ndarray, heard: np.ndarray, week: np.ndarray) -> np.ndarray:
    """Differences, none of them wilder than twice `MOST_APART` beyond their week's median: one wild
    value of a source must not shift its level, and with it all others."""
    import numpy as np

    middle = np.zeros(week.max(initial=-1) + 1)
    for number in np.unique(week[heard]):
        middle[number] = np.median(apart[heard & (week == number)])
    return np.clip(apart, middle[week] - 2 * MAX_DIFFERENCE, middle[week] + 2 * MAX_DIFFERENCE)


def hints(
    model: np.ndarray, usual: np.ndarray, implied_team_total: np.ndarray
) -> dict[str, np.ndarray]:
    """What is heard beside the sources, half-PPR; NaN: not heard.

    Args:
        model: the model's points.
        usual: what each player usually scores.
        implied_team_total: points that the betting market gives each player's team.
    """
    return {USUAL: usual, MARKET: model * implied_team_total / USUAL_TEAM_TOTAL}


def _hints_of(unseen: pa.Table) -> dict[str, np.ndarray]:
    names = ("model_half", "usual_half", "implied_team_total")
    return hints(*(unseen[name].to_numpy() for name in names))


def learn_weights(unseen: pa.Table, source_projections: pa.Table) -> dict[str, float]:
    """Weights of the sources and the hints for one position: least squares, drawn to the prior.

    Learnt on players whom people may start: of those further down, sources say little.

    Args:
        unseen: projections out of the fold: key, model_half, usual_half, implied_team_total,
            receptions, target_half, starts.
    """
    import numpy as np

    sources = points_by_source(unseen, source_projections)
    if not sources:
        return {}
    model = unseen["model_half"].to_numpy()
    heard = _with_hints(sources, _hints_of(unseen))
    apart = centred_differences(model, heard, codes(unseen))
    told = unseen["starts"].to_numpy(zero_copy_only=False)
    told = told & ~np.isnan(np.column_stack(list(sources.values()))).all(axis=1)
    apart, error = apart[told], (unseen["target_half"].to_numpy() - model)[told]
    if not len(apart):
        return {}
    prior = _prior(heard)
    strength = PRIOR_ROWS * np.maximum((apart**2).mean(axis=0), 1e-9)
    gram = apart.T @ apart + np.diag(strength)
    found = np.linalg.solve(gram, apart.T @ error + strength * prior)
    return {name: round(float(weight), 4) for name, weight in _bounded(heard, found).items()}


def _with_hints(
    sources: dict[str, np.ndarray], hints: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The sources and, for players whom one of them projects, the hints."""
    import numpy as np

    silent = np.isnan(np.column_stack(list(sources.values()))).all(axis=1)
    return {**sources, **{name: np.where(silent, np.nan, told) for name, told in hints.items()}}


def _prior(heard: dict[str, np.ndarray]) -> np.ndarray:
    import numpy as np

    share = PRIOR_WEIGHT / len(heard.keys() - HINTS.keys())
    return np.array([HINTS[name].prior if name in HINTS else share for name in heard])


def _bounded(heard: dict[str, np.ndarray], weights: np.ndarray) -> dict[str, float]:
    """Weights by name: sources between 0 and `MOST_WEIGHT` together, hints within their bounds."""
    named = dict(zip(heard, weights, strict=True))
    total = sum(max(weight, 0.0) for name, weight in named.items() if name not in HINTS)
    share = min(1.0, MOST_WEIGHT / max(total, 1e-9))
    return {
        name: min(max(weight, HINTS[name].lowest), HINTS[name].highest)
        if name in HINTS
        else max(weight, 0.0) * share
        for name, weight in named.items()
    }


def learn_width(
    unseen: pa.Table, source_projections: pa.Table, weights: dict[str, float], table: np.ndarray
) -> float:
    """Width of p10-p90 around the median, relative to the model's, that holds four in five.

    Learnt on players whom people may start and other sources project: what the others know makes
    the consensus surer than the model alone.

    Args:
        table: the model's quantile table in half-PPR.
    """
    import numpy as np

    sources = points_by_source(unseen, source_projections)
    told = unseen["starts"].to_numpy(zero_copy_only=False)
    if not sources or not weights:
        return PRIOR_WIDTH
    told = told & ~np.isnan(np.column_stack(list(sources.values()))).all(axis=1)
    model = unseen["model_half"].to_numpy()
    together = combine(model, sources, weights, codes(unseen), _hints_of(unseen))[told]
    actual = unseen["target_half"].to_numpy()[told]
    low, middle, high = quantiles(table, together, np.ones(len(together)), LEVELS).T
    covered = [
        np.mean((actual >= middle - (middle - low) * w) & (actual <= middle + (high - middle) * w))
        for w in WIDTHS
    ]
    learnt = WIDTHS[int(np.argmin(np.abs(np.array(covered) - 0.8)))]
    share = told.sum() / (told.sum() + WIDTH_ROWS)
    return round(float(PRIOR_WIDTH + share * (learnt - PRIOR_WIDTH)), 4)


def combine(
    model: np.ndarray,
    sources: dict[str, np.ndarray],
    weights: dict[str, float],
    weeks: np.ndarray,
    hints: dict[str, np.ndarray],
) -> np.ndarray:
    """Consensus of one position, half-PPR; a source without a past has a share of the prior, among
    those that say something of any of these rows.

    It is never beyond what the model and the player's sources say.

    Args:
        weights: of `learn_weights`.
        weeks: any number that tells the rows' weeks apart.
        hints: of `hints`.
    """
    import numpy as np

    sources = {name: told for name, told in sources.items() if not np.isnan(told).all()}
    if not sources:
        return model
    heard = _with_hints(sources, hints)
    prior = dict(zip(heard, _prior(heard), strict=True))
    share = _bounded(heard, np.array([weights.get(name, prior[name]) for name in heard]))
    moves = centred_differences(model, heard, weeks) * np.array(list(share.values()))
    everybody = np.column_stack([model, *sources.values()])
    lowest, highest = np.nanmin(everybody, axis=1), np.nanmax(everybody, axis=1)
    return np.clip(model + moves.sum(axis=1), lowest, highest)
