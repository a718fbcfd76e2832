"""Build `raw_players`: each week's players with their team, health, measures and ids."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import LastingError, NotPublishedError, SourceError
from fantasy_pipeline.football.named_weeks import scheduled_weeks
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import RAW_PLAYERS
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.team_games import over_by_clock, team_games
from fantasy_pipeline.football.teams import AFC
from fantasy_pipeline.ingest.defender_results import with_results
from fantasy_pipeline.ingest.names import PLAIN_NAME
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.ingest.team_defense import rostered_defences
from fantasy_pipeline.lake.duck import arrow, database, query

OTHER_IDS = {
    "player_name": 0.2,
    **dict.fromkeys(("sleeper_id", "espn_id", "yahoo_id", "pfr_id"), 0.02),
}
"""By column of the id map, the share of players who may have another value than on their roster. At
most 0.4% of the ids of a season differ, and 8% of the names are spelt in another way."""
MOST, MIN_COMPARED_IDS = 0.5, 100
"""Share of the players from which a column belongs to others; players needed to compare it."""


def raw_players(
    source: Source,
    games: pa.Table,
    season: int,
    weeks: Sequence[int],
    asks_nflcom: bool = True,
    now: datetime | None = None,
) -> tuple[pa.Table, list[str]]:
    """Return the players of some weeks of a season, and warnings about gaps upstream.

    Rosters, injuries, snap counts and ids are optional: a data set that upstream lacks becomes a
    warning. Without rosters, the players come from the season's stat lines.

    Args:
        source: reads upstream's data sets.
        games: `GAMES`.
        asks_nflcom: whether NFL.com's files may be read, for positions and results of defenders.
        now: moment of the import; snaps of games that are not over then do not count, which
            upstream has when a past moment is replayed. None: all snaps count.

    Returns:
        `RAW_PLAYERS` rows, one per player and week, one per team's defence and week, and one line
        per warning.

    Raises:
        NotPublishedError: the schedule lacks the season or a week; or a week has games, but
            upstream's rosters (or stats in their place) end more than two weeks before it.
        SourceError: an essential data set failed.
    """
    scheduled = scheduled_weeks(games, season, weeks)
    datasets, warnings = _read(source, season)
    datasets["nflcom"], unread = _nflcom_positions(source, season, scheduled if asks_nflcom else ())
    warnings += unread
    for table in (schema.INJURIES, schema.SNAP_COUNTS):
        warnings += _played_weeks_without_rows(
            table.name, datasets[table.name], games, season, weeks
        )
    if now is not None:
        datasets["snap_counts"] = _of_games_over(datasets["snap_counts"], games, now)
    warnings += _weeks_without_injury_report(datasets["injuries"], games, season, weeks)
    players, exchanged = _join(datasets, games, [SeasonWeek(season, week) for week in weeks])
    warnings += [*exchanged, *_ids_of_others(datasets, season)]
    if asks_nflcom:
        ids = datasets["player_ids"]
        players, unread = with_results(players, source, ids, season, scheduled)
        warnings += unread
    for dataset in ("weekly_rosters", "injuries", "snap_counts", "player_ids", "players"):
        warnings += source.notes(dataset, season)
    return players, warnings


def _read(source: Source, season: int) -> tuple[dict[str, pa.Table], list[str]]:
    """Return the data sets of a season by name, and a warning for each that upstream lacks.

    `weekly_stats` has rows only if the season has no rosters.
    """
    datasets: dict[str, pa.Table] = {}
    warnings: list[str] = []

    def read_optional(table: Table, load: Callable[[], pa.Table]) -> None:
        try:
            datasets[table.name] = load()
        except NotPublishedError as error:
            warnings.append(f"{error.dataset} {season}: {error.cause}")
            datasets[table.name] = table.arrow_schema.empty_table()

    read_optional(schema.WEEKLY_ROSTERS, lambda: source.weekly_rosters(season))
    if datasets["weekly_rosters"].num_rows:
        datasets["weekly_stats"] = schema.WEEKLY_STATS.arrow_schema.empty_table()
    else:
        datasets["weekly_stats"] = source.weekly_stats(season)
        warnings.append(
            f"weekly_rosters {season}: no rows upstream; "
            "each player's team comes from his latest stat line"
        )
    read_optional(schema.INJURIES, lambda: source.injuries(season))
    read_optional(schema.SNAP_COUNTS, lambda: source.snap_counts(season))
    read_optional(schema.PLAYER_IDS, source.player_ids)
    read_optional(schema.PLAYERS, source.players)
    return datasets, warnings


def _nflcom_positions(
    source: Source, season: int, weeks: Collection[int]
) -> tuple[pa.Table, list[str]]:
    """Return NFL.com's lists of some weeks, and a warning if one cannot be read.

    A week without a list, or with one that cannot be read, has the list of an earlier week.
    """
    parts = [schema.NFLCOM_POSITIONS.arrow_schema.empty_table()]
    latest = parts[0]
    warnings: list[str] = []
    for week in sorted(weeks):
        listed = [week] if latest.num_rows else range(week, max(week - 2, 0), -1)
        try:
            if not warnings:
                found = _first_list(source, season, listed)
                latest = latest if found is None else found
        except SourceError as error:
            # Other weeks are not asked for: the host may be down, which takes minutes each.
            text = f"{error.dataset} {season}: {error.cause}; positions are those known before"
            warnings.append(text)
        index = latest.column_names.index("week")
        number = pa.array([week] * latest.num_rows, latest["week"].type)
        parts.append(latest.set_column(index, "week", number))
    return pa.concat_tables(parts), warnings


def _first_list(source: Source, season: int, weeks: Iterable[int]) -> pa.Table | None:
    """Return the first of NFL.com's lists that is published; None if none is."""
    for week in weeks:
        try:
            rows = source.nflcom_positions(season, week)
        except NotPublishedError:
            continue
        if rows.num_rows:
            return rows
    return None


