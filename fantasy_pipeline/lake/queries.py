"""Queries of users: the projections of a week, and SQL over the lake."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import InvalidArgumentError, NotMaterializedError, PipelineError
from fantasy_pipeline.football.positions import DEFENDER_GROUPS, PROJECTED_POSITIONS
from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import ALL_TABLES, PROJECTIONS
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.duck import arrow
from fantasy_pipeline.lake.reads import Reads

_PROGRESS = (
    "enable_progress_bar = true",
    "enable_progress_bar_print = false",
    "progress_bar_time = 0",
)
_LOCKED = (
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "python_enable_replacements = false",
    "enable_external_access = false",
    "lock_configuration = true",
)
_MISTAKES = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
"""Errors of a statement that do not depend on the rows."""
_CATALOGUE = re.compile(r"\b(show|query|query_table|information_schema|(duckdb|pg|sqlite)_\w+)\b")

FIXED_COLUMNS = PROJECTIONS.column_names[:13]
"""Columns from season to reason. Their names and order never change, so scripts may use them."""


def check_position(position: str | None, positions: Sequence[str] = PROJECTED_POSITIONS) -> None:
    """Check that a position is one of some; None stands for all positions.

    Raises:
        InvalidArgumentError: it is not; defenders are projected in leagues only.
    """
    if position is not None and position not in positions:
        names = ", ".join(positions)
        text = f"position {position!r} is none of {names}."
        if position in DEFENDER_GROUPS:
            text += " Defenders are projected in leagues that start them: name one with --league."
        raise InvalidArgumentError(text)


def week_projections(
    lake: Reads,
    week: SeasonWeek,
    position: str | None = None,
    scoring: Scoring = "ppr",
    top: int | None = None,
) -> pa.Table:
    """Return the projections of a week, highest points first.

    Args:
        position: the only position to return; None: all.
        scoring: scoring of the points and of their order.
        top: number of rows to return; None: all.

    Returns:
        One row per player: `FIXED_COLUMNS`, then the other columns of `PROJECTIONS`.
        `projected_points`, `p10`, `p50` and `p90` are in `scoring`.

    Raises:
        NotMaterializedError: the week was not projected, or has no game.
        InvalidArgumentError: there is no such position.
    """
    check_position(position)
    table = lake.read(PROJECTIONS, [week])
    if table.num_rows == 0:
        raise NotMaterializedError(
            f"projections {week}: the schedule has no game in this week. Choose another week."
        )
    if scoring != "ppr":
        for name in ("projected_points", "p10", "p50", "p90"):
            index = table.schema.get_field_index(name)
            table = table.set_column(index, name, table[f"{name}_{scoring}"])
    if position is not None:
        table = table.filter(pc.equal(table["position"], position))
    table = table.sort_by([("projected_points", "descending"), ("player_id", "ascending")])
    return first_rows(table, top)


def first_rows(table: pa.Table, top: int | None) -> pa.Table:
    """Return the first `top` rows; None: all."""
    return table if top is None else table.slice(0, min(top, table.num_rows))


def run_sql(
    lake: Lake,
    text: str,
    views: Mapping[str, Callable[[], pa.Table]] | None = None,
    watch: Callable[[Callable[[], float | None]], None] = lambda _: None,
    timeout: float | None = None,
) -> pa.Table:
    """Run one read-only statement over the lake's tables and return its rows.

    Ctrl-C stops the statement.

    Args:
        views: functions that make further tables, by table name. A function is called only if the
            statement names its table.
        watch: called before the statement runs, with a function that returns the share of the
            statement that is done (0-1), or None if DuckDB does not know it yet.
        timeout: seconds after which the statement is stopped; None: no limit.

    Raises:
        InvalidArgumentError: the text is not exactly one SELECT, or the statement has a mistake.
        PipelineError: the lake lacks a table of the statement, the statement takes too long or
            fails on the data, or a file cannot be read.
    """
    files = lake.files(_needed(text))
    try:
        with lake.connect_files([(t, weeks) for t, weeks in files if weeks], True) as connection:
            for name, table in (views or {}).items():
                if _names(text, name):
                    connection.register(name, table())
            for setting in (*_PROGRESS, *_LOCKED):
                connection.execute(f"set {setting}")
            statements = connection.extract_statements(text)
            # EXPLAIN is refused: EXPLAIN ANALYZE runs the statement that it explains.
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise InvalidArgumentError(
                    "sql takes one read-only statement: select, from, with …"
                )
            watch(lambda: _share_done(connection))
            return _rows(connection, text, timeout)
    except duckdb.Error as error:
        present = [table for table, weeks in lake.files(ALL_TABLES) if weeks]
        names = ", ".join(table.name for table in present)
        tables = names or "none yet; run `fantasy-pipeline run` first"
        line = " ".join(str(error).split("\n\n")[0].split())
        absent = [table.name for table in ALL_TABLES if table not in present]
        is_mistake = isinstance(error, _MISTAKES) and not any(_names(text, name) for name in absent)
        kind = InvalidArgumentError if is_mistake else PipelineError
        raise kind(f"{line} (tables in the lake: {tables})") from error


def _rows(connection: duckdb.DuckDBPyConnection, text: str, timeout: float | None) -> pa.Table:
    """Return the rows of a statement; stop the statement after `timeout` seconds or on Ctrl-C.

    The statement runs in another thread: DuckDB does not look for signals while it computes.

    Raises:
        PipelineError: the statement was stopped because it took too long.
    """
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(arrow, connection, text)
        try:
            if not wait_for([running], timeout).not_done:
                return running.result()
        finally:
            # DuckDB forgets an interrupt that comes before the statement has begun.
            while not running.done():
                connection.interrupt()
                wait_for([running], 0.05)
    raise PipelineError(
        f"the query was stopped after {timeout:g} s. Let it read fewer weeks or columns, or give "
        "it more time with --timeout."
    )


def _share_done(connection: duckdb.DuckDBPyConnection) -> float | None:
    """Return the share of the running statement that is done, 0-1; None if it is not known."""
    try:
        percent = connection.query_progress()
    except duckdb.Error:  # The statement has just ended and the connection is closed.
        return None
    return percent / 100 if percent > 0 else None


def _needed(text: str) -> Sequence[Table]:
    """Return the tables that a statement may read.

    These are the tables that it names; all tables if it lists the tables. Opening a table takes
    time: of a folder, its files are linked; of object storage, they are fetched.
    """
    if _CATALOGUE.search(text.lower()):
        return ALL_TABLES
    return [table for table in ALL_TABLES if _names(text, table.name)]


def _names(text: str, table: str) -> bool:
    return re.search(rf"\b{table}\b", text, re.IGNORECASE) is not None
