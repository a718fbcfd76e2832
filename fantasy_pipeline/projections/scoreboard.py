"""The scoreboard: `projection_accuracy` over many weeks, and the backtest that makes it anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football import tables
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.accuracy import ALL, LAST_WEEK, POOL, pooled, ratio_to_nflcom

if TYPE_CHECKING:
    import pyarrow as pa

_MEASURES = ("players", "mae", "rmse", "bias", "spearman", "start_sit", "coverage", "pinball")


def scoreboard(
    accuracy: pa.Table, by: str | None = None, scoring: str = "ppr", pool: str = "played"
) -> pa.Table:
    """Accuracy pooled over weeks, regular season weeks 1-17.

    Args:
        accuracy: `PROJECTION_ACCURACY` rows.
        by: ``season``, ``week`` or ``position``; None: everything in one.
        scoring: ``half`` or ``ppr``.
        pool: ``played`` or ``all``.

    Returns:
        One row per group and source, best RMSE first, with each measure, and `mae_ratio` and
        `rmse_ratio` to NFL.com on the very players that the source projects. Weeks that NFL.com has
        no file of are left out where there are others, so that all answer for the same weeks.
    """
    import pyarrow as pa

    rows = [
        row
        for row in accuracy.to_pylist()
        if row["scoring"] == scoring
        and row["pool"] == pool
        and row["week"] <= LAST_WEEK
        and (row["position"] != ALL)
        and (by == "position" or row["position"] != "K")
    ]
    compared = {(row["season"], row["week"]) for row in rows if row["source"] == NFLCOM}
    if compared:
        rows = [row for row in rows if (row["season"], row["week"]) in compared]
    groups: dict[tuple[Any, str], list[Any]] = {}
    for row in rows:
        groups.setdefault((row[by] if by else "all", row["source"]), []).append(row)
    out: list[dict[str, Any]] = []
    for (group, source), parts in groups.items():
        line: dict[str, Any] = {"group": str(group), "source": source, **pooled(parts)}
        for name in ("mae", "rmse"):
            line[f"{name}_ratio"] = ratio_to_nflcom(line, name)
        out.append(line)
    order = list(POOL) if by == "position" else None
    out.sort(key=lambda row: (_place(row["group"], order), row["rmse"], row["source"]))
    names = {"group": by or "weeks", "source": "source"}
    columns: dict[str, list[Any]] = {names[name]: [row[name] for row in out] for name in names}
    for name in (*_MEASURES, "mae_ratio", "rmse_ratio"):
        values = [row[name] for row in out]
        columns[name] = [v if v is None or name == "players" else round(v, 4) for v in values]
    return pa.table(columns)


def _place(group: str, order: Sequence[str] | None) -> tuple[int, str]:
    if order:
        return order.index(group), ""
    return (int(group), "") if group.isdigit() else (0, group)


def stored_accuracy(lake: Lake, seasons: Sequence[int] | None) -> pa.Table:
    """`PROJECTION_ACCURACY` rows in the lake, of some seasons.

    Raises:
        PipelineError: there are none.
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
