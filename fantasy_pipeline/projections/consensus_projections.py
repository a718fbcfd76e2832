"""`projections`: the consensus of our model and all other sources.

`model.consensus` learns the weights of the sources and combines points; this module makes the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from fantasy_pipeline.football.scoring import SCORINGS, Scoring, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, PROJECTIONS, TARGET_STATS
from fantasy_pipeline.football.tables.week_rows import codes, weeks_in
from fantasy_pipeline.ingest.projection_record import as_known_at
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model import consensus
from fantasy_pipeline.projections.model.intervals import (
    LEVELS,
    QUANTILES,
    quantile_table,
    quantiles,
)
from fantasy_pipeline.projections.model.stat_line import points
from fantasy_pipeline.projections.model.training import Model
from fantasy_pipeline.projections.model_projections import BASELINE, LIKELY, MODEL, with_reason

CONSENSUS = "consensus"
_SMALL = 1.0
"""Half-PPR points of our model below which a player's numbers are not scaled by a factor: a factor
would turn hundredths into points."""


def projections(
    ours: pa.Table,
    source_projections: pa.Table,
    model_of: Callable[[int], Model | None],
    label: str | None,
) -> pa.Table:
    """Return the consensus of our model and the other sources.

    Args:
        ours: `MODEL_PROJECTIONS` of some weeks.
        source_projections: `SOURCE_PROJECTIONS` of those weeks.
        model_of: returns the model of a season, for its source weights; None: there is no model.
        label: text to add to the source column.

    Returns:
        `PROJECTIONS`, one row per row of `ours`. Players who are ruled out stay at 0 even if
        other sources project them. Stat lines and quantiles move in proportion to the points.
    """
    others = consensus.points_by_source(ours, source_projections)
    half = ours["projected_points_half"].to_numpy()
    # (rows, ours and the other sources): half-PPR points, NaN where a source states nothing
    stated = np.column_stack([half, *others.values()])
    together, width = _combined(ours, others, stated, model_of)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: ours[name] for name in ours.column_names
    }
    columns |= _rescale(ours, half, together, width)
    rounded = columns["projected_points"].to_numpy()
    columns["reason"] = with_reason(ours["reason"].to_pylist(), rounded)
    columns["model_half"] = ours["projected_points_half"]
    nflcom = others.get(NFLCOM, np.full(len(half), np.nan))
    columns["nflcom_half"] = pa.array(nflcom, from_pandas=True)
    columns |= _provenance_columns(ours["source"].to_pylist(), stated, label)
    return PROJECTIONS.shaped(pa.table(columns))


def _combined(
    ours: pa.Table,
    others: Mapping[str, np.ndarray],
    stated: np.ndarray,
    model_of: Callable[[int], Model | None],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the consensus's half-PPR points and its width of p10-p90, both (rows,).

    Args:
        others: half-PPR points of each other source, (rows,).
        stated: the same as columns, after ours.
    """
    weeks, positions = codes(ours), as_texts(ours["position"])
    usual, total = (as_floats(ours[name]) for name in ("usual_half", "implied_team_total"))
    base = _uncut_where_others_disagree(ours, stated[:, 1:])
    hints = consensus.hints(base, usual, total)
    together, width = stated[:, 0].copy(), np.ones(len(weeks))
    models = {int(season): model_of(int(season)) for season in np.unique(ours["season"].to_numpy())}
    # Week by week: a week's rows must not depend on the other weeks that are projected with it.
    for week in np.unique(weeks):
        model = models[SeasonWeek.of_code(week).season]
        for position in FANTASY_POSITIONS:
            rows = (weeks == week) & (positions == position)
            sources_here, hints_here = (
                {name: values[rows] for name, values in inputs.items()}
                for inputs in (others, hints)
            )
            weights = model.source_weights.get(position, {}) if model else {}
            together[rows] = consensus.combine(
                base[rows], sources_here, weights, weeks[rows], hints_here
            )
            width[rows] = model.width.get(position, consensus.PRIOR_WIDTH) if model else 1.0
    # Players that no other source projects keep the model's width; players ruled out stay at 0.
    width[np.isnan(stated[:, 1:]).all(axis=1)] = 1.0
    together[ours["plays"].to_numpy() == 0] = 0.0
    return together, width


def _provenance_columns(
    names: list[str], stated: np.ndarray, label: str | None
) -> dict[str, pa.Array]:
    """Return the columns with the number of sources, their spread, and the projection's source.

    Args:
        names: the source column of our own projections.
        stated: half-PPR points, (rows, ours and the other sources); NaN where a source has none.
    """
    sources = (~np.isnan(stated)).sum(axis=1)
    spread = np.nanmax(stated, axis=1) - np.nanmin(stated, axis=1)
    named = [
        _named(name, count > 1, label) for name, count in zip(names, sources.tolist(), strict=True)
    ]
    return {
        "sources": pa.array(sources),
        "spread": pa.array(np.round(spread, 2)),
        "source": pa.array(named, pa.string()),
    }


def _uncut_where_others_disagree(ours: pa.Table, others: np.ndarray) -> np.ndarray:
    """Return our half-PPR points, (rows,), cut less where other sources expect the player to play.

    We cut the points of players who are unlikely to play. A starter's injury after the report is
    news that other sources have and the model has not: the other sources' mean decides between
    our points with the cut and without it. For a player without any past, as in a new lake, their
    mean alone decides.

    Args:
        others: half-PPR points, (rows, other sources); NaN where a source has none.
    """
    half, plays = ours["projected_points_half"].to_numpy(), ours["plays"].to_numpy()
    names = ours["source"].to_pylist()
    # (rows,): players that the baseline projects at 0 though nothing rules them out
    baseline = np.array([name.startswith(BASELINE) for name in names], dtype=bool)
    unknown = baseline & (half == 0) & (plays > 0)
    # (rows,): number and mean of the other sources that project the player
    counts = (~np.isnan(others)).sum(axis=1)
    mean = np.nansum(others, axis=1) / np.maximum(counts, 1)
    # (rows,): our points without the cut
    share = np.clip(plays / LIKELY, 0.01, 1.0)
    uncut = np.where(unknown, mean, half / share)
    return np.where(counts > 0, np.clip(mean, half, uncut), half)


