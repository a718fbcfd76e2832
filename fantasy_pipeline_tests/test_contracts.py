"""Table contracts: what a table must look like to be written, and what is said if it does not."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.contracts import Column, Table
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.sources import schema
from fantasy_pipeline.tables import ALL_TABLES, BY_NAME, FANTASY_POSITIONS, GAMES, PLAYER_HISTORY

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
    with pytest.raises(PipelineError, match=f"table scores: 1 rows without {column}"):
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
    }


def test_names_are_unique() -> None:
    assert list(BY_NAME) == [table.name for table in ALL_TABLES]
    assert len(set(FANTASY_POSITIONS)) == 5
