"""Assets of the registered leagues; without any, they write empty tables and make no requests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

import dagster as dg
import numpy as np
import pyarrow as pa

from fantasy_pipeline.checks.leagues import agreement
from fantasy_pipeline.errors import SourceError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import codes, of_week, of_weeks, weeks_in
from fantasy_pipeline.football.team_games import over_by_clock
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Registered, TeamGame
from fantasy_pipeline.ingest.leagues.rosters import Directory, of_league
from fantasy_pipeline.ingest.leagues.rosters import league_rosters as rosters_of
from fantasy_pipeline.leagues import stat_lines
from fantasy_pipeline.leagues import tables as leagues
from fantasy_pipeline.leagues.defenders import starts_defenders, with_defenders
from fantasy_pipeline.leagues.projected import without_lines
from fantasy_pipeline.leagues.team_defence import scored_defences
from fantasy_pipeline.orchestration.assets.base import (
    OWNERS,
    UPSTREAM,
    UPSTREAM_POOL,
    games_played,
    weekly_table,
    weeks_with_inputs,
)
from fantasy_pipeline.orchestration.assets.ingest import (
    games,
    raw_players,
    team_defense_stats,
    weekly_stats,
)
from fantasy_pipeline.orchestration.assets.projection import defender_projections, projections
from fantasy_pipeline.orchestration.metadata import add_week_metadata, definition_metadata, preview
from fantasy_pipeline.orchestration.partitions import by_season, weeks_of_run
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.retries import NETWORK_RETRY, asks_upstream
from fantasy_pipeline.orchestration.runs.tags import moment_of
from fantasy_pipeline.orchestration.workspace import REAL_LABEL

GROUP = "leagues"
_ROSTER_COLUMNS = ("player_name", "position", "team", "fantasy_positions")


@dg.asset(
    description=tables.LEAGUE_TEAMS.description,
    metadata=definition_metadata(tables.LEAGUE_TEAMS),
    group_name=GROUP,
    kinds={"parquet"},
    owners=OWNERS,
    pool=UPSTREAM_POOL,
    retry_policy=NETWORK_RETRY,
)
@asks_upstream
def league_teams(context: dg.AssetExecutionContext, nfl: NflData) -> pa.Table:
    desk = nfl.leagues
    found: dict[str, list[LeagueSeason]] = {}
    warnings: list[str] = []
    for league in desk.leagues():
        found[league.name] = []
        for season in sorted(league.seasons):
            fresh, failed = desk.refresh(league, season)
            found[league.name] += [fresh] if fresh else []
            warnings += failed
    table = leagues.league_teams(found)
    for warning in warnings:
        context.log.warning(warning)
    shown = preview(tables.LEAGUE_TEAMS.name, table)
    context.add_output_metadata({"data": nfl.label or REAL_LABEL, "preview": shown})
    if warnings:
        context.add_output_metadata({"warnings": warnings})
    return table


@weekly_table(
    tables.LEAGUE_ROSTERS, GROUP, {"parquet"}, deps=[games, league_teams, raw_players], **UPSTREAM
)
@asks_upstream
def league_rosters(context: dg.AssetExecutionContext, nfl: NflData) -> pa.Table:
    desk, weeks = nfl.leagues, weeks_of_run(context)
    to_come = _to_come(context, nfl, weeks)
    parts = [tables.LEAGUE_ROSTERS.arrow_schema.empty_table()]
    warnings: dict[int, list[str]] = {}
    found = desk.leagues()
    if found:
        made = weeks_with_inputs(context, nfl, tables.LEAGUE_ROSTERS, weeks, tables.RAW_PLAYERS)
        columns = {desk.id_column(league.platform) for league in found}
        names = [*tables.PLAYER_WEEK, *_ROSTER_COLUMNS, *sorted(columns - {"player_id"})]
        players, ids = nfl.tables.read(tables.RAW_PLAYERS, made, names), nfl.upstream.player_ids()
    for league in found:
        directory = Directory(players, ids, desk.id_column(league.platform))
        for week in made:
            if week.season not in league.seasons:
                continue
            try:
                answer = desk.week(league, week, week in to_come)
            except SourceError as error:
                # The lake keeps what it has of the league's week.
                parts.append(_stored(nfl, tables.LEAGUE_ROSTERS, league, week))
                warnings.setdefault(week.season, []).append(str(error))
                continue
            rows, unmapped = rosters_of(
                league.name,
                week,
                answer,
                directory,
                partial(desk.look_up, league.platform),
            )
            parts.append(rows)
            warnings.setdefault(week.season, []).extend(unmapped)
    table = tables.LEAGUE_ROSTERS.shaped(pa.concat_tables(parts))
    _describe(context, nfl, tables.LEAGUE_ROSTERS, table, weeks, warnings)
    return table


@weekly_table(
    tables.LEAGUE_POINTS,
    GROUP,
    {"parquet"},
    deps=[league_rosters, raw_players, team_defense_stats, weekly_stats],
)
def league_points(context: dg.AssetExecutionContext, nfl: NflData) -> pa.Table:
    weeks, parts = weeks_of_run(context), [tables.LEAGUE_POINTS.arrow_schema.empty_table()]
    warnings: dict[int, list[str]] = {}
    found = nfl.leagues.leagues()
    if found:
        inputs = (tables.LEAGUE_ROSTERS, tables.WEEKLY_STATS, tables.RAW_PLAYERS)
        # A week to come has no points yet.
        to_come = _to_come(context, nfl, weeks)
        begun = [week for week in weeks if week not in to_come]
        made = weeks_with_inputs(context, nfl, tables.LEAGUE_POINTS, begun, *inputs)
        now = moment_of(context.run.tags, nfl.now())
        for season, numbers in by_season(made).items():
            of_season = [SeasonWeek(season, number) for number in numbers]
            rows, older = _points_of_season(nfl, found, of_season, now)
            parts += rows
            warnings |= _older(older)
    table = tables.LEAGUE_POINTS.shaped(pa.concat_tables(parts))
    _describe(context, nfl, tables.LEAGUE_POINTS, table, weeks, warnings)
    return table


def _points_of_season(
    nfl: NflData, found: Sequence[Registered], weeks: Sequence[SeasonWeek], now: datetime
) -> tuple[list[pa.Table], list[SeasonWeek]]:
    """Return the points of each league in weeks of one season, and the weeks of older imports."""
    rosters = nfl.tables.read(tables.LEAGUE_ROSTERS, weeks)
    lines = nfl.tables.read(tables.WEEKLY_STATS, weeks)
    to_play = stat_lines.teams_to_play(nfl.tables.read(tables.GAMES), lines, weeks, now)
    older = stat_lines.weeks_of_older_imports(lines)
    if older:
        lines, rosters = (of_weeks(rows, set(weeks) - set(older)) for rows in (lines, rosters))
    players = nfl.tables.read(tables.RAW_PLAYERS, weeks, stat_lines.OF_PLAYERS)
    lines = stat_lines.with_players(lines, players, rosters["player_id"].combine_chunks())
    # A lake of an earlier version has no team defences: those weeks leave them unscored.
    known = set(nfl.tables.weeks(tables.TEAM_DEFENSE_STATS)).intersection(weeks)
    defences = nfl.tables.read(tables.TEAM_DEFENSE_STATS, sorted(known))
    parts = []
    for league in found:
        of = nfl.leagues.season(league, weeks[0].season)
        if of is not None:
            own, scoring = of_league(rosters, league.name), leagues.scoring_of(of)
            parts.append(leagues.league_points(own, lines, defences, scoring, to_play))
    return parts, older


@weekly_table(
    tables.LEAGUE_MATCHUPS, GROUP, {"parquet"}, deps=[league_points, league_rosters], **UPSTREAM
)
@asks_upstream
def league_matchups(context: dg.AssetExecutionContext, nfl: NflData) -> pa.Table:
    weeks, parts = weeks_of_run(context), [tables.LEAGUE_MATCHUPS.arrow_schema.empty_table()]
    desk = nfl.leagues
    warnings: dict[int, list[str]] = {}
    found = desk.leagues()
    to_come = _to_come(context, nfl, weeks) if found else set()
    if found:
        inputs = (tables.LEAGUE_POINTS, tables.LEAGUE_ROSTERS)
        begun = [week for week in weeks if week not in to_come]
        made = weeks_with_inputs(context, nfl, tables.LEAGUE_MATCHUPS, begun, *inputs)
        points = nfl.tables.read(tables.LEAGUE_POINTS, made)
        rosters = nfl.tables.read(tables.LEAGUE_ROSTERS, made)
    for league in found:
        games: dict[SeasonWeek, Sequence[TeamGame]] = {}
        for week in sorted({*made, *to_come}):
            of = desk.season(league, week.season)
            if of is None:
                continue
            try:
                games[week] = desk.week(league, week, week in to_come).games
            except SourceError as error:
                parts.append(_stored(nfl, tables.LEAGUE_MATCHUPS, league, week))
                warnings.setdefault(week.season, []).append(str(error))
                continue
            if week in to_come:
                parts.append(leagues.coming_matchups(league.name, week, games.pop(week), of))
        if games:
            own, spots = (of_league(rows, league.name) for rows in (points, rosters))
            parts += _played_matchups(own, spots, games, partial(desk.season, league))
    table = tables.LEAGUE_MATCHUPS.shaped(pa.concat_tables(parts))
    _describe(context, nfl, tables.LEAGUE_MATCHUPS, table, weeks, warnings)
    return table


def _played_matchups(
    points: pa.Table,
    rosters: pa.Table,
    games: Mapping[SeasonWeek, Sequence[TeamGame]],
    of: Callable[[int], LeagueSeason | None],
) -> Iterator[pa.Table]:
    """Yield the match-ups of a league, season by season.

    A week whose players have no points is left out.

    Args:
        points, rosters: rows of the league.
        games: its games by week.
        of: returns the settings of a season.
    """
    of_points, of_rosters = codes(points), codes(rosters)
    whole = [
        week
        for week in games
        if np.count_nonzero(of_points == week.code) == np.count_nonzero(of_rosters == week.code)
    ]
    for season, numbers in by_season(whole).items():
        settings = of(season)
        if settings is not None:
            weeks = [SeasonWeek(season, number) for number in numbers]
            own, spots = of_weeks(points, weeks), of_weeks(rosters, weeks)
            of_season = {week.week: games[week] for week in weeks}
            yield leagues.league_matchups(own, spots, of_season, settings)


@weekly_table(
    tables.LEAGUE_PROJECTIONS,
    GROUP,
    {"parquet"},
    deps=[defender_projections, league_teams, projections, team_defense_stats],
)
def league_projections(context: dg.AssetExecutionContext, nfl: NflData) -> pa.Table:
    weeks, parts = weeks_of_run(context), [tables.LEAGUE_PROJECTIONS.arrow_schema.empty_table()]
    found = nfl.leagues.leagues()
    # A week that was never projected has no projections in any scoring.
    projected = set(nfl.tables.weeks(tables.PROJECTIONS)).intersection(weeks) if found else set()
    if projected:
        load_projections(nfl, found, projected)
        defences = scored_defences(nfl.tables)
    for season, numbers in by_season(sorted(projected)).items():
        of_season = [SeasonWeek(season, number) for number in numbers]
        rows = nfl.tables.read(tables.PROJECTIONS, of_season)
        for league in found:
            of = nfl.leagues.season(league, season)
            if of is not None:
                scoring = leagues.scoring_of(of)
                name = league.name
                everybody = with_defenders(rows, nfl.tables, of_season, of.slots)
                parts.append(leagues.league_projections(name, everybody, scoring, defences))
    table = tables.LEAGUE_PROJECTIONS.shaped(pa.concat_tables(parts))
    warnings: dict[int, list[str]] = {}
    if table.num_rows:
        # The first season of a lake has no model, so only the latest week tells how it is now.
        latest = max(projected)
        warnings[latest.season] = without_lines(nfl.tables.read(tables.PROJECTIONS, [latest]))
    _describe(context, nfl, tables.LEAGUE_PROJECTIONS, table, weeks, warnings)
    return table


def load_projections(
    nfl: NflData, found: Sequence[Registered], weeks: Iterable[SeasonWeek]
) -> None:
    """Read once what the assets of a run need of projected weeks for all leagues."""
    stored = (nfl.leagues.season(league, season) for league in found for season in league.seasons)
    wanted = [tables.PROJECTIONS]
    if any(of is not None and starts_defenders(of.slots) for of in stored):
        wanted.append(tables.DEFENDER_PROJECTIONS)
    for table in wanted:
        nfl.tables.load(table, sorted(set(nfl.tables.weeks(table)).intersection(weeks)))
    nfl.tables.load(tables.TEAM_DEFENSE_STATS, nfl.tables.weeks(tables.TEAM_DEFENSE_STATS))


def _to_come(
    context: dg.AssetExecutionContext, nfl: NflData, weeks: Sequence[SeasonWeek]
) -> set[SeasonWeek]:
    """Return the weeks of which no game is over at the run's moment."""
    now = moment_of(context.run.tags, nfl.now())
    games = of_weeks(nfl.tables.read(tables.GAMES), weeks)
    over = games.filter(over_by_clock(games, now))
    return set(weeks_in(games)) - set(weeks_in(over))


