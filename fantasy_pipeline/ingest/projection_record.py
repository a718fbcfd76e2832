"""Keep the record of other sources' projections: add a download, and look up what was known when.

`source_projections` stores every statement of a source with the moment at which the source made it.
A stored statement is never changed or removed. All functions except `stored_record` are pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import SOURCE_PROJECTIONS
from fantasy_pipeline.football.tables.projections import BEFORE_KICKOFF, FROZEN_FILE, SHOWN_SINCE
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.ingest.sites import ARCHIVED, FROZEN
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.duck import arrow, database, query

MAX_MISSING_SHARE = 0.5
"""A download that lacks more than half of the players who are yet to play counts as broken."""
_NEVER = np.iinfo(np.int64).max
"""Later than any moment, in microseconds since 1970."""
_LATEST = """
from statements
qualify row_number() over (
    partition by season, week, source, player_id order by as_of desc nulls last
) = 1
order by season, week, source, player_id
"""
_BASIS = f"""case
    when kickoff is null or as_of < kickoff then '{BEFORE_KICKOFF}'
    when source in $frozen then '{FROZEN_FILE}'
    else '{SHOWN_SINCE}' end"""
_KEY = ("season", "week", "source", "player_id")
_ABOUT = {*_KEY, "player_name", "position", "team", "as_of", "kickoff", "basis"}
CONTENT = tuple(name for name in SOURCE_PROJECTIONS.column_names if name not in _ABOUT)
"""Columns that a source states: points, ranks and stats. The others name the player and time."""


def stored_record(lake: Lake, weeks: Sequence[SeasonWeek]) -> pa.Table:
    """Return the stored statements about some weeks, also those that older versions wrote.

    Past statements cannot be downloaded again. Columns that an older file lacks are null; every
    other value is kept.

    Returns:
        `SOURCE_PROJECTIONS` rows; weeks that the lake lacks have none.
    """
    parts = [SOURCE_PROJECTIONS.arrow_schema.empty_table()]
    for week in sorted(set(lake.weeks(SOURCE_PROJECTIONS)) & set(weeks)):
        try:
            parts.append(lake.read(SOURCE_PROJECTIONS, [week]))
        except NotMaterializedError:
            raise
        except PipelineError:
            parts.append(_read_older_layout(lake, week))
    return pa.concat_tables(parts)


def _read_older_layout(lake: Lake, week: SeasonWeek) -> pa.Table:
    """Return a week of an older layout in today's columns, with null for those it lacks."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {}
    rows = lake.read(SOURCE_PROJECTIONS, [week], ["season"]).num_rows
    for name in SOURCE_PROJECTIONS.column_names:
        field = SOURCE_PROJECTIONS.arrow_schema.field(name)
        try:
            columns[name] = lake.read(SOURCE_PROJECTIONS, [week], [name])[name]
        except PipelineError:
            columns[name] = pa.nulls(rows, field.type)
    return pa.table(columns, schema=SOURCE_PROJECTIONS.arrow_schema)


def merge_missing(stored: pa.Table, rows: pa.Table) -> pa.Table:
    """Return `rows` and the stored statements that they lack, so that a write removes none.

    Args:
        stored: `SOURCE_PROJECTIONS` rows, as in the lake now.
        rows: `SOURCE_PROJECTIONS` rows to write.
    """
    missing = stored.join(
        rows.select(SOURCE_PROJECTIONS.key), SOURCE_PROJECTIONS.key, join_type="left anti"
    )
    if not missing.num_rows:
        return rows
    return SOURCE_PROJECTIONS.shaped(pa.concat_tables([rows, missing.select(rows.column_names)]))


