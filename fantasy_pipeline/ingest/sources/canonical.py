"""Conversion of upstream's frames to their contracts: names, types, team codes, ids, signs.

`select_columns` finds each column under the names that it has, or had, upstream. The functions
after it correct the errors of single data sets; each correction was measured on the real files.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import LastingError
from fantasy_pipeline.football.tables import GAMES
from fantasy_pipeline.football.tables.contract import SQL_TYPES, Column, Table
from fantasy_pipeline.football.teams import code_sql
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.ignored_columns import IGNORED_COLUMNS
from fantasy_pipeline.ingest.sources.unreadable import (
    FILE_IS_WRONG,
    FORMAT_CHANGED,
    Reading,
    unreadable,
)
from fantasy_pipeline.lake.duck import arrow, query


def upstream_file(dataset: str, key: tuple[str, ...] = (), **columns: str) -> Table:
    """Return a contract of the columns that a file must have, under upstream's own names.

    Args:
        dataset: name of the data set.
        key: columns that name a row in messages.
        columns: names separated by spaces, by type.
    """
    return Table(
        dataset,
        "",
        key,
        tuple(
            Column(name, of_type, "", required=True)
            for of_type, names in columns.items()
            for name in names.split()
        ),
    )


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

_NO_TEXT = re.compile(r"^(BOOLEAN|BLOB|DATE|TIME|INTERVAL|STRUCT|MAP|UNION)|\]$")
"""DuckDB's types that are neither text nor an id; lists end with a bracket."""


_NO_ID = ("NA", "N/A", "NAN", "NONE", "NULL", "-")
"""Texts in columns of ids that mean that there is none."""


def _upstream_name(column: Column, present: Sequence[str]) -> str | None:
    """Return the name of a column in a file; None if the file lacks it.

    Aliases come first: stats files also have an abbreviated ``player_name``.
    """
    return next((name for name in (*column.aliases, column.name) if name in present), None)


def _expression(column: Column, name: str, upstream_type: str) -> str:
    """Return SQL for a column's value in the contract's type.

    The SQL fails on a value that cannot have that type.

    Args:
        column: column of the contract.
        name: the column's name in the frame.
        upstream_type: the column's DuckDB type in the frame.
    """
    quoted = '"' + name.replace('"', '""') + '"'
    if column.type == "string":
        text = f"nullif(trim(cast({quoted} as varchar), e' \\t\\r\\n'), '')"
        if column.name.endswith("_id"):
            text = f"case when upper({text}) not in {_NO_ID} then {text} end"
        if upstream_type in ("DOUBLE", "FLOAT"):
            # pandas and CSV readers turn ids into numbers: 4372016.0 is '4372016'.
            whole = f"cast(cast({quoted} as bigint) as varchar)"
            wrong = f"{quoted} <> trunc({quoted})"
            return _failing_if(wrong, quoted, "neither text nor an id", whole)
        if _NO_TEXT.search(upstream_type):
            # DuckDB would write all these types as text. A column without values may have any
            # type: R writes empty columns as BOOLEAN.
            return _failing_if(f"{quoted} is not null", quoted, f"{upstream_type}, not text", text)
        return text
    if upstream_type == "VARCHAR":
        quoted = f"nullif({quoted}, '')"
    if column.type == "date" and upstream_type in ("TIMESTAMP", "TIMESTAMP_NS"):
        # nfl_data_py may get a date as a number, which pandas reads as nanoseconds after 1970.
        day = f"cast({quoted} as date)"
        wrong = f"{quoted} <> date_trunc('day', {quoted})"
        return _failing_if(wrong, quoted, "not a date", day)
    if column.type == "timestamp" and upstream_type != "TIMESTAMP WITH TIME ZONE":
        # Without a zone, DuckDB would use the machine's.
        return f"timezone('UTC', cast({quoted} as timestamp))"
    if column.type in ("float", "int") and upstream_type in ("DOUBLE", "FLOAT"):
        quoted = f"case when isnan({quoted}) then null else {quoted} end"
    return f"cast({quoted} as {SQL_TYPES[column.type]})"


def _failing_if(wrong: str, quoted: str, why: str, value: str) -> str:
    """Return SQL for `value` that fails on the first `wrong` row, with its value and `why`.

    Args:
        wrong: SQL condition.
        quoted: the column's quoted name.
        why: what the message says of the value, after "is".
        value: SQL expression.
    """
    # The row's value in the message also prevents a failure without a wrong row: DuckDB evaluates
    # the error() of a constant message always.
    why = why.replace("'", "''")
    message = f"cast({quoted} as varchar) || ' is {why}'"
    return f"case when {wrong} then error({message}) else {value} end"


