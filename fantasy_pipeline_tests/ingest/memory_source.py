"""A source of upstream's tables that serves tables in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline_tests.rows import rows_of

CONTRACTS = {
    **schema.BY_SEASON,
    "schedule": schema.SCHEDULE,
    "player_ids": schema.PLAYER_IDS,
    "players": schema.PLAYERS,
    "market_values": schema.MARKET_VALUES,
    "nflcom_projections": schema.NFLCOM_PROJECTIONS,
    "nflcom_defenders": schema.NFLCOM_PROJECTIONS,
    "nflcom_positions": schema.NFLCOM_POSITIONS,
    "nflcom_results": schema.NFLCOM_RESULTS,
}


class MemorySource:
    """A `Source` over tables in memory; a data set without a table is not published."""

    def __init__(self, **tables: pa.Table) -> None:
        self.tables = tables
        self.left_out: list[str] = []

    def _season(self, dataset: str, season: int) -> pa.Table:
        table = self._whole(dataset, season)
        table = table.filter(pc.equal(table["season"], season))
        if table.num_rows == 0:
            raise NotPublishedError(dataset, "HTTP 404", "Wait.", season)
        return table

    def _whole(self, dataset: str, season: int | None = None) -> pa.Table:
        if dataset not in self.tables:
            raise NotPublishedError(dataset, "HTTP 404", "Wait.", season)
        return self.tables[dataset]

    def schedule(self) -> pa.Table:
        return self._whole("schedule")

    def weekly_stats(self, season: int) -> pa.Table:
        return self._season("weekly_stats", season)

    def weekly_rosters(self, season: int) -> pa.Table:
        return self._season("weekly_rosters", season)

    def injuries(self, season: int) -> pa.Table:
        return self._season("injuries", season)

    def snap_counts(self, season: int) -> pa.Table:
        return self._season("snap_counts", season)

    def player_ids(self) -> pa.Table:
        return self._whole("player_ids")

    def players(self) -> pa.Table:
        return self._whole("players")

    def market_values(self) -> pa.Table:
        return self._whole("market_values")

    def nflcom_projections(self, season: int, weeks: Iterable[int]) -> pa.Table:
        table = self._season("nflcom_projections", season)
        return table.filter(pc.is_in(table["week"], pa.array(list(weeks), pa.int32())))

    def nflcom_defenders(self, season: int, weeks: Iterable[int]) -> pa.Table:
        if "nflcom_defenders" not in self.tables:
            return schema.NFLCOM_PROJECTIONS.arrow_schema.empty_table()
        table = self._season("nflcom_defenders", season)
        return table.filter(pc.is_in(table["week"], pa.array(list(weeks), pa.int32())))

    def nflcom_positions(self, season: int, week: int) -> pa.Table:
        table = self._season("nflcom_positions", season)
        return table.filter(pc.equal(table["week"], week))

    def nflcom_results(self, season: int, weeks: Iterable[int]) -> pa.Table:
        table = self._season("nflcom_results", season)
        return table.filter(pc.is_in(table["week"], pa.array(list(weeks), pa.int32())))

    def reader_of(self, dataset: str) -> str:
        return "memory"

    def notes(self, dataset: str, season: int) -> list[str]:
        return self.left_out if dataset == "weekly_rosters" else []


def memory_source(**datasets: list[dict[str, Any]]) -> MemorySource:
    """Return a source that serves these rows: `memory_source(weekly_rosters=[{...}], ...)`."""
    return MemorySource(
        **{name: rows_of(CONTRACTS[name], *records) for name, records in datasets.items()}
    )
