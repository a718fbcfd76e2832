"""The frozen record of other people's projections: what is added, what was known, who copies whom.

`source_projections` holds every statement with the moment it was made. These are the only places
that decide these things; all functions but `stored_record` are pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import SOURCE_PROJECTIONS
from fantasy_pipeline.football.tables.week_rows import codes
from fantasy_pipeline.ingest.sites import ARCHIVED
from fantasy_pipeline.lake.duck import arrow, database, query

if TYPE_CHECKING:
    import pyarrow as pa

    from fantasy_pipeline.lake import Lake

LEAST_SHARE = 0.5
"""A fetch that drops more than half of the players yet to play is taken for broken."""
_LATEST = """
from statements
qualify row_number() over (
    partition by season, week, source, player_id order by as_of desc nulls last
) = 1
order by season, week, source, player_id
"""
_ABOUT = {
    *("season", "week", "source", "player_id", "player_name", "position", "team", "as_of"),
    "kickoff",
}
CONTENT = tuple(name for name in SOURCE_PROJECTIONS.column_names if name not in _ABOUT)
"""Columns that are what a source says; the others say of whom, and when."""


def stored_record(lake: Lake, weeks: Sequence[SeasonWeek]) -> pa.Table:
    """The record of those of some weeks that a lake has, also as older versions wrote it.

    What was said cannot be had again: columns that came later are null, nothing else is lost.
    """
    import pyarrow as pa

    empty = SOURCE_PROJECTIONS.arrow_schema.empty_table()
    parts = [empty]
    for week in sorted(set(lake.weeks(SOURCE_PROJECTIONS)) & set(weeks)):
        try:
            parts.append(lake.read(SOURCE_PROJECTIONS, [week]))
        except NotMaterializedError:
            raise
        except PipelineError:
            parts.append(_by_column(lake, week))
    return pa.concat_tables(parts)


def _by_column(lake: Lake, week: SeasonWeek) -> pa.Table:
    """A week of an older layout under today's."""
    import pyarrow as pa

    columns = {}
    rows = lake.read(SOURCE_PROJECTIONS, [week], ["season"]).num_rows
    for name in SOURCE_PROJECTIONS.column_names:
        field = SOURCE_PROJECTIONS.arrow_schema.field(name)
        try:
            columns[name] = lake.read(SOURCE_PROJECTIONS, [week], [name])[name]
        except PipelineError:
            columns[name] = pa.nulls(rows, field.type)
    return pa.table(columns, schema=SOURCE_PROJECTIONS.arrow_schema)


def merge_missing(stored: pa.Table, told: pa.Table) -> pa.Table:
    """`told`, and the statements of `stored` that it lacks: what is recorded is never lost."""
    lost = stored.join(
        told.select(SOURCE_PROJECTIONS.key), SOURCE_PROJECTIONS.key, join_type="left anti"
    )
    if not lost.num_rows:
        return told
    import pyarrow as pa

    return SOURCE_PROJECTIONS.conform(pa.concat_tables([told, lost.select(told.column_names)]))


def as_known_at(statements: pa.Table, at: datetime | None = None) -> pa.Table:
    """What each source had said about each player when his game kicked off, or at a moment before.

    That is its latest statement made before kick-off. An archived source that was not asked about
    a week in time counts with the earliest statement recorded, which is of before the games though
    fetched later. Whatever else was said late is left out.

    Args:
        statements: `SOURCE_PROJECTIONS`.
        at: what was known at this moment; None: at each player's kick-off.

    Returns:
        `SOURCE_PROJECTIONS` rows, one per source, player and week at most.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    far = np.iinfo(np.int64).max
    as_of = statements["as_of"].cast("int64").fill_null(0).to_numpy()
    kickoff = statements["kickoff"].cast("int64").fill_null(far).to_numpy()
    now = far if at is None else _micros(at) + 1
    in_time = as_of < np.minimum(kickoff, now)
    archived = pc.is_in(statements["source"], pa.array(ARCHIVED)).to_numpy(zero_copy_only=False)
    source = pc.index_in(statements["source"], pc.unique(statements["source"])).to_numpy()
    file = codes(statements).astype(np.int64) * 1000 + source
    # Players without a game, as of a cancelled one, tell nothing.
    asked_in_time = np.isin(file, np.unique(file[(as_of < kickoff) & (kickoff < far)]))
    counts = in_time | (archived & ~asked_in_time & (kickoff < now))
    # Latest in time last; before those in time, the earliest late one last.
    order = np.where(in_time, as_of, -as_of)
    rows = statements.append_column("order", pa.array(order)).filter(pa.array(counts))
    key = ["season", "week", "source", "player_id"]
    rows = rows.sort_by([(name, "ascending") for name in (*key, "order")])
    if rows.num_rows < 2:
        return rows.drop_columns(["order"])
    last = np.zeros(rows.num_rows, dtype=bool)
    last[-1] = True
    for name in key:
        column = rows[name].combine_chunks()
        last[:-1] |= pc.not_equal(column.slice(1), column.slice(0, len(column) - 1)).to_numpy(
            zero_copy_only=False
        )
    return rows.filter(pa.array(last)).drop_columns(["order"])


def latest_statements(statements: pa.Table) -> pa.Table:
    """Return each source's latest statement about each player and week, late ones included.

    Args:
        statements: rows with the key columns of `SOURCE_PROJECTIONS`.
    """
    with database() as connection:
        connection.register("statements", statements)
        return arrow(connection, _LATEST)


def _micros(moment: datetime) -> int:
    since = moment.astimezone(timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def merge_snapshot(stored: pa.Table, said: pa.Table, kickoffs: pa.Table) -> pa.Table:
    """The record of some weeks with what sources say now.

    A statement already recorded is not added again; one that differs is, and what was said before
    stays. A player whom a source does not project any more gets a row without points. What is
    older than the record's latest of that source and week is left out.

    Args:
        stored: `SOURCE_PROJECTIONS` of those weeks so far.
        said: rows of the same columns, whole weeks of a source each.
        kickoffs: season, week, player_id and kickoff, as scheduled now.
    """
    columns = ", ".join(CONTENT)
    sql = query(__package__, "projection_record").format(
        content_new=_row("n"),
        content_kept=_row("k"),
        blank=", ".join(f"null as {name}" for name in CONTENT),
        columns=columns,
    )
    with database() as connection:
        connection.register("stored", stored)
        connection.register("said", said)
        connection.register("kickoffs", kickoffs)
        table = arrow(
            connection,
            "select r.* replace (coalesce(k.kickoff, r.kickoff) as kickoff)"  # noqa: S608 - our own text
            f" from ({sql}) r left join kickoffs k using (season, week, player_id)",
        )
    return SOURCE_PROJECTIONS.conform(table)


def _row(alias: str) -> str:
    return "row(" + ", ".join(f"{alias}.{name}" for name in CONTENT) + ")"


def missing_players(stored: pa.Table, said: pa.Table) -> tuple[int, int]:
    """Of the players whom the record of a source and week has and who are yet to play when the
    source speaks: how many it does not name any more, and how many there are.

    Args:
        stored, said: rows of one source and week.
    """
    import pyarrow.compute as pc

    now = pc.max(said["as_of"]).as_py()
    before = as_known_at(stored)
    ahead = before.filter(
        pc.and_(
            pc.fill_null(pc.greater(before["kickoff"], now), True),
            pc.is_valid(pc.coalesce(*(before[name] for name in CONTENT))),
        )
    )
    expected = set(ahead["player_id"].to_pylist())
    return len(expected - set(said["player_id"].to_pylist())), len(expected)
