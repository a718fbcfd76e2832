"""Assets of the import: the schedule, players, stat lines and the league's corrections."""

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.fixtures import moved_games
from fantasy_pipeline.checks.guards import refuse_lost_games
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.import_calendar import SO_FAR
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import of_weeks
from fantasy_pipeline.football.team_games import covered_games
from fantasy_pipeline.ingest import players, stats, team_defense
from fantasy_pipeline.ingest import stat_corrections as corrections
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.leagues.team_defence import with_standard_points
from fantasy_pipeline.orchestration.assets.base import (
    OWNERS,
    UPSTREAM,
    UPSTREAM_POOL,
    games_played,
    key_and,
    leave_out,
    published,
    weekly_table,
    weeks_running,
    weeks_with_inputs,
)
from fantasy_pipeline.orchestration.metadata import add_week_metadata, definition_metadata, preview
from fantasy_pipeline.orchestration.partitions import by_season, weeks_of_run
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.retries import NETWORK_RETRY, asks_upstream
from fantasy_pipeline.orchestration.runs.tags import moment_of
from fantasy_pipeline.orchestration.workspace import REAL_LABEL

NOT_COMPARED = "the week is in progress; corrections are measured from its provisional import on"
"""Metadata `not made` of `provisional_stats` and `stat_corrections` of a week in progress."""


@dg.asset(
    description=tables.GAMES.description,
    metadata=definition_metadata(tables.GAMES),
    group_name="ingest",
    kinds={"parquet", "nflverse"},
    owners=OWNERS,
    pool=UPSTREAM_POOL,
    retry_policy=NETWORK_RETRY,
)
@asks_upstream
def games(context: dg.AssetExecutionContext, nfl: NflData) -> pa.Table:
    table, warnings = nfl.upstream.schedule(), []
    names = ["season", "week", "home_score", "home_team", "away_team", "kickoff"]
    if (known := nfl.lake.read_if_stored(tables.GAMES, columns=names)) is not None:
        refuse_lost_games(known, table)
        warnings = moved_games(known, table)
    seasons = table["season"].to_numpy()
    context.add_output_metadata(
        {
            "seasons": f"{seasons.min()}-{seasons.max()}",
            "data": nfl.label or REAL_LABEL,
            "preview": preview(tables.GAMES.name, table),
        }
    )
    if notes := [*warnings, *nfl.upstream.notes("schedule", seasons.max())]:
        context.add_output_metadata({"warnings": notes})
    return table


@weekly_table(tables.RAW_PLAYERS, "ingest", {"parquet", "nflverse"}, **UPSTREAM)
@asks_upstream
def raw_players(context: dg.AssetExecutionContext, nfl: NflData, games: pa.Table) -> pa.Table:
    weeks, warnings = weeks_of_run(context), {}
    now = moment_of(context.run.tags, nfl.now())
    asks_nflcom = NFLCOM in {source.name for source in nfl.projection_sources()}

    def of_season(season: int, numbers: list[int]) -> pa.Table:
        part, warnings[season] = players.raw_players(
            nfl.upstream, games, season, numbers, asks_nflcom, now
        )
        return part

    parts, lacking = published(weeks, of_season)
    leave_out(context, nfl, tables.RAW_PLAYERS, lacking)
    table = pa.concat_tables(parts)
    more = {week: {"reader": nfl.upstream.reader_of("weekly_rosters")} for week in weeks}
    left_out = nfl.tables.left_out(tables.RAW_PLAYERS)
    played = games_played(games, now)
    add_week_metadata(context, table, weeks, played, warnings, nfl.label, more, left_out)
    return table


