"""Conversion of upstream frames to the canonical schema: traps of the real files, on few rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.errors import LastingError, NotPublishedError, PipelineError, SourceError
from fantasy_pipeline.football.tables import GAMES, LIST_COLUMNS, STAT_COLUMNS
from fantasy_pipeline.football.tables.contract import Column, Table
from fantasy_pipeline.football.teams import CURRENT_CODE
from fantasy_pipeline.ingest.sources import canonical, nflcom_files, schema
from fantasy_pipeline.ingest.sources.canonical import NO_PLAYER
from fantasy_pipeline.ingest.sources.columns import select_columns
from fantasy_pipeline.ingest.sources.nflcom_files import NflcomFile
from fantasy_pipeline.ingest.sources.unreadable import FORMAT_CHANGED
from fantasy_pipeline_tests.rows import Rows

SAVED = datetime(2024, 9, 6, 16, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as database:
        yield database


@pytest.fixture
def connection(database: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection whose views and settings end with the test."""
    with database.cursor() as connection:
        yield connection


def frame(defaults: dict[str, Any], *records: dict[str, Any], **types: pa.DataType) -> pa.Table:
    """Return one row per record, as upstream has them; the defaults give the columns."""
    names = [*defaults, *(name for name in types if name not in defaults)]
    columns = {
        name: pa.array([record.get(name, defaults.get(name)) for record in records], types[name])
        if name in types
        else [record.get(name, defaults.get(name)) for record in records]
        for name in names
    }
    return pa.table(columns)


def without(table: pa.Table, column: str) -> pa.Table:
    return table.drop_columns([column])


# Weekly stats

NEW_STATS: dict[str, Any] = {
    **dict.fromkeys(column.name for column in (*STAT_COLUMNS, *LIST_COLUMNS)),
    "player_id": "00-0034857",
    "player_name": "J.Allen",
    "player_display_name": "Josh Allen",
    "position": "QB",
    "season": 2024,
    "week": 13,
    "season_type": "REG",
    "team": "BUF",
    "opponent_team": "SF",
    "passing_yards": 148,
    "passing_tds": 2,
    "passing_interceptions": 0,
    "passing_2pt_conversions": 0,
    "sacks_suffered": 2,
    "sack_yards_lost": -12,
    "sack_fumbles_lost": 0,
    "rushing_yards": 18,
    "rushing_tds": 1,
    "rushing_fumbles_lost": 0,
    "rushing_2pt_conversions": 0,
    "receptions": 1,
    "receiving_yards": 7,
    "receiving_tds": 1,
    "receiving_fumbles_lost": 0,
    "receiving_2pt_conversions": 0,
    "special_teams_tds": 0.0,
    "fg_made_60_": 0,
    "fantasy_points": 27.42,
    "fantasy_points_ppr": 28.42,
    "a_column_added_this_year": 1,
}
OLD_NAMES = {
    "team": "recent_team",
    "passing_interceptions": "interceptions",
    "sacks_suffered": "sacks",
    "sack_yards_lost": "sack_yards",
}


ONLY_NEW = [
    column.name
    for column, of_old in zip(
        schema.WEEKLY_STATS.columns, schema.OLD_WEEKLY_STATS.columns, strict=True
    )
    if column.required and not of_old.required
]


def old(table: pa.Table) -> pa.Table:
    """Return the rows as in the old release: old names, yards lost positive, a column dakota."""
    yards = pa.array([-value for value in table["sack_yards_lost"].to_pylist()])
    index = table.column_names.index("sack_yards_lost")
    table = table.set_column(index, "sack_yards_lost", yards).drop_columns(ONLY_NEW)
    names = [OLD_NAMES.get(name, name) for name in table.column_names]
    return table.rename_columns(names).append_column("dakota", pa.array([0.1] * table.num_rows))


def test_old_and_new_release_give_the_same_rows(connection: duckdb.DuckDBPyConnection) -> None:
    new = frame(NEW_STATS, {}, {"player_id": "00-2", "sack_yards_lost": 0})
    of_new = canonical.weekly_stats(connection, new, 2024)
    of_old = canonical.weekly_stats(connection, old(new), 2024)
    assert of_new.schema == of_old.schema == schema.WEEKLY_STATS.arrow_schema
    kicking = "fg_made_60_"
    assert without(of_new, kicking) == without(of_old, kicking)
    assert of_new[kicking].to_pylist() == [0, 0]
    assert of_old[kicking].null_count == 2
    row = of_old.to_pylist()[0]
    assert row["team"] == "BUF"
    assert row["passing_interceptions"] == 0
    assert row["sacks_suffered"] == 2


@pytest.mark.parametrize(("name", "lost"), [("sack_yards_lost", -12.0), ("sack_yards", 12.0)])
def test_yards_lost_to_sacks_are_negative(
    connection: duckdb.DuckDBPyConnection, name: str, lost: float
) -> None:
    defaults = {**NEW_STATS, name: lost}
    if name != "sack_yards_lost":
        del defaults["sack_yards_lost"]
    given = frame(defaults, {}, {"player_id": "00-2", name: 0.0}, {"player_id": "00-3", name: None})
    found = canonical.weekly_stats(connection, given, 2024)["sack_yards_lost"]
    assert found.to_pylist() == [-12.0, 0.0, None]
    assert not np.signbit(found[1].as_py())


def test_the_full_name_is_taken(connection: duckdb.DuckDBPyConnection) -> None:
    table = canonical.weekly_stats(connection, frame(NEW_STATS, {}), 2024)
    assert table["player_name"].to_pylist() == ["Josh Allen"]


