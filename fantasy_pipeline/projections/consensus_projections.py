"""`projections`: the consensus of our model and all other sources, what people read.

What a source is worth beside the model is `model.consensus`'s; here the rows are made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fantasy_pipeline.football.scoring import SCORINGS, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, PROJECTIONS, TARGET_STATS
from fantasy_pipeline.football.tables.week_rows import codes, weeks_in
from fantasy_pipeline.ingest.projection_record import as_known_at
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.projections.model import consensus, features
from fantasy_pipeline.projections.model.intervals import (
    LEVELS,
    QUANTILES,
    quantile_table,
    quantiles,
)
from fantasy_pipeline.projections.model.stat_line import points
from fantasy_pipeline.projections.model.training import Model
from fantasy_pipeline.projections.model_projections import BASELINE, LIKELY, MODEL, with_reason

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

CONSENSUS = "consensus"


def projections(
    ours: pa.Table,
    source_projections: pa.Table,
    model_of: Callable[[int], Model | None],
    label: str | None,
) -> pa.Table:
    """The consensus of our model and the other sources.

    Args:
        ours: `MODEL_PROJECTIONS` of some weeks.
        source_projections: `SOURCE_PROJECTIONS` of those weeks.
        model_of: the model of a season, for what the sources are worth; None: not known.
        label: what to add to the source column.

    Returns:
        `PROJECTIONS`, one row per row of `ours`. Who is ruled out stays at 0, whatever other
        sources say. Stat lines and quantiles move in proportion to the points.
    """
    import numpy as np
    import pyarrow as pa

    others = consensus.points_by_source(ours, source_projections)
    half = ours["projected_points_half"].to_numpy()
    place, season = features.texts(ours, "position"), ours["season"].to_numpy()
    weeks = codes(ours)
    usual, total = (features.floats(ours, name) for name in ("usual_half", "implied_team_total"))
    together, width = half.copy(), np.ones(len(half))
    told = np.column_stack([half, *others.values()])
    base = _uncut_where_others_disagree(ours, told[:, 1:])
    hints = consensus.hints(base, usual, total)
    models = {int(year): model_of(int(year)) for year in np.unique(season)}
    # Week by week: who is heard in one must not depend on which others are projected with it.
    for week in np.unique(weeks):
        model = models[SeasonWeek.of_code(week).season]
        for position in FANTASY_POSITIONS:
            these = (weeks == week) & (place == position)
            theirs, beside = (
                {name: values[these] for name, values in told.items()} for told in (others, hints)
            )
            weights = model.source_weights.get(position, {}) if model else {}
            together[these] = consensus.combine(base[these], theirs, weights, weeks[these], beside)
            width[these] = model.width.get(position, consensus.PRIOR_WIDTH) if model else 1.0
    width[np.isnan(told[:, 1:]).all(axis=1)] = 1.0
    together[ours["plays"].to_numpy() == 0] = 0.0
    columns = {name: ours[name] for name in ours.column_names}
    columns |= _rescale(ours, half, together, width)
    points_now = columns["projected_points"].to_numpy()
    columns["reason"] = with_reason(ours["reason"].to_pylist(), points_now)
    columns["model_half"] = ours["projected_points_half"]
    nflcom = others.get(NFLCOM, np.full(len(half), np.nan))
    columns["nflcom_half"] = pa.array(nflcom, from_pandas=True)
    columns |= _provenance_columns(ours["source"].to_pylist(), told, label)
    return PROJECTIONS.shaped(pa.table(columns))


def _provenance_columns(
    names: list[str], told: np.ndarray, label: str | None
) -> dict[str, pa.Array]:
    """How many sources a projection is of, how far apart they are, and what it is called.

    Args:
        names: what our own projections are called.
        told: half-PPR points, ours first; NaN where a source says nothing.
    """
    import numpy as np
    import pyarrow as pa

    sources = (~np.isnan(told)).sum(axis=1)
    spread = np.nanmax(told, axis=1) - np.nanmin(told, axis=1)
    called = [
        _named(name, count > 1, label) for name, count in zip(names, sources.tolist(), strict=True)
    ]
    return {
        "sources": pa.array(sources),
        "spread": pa.array(np.round(spread, 2)),
        "source": pa.array(called, pa.string()),
    }


def _uncut_where_others_disagree(ours: pa.Table, others: np.ndarray) -> np.ndarray:
    """Our half-PPR points, as far as others leave them to us.

    They are cut less where we doubt that a player plays and others do not. A starter hurt after the
    report is news that others have and the model has not: between what we expect with the cut and
    without it, the others' mean decides. And of whom we have no past at all, as in a new lake, we
    know what they say.
    """
    import numpy as np

    half, plays = ours["projected_points_half"].to_numpy(), ours["plays"].to_numpy()
    told = ours["source"].to_pylist()
    simple = np.array([source.startswith(BASELINE) for source in told], dtype=bool)
    unknown = simple & (half == 0) & (plays > 0)
    counts = (~np.isnan(others)).sum(axis=1)
    mean = np.nansum(others, axis=1) / np.maximum(counts, 1)
    share = np.clip(plays / LIKELY, 0.01, 1.0)
    most = np.where(unknown, mean, half / share)
    return np.where(counts > 0, np.clip(mean, half, most), half)


def _named(source: str, more: bool, label: str | None) -> str:
    """Name of the consensus; of our model where nobody else projects the player."""
    if not more:
        return source
    name = CONSENSUS if source.startswith(MODEL) else f"{CONSENSUS} with {BASELINE}"
    return f"{name} ({label})" if label else name


def _rescale(
    ours: pa.Table, half: np.ndarray, together: np.ndarray, width: np.ndarray
) -> dict[str, pa.Array]:
    """Points, quantiles and stat lines, moved with the half-PPR points."""
    import numpy as np
    import pyarrow as pa

    line = {name: features.floats(ours, name) for name in TARGET_STATS}
    expected = _exact_points(ours, line)
    std, apart = expected["std"], together - expected["half"]
    # Where our model has next to nothing, a factor would turn cents into fortunes.
    small = half < 1.0
    # Whom we cut as unlikely to play, and others do not: our quantiles are of another question.
    restored = (ours["plays"].to_numpy() < LIKELY) & (apart > 0)
    # The sources differ in yards and touchdowns; receptions stay, unless that leaves too little.
    kept = (std >= 1.0) & (std + apart >= std / 3)
    whole = np.where(half > 0, together / np.maximum(expected["half"], 0.01), 1.0)
    factor = np.where(kept, (std + apart) / np.maximum(std, 0.01), whole)
    usual = quantile_table(np.empty(0), np.empty(0))
    out: dict[str, np.ndarray] = {}
    for scoring in SCORINGS:
        end = suffix(scoring)
        own = expected[scoring]
        moved = np.where(small | kept, np.maximum(own + apart, 0.0), own * whole)
        moved = np.where(together > 0, moved, 0.0)
        out[f"projected_points{end}"] = moved
        grown = moved / np.maximum(own, 0.01)
        levels = quantiles(usual, moved, np.ones(len(half)), LEVELS)
        for name, plain in zip(QUANTILES, levels.T, strict=True):
            middle = ours[f"p50{end}"].to_numpy() * grown
            scaled = middle + (ours[f"{name}{end}"].to_numpy() * grown - middle) * width
            level = np.where(small | restored, plain, scaled)
            out[f"{name}{end}"] = np.where(together > 0, level, 0.0)
    for name, values in line.items():
        catches = kept & (name in ("receptions", "targets"))
        out[name] = np.where(small, np.nan, values * np.where(catches, 1.0, factor))
    return {
        name: pa.array(np.round(values, 4 if name in TARGET_STATS else 2), from_pandas=True)
        for name, values in out.items()
    }


def _exact_points(ours: pa.Table, line: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Our points by scoring: those of the stat line where there is one.

    The points themselves are rounded: of a player whom we cut to a point, and others do not, the
    rest would grow with the rest of him, and his points would part from his stat line.
    """
    import numpy as np

    told = np.zeros(ours.num_rows, dtype=bool)
    for values in line.values():
        told |= ~np.isnan(values)
    filled = {name: np.nan_to_num(values) for name, values in line.items()}
    return {
        scoring: np.where(
            told,
            np.maximum(points(filled, scoring), 0.0),
            ours[f"projected_points{suffix(scoring)}"].to_numpy(),
        )
        for scoring in SCORINGS
    }


def consensus_gaps(ours: pa.Table, source_projections: pa.Table) -> dict[int, list[str]]:
    """Warnings, by season, about weeks that no other source projects."""
    told = set(weeks_in(as_known_at(source_projections)))
    alone: dict[int, list[int]] = {}
    for season, week in weeks_in(ours):
        if (season, week) in told:
            continue
        alone.setdefault(season, []).append(week)
    return {
        season: [
            f"projections {season}: no other source, our model alone, in week "
            + ", ".join(map(str, numbers))
        ]
        for season, numbers in alone.items()
    }
