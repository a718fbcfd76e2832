"""Metadata of materializations in the Dagster UI: row counts, schemas, previews, warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias
from urllib.parse import urlencode

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.lineage import column_sources
from fantasy_pipeline.football.tables.week_rows import codes, weeks_in
from fantasy_pipeline.orchestration.run_tables import LeftOut

Entry: TypeAlias = (
    dg.MetadataValue
    | dg.TableSchema
    | dg.TableColumnLineage
    | str
    | int
    | float
    | list[str]
    | dict[Any, Any]
)
"""What Dagster takes as the value of a metadata entry, as far as this project writes it."""
Metadata: TypeAlias = dict[str, Entry]
NO_GAMES = "no such week: the schedule has no game in it"
"""Metadata `games` of a week that the season does not have."""
_PREVIEW_ROWS = 10
_PREVIEW_COLUMNS = 12
# Only the latest weeks of a run: a preview takes 6 kB, those of a whole season 1 MB.
_PREVIEW_PARTITIONS = 4
_BEST_BY = {
    "weekly_stats": "fantasy_points_ppr",
    "provisional_stats": "fantasy_points_ppr",
    "source_projections": "points_ppr",
    "model_projections": "projected_points",
    "projections": "projected_points",
    "player_history": "last4_points_ppr",
    "stat_corrections": "points_difference",
    "team_defense_stats": "points_sleeper",
    "defender_projections": "projected_points",
    "projection_accuracy": "players",
    "rest_of_season": "points",
}
"""Column of which a preview shows the highest values, by table; the others show their last rows."""


def definition_metadata(table: Table) -> Metadata:
    """Return the metadata of an asset's definition: its columns with types and meanings."""
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            column.description,
            constraints=dg.TableColumnConstraints(
                nullable=column.nullable and column.name not in table.key,
                other=[*([column.unit] if column.unit else []), *column.constraints],
            ),
        )
        for column in table.columns
    ]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "dagster/table_name": table.name,
        "key": ", ".join(table.key),
    }


def lineage_metadata(table: str) -> Metadata:
    """Return the column lineage of a table, for a materialization; empty for upstream tables."""
    sources = column_sources(table)
    deps = {
        column: [dg.TableColumnDep(dg.AssetKey(name), source) for name, source in pairs]
        for column, pairs in sources.items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)} if deps else {}


def link_to_report(week: SeasonWeek, ui_url: str) -> dg.MetadataValue:
    """Return a link to a week's report in the Dagster UI; to all reports if `ui_url` is empty."""
    if not ui_url:
        return dg.MetadataValue.asset(dg.AssetKey("weekly_report"))
    query = urlencode({"view": "partitions", "partition": week.key})
    return dg.MetadataValue.url(f"{ui_url.rstrip('/')}/assets/weekly_report?{query}")


def preview(table: str, data: pa.Table) -> dg.TableMetadataValue:
    """Return the ten best rows of a table, e.g. those with the most points, and its first columns.

    A table of many weeks shows rows of its last week.
    """
    best = _BEST_BY.get(table)
    names = data.column_names[:_PREVIEW_COLUMNS]
    if best is None:
        shown = data.slice(max(data.num_rows - _PREVIEW_ROWS, 0))
    else:
        names += [best] if best not in names else []
        of_row = codes(data)
        last = data.filter(pa.array(of_row == of_row.max())) if len(data) else data
        size = last[best] if table != "stat_corrections" else pc.abs(last[best])
        order = pc.sort_indices(size, sort_keys=[("", "descending")])
        shown = last.take(order[:_PREVIEW_ROWS])
    rows = shown.select(names).to_pylist()
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord({name: _plain(value) for name, value in row.items()}) for row in rows
        ],
        schema=dg.TableSchema(columns=[dg.TableColumn(name) for name in names]),
    )


def _plain(value: str | float | bool | date | datetime | None) -> str | int | float | bool:
    if isinstance(value, (bool, int, float, str)):
        return value
    return "" if value is None else str(value)


def add_week_metadata(
    context: dg.AssetExecutionContext,
    data: pa.Table,
    weeks: Sequence[SeasonWeek],
    games_played: Mapping[SeasonWeek, tuple[int, int]],
    warnings: Mapping[int, Sequence[str]],
    label: str | None,
    more: Mapping[SeasonWeek, Mapping[str, Entry]] | None = None,
    left_out: Mapping[SeasonWeek, LeftOut] | None = None,
) -> None:
    """Add the metadata of each partition, and log the warnings of the run once.

    Args:
        data: the asset's rows, sorted by season and week.
        weeks: partitions of the run; weeks without rows are reported too.
        games_played: by week, the number of games with a score and the number of games.
        warnings: by season, what readers of the data must know.
        label: what the data are, if not real.
        more: by week, metadata that only this asset has.
        left_out: weeks that the run does not make; Dagster shows them as materialized, with 0 rows.
    """
    for warning in (text for texts in warnings.values() for text in texts):
        context.log.warning(warning)
    of_row = codes(data)
    previewed = set(weeks_in(data)[-_PREVIEW_PARTITIONS:])
    for week in weeks:
        start, stop = np.searchsorted(of_row, [week.code, week.code + 1])
        metadata: Metadata = {"dagster/partition_row_count": int(stop - start)}
        metadata |= _games(games_played.get(week))
        if left_out and week in left_out:
            metadata["not made"] = left_out[week].reason
            if week not in games_played:
                metadata["games"] = left_out[week].reason
        elif more:
            metadata |= more.get(week, {})
        if warnings.get(week.season):
            metadata["warnings"] = list(warnings[week.season])
        if label:
            metadata["data"] = label
        if week in previewed:
            rows = data.slice(start, stop - start)
            metadata["preview"] = preview(context.asset_key.path[-1], rows)
        if week == weeks[-1]:
            # The UI draws the lineage of the latest materialization.
            metadata |= lineage_metadata(context.asset_key.path[-1])
        context.add_asset_metadata(metadata, partition_key=week.key)


def _games(played: tuple[int, int] | None) -> Metadata:
    """Return how many games of a week are played; None: the season has no such week."""
    if played is None:
        return {"games": NO_GAMES}
    return {"games": f"{played[0]} of {played[1]} played", "complete": played[0] == played[1]}
