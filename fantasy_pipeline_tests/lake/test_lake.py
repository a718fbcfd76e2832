"""The parquet lake: whole partitions, one label, no half-written files.

Every test runs on a folder and on object storage.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.queries import run_sql
from fantasy_pipeline_tests.lake.places import BucketPlace, FolderPlace, Place
from fantasy_pipeline_tests.lake.rewriting import assert_readers_see_whole_versions

Rows = Callable[..., pa.Table]
W4, W5, W6 = (SeasonWeek(2024, week) for week in (4, 5, 6))


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.loopback)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The root of the lake, read without the code under test."""
    if request.param == "folder":
        return FolderPlace(tmp_path / "lake")
    return BucketPlace(request.getfixturevalue("s3"))


@pytest.fixture
def lake(place: Place) -> Lake:
    return Lake(place.root, "test")


def contents(table: pa.Table) -> list[tuple[int, str, float]]:
    return [(row["week"], row["position"], row["mae"]) for row in table.to_pylist()]


# Write and read


def test_weeks_come_back_as_written(lake: Lake, accuracy: Callable[..., pa.Table]) -> None:
    table = accuracy((5, "QB", 5.0), (4, "RB", 4.0), (4, "QB", 3.0))
    assert lake.write_weeks(PROJECTION_ACCURACY, table, [W5, W4]) == {W4: 2, W5: 1}
    back = lake.read(PROJECTION_ACCURACY)
    assert back.schema == PROJECTION_ACCURACY.arrow_schema
    assert contents(back) == [(4, "QB", 3.0), (4, "RB", 4.0), (5, "QB", 5.0)]
    assert contents(lake.read(PROJECTION_ACCURACY, [W5])) == [(5, "QB", 5.0)]
    assert lake.weeks(PROJECTION_ACCURACY) == [W4, W5]


def test_a_table_without_weeks_comes_back_as_written(lake: Lake, rows: Rows) -> None:
    games = rows(
        GAMES,
        {"season": 2024, "week": 2, "game_id": "b", "div_game": True},
        {"season": 2024, "week": 1, "game_id": "a", "home_score": 24},
    )
    assert lake.write(GAMES, games) == 2
    back = lake.read(GAMES)
    assert back.schema == GAMES.arrow_schema
    assert back["game_id"].to_pylist() == ["a", "b"]
    assert back["home_score"].to_pylist() == [24, None]
    assert lake.has(GAMES)


def test_the_layout_is_what_other_tools_expect(
    lake: Lake, accuracy: Callable[..., pa.Table], rows: Rows, place: Place
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    lake.write(GAMES, rows(GAMES, {"season": 2024, "week": 1, "game_id": "a"}))
    assert set(place.files()) == {
        "lake.json",
        "games/part.parquet",
        "projection_accuracy/season=2024/week=05/part.parquet",
    }


def test_a_week_without_rows_is_an_empty_file(
    lake: Lake, accuracy: Callable[..., pa.Table]
) -> None:
    counts = lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W4, W5])
    assert counts == {W4: 0, W5: 1}
    assert lake.has(PROJECTION_ACCURACY, W4)
    assert not lake.has(PROJECTION_ACCURACY, W6)
    empty = lake.read(PROJECTION_ACCURACY, [W4])
    assert empty.num_rows == 0
    assert empty.schema == PROJECTION_ACCURACY.arrow_schema


def test_no_weeks_asked_for_is_no_rows(lake: Lake) -> None:
    assert lake.read(PROJECTION_ACCURACY, []).num_rows == 0
    assert lake.read(PROJECTION_ACCURACY).num_rows == 0


def test_a_week_asked_for_twice_is_read_once(lake: Lake, accuracy: Callable[..., pa.Table]) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    assert lake.read(PROJECTION_ACCURACY, [W5, W5]).num_rows == 1