def test_stats_of_no_player_are_kept(connection: duckdb.DuckDBPyConnection) -> None:
    nobody = {"player_id": None, "player_name": None, "player_display_name": None}
    given = frame(NEW_STATS, {}, nobody, nobody | {"week": 14})
    table = canonical.weekly_stats(connection, given, 2024)
    assert sorted(zip(table["week"].to_pylist(), table["player_id"].to_pylist(), strict=True)) == [
        (13, "00-0034857"),
        (13, NO_PLAYER),
        (14, NO_PLAYER),
    ]


def test_blank_ids_are_no_player(connection: duckdb.DuckDBPyConnection) -> None:
    table = canonical.weekly_stats(connection, frame(NEW_STATS, {"player_id": "  "}), 2024)
    assert table["player_id"].to_pylist() == [NO_PLAYER]


@pytest.mark.parametrize(
    ("code", "today"),
    [("OAK", "LV"), ("SD", "LAC"), ("STL", "LA"), ("LAR", "LA"), ("JAC", "JAX"), ("BUF", "BUF")],
)
def test_teams_have_todays_code(
    connection: duckdb.DuckDBPyConnection, code: str, today: str
) -> None:
    given = frame(NEW_STATS, {"team": code, "opponent_team": "RAM"})
    table = canonical.weekly_stats(connection, given, 2024)
    assert table["team"].to_pylist() == [today]
    assert table["opponent"].to_pylist() == ["LA"]


def test_no_code_of_today_is_translated() -> None:
    assert not set(CURRENT_CODE) & set(CURRENT_CODE.values())


def test_columns_not_used_are_ignored(connection: duckdb.DuckDBPyConnection) -> None:
    table = canonical.weekly_stats(connection, frame(NEW_STATS, {}), 2024)
    assert "a_column_added_this_year" not in table.column_names


def test_the_old_release_has_neither_kicking_nor_defence() -> None:
    """On the real files, 46 columns are in no file of stat lines, and all others in every file."""
    assert len(ONLY_NEW) == 46
    kinds = {name.partition("_")[0] for name in ONLY_NEW}
    assert kinds == {"fg", "pat", "def", "punt", "kickoff", "fumble"}


@pytest.mark.parametrize("column", ["targets", "carries", "attempts", "target_share"])
def test_what_the_old_release_has_is_required_of_it(
    connection: duckdb.DuckDBPyConnection, column: str
) -> None:
    given = old(frame(NEW_STATS, {}))
    assert canonical.weekly_stats(connection, given, 2024).num_rows == 1
    with pytest.raises(SourceError, match=rf"weekly_stats 2024: upstream has no column {column}"):
        canonical.weekly_stats(connection, without(given, column), 2024)


# All data sets: columns missing, renamed or retyped, and empty files


SCORED = [c.name for c in schema.WEEKLY_STATS.columns if c.required and c.name in NEW_STATS]


@pytest.mark.parametrize("column", SCORED)
def test_a_missing_required_column_is_named(
    connection: duckdb.DuckDBPyConnection, column: str
) -> None:
    given = without(frame(NEW_STATS, {}), column)
    if column == "player_name":  # It is the second choice; the full name is there.
        assert canonical.weekly_stats(connection, given, 2024).num_rows == 1
        return
    with pytest.raises(SourceError, match=rf"weekly_stats 2024: upstream has no column {column}"):
        canonical.weekly_stats(connection, given, 2024)


def test_the_error_says_where_and_what_to_do(connection: duckdb.DuckDBPyConnection) -> None:
    given = frame(NEW_STATS, {})
    names = ["receptions_total" if n == "receptions" else n for n in given.column_names]
    with pytest.raises(SourceError) as failed:
        canonical.weekly_stats(connection, given.rename_columns(names), 2024)
    error = failed.value
    assert not isinstance(error, NotPublishedError)
    assert (error.dataset, error.season) == ("weekly_stats", 2024)
    assert error.cause == "upstream has no column receptions (renamed to receptions_total?)"
    assert "update fantasy_pipeline" in error.advice
    assert "--source" in error.advice
    assert str(error) == f"weekly_stats 2024: {error.cause}. {error.advice}"


def test_no_hint_where_nothing_is_like_it(connection: duckdb.DuckDBPyConnection) -> None:
    given = without(frame(NEW_STATS, {}), "season_type")
    with pytest.raises(SourceError, match="upstream has no column season_type") as failed:
        canonical.weekly_stats(connection, given, 2024)
    assert "renamed" not in failed.value.cause


def test_a_column_renamed_from_upstreams_name_is_found(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    given = frame(REPORT, {}).rename_columns({"report_status": "report_status_text"})
    with pytest.raises(
        SourceError,
        match=r"no column injury_status or report_status \(renamed to report_status_text\?\)",
    ):
        canonical.injuries(connection, given, 2018)


def test_a_column_known_for_long_is_no_renamed_one(connection: duckdb.DuckDBPyConnection) -> None:
    given = without(frame({**ROSTER, "gsis_it_id": "1"}, {}), "gsis_id")
    players = schema.PLAYERS.arrow_schema.empty_table()
    with pytest.raises(SourceError, match=r"has no column player_id or gsis_id\. "):
        canonical.weekly_rosters(connection, given, players, 2024)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        pytest.param(
            "receptions",
            ["many"],
        ),
        ("week", [[13]]),
        ("passing_yards", [{"total": 1}]),
    ],
    ids=["text", "list", "struct"],
)
def test_a_retyped_column_is_named(
    connection: duckdb.DuckDBPyConnection, column: str, values: list[Any]
) -> None:
    given = frame(NEW_STATS, {})
    index = given.column_names.index(column)
    with pytest.raises(
        SourceError, match=rf"weekly_stats 2024: a column changed its type: .*{column}"
    ):
        canonical.weekly_stats(connection, given.set_column(index, column, [values]), 2024)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (True, "true is BOOLEAN, not text"),
        (date(2024, 9, 6), "2024-09-06 is DATE, not text"),
        ([7], "[7] is BIGINT[], not text"),
        ({"it's": 7}, """STRUCT("it's" BIGINT), not text"""),
        (1.5, "1.5 is neither text nor an id"),
    ],
    ids=["truth", "date", "list", "struct", "fraction"],
)
def test_what_is_no_text_is_not_written_as_text(
    connection: duckdb.DuckDBPyConnection, value: Any, why: str
) -> None:
    given = frame(IDS, {"name": value})
    with pytest.raises(SourceError) as failed:
        canonical.player_ids(connection, given)
    assert failed.value.cause.startswith(
        "a column changed its type: player_name (upstream: name): "
    )
    assert why in failed.value.cause


