"""What the assets of one weekly table share.

Everything football is imported inside the functions: loading the code location then costs
no pandas, DuckDB or Arrow.
"""

from collections.abc import Callable
from typing import Any

import dagster as dg

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.orchestration.metadata import definition_metadata
from fantasy_pipeline.orchestration.partitions import season_week
from fantasy_pipeline.orchestration.retries import NETWORK_RETRY

# One policy for all: with mixed ones a backfill falls back to one run per partition.
SINGLE_RUN = dg.BackfillPolicy.single_run()
OWNERS = ["team:data"]
UPSTREAM_POOL = "nflverse"
UPSTREAM: dict[str, Any] = {"pool": UPSTREAM_POOL, "retry_policy": NETWORK_RETRY}
"""What every asset that asks upstream has."""


def weekly_table(
    table: Table, group: str, kinds: set[str], **more: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorator of an asset that is one weekly table."""
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
    """Input of which only the key and some columns are read."""
    return dg.AssetIn(metadata={"columns": [*tables.PLAYER_WEEK, *names]})


def games_played(games: Any) -> dict[SeasonWeek, tuple[int, int]]:
    """Games with a score, and games, of each week that the schedule has."""
    rows = games.group_by(["season", "week"]).aggregate(
        [("home_score", "count"), ("game_id", "count")]
    )
    return {
        SeasonWeek(row["season"], row["week"]): (row["home_score_count"], row["game_id_count"])
        for row in rows.to_pylist()
    }