def test_a_table_whose_name_begins_another_is_told_from_it(
    lake: Lake, accuracy: Callable[..., pa.Table], place: Place
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    place.put("projections_of_old/season=2024/week=05/part.parquet", b"PAR1")
    assert lake.weeks(PROJECTIONS) == []
    assert lake.weeks(PROJECTION_ACCURACY) == [W5]


def test_many_weeks_come_back_in_order(lake: Lake, accuracy: Callable[..., pa.Table]) -> None:
    weeks = [SeasonWeek(2024, week) for week in range(1, 23)]
    table = accuracy(*((week.week, "QB", float(week.week)) for week in weeks))
    lake.write_weeks(PROJECTION_ACCURACY, table, weeks)
    assert lake.weeks(PROJECTION_ACCURACY) == weeks
    assert lake.read(PROJECTION_ACCURACY)["mae"].to_pylist() == [float(n) for n in range(1, 23)]


def test_weeks_sort_by_time_across_seasons(lake: Lake, accuracy: Callable[..., pa.Table]) -> None:
    weeks = [SeasonWeek(2025, 1), SeasonWeek(2024, 22), SeasonWeek(2024, 9)]
    for week in weeks:
        table = accuracy((week.week, "QB", 1.0), season=week.season)
        lake.write_weeks(PROJECTION_ACCURACY, table, [week])
    assert lake.weeks(PROJECTION_ACCURACY) == sorted(weeks)


def test_rows_of_other_weeks_are_refused(
    lake: Lake, accuracy: Callable[..., pa.Table], place: Place
) -> None:
    table = accuracy((4, "QB", 1.0), (6, "QB", 1.0))
    with pytest.raises(PipelineError, match=r"projection_accuracy: rows of weeks .*\[202406\]"):
        lake.write_weeks(PROJECTION_ACCURACY, table, [W4, W5])
    assert not place.files()


def test_rows_of_the_same_week_of_another_season_are_refused(
    lake: Lake, accuracy: Callable[..., pa.Table]
) -> None:
    with pytest.raises(PipelineError, match="202305"):
        lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0), season=2023), [W5])


def test_a_broken_contract_is_refused_before_anything_is_written(
    lake: Lake, accuracy: Callable[..., pa.Table], place: Place
) -> None:
    twice = accuracy((4, "QB", 1.0), (5, "QB", 1.0), (5, "QB", 2.0))
    with pytest.raises(PipelineError, match="1 repeated keys"):
        lake.write_weeks(PROJECTION_ACCURACY, twice, [W4, W5])
    assert not place.files()


def test_a_rerun_replaces_the_partition_whole(
    lake: Lake, accuracy: Callable[..., pa.Table]
) -> None:
    first = accuracy((4, "QB", 1.0), (5, "QB", 2.0), (5, "RB", 3.0))
    lake.write_weeks(PROJECTION_ACCURACY, first, [W4, W5])
    # Upstream moved the QB's row to another key: the stale row must not stay.
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "WR", 9.0)), [W5])
    assert contents(lake.read(PROJECTION_ACCURACY)) == [(4, "QB", 1.0), (5, "WR", 9.0)]


def test_same_rows_same_bytes(accuracy: Callable[..., pa.Table], place: Place) -> None:
    one, other = (Lake(f"{place.root}/{name}", "test") for name in ("one", "other"))
    records = [(5, "WR", 1.5), (5, "QB", 0.1), (4, "K", 2.0)]
    one.write_weeks(PROJECTION_ACCURACY, accuracy(*records), [W4, W5])
    shuffled = accuracy(*reversed(records)).append_column("noise", pa.array([1, 2, 3]))
    for _ in range(2):
        other.write_weeks(PROJECTION_ACCURACY, shuffled, [W5, W4])

    found = place.files()
    names = {name.removeprefix("one/") for name in found if name.startswith("one/")}
    assert len(names) == 3
    assert {f"{folder}/{name}" for name in names for folder in ("one", "other")} == set(found)
    for name in names:
        assert found[f"one/{name}"] == found[f"other/{name}"]


def read_by_lake(lake: Lake) -> list[float]:
    return lake.read(PROJECTION_ACCURACY, [W5])["mae"].to_pylist()


def read_by_view(lake: Lake) -> list[float]:
    with lake.connect([PROJECTION_ACCURACY]) as connection:
        found = connection.execute("select mae from projection_accuracy where week = 5").fetchall()
    return [mae for (mae,) in found]


@pytest.mark.parametrize("read", [read_by_lake, read_by_view])
def test_what_is_written_is_read_at_once(
    lake: Lake, accuracy: Callable[..., pa.Table], read: Callable[[Lake], list[float]]
) -> None:
    """DuckDB caches files; it must not mix two versions with the same size and time."""
    for number in range(30 if lake.is_local else 6):
        mae = float(number % 2)
        lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", mae)), [W5])
        assert read(lake) == [mae]


