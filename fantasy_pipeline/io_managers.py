"""How assets reach the lake: one I/O manager for every table, whole partitions only."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import dagster as dg

from fantasy_pipeline.contracts import Table
from fantasy_pipeline.resources import NflData
from fantasy_pipeline.retries import only_network_is_retried
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.tables import BY_NAME


def _never_retried(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def guarded(self: "LakeIOManager", *args: Any) -> Any:
        with only_network_is_retried({}):
            return method(self, *args)

    return guarded


class LakeIOManager(dg.ConfigurableIOManager):
    """Writes an asset's Arrow table to the lake's table of that name; reads any set of weeks.

    What breaks the table's contract is refused whole: the lake keeps what it has.

    An input whose metadata has ``columns`` gets only those.
    """

    nfl: dg.ResourceDependency[NflData]

    @_never_retried
    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        table = _table_of(context.asset_key)
        lake = self.nfl.lake
        obj = table.checked(obj)
        if not table.weekly:
            rows = lake.write(table, obj)
            context.add_output_metadata({"dagster/row_count": rows, "path": lake.path(table)})
            return
        weeks = [SeasonWeek.from_key(key) for key in context.asset_partition_keys]
        lake.write_weeks(table, obj, weeks)

    @_never_retried
    def load_input(self, context: dg.InputContext) -> Any:
        table = _table_of(context.asset_key)
        columns = (context.definition_metadata or {}).get("columns")
        weeks = None
        if table.weekly:
            weeks = sorted(SeasonWeek.from_key(key) for key in context.asset_partition_keys)
        return self.nfl.lake.read(table, weeks, columns)


def _table_of(asset_key: dg.AssetKey) -> Table:
    return BY_NAME[asset_key.path[-1]]
