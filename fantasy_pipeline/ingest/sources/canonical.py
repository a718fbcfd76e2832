"""From an upstream frame to its contract: names, types, team codes, ids, signs.

`project` finds each column under the names it has, or had, upstream; the functions after it mend
what is particular to one data set. The traps they mend are measured on the real files.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import LastingError
from fantasy_pipeline.football.tables import GAMES
from fantasy_pipeline.football.tables.contract import Column, Table
from fantasy_pipeline.football.teams import code_sql
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.ignored_columns import IGNORED_COLUMNS
from fantasy_pipeline.lake.duck import arrow, query

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FORMAT_CHANGED = "Upstream changed its format: update fantasy_pipeline, or choose another --source."


def upstream_file(dataset: str, **columns: str) -> Table:
    """Columns that a file must have, by type, under upstream's own names."""
    return Table(
        dataset,
        "",
        (),
        tuple(
            Column(name, of_type, "", required=True)
            for of_type, names in columns.items()
            for name in names.split()
        ),
    )


SCHEDULE_FILE = upstream_file(
    "schedule",
    int="season week home_score away_score home_rest away_rest div_game temp wind",
    float="spread_line total_line",
    date="gameday",
    time="gametime",
    string="game_id game_type home_team away_team location roof surface stadium",
)
"""What ``sql/schedule.sql`` reads of upstream's schedule; no lake table has type ``time``."""


NO_PLAYER = "NO_PLAYER"
"""player_id of the one row a week in which upstream keeps stats that belong to no player."""

_SQL_TYPES = {
    "bool": "boolean",
    "date": "date",
    "float": "double",
    "int": "integer",
    "time": "time",
    "timestamp": "timestamptz",
}

_NO_TEXT = re.compile(r"^(BOOLEAN|BLOB|DATE|TIME|INTERVAL|STRUCT|MAP|UNION)|\]$")
"""DuckDB's types that no text and no id is of; the last are lists."""


def _upstream_name(column: Column, present: Sequence[str]) -> str | None:
    """Alias first: stats files also have an abbreviated ``player_name``."""
    return next((name for name in (*column.aliases, column.name) if name in present), None)