def test_some_columns_of_a_table(lake: Lake, accuracy: Callable[..., pa.Table]) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0), (5, "RB", 2.0)), [W5])
    some = lake.read(PROJECTION_ACCURACY, [W5], ["position", "mae"])
    assert some.to_pydict() == {"position": ["QB", "RB"], "mae": [1.0, 2.0]}


def test_some_seasons_of_a_weekly_table(lake: Lake, accuracy: Callable[..., pa.Table]) -> None:
    for season in (2023, 2024):
        week = SeasonWeek(season, 4)
        lake.write_weeks(PROJECTION_ACCURACY, accuracy((4, "QB", 1.0), season=season), [week])
    found = lake.read(PROJECTION_ACCURACY, seasons=[2022, 2023])
    assert found["season"].to_pylist() == [2023]


@pytest.fixture
def two_seasons(lake: Lake, rows: Rows) -> list[str]:
    """Players of 2023, then of 2024: more rows than a row group has, so one holds both seasons."""
    numbers = [f"{number:06d}" for number in range(20_000)]
    many = [
        {"season": season, "week": int(number) // 1000 + 1, "player_id": number}
        for season in (2023, 2024)
        for number in numbers
    ]
    lake.write(PLAYER_HISTORY, rows(PLAYER_HISTORY, *many))
    return numbers


def test_some_seasons_of_a_table_without_weeks(lake: Lake, two_seasons: list[str]) -> None:
    found = lake.read(PLAYER_HISTORY, columns=["season", "player_id"], seasons=[2024])
    assert set(found["season"].to_pylist()) == {2024}
    assert found["player_id"].to_pylist() == two_seasons


def test_a_table_season_by_season_is_of_one_version(
    lake: Lake, rows: Rows, two_seasons: list[str]
) -> None:
    parts = lake.by_season(PLAYER_HISTORY, [2022, 2024, 2023])
    first = next(parts)
    lake.write(PLAYER_HISTORY, rows(PLAYER_HISTORY, {"season": 2024, "week": 1, "player_id": "a"}))
    [second] = parts
    for season, part in ((2023, first), (2024, second)):
        assert set(part["season"].to_pylist()) == {season}
        assert part["player_id"].to_pylist() == two_seasons
        assert part.schema == PLAYER_HISTORY.arrow_schema
    [after] = lake.by_season(PLAYER_HISTORY, [2023, 2024])
    assert after.num_rows == 1


def test_each_season_is_stored_by_itself(lake: Lake, rows: Rows, two_seasons: list[str]) -> None:
    """Rows added to one season do not change the stored bytes of another."""
    before = lake.digest(PLAYER_HISTORY, [2023])
    both = lake.digest(PLAYER_HISTORY, [2023, 2024])
    table = lake.read(PLAYER_HISTORY)
    more = rows(PLAYER_HISTORY, {"season": 2024, "week": 22, "player_id": "zz"})
    lake.write(PLAYER_HISTORY, pa.concat_tables([table, more]))
    assert lake.digest(PLAYER_HISTORY, [2023]) == before
    assert lake.digest(PLAYER_HISTORY, [2023, 2024]) != both
    lake.write(PLAYER_HISTORY, table.slice(0, 0))
    assert lake.read(PLAYER_HISTORY).num_rows == 0
    assert list(lake.by_season(PLAYER_HISTORY, [2023])) == []


def test_a_file_whose_seasons_share_a_group_is_of_an_older_layout(
    lake: Lake, two_seasons: list[str]
) -> None:
    pq.write_table(lake.read(PLAYER_HISTORY), lake.path(PLAYER_HISTORY))
    with pytest.raises(PipelineError, match="older layout; materialize them again"):
        next(lake.by_season(PLAYER_HISTORY, [2023]))


def test_seasons_of_a_table_that_is_not_there(lake: Lake) -> None:
    with pytest.raises(NotMaterializedError, match="player_history: not in the lake"):
        next(lake.by_season(PLAYER_HISTORY, [2024]))


def test_columns_come_in_the_order_asked_for(lake: Lake, accuracy: Callable[..., pa.Table]) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    assert lake.read(PROJECTION_ACCURACY, None, ["mae", "week"]).column_names == ["mae", "week"]
    assert lake.read(PROJECTION_ACCURACY, [], ["mae", "week"]).column_names == ["mae", "week"]


# What is missing


def test_a_missing_week_is_named_with_what_to_do(
    lake: Lake, accuracy: Callable[..., pa.Table]
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    with pytest.raises(NotMaterializedError) as missing:
        lake.read(PROJECTION_ACCURACY, [W4, W5])
    text = str(missing.value)
    assert "projection_accuracy 2024 week 4: not in the lake" in text
    assert "week 5" not in text
    assert lake.root in text
    assert "Materialize projection_accuracy" in text
    assert "fantasy-pipeline trigger --season 2024 --week 4 --wait" in text


def test_of_many_missing_weeks_three_are_named(lake: Lake) -> None:
    weeks = [SeasonWeek(2024, week) for week in range(1, 19)]
    with pytest.raises(NotMaterializedError) as missing:
        lake.read(RAW_PLAYERS, weeks)
    assert "2024 week 1, raw_players 2024 week 2, raw_players 2024 week 3 and 15 more" in str(
        missing.value
    )


def test_a_missing_table_is_named(lake: Lake) -> None:
    with pytest.raises(NotMaterializedError, match="games: not in the lake"):
        lake.read(GAMES)


# Labels


def test_a_lake_of_another_label_is_refused(lake: Lake, accuracy: Callable[..., pa.Table]) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    with pytest.raises(PipelineError, match="holds test data, not nfl; set FANTASY_DATA"):
        Lake(lake.root, "nfl")
    assert Lake(lake.root + "/", "test").weeks(PROJECTION_ACCURACY) == [W5]


def test_looking_does_not_claim_a_place(lake: Lake, place: Place) -> None:
    assert not lake.has(GAMES)
    assert lake.weeks(RAW_PLAYERS) == []
    assert not place.files()
    Lake(lake.root, "nfl")


def test_the_first_to_write_decides_the_label(
    accuracy: Callable[..., pa.Table], rows: Rows, place: Place
) -> None:
    real, synthetic = (Lake(place.root, label) for label in ("nfl", "sample"))
    games = rows(GAMES, {"season": 2024, "week": 1, "game_id": "a"})
    real.write(GAMES, games)
    with pytest.raises(PipelineError, match="holds nfl data, not sample"):
        synthetic.write(GAMES, games)
    with pytest.raises(PipelineError, match="holds nfl data, not sample"):
        synthetic.write_weeks(PROJECTION_ACCURACY, accuracy((4, "QB", 1.0)), [W4])
    assert set(place.files()) == {"lake.json", "games/part.parquet"}


@pytest.mark.parametrize("marker", ["", "{", "{}"])
def test_a_broken_label_is_an_error_in_words(place: Place, marker: str) -> None:
    place.put("lake.json", marker.encode())
    with pytest.raises(PipelineError, match=r"lake\.json"):
        Lake(place.root, "nfl")


# Whole or not at all


def fail_half_way(writer: pq.ParquetWriter, table: pa.Table, **options: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    lake: Lake,
    accuracy: Callable[..., pa.Table],
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    before = place.files()
    with monkeypatch.context() as broken:
        broken.setattr("pyarrow.parquet.ParquetWriter.write_table", fail_half_way)
        with pytest.raises((OSError, PipelineError), match="No space left"):
            lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 2.0)), [W5])
    assert place.files() == before
    assert contents(lake.read(PROJECTION_ACCURACY)) == [(5, "QB", 1.0)]