def _ids_of_others(datasets: dict[str, pa.Table], season: int) -> list[str]:
    """Return one warning per column of the id map that is another player's for some players.

    Raises:
        LastingError: a column of the id map belongs to others for most players.
    """
    rosters, ids = datasets["weekly_rosters"], datasets["player_ids"]
    warnings = []
    if ids.num_rows >= MIN_COMPARED_IDS:
        empty = [name for name in ids.column_names if ids[name].null_count == ids.num_rows]
        ids_lost = [name for name in empty if name.endswith("_id")]
        warnings += [f"player_ids {season}: no player has a {name}" for name in ids_lost]
    for name, usual in OTHER_IDS.items():
        listed = rosters.group_by("player_id").aggregate([(name, "max")])
        both = listed.join(ids.select(["player_id", name]), "player_id", join_type="inner")
        both = both.filter(pc.and_(pc.is_valid(both[name]), pc.is_valid(both[f"{name}_max"])))
        if both.num_rows < MIN_COMPARED_IDS:
            continue
        same = pc.equal(pc.utf8_lower(both[name]), pc.utf8_lower(both[f"{name}_max"]))
        share = 1 - pc.mean(same).as_py()
        cause = f"{name} of {share:.0%} of the {both.num_rows} rostered players is not the roster's"
        if share > MOST:
            advice = "Run again when upstream has corrected the id map."
            raise LastingError("player_ids", cause, advice, season)
        if share > usual:
            warnings.append(f"player_ids {season}: {cause}")
    return warnings


def _join(
    datasets: dict[str, pa.Table], games: pa.Table, weeks: Sequence[SeasonWeek]
) -> tuple[pa.Table, list[str]]:
    """Return `RAW_PLAYERS` rows, of players and of the teams' defences, and warnings.

    Raises:
        NotPublishedError: a week has games, but no players.
    """
    with database() as connection:
        for name, data in (
            ("games", games),
            ("team_games", team_games(games)),
            ("rosters", datasets["weekly_rosters"]),
            ("stats", datasets["weekly_stats"]),
            ("injuries", datasets["injuries"]),
            ("snaps", datasets["snap_counts"]),
            ("ids", datasets["player_ids"]),
            ("players", datasets["players"]),
            ("nflcom", datasets["nflcom"]),
            ("afc", pa.table({"team": AFC})),
        ):
            connection.register(name, data)
        connection.execute(PLAIN_NAME)
        _register_weeks(connection, weeks)
        connection.execute(query(__package__, "team_weeks"))
        connection.execute(query(__package__, "fantasy_positions"))
        connection.execute(query(__package__, "snap_teams"))
        warnings = [*_exchanged_snaps(connection), *_exchanged_reports(connection)]
        players = arrow(connection, query(__package__, "raw_players"))
        has_rosters = datasets["weekly_rosters"].num_rows
        _refuse_empty_weeks(
            connection, players, "weekly_rosters" if has_rosters else "weekly_stats"
        )
        defences = rostered_defences(arrow(connection, "from team_weeks"))
    both = pa.concat_tables([RAW_PLAYERS.shaped(players), defences])
    return RAW_PLAYERS.shaped(both), warnings