def _expression(column: Column, name: str, upstream_type: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if column.type == "string":
        text = f"nullif(trim(cast({quoted} as varchar), e' \\t\\r\\n'), '')"
        if upstream_type in ("DOUBLE", "FLOAT"):
            # Ids that pandas or a CSV reader took for numbers: 4372016.0 is '4372016'.
            whole = f"cast(cast({quoted} as bigint) as varchar)"
            return _refusing(f"{quoted} <> trunc({quoted})", quoted, "no text and no id", whole)
        if _NO_TEXT.search(upstream_type):
            # DuckDB would write any of them as text. Without a value it is no other type: R's
            # empty columns are BOOLEAN.
            return _refusing(f"{quoted} is not null", quoted, f"{upstream_type}, not text", text)
        return text
    if upstream_type == "VARCHAR":
        quoted = f"nullif({quoted}, '')"
    if column.type == "date" and upstream_type in ("TIMESTAMP", "TIMESTAMP_NS"):
        # pandas takes a number, as which nfl_data_py may get a date, for nanoseconds after 1970.
        day = f"cast({quoted} as date)"
        return _refusing(f"{quoted} <> date_trunc('day', {quoted})", quoted, "no date", day)
    if column.type == "timestamp" and upstream_type != "TIMESTAMP WITH TIME ZONE":
        # Not in the machine's own zone.
        return f"timezone('UTC', cast({quoted} as timestamp))"
    if column.type in ("float", "int") and upstream_type in ("DOUBLE", "FLOAT"):
        quoted = f"case when isnan({quoted}) then null else {quoted} end"
    return f"cast({quoted} as {_SQL_TYPES[column.type]})"


def _refusing(wrong: str, quoted: str, why: str, value: str) -> str:
    """SQL of `value` that fails on the first row that is `wrong`, with the value and why."""
    # The message has the value in it: DuckDB evaluates a constant one whether or not a row is.
    why = why.replace("'", "''")
    message = f"cast({quoted} as varchar) || ' is {why}'"
    return f"case when {wrong} then error({message}) else {value} end"


def _any_name(column: Column) -> str:
    """Every name under which the column is looked for."""
    return " or ".join((column.name, *column.aliases))


def _both_names(column: Column, name: str) -> str:
    """Our name, and upstream's where it differs."""
    return column.name if name == column.name else f"{column.name} (upstream: {name})"


def select_columns(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, contract: Table, season: int | None
) -> pa.Table:
    """Select and cast the contract's columns from an upstream frame; nothing else is changed.

    Raises:
        LastingError: a required column is missing or renamed, a value does not fit its type, or
            the frame has no rows.
    """
    import duckdb

    if frame.num_rows == 0:
        raise LastingError(
            contract.name, "the upstream file has no rows", "Re-run when it has.", season
        )
    _refuse_other_seasons(frame, contract, season)
    connection.register("frame", frame)
    types = {row[0]: row[1] for row in connection.execute("describe frame").fetchall()}
    picked = {}
    for column in contract.columns:
        name = _upstream_name(column, list(types))
        if name is None and column.required:
            new = _added(list(types), contract)
            near = [
                like
                for name in (column.name, *column.aliases)
                for like in difflib.get_close_matches(name, new, n=1, cutoff=0.75)
            ]
            hint = f" (renamed to {near[0]}?)" if near else ""
            raise LastingError(
                contract.name,
                f"upstream has no column {_any_name(column)}{hint}",
                FORMAT_CHANGED,
                season,
            )
        value = "null" if name is None else _expression(column, name, types[name])
        sql_type = _SQL_TYPES.get(column.type, "varchar")
        label = column.name if name is None else _both_names(column, name)
        picked[label] = f"cast({value} as {sql_type}) as {column.name}"
    try:
        return arrow(connection, f"select {', '.join(picked.values())} from frame")  # noqa: S608 - contract
    except duckdb.Error as error:
        raise LastingError(
            contract.name,
            f"a column changed its type: {_retyped(connection, picked)}",
            FORMAT_CHANGED,
            season,
        ) from error
    finally:
        connection.unregister("frame")


def _refuse_other_seasons(frame: pa.Table, contract: Table, season: int | None) -> None:
    """Raise if a season's file has rows of another one: last year's under this year's name."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if (
        season is None
        or "season" not in contract.column_names
        or "season" not in frame.column_names
    ):
        return
    try:
        found = set(pc.unique(frame["season"].cast(pa.float64())).to_pylist())
    except pa.ArrowInvalid:
        # What is no number at all is named as a column that changed its type.
        return
    if found != {float(season)}:
        listed = ", ".join(
            "null" if value is None else f"{value:g}"
            for value in sorted(found, key=lambda value: -1 if value is None else value)[:5]
        )
        raise LastingError(
            contract.name,
            f"upstream's file has rows of season {listed}",
            "It is another season's file: re-run when upstream has put it right.",
            season,
        )


def _added(present: Sequence[str], contract: Table) -> list[str]:
    """Columns that are neither read nor known."""
    wanted = {name for column in contract.columns for name in (column.name, *column.aliases)}
    return sorted(set(present) - wanted - IGNORED_COLUMNS.get(contract.name, frozenset()))


def column_notes(present: Sequence[str], contract: Table) -> list[str]:
    """What a reader should know of a file's columns: those that upstream added, those it dropped.

    Args:
        present: columns of upstream's file.
        contract: `schema` contract; its optional columns may be absent.
    """
    notes = []
    if added := _added(present, contract):
        notes.append(f"upstream has new columns, not read: {', '.join(added)}")
    dropped = [
        _any_name(column) for column in contract.columns if _upstream_name(column, present) is None
    ]
    if dropped:
        notes.append(f"upstream has no column {', '.join(dropped)}: null")
    return notes


def _retyped(connection: duckdb.DuckDBPyConnection, picked: Mapping[str, str]) -> str:
    """The first column that cannot be read, and why."""
    import duckdb

    for name, expression in picked.items():
        try:
            arrow(connection, f"select {expression} from frame")  # noqa: S608 - contract
        except duckdb.Error as error:
            return f"{name}: {str(error).splitlines()[0]}"
    return "none by itself"


def schedule(connection: duckdb.DuckDBPyConnection, frame: pa.Table) -> pa.Table:
    """Schedule in the lake's shape: UTC kick-offs (13:00 US/Eastern where unknown)."""
    import duckdb

    connection.register("frame", select_columns(connection, frame, SCHEDULE_FILE, None))
    try:
        rows = arrow(
            connection,
            query(__package__, "schedule").format(
                home=code_sql("home_team"), away=code_sql("away_team")
            ),
        )
    except duckdb.Error as error:
        # Every column is of its type; what is left is a day beyond the calendar of DuckDB.
        cause = f"no kick-off of gameday and gametime: {str(error).splitlines()[0]}"
        raise LastingError("schedule", cause, FORMAT_CHANGED) from error
    return GAMES.conform(rows)


def weekly_stats(connection: duckdb.DuckDBPyConnection, frame: pa.Table, season: int) -> pa.Table:
    """Weekly stats; yards lost to sacks are negative, as in the new release.

    Who only kicks did nothing else, and the others kicked nothing, as in the new release too.
    """
    # Only the old release calls a team so.
    is_old = "recent_team" in frame.column_names and "team" not in frame.column_names
    contract = schema.OLD_WEEKLY_STATS if is_old else schema.WEEKLY_STATS
    connection.register("stats", select_columns(connection, frame, contract, season))
    replace = [
        f"coalesce(player_id, '{NO_PLAYER}') as player_id",
        f"{code_sql('team')} as team",
        f"{code_sql('opponent')} as opponent",
        # Positive in the old release's sack_yards; 0 - x, or a zero would be -0.0.
        "0 - abs(sack_yards_lost) as sack_yards_lost",
    ]
    sql = f"select * replace ({', '.join(replace)}) from stats"  # noqa: S608 - contract
    if is_old and "fg_made" in frame.column_names:
        totals = ", ".join(f"coalesce({name}, 0) as {name}" for name in schema.OLD_TOTALS)
        sql = f"select * replace ({totals}) from ({sql})"  # noqa: S608 - contract
    return schema.WEEKLY_STATS.conform(arrow(connection, sql))


def with_kickers(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, kicking: pa.Table, season: int
) -> pa.Table:
    """The old release's stat lines with its kicking, which some who do other things do as well."""
    kicking = select_columns(connection, kicking, schema.OLD_KICKING, season).rename_columns(
        {"player_name": "player_display_name", "team": "recent_team"}
    )
    connection.register("stats", frame)
    connection.register("kicking", kicking)
    both = [name for name in frame.column_names if name in kicking.column_names]
    picked = ", ".join(f"coalesce(s.{name}, k.{name}) as {name}" for name in both)
    left_out = ", ".join(both)
    return arrow(
        connection,
        f"select {picked}, s.* exclude ({left_out}), k.* exclude ({left_out})"  # noqa: S608 - contract
        " from stats s full join kicking k using (season, week, player_id)",
    )


def weekly_rosters(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, players: pa.Table, season: int
) -> tuple[pa.Table, list[str]]:
    """Weekly rosters, and a note on rows left out because nobody knows their gsis_id.

    Rookies get the id late: `players` (of today) is asked by Elias id first.
    """
    import pyarrow.compute as pc

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
    known = rows.filter(pc.is_valid(rows["player_id"]))
    return schema.WEEKLY_ROSTERS.conform(known), notes


def injuries(connection: duckdb.DuckDBPyConnection, frame: pa.Table, season: int) -> pa.Table:
    """Injury reports; one row per player, team and week: the last one upstream wrote."""
    connection.register("injuries", select_columns(connection, frame, schema.INJURIES, season))
    sql = query(__package__, "injuries").format(team=code_sql("team"))
    return schema.INJURIES.conform(arrow(connection, sql))


def snap_counts(connection: duckdb.DuckDBPyConnection, frame: pa.Table, season: int) -> pa.Table:
    """Snap counts."""
    connection.register("snaps", select_columns(connection, frame, schema.SNAP_COUNTS, season))
    return schema.SNAP_COUNTS.conform(
        arrow(
            connection,
            f"select * replace ({code_sql('team')} as team) from snaps",  # noqa: S608 - contract
        )
    )


def player_ids(connection: duckdb.DuckDBPyConnection, frame: pa.Table) -> pa.Table:
    """Id map; of the few players listed twice, the row with the most ids."""
    connection.register("ids", select_columns(connection, frame, schema.PLAYER_IDS, None))
    return schema.PLAYER_IDS.conform(arrow(connection, query(__package__, "player_ids")))


def players(connection: duckdb.DuckDBPyConnection, frame: pa.Table) -> pa.Table:
    """Players who have a gsis_id."""
    connection.register("players", select_columns(connection, frame, schema.PLAYERS, None))
    return schema.PLAYERS.conform(arrow(connection, "from players where player_id is not null"))