def _named(source: str, others: bool, label: str | None) -> str:
    """Return the consensus's name; our own projection's name if no other source has the player."""
    if not others:
        return source
    name = CONSENSUS if source.startswith(MODEL) else f"{CONSENSUS} with {BASELINE}"
    return f"{name} ({label})" if label else name


def _rescale(
    ours: pa.Table, half: np.ndarray, together: np.ndarray, width: np.ndarray
) -> dict[str, pa.Array]:
    """Return points, quantiles and stat lines, by column name, moved with the half-PPR points.

    Args:
        half: our half-PPR points, (rows,).
        together: the consensus's half-PPR points, (rows,).
        width: width of p10-p90 relative to ours, (rows,).
    """
    # (rows,) by stat and by scoring: our stat line and the exact points that follow from it
    line = {name: as_floats(ours[name]) for name in TARGET_STATS}
    expected = _exact_points(ours, line)
    # (rows,): half-PPR points by which the consensus differs from ours
    std, difference, small = expected["std"], together - expected["half"], half < _SMALL
    # (rows,): other sources expect an unlikely player to play; our quantiles are of his absence
    restored = (ours["plays"].to_numpy() < LIKELY) & (difference > 0)
    # (rows,): receptions stay as projected, because sources differ in yards and touchdowns, unless
    # too few points without receptions would remain
    kept = (std >= 1.0) & (std + difference >= std / 3)
    # (rows,): factor of all stats, and of the stats other than receptions and targets
    whole = np.where(half > 0, together / np.maximum(expected["half"], 0.01), 1.0)
    factor = np.where(kept, (std + difference) / np.maximum(std, 0.01), whole)
    out: dict[str, np.ndarray] = {}
    for scoring in SCORINGS:
        own = expected[scoring]
        # (rows,): every scoring moves by the same points if receptions stay, else in proportion
        moved = np.where(small | kept, np.maximum(own + difference, 0.0), own * whole)
        moved = np.where(together > 0, moved, 0.0)
        out[f"projected_points{suffix(scoring)}"] = moved
        grown = moved / np.maximum(own, 0.01)
        levels = _rescaled_quantiles(ours, scoring, moved, grown, width, small | restored)
        out |= {name: np.where(together > 0, level, 0.0) for name, level in levels.items()}
    for name, values in line.items():
        unchanged = kept & (name in ("receptions", "targets"))
        out[name] = np.where(small, np.nan, values * np.where(unchanged, 1.0, factor))
    return {
        name: pa.array(np.round(values, 4 if name in TARGET_STATS else 2), from_pandas=True)
        for name, values in out.items()
    }


def _rescaled_quantiles(
    ours: pa.Table,
    scoring: Scoring,
    moved: np.ndarray,
    grown: np.ndarray,
    width: np.ndarray,
    usual: np.ndarray,
) -> dict[str, np.ndarray]:
    """Return one scoring's quantiles by column name, (rows,).

    Args:
        moved: the consensus's points, (rows,).
        grown: the same relative to ours, (rows,).
        width: width of p10-p90 relative to ours, (rows,).
        usual: mask of rows that get the usual quantiles of such points instead of ours, (rows,).
    """
    end = suffix(scoring)
    out = {}
    # (rows, quantiles): the usual quantiles, without any model
    table = quantile_table(np.empty(0), np.empty(0))
    levels = quantiles(table, moved, np.ones(len(moved)), LEVELS)
    # (rows,): our median in proportion to the points; floor and ceiling at `width` around it
    middle = ours[f"p50{end}"].to_numpy() * grown
    for name, plain in zip(QUANTILES, levels.T, strict=True):
        scaled = middle + (ours[f"{name}{end}"].to_numpy() * grown - middle) * width
        out[f"{name}{end}"] = np.where(usual, plain, scaled)
    return out


def _exact_points(ours: pa.Table, line: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return our points by scoring, (rows,): those of the stat line where there is one.

    The stored points are rounded. If other sources restore a player whom we cut to one point, the
    rounding error would grow with his points, and they would no longer fit his stat line.
    """
    has_line = np.zeros(ours.num_rows, dtype=bool)
    for values in line.values():
        has_line |= ~np.isnan(values)
    filled = {name: np.nan_to_num(values) for name, values in line.items()}
    return {
        scoring: np.where(
            has_line,
            np.maximum(points(filled, scoring), 0.0),
            ours[f"projected_points{suffix(scoring)}"].to_numpy(),
        )
        for scoring in SCORINGS
    }


def consensus_gaps(ours: pa.Table, source_projections: pa.Table) -> dict[int, list[str]]:
    """Return warnings, by season, about weeks that no other source projects."""
    stated = set(weeks_in(as_known_at(source_projections)))
    alone: dict[int, list[int]] = {}
    for season, week in weeks_in(ours):
        if (season, week) not in stated:
            alone.setdefault(season, []).append(week)
    return {
        season: [
            f"projections {season}: only our model projects week {', '.join(map(str, numbers))}; "
            f"no other source does"
        ]
        for season, numbers in alone.items()
    }