@weekly_table(
    tables.WEEKLY_STATS,
    "ingest",
    {"parquet", "nflverse"},
    ins={"raw_players": key_and("player_name", "position", "roster_source")},
    **UPSTREAM,
)
@asks_upstream
def weekly_stats(
    context: dg.AssetExecutionContext, nfl: NflData, games: pa.Table, raw_players: pa.Table
) -> pa.Table:
    weeks, warnings = weeks_of_run(context), {}
    now = moment_of(context.run.tags, nfl.now())
    covered = covered_games(games, weeks, now)

    def of_season(season: int, numbers: list[int]) -> pa.Table:
        rostered = raw_players.filter(pc.equal(raw_players["season"], season))
        part = stats.weekly_stats(nfl.upstream, games, rostered, season, numbers, now)
        warnings[season] = [
            *nfl.upstream.notes("weekly_stats", season),
            *stats.unplayed_games(covered, part, season, numbers),
        ]
        return part

    # A week whose players were refused has no rosters to compare its stat lines with.
    made = weeks_with_inputs(context, nfl, tables.WEEKLY_STATS, weeks, tables.RAW_PLAYERS)
    parts, lacking = published(made, of_season, weeks_running(games, weeks, now))
    leave_out(context, nfl, tables.WEEKLY_STATS, lacking, also=True)
    table = pa.concat_tables([*parts, tables.WEEKLY_STATS.arrow_schema.empty_table()])
    reader = nfl.upstream.reader_of("weekly_stats")
    more: dict[SeasonWeek, dict[str, str]] = {
        week: {"phase": phase, "reader": reader}
        for week, phase in stats.import_phases(now, games, table, weeks).items()
    }
    for week in more:
        if more[week]["phase"] == SO_FAR:
            part, whole = stats.games_so_far(games, table, week)
            more[week]["so far"] = f"{part} of {whole} games"
    left_out = nfl.tables.left_out(tables.WEEKLY_STATS)
    played = games_played(games, now)
    add_week_metadata(context, table, weeks, played, warnings, nfl.label, more, left_out)
    return table


@weekly_table(tables.PROVISIONAL_STATS, "ingest", {"parquet"})
def provisional_stats(
    context: dg.AssetExecutionContext, nfl: NflData, games: pa.Table, weekly_stats: pa.Table
) -> pa.Table:
    weeks, now = weeks_of_run(context), moment_of(context.run.tags, nfl.now())
    without = dict.fromkeys(weeks_running(games, weeks, now), NOT_COMPARED)
    made = weeks_with_inputs(
        context, nfl, tables.PROVISIONAL_STATS, weeks, tables.WEEKLY_STATS, without=without
    )
    kept = sorted(set(nfl.lake.weeks(tables.PROVISIONAL_STATS)) & set(made))
    phases = stats.import_phases(now, games, weekly_stats, made)
    table = corrections.first_stats(
        weekly_stats, nfl.tables.read(tables.PROVISIONAL_STATS, kept), phases
    )
    table = tables.PROVISIONAL_STATS.shaped(table)
    left_out = nfl.tables.left_out(tables.PROVISIONAL_STATS)
    played = games_played(games, now)
    add_week_metadata(context, table, weeks, played, {}, nfl.label, left_out=left_out)
    return table


@weekly_table(tables.STAT_CORRECTIONS, "ingest", {"parquet", "duckdb"})
def stat_corrections(
    context: dg.AssetExecutionContext,
    nfl: NflData,
    weekly_stats: pa.Table,
    provisional_stats: pa.Table,
) -> pa.Table:
    weeks, inputs = weeks_of_run(context), (tables.WEEKLY_STATS, tables.PROVISIONAL_STATS)
    games, now = nfl.tables.read(tables.GAMES), moment_of(context.run.tags, nfl.now())
    without = dict.fromkeys(weeks_running(games, weeks, now), NOT_COMPARED)
    made = weeks_with_inputs(context, nfl, tables.STAT_CORRECTIONS, weeks, *inputs, without=without)
    table = of_weeks(corrections.stat_corrections(provisional_stats, weekly_stats), made)
    played = games_played(games, now)
    left_out = nfl.tables.left_out(tables.STAT_CORRECTIONS)
    add_week_metadata(context, table, weeks, played, {}, nfl.label, left_out=left_out)
    return table


@weekly_table(
    tables.TEAM_DEFENSE_STATS,
    "ingest",
    {"parquet", "duckdb"},
    ins={"weekly_stats": key_and(*team_defense.COLUMNS)},
)
def team_defense_stats(
    context: dg.AssetExecutionContext, nfl: NflData, games: pa.Table, weekly_stats: pa.Table
) -> pa.Table:
    weeks = weeks_of_run(context)
    made = weeks_with_inputs(context, nfl, tables.TEAM_DEFENSE_STATS, weeks, tables.WEEKLY_STATS)
    table = with_standard_points(team_defense.team_defense_stats(games, weekly_stats))
    now = moment_of(context.run.tags, nfl.now())
    covered = covered_games(games, weeks, now)
    warnings = {
        season: team_defense.without_defence(covered, weekly_stats, table, season, numbers)
        for season, numbers in by_season(made).items()
    }
    left_out = nfl.tables.left_out(tables.TEAM_DEFENSE_STATS)
    played = games_played(games, now)
    add_week_metadata(context, table, weeks, played, warnings, nfl.label, left_out=left_out)
    return table