def _stored(nfl: NflData, table: Table, league: Registered, week: SeasonWeek) -> pa.Table:
    """Return the lake's rows of a league's week; none if the lake has none."""
    stored = nfl.lake.read_if_stored(table, week)
    return table.arrow_schema.empty_table() if stored is None else of_league(stored, league.name)


def _older(weeks: Iterable[SeasonWeek]) -> dict[int, list[str]]:
    """Return one warning per season with weeks that lack the stats that leagues score."""
    return {
        season: [
            f"weekly_stats {season}: weeks {', '.join(map(str, numbers))} lack stats that leagues "
            f"score, so no league has points of them. Import them again: "
            f"`fantasy-pipeline backfill --seasons {season}`, then `league add` again"
        ]
        for season, numbers in by_season(list(weeks)).items()
    }


def _describe(
    context: dg.AssetExecutionContext,
    nfl: NflData,
    table: Table,
    rows: pa.Table,
    weeks: Sequence[SeasonWeek],
    warnings: dict[int, list[str]],
) -> None:
    """Add the metadata of each week; that of points has the share that agrees, for its chart."""
    more: dict[SeasonWeek, dict[str, float]] = {}
    if table is tables.LEAGUE_POINTS and rows.num_rows:
        shares = {week: agreement(of_week(rows, week)) for week in weeks}
        more = {week: {"agreement": share} for week, share in shares.items() if share is not None}
    now = moment_of(context.run.tags, nfl.now())
    played = games_played(nfl.tables.read(tables.GAMES), now)
    left_out = nfl.tables.left_out(table)
    add_week_metadata(context, rows, weeks, played, warnings, nfl.label, more, left_out)
