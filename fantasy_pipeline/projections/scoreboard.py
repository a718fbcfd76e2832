"""The scoreboard: `projection_accuracy` pooled over many weeks, one row per source.

The backtest, which computes `projection_accuracy` anew for past seasons, is in `backtest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.positions import DEFENDER_GROUPS, DST
from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.season_week import ranges, week_ranges
from fantasy_pipeline.football.tables.week_rows import weeks_in
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.duck import arrow, database, query
from fantasy_pipeline.projections.accuracy import ALL, COUNTED, EVERYONE, LAST_WEEK, NAIVE, POOL

Group = Literal["season", "week", "position"]
Pool = Literal["played", "all", "everyone"]
POOLS: dict[Pool, str] = {
    "played": "players who played",
    "all": "players all, who did not play scored 0",
    "everyone": "everyone with a projection of 8 PPR points or more",
}
"""The pools in words; a projection is that of a source, of ours or of the recency-weighted mean."""


def scoreboard(
    accuracy: pa.Table, by: Group | None = None, scoring: Scoring = "ppr", pool: Pool = "played"
) -> pa.Table:
    """Return accuracy pooled over the regular season's weeks 1-17.

    Args:
        accuracy: `PROJECTION_ACCURACY` rows.
        by: one row per season, week or position; None: one row for all.
        scoring: ``half`` or ``ppr``.
        pool: one of `POOLS`.

    Returns:
        One row per group and source, best RMSE first, measures rounded to 4 decimals. `mae_ratio`
        and `rmse_ratio` compare with NFL.com's errors on the players that the source projects. If
        NFL.com projects any week, weeks without NFL.com are left out for all sources.
    """
    with database() as connection:
        connection.register("accuracy", accuracy)
        pooled = arrow(
            connection,
            query(__package__, "scoreboard"),
            by=by,
            scoring=scoring,
            pool=pool,
            last_week=LAST_WEEK,
            positions=[*POOL, DST, *DEFENDER_GROUPS],
            counted=list(COUNTED),
            total=ALL,
            nflcom=NFLCOM,
        )
    return _named(pooled, [by or "weeks", *pooled.column_names[1:]])


def team_board(
    accuracy: pa.Table, by: Literal["season", "week"] | None = None, scoring: Scoring = "ppr"
) -> pa.Table:
    """Return what the projections say about teams, over the regular season's weeks 1-17.

    Args:
        accuracy: `PROJECTION_ACCURACY` rows.
        by: one row per season or week; None: one row for all.

    Returns:
        One row per position of one starter (QB, K), group and source, measures rounded to 4
        decimals. The naive baselines are left out: they project every listed player as if he
        plays, so they do not say who starts. Columns: team_weeks, starter_right, two_starters,
        projected and scored points per team, sum_off (projected over scored points, less 1) and
        yards_apart. Rows that an older version scored have none.
    """
    with database() as connection:
        connection.register("accuracy", accuracy)
        pooled = arrow(
            connection,
            query(__package__, "team_board"),
            by=by,
            scoring=scoring,
            pool=EVERYONE,
            last_week=LAST_WEEK,
            naive=list(NAIVE),
        )
    return _named(pooled, ["position", by or "weeks", *pooled.column_names[2:]])


def _named(pooled: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return a table with other column names and rounded measures."""
    columns = {
        name: _rounded(column) if pa.types.is_floating(column.type) else column
        for name, column in zip(names, pooled, strict=True)
    }
    return pa.table(columns)


def _rounded(column: pa.ChunkedArray) -> pa.Array:
    # Python rounds the exact value; DuckDB and numpy round a product with 10,000.
    values = column.to_pylist()
    return pa.array([None if v is None else round(v, 4) for v in values], pa.float64())


def require_everyone(accuracy: pa.Table) -> str | None:
    """Return a warning that names the weeks scored by a version without the pool *everyone*.

    Such weeks have no measures of teams, either. None if there are no such weeks.

    Args:
        accuracy: `PROJECTION_ACCURACY` rows.

    Raises:
        PipelineError: all weeks that count are such weeks.
    """
    counted = accuracy.filter(pc.less_equal(accuracy["week"], LAST_WEEK))
    scored = set(weeks_in(counted.filter(pc.equal(counted["position"], ALL))))
    whole = set(weeks_in(counted.filter(pc.equal(counted["pool"], EVERYONE))))
    if not (older := scored - whole):
        return None
    seasons = ranges({week.season for week in older})
    text = (
        f"projection_accuracy of {week_ranges(older)} is of an earlier version, which scored "
        f"neither the pool {EVERYONE} nor teams: project the weeks again with "
        f"`fantasy-pipeline backfill --seasons {seasons}`"
    )
    if not whole:
        raise PipelineError(f"{text}.")
    return text


def stored_accuracy(lake: Lake, seasons: Sequence[int] | None) -> pa.Table:
    """Return the stored `PROJECTION_ACCURACY` rows of some seasons; None: of all.

    Raises:
        PipelineError: the lake has none.
    """
    weeks = [
        week
        for week in lake.weeks(tables.PROJECTION_ACCURACY)
        if seasons is None or week.season in seasons
    ]
    table = lake.read(tables.PROJECTION_ACCURACY, weeks)
    if not table.num_rows:
        asked = f" of {', '.join(map(str, seasons))}" if seasons else ""
        raise PipelineError(
            f"no projections{asked} have been scored yet; import and project weeks first, e.g. "
            f"`fantasy-pipeline backfill --seasons 2021-2024`."
        )
    return table
