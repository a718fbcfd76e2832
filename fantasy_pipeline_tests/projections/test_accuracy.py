"""`projection_accuracy`: errors computed by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    MODEL_PROJECTIONS,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    SOURCE_PROJECTIONS,
)
from fantasy_pipeline.projections.accuracy import NAIVE, POOL, headlines, projection_accuracy
from fantasy_pipeline.projections.scoreboard import scoreboard

Rows = Callable[..., pa.Table]
Scores = dict[tuple[int, str, str], dict[str, Any]]
Score = Callable[..., Scores]


def ours(player: str, points: float, **more: Any) -> dict[str, Any]:
    return {
        "season": 2024,
        "week": 5,
        "player_id": player,
        "source": "consensus",
        "projected_points_half": points,
        "p10_half": points / 2,
        "p50_half": points,
        "p90_half": points * 2,
    } | more


def statement(player: str, points: float, **more: Any) -> dict[str, Any]:
    return {
        "season": 2024,
        "week": 5,
        "player_id": player,
        "position": "WR",
        "source": "nflcom",
        "points_half": points,
    } | more


def actual(player: str, points: float | None, position: str = "WR", **more: Any) -> dict[str, Any]:
    """Return a row of the history; None as points: the player did not play."""
    return {
        "season": 2024,
        "week": 5,
        "player_id": player,
        "position": position,
        "target_played": points is not None,
        "target_half": points,
    } | more


@pytest.fixture
def score(rows: Rows) -> Score:
    """Return `score(ours, actual, statements)`: half-PPR accuracy by week, source, position."""

    def build(
        projected: list[dict[str, Any]],
        happened: list[dict[str, Any]],
        others: tuple[dict[str, Any], ...] = (),
        model: tuple[dict[str, Any], ...] = (),
        pool: str = "played",
    ) -> Scores:
        table = projection_accuracy(
            rows(PLAYER_HISTORY, *happened),
            rows(PROJECTIONS, *projected),
            rows(MODEL_PROJECTIONS, *model),
            rows(SOURCE_PROJECTIONS, *others),
        )
        assert table.schema == PROJECTION_ACCURACY.arrow_schema
        return {
            (row["week"], row["source"], row["position"]): row
            for row in table.to_pylist()
            if row["scoring"] == "half" and row["pool"] == pool and row["source"] not in NAIVE
        }

    return build


THREE = [ours("a", 10.0), ours("b", 20.0), ours("c", 5.0)]
HAPPENED = [actual("a", 12.0), actual("b", 15.0), actual("c", 1.0)]


def test_errors_by_hand(score: Score) -> None:
    found = score(THREE, HAPPENED)
    assert set(found) == {(5, "consensus", "WR"), (5, "consensus", "ALL")}
    row = found[5, "consensus", "WR"]
    # Errors -2, 5 and 4; c is below its floor of 2.5.
    assert row["players"] == 3
    assert row["mae"] == pytest.approx(11 / 3)
    assert row["rmse"] == pytest.approx(math.sqrt((4 + 25 + 16) / 3))
    assert row["bias"] == pytest.approx(7 / 3)
    assert row["spearman"] == pytest.approx(1.0)
    assert row["coverage"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("points", "expected"),
    [((1.0, 2.0, 3.0, 4.0), 1.0), ((4.0, 3.0, 2.0, 1.0), -1.0), ((2.0, 1.0, 4.0, 3.0), 0.6)],
)
def test_rank_correlation_by_hand(score: Score, points: tuple[float, ...], expected: float) -> None:
    projected = [
        ours(name, rank) for name, rank in zip("abcd", (5.0, 6.0, 70.0, 800.0), strict=True)
    ]
    happened = [actual(name, value) for name, value in zip("abcd", points, strict=True)]
    row = score(projected, happened)[5, "consensus", "WR"]
    assert row["spearman"] == pytest.approx(expected)


def test_rank_correlation_with_ties_by_hand(score: Score) -> None:
    projected = [
        ours(name, points) for name, points in zip("abcd", (1.0, 2.0, 3.0, 4.0), strict=True)
    ]
    happened = [
        actual(name, points) for name, points in zip("abcd", (5.0, 5.0, 7.0, 9.0), strict=True)
    ]
    # Ranks 1, 2, 3, 4 and 1.5, 1.5, 3, 4: 4.5 / sqrt(5 x 4.5).
    assert score(projected, happened)[5, "consensus", "WR"]["spearman"] == pytest.approx(
        4.5 / math.sqrt(5 * 4.5)
    )


def test_a_week_in_progress_scores_the_games_that_are_over(score: Score) -> None:
    """The pool is that of the whole week: a backup whose game is over is no starter."""
    best = [f"p{number:02}" for number in range(POOL["WR"])]
    projected = [*(ours(name, 9.0) for name in best), ours("backup", 8.0)]
    statements = (*(statement(name, 9.0) for name in best), statement("backup", 1.0))
    to_come = {"target_played": None, "target_half": None}
    happened = [
        actual("p00", 12.0),
        actual("p01", None),
        *(actual(name, None, **to_come) for name in best[2:]),
        actual("backup", 3.0),
    ]
    row = score(projected, happened, statements)[5, "consensus", "WR"]
    assert (row["players"], row["bias"]) == (1, -3.0)
    row = score(projected, happened, statements, pool="all")[5, "consensus", "WR"]
    assert (row["players"], row["bias"]) == (2, 3.0)
    assert score(projected, [actual(name, None, **to_come) for name in best], statements) == {}


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_players_have_no_rank_correlation(score: Score, count: int) -> None:
    row = score(THREE[:count], HAPPENED)[5, "consensus", "WR"]
    assert row["players"] == count
    assert row["spearman"] is None
    assert row["mae"] is not None


def test_all_alike_have_no_rank_correlation(score: Score) -> None:
    happened = [actual(name, 7.0) for name in "abc"]
    row = score(THREE, happened)[5, "consensus", "WR"]
    assert row["spearman"] is None
    assert row["start_sit"] is None


@pytest.mark.parametrize(
    ("points", "coverage"), [(5.0, 1.0), (20.0, 1.0), (4.99, 0.0), (20.01, 0.0)]
)
def test_floor_and_ceiling_are_inside(score: Score, points: float, coverage: float) -> None:
    found = score([ours("a", 10.0)], [actual("a", points)])
    assert found[5, "consensus", "WR"]["coverage"] == coverage


def test_each_position_and_all_of_them(score: Score) -> None:
    found = score(
        [ours("a", 10.0), ours("b", 10.0), ours("c", 10.0)],
        [actual("a", 11.0), actual("b", 12.0, "TE"), actual("c", 14.0, "TE")],
    )
    assert {key[2]: (row["players"], row["mae"]) for key, row in found.items()} == {
        "WR": (1, 1.0),
        "TE": (2, 3.0),
        "ALL": (3, pytest.approx(7 / 3)),
    }


def test_kickers_are_scored_and_not_among_all(score: Score) -> None:
    found = score([ours("k", 8.0)], [actual("k", 9.0, "K")])
    assert {key[2]: row["bias"] for key, row in found.items()} == {"K": -1.0}


def test_weeks_are_scored_apart(score: Score) -> None:
    found = score(
        [ours("a", 10.0), ours("a", 10.0, week=6)],
        [actual("a", 11.0), actual("a", 13.0, week=6)],
    )
    assert found[5, "consensus", "ALL"]["mae"] == 1.0
    assert found[6, "consensus", "ALL"]["mae"] == 3.0


def test_a_player_who_did_not_play_is_scored_in_the_pool_all_only(score: Score) -> None:
    happened = [HAPPENED[0], actual("b", None)]
    assert score(THREE, happened)[5, "consensus", "ALL"]["players"] == 1
    everybody = score(THREE, happened, pool="all")[5, "consensus", "ALL"]
    # a: 10 for 12, b: 20 for nothing.
    assert (everybody["players"], everybody["mae"]) == (2, 11.0)


def test_a_game_yet_to_be_played_is_not_scored(score: Score) -> None:
    yet = actual("a", None) | {"target_played": None}
    assert score(THREE, [yet], pool="all") == {}
    assert score(THREE, [], pool="all") == {}


def test_our_own_0_does_not_keep_a_player_from_being_scored(score: Score) -> None:
    found = score([ours("a", 10.0), ours("out", 0.0)], [actual("a", 9.0), actual("out", 30.0)])
    assert found[5, "consensus", "ALL"]["players"] == 2


def test_a_player_at_0_in_nflcom_is_not_scored(score: Score) -> None:
    found = score(THREE, HAPPENED, (statement("a", 11.0), statement("b", 0.0)))
    assert found[5, "consensus", "ALL"]["players"] == 1


def test_sources_are_compared_on_the_players_of_nflcom(score: Score) -> None:
    found = score(
        THREE,
        HAPPENED,
        (statement("a", 11.0), statement("b", 16.0), statement("not ours", 9.0)),
        model=tuple(THREE),
    )
    assert {key[1:]: (row["players"], row["mae"]) for key, row in found.items()} == {
        ("consensus", "WR"): (2, 3.5),
        ("consensus", "ALL"): (2, 3.5),
        ("model", "WR"): (2, 3.5),
        ("model", "ALL"): (2, 3.5),
        ("nflcom", "WR"): (2, 1.0),
        ("nflcom", "ALL"): (2, 1.0),
    }
    assert found[5, "nflcom", "WR"]["coverage"] is None
    assert found[5, "nflcom", "WR"]["bias"] == 0.0


def test_a_source_of_some_players_is_compared_with_nflcom_on_those(rows: Rows) -> None:
    happened = [
        actual("a", 12.0), actual("b", 15.0), actual("c", 1.0), actual("t", 4.0, "TE"),
    ]  # fmt: skip
    statements = [
        # NFL.com errs by 2, 10, 1 and 3; Sleeper, on two of them, by 1 and 6.
        statement("a", 10.0), statement("b", 5.0), statement("c", 2.0), statement("t", 7.0),
        statement("a", 13.0, source="sleeper"), statement("t", 10.0, source="sleeper"),
    ]  # fmt: skip
    table = projection_accuracy(
        rows(PLAYER_HISTORY, *happened),
        rows(PROJECTIONS, *THREE, ours("t", 6.0)),
        rows(MODEL_PROJECTIONS),
        rows(SOURCE_PROJECTIONS, *statements),
    )
    half = {
        (row["source"], row["position"]): (row["players"], row["nflcom_mae"], row["nflcom_rmse"])
        for row in table.to_pylist()
        if row["scoring"] == "half" and row["pool"] == "played"
    }
    assert half["sleeper", "WR"] == (1, 2.0, 2.0)
    assert half["sleeper", "TE"] == (1, 3.0, 3.0)
    assert half["sleeper", "ALL"] == (2, 2.5, pytest.approx(math.sqrt((4 + 9) / 2)))
    assert half["consensus", "WR"] == (3, pytest.approx(13 / 3), pytest.approx(math.sqrt(105 / 3)))
    board = {row["source"]: row for row in scoreboard(table, scoring="half").to_pylist()}
    assert board["sleeper"]["mae_ratio"] == pytest.approx(3.5 / 2.5)
    assert board["sleeper"]["rmse_ratio"] == pytest.approx(math.sqrt(37 / 13), abs=1e-4)
    assert (board["nflcom"]["mae_ratio"], board["nflcom"]["rmse_ratio"]) == (1.0, 1.0)


def test_a_source_is_scored_on_the_points_that_it_states(rows: Rows) -> None:
    """Its PPR points are its own, not its half-PPR points converted by expected receptions."""
    happened = actual("a", 18.0, target_ppr=22.0, avg_receptions=2.0, weight=3.0)
    sleeper = statement("a", 18.0, source="sleeper", points_ppr=22.0)
    table = projection_accuracy(
        rows(PLAYER_HISTORY, happened),
        rows(PROJECTIONS, ours("a", 10.0)),
        rows(MODEL_PROJECTIONS),
        rows(SOURCE_PROJECTIONS, statement("a", 17.0), sleeper),
    )
    found = {
        (row["source"], row["scoring"]): row["mae"]
        for row in table.to_pylist()
        if row["position"] == "WR" and row["pool"] == "played"
    }
    assert found["sleeper", "half"] == found["sleeper", "ppr"] == 0.0
    # NFL.com states half-PPR only: 17 and half of 2 x 3 / 4 receptions.
    assert found["nflcom", "ppr"] == pytest.approx(22 - 17.75)


def test_without_nflcom_there_is_nothing_to_compare_with(score: Score) -> None:
    row = score(THREE, HAPPENED, (statement("a", 13.0, source="sleeper"),))[5, "sleeper", "ALL"]
    assert (row["nflcom_mae"], row["nflcom_rmse"]) == (None, None)


def test_a_week_without_other_sources_is_scored_all_the_same(score: Score) -> None:
    found = score(
        [*THREE, ours("a", 10.0, week=6)],
        [*HAPPENED, actual("a", 11.0, week=6)],
        (statement("a", 11.0, week=6),),
    )
    assert found[5, "consensus", "ALL"]["players"] == 3
    assert found[6, "nflcom", "ALL"]["players"] == 1
    assert (5, "nflcom", "ALL") not in found


def test_the_position_is_that_of_our_history(score: Score) -> None:
    found = score(
        [ours("a", 10.0)], [actual("a", 9.0, "TE")], (statement("a", 8.0, position="QB"),)
    )
    assert {key[2] for key in found} == {"TE", "ALL"}


def test_the_pool_is_no_larger_than_stated(score: Score) -> None:
    names = [f"{number:02}" for number in range(POOL["TE"] + 5)]
    found = score(
        [ours(name, 10.0) for name in names],
        [actual(name, 9.0, "TE") for name in names],
        tuple(statement(name, 1.0 + number) for number, name in enumerate(names)),
    )
    assert found[5, "consensus", "TE"]["players"] == POOL["TE"]


def test_no_projections_no_rows(score: Score) -> None:
    assert score([], HAPPENED, (statement("a", 11.0),)) == {}


def test_headlines_are_the_numbers_watched_over_time(rows: Rows) -> None:
    def score(source: str, rmse: float, **more: Any) -> dict[str, Any]:
        return {
            **{"season": 2024, "week": 5, "source": source, "position": "ALL"},
            **{"scoring": "ppr", "pool": "played", "players": 9, "mae": rmse - 1, "rmse": rmse},
            **more,
        }

    table = rows(
        PROJECTION_ACCURACY,
        # NFL.com's error on our players is not the one on all of its own.
        score("consensus", 6.3, coverage=0.8, nflcom_rmse=7.5),
        score("nflcom", 7.0, nflcom_rmse=7.0),
        score("nflcom", 9.0, pool="all"),
        score("nflcom", 8.0, week=6),
    )
    assert headlines(table) == {
        SeasonWeek(2024, 5): {
            "mae_consensus": 5.3,
            "coverage_p10_p90": 0.8,
            "mae_nflcom": 6.0,
            "rmse_ratio_to_nflcom": 0.84,
        },
        SeasonWeek(2024, 6): {"mae_nflcom": 7.0},
    }
    assert headlines(PROJECTION_ACCURACY.arrow_schema.empty_table()) == {}