def test_a_failed_first_write_does_not_keep_others_from_reading(
    lake: Lake,
    accuracy: Callable[..., pa.Table],
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake.write(GAMES, rows(GAMES, {"season": 2024, "week": 1, "game_id": "a"}))
    with monkeypatch.context() as broken:
        broken.setattr("pyarrow.parquet.ParquetWriter.write_table", fail_half_way)
        with pytest.raises(OSError, match="No space left"):
            lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 2.0)), [W5])
    assert lake.weeks(PROJECTION_ACCURACY) == []
    with lake.connect([GAMES, PROJECTION_ACCURACY]) as connection:
        assert connection.execute("select count(*) from games").fetchall() == [(1,)]


@pytest.mark.parametrize("read", [read_by_lake, read_by_view])
def test_readers_see_the_old_or_the_new_while_a_week_is_rewritten(
    lake: Lake, accuracy: Callable[..., pa.Table], read: Callable[[Lake], list[float]]
) -> None:
    assert_readers_see_whole_versions(lake, accuracy, read, 100 if lake.is_local else 20)


def test_of_two_writers_of_a_week_the_last_wins_whole(
    lake: Lake, accuracy: Callable[..., pa.Table], place: Place
) -> None:
    """Version n has n + 1 rows, all of them n."""
    versions = [
        accuracy(*((5, "QB", float(number), f"m{row:03d}") for row in range(number + 1)))
        for number in (3, 30)
    ]
    start = threading.Barrier(2)

    def rewrite(version: pa.Table) -> None:
        own = Lake(place.root, "test")
        start.wait()
        for _ in range(10):
            own.write_weeks(PROJECTION_ACCURACY, version, [W5])

    writers = [threading.Thread(target=rewrite, args=(version,)) for version in versions]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    values = read_by_lake(lake)
    assert (len(values), set(values)) in [(4, {3.0}), (31, {30.0})]
    assert values == read_by_view(lake)
    assert set(place.files()) == {
        "lake.json",
        "projection_accuracy/season=2024/week=05/part.parquet",
    }


