"""The consensus: our model moved towards what the other sources say, by what they have been worth.

``consensus = model + sum over sources of weight x (source - model)``, in half-PPR, which every
source can be brought to. A source that says nothing about a player leaves him to the others; one
that disagrees wildly is heard up to `MOST_APART` points; one that copies another counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fantasy_pipeline.model.intervals import quantiles
from fantasy_pipeline.source_record import copies, known

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PRIOR_WEIGHT = 0.4
"""Weight of all other sources together before any of their past is known."""
PRIOR_ROWS = 2000
"""Player-weeks that the prior is worth."""
MOST_WEIGHT = 0.9
MOST_APART = 8.0
"""Points beyond which a source's difference from the model counts no more."""
WIDTHS = tuple(round(0.8 + 0.02 * step, 2) for step in range(16))
PRIOR_WIDTH = 0.95
"""Width of the consensus's p10-p90 relative to the model's before it can be learnt."""
FEW_ROWS = 300
KEY = ["season", "week", "player_id"]
POINTS = ["points_std", "points_half", "points_ppr"]


def half_points(table: pa.Table, receptions: np.ndarray) -> np.ndarray:
    """A source's points in half-PPR, by expected receptions where it gives another scoring."""
    import numpy as np

    def column(name: str) -> np.ndarray:
        return table[name].cast("float64").fill_null(float("nan")).to_numpy()

    std, half, ppr = column("points_std"), column("points_half"), column("points_ppr")
    for other in ((std + ppr) / 2, ppr - receptions / 2, std + receptions / 2):
        half = np.where(np.isnan(half), other, half)
    return half


def beside(
    rows: pa.Table, source_projections: pa.Table, with_copies: bool = False
) -> dict[str, np.ndarray]:
    """Half-PPR points of each independent source, as known at kick-off, in the order of `rows`;
    NaN where it has none.

    Args:
        rows: key columns and receptions.
        source_projections: `SOURCE_PROJECTIONS`.
        with_copies: sources that copy another as well.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    source_projections = known(source_projections).select(["source", *KEY, *POINTS])
    keyed = rows.select([*KEY, "receptions"]).append_column(
        "row", pa.array(np.arange(rows.num_rows))
    )
    out: dict[str, np.ndarray] = {}
    for source in sorted(pc.unique(source_projections["source"]).to_pylist()):
        theirs = source_projections.filter(pc.equal(source_projections["source"], source))
        both = keyed.join(theirs.drop_columns(["source"]), KEY, join_type="inner")
        values = np.full(rows.num_rows, np.nan)
        receptions = both["receptions"].fill_null(0.0).to_numpy()
        values[both["row"].to_numpy()] = half_points(both, receptions)
        # 0 is how sources say that they have no projection.
        values[~(values > 0)] = np.nan
        out[source] = values
    same = {} if with_copies else copies(out)
    return {source: values for source, values in out.items() if source not in same}


def differences(model: np.ndarray, sources: dict[str, np.ndarray]) -> np.ndarray:
    """Source less model, one column per source, 0 where a source says nothing."""
    import numpy as np

    columns = [
        np.clip(np.nan_to_num(values - model), -MOST_APART, MOST_APART)
        for values in sources.values()
    ]
    return np.column_stack(columns) if columns else np.zeros((len(model), 0))


def learn_weights(unseen: pa.Table, source_projections: pa.Table) -> dict[str, float]:
    """Weights of the sources of one position: least squares, drawn to the prior.

    Args:
        unseen: projections out of the fold: key, model_half, receptions, target_half.
    """
    import numpy as np

    sources = beside(unseen, source_projections)
    if not sources:
        return {}
    model = unseen["model_half"].to_numpy()
    apart = differences(model, sources)
    told = np.any(apart != 0, axis=1)
    apart, error = apart[told], (unseen["target_half"].to_numpy() - model)[told]
    if not len(apart):
        return {}
    prior = np.full(len(sources), PRIOR_WEIGHT / len(sources))
    strength = PRIOR_ROWS * (apart**2).mean(axis=0)
    gram = apart.T @ apart + np.diag(strength)
    weights = np.maximum(np.linalg.solve(gram, apart.T @ error + strength * prior), 0.0)
    weights *= min(1.0, MOST_WEIGHT / max(weights.sum(), 1e-9))
    return {
        source: round(float(weight), 4) for source, weight in zip(sources, weights, strict=True)
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

    sources = beside(unseen, source_projections)
    told = unseen["starts"].to_numpy(zero_copy_only=False)
    if not sources or not weights:
        return PRIOR_WIDTH
    told = told & ~np.isnan(np.column_stack(list(sources.values()))).all(axis=1)
    if told.sum() < FEW_ROWS:
        return PRIOR_WIDTH
    model = unseen["model_half"].to_numpy()
    together = combine(model, sources, weights)[told]
    actual = unseen["target_half"].to_numpy()[told]
    low, middle, high = quantiles(table, together, np.ones(len(together)), (0.1, 0.5, 0.9)).T
    covered = [
        np.mean((actual >= middle - (middle - low) * w) & (actual <= middle + (high - middle) * w))
        for w in WIDTHS
    ]
    return WIDTHS[int(np.argmin(np.abs(np.array(covered) - 0.8)))]


def combine(
    model: np.ndarray, sources: dict[str, np.ndarray], weights: dict[str, float]
) -> np.ndarray:
    """Consensus of one position, half-PPR; a source without a past has a share of the prior."""
    import numpy as np

    if not sources:
        return model
    share = np.array([weights.get(source, PRIOR_WEIGHT / len(sources)) for source in sources])
    share *= min(1.0, MOST_WEIGHT / max(share.sum(), 1e-9))
    return np.maximum(model + (differences(model, sources) * share).sum(axis=1), 0.0)
