"""`projection_accuracy`: errors computed by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.accuracy import projection_accuracy
from fantasy_pipeline.tables import (
    PROJECTION_ACCURACY,
    PROJECTIONS,
    SOURCE_PROJECTIONS,
    WEEKLY_STATS,
)

Rows = Callable[..., pa.Table]
Scores = dict[tuple[int, str, str], dict[str, Any]]
Score = Callable[..., Scores]


def ours(player: str, points: float, position: str = "WR", **more: Any) -> dict[str, Any]:
    return {
        "season": 2024,
        "week": 5,
        "player_id": player,
        "position": position,
        "source": "baseline",
        "projected_points_half": points,
        "p10_half": points / 2,
        "p90_half": points * 2,
    } | more


def theirs(player: str, points: float, **more: Any) -> dict[str, Any]:
    return {
        "season": 2024,
        "week": 5,
        "player_id": player,
        "position": "WR",
        "source": "nflcom",
        "points_half": points,
    } | more


def actual(player: str, points: float, **more: Any) -> dict[str, Any]:
    return {
        "season": 2024,
        "week": 5,
        "player_id": player,
        "fantasy_points_half": points,
        "kicking_points": 0.0,
    } | more


@pytest.fixture
def score(rows: Rows) -> Score:
    """`score(ours, actual, theirs)`: accuracy by week, source and position."""

    def build(
        projected: list[dict[str, Any]],
        happened: list[dict[str, Any]],
        others: tuple[dict[str, Any], ...] = (),
    ) -> Scores:
        table = projection_accuracy(
            rows(PROJECTIONS, *projected),
            rows(SOURCE_PROJECTIONS, *others),
            rows(WEEKLY_STATS, *happened),
        )
        assert table.schema == PROJECTION_ACCURACY.arrow_schema
        return {(row["week"], row["source"], row["position"]): row for row in table.to_pylist()}

    return build


THREE = [ours("a", 10.0), ours("b", 20.0), ours("c", 5.0)]
HAPPENED = [actual("a", 12.0), actual("b", 15.0), actual("c", 1.0)]


def test_errors_by_hand(score: Score) -> None:
    found = score(THREE, HAPPENED)
    assert set(found) == {(5, "baseline", "WR"), (5, "baseline", "ALL")}
    row = found[5, "baseline", "WR"]
    # Errors -2, 5 and 4; c is below its floor of 2.5.
    assert row["players"] == 3
    assert row["mae"] == pytest.approx(11 / 3, abs=5e-5)
    assert row["rmse"] == pytest.approx(math.sqrt((4 + 25 + 16) / 3), abs=5e-5)
    assert row["bias"] == pytest.approx(7 / 3, abs=5e-5)
    assert row["spearman"] == 1.0
    assert row["coverage"] == pytest.approx(2 / 3, abs=5e-5)


@pytest.mark.parametrize(
    ("points", "expected"),
    [((1.0, 2.0, 3.0, 4.0), 1.0), ((4.0, 3.0, 2.0, 1.0), -1.0), ((2.0, 1.0, 4.0, 3.0), 0.6)],
)
def test_rank_correlation_by_hand(score: Score, points: tuple[float, ...], expected: float) -> None:
    projected = [
        ours(name, rank) for name, rank in zip("abcd", (5.0, 6.0, 70.0, 800.0), strict=True)
    ]
    happened = [actual(name, value) for name, value in zip("abcd", points, strict=True)]
    assert score(projected, happened)[5, "baseline", "WR"]["spearman"] == expected


def test_rank_correlation_with_ties_by_hand(score: Score) -> None:
    projected = [
        ours(name, points) for name, points in zip("abcd", (1.0, 2.0, 3.0, 4.0), strict=True)
    ]
    happened = [
        actual(name, points) for name, points in zip("abcd", (5.0, 5.0, 7.0, 9.0), strict=True)
    ]
    # Ranks 1, 2, 3, 4 and 1.5, 1.5, 3, 4: 4.5 / sqrt(5 x 4.5).
    assert score(projected, happened)[5, "baseline", "WR"]["spearman"] == pytest.approx(
        4.5 / math.sqrt(5 * 4.5), abs=5e-5
    )


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_players_have_no_rank_correlation(score: Score, count: int) -> None:
    row = score(THREE[:count], HAPPENED)[5, "baseline", "WR"]
    assert row["players"] == count
    assert row["spearman"] is None
    assert row["mae"] is not None


def test_all_alike_have_no_rank_correlation(score: Score) -> None:
    happened = [actual(name, 7.0) for name in "abc"]
    assert score(THREE, happened)[5, "baseline", "WR"]["spearman"] is None


@pytest.mark.parametrize(
    ("points", "coverage"), [(5.0, 1.0), (20.0, 1.0), (4.99, 0.0), (20.01, 0.0)]
)
def test_floor_and_ceiling_are_inside(score: Score, points: float, coverage: float) -> None:
    found = score([ours("a", 10.0)], [actual("a", points)])
    assert found[5, "baseline", "WR"]["coverage"] == coverage


def test_each_position_and_all_of_them(score: Score) -> None:
    found = score(
        [ours("a", 10.0), ours("b", 10.0, "TE"), ours("c", 10.0, "TE")],
        [actual("a", 11.0), actual("b", 12.0), actual("c", 14.0)],
    )
    assert {key[2]: (row["players"], row["mae"]) for key, row in found.items()} == {
        "WR": (1, 1.0),
        "TE": (2, 3.0),
        "ALL": (3, pytest.approx(7 / 3, abs=5e-5)),
    }


def test_kicks_count(score: Score) -> None:
    found = score([ours("k", 8.0, "K")], [actual("k", 0.0, kicking_points=9.0)])
    assert found[5, "baseline", "K"]["bias"] == -1.0


def test_weeks_are_scored_apart(score: Score) -> None:
    found = score(
        [ours("a", 10.0), ours("a", 10.0, week=6)],
        [actual("a", 11.0), actual("a", 13.0, week=6)],
    )
    assert found[5, "baseline", "ALL"]["mae"] == 1.0
    assert found[6, "baseline", "ALL"]["mae"] == 3.0


def test_who_did_not_play_is_not_scored(score: Score) -> None:
    assert score(THREE, HAPPENED[:1])[5, "baseline", "ALL"]["players"] == 1
    assert score(THREE, []) == {}


def test_who_was_projected_0_is_not_scored(score: Score) -> None:
    found = score([ours("a", 10.0), ours("out", 0.0)], [actual("a", 9.0), actual("out", 30.0)])
    assert found[5, "baseline", "ALL"]["players"] == 1


def test_sources_are_compared_on_the_players_of_all(score: Score) -> None:
    found = score(
        THREE,
        HAPPENED,
        (theirs("a", 11.0), theirs("b", 16.0), theirs("not ours", 9.0)),
    )
    assert {key[1:]: (row["players"], row["mae"]) for key, row in found.items()} == {
        ("baseline", "WR"): (2, 3.5),
        ("baseline", "ALL"): (2, 3.5),
        ("nflcom", "WR"): (2, 1.0),
        ("nflcom", "ALL"): (2, 1.0),
    }
    assert found[5, "nflcom", "WR"]["coverage"] is None
    assert found[5, "nflcom", "WR"]["bias"] == 0.0


def test_a_week_without_other_sources_is_scored_all_the_same(score: Score) -> None:
    found = score(
        [*THREE, ours("a", 10.0, week=6)],
        [*HAPPENED, actual("a", 11.0, week=6)],
        (theirs("a", 11.0, week=6),),
    )
    assert found[5, "baseline", "ALL"]["players"] == 3
    assert found[6, "nflcom", "ALL"]["players"] == 1
    assert (5, "nflcom", "ALL") not in found


def test_the_position_is_that_of_our_projection(score: Score) -> None:
    found = score([ours("a", 10.0, "TE")], [actual("a", 9.0)], (theirs("a", 8.0, position="QB"),))
    assert {key[2] for key in found} == {"TE", "ALL"}


def test_no_projections_no_rows(score: Score) -> None:
    assert score([], HAPPENED, (theirs("a", 11.0),)) == {}
