"""Accuracy of the projections of team defences: every team that played is scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK, PROJECTION_ACCURACY
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.accuracy import SCORED, Projected
from fantasy_pipeline.projections.columns import as_floats
from fantasy_pipeline.projections.measures import measure
from fantasy_pipeline.projections.team_defense import (
    COLUMNS,
    POINTS,
    SAME_SCORING,
    consensus_rows,
    model_rows,
    of_defences,
    stated_points,
)

KEY = list(PLAYER_WEEK)
POOLS = ("played", "all")
"""Pools of `projection_accuracy` that have defences. Every team that plays has a defence."""
USUAL = "naive recency-weighted"


def stored_defences(lake: Lake) -> pa.Table:
    """Return the columns of `TEAM_DEFENSE_STATS` that projections need; no row in an older lake."""
    try:
        return lake.read(tables.TEAM_DEFENSE_STATS, columns=[*KEY, *COLUMNS])
    except NotMaterializedError:
        return tables.TEAM_DEFENSE_STATS.arrow_schema.empty_table().select([*KEY, *COLUMNS])


def defence_accuracy(
    defences: pa.Table,
    projections: pa.Table,
    model_projections: pa.Table,
    source_projections: pa.Table,
) -> pa.Table:
    """Score the projections of team defences.

    Args:
        defences: key and `COLUMNS` of `TEAM_DEFENSE_STATS`: the actual points.
        projections, model_projections, source_projections: of some weeks; rows of other positions
            are ignored.

    Returns:
        `PROJECTION_ACCURACY` rows of position DST, equal in every scoring and pool. Sources in
        another scoring than ours are left out.
    """
    rows = of_defences(projections).select(KEY)
    rows = rows.join(defences.select([*KEY, POINTS]), KEY, join_type="inner")
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


def backtest_defences(lake: Lake, seasons: Sequence[int]) -> pa.Table:
    """Project the defences of seasons walk-forward from the lake's imports, and score them.

    Returns:
        `PROJECTION_ACCURACY` rows; none from a lake without defences.
    """
    weeks = [week for week in lake.weeks(tables.RAW_PLAYERS) if week.season in set(seasons)]
    columns = [*KEY, "player_name", "position", "team", "opponent", "is_home", "on_bye"]
    listed = lake.read(tables.RAW_PLAYERS, weeks, columns)
    defences, stated = stored_defences(lake), lake.read(tables.SOURCE_PROJECTIONS)
    ours = model_rows(defences, lake.read(tables.GAMES), listed, weeks, None)
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
    weeks, actual = codes(rows), as_floats(rows[POINTS])
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
