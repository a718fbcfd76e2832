"""`projections`: the consensus of our model and all other sources.

`model.consensus` learns the weights of the sources and combines points; this module makes the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, PROJECTIONS
from fantasy_pipeline.football.tables.week_rows import codes, weeks_in
from fantasy_pipeline.ingest.projection_record import as_known_at
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.consensus_lines import (
    Chances,
    Own,
    moved,
    uncut_where_others_disagree,
)
from fantasy_pipeline.projections.model import consensus
from fantasy_pipeline.projections.model.training import Model
from fantasy_pipeline.projections.model_projections import (
    BASELINE,
    MODEL,
    as_stored,
    with_reason,
)

CONSENSUS = "consensus"


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
        other sources project them. Stat lines and quantiles move with the points.
    """
    others = consensus.points_by_source(ours, consensus.Stated.of(source_projections))
    seasons = pc.unique(ours["season"]).to_pylist()
    models = {season: model_of(season) for season in seasons}
    chances = Chances.of(ours, others)
    mine = Own.of(ours, chances, models)
    together, width = _combined(ours, mine.half, others, chances, models)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: ours[name] for name in ours.column_names
    }
    columns |= as_stored(moved(mine, together, width, chances))
    rounded = columns["projected_points"].to_numpy()
    columns["reason"] = with_reason(ours["reason"].to_pylist(), rounded)
    columns["model_half"] = ours["projected_points_half"]
    # (rows, ours and the other sources): half-PPR points, NaN where a source states nothing
    stated = np.column_stack([ours["projected_points_half"].to_numpy(), *others.values()])
    nflcom = others.get(NFLCOM, np.full(ours.num_rows, np.nan))
    columns["nflcom_half"] = pa.array(nflcom, from_pandas=True)
    columns |= _provenance_columns(ours["source"].to_pylist(), stated, label)
    return PROJECTIONS.shaped(pa.table(columns))


def _combined(
    ours: pa.Table,
    half: np.ndarray,
    others: Mapping[str, np.ndarray],
    chances: Chances,
    models: Mapping[int, Model | None],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the consensus's half-PPR points and its width of p10-p90, both (rows,).

    Points of quarterbacks, kickers and doubtful players are those of a week in which they play.

    Args:
        half: our half-PPR points, (rows,).
        others: half-PPR points of each other source, (rows,).
    """
    weeks, positions = codes(ours), as_texts(ours["position"])
    usual, total = (as_floats(ours[name]) for name in ("usual_half", "implied_team_total"))
    # What a source states about a player whom it expects to sit is not about a week in which he
    # starts.
    heard = {name: np.where(chances.sits(said), np.nan, said) for name, said in others.items()}
    base = uncut_where_others_disagree(ours, half, heard, chances)
    hints = consensus.hints(base, usual, total)
    # Sources overrate quarterbacks without a past by three points; our line of a replacement stays.
    known = consensus.known_of(np.nan_to_num(as_floats(ours["games"])))
    known = np.where(np.isnan(chances.starts), known, 1.0)
    together, width = half.copy(), np.ones(len(weeks))
    # Week by week: a week's rows must not depend on the other weeks that are projected with it.
    for week in np.unique(weeks):
        model = models[SeasonWeek.of_code(week).season]
        for position in FANTASY_POSITIONS:
            rows = (weeks == week) & (positions == position)
            sources_here, hints_here = (
                {name: values[rows] for name, values in inputs.items()} for inputs in (heard, hints)
            )
            weights = model.source_weights.get(position, {}) if model else {}
            together[rows] = consensus.combine(
                base[rows], sources_here, weights, weeks[rows], hints_here, known[rows]
            )
            prior = consensus.prior_width(position)
            width[rows] = model.width.get(position, prior) if model else 1.0
    # Players that no other source projects keep the model's width; players ruled out stay at 0.
    width[np.isnan(np.column_stack([half * np.nan, *heard.values()])).all(axis=1)] = 1.0
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


def _named(source: str, others: bool, label: str | None) -> str:
    """Return the consensus's name; our own projection's name if no other source has the player."""
    if not others:
        return source
    name = CONSENSUS if source.startswith(MODEL) else f"{CONSENSUS} with {BASELINE}"
    return f"{name} ({label})" if label else name


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
