"""Conversion of upstream's frames to their contracts: team codes, ids, signs, repeated rows.

Each function corrects the errors of one data set; each correction was measured on the real files.
`columns.select_columns` has found the columns and cast them to their types.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from operator import itemgetter

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import LastingError
from fantasy_pipeline.football.tables import GAMES
from fantasy_pipeline.football.tables.contract import Column
from fantasy_pipeline.football.teams import code_sql
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.columns import select_columns, upstream_file
from fantasy_pipeline.ingest.sources.unreadable import FILE_IS_WRONG, FORMAT_CHANGED, MOST
from fantasy_pipeline.lake.duck import arrow, query

_SCHEDULE_COLUMNS = upstream_file(
    "schedule",
    ("game_id",),
    int="season week home_score away_score home_rest away_rest div_game temp wind",
    float="spread_line total_line",
    date="gameday",
    time="gametime",
    string="game_id game_type home_team away_team location roof surface stadium",
)
SCHEDULE_FILE = replace(
    _SCHEDULE_COLUMNS,
    columns=(
        *_SCHEDULE_COLUMNS.columns,
        Column("home_moneyline", "int", ""),
        Column("away_moneyline", "int", ""),
    ),
)
"""Columns of upstream's schedule that ``sql/schedule.sql`` reads; only here, a type is ``time``."""

_FIRST_WITHOUT_KICKOFF = """
select first(game_id) from frame
where try(timezone('America/New_York', cast(gameday as date) + coalesce(gametime, time '13:00')))
    is null
"""
"""The first game whose day and time are no moment."""

_GSIS = "player_id is not null and not regexp_full_match(player_id, '[A-Z]{3}[0-9]{6}')"
"""SQL: upstream has the Elias id (EME675714) of players who have no gsis_id in the same column."""

NO_PLAYER = "NO_PLAYER"
"""player_id of the one row per week in which upstream keeps stats that belong to no player."""


def schedule(connection: duckdb.DuckDBPyConnection, frame: pa.Table) -> pa.Table:
    """Return the schedule in the shape of `GAMES`, one row per game.

    Kick-offs are UTC; a game without a time gets 13:00 US/Eastern.

    Raises:
        LastingError: as `select_columns`, or a date and time are not a kick-off.
    """
    connection.register("frame", select_columns(connection, frame, SCHEDULE_FILE, None))
    try:
        rows = arrow(
            connection,
            query(__package__, "schedule").format(
                home=code_sql("home_team"), away=code_sql("away_team")
            ),
        )
    except duckdb.Error as error:
        # All columns have their types, so the day must be beyond DuckDB's calendar.
        [(game,)] = connection.execute(_FIRST_WITHOUT_KICKOFF).fetchall()
        cause = f"gameday and gametime of {game} give no kick-off: {str(error).splitlines()[0]}"
        raise LastingError("schedule", cause, FILE_IS_WRONG) from error
    return GAMES.conform(rows)


def weekly_stats(connection: duckdb.DuckDBPyConnection, frame: pa.Table, season: int) -> pa.Table:
    """Return stat lines, one row per player-week, from the old or the new release.

    As in the new release, yards lost to sacks are negative. Where the old release's kicking was
    joined, a kicker's other stats are 0 and the other players' kicking stats are 0.
    """
    # Only the old release has a column of this name.
    is_old = "recent_team" in frame.column_names and "team" not in frame.column_names
    contract = schema.OLD_WEEKLY_STATS if is_old else schema.WEEKLY_STATS
    connection.register("stats", select_columns(connection, frame, contract, season))
    replace = [
        f"coalesce(player_id, '{NO_PLAYER}') as player_id",
        f"{code_sql('team')} as team",
        f"{code_sql('opponent')} as opponent",
        # The old release's sack_yards are positive. 0 - x, because -x would make -0.0 of a 0.
        "0 - abs(sack_yards_lost) as sack_yards_lost",
    ]
    sql = f"select * replace ({', '.join(replace)}) from stats"  # noqa: S608 - contract
    if is_old and "fg_made" in frame.column_names:
        totals = ", ".join(f"coalesce({name}, 0) as {name}" for name in schema.OLD_TOTALS)
        sql = f"select * replace ({totals}) from ({sql})"  # noqa: S608 - contract
    # A repeated player-week is refused when the week is written, so that it costs no other week.
    return schema.WEEKLY_STATS.shaped(arrow(connection, sql))


def with_kickers(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, kicking: pa.Table, season: int
) -> pa.Table:
    """Return the old release's stat lines joined with its kicking, one row per player-week.

    A player who kicks and has other stats is in both files; columns of both are merged.
    """
    kicking = select_columns(connection, kicking, schema.OLD_KICKING, season).rename_columns(
        {"player_name": "player_display_name", "team": "recent_team"}
    )
    connection.register("stats", frame)
    connection.register("kicking", kicking)
    both = [name for name in frame.column_names if name in kicking.column_names]
    merged = ", ".join(f"coalesce(s.{name}, k.{name}) as {name}" for name in both)
    names = ", ".join(both)
    return arrow(
        connection,
        f"select {merged}, s.* exclude ({names}), k.* exclude ({names})"  # noqa: S608 - contract
        " from stats s full join kicking k using (season, week, player_id)",
    )


