"""Assets of decisions: the rest of the season, and the best line-ups of registered leagues."""

from collections.abc import Sequence

import dagster as dg
import pyarrow as pa

from fantasy_pipeline.decisions.league_week import (
    ProjectedPlayers,
    league_week,
    projected_players,
)
from fantasy_pipeline.decisions.optimal_lineups import actual_lineups, projected_lineups
from fantasy_pipeline.decisions.rest_of_season import HISTORY_COLUMNS
from fantasy_pipeline.decisions.rest_of_season import rest_of_season as project_rest
from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import of_weeks
from fantasy_pipeline.ingest.leagues.base import LeagueSeason
from fantasy_pipeline.ingest.leagues.rosters import of_league
from fantasy_pipeline.leagues.team_defence import scored_defences
from fantasy_pipeline.orchestration.assets import leagues
from fantasy_pipeline.orchestration.assets.base import (
    games_played,
    weekly_table,
    weeks_with_inputs,
)
from fantasy_pipeline.orchestration.assets.ingest import games
from fantasy_pipeline.orchestration.assets.projection import (
    defender_projections,
    player_history,
    projections,
)
from fantasy_pipeline.orchestration.metadata import add_week_metadata
from fantasy_pipeline.orchestration.partitions import by_season, weeks_of_run
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


@weekly_table(
    tables.OPTIMAL_LINEUPS,
    # The job of `league add` runs this group.
    leagues.GROUP,
    {"parquet"},
    deps=[
        defender_projections,
        games,
        leagues.league_points,
        leagues.league_rosters,
        projections,
    ],
)
def optimal_lineups(context: dg.AssetExecutionContext, nfl: NflData) -> pa.Table:
    weeks, parts = weeks_of_run(context), [tables.OPTIMAL_LINEUPS.arrow_schema.empty_table()]
    found = nfl.leagues.leagues()
    if found:
        leagues.load_projections(nfl, found, weeks)
    defences = scored_defences(nfl.tables) if found else None
    for league in found:
        for season, numbers in by_season(weeks).items():
            of = nfl.leagues.season(league, season)
            if of is not None:
                of_season = [SeasonWeek(season, number) for number in numbers]
                projected = _projected_players(nfl, of, of_season, defences)
                for week in of_season:
                    parts += [
                        _projected(nfl, league.name, of, week, projected),
                        _actual(nfl, league.name, of, week),
                    ]
    rows = tables.OPTIMAL_LINEUPS.shaped(pa.concat_tables(parts))
    played = games_played(nfl.tables.read(tables.GAMES), moment_of(context.run.tags, nfl.now()))
    left_out = nfl.tables.left_out(tables.OPTIMAL_LINEUPS)
    add_week_metadata(context, rows, weeks, played, {}, nfl.label, {}, left_out)
    return rows


def _projected_players(
    nfl: NflData, of: LeagueSeason, weeks: Sequence[SeasonWeek], defences: pa.Table | None
) -> ProjectedPlayers:
    """Return the projections of those of the weeks that the lake has any of."""
    stored = sorted(set(nfl.tables.weeks(tables.PROJECTIONS)).intersection(weeks))
    rows = nfl.tables.read(tables.PROJECTIONS, stored)
    return projected_players(rows, nfl.tables, of, stored, defences)


def _projected(
    nfl: NflData, league: str, of: LeagueSeason, week: SeasonWeek, projected: ProjectedPlayers
) -> pa.Table:
    """Return the projected line-ups; none of a week without projections or rosters up to it."""
    if not projected.has(week):
        return tables.OPTIMAL_LINEUPS.arrow_schema.empty_table()
    try:
        return projected_lineups(
            league, week, league_week(nfl.tables, league, of, week, None, projected)
        )
    except NotMaterializedError:
        return tables.OPTIMAL_LINEUPS.arrow_schema.empty_table()


def _actual(nfl: NflData, league: str, of: LeagueSeason, week: SeasonWeek) -> pa.Table:
    """Return the actual line-ups; none of a week that was not played."""
    stored = [
        nfl.tables.read_if_stored(table, week)
        for table in (tables.LEAGUE_POINTS, tables.LEAGUE_ROSTERS)
    ]
    parts = [of_league(rows, league) for rows in stored if rows is not None]
    if len(parts) < 2 or parts[0].num_rows != parts[1].num_rows:
        return tables.OPTIMAL_LINEUPS.arrow_schema.empty_table()
    return actual_lineups(league, week, of.slots, *parts)
