"""The columns of upstream's files: found under the names that they have, or had, and cast.

Errors and notes about missing, renamed, retyped and new columns belong here. What is wrong with the
rows of one data set is corrected in `canonical.py`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import LastingError
from fantasy_pipeline.football.tables.contract import SQL_TYPES, Column, Table
from fantasy_pipeline.ingest.sources.ignored_columns import IGNORED_COLUMNS
from fantasy_pipeline.ingest.sources.unreadable import FORMAT_CHANGED, Reading, unreadable
from fantasy_pipeline.lake.duck import arrow

_NO_TEXT = re.compile(r"^(BOOLEAN|BLOB|DATE|TIME|INTERVAL|STRUCT|MAP|UNION)|\]$")
"""DuckDB's types that are neither text nor an id; lists end with a bracket."""


_NO_ID = ("NA", "N/A", "NAN", "NONE", "NULL", "-")
"""Texts in columns of ids that mean that there is none."""


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