def as_known_at(statements: pa.Table, at: datetime | None = None) -> pa.Table:
    """Return what each source had stated about each player at kick-off, or at an earlier moment.

    That is the source's latest statement before the player's kick-off. An archived source that was
    not downloaded in time for a week counts with its earliest stored statement. No other late
    statement counts.

    Args:
        statements: `SOURCE_PROJECTIONS`.
        at: moment of the look-up, UTC; None: each player's kick-off.

    Returns:
        `SOURCE_PROJECTIONS` rows, at most one per source, player and week.
    """
    # (rows,) int64: microseconds since 1970. A statement without a moment is the oldest, a player
    # without a game never kicks off.
    as_of = statements["as_of"].cast("int64").fill_null(0).to_numpy()
    kickoff = statements["kickoff"].cast("int64").fill_null(_NEVER).to_numpy()
    # One microsecond later, so that statements made at `at` itself count.
    limit = _NEVER if at is None else _microseconds(at) + 1
    # (rows,) bool: stated before kick-off and by the moment of the look-up.
    in_time = as_of < np.minimum(kickoff, limit)
    # (rows,) bool, then int: whether the source is archived, and its number.
    archived = pc.is_in(statements["source"], pa.array(ARCHIVED)).to_numpy(zero_copy_only=False)
    source = pc.index_in(statements["source"], pc.unique(statements["source"])).to_numpy()
    # (rows,) int64: season, week and source in one number: the file that a row comes from.
    file = codes(statements).astype(np.int64) * 1000 + source
    # (rows,) bool: the file has a statement before some kick-off, so it was downloaded in time.
    # Players without a game, as of a cancelled one, prove nothing.
    has_early_rows = np.isin(file, np.unique(file[(as_of < kickoff) & (kickoff < _NEVER)]))
    # (rows,) bool: in time, or from an archive that was downloaded only after the games.
    counts = in_time | (archived & ~has_early_rows & (kickoff < limit))
    # (rows,) int64: the row with a player's highest order is taken: the latest row in time or, if
    # none is in time, the earliest late row. Late rows are negative, so they come first.
    order = np.where(in_time, as_of, -as_of)
    rows = statements.append_column("order", pa.array(order)).filter(pa.array(counts))
    rows = rows.sort_by([(name, "ascending") for name in (*_KEY, "order")])
    return _last_of_each_key(rows.drop_columns(["order"]))


def _last_of_each_key(rows: pa.Table) -> pa.Table:
    """Return the last row of each run of equal season, week, source and player."""
    if rows.num_rows < 2:
        return rows
    # (rows,) bool: the next row differs in some key column, or there is no next row.
    is_last = np.zeros(rows.num_rows, dtype=bool)
    is_last[-1] = True
    for name in _KEY:
        column = rows[name].combine_chunks()
        differs = pc.not_equal(column.slice(1), column.slice(0, len(column) - 1))
        is_last[:-1] |= differs.to_numpy(zero_copy_only=False)
    return rows.filter(pa.array(is_last))


def latest_statements(statements: pa.Table) -> pa.Table:
    """Return each source's latest statement about each player and week, late ones included.

    Args:
        statements: rows with the key columns of `SOURCE_PROJECTIONS`.
    """
    with database() as connection:
        connection.register("statements", statements)
        return arrow(connection, _LATEST)


def _microseconds(moment: datetime) -> int:
    """Return microseconds since 1970, exactly; `timestamp()` would round them."""
    since = moment.astimezone(timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def merge_snapshot(stored: pa.Table, stated: pa.Table, kickoffs: pa.Table) -> pa.Table:
    """Return the record of some weeks with today's statements of the sources added.

    A statement that differs from the stored one is added beside it; an equal one is not. A player
    whom a source no longer projects gets a row without points. Statements older than the latest
    stored one of their source and week are left out. Every row gets its basis by today's kick-offs.

    Args:
        stored: `SOURCE_PROJECTIONS` rows of those weeks so far.
        stated: `SOURCE_PROJECTIONS` rows of today, each source's weeks whole.
        kickoffs: season, week, player_id and kickoff, as scheduled now.
    """
    record = query(__package__, "projection_record").format(
        content_new=_content_of("n"),
        content_kept=_content_of("k"),
        blank=", ".join(f"null as {name}" for name in CONTENT),
        columns=", ".join(CONTENT),
    )
    with database() as connection:
        connection.register("stored", stored)
        connection.register("stated", stated)
        connection.register("kickoffs", kickoffs)
        table = arrow(
            connection,
            f"select * replace ({_BASIS} as basis) from ("  # noqa: S608 - our own text
            "select r.* replace (coalesce(k.kickoff, r.kickoff) as kickoff)"
            f" from ({record}) r left join kickoffs k using (season, week, player_id))",
            frozen=list(FROZEN),
        )
    return SOURCE_PROJECTIONS.shaped(table)


def _content_of(alias: str) -> str:
    """Return SQL for the content columns of a table as one value, to compare them at once."""
    return "row(" + ", ".join(f"{alias}.{name}" for name in CONTENT) + ")"


def missing_players(stored: pa.Table, stated: pa.Table) -> tuple[int, int]:
    """Return how many stored players a source no longer names, and how many it should name.

    It should name every player with a projection whose game is still to come at that moment.

    Args:
        stored, stated: `SOURCE_PROJECTIONS` rows of one source and week.
    """
    now = pc.max(stated["as_of"]).as_py()
    before = as_known_at(stored)
    to_play = before.filter(
        pc.and_(
            pc.fill_null(pc.greater(before["kickoff"], now), True),
            pc.is_valid(pc.coalesce(*(before[name] for name in CONTENT))),
        )
    )
    expected = set(to_play["player_id"].to_pylist())
    return len(expected - set(stated["player_id"].to_pylist())), len(expected)