def _any_name(column: Column) -> str:
    """Return every name that a column may have upstream, for messages."""
    return " or ".join((column.name, *column.aliases))


def _both_names(column: Column, name: str) -> str:
    """Return the contract's name of a column, with upstream's where it differs."""
    return column.name if name == column.name else f"{column.name} (upstream: {name})"


def select_columns(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, contract: Table, season: int | None
) -> pa.Table:
    """Return the contract's columns of an upstream frame, cast to their types.

    Rows and values stay as they are.

    Raises:
        LastingError: a required column is missing or renamed, a value does not fit its type, the
            frame has rows of another season, or it has no rows.
    """
    if frame.num_rows == 0:
        raise LastingError(
            contract.name,
            "the upstream file has no rows",
            "Run again when upstream has rows.",
            season,
        )
    _refuse_other_seasons(frame, contract, season)
    connection.register("frame", frame)
    types = {row[0]: row[1] for row in connection.execute("describe frame").fetchall()}
    readings = _readings(contract, types, season)
    try:
        named = (f"{reading.sql} as {reading.name}" for reading in readings)
        return arrow(connection, f"select {', '.join(named)} from frame")  # noqa: S608 - contract
    except duckdb.Error as error:
        raise unreadable(connection, contract, readings, season) from error
    finally:
        connection.unregister("frame")


def _readings(contract: Table, types: Mapping[str, str], season: int | None) -> list[Reading]:
    """Return how each column of a contract is read.

    Args:
        contract: the columns to read; an optional one that the frame lacks is null.
        types: DuckDB types of the frame's columns.
        season: season of the frame, for errors.

    Raises:
        LastingError: the frame lacks a required column.
    """
    readings = []
    for column in contract.columns:
        name = _upstream_name(column, list(types))
        if name is None and column.required:
            raise LastingError(
                contract.name,
                f"upstream has no column {_any_name(column)}"
                + _rename_hint(column, _added(list(types), contract)),
                FORMAT_CHANGED,
                season,
            )
        value = "null" if name is None else _expression(column, name, types[name])
        sql_type = SQL_TYPES[column.type]
        label = column.name if name is None else _both_names(column, name)
        sql = f"cast({value} as {sql_type})"
        readings.append(Reading(column.name, name, label, sql))
    return readings


def _rename_hint(column: Column, added: Sequence[str]) -> str:
    """Return a hint at the new column with a name like that of a missing one; empty without one."""
    for name in (column.name, *column.aliases):
        if near := difflib.get_close_matches(name, added, n=1, cutoff=0.75):
            return f" (renamed to {near[0]}?)"
    return ""


def _refuse_other_seasons(frame: pa.Table, contract: Table, season: int | None) -> None:
    """Raise if a season's file has rows of another season, e.g. last year's file renamed."""
    if (
        season is None
        or "season" not in contract.column_names
        or "season" not in frame.column_names
    ):
        return
    try:
        found = set(pc.unique(frame["season"].cast(pa.float64())).to_pylist())
    except pa.ArrowInvalid:
        # Not numbers: `select_columns` reports a column that changed its type.
        return
    if found != {float(season)}:
        listed = ", ".join(
            "null" if value is None else f"{value:g}"
            for value in sorted(found, key=lambda value: -1 if value is None else value)[:5]
        )
        raise LastingError(
            contract.name,
            f"upstream's file has rows of season {listed}",
            "Upstream published another season's file: run again when upstream has corrected it.",
            season,
        )


def _added(present: Sequence[str], contract: Table) -> list[str]:
    """Return the new columns of a file: neither in the contract nor in `IGNORED_COLUMNS`."""
    wanted = {name for column in contract.columns for name in (column.name, *column.aliases)}
    return sorted(set(present) - wanted - IGNORED_COLUMNS.get(contract.name, frozenset()))


def column_notes(present: Sequence[str], contract: Table) -> list[str]:
    """Return notes on the columns that upstream added to a file, and on those it dropped.

    Args:
        present: columns of upstream's file.
        contract: contract of the file; its optional columns may be missing.
    """
    notes = []
    if added := _added(present, contract):
        notes.append(f"upstream has new columns, not read: {', '.join(added)}")
    dropped = [
        _any_name(column) for column in contract.columns if _upstream_name(column, present) is None
    ]
    if dropped:
        notes.append(f"upstream lacks optional columns, left null: {', '.join(dropped)}")
    return notes


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


def injuries(connection: duckdb.DuckDBPyConnection, frame: pa.Table, season: int) -> pa.Table:
    """Return injury reports, one row per player, team and week: the latest report of each."""
    connection.register("injuries", select_columns(connection, frame, schema.INJURIES, season))
    sql = query(__package__, "injuries").format(team=code_sql("team"))
    return schema.INJURIES.conform(arrow(connection, sql))


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