def test_a_column_without_a_value_is_of_any_type(connection: duckdb.DuckDBPyConnection) -> None:
    given = frame(IDS, {"yahoo_id": None}, yahoo_id=pa.bool_())
    assert canonical.player_ids(connection, given)["yahoo_id"].to_pylist() == [None]


@pytest.mark.parametrize("unit", ["us", "ns"])
def test_a_date_that_a_reader_made_of_a_number_is_refused(
    connection: duckdb.DuckDBPyConnection, unit: str
) -> None:
    """pandas reads the number 19950917 as nanoseconds after 1970."""
    given = frame(PLAYER, {})
    at = given.column_names.index("birth_date")
    for moment, right in ((datetime(1995, 9, 17), True), (datetime(1970, 1, 1, 0, 0, 19), False)):
        dates = pa.array([moment], pa.timestamp(unit))
        players = given.set_column(at, "birth_date", dates)
        if right:
            [row] = canonical.players(connection, players).to_pylist()
            assert row["birth_date"] == date(1995, 9, 17)
        else:
            with pytest.raises(
                SourceError, match=r"its type: birth_date: .*00:00:19 is not a date"
            ):
                canonical.players(connection, players)


def test_numbers_written_as_text_are_read(connection: duckdb.DuckDBPyConnection) -> None:
    texts = {"receptions": "7", "passing_yards": "", "week": "13"}
    table = canonical.weekly_stats(connection, frame(NEW_STATS, texts), 2024)
    row = table.to_pylist()[0]
    assert (row["receptions"], row["passing_yards"], row["week"]) == (7.0, None, 13)


def test_not_a_number_is_null(connection: duckdb.DuckDBPyConnection) -> None:
    table = canonical.weekly_stats(
        connection, frame(NEW_STATS, {"receptions": float("nan"), "week": 13.0}), 2024
    )
    assert table["receptions"].to_pylist() == [None]
    assert table["week"].to_pylist() == [13]


