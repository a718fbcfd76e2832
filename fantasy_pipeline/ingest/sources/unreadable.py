"""Errors about values of an upstream file that cannot have their column's type.

A value of a single row is a mistake of upstream's; most values of a column mean a new format.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from fantasy_pipeline.errors import LastingError
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.lake.duck import arrow

FORMAT_CHANGED = "Upstream changed its format: update fantasy_pipeline, or choose another --source."
FILE_IS_WRONG = "Upstream's file is wrong: run again when upstream has corrected it."
MOST = 0.5
"""Share of a column's values above which unreadable values mean another format."""


class Reading(NamedTuple):
    """The way in which one column of a contract is read from a frame.

    Args:
        name: name in the contract.
        upstream: name in the frame; None: the frame lacks the column.
        label: name in messages.
        sql: the value in the contract's type; fails on a value that cannot have it.
    """

    name: str
    upstream: str | None
    label: str
    sql: str


def unreadable(
    connection: duckdb.DuckDBPyConnection,
    contract: Table,
    readings: Sequence[Reading],
    season: int | None,
) -> LastingError:
    """Return the error of the first column of the table `frame` that cannot be read."""
    for reading in readings:
        try:
            arrow(connection, f"select {reading.sql} from frame")  # noqa: S608 - contract
        except duckdb.Error as error:
            keys = [other for other in readings if other.name in contract.key]
            if wrong := _wrong_values(connection, reading, keys):
                cause = f"{reading.label}: {wrong}"
                return LastingError(contract.name, cause, FILE_IS_WRONG, season)
            cause = f"{reading.label}: {str(error).splitlines()[0]}"
            break
    else:
        cause = "no single column fails"
    return LastingError(
        contract.name, f"a column changed its type: {cause}", FORMAT_CHANGED, season
    )


def _wrong_values(
    connection: duckdb.DuckDBPyConnection, reading: Reading, keys: Sequence[Reading]
) -> str | None:
    """Return the first unreadable value of a column and its row; None if most are unreadable."""
    parts = [f"try({key.sql})" for key in keys if key is not reading]
    row = f"concat_ws(' ', {', '.join(parts)})" if parts else "null"
    quoted = '"' + (reading.upstream or "").replace('"', '""') + '"'
    try:
        [(row_name, value, wrong, total)] = connection.execute(
            f"""
            select first(place) filter (is_wrong), first(value) filter (is_wrong),
                count_if(is_wrong), count(*)
            from (
                select {row} as place, cast({quoted} as varchar) as value,
                    try({reading.sql}) is null as is_wrong
                from frame
            )
            where nullif(trim(value), '') is not null
            """  # noqa: S608 - contract
        ).fetchall()
    except duckdb.BinderException:
        # TRY accepts no expression that refuses a value in words.
        return None
    if not wrong or wrong > total * MOST:
        return None
    place = f" of {row_name}" if row_name else ""
    more = f", and {wrong - 1} more values," if wrong > 1 else ""
    return f"{value!r}{place}{more} cannot be read"
