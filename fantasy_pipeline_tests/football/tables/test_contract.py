"""Table contracts: which rows may be written, and the error for all others."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    ALL_TABLES,
    BY_NAME,
    FANTASY_POSITIONS,
    GAMES,
    LEAGUE_TEAMS,
    PLAYER_HISTORY,
    STAT_COLUMNS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.contract import Column, Table
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests.rows import Rows

SCORES = Table(
    "scores",
    "Points of a player in a week.",
    ("week", "player_id"),
    (
        Column("week", "int", "Week", required=True),
        Column("player_id", "string", "Player", required=True),
        Column("points", "float", "Points"),
    ),
)


def scores(**columns: list[Any]) -> pa.Table:
    return pa.table({"week": [1, 1], "player_id": ["a", "b"], "points": [1.0, 2.0]} | columns)


def test_columns_are_selected_ordered_and_cast() -> None:
    given = pa.table(
        {
            "noise": ["x"],
            "points": pa.array([3], pa.int64()),
            "player_id": pa.array(["a"], pa.large_string()),
            "week": pa.array(["05"], pa.string()),
        }
    )
    table = SCORES.conform(given)
    assert table.schema == SCORES.arrow_schema
    assert table.to_pylist() == [{"week": 5, "player_id": "a", "points": 3.0}]


def test_rows_are_sorted_by_key_whatever_their_order() -> None:
    records = [{"week": w, "player_id": p, "points": 0.5} for w in (1, 2, 10) for p in "ab"]
    shuffled = records.copy()
    random.Random(1).shuffle(shuffled)  # noqa: S311 - any order will do
    assert shuffled != records
    assert SCORES.conform(pa.Table.from_pylist(shuffled)).to_pylist() == records


def test_a_table_without_rows_conforms() -> None:
    table = SCORES.conform(SCORES.arrow_schema.empty_table())
    assert table.num_rows == 0
    assert table.schema == SCORES.arrow_schema


def test_null_outside_the_key_is_allowed() -> None:
    assert SCORES.conform(scores(points=[None, 1.0]))["points"].null_count == 1


def test_missing_columns_are_named() -> None:
    with pytest.raises(PipelineError, match="table scores: no column player_id, points"):
        SCORES.conform(pa.table({"week": [1]}))


@pytest.mark.parametrize(
    "values",
    [["many", "few"], [[1.0], [2.0]]],
    ids=["text", "list"],
)
def test_a_column_of_the_wrong_type_is_named(values: list[Any]) -> None:
    with pytest.raises(PipelineError, match="table scores: column points: "):
        SCORES.conform(scores(points=values))


def test_half_a_week_is_not_rounded_away() -> None:
    with pytest.raises(PipelineError, match="table scores: column week: "):
        SCORES.conform(scores(week=[1.5, 1.0]))


@pytest.mark.parametrize(
    ("column", "values"), [("player_id", ["a", None]), ("week", [None, 1])], ids=str
)
def test_a_null_key_is_refused(column: str, values: list[Any]) -> None:
    with pytest.raises(PipelineError, match=f"table scores: {column}: 1 of 2 rows null"):
        SCORES.conform(scores(**{column: values}))


def test_repeated_keys_are_counted_and_shown() -> None:
    given = scores(week=[3, 3], player_id=["00-1", "00-1"])
    with pytest.raises(
        PipelineError, match=r"scores: 1 repeated keys \(week, player_id\), e\.g\. 3, 00-1"
    ):
        SCORES.conform(given)


def test_half_a_key_may_repeat() -> None:
    assert SCORES.conform(scores(week=[1, 2], player_id=["a", "a"])).num_rows == 2


def test_moments_become_utc() -> None:
    table = Table("t", "", ("at",), (Column("at", "timestamp", ""), Column("day", "date", "")))
    new_york = timezone(timedelta(hours=-4))
    given = pa.table(
        {
            "at": pa.array(
                [datetime(2024, 9, 8, 13, tzinfo=new_york)], pa.timestamp("ns", "America/New_York")
            ),
            "day": [date(2024, 9, 8)],
        }
    )
    row = table.conform(given).to_pylist()[0]
    assert row["at"] == datetime(2024, 9, 8, 17, tzinfo=timezone.utc)
    assert table.arrow_schema.field("at").type == pa.timestamp("us", tz="UTC")


UPSTREAM = [
    *schema.BY_SEASON.values(),
    schema.SCHEDULE,
    schema.PLAYER_IDS,
    schema.PLAYERS,
    schema.NFLCOM_PROJECTIONS,
]


@pytest.mark.parametrize("table", [*ALL_TABLES, *UPSTREAM], ids=lambda table: table.name)
def test_every_contract_is_sound(table: Table) -> None:
    names = table.column_names
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    assert table.arrow_schema.names == names
    assert all(column.description for column in table.columns)
    assert table.description
    assert table.conform(table.arrow_schema.empty_table()).num_rows == 0


def test_a_weekly_table_is_keyed_by_season_and_week() -> None:
    for table in ALL_TABLES:
        if table.weekly:
            assert table.key[:2] == ("season", "week")
    assert {table.name for table in ALL_TABLES if not table.weekly} == {
        GAMES.name,
        PLAYER_HISTORY.name,
        LEAGUE_TEAMS.name,
    }


def test_names_are_unique() -> None:
    assert list(BY_NAME) == [table.name for table in ALL_TABLES]
    assert len(set(FANTASY_POSITIONS)) == 5


# Values

BOUNDED = Table(
    "shares",
    "",
    ("player_id",),
    (
        Column("player_id", "string", "Player", required=True),
        Column("share", "float", "Share", unit="share", lowest=0, highest=1),
        Column("snaps", "int", "Snaps", lowest=0),
        Column("position", "string", "Position", allowed=("QB", "K")),
        Column("team", "string", "Team", nullable=False),
    ),
)
SOUND = {"player_id": "a", "share": 0.5, "snaps": 3, "position": "QB", "team": "KC"}


def shares(*records: dict[str, Any]) -> pa.Table:
    rows = [{**SOUND, "player_id": str(n), **record} for n, record in enumerate(records)]
    return pa.Table.from_pylist(rows, schema=BOUNDED.arrow_schema)


@pytest.mark.parametrize(
    "record",
    [
        {"share": 0.0},
        {"share": 1.0},
        {"share": None},
        {"snaps": 10**6},
        {"snaps": None},
        {"position": None},
    ],
    ids=str,
)
def test_values_that_a_contract_allows(record: dict[str, Any]) -> None:
    assert BOUNDED.validated(shares({}, record)).rows.num_rows == 2


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"share": 1.01}, r"share: 1 of 2 rows outside 0 to 1, e\.g\. 1\.01 \(1\)"),
        ({"share": -0.01}, "share: 1 of 2 rows outside 0 to 1"),
        ({"share": float("nan")}, "share: 1 of 2 rows NaN or infinite"),
        ({"share": float("inf")}, "share: 1 of 2 rows NaN or infinite"),
        ({"snaps": -1}, r"snaps: 1 of 2 rows outside 0 to any, e\.g\. -1"),
        ({"position": "DST"}, r"position: 1 of 2 rows not one of QB, K, e\.g\. DST"),
        ({"team": None}, "team: 1 of 2 rows null"),
    ],
    ids=str,
)
def test_values_that_it_does_not_are_named(record: dict[str, Any], text: str) -> None:
    with pytest.raises(PipelineError, match=text) as refused:
        BOUNDED.validated(shares({}, record))
    assert str(refused.value).startswith("table shares: ")


def test_all_columns_that_are_wrong_are_named() -> None:
    with pytest.raises(PipelineError, match=r"share: .* \| snaps: "):
        BOUNDED.validated(shares({"share": 2.0, "snaps": -1}))


def test_a_repeated_key_is_named_with_the_values_that_are_wrong() -> None:
    both = shares({"player_id": "a"}, {"player_id": "a", "snaps": -1}, {})
    with pytest.raises(
        PipelineError,
        match=r"1 repeated keys \(player_id\), e\.g\. a \| snaps: 1 of 3 rows outside",
    ):
        BOUNDED.validated(both)


def test_what_has_been_checked_is_not_looked_at_again() -> None:
    checked = BOUNDED.validated(shares({}))
    assert BOUNDED.validated(checked) is checked


def test_what_another_table_allows_is() -> None:
    wider = replace(BOUNDED, columns=tuple(replace(c, highest=None) for c in BOUNDED.columns))
    checked = wider.validated(shares({"share": 9.0}))
    with pytest.raises(PipelineError, match="share: 1 of 1 rows outside"):
        BOUNDED.validated(checked)


def wrong_values(table: Table, column: Column) -> Iterator[tuple[Any, str]]:
    """Return values that a column must not have, one of each kind, with the words of the error."""
    if column.name in table.key or not column.nullable:
        yield None, "null"
    if column.type == "float":
        yield from ((float(text), "NaN or infinite") for text in ("nan", "inf", "-inf"))
    beyond = 1e-9 if column.type == "float" else 1
    if column.lowest is not None:
        yield column.lowest - beyond, f"outside {column.constraints[0]}"
    if column.highest is not None:
        yield column.highest + beyond, f"outside {column.constraints[0]}"
    if column.allowed:
        yield "none such", f"not one of {', '.join(column.allowed)}"


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_every_constraint_of_every_table_is_enforced_on_write(
    lake: Lake, rows: Rows, table: Table
) -> None:
    """Each row has one value that its column must not have: all are counted, nothing is written;
    the same rows with allowed values are."""
    wrong = [(c.name, value, text) for c in table.columns for value, text in wrong_values(table, c)]
    week = SeasonWeek(2024, 5)
    one: dict[str, Any] = {"season": week.season, "week": week.week}
    if "week" not in table.column_names:
        del one["week"]
    free = set()
    for column in table.columns:
        if column.name in table.key and column.name not in one:
            one[column.name] = (*column.allowed, "x")[0]
            if column.type == "timestamp":
                one[column.name] = datetime(2024, 9, 8, tzinfo=timezone.utc)
            elif column.type == "int":
                one[column.name] = week.week + 1
            elif not column.allowed:
                free.add(column.name)
    right = [one | dict.fromkeys(free, f"key {number}") for number in range(len(wrong))]
    spoilt = [record | {name: value} for record, (name, value, _) in zip(right, wrong, strict=True)]

    def write(data: pa.Table) -> None:
        if table.weekly:
            lake.write_weeks(table, data, [week])
        else:
            lake.write(table, data)

    counts = Counter(f"{name}: {{}} of {len(wrong)} rows {text}, " for name, _, text in wrong)
    assert len(counts) > 3
    with pytest.raises(PipelineError) as refused:
        write(rows(table, *spoilt))
    message = str(refused.value)
    assert [text for text, count in counts.items() if text.format(count) not in message] == []
    assert message.count(" rows ") == len(counts)
    assert not lake.weeks(table) if table.weekly else not lake.has(table)
    write(rows(table, *right))
    assert lake.read(table).num_rows == len(wrong)


def as_pandera(table: Table) -> Any:
    """Return the contract as a pandera schema, made from the same definition."""
    import pandera.pyarrow as pp

    types = {"string": str, "float": float, "int": pa.int32()}
    columns = {}
    for column in table.columns:
        checks = []
        if column.lowest is not None:
            checks.append(pp.Check.ge(column.lowest))
        if column.highest is not None:
            checks.append(pp.Check.le(column.highest))
        if column.allowed:
            checks.append(pp.Check.isin(list(column.allowed)))
        nullable = column.nullable and column.name not in table.key
        columns[column.name] = pp.Column(types[column.type], checks, nullable=nullable)
    return pp.DataFrameSchema(columns)


@given(
    st.fixed_dictionaries(
        {
            "share": st.one_of(st.none(), st.floats(-0.5, 1.5)),
            "snaps": st.one_of(st.none(), st.integers(-2, 99)),
            "position": st.sampled_from([None, "QB", "K", "DST"]),
            "team": st.sampled_from([None, "KC"]),
        }
    )
)
@settings(max_examples=40)
def test_the_verdict_is_panderas(record: dict[str, Any]) -> None:
    """An independent library with the same contract gives the same result for any row."""
    import pandera.errors

    table = shares({}, record)
    try:
        as_pandera(BOUNDED).validate(table)
        sound = True
    except pandera.errors.SchemaError:
        sound = False
    assert (not BOUNDED.violations(table)) == sound


def test_a_season_of_real_size_is_looked_at_in_a_moment() -> None:
    """Enforcement is cheap: 20,000 stat lines of 76 columns, a tenth of a second of CPU."""
    count = 20_000
    columns = {
        name: pa.array([1.0] * count)
        for name in WEEKLY_STATS.column_names
        if WEEKLY_STATS.arrow_schema.field(name).type == pa.float64()
    }
    columns |= {name: pa.array([0.0] * count) for name in ("target_share", "sack_yards_lost")}
    columns |= {
        "season": pa.array([2024] * count, pa.int32()),
        "week": pa.array([5] * count, pa.int32()),
        "player_id": pa.array([f"{n:06}" for n in range(count)]),
        "source": pa.array(["x"] * count),
    }
    table = pa.table(
        {
            field.name: columns.get(field.name, pa.nulls(count, field.type))
            for field in WEEKLY_STATS.arrow_schema
        }
    )
    began = time.process_time()
    assert WEEKLY_STATS.violations(table) == []
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_bounds_are_in_order_and_of_numbers(table: Table) -> None:
    for column in table.columns:
        if column.lowest is not None or column.highest is not None:
            assert column.type in ("float", "int"), column.name
        if column.lowest is not None and column.highest is not None:
            assert column.lowest < column.highest, column.name
        assert not column.allowed or column.type == "string", column.name


def test_every_stat_has_a_unit_and_bounds() -> None:
    for column in STAT_COLUMNS:
        assert column.unit
        assert column.lowest is not None
        assert column.highest is not None
