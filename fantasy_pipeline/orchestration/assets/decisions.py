"""Assets of decisions: the rest of the season."""

import dagster as dg
import pyarrow as pa

from fantasy_pipeline.decisions.rest_of_season import HISTORY_COLUMNS
from fantasy_pipeline.decisions.rest_of_season import rest_of_season as project_rest
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.tables.week_rows import of_weeks
from fantasy_pipeline.orchestration.assets.base import (
    games_played,
    weekly_table,
    weeks_with_inputs,
)
from fantasy_pipeline.orchestration.assets.ingest import games
from fantasy_pipeline.orchestration.assets.projection import player_history, projections
from fantasy_pipeline.orchestration.metadata import add_week_metadata
from fantasy_pipeline.orchestration.partitions import weeks_of_run
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.tags import moment_of

GROUP = "decisions"


@weekly_table(tables.REST_OF_SEASON, GROUP, {"parquet"}, deps=[games, player_history, projections])
def rest_of_season(context: dg.AssetExecutionContext, nfl: NflData) -> pa.Table:
    weeks = weeks_of_run(context)
    made = weeks_with_inputs(context, nfl, tables.REST_OF_SEASON, weeks, tables.PROJECTIONS)
    seasons = {week.season for week in weeks}
    history = nfl.lake.read(tables.PLAYER_HISTORY, columns=HISTORY_COLUMNS, seasons=seasons)
    schedule = nfl.tables.read(tables.GAMES)
    rows = project_rest(
        nfl.tables.read(tables.PROJECTIONS, made), of_weeks(history, made), schedule
    )
    played = games_played(schedule, moment_of(context.run.tags, nfl.now()))
    left_out = nfl.tables.left_out(tables.REST_OF_SEASON)
    add_week_metadata(context, rows, weeks, played, {}, nfl.label, {}, left_out)
    return rows