def weekly_rosters(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, players: pa.Table, season: int
) -> tuple[pa.Table, list[str]]:
    """Return weekly rosters, one row per player-week, and a note on rows without a gsis_id.

    Those rows are left out. Rookies get their gsis_id late, so a missing one is looked up in
    `players` (the current file) by Elias id first.
    """
    connection.register("rosters", select_columns(connection, frame, schema.WEEKLY_ROSTERS, season))
    connection.register("players", players)
    sql = query(__package__, "weekly_rosters").format(team=code_sql("r.team"))
    rows = arrow(connection, sql)
    unknown = rows.filter(pc.is_null(rows["player_id"]))
    notes = []
    if unknown.num_rows:
        names = sorted({f"{r['player_name']} ({r['team']})" for r in unknown.to_pylist()})
        notes.append(
            f"weekly_rosters {season}: {unknown.num_rows} rows without a gsis_id left out: "
            + ", ".join(names[:8])
            + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        )
    notes += [f"weekly_rosters {season}: {text}" for text in _rosters_that_tie(connection)]
    identified = rows.filter(pc.is_valid(rows["player_id"]))
    return schema.WEEKLY_ROSTERS.conform(identified), notes


def _rosters_that_tie(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the players who are active on two rosters of a week: nothing tells which is right."""
    ties = arrow(
        connection,
        """
        select season, week, any_value(player_name) as name,
            list_sort(list(distinct team)) as teams
        from rosters
        where player_id is not null and status = 'ACT'
        group by season, week, player_id
        having count(distinct team) > 1
        order by all
        """,
    ).to_pylist()
    return [
        f"week {row['week']}: {row['name']} is active for {' and '.join(row['teams'])}; "
        f"{row['teams'][0]} is taken"
        for row in ties
    ]


def injuries(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, season: int
) -> tuple[pa.Table, list[str]]:
    """Return injury reports and notes on unknown statuses, which are left null.

    The reports have one row per player, team and week: the latest report of each.

    Raises:
        LastingError: as `select_columns`, or most statuses of the latest week are unknown words.
    """
    connection.register("injuries", select_columns(connection, frame, schema.INJURIES, season))
    connection.register("reports", arrow(connection, query(__package__, "injury_words")))
    notes = _unknown_statuses(connection, season)
    sql = query(__package__, "injuries").format(team=code_sql("team"))
    return schema.INJURIES.conform(arrow(connection, sql)), notes


def _unknown_statuses(connection: duckdb.DuckDBPyConnection, season: int) -> list[str]:
    """Return notes on the words of the table `reports` that mean no known status.

    Raises:
        LastingError: most words of the latest week are unknown.
    """
    unknown = arrow(connection, query(__package__, "unknown_injury_words")).to_pylist()
    notes = []
    for name, found in groupby(unknown, key=itemgetter("name")):
        words = list(found)
        listed = ", ".join(f"{row['word']!r} ({row['rows']} rows)" for row in words[:8])
        listed += f" and {len(words) - 8} more words" if len(words) > 8 else ""
        if words[0]["share"] > MOST:
            cause = f"most values of {name} in the latest week are unknown words: {listed}"
            raise LastingError("injuries", cause, FORMAT_CHANGED, season)
        notes.append(f"injuries {season}: {name} has unknown words, left null: {listed}")
    return notes


def snap_counts(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, season: int
) -> tuple[pa.Table, list[str]]:
    """Return snap counts, one row per player and game, and notes on contradictory rows.

    Of repeated rows one is read. Of rows with different counts none is: nothing tells which of them
    is right.
    """
    connection.register("snaps", select_columns(connection, frame, schema.SNAP_COUNTS, season))
    rows = arrow(
        connection,
        f"select distinct * replace ({code_sql('team')} as team) from snaps",  # noqa: S608 - contract
    )
    keys = list(schema.SNAP_COUNTS.key)
    counts = rows.group_by(keys).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1)).select(keys)
    if not twice.num_rows:
        return schema.SNAP_COUNTS.conform(rows), []
    notes = [
        f"snap_counts {season}: week {week} has different snaps of the same players, which are "
        f"left out: {', '.join(players[:8])}"
        + (f" and {len(players) - 8} more" if len(players) > 8 else "")
        for week, players in _players_by_week(twice)
    ]
    return schema.SNAP_COUNTS.conform(rows.join(twice, keys, join_type="left anti")), notes


def _players_by_week(rows: pa.Table) -> list[tuple[int, list[str]]]:
    """Return each week with the Pro Football Reference ids and teams of its rows."""
    found: dict[int, list[str]] = {}
    for row in rows.to_pylist():
        found.setdefault(row["week"], []).append(f"{row['pfr_id']} ({row['team']})")
    return [(week, sorted(players)) for week, players in sorted(found.items())]


def player_ids(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, players: pa.Table | None = None
) -> pa.Table:
    """Return the id map, one row per player.

    Of two rows with one gsis_id, the row with the name and date of birth of `players` stays.
    """
    known = schema.PLAYERS.arrow_schema.empty_table() if players is None else players
    connection.register("players", known)
    connection.register("ids", select_columns(connection, frame, schema.PLAYER_IDS, None))
    return schema.PLAYER_IDS.conform(arrow(connection, query(__package__, "player_ids")))


def market_values(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, ids: pa.Table
) -> pa.Table:
    """Return market values, one row per player whom the id map has.

    Args:
        ids: `schema.PLAYER_IDS` rows.
    """
    connection.register("ids", ids)
    connection.register("market", select_columns(connection, frame, schema.MARKET_FILE, None))
    return schema.MARKET_VALUES.conform(arrow(connection, query(__package__, "market_values")))


def players(connection: duckdb.DuckDBPyConnection, frame: pa.Table) -> pa.Table:
    """Return the players who have a gsis_id, one row per player."""
    connection.register("players", select_columns(connection, frame, schema.PLAYERS, None))
    return schema.PLAYERS.conform(arrow(connection, f"from players where {_GSIS}"))
