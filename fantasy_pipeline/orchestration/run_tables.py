"""The lake as one run sees it: rows that the run has at hand are not read again.

Steps of a run share it when they run in one process, as the in-process executor's do. A step in
another process starts with nothing kept and reads the lake.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.lake import Lake

if TYPE_CHECKING:
    from fantasy_pipeline.checks import Result


class LeftOut(NamedTuple):
    """A week that a run does not write.

    Args:
        reason: why.
        is_due: the week could have been made: it was played, and it is not in progress.
        refused: the week was made, and its rows are wrong.
    """

    reason: str
    is_due: bool
    refused: bool = False

    @property
    def is_failure(self) -> bool:
        """Return whether the run ends as failed, although it makes its other weeks."""
        return self.is_due or self.refused


class _Kept:
    """Rows of some weeks of a table, sorted by key.

    Args:
        weeks: the weeks; a week may have no rows.
    """

    def __init__(self, weeks: Iterable[SeasonWeek], rows: pa.Table) -> None:
        self.weeks = frozenset(weeks)
        self.rows = rows

    @cached_property
    def _by_week(self) -> Mapping[int, pa.Table]:
        """The rows by code of the week, as slices."""
        found, first = np.unique(codes(self.rows), return_index=True)
        ends = [*first[1:].tolist(), self.rows.num_rows]
        starts = zip(found.tolist(), first.tolist(), ends, strict=True)
        return {code: self.rows.slice(start, end - start) for code, start, end in starts}

    def of(self, weeks: Sequence[SeasonWeek]) -> pa.Table:
        """Return the rows of some of the weeks, in the order of the key."""
        parts = (self._by_week.get(week.code) for week in sorted(set(weeks)))
        return pa.concat_tables(
            [self.rows.slice(0, 0), *(part for part in parts if part is not None)]
        )


class RunTables:
    """Tables and check results of one run: `read` as `Lake.read`, but from memory where possible.

    Kept are the tables that the run wrote, the schedule once it was read, and what `load` read.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._rows: dict[str, _Kept] = {}
        self._weeks: dict[str, set[SeasonWeek]] = {}
        self._results: dict[str, tuple[frozenset[SeasonWeek], Mapping[str, Result]]] = {}
        self._left_out: dict[str, Mapping[SeasonWeek, LeftOut]] = {}

    def keep(self, table: Table, weeks: Iterable[SeasonWeek], rows: pa.Table) -> None:
        """Keep the rows that the run wrote, or read whole, of some weeks of a table."""
        kept = _Kept(weeks, rows)
        self._rows[table.name] = kept
        if table.name in self._weeks:
            self._weeks[table.name] |= kept.weeks

    def keep_results(
        self, table: Table, weeks: Iterable[SeasonWeek], results: Mapping[str, Result]
    ) -> None:
        """Keep the results of a table's checks, by check name, over the rows just written."""
        self._results[table.name] = (frozenset(weeks), results)

    def leave_out(self, table: Table, weeks: Mapping[SeasonWeek, LeftOut]) -> None:
        """Record the weeks of a table that the run cannot make; the lake keeps what it has."""
        self._left_out[table.name] = weeks

    def left_out(self, table: Table) -> Mapping[SeasonWeek, LeftOut]:
        """Return the weeks of a table that the run cannot make."""
        return self._left_out.get(table.name, {})

    def results(self, table: Table, weeks: Iterable[SeasonWeek]) -> Mapping[str, Result] | None:
        """Return the kept results of exactly those weeks; None if there are none."""
        kept_weeks, results = self._results.get(table.name, (frozenset(), None))
        return results if kept_weeks == frozenset(weeks) else None

    def weeks(self, table: Table) -> list[SeasonWeek]:
        """Return the weeks of a table that are in the lake, in order.

        The lake lists a table once; weeks that the run writes are added.
        """
        if table.name not in self._weeks:
            self._weeks[table.name] = set(self._lake.weeks(table))
        return sorted(self._weeks[table.name])

    def read(
        self,
        table: Table,
        weeks: Sequence[SeasonWeek] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Return a table, or some of its weeks or columns, sorted by key; see `Lake.read`.

        Raises:
            NotMaterializedError, PipelineError: as `Lake.read`.
        """
        if table is GAMES and table.name not in self._rows:
            self.keep(table, (), self._lake.read(table))
        rows = self._kept(table, weeks)
        if rows is None:
            return self._lake.read(table, weeks, columns)
        return rows if columns is None else rows.select(list(columns))

    def read_if_stored(
        self,
        table: Table,
        week: SeasonWeek | None = None,
        columns: Sequence[str] | None = None,
        seasons: Collection[int] | None = None,
    ) -> pa.Table | None:
        """Return a table without weeks, or one week of a table; None if it is absent.

        Kept rows of a table without weeks are those of all seasons.

        Raises:
            PipelineError: as `read`.
        """
        if self._kept(table, None if week is None else [week]) is None and table is not GAMES:
            return self._lake.read_if_stored(table, week, columns, seasons)
        try:
            return self.read(table, None if week is None else [week], columns)
        except NotMaterializedError:
            return None

    def load(self, table: Table, weeks: Sequence[SeasonWeek]) -> None:
        """Read weeks of a table at once and keep them, for assets that read them one by one.

        Raises:
            NotMaterializedError, PipelineError: as `Lake.read`.
        """
        if weeks and self._kept(table, weeks) is None:
            self.keep(table, weeks, self._lake.read(table, weeks))

    def _kept(self, table: Table, weeks: Sequence[SeasonWeek] | None) -> pa.Table | None:
        """Return kept rows of the weeks asked for; None if one of the weeks was not kept."""
        if table.name not in self._rows:
            return None
        kept = self._rows[table.name]
        if not table.weekly or (weeks is not None and kept.weeks == set(weeks)):
            return kept.rows
        if weeks is None or not kept.weeks >= set(weeks):
            return None
        return kept.of(weeks)
