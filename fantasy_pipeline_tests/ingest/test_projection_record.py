"""The record of other sources' projections: statements are added, and looked up by moment."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from fantasy_pipeline.football.tables import SOURCE_PROJECTIONS
from fantasy_pipeline.ingest.projection_record import (
    CONTENT,
    as_known_at,
    latest_statements,
    merge_missing,
    merge_snapshot,
    missing_players,
)

KICKOFF = datetime(2025, 11, 16, 18, tzinfo=timezone.utc)
DAY = timedelta(days=1)
KICKOFFS = pa.schema(
    [(n, SOURCE_PROJECTIONS.arrow_schema.field(n).type) for n in ("season", "week", "player_id")]
    + [("kickoff", SOURCE_PROJECTIONS.arrow_schema.field("kickoff").type)]
)
NONE = KICKOFFS.empty_table()


def row(player: str, points: float | None, day: float = -3, **more: Any) -> dict[str, Any]:
    """A statement made `day` days after kick-off."""
    return {
        "season": 2025,
        "week": 11,
        "source": "sleeper",
        "player_id": player,
        "points_ppr": points,
        "as_of": KICKOFF + day * DAY,
        "kickoff": KICKOFF,
    } | more


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SOURCE_PROJECTIONS.arrow_schema)


def points(found: pa.Table) -> dict[str, float | None]:
    return dict(zip(found["player_id"].to_pylist(), found["points_ppr"].to_pylist(), strict=True))


def history(found: pa.Table) -> list[tuple[str, float, float | None]]:
    """Player, days after kick-off, points."""
    return [
        (one["player_id"], (one["as_of"] - KICKOFF) / DAY, one["points_ppr"])
        for one in found.to_pylist()
    ]


# The look-up


def test_the_latest_before_kickoff_is_known() -> None:
    statements = table(row("a", 9, -4), row("a", 11, -1), row("a", 30, 0.5), row("b", 7, -2))
    assert points(as_known_at(statements)) == {"a": 11, "b": 7}


def test_a_statement_at_kickoff_is_late() -> None:
    assert as_known_at(table(row("a", 9, 0))).num_rows == 0


def test_each_player_has_a_kickoff_of_his_own() -> None:
    monday = KICKOFF + DAY
    statements = table(
        row("a", 9, -1), row("a", 10, 0.5), row("b", 7), row("b", 8, 0.5, kickoff=monday)
    )
    assert points(as_known_at(statements)) == {"a": 9, "b": 8}


def test_at_an_earlier_moment_less_was_known() -> None:
    statements = table(row("a", 9, -4), row("a", 11, -1), row("b", 7, -1), row("c", 5, -4))
    assert points(as_known_at(statements, KICKOFF - 2 * DAY)) == {"a": 9, "c": 5}
    assert points(as_known_at(statements, KICKOFF - DAY)) == {"a": 11, "b": 7, "c": 5}
    assert points(as_known_at(statements, KICKOFF + DAY)) == points(as_known_at(statements))


def test_an_archive_counts_though_fetched_late() -> None:
    late = [row("a", 9, 400, source="nflcom"), row("a", 99, 500, source="nflcom")]
    assert points(as_known_at(table(*late))) == {"a": 9}
    assert points(as_known_at(table(*late, row("a", 8, -1, source="nflcom")))) == {"a": 8}
    # Downloaded in time, it had no projection of him: a statement after the game is hindsight.
    in_time = row("b", 7, -1, source="nflcom")
    assert points(as_known_at(table(*late, in_time))) == {"b": 7}
    # A player without a game, as of a cancelled one, does not show that it was downloaded in time.
    idle = row("b", 7, 400, source="nflcom", kickoff=None)
    assert points(as_known_at(table(*late, idle))) == {"a": 9, "b": 7}
    # Its statement was not known before the game.
    assert as_known_at(table(*late), KICKOFF - DAY).num_rows == 0


def test_espn_counts_as_it_shows_past_weeks_and_sleeper_does_not() -> None:
    late = [row("a", 9, 400, source=source) for source in ("espn", "fantasypros", "sleeper")]
    assert as_known_at(table(*late))["source"].to_pylist() == ["espn"]
    # Asked in time, ESPN did not project him: what it shows after the game is hindsight.
    in_time = row("b", 7, -1, source="espn")
    assert points(as_known_at(table(*late, in_time))) == {"b": 7}


def test_the_basis_tells_what_was_frozen_from_what_a_site_shows_since() -> None:
    fetched = [
        row("a", 9, day, source=source, kickoff=None)
        for day, source in ((-3, "espn"), (-3, "nflcom"), (-3, "sleeper"))
    ]
    later = [one | {"as_of": KICKOFF + 400 * DAY, "points_ppr": 8.0} for one in fetched]
    game = [{"season": 2025, "week": 11, "player_id": "a", "kickoff": KICKOFF}]
    kickoffs = pa.Table.from_pylist(game, schema=KICKOFFS)
    both = merge_snapshot(
        merge_snapshot(table(), table(*fetched), kickoffs), table(*later), kickoffs
    )
    found = {(one["source"], one["points_ppr"]): one["basis"] for one in both.to_pylist()}
    assert found == {
        **dict.fromkeys([("espn", 9), ("nflcom", 9), ("sleeper", 9)], "before kick-off"),
        ("nflcom", 8): "frozen file",
        ("espn", 8): "shown since",
        ("sleeper", 8): "shown since",
    }
    # The game moves to a later day, after the second download.
    game[0]["kickoff"] = KICKOFF + 500 * DAY
    moved = merge_snapshot(both, table(), pa.Table.from_pylist(game, schema=KICKOFFS))
    assert set(moved["basis"].to_pylist()) == {"before kick-off"}
    idle = merge_snapshot(table(), table(*later), NONE)
    assert set(idle["basis"].to_pylist()) == {"before kick-off"}


def test_without_a_game_the_latest_counts() -> None:
    statements = table(row("a", 9, -4, kickoff=None), row("a", 0.5, 4, kickoff=None))
    assert points(as_known_at(statements)) == {"a": 0.5}


def test_sources_and_weeks_are_kept_apart() -> None:
    statements = table(row("a", 9), row("a", 8, source="espn"), row("a", 7, week=12))
    found = as_known_at(statements)
    assert sorted(found["points_ppr"].to_pylist()) == [7, 8, 9]
    assert as_known_at(statements.slice(0, 0)).num_rows == 0
    assert found.schema == SOURCE_PROJECTIONS.arrow_schema


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from(["nflcom", "espn", "sleeper"]),
            st.integers(-4, 4),
            st.sampled_from([KICKOFF, KICKOFF + DAY, None]),
        ),
        max_size=20,
        unique_by=lambda one: one[:3],
    ),
    st.one_of(st.none(), st.integers(-5, 5)),
)
def test_the_lookup_agrees_with_its_definition(stated: list[Any], at: int | None) -> None:
    rows = [row(p, float(i), d, source=s, kickoff=k) for i, (p, s, d, k) in enumerate(stated)]
    moment = None if at is None else KICKOFF + at * DAY
    downloaded_in_time = {r["source"] for r in rows if r["kickoff"] and r["as_of"] < r["kickoff"]}
    expected = {}
    for player, source in {(one["player_id"], one["source"]) for one in rows}:
        of_player = [r for r in rows if (r["player_id"], r["source"]) == (player, source)]
        before = [
            r
            for r in of_player
            if (r["kickoff"] is None or r["as_of"] < r["kickoff"])
            and (moment is None or r["as_of"] <= moment)
        ]
        late = [
            r
            for r in of_player
            if source in ("nflcom", "espn")
            and r not in before
            and source not in downloaded_in_time
            and r["kickoff"] is not None
            and (moment is None or r["kickoff"] <= moment)
        ]
        if before:
            expected[player, source] = max(before, key=lambda r: r["as_of"])["points_ppr"]
        elif late:
            expected[player, source] = min(late, key=lambda r: r["as_of"])["points_ppr"]
    found = as_known_at(table(*rows), moment)
    assert {
        (one["player_id"], one["source"]): one["points_ppr"] for one in found.to_pylist()
    } == expected


def test_the_latest_statement_may_be_late_or_of_no_known_moment() -> None:
    rows = table(row("a", 11, 0.5), row("a", 9, -4), row("b", 7, as_of=None), row("a", 8, week=12))
    found = latest_statements(rows)
    assert found["player_id"].to_pylist() == ["a", "b", "a"]
    assert found["points_ppr"].to_pylist() == [11, 7, 8]
    # A moment that is stated is later than none.
    assert points(latest_statements(table(row("b", 7, as_of=None), row("b", 5)))) == {"b": 5}


# The record


def test_new_statements_are_added_and_old_ones_stay() -> None:
    first = merge_snapshot(table(), table(row("a", 9), row("b", 7)), NONE)
    second = merge_snapshot(first, table(row("a", 9, -1), row("b", 8, -1)), NONE)
    assert history(second) == [("a", -3, 9), ("b", -3, 7), ("b", -1, 8)]
    assert merge_snapshot(second, table(row("a", 9, 0.5), row("b", 8, 0.5)), NONE).equals(second)


def test_other_weeks_and_sources_stay_in_the_record() -> None:
    stored = table(row("a", 9, week=10), row("a", 8, source="espn"))
    found = merge_snapshot(stored, table(row("a", 7)), NONE)
    assert found.num_rows == 3


def test_a_player_who_is_no_longer_projected_gets_a_row_without_points() -> None:
    first = merge_snapshot(table(), table(row("a", 9, receptions=5.0), row("b", 7)), NONE)
    second = merge_snapshot(first, table(row("b", 7, -1)), NONE)
    assert history(second) == [("a", -3, 9), ("a", -1, None), ("b", -3, 7)]
    [gone] = [one for one in second.to_pylist() if one["points_ppr"] is None]
    assert all(gone[name] is None for name in CONTENT)
    assert points(as_known_at(second)) == {"a": None, "b": 7}
    # The row is added once, and he may come back.
    assert merge_snapshot(second, table(row("b", 7, -0.5)), NONE).equals(second)
    third = merge_snapshot(second, table(row("a", 4, -0.2), row("b", 7, -0.2)), NONE)
    assert points(as_known_at(third)) == {"a": 4, "b": 7}


def test_a_change_of_the_stat_line_is_a_new_statement() -> None:
    first = merge_snapshot(table(), table(row("a", 9, receptions=5.0)), NONE)
    assert merge_snapshot(first, table(row("a", 9, -1, receptions=4.0)), NONE).num_rows == 2
    # Another spelling of the name is not.
    assert merge_snapshot(
        first, table(row("a", 9, -1, receptions=5.0, player_name="A")), NONE
    ).equals(first)


def test_the_same_file_read_again_replaces_its_own_rows_only() -> None:
    first = merge_snapshot(table(), table(row("a", 9), row("b", 7)), NONE)
    second = merge_snapshot(first, table(row("a", 10, -1), row("b", 7, -1), row("x", 3, -1)), NONE)
    # x was another player's id.
    again = merge_snapshot(second, table(row("a", 10, -1), row("b", 7, -1), row("c", 3, -1)), NONE)
    assert history(again) == [("a", -3, 9), ("a", -1, 10), ("b", -3, 7), ("c", -1, 3)]


def test_an_older_file_than_the_record_adds_nothing() -> None:
    first = merge_snapshot(table(), table(row("a", 9, -1)), NONE)
    assert merge_snapshot(first, table(row("a", 5, -2), row("b", 5, -2)), NONE).equals(first)


def test_files_of_several_days_are_one_fetch() -> None:
    one = table(row("qb", 20, -3), row("wr", 9, -2))
    first = merge_snapshot(table(), one, NONE)
    assert merge_snapshot(first, one, NONE).equals(first)
    second = merge_snapshot(first, table(row("qb", 20, -3), row("wr", 8, -1)), NONE)
    assert history(second) == [("qb", -3, 20), ("wr", -2, 9), ("wr", -1, 8)]


def test_kickoffs_are_of_the_schedule_of_today() -> None:
    moved = pa.Table.from_pylist(
        [{"season": 2025, "week": 11, "player_id": "a", "kickoff": KICKOFF + DAY}], schema=KICKOFFS
    )
    stored = table(row("a", 9), row("b", 7))
    found = merge_snapshot(stored, table(), moved)
    assert found["kickoff"].to_pylist() == [KICKOFF + DAY, KICKOFF]


@settings(max_examples=8)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcd"), st.sampled_from([3.0, 5.0]), min_size=1),
        min_size=1,
        max_size=4,
    )
)
def test_every_fetch_can_be_read_back(fetches: list[dict[str, float]]) -> None:
    record = table()
    for number, fetch in enumerate(fetches):
        statements = table(*(row(name, value, number - 10) for name, value in fetch.items()))
        record = merge_snapshot(record, statements, NONE)
        assert merge_snapshot(record, statements, NONE).equals(record)
    for number, fetch in enumerate(fetches):
        then = as_known_at(record, KICKOFF + (number - 10) * DAY)
        assert {name: value for name, value in points(then).items() if value is not None} == fetch


def test_players_gone_are_counted_among_those_yet_to_play() -> None:
    stored = table(
        row("a", 9),
        row("b", 7),
        row("c", 5, kickoff=KICKOFF - 2 * DAY),
        row("d", 5),
        row("d", None, -2),
        row("e", 5, kickoff=None),
    )
    statements = table(row("a", 9, -1), row("x", 1, -1))
    assert missing_players(stored, statements) == (2, 3)


def test_what_another_run_recorded_meanwhile_is_kept() -> None:
    read_by_both = table(row("a", 9, -3))
    first = merge_snapshot(read_by_both, table(row("a", 10, -1)), NONE)
    second = merge_snapshot(read_by_both, table(row("a", 8, -2)), NONE)
    both = merge_missing(second, first)
    assert history(both) == [("a", -3, 9), ("a", -2, 8), ("a", -1, 10)]
    assert merge_missing(both, both).equals(both)
