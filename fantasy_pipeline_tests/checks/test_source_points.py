"""Test the rules that compare a source's projections with its week before, and with another's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

import pyarrow as pa
import pytest

from fantasy_pipeline.checks import Problem, source_points
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)
COUNT = 20
MOMENT = datetime(2024, 10, 1, tzinfo=timezone.utc)


def stated(
    rows: Rows,
    points: Callable[[int], float],
    number: int = 5,
    source: str = "nflcom",
    position: str = "QB",
) -> pa.Table:
    """Return the points of 20 players by their number, in half-PPR or, of ESPN, in PPR."""
    name = "points_ppr" if source == "espn" else "points_half"
    return rows(
        tables.SOURCE_PROJECTIONS,
        *(
            {
                **{"season": 2024, "week": number, "source": source, "as_of": MOMENT},
                **{"player_id": f"{at:02}", "player_name": f"P{at}", "position": position},
                name: points(at),
            }
            for at in range(COUNT)
        ),
    )


def usual(at: int) -> float:
    return 20.0 - at


@pytest.mark.parametrize(
    ("points", "like"),
    [
        (lambda at: 19.0 - at + at % 3, None),
        (lambda at: 1.0 + at, "-1.00"),
        (lambda _: 9.0, "0.00"),
    ],
    ids=["about the same", "in the reverse order", "the same for everybody"],
)
def test_points_follow_those_of_the_week_before(
    rows: Rows, points: Callable[[int], float], like: str | None
) -> None:
    found = source_points.unlike_week_before(stated(rows, points), stated(rows, usual, 4))
    text = (
        "nflcom has the points of other players for its QB: their correlation with last week's is"
    )
    assert found == ([] if like is None else [Problem(WEEK, f"{text} {like}", False)])


def test_points_of_other_weeks_and_of_kickers_are_not_compared(rows: Rows) -> None:
    def reverse(at: int) -> float:
        return 1.0 + at

    assert source_points.unlike_week_before(stated(rows, reverse), stated(rows, usual, 3)) == []
    kickers = [
        stated(rows, points, number, position="K") for points, number in ((usual, 4), (reverse, 5))
    ]
    assert source_points.unlike_week_before(kickers[1], kickers[0]) == []


@pytest.mark.parametrize(
    ("one", "other", "is_found"), [(0, 10, True), (3, 15, True), (0, 3, False), (5, 6, False)]
)
def test_two_players_with_each_others_points_are_named(
    rows: Rows, one: int, other: int, is_found: bool
) -> None:
    def exchanged(at: int) -> float:
        return usual({one: other, other: one}.get(at, at))

    both = pa.concat_tables(
        [stated(rows, exchanged), stated(rows, lambda at: 1.1 * usual(at) + 1, source="espn")]
    )
    text = f"espn and nflcom state each other's points of P{one} and P{other} (QB)"
    expected = [Problem(WEEK, text, False)] if is_found else []
    assert source_points.exchanged_players(both, both.slice(0, 0)) == expected


def test_sources_that_agree_or_differ_in_one_player_are_not_named(rows: Rows) -> None:
    def injured(at: int) -> float:
        return 0.0 if at == 2 else usual(at)

    for points in (usual, injured):
        both = pa.concat_tables([stated(rows, points), stated(rows, usual, source="espn")])
        assert source_points.exchanged_players(both, both.slice(0, 0)) == []
    equal = pa.concat_tables([stated(rows, usual), stated(rows, lambda _: 9.0, source="espn")])
    assert source_points.exchanged_players(equal, equal.slice(0, 0)) == []