def _exchanged_snaps(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return one warning per game whose teams are exchanged in the snap counts."""
    games = connection.execute(
        """
        select season, week, string_agg(stated, ' and ' order by stated)
        from exchanged
        group by season, week, least(stated, team), greatest(stated, team)
        order by all
        """
    ).fetchall()
    return [
        f"snap_counts {season}: upstream has the snaps of {teams} in week {week} under the other "
        "team; each player counts for the team of his roster or stat line"
        for season, week, teams in games
    ]


def _of_games_over(snaps: pa.Table, games: pa.Table, now: datetime) -> pa.Table:
    """Return the snaps without those of games that are not over."""
    keys = ["season", "week", "team"]
    to_come = team_games(games.filter(pc.invert(over_by_clock(games, now)))).select(keys)
    return snaps.join(to_come, keys, join_type="left anti")


def _exchanged_reports(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return one warning per wanted week in which injury reports are under another team."""
    reports = connection.execute(
        """
        select season, week, string_agg(stated || ' (' || team || ')', ', ' order by stated)
        from exchanged_reports semi join wanted using (season, week)
        group by season, week
        order by all
        """
    ).fetchall()
    return [
        f"injuries {season}: most players of these reports of week {week} are on another team's "
        f"roster: {teams}; each report counts for the team of the roster"
        for season, week, teams in reports
    ]


def _played_weeks_without_rows(
    dataset: str, data: pa.Table, games: pa.Table, season: int, weeks: Sequence[int]
) -> list[str]:
    """Return one warning about played weeks that a file with other weeks lacks."""
    played = games.filter(
        pc.and_(pc.equal(games["season"], season), pc.is_valid(games["home_score"]))
    )
    expected = set(pc.unique(played["week"]).to_pylist()) & set(weeks)
    absent = sorted(expected - set(pc.unique(data["week"]).to_pylist())) if data.num_rows else []
    if not absent:
        return []
    return [
        f"{dataset} {season}: upstream's file has no rows for week {', '.join(map(str, absent))}"
    ]


def _weeks_without_injury_report(
    injuries: pa.Table, games: pa.Table, season: int, weeks: Sequence[int]
) -> list[str]:
    """Return one warning per coming week whose injury report is not out yet.

    Without any report of the season there are none: a warning about the whole file exists then.
    """
    if not injuries.num_rows:
        return []
    of_season = games.filter(pc.equal(games["season"], season))
    played = of_season.filter(pc.is_valid(of_season["home_score"]))["week"].to_pylist()
    coming = set(of_season["week"].to_pylist()) & set(weeks) - set(played)
    return [
        f"injuries {season}: week {week} has no injury report yet, so no player counts as "
        "injured. Run the week again when the report is out"
        for week in sorted(coming - set(injuries["week"].to_pylist()))
    ]


def _register_weeks(connection: duckdb.DuckDBPyConnection, weeks: Sequence[SeasonWeek]) -> None:
    """Create the temporary table ``wanted(season, week)``, one row per week."""
    connection.execute("create or replace temp table wanted (season integer, week integer)")
    if weeks:
        connection.executemany("insert into wanted values (?, ?)", [list(week) for week in weeks])


def _refuse_empty_weeks(
    connection: duckdb.DuckDBPyConnection, players: pa.Table, dataset: str
) -> None:
    """Raise if upstream lacks a week, or teams of a week that it has no rosters of yet.

    A team whose bye was up to two weeks ago has no roster to carry over to a week that far ahead.
    """
    connection.register("result", players)
    lacking = connection.execute(
        """
        with absent as (
            select season, week, team, opponent is not null as plays
            from team_weeks anti join result using (season, week, team)
        ), present as (
            select distinct season, week from result
        )
        select season, week, null from absent anti join present using (season, week)
        union
        select season, week, string_agg(team, ', ' order by team)
        from absent semi join present using (season, week)
        where plays and week > (select max(week) from rosters)
        group by all
        order by all
        """
    ).fetchall()
    if lacking:
        season, week, teams = lacking[0]
        row = f"no row of {teams}" if teams else "no row"
        raise NotPublishedError(
            dataset,
            f"upstream has {row} for this week or the two before it",
            "The week is too far ahead, or upstream is late: re-run when it is published.",
            season,
            week,
            [number for _, number, _ in lacking],
        )