# Damaged files


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _zeroed(content: bytes) -> bytes:
    """The rows, not the footer."""
    return content[:4] + bytes(300) + content[304:]


def _scrambled(content: bytes) -> bytes:
    """The beginning of the footer, not its length."""
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    return content[:start] + bytes(64) + content[start + 64 :]


READS: dict[str, Callable[[Lake], Any]] = {
    "read": lambda lake: lake.read(PROJECTION_ACCURACY),
    "digest": lambda lake: lake.digest(PLAYER_HISTORY, [2024]),
    "by_season": lambda lake: list(lake.by_season(PLAYER_HISTORY, [2024])),
    "seasons": lambda lake: lake.read(PLAYER_HISTORY, seasons=[2024]),
    "sql": lambda lake: run_sql(lake, "from projection_accuracy"),
    "sql_history": lambda lake: run_sql(lake, "from player_history"),
}


DAMAGES = (lambda _: b"", lambda _: b"PAR1", _cut, _zeroed, _scrambled)


@pytest.mark.parametrize(
    ("read", "damage"),
    # The digest hashes the bytes as they are, also zeros.
    [pair for pair in product(READS, DAMAGES) if pair != ("digest", _zeroed)],
)
def test_a_damaged_file_is_named_with_what_to_do(
    lake: Lake,
    accuracy: Callable[..., pa.Table],
    rows: Rows,
    place: Place,
    damage: Callable[[bytes], bytes],
    read: str,
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((4, "QB", 1.0), (5, "QB", 2.0)), [W4, W5])
    lake.write(PLAYER_HISTORY, rows(PLAYER_HISTORY, {"season": 2024, "week": 1, "player_id": "a"}))
    weekly = read in ("read", "sql")
    name = "projection_accuracy/season=2024/week=05" if weekly else "player_history"
    place.put(f"{name}/part.parquet", damage(place.files()[f"{name}/part.parquet"]))
    with pytest.raises(PipelineError) as refused:
        READS[read](lake)
    message = str(refused.value)
    what = "projection_accuracy 2024 week 5" if weekly else "player_history"
    assert message.startswith(f"{what}: the file {place.root}/{name}/part.parquet is damaged: ")
    again = "run --season 2024 --week 5" if weekly else "run"
    assert f"remove it and make it again: `fantasy-pipeline {again}`" in message
    assert ".snapshots" not in message
    assert "fantasy-lake-" not in message


def test_of_a_table_of_an_older_layout_sql_names_the_lakes_file(
    lake: Lake, accuracy: Callable[..., pa.Table], place: Place
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((4, "QB", 1.0), (5, "QB", 2.0)), [W4, W5])
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"season": [2024], "week": [5]}), sink)
    name = "projection_accuracy/season=2024/week=05/part.parquet"
    place.put(name, sink.getvalue().to_pybytes())
    with pytest.raises(PipelineError) as refused:
        run_sql(lake, "from projection_accuracy")
    assert f"{place.root}/{name}" in str(refused.value)
    assert "is damaged" not in str(refused.value)