def test_an_empty_file_is_an_error(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(SourceError, match="weekly_stats 2024: the upstream file has no rows"):
        canonical.weekly_stats(connection, frame(NEW_STATS, {}).slice(0, 0), 2024)


def test_a_player_twice_in_a_week_is_left_to_the_write(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """The write refuses the week, and no other week of the file."""
    lines = canonical.weekly_stats(connection, frame(NEW_STATS, {}, {}), 2024)
    assert lines.num_rows == 2
    with pytest.raises(PipelineError, match=r"1 repeated keys .* 2024, 13, 00-0034857"):
        schema.WEEKLY_STATS.conform(lines)


def test_names_are_taken_as_names_not_as_sql(connection: duckdb.DuckDBPyConnection) -> None:
    odd = 'a "quoted" name; drop'
    contract = Table("odd", "", ("x",), (Column("x", "string", "", aliases=(odd,)),))
    table = select_columns(connection, pa.table({odd: [" y\n"]}), contract, None)
    assert table.to_pylist() == [{"x": "y"}]


# Rosters

ROSTER: dict[str, Any] = {
    "season": 2024,
    "week": 5,
    "gsis_id": "00-0034857",
    "full_name": "Josh Allen",
    "position": "QB",
    "team": "BUF",
    "status": "ACT",
    "status_description_abbr": "A01",
    "esb_id": "ALL1",
    "birth_date": date(1996, 5, 21),
    "height": 77.0,
    "weight": 237,
    "rookie_year": 2018.0,
    "draft_number": 7.0,
    "espn_id": "3918298",
}
PLAYER: dict[str, Any] = {
    "gsis_id": "00-0034857",
    "display_name": "Josh Allen",
    "position": "QB",
    "esb_id": "ALL1",
    "birth_date": "1996-05-21",
    "espn_id": "3918298",
}


@pytest.fixture
def rosters(
    connection: duckdb.DuckDBPyConnection,
) -> Callable[..., tuple[list[dict[str, Any]], list[str]]]:
    def read(
        *records: dict[str, Any], players: tuple[dict[str, Any], ...] = ({},)
    ) -> tuple[list[dict[str, Any]], list[str]]:
        known = canonical.players(connection, frame(PLAYER, *players))
        table, notes = canonical.weekly_rosters(connection, frame(ROSTER, *records), known, 2024)
        assert table.schema == schema.WEEKLY_ROSTERS.arrow_schema
        return table.to_pylist(), notes

    return read


def test_a_roster_row(rosters: Callable[..., Any]) -> None:
    [row], notes = rosters({})
    assert notes == []
    assert row == dict.fromkeys(schema.WEEKLY_ROSTERS.column_names) | {
        "season": 2024,
        "week": 5,
        "player_id": "00-0034857",
        "player_name": "Josh Allen",
        "position": "QB",
        "team": "BUF",
        "status": "ACT",
        "status_detail": "A01",
        "esb_id": "ALL1",
        "birth_date": date(1996, 5, 21),
        "height": 77,
        "weight": 237,
        "rookie_season": 2018,
        "draft_pick": 7,
        "espn_id": "3918298",
    }


@pytest.mark.parametrize("missing", [None, "", " "])
def test_a_rookies_id_is_found_by_elias_id(rosters: Callable[..., Any], missing: Any) -> None:
    rookie = {"gsis_id": missing, "full_name": "A Rookie", "esb_id": "ROO1"}
    found, notes = rosters(
        {}, rookie, players=({}, {"gsis_id": "00-9", "display_name": "A Rookie", "esb_id": "ROO1"})
    )
    assert [row["player_id"] for row in found] == ["00-0034857", "00-9"]
    assert notes == []


@pytest.mark.parametrize("column", ["gsis_id", "esb_id"])
def test_an_elias_id_is_no_gsis_id(rosters: Callable[..., Any], column: str) -> None:
    rookie = {"gsis_id": None, "esb_id": None, column: "EME675714", "full_name": "Emeka Emezie"}
    player = {"display_name": "Emeka Emezie", "esb_id": "EME675714"}
    found, [note] = rosters({}, rookie, players=({}, {**player, "gsis_id": "EME675714"}))
    assert [row["player_id"] for row in found] == ["00-0034857"]
    assert "1 rows without a gsis_id left out: Emeka Emezie (BUF)" in note
    # Upstream has the real one later.
    found, notes = rosters({}, rookie, players=({}, {**player, "gsis_id": "00-9"}))
    assert [row["player_id"] for row in found] == ["00-0034857", "00-9"]
    assert notes == []


def test_rows_nobody_knows_are_left_out_with_a_note(rosters: Callable[..., Any]) -> None:
    unknown = [
        {"gsis_id": None, "esb_id": f"X{n}", "full_name": f"Nobody {n}", "team": "OAK"}
        for n in range(10)
    ]
    found, [note] = rosters({}, *unknown)
    assert [row["player_id"] for row in found] == ["00-0034857"]
    assert note.startswith("weekly_rosters 2024: 10 rows without a gsis_id left out: Nobody 0 (LV)")
    assert note.endswith("Nobody 7 (LV) and 2 more")


def test_a_player_without_any_id_is_noted(rosters: Callable[..., Any]) -> None:
    _, [note] = rosters({}, {"gsis_id": None, "esb_id": None, "full_name": "Nobody"})
    assert "1 rows without a gsis_id left out: Nobody (BUF)" in note


def test_a_player_listed_with_and_without_id_is_listed_once(rosters: Callable[..., Any]) -> None:
    found, notes = rosters({}, {"gsis_id": None})
    assert [row["player_id"] for row in found] == ["00-0034857"]
    assert notes == []


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_rosters_the_active_one_counts(
    connection: duckdb.DuckDBPyConnection, first: int
) -> None:
    """Not the first in the alphabet: ARI released the player whom BUF has."""
    both = [{"team": "ARI", "status": "CUT"}, {"team": "BUF", "status": "ACT"}]
    records = [both[first], both[1 - first]]
    no_players = schema.PLAYERS.arrow_schema.empty_table()
    table, notes = canonical.weekly_rosters(connection, frame(ROSTER, *records), no_players, 2024)
    assert (table["team"].to_pylist(), notes) == (["BUF"], [])


def test_two_active_rosters_are_reported(connection: duckdb.DuckDBPyConnection) -> None:
    records = [{"team": "ARI"}, {"team": "BUF"}]
    no_players = schema.PLAYERS.arrow_schema.empty_table()
    table, notes = canonical.weekly_rosters(connection, frame(ROSTER, *records), no_players, 2024)
    assert table.num_rows == 1
    text = "week 5: Josh Allen is active for ARI and BUF; ARI is taken"
    assert notes == [f"weekly_rosters 2024: {text}"]


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_reports_without_a_date_the_worse_counts(
    connection: duckdb.DuckDBPyConnection, first: int
) -> None:
    report = {
        **{"season": 2024, "week": 5, "team": "BUF", "gsis_id": "00-1", "practice_status": None},
        **{"report_status": "Questionable", "report_primary_injury": "Knee"},
    }
    both = [{"report_status": "Doubtful"}, {"report_status": "Out"}]
    records = [both[first], both[1 - first]]
    table, _ = canonical.injuries(connection, frame(report, *records), 2024)
    assert table["injury_status"].to_pylist() == ["Out"]


def test_pick_0_is_undrafted(rosters: Callable[..., Any]) -> None:
    [row], _ = rosters({"draft_number": 0.0})
    assert row["draft_pick"] is None


def test_roster_teams_have_todays_code(rosters: Callable[..., Any]) -> None:
    [row], _ = rosters({"team": "OAK"})
    assert row["team"] == "LV"


# Ids


IDS: dict[str, Any] = {
    "gsis_id": "00-1",
    "name": "Some Body",
    "position": "WR",
    "sleeper_id": 4984.0,
    "espn_id": 4372016.0,
    "yahoo_id": 30977,
    "fantasypros_id": "17298",
    "pfr_id": "BodySo00",
    "mfl_id": 13589,
}


def test_ids_read_as_numbers_are_whole(connection: duckdb.DuckDBPyConnection) -> None:
    [row] = canonical.player_ids(connection, frame(IDS, {})).to_pylist()
    assert row == {
        "player_id": "00-1",
        "player_name": "Some Body",
        "position": "WR",
        "sleeper_id": "4984",
        "espn_id": "4372016",
        "yahoo_id": "30977",
        "fantasypros_id": "17298",
        "pfr_id": "BodySo00",
        "mfl_id": "13589",
        "birth_date": None,
    }


@pytest.mark.parametrize("text", ["NA", "n/a", "None", "nan", " ", "-"])
def test_texts_that_are_no_ids_are_null(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    given = frame(IDS, {"pfr_id": text, "fantasypros_id": text})
    [row] = canonical.player_ids(connection, given).to_pylist()
    assert (row["pfr_id"], row["fantasypros_id"]) == (None, None)


def test_of_two_persons_with_one_id_the_players_own_row_stays(
    connection: duckdb.DuckDBPyConnection, rows: Rows
) -> None:
    """Upstream has Jake Schum, the punter, and Bobby McCray under one gsis_id."""
    born = date(1981, 8, 8)
    known = rows(
        schema.PLAYERS, {"player_id": "00-1", "player_name": "Bobby McCray", "birth_date": born}
    )
    own = {"name": "Bobby McCray", "birthdate": born, "sleeper_id": None}
    other = {"name": "Jake Schum", "birthdate": date(1989, 1, 21)}
    for records in ([own, other], [other, own]):
        [row] = canonical.player_ids(connection, frame(IDS, *records), known).to_pylist()
        assert row["player_name"] == "Bobby McCray"


def test_of_a_player_listed_twice_the_row_with_most_ids_stays(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    poor = {"sleeper_id": None, "yahoo_id": None, "mfl_id": 1}
    for records in ([poor, {}], [{}, poor]):
        [row] = canonical.player_ids(connection, frame(IDS, *records)).to_pylist()
        assert (row["sleeper_id"], row["mfl_id"]) == ("4984", "13589")


def test_twins_in_the_id_map_are_told_apart_the_same_way_always(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    one, other = {"mfl_id": 1, "espn_id": 10.0}, {"mfl_id": 2, "espn_id": 20.0}
    for records in ([one, other], [other, one]):
        [row] = canonical.player_ids(connection, frame(IDS, *records)).to_pylist()
        assert (row["mfl_id"], row["espn_id"]) == ("1", "10")


@pytest.mark.parametrize("nobody", [None, "NA", "", "HAR447512"])
def test_id_rows_without_gsis_id_are_left_out(
    connection: duckdb.DuckDBPyConnection, nobody: str | None
) -> None:
    table = canonical.player_ids(connection, frame(IDS, {}, {"gsis_id": nobody}))
    assert table["player_id"].to_pylist() == ["00-1"]


def test_players_without_gsis_id_are_left_out(connection: duckdb.DuckDBPyConnection) -> None:
    nobody, elias = ({"gsis_id": other, "espn_id": None} for other in (None, "EME675714"))
    given = frame(PLAYER, {"espn_id": 3918298.0}, nobody, elias)
    [row] = canonical.players(connection, given).to_pylist()
    assert (row["player_id"], row["espn_id"]) == ("00-0034857", "3918298")
    assert row["birth_date"] == date(1996, 5, 21)


# Injuries and snaps

REPORT: dict[str, Any] = {
    "season": 2018.0,
    "week": 6.0,
    "team": "OAK",
    "gsis_id": "00-1",
    "report_status": "Out",
    "report_primary_injury": "Knee",
    "practice_primary_injury": "Knee",
    "practice_status": "Did Not Participate In Practice",
    "date_modified": SAVED,
}


def test_an_injury_report(connection: duckdb.DuckDBPyConnection) -> None:
    table, _ = canonical.injuries(connection, frame(REPORT, {}), 2018)
    [row] = table.to_pylist()
    assert row == {
        "season": 2018,
        "week": 6,
        "team": "LV",
        "player_id": "00-1",
        "injury_status": "Out",
        "injury": "Knee",
        "practice_injury": "Knee",
        "practice_status": "DNP",
        "modified_at": SAVED,
    }


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("Did Not Participate In Practice", "DNP"),
        ("Limited Participation in Practice", "Limited"),
        ("Full Participation in Practice", "Full"),
        ("Out (Definitely Will Not Play)", "DNP"),
        ("dnp", "DNP"),
        (" FULL participation in practice\n", "Full"),
        ("\n    ", None),
        ("", None),
        (None, None),
        ("Note", None),
    ],
)
def test_practice_in_a_word(
    connection: duckdb.DuckDBPyConnection, status: str | None, word: str | None
) -> None:
    given = frame(REPORT, {"practice_status": status}, practice_status=pa.string())
    table, notes = canonical.injuries(connection, given, 2018)
    assert (table["practice_status"].to_pylist(), notes) == ([word], [])


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("OUT", "Out"),
        (" out\u00a0", "Out"),
        ("probable", "Probable"),
        ("Note", None),
        (" ", None),
        (None, None),
    ],
)
def test_a_game_status_counts_without_regard_to_case_and_blanks(
    connection: duckdb.DuckDBPyConnection, status: str | None, word: str | None
) -> None:
    given = frame(REPORT, {"report_status": status}, report_status=pa.string())
    table, notes = canonical.injuries(connection, given, 2018)
    assert (table["injury_status"].to_pylist(), notes) == ([word], [])


def reports(column: str, words: dict[int, list[str]]) -> pa.Table:
    """Return upstream's frame of some weeks: the words of a column, one per player."""
    return frame(
        REPORT,
        *(
            {"week": float(week), "gsis_id": f"00-{number}", column: word}
            for week, of_week in words.items()
            for number, word in enumerate(of_week)
        ),
    )


@pytest.mark.parametrize(
    ("column", "name", "known"),
    [
        ("report_status", "injury_status", "Out"),
        ("practice_status", "practice_status", "Full Participation"),
    ],
)
def test_unknown_statuses_are_named_or_refused(
    connection: duckdb.DuckDBPyConnection, column: str, name: str, known: str
) -> None:
    """A file is refused if most words of its latest week of ten are unknown."""
    few = {5: ["O"] * 10, 6: [known] * 5 + ["O"] * 3 + ["Q"] * 2, 7: ["O"] * 9}
    table, notes = canonical.injuries(connection, reports(column, few), 2018)
    assert table[name].null_count == 24
    text = f"injuries 2018: {name} has unknown words, left null: 'O' (22 rows), 'Q' (2 rows)"
    assert notes == [text]
    many = {5: [known] * 90, 6: [known] * 4 + [f"word {number}" for number in range(10)]}
    cause = rf"{name} in the latest week are unknown words: .*'word 7' \(1 rows\) and 2 more words"
    with pytest.raises(LastingError, match=cause) as refused:
        canonical.injuries(connection, reports(column, many), 2018)
    assert refused.value.advice == FORMAT_CHANGED


def test_the_last_word_of_a_report_counts_for_each_team(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    given = frame(
        REPORT,
        {"date_modified": SAVED, "report_status": "Questionable"},
        {"date_modified": SAVED.replace(hour=20), "report_status": "Out"},
        {"date_modified": None, "report_status": "Doubtful"},
        {"team": "ARI", "report_status": "Probable"},
        {"gsis_id": None},
    )
    table, _ = canonical.injuries(connection, given, 2018)
    assert list(
        zip(*table.select(["team", "injury_status"]).to_pydict().values(), strict=True)
    ) == [
        ("ARI", "Probable"),
        ("LV", "Out"),
    ]


@pytest.mark.parametrize(
    "zone",
    [
        "UTC",
        pytest.param(
            "America/New_York",
        ),
    ],
)
@pytest.mark.parametrize("given", [SAVED.replace(tzinfo=None), "2024-09-06 16:00:00"], ids=type)
def test_times_without_a_zone_are_utc_on_every_machine(
    connection: duckdb.DuckDBPyConnection, zone: str, given: Any
) -> None:
    connection.execute("set timezone = ?", [zone])
    table, _ = canonical.injuries(connection, frame(REPORT, {"date_modified": given}), 2018)
    assert table["modified_at"].to_pylist() == [SAVED]


def snaps_of(*counts: tuple[int, str, float]) -> pa.Table:
    """Return upstream's frame of some players of OAK: week, id and offensive snaps of each."""
    weeks, players, snaps = zip(*counts, strict=True)
    return pa.table(
        {
            "season": [2015] * len(counts),
            "week": weeks,
            "pfr_player_id": players,
            "team": ["OAK"] * len(counts),
            "offense_snaps": snaps,
            "offense_pct": [0.97] * len(counts),
            "st_snaps": [4.0] * len(counts),
            "defense_snaps": [0.0] * len(counts),
        }
    )


def test_contradictory_snaps_of_a_player_are_left_out_and_named(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Repeated rows cost nothing, and a contradiction costs one player of its week."""
    carr, other = (1, "CarrDe02", 61.0), (1, "CoopAm00", 58.0)
    given = snaps_of(carr, carr, other, (1, "CoopAm00", 12.0), (2, "CoopAm00", 60.0))
    table, notes = canonical.snap_counts(connection, given, 2015)
    assert [(row["week"], row["pfr_id"]) for row in table.to_pylist()] == [
        (1, "CarrDe02"),
        (2, "CoopAm00"),
    ]
    assert notes == [
        "snap_counts 2015: week 1 has different snaps of the same players, which are left out: "
        "CoopAm00 (LV)"
    ]


def test_snap_counts(connection: duckdb.DuckDBPyConnection) -> None:
    table, notes = canonical.snap_counts(connection, snaps_of((1, "CarrDe02", 61.0)), 2015)
    assert notes == []
    [row] = table.to_pylist()
    assert row == {
        "season": 2015,
        "week": 1,
        "pfr_id": "CarrDe02",
        "team": "LV",
        "offense_snaps": 61,
        "snap_share": 0.97,
        "st_snaps": 4,
        "defense_snaps": 0,
    }


# Schedule

GAME: dict[str, Any] = {
    "season": 2015,
    "week": 1,
    "game_id": "2015_01_SD_OAK",
    "game_type": "REG",
    "gameday": "2015-09-13",
    "gametime": "16:25",
    "home_team": "OAK",
    "away_team": "SD",
    "home_score": 13,
    "away_score": 33,
    "spread_line": -3.5,
    "total_line": 43.0,
    "home_moneyline": 160,
    "away_moneyline": -185,
    "home_rest": 7,
    "away_rest": 7,
    "div_game": 1,
    "location": "Home",
    "roof": "outdoors",
    "surface": "grass ",
    "temp": 85.0,
    "wind": 10.0,
    "stadium": "O.co Coliseum",
}


def test_a_game(connection: duckdb.DuckDBPyConnection) -> None:
    table = canonical.schedule(connection, frame(GAME, {}))
    assert table.schema == GAMES.arrow_schema
    assert table.to_pylist() == [
        {
            "season": 2015,
            "week": 1,
            "game_id": "2015_01_SD_OAK",
            "game_type": "REG",
            "kickoff": datetime(2015, 9, 13, 20, 25, tzinfo=timezone.utc),
            "home_team": "LV",
            "away_team": "LAC",
            "home_score": 13,
            "away_score": 33,
            "spread_line": -3.5,
            "total_line": 43.0,
            "home_moneyline": 160,
            "away_moneyline": -185,
            "home_rest": 7,
            "away_rest": 7,
            "div_game": True,
            "neutral_site": False,
            "roof": "outdoors",
            "surface": "grass",
            "temp": 85,
            "wind": 10,
            "stadium": "O.co Coliseum",
        }
    ]


@pytest.mark.parametrize(
    ("day", "clock", "kickoff"),
    [
        ("1999-09-12", None, datetime(1999, 9, 12, 17)),
        ("1999-09-12", "", datetime(1999, 9, 12, 17)),
        ("2024-11-02", "13:00", datetime(2024, 11, 2, 17)),
        ("2024-11-03", "13:00", datetime(2024, 11, 3, 18)),
        ("2024-12-29", "20:20", datetime(2024, 12, 30, 1, 20)),
        ("2024-10-13", "09:30", datetime(2024, 10, 13, 13, 30)),
    ],
    ids=["no time", "blank time", "summer", "winter", "night", "London"],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_kickoffs_are_us_eastern(
    connection: duckdb.DuckDBPyConnection,
    day: str,
    clock: str | None,
    kickoff: datetime,
    zone: str,
) -> None:
    connection.execute("set timezone = ?", [zone])
    given = frame(GAME, {"gameday": day, "gametime": clock}, gametime=pa.string())
    found = canonical.schedule(connection, given)["kickoff"].to_pylist()
    assert found == [kickoff.replace(tzinfo=timezone.utc)]


def test_a_game_to_come_has_no_score_and_may_lack_a_roof(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    to_come = {"home_score": None, "away_score": None, "roof": "", "temp": None}
    types = {"home_score": pa.int32(), "away_score": pa.int32(), "temp": pa.int32()}
    [row] = canonical.schedule(
        connection, frame(GAME, to_come | {"location": "Neutral"}, **types)
    ).to_pylist()
    assert row["home_score"] is None
    assert row["roof"] is None
    assert row["neutral_site"] is True


@pytest.mark.parametrize(
    "column",
    [
        "season",
        "gameday",
        "gametime",
        "home_team",
        "away_team",
        "home_score",
        "spread_line",
        "roof",
        "stadium",
        "location",
    ],
)
def test_a_missing_schedule_column_is_named(
    connection: duckdb.DuckDBPyConnection, column: str
) -> None:
    with pytest.raises(SourceError, match=rf"schedule: upstream has no column {column}"):
        canonical.schedule(connection, without(frame(GAME, {}), column))


RETYPED_GAME = {
    column.name: {"string": ["BUF"], "time": "TBD"}.get(column.type, "soon")
    for column in canonical.SCHEDULE_FILE.columns
}


@pytest.mark.parametrize("column", RETYPED_GAME)
def test_a_retyped_schedule_column_is_named(
    connection: duckdb.DuckDBPyConnection, column: str
) -> None:
    with pytest.raises(SourceError) as failed:
        canonical.schedule(connection, frame(GAME, {column: RETYPED_GAME[column]}))
    assert failed.value.cause.startswith(f"a column changed its type: {column}: ")
    assert "update fantasy_pipeline" in failed.value.advice


def test_a_game_of_a_day_beyond_the_calendar_is_an_error_in_words(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    message = r"^schedule: gameday and gametime of 2015_01_SD_OAK give no kick-off: "
    with pytest.raises(SourceError, match=message) as failed:
        canonical.schedule(connection, frame(GAME, {"gameday": "300000-01-01"}))
    assert failed.value.advice.startswith("Upstream's file is wrong")


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("gametime", "24:13", "gametime: '24:13' of 2015_02_X cannot be read"),
        ("gameday", "2015-02-30", "gameday: '2015-02-30' of 2015_02_X cannot be read"),
        ("week", "two", "week: 'two' of 2015_02_X cannot be read"),
        ("game_id", "2015_02_X", None),
    ],
)
def test_a_wrong_value_of_a_game_is_named_with_its_game(
    connection: duckdb.DuckDBPyConnection, column: str, value: str, problem: str | None
) -> None:
    types = {} if column == "game_id" else {column: pa.string()}
    right = {column: str(GAME[column])}
    others = [{**right, "game_id": f"2015_02_{letter}"} for letter in "ABC"]
    given = frame(GAME, *others, {column: value, "game_id": "2015_02_X"}, **types)
    if problem is None:
        assert canonical.schedule(connection, given).num_rows == 4
        return
    with pytest.raises(SourceError) as failed:
        canonical.schedule(connection, given)
    assert failed.value.cause == problem
    assert failed.value.advice.startswith("Upstream's file is wrong: run again")


def test_wrong_values_of_a_stat_are_named_with_their_player(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    lines = [{"player_id": f"00-{n}", "receptions": "5"} for n in range(8)]
    lines += [{"player_id": f"00-{n}", "receptions": "five"} for n in (8, 9)]
    with pytest.raises(SourceError) as failed:
        canonical.weekly_stats(connection, frame(NEW_STATS, *lines, receptions=pa.string()), 2024)
    assert failed.value.cause == (
        "receptions: 'five' of 2024 13 00-8, and 1 more values, cannot be read"
    )


HOME = {"game_id": "home", "location": "Home", "roof": "dome", "stadium": "SoFi Stadium"}


@pytest.mark.parametrize(
    ("game", "place"),
    [
        # Sao Paulo, 2025: upstream has the home team's own stadium.
        ({"stadium": "SoFi Stadium"}, (None, None, None)),
        ({"stadium": "Wembley Stadium"}, ("dome", "grass", "Wembley Stadium")),
        ({"stadium": "SoFi Stadium", "location": "Home"}, ("dome", "grass", "SoFi Stadium")),
        # Tampa Bay won the Super Bowl of 2020 at home.
        ({"stadium": "SoFi Stadium", "game_type": "SB"}, ("dome", "grass", "SoFi Stadium")),
        ({"stadium": "SoFi Stadium", "home_team": "KC"}, ("dome", "grass", "SoFi Stadium")),
    ],
    ids=["the home team's", "its own", "at home", "Super Bowl", "another team's"],
)
def test_a_neutral_site_is_not_the_home_teams_stadium(
    connection: duckdb.DuckDBPyConnection,
    game: dict[str, str],
    place: tuple[str | None, ...],
) -> None:
    neutral = {"game_id": "neutral", "location": "Neutral", "roof": "dome", "week": 2}
    table = canonical.schedule(connection, frame(GAME, HOME, neutral | game))
    [row] = table.filter(pc.equal(table["game_id"], "neutral")).to_pylist()
    assert (row["roof"], row["surface"], row["stadium"]) == place


def test_an_empty_schedule_is_an_error(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(SourceError, match="schedule: the upstream file has no rows"):
        canonical.schedule(connection, frame(GAME, {}).slice(0, 0))


# NFL.com

HEADER = "PlayerName,PlayerId,Pos,Team,PassingYDS,PlayerWeekProjectedPts\n"


@pytest.fixture
def nflcom(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> Callable[..., list[dict[str, Any]]]:
    """Write one file per (week, position) and read them together."""

    def read(**texts: str | bytes) -> list[dict[str, Any]]:
        files = []
        for name, text in texts.items():
            position, week = name.split("_")
            path = tmp_path / f"{name}.csv"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            files.append(NflcomFile(path, int(week), position, SAVED))
        table, _ = nflcom_files.nflcom_projections(connection, files, 2024, "nflcom_projections")
        return table.to_pylist()

    return read


def test_projected_points_of_each_file(nflcom: Callable[..., Any]) -> None:
    found = nflcom(
        QB_5=HEADER.replace("Team", "Team,PlayerOpponent") + "Josh Allen,1,QB,BUF,@LAR,300,21.5\n",
        K_5=HEADER.replace("PassingYDS,", "") + "Some Kicker,2,K,LAR,8.25\n",
        QB_6=HEADER + "Josh Allen,1,QB,BUF,,19\n",
    )
    assert [tuple(row.values()) for row in found] == [
        (2024, 5, "Josh Allen", "QB", "BUF", "LA", 21.5, 12.0, SAVED),
        (2024, 5, "Some Kicker", "K", "LA", None, 8.25, None, SAVED),
        (2024, 6, "Josh Allen", "QB", "BUF", None, 19.0, None, SAVED),
    ]


def test_zero_means_not_projected(nflcom: Callable[..., Any]) -> None:
    rows = "Zero,1,QB,BUF,1,0\nBlank,2,QB,BUF,1,\nDash,3,QB,BUF,1,-\nSome,4,QB,BUF,1,0.01\n"
    assert [row["name"] for row in nflcom(QB_5=HEADER + rows)] == ["Some"]


def test_points_that_are_no_number_are_named(nflcom: Callable[..., Any]) -> None:
    good = HEADER + "Josh Allen,1,QB,BUF,1,20\n"
    with pytest.raises(
        SourceError,
        match=r"^nflcom_projections 2024 week 6: a column changed its type: points_half "
        r"\(upstream: PlayerWeekProjectedPts\): 'high' in the WR file\. .*update",
    ):
        nflcom(QB_5=good, QB_6=good, WR_6=good + "Some Body,2,WR,BUF,1,high\n")


@pytest.mark.parametrize("value", ["inf", "-Infinity", "NaN", "1e300", "80.5"])
def test_points_that_no_projection_has_are_named(nflcom: Callable[..., Any], value: str) -> None:
    with pytest.raises(
        SourceError,
        match=r"^nflcom_projections 2024 week 5: a value is not between -20 and 80 points: "
        rf"points_half \(upstream: PlayerWeekProjectedPts\): '{value}' in the QB file\.",
    ):
        nflcom(QB_5=HEADER + f"Josh Allen,1,QB,BUF,1,{value}\n")


def test_a_quoted_header_is_read(nflcom: Callable[..., Any]) -> None:
    quoted = ",".join(f'"{name}"' for name in HEADER.strip().split(","))
    [row] = nflcom(QB_5=f"{quoted}\n" + '"Josh Allen","1","QB","BUF","25","20"\n')
    assert (row["name"], row["points_half"], row["line_points"]) == ("Josh Allen", 20.0, 1.0)


def test_of_a_name_listed_twice_the_higher_stays(nflcom: Callable[..., Any]) -> None:
    rows = "Josh Allen,1,QB,BUF,1,2.5\nJosh Allen ,2,QB,JAX,1,20\n"
    [row] = nflcom(QB_5=HEADER + rows)
    assert (row["team"], row["points_half"]) == ("JAX", 20.0)


def test_marks_at_the_start_and_commas_in_names_do_no_harm(nflcom: Callable[..., Any]) -> None:
    [row] = nflcom(QB_5="\ufeff" + HEADER.replace("\n", "\r\n") + '"Allen, Josh",1,QB,BUF,1,20\r\n')
    assert row["name"] == "Allen, Josh"


@pytest.mark.parametrize("column", ["PlayerName", "Team", "PlayerWeekProjectedPts"])
def test_a_changed_header_is_an_error(nflcom: Callable[..., Any], column: str) -> None:
    changed = HEADER.replace(column, "Other") + "Josh Allen,1,QB,BUF,1,20\n"
    with pytest.raises(
        SourceError,
        match=rf"nflcom_projections 2024 week 6: the WR file has no column {column}\. .*update",
    ):
        nflcom(QB_5=HEADER + "Josh Allen,1,QB,BUF,1,20\n", WR_6=changed)


def test_files_without_one_projection_are_an_error(nflcom: Callable[..., Any]) -> None:
    with pytest.raises(
        SourceError, match="nflcom_projections 2024 week 5: the QB file has no projection"
    ):
        nflcom(QB_5=HEADER)


@pytest.mark.parametrize(
    "broken",
    [
        HEADER + "Josh Allen,1,QB,BUF,1,20\nLamar Jack",
        HEADER + 'Josh Allen,1,QB,BUF,1,20\n"Lamar Jack',
        (HEADER + "José Allen,1,QB,BUF,1,20\n").encode("latin-1"),
    ],
    ids=["cut off", "cut off in quotes", "not UTF-8"],
)
def test_a_broken_file_is_an_error_in_words(
    nflcom: Callable[..., Any], broken: str | bytes
) -> None:
    with pytest.raises(SourceError, match="nflcom_projections 2024"):
        nflcom(QB_5=broken)


def test_every_stat_that_scores_is_required() -> None:
    from fantasy_pipeline.football.scoring import STANDARD

    required = {column.name for column in schema.WEEKLY_STATS.columns if column.required}
    assert {*STANDARD, "receptions"} <= required
    assert {column.name for column in STAT_COLUMNS} <= set(schema.WEEKLY_STATS.column_names)
