"""`raw_players`: who was on which team in a week, how healthy, and under which ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.football.calendar import scheduled_weeks
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import RAW_PLAYERS
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.football.teams import AFC
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.lake.duck import arrow, database, query

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def raw_players(
    source: Source, games: pa.Table, season: int, weeks: Sequence[int]
) -> tuple[pa.Table, list[str]]:
    """Players of some weeks of a season.

    Rosters, injuries, snap counts and ids are optional upstream: a gap becomes a warning, and
    without rosters the players come from the season's stat lines.

    Returns:
        `RAW_PLAYERS` rows of those weeks, and warnings.

    Raises:
        NotPublishedError: the schedule does not have the season, or not yet a week of it, or a
            week has games, but upstream's rosters (or stats, where they stand in) end more than
            two weeks before it.
        SourceError: an essential data set failed.
    """
    import pyarrow as pa

    scheduled_weeks(games, season, weeks)
    warnings: list[str] = []

    def optional(table: Table, load: Callable[[], pa.Table]) -> pa.Table:
        try:
            return load()
        except NotPublishedError as error:
            warnings.append(f"{error.dataset} {season}: {error.cause}")
            return table.arrow_schema.empty_table()

    rosters = optional(schema.WEEKLY_ROSTERS, lambda: source.weekly_rosters(season))
    if rosters.num_rows:
        stats = schema.WEEKLY_STATS.arrow_schema.empty_table()
    else:
        stats = source.weekly_stats(season)
        warnings.append(
            f"weekly_rosters {season}: none; players and teams come from their latest stat line"
        )
    injuries = optional(schema.INJURIES, lambda: source.injuries(season))
    snaps = optional(schema.SNAP_COUNTS, lambda: source.snap_counts(season))
    for table, data in ((schema.INJURIES, injuries), (schema.SNAP_COUNTS, snaps)):
        warnings += _weeks_without(table.name, data, games, season, weeks)
    warnings += _reports_to_come(injuries, games, season, weeks)
    with database() as connection:
        _register(
            connection,
            games=games,
            team_games=team_games(games),
            rosters=rosters,
            stats=stats,
            injuries=injuries,
            snaps=snaps,
            ids=optional(schema.PLAYER_IDS, source.player_ids),
            players=optional(schema.PLAYERS, source.players),
            afc=pa.table({"team": AFC}),
        )
        register_weeks(connection, [SeasonWeek(season, week) for week in weeks])
        connection.execute(query(__package__, "team_weeks"))
        table = arrow(connection, query(__package__, "raw_players"))
        _refuse_empty_weeks(
            connection, table, "weekly_rosters" if rosters.num_rows else "weekly_stats"
        )
    for dataset in ("weekly_rosters", "injuries", "snap_counts", "player_ids", "players"):
        warnings += source.notes(dataset, season)
    return RAW_PLAYERS.conform(table), warnings


def _weeks_without(
    dataset: str, data: pa.Table, games: pa.Table, season: int, weeks: Sequence[int]
) -> list[str]:
    """Warning about played weeks that are missing in a file that has others."""
    import pyarrow.compute as pc

    played = games.filter(
        pc.and_(pc.equal(games["season"], season), pc.is_valid(games["home_score"]))
    )
    expected = set(pc.unique(played["week"]).to_pylist()) & set(weeks)
    absent = sorted(expected - set(pc.unique(data["week"]).to_pylist())) if data.num_rows else []
    if not absent:
        return []
    return [f"{dataset} {season}: no row of week {', '.join(map(str, absent))}"]


def _reports_to_come(
    injuries: pa.Table, games: pa.Table, season: int, weeks: Sequence[int]
) -> list[str]:
    """Warnings about weeks to come of which upstream, who has others, has no injury report yet."""
    import pyarrow.compute as pc

    if not injuries.num_rows:
        return []
    theirs = games.filter(pc.equal(games["season"], season))
    played = theirs.filter(pc.is_valid(theirs["home_score"]))["week"].to_pylist()
    ahead = set(theirs["week"].to_pylist()) & set(weeks) - set(played)
    return [
        f"injuries {season}: no injury report of week {week} yet: nobody is counted as injured"
        for week in sorted(ahead - set(injuries["week"].to_pylist()))
    ]


def _register(connection: duckdb.DuckDBPyConnection, **tables: pa.Table) -> None:
    for name, table in tables.items():
        connection.register(name, table)


def register_weeks(connection: duckdb.DuckDBPyConnection, weeks: Sequence[SeasonWeek]) -> None:
    """Make the table ``wanted(season, week)``."""
    connection.execute("create or replace temp table wanted (season integer, week integer)")
    if weeks:
        connection.executemany("insert into wanted values (?, ?)", [list(week) for week in weeks])


def _refuse_empty_weeks(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, dataset: str
) -> None:
    connection.register("result", table)
    empty = connection.execute(
        "select distinct season, week from team_weeks"
        " anti join result using (season, week) order by all"
    ).fetchall()
    if empty:
        season, week = empty[0]
        raise NotPublishedError(
            dataset,
            "upstream has no row for this week or the two before it",
            "The week is too far ahead, or upstream is late: re-run when it has caught up.",
            season,
            week,
        )
