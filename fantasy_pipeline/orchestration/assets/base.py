"""What the assets share: the decorator of weekly tables, their owners, pool and retries."""

from collections.abc import Callable
from typing import Any

import dagster as dg
import pyarrow as pa

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.orchestration.metadata import definition_metadata
from fantasy_pipeline.orchestration.partitions import season_week
from fantasy_pipeline.orchestration.retries import NETWORK_RETRY

# All assets have the same policy: with mixed policies Dagster starts one run per partition.
SINGLE_RUN = dg.BackfillPolicy.single_run()
OWNERS = ["team:data"]
UPSTREAM_POOL = "nflverse"
UPSTREAM: dict[str, Any] = {"pool": UPSTREAM_POOL, "retry_policy": NETWORK_RETRY}
"""Arguments of every asset that asks upstream."""


def weekly_table(
    table: Table, group: str, kinds: set[str], **more: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate the function of an asset that is one weekly table."""
    return dg.asset(
        name=table.name,
        description=table.description,
        metadata=definition_metadata(table),
        partitions_def=season_week,
        backfill_policy=SINGLE_RUN,
        group_name=group,
        kinds=kinds,
        owners=OWNERS,
        **more,
    )


def key_and(*names: str) -> dg.AssetIn:
    """Return an input of which only the key and some columns are read."""
    return dg.AssetIn(metadata={"columns": [*tables.PLAYER_WEEK, *names]})


def games_played(games: pa.Table) -> dict[SeasonWeek, tuple[int, int]]:
    """Return the number of games with a score, and of all games, of each scheduled week."""
    rows = games.group_by(["season", "week"]).aggregate(
        [("home_score", "count"), ("game_id", "count")]
    )
    return {
        SeasonWeek(row["season"], row["week"]): (row["home_score_count"], row["game_id_count"])
        for row in rows.to_pylist()
    }
