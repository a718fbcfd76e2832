"""Accuracy of the projections of team defences: every team that played is scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK, PROJECTION_ACCURACY
from fantasy_pipeline.football.tables.week_rows import codes, of_defences
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.accuracy import SCORED, Projected
from fantasy_pipeline.projections.columns import as_floats
from fantasy_pipeline.projections.measures import measure
from fantasy_pipeline.projections.team_defense import (
    SAME_SCORING,
    consensus_rows,
    model_rows,
    stated_points,
)

KEY = list(PLAYER_WEEK)
POOLS = ("played", "all")
"""Pools of `projection_accuracy` that have defences. Every team that plays has a defence."""
USUAL = "naive recency-weighted"
ACTUAL = "target_half"
"""Column of `PLAYER_HISTORY` with the actual points, which are the same in every scoring."""


def defence_accuracy(
    history: pa.Table,
    projections: pa.Table,
    model_projections: pa.Table,
    source_projections: pa.Table,
) -> pa.Table:
    """Score the projections of team defences.

    Args:
        history: key, position and `target_half` of `PLAYER_HISTORY`, of those weeks or more: the
            actual points.
        projections, model_projections, source_projections: of some weeks; rows of other positions
            are ignored.

    Returns:
        `PROJECTION_ACCURACY` rows of position DST, equal in every scoring and pool. Sources in
        another scoring than ours are left out.
    """
    rows = of_defences(projections).select(KEY)
    played = of_defences(history).select([*KEY, ACTUAL])
    rows = rows.join(played.filter(pc.is_valid(played[ACTUAL])), KEY, join_type="inner")
    rows = rows.sort_by([(name, "ascending") for name in KEY])
    if not rows.num_rows:
        return PROJECTION_ACCURACY.arrow_schema.empty_table()
    stated = stated_points(rows, source_projections)
    sources = {
        "consensus": _own(rows, projections),
        "model": _own(rows, model_projections),
        USUAL: Projected(_column(rows, model_projections, "usual_half")),
        **{name: Projected(stated[:, at]) for at, name in enumerate(SAME_SCORING)},
    }
    out = list(_measures(rows, sources))
    return PROJECTION_ACCURACY.shaped(
        pa.Table.from_pylist(out, schema=PROJECTION_ACCURACY.arrow_schema)
    )


def backtest_defences(lake: Lake, history: pa.Table, seasons: Sequence[int]) -> pa.Table:
    """Project the defences of seasons walk-forward from the lake's imports, and score them.

    Args:
        history: `PLAYER_HISTORY` of the lake.

    Returns:
        `PROJECTION_ACCURACY` rows; none from a lake without defences.
    """
    weeks = [week for week in lake.weeks(tables.RAW_PLAYERS) if week.season in set(seasons)]
    listed = lake.read(tables.RAW_PLAYERS, weeks, [*KEY, "position"])
    defences, stated = of_defences(history), lake.read(tables.SOURCE_PROJECTIONS)
    ours = model_rows(defences, listed, weeks, None)
    return defence_accuracy(defences, consensus_rows(ours, stated, None), ours, stated)


def _own(rows: pa.Table, table: pa.Table) -> Projected:
    levels = [_column(rows, table, name) for name in ("p10", "p50", "p90")]
    return Projected(_column(rows, table, "projected_points"), np.column_stack(levels))


def _column(rows: pa.Table, table: pa.Table, name: str) -> np.ndarray:
    """Return a column of the same key, in the order of `rows`; NaN without a row."""
    keyed = rows.select(KEY).append_column("row", pa.array(np.arange(rows.num_rows)))
    both = keyed.join(table.select([*KEY, name]), KEY, join_type="inner")
    values = np.full(rows.num_rows, np.nan)
    values[both["row"].to_numpy()] = as_floats(both[name])
    return values


def _measures(rows: pa.Table, sources: Mapping[str, Projected]) -> Iterator[dict[str, object]]:
    """Yield the rows of each week, source, scoring and pool."""
    weeks, actual = codes(rows), as_floats(rows[ACTUAL])
    for number in np.unique(weeks):
        for source, projected in sources.items():
            at = np.flatnonzero((weeks == number) & ~np.isnan(projected.points))
            if not len(at):
                continue
            levels = None if projected.quantiles is None else projected.quantiles[at]
            values = measure(projected.points[at], actual[at], levels)
            about = {**SeasonWeek.of_code(number)._asdict(), "source": source, "position": DST}
            for scoring in SCORED:
                for pool in POOLS:
                    yield {**about, "scoring": scoring, "pool": pool, **values}