def test_a_wrong_statement_over_whole_files_blames_none(
    lake: Lake, accuracy: Callable[..., pa.Table]
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    with pytest.raises(PipelineError, match="Invalid Input Error") as refused:
        run_sql(lake, "select regexp_matches(position, '(') from projection_accuracy")
    assert "damaged" not in str(refused.value)


def test_a_wrong_statement_reads_no_file_to_look_for_damage(
    lake: Lake, accuracy: Callable[..., pa.Table], place: Place
) -> None:
    """Otherwise the command would read the whole lake, and name the damaged week."""
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((4, "QB", 1.0), (5, "QB", 2.0)), [W4, W5])
    name = "projection_accuracy/season=2024/week=05/part.parquet"
    place.put(name, _zeroed(place.files()[name]))
    with pytest.raises(PipelineError, match="Invalid Input Error: missing"):
        run_sql(
            lake, "select regexp_matches(position, '(') from projection_accuracy where week = 4"
        )


def test_an_added_column_is_null_in_files_of_an_older_version(
    lake: Lake, rows: Rows, place: Place
) -> None:
    about = {
        "season": 2024,
        "source": "espn",
        "player_id": "a",
        "as_of": datetime.now(timezone.utc),
    }
    both = rows(
        SOURCE_PROJECTIONS,
        *({**about, "week": week, "basis": "shown since", "points_ppr": week} for week in (4, 5)),
    )
    lake.write_weeks(SOURCE_PROJECTIONS, both, [W4, W5])
    name = "source_projections/season=2024/week=04/part.parquet"
    older = lake.read(SOURCE_PROJECTIONS, [W4]).drop_columns(["basis"])
    sink = pa.BufferOutputStream()
    pq.write_table(older, sink)
    place.put(name, sink.getvalue().to_pybytes())
    found = lake.read(SOURCE_PROJECTIONS)
    assert found.schema == SOURCE_PROJECTIONS.arrow_schema
    assert found["basis"].to_pylist() == [None, "shown since"]
    some = lake.read(SOURCE_PROJECTIONS, [W4], ["basis", "points_ppr"])
    assert some.to_pylist() == [{"basis": None, "points_ppr": 4.0}]
    # Other columns are not optional.
    pq.write_table(older.drop_columns(["as_of"]), sink := pa.BufferOutputStream())
    place.put(name, sink.getvalue().to_pybytes())
    with pytest.raises(PipelineError, match="older layout; materialize them again"):
        lake.read(SOURCE_PROJECTIONS)


def test_a_column_added_is_null_in_the_files_before_it(
    lake: Lake, rows: Rows, place: Place
) -> None:
    line = {"season": 2024, "player_id": "a", "fumbles_total": 1.0, "fg_made_list": "42"}
    lines = rows(WEEKLY_STATS, {**line, "week": 4}, {**line, "week": 5})
    lake.write_weeks(WEEKLY_STATS, lines, [W4, W5])

    def store_without_added_columns(week: SeasonWeek, row: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        pq.write_table(row.drop_columns(sorted(WEEKLY_STATS.added_columns)), sink)
        name = f"weekly_stats/season=2024/week={week.week:02d}/part.parquet"
        place.put(name, sink.getvalue().to_pybytes())

    store_without_added_columns(W4, lines.slice(0, 1))

    found = lake.read(WEEKLY_STATS)
    assert found.schema == WEEKLY_STATS.arrow_schema
    assert found["fumbles_total"].to_pylist() == [None, 1.0]
    assert lake.read(WEEKLY_STATS, columns=["fg_made_list", "week"]).to_pylist() == [
        {"fg_made_list": None, "week": 4},
        {"fg_made_list": "42", "week": 5},
    ]
    by_sql = "select week, fumbles_total, fg_made_list from weekly_stats order by week"
    both = [{"week": 4, "fumbles_total": None, "fg_made_list": None}]
    assert run_sql(lake, by_sql).to_pylist() == [
        *both,
        {"week": 5, "fumbles_total": 1.0, "fg_made_list": "42"},
    ]
    assert lake.weeks_without(WEEKLY_STATS, "fumbles_total") == [W4]

    store_without_added_columns(W5, lines.slice(1, 1))
    assert run_sql(lake, by_sql).to_pylist() == [*both, {**both[0], "week": 5}]
    columns = run_sql(lake, "from weekly_stats").column_names
    assert columns == WEEKLY_STATS.column_names


@pytest.mark.parametrize("columns", [["week"], ["season", "week"]])
def test_seasons_of_a_file_without_the_columns_are_of_an_older_layout(
    lake: Lake, place: Place, columns: list[str]
) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({name: [2024] for name in columns}), sink)
    place.put("player_history/part.parquet", sink.getvalue().to_pybytes())
    for read in ("seasons", "by_season"):
        with pytest.raises(PipelineError, match="older layout; materialize them again"):
            READS[read](lake)


