"""The I/O manager: writes whole partitions of every table to the lake, and reads any weeks."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

import dagster as dg
import pyarrow as pa

from fantasy_pipeline.checks import BY_TABLE
from fantasy_pipeline.checks.acceptance import accepted
from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import BY_NAME, NEWS, SOURCE_PROJECTIONS
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.ingest.news.record import merge_news, stored_news
from fantasy_pipeline.ingest.projection_record import merge_missing, stored_record
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.retries import only_network_is_retried
from fantasy_pipeline.orchestration.run_tables import LeftOut, RunTables
from fantasy_pipeline.orchestration.runs.tags import moment_of

_RECORDS: Mapping[
    str,
    tuple[Callable[[Lake, list[SeasonWeek]], pa.Table], Callable[[pa.Table, pa.Table], pa.Table]],
] = {
    SOURCE_PROJECTIONS.name: (stored_record, merge_missing),
    NEWS.name: (stored_news, merge_news),
}
"""Tables of which no stored row is ever removed: how to read them, and how to add rows."""
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def _never_retried(method: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Decorate a method so that its failures are not retried: none of them is the network's."""

    @wraps(method)
    def guarded(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        with only_network_is_retried({}):
            return method(*args, **kwargs)

    return guarded


class LakeIOManager(dg.ConfigurableIOManager):
    """Writes an asset's Arrow table to the lake's table of the same name.

    Rows are validated and checked here, once. A week whose rows break the table's contract or one
    of its blocking checks is not written, and the lake keeps what it has of it. If no week of the
    run may be written, the step fails.

    An input with the metadata ``columns`` gets only those columns. An input of many weeks gets the
    weeks that the lake has; it has no rows if the run left out all its weeks. Weeks that the asset
    left out (`RunTables.leave_out`) are not written.
    """

    nfl: dg.ResourceDependency[NflData]

    @_never_retried
    def handle_output(self, context: dg.OutputContext, obj: pa.Table) -> None:
        table = _table_of(context.asset_key)
        left_out = self.nfl.tables.left_out(table)
        weeks = [week for week in _weeks_of(table, context) if week not in left_out]
        now = moment_of(context.step_context.run_tags, self.nfl.now())
        if table.name in _RECORDS:
            lake, (stored, merge) = self.nfl.lake, _RECORDS[table.name]
            # Another run may have added to the record since this run read it.
            with lake.rebuild_lock(table):
                self._write(context, merge(stored(lake, weeks), obj), weeks, now)
        else:
            rows = self._write(context, obj, weeks, now)
            if not table.weekly:
                path = self.nfl.lake.path(table)
                context.add_output_metadata({"dagster/row_count": rows, "path": path})

    def _write(
        self,
        context: dg.OutputContext,
        data: pa.Table,
        weeks: list[SeasonWeek],
        now: datetime,
    ) -> int:
        """Validate, check and write the rows of some weeks; return how many they are.

        A week whose rows break the contract or a blocking check is left out.

        Raises:
            PipelineError: no week may be written; nothing is.
        """
        lake, kept, table = self.nfl.lake, self.nfl.tables, _table_of(context.asset_key)
        if table.weekly and not weeks:
            # A run of one week in progress, whose stats upstream does not have yet.
            return 0
        found = accepted(table, BY_TABLE.get(table.name), data, weeks, now, kept)
        if found.refused:
            _leave_out_refused(context, kept, found.refused)
        if table.weekly:
            lake.write_weeks(table, found.rows, found.weeks)
        else:
            lake.write(table, found.rows)
        kept.keep(table, found.weeks, found.rows.rows)
        if found.results:
            kept.keep_results(table, found.weeks, found.results)
        return found.rows.rows.num_rows

    @_never_retried
    def load_input(self, context: dg.InputContext) -> pa.Table:
        table = _table_of(context.asset_key)
        columns = (context.definition_metadata or {}).get("columns")
        if not table.weekly:
            return self.nfl.tables.read(table, None, columns)
        weeks = _weeks_of(table, context)
        try:
            return self.nfl.tables.read(table, weeks, columns)
        except NotMaterializedError:
            stored = set(self.nfl.tables.weeks(table)).intersection(weeks)
            left_out = self.nfl.tables.left_out(table)
            if not stored and any(
                week not in left_out or left_out[week].is_failure for week in weeks
            ):
                raise
            # The asset leaves the other weeks out, see `assets.base.weeks_with_inputs`.
            return self.nfl.tables.read(table, sorted(stored), columns)


def _leave_out_refused(
    context: dg.OutputContext, kept: RunTables, refused: Mapping[SeasonWeek, str]
) -> None:
    """Record the weeks that are not written: Dagster shows them with 0 rows and the reason."""
    table = _table_of(context.asset_key)
    left_out = {week: LeftOut(text, is_due=False, refused=True) for week, text in refused.items()}
    kept.leave_out(table, {**kept.left_out(table), **left_out})
    for week, text in refused.items():
        metadata = {"dagster/partition_row_count": 0, "not made": f"refused: {text}"}
        context.step_context.add_asset_metadata(
            metadata, asset_key=context.asset_key, partition_key=week.key
        )


def _weeks_of(table: Table, context: dg.InputContext | dg.OutputContext) -> list[SeasonWeek]:
    """Return the partitions that are read or written, in order; none for tables without weeks."""
    keys = context.asset_partition_keys if table.weekly else ()
    return sorted(map(SeasonWeek.from_key, keys))


def _table_of(asset_key: dg.AssetKey) -> Table:
    return BY_NAME[asset_key.path[-1]]
