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
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.lake.duck import arrow, database, query

if TYPE_CHECKING:
    import pyarrow as pa

    from fantasy_pipeline.lake import Lake

ARCHIVED = (NFLCOM,)
"""Sources whose files of past weeks are kept as they were before the games."""
COPY_SHARE = 0.98
"""Share of a week's common players on whom two sources agree from which on they are one."""
COPY_APART = 0.05
"""Points that count as agreement, in a scoring that both give."""
COPY_ROWS = 50
"""Common players of a week needed to call a source a copy."""
REPEAT_SHARE = 0.95
"""Share of a position's players of two weeks in a row with the same points from which on the later
file is the earlier one; real weeks share a sixth at most."""
REPEAT_ROWS = 10
"""Players of both weeks needed to say so."""
LEAST_SHARE = 0.5
"""A fetch that drops more than half of the players yet to play is taken for broken."""
_REPEATS = """
with said as (
  select season, week, source, position, player_id,
         coalesce(points_half, points_ppr, points_std) as points
  from statements
  -- 0 is how sources say that they have no projection.
  where points > 0
)
select now.season, now.week, now.source, now.position
from said now join said past using (season, source, position, player_id)
where past.week = now.week - 1
group by all
having count(*) >= $rows and avg((now.points = past.points)::int) >= $share
order by all
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


def find_copies(statements: pa.Table) -> dict[SeasonWeek, dict[str, str]]:
    """Sources that copy another, and whom, week by week: the archived one, or else the first by
    name, is the original.

    All weeks at once: each pair of sources is compared in a few array operations.

    Args:
        statements: `SOURCE_PROJECTIONS` rows, one per source, player and week at most (`known`).
    """
    import numpy as np
    import pyarrow.compute as pc

    std, half, ppr = (statements[f"points_{name}"] for name in ("std", "half", "ppr"))
    given = (std, pc.coalesce(half, pc.divide(pc.add(std, ppr), 2.0)), ppr)
    # 0 is how sources say that they have no projection.
    told = [pc.fill_null(pc.greater(points, 0.0), False) for points in given]
    some = pc.or_(pc.or_(told[0], told[1]), told[2])
    said = statements.filter(some)
    scored = [pc.if_else(yes, points, np.nan) for yes, points in zip(told, given, strict=True)]
    values = np.column_stack([points.filter(some).to_numpy() for points in scored])
    sources = pc.unique(said["source"]).to_pylist()
    if len(sources) < 2:
        return {}
    weeks, week = np.unique(codes(said), return_inverse=True)
    player = said["player_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    cells, cell = np.unique(week * (player.max() + 1) + player, return_inverse=True)
    week_of = cells // (player.max() + 1)
    points = {}
    for source in sources:
        theirs = pc.equal(said["source"], source).to_numpy(zero_copy_only=False)
        points[source] = np.full((len(cells), len(given)), np.nan)
        points[source][cell[theirs]] = values[theirs]
    found: dict[SeasonWeek, dict[str, str]] = {}
    originals: dict[str, np.ndarray] = {}
    for source in sorted(sources, key=lambda name: (name not in ARCHIVED, name)):
        own = np.ones(len(weeks), dtype=bool)
        for original, its_own in originals.items():
            # In the scoring in which they are nearest: not all give the same ones.
            apart = np.fmin.reduce(np.abs(points[source] - points[original]), axis=1)
            common = np.bincount(week_of, ~np.isnan(apart), len(weeks))
            agree = np.bincount(week_of, apart < COPY_APART, len(weeks))
            same = its_own & own & (common >= COPY_ROWS) & (agree > COPY_SHARE * common)
            own &= ~same
            for code in weeks[same].tolist():
                found.setdefault(SeasonWeek.of_code(code), {})[source] = original
        originals[source] = own
    return found


def find_stale(statements: pa.Table) -> dict[SeasonWeek, dict[str, list[str]]]:
    """Positions of which a source says what it said of the week before, by week and source.

    NFL.com's projections come as one file per position, of which one alone may be old.

    Args:
        statements: `SOURCE_PROJECTIONS` rows, one per source, player and week at most (`known`).
    """
    found: dict[SeasonWeek, dict[str, list[str]]] = {}
    with database() as connection:
        connection.register("statements", statements)
        same = arrow(connection, _REPEATS, rows=REPEAT_ROWS, share=REPEAT_SHARE)
    for row in same.to_pylist():
        of_source = found.setdefault(SeasonWeek(row["season"], row["week"]), {})
        of_source.setdefault(row["source"], []).append(row["position"])
    return found