# Files that are not tables


def test_other_files_come_back_as_written(lake: Lake, place: Place) -> None:
    content = bytes(range(256)) * 1000
    assert lake.read_bytes("models/projection/season=2024/a1b2.npz") is None
    lake.write_bytes("models/projection/season=2024/a1b2.npz", b"older")
    lake.write_bytes("models/projection/season=2024/a1b2.npz", content)
    assert lake.read_bytes("models/projection/season=2024/a1b2.npz") == content
    assert set(place.files()) == {"lake.json", "models/projection/season=2024/a1b2.npz"}


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "models/../../outside",
        "models/..",
        "..",
        ".",
        "",
        "/etc/passwd",
        "//host/share",
        "models//x",
        "models/",
        "./x",
        ".snapshots/x",
        "models/.hidden",
        "models\\..\\x",
        "models/x\0.npz",
        "models/x\n",
        "s3://elsewhere/x",
        "file:///etc/passwd",
        "C:/x",
        "~/x",
        "%2e%2e/outside",
    ],
)
def test_no_name_leads_out_of_the_lake(lake: Lake, place: Place, name: str) -> None:
    with pytest.raises(PipelineError, match="is not a valid name of a file in the lake"):
        lake.read_bytes(name)
    with pytest.raises(PipelineError, match="is not a valid name of a file in the lake"):
        lake.write_bytes(name, b"mine")
    assert "lake.json" not in place.files()


# DuckDB over it


def test_views_have_integer_seasons_and_weeks(
    lake: Lake, accuracy: Callable[..., pa.Table], rows: Rows
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((4, "QB", 1.0), (5, "QB", 2.0)), [W4, W5])
    lake.write(GAMES, rows(GAMES, {"season": 2024, "week": 5, "game_id": "a"}))
    with lake.connect([GAMES, PROJECTION_ACCURACY, PROJECTIONS]) as connection:
        columns = connection.execute(
            "select table_name, column_name, data_type from information_schema.columns "
            "where column_name in ('season', 'week')"
        ).fetchall()
        found = connection.execute(
            "select week, mae from projection_accuracy join games using (season, week)"
        ).fetchall()
    assert {kind for _, _, kind in columns} == {"INTEGER"}
    assert {name for name, _, _ in columns} == {"games", "projection_accuracy", "projections"}
    assert found == [(5, 2.0)]


def test_a_view_has_the_columns_of_the_contract(
    lake: Lake, accuracy: Callable[..., pa.Table]
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    with lake.connect([PROJECTION_ACCURACY]) as connection:
        columns = connection.execute("describe projection_accuracy").fetchall()
    assert [column[0] for column in columns] == PROJECTION_ACCURACY.column_names


def test_a_view_shows_the_tables_as_they_were_when_it_was_made(
    lake: Lake, accuracy: Callable[..., pa.Table]
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    with lake.connect([GAMES, PROJECTION_ACCURACY]) as connection:
        lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 2.0)), [W5])
        assert connection.execute("select mae from projection_accuracy").fetchall() == [(1.0,)]
        assert connection.execute("from games").fetchall() == []
    with lake.connect([PROJECTION_ACCURACY]) as connection:
        assert connection.execute("select mae from projection_accuracy").fetchall() == [(2.0,)]


def test_files_are_plain_parquet_with_a_readable_label(
    lake: Lake, accuracy: Callable[..., pa.Table], place: Place
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    found = place.files()
    assert json.loads(found["lake.json"]) == {"label": "test"}
    name = "projection_accuracy/season=2024/week=05/part.parquet"
    assert lake.path(PROJECTION_ACCURACY, W5) == f"{place.root}/{name}"
    table = pq.ParquetFile(pa.BufferReader(found[name])).read()
    assert table.schema == PROJECTION_ACCURACY.arrow_schema
