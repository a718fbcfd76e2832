"""Readable views of the lake: the lake itself, or the lake as one run sees it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import pyarrow as pa

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table


class Reads(Protocol):
    """A `Lake`, or the `RunTables` of a run. See `Lake` for the arguments."""

    def weeks(self, table: Table) -> list[SeasonWeek]: ...

    def read(
        self,
        table: Table,
        weeks: Sequence[SeasonWeek] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table: ...

    def read_if_stored(
        self,
        table: Table,
        week: SeasonWeek | None = None,
        columns: Sequence[str] | None = None,
        seasons: Collection[int] | None = None,
    ) -> pa.Table | None: ...
