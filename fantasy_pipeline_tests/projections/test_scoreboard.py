"""The scoreboard's arithmetic, on numbers small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.tables import PLAYER_HISTORY, PROJECTION_ACCURACY, SOURCE_PROJECTIONS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections import accuracy, backtest, measures, scoreboard


def test_measures_of_four_players() -> None:
    quantiles = np.array([[0.0, 10.0, 20.0]] * 4)
    found = measures.measure(
        np.array([12.0, 10.0, 8.0, 6.0]), np.array([25.0, 4.0, 9.0, 4.0]), quantiles
    )
    assert found["mae"] == pytest.approx((13 + 6 + 1 + 2) / 4)
    assert found["rmse"] == pytest.approx(((169 + 36 + 1 + 4) / 4) ** 0.5)
    assert found["bias"] == pytest.approx((-13 + 6 - 1 + 2) / 4)
    # Five pairs of different points; 10 against 8 is the wrong way round.
    assert found["pairs"] == 5
    assert found["start_sit"] == pytest.approx(4 / 5)
    assert found["coverage"] == 0.75
    # Ranks 4 3 2 1 against 4 1.5 3 1.5.
    assert found["spearman"] == pytest.approx(np.corrcoef([4, 3, 2, 1], [4, 1.5, 3, 1.5])[0, 1])


def test_pinball_is_least_at_the_quantile() -> None:
    actual = np.linspace(0, 10, 1001)
    right = np.tile([1.0, 5.0, 9.0], (1001, 1))
    wrong = np.tile([3.0, 5.0, 7.0], (1001, 1))
    points = np.full(1001, 5.0)
    good = measures.measure(points[:50], actual[::20][:50], right[:50])["pinball"]
    bad = measures.measure(points[:50], actual[::20][:50], wrong[:50])["pinball"]
    assert good is not None
    assert bad is not None
    assert good < bad


def test_equal_projections_are_a_coin_and_have_no_rank() -> None:
    found = measures.measure(np.full(3, 5.0), np.array([1.0, 2.0, 3.0]), None)
    assert found["start_sit"] == 0.5
    assert found["spearman"] is None
    assert found["coverage"] is None


def test_pooled_is_what_one_pool_would_have_given() -> None:
    rng = np.random.default_rng(1)
    projected, actual = rng.normal(10, 3, 30), rng.normal(10, 5, 30)
    parts = [measures.measure(projected[a:b], actual[a:b], None) for a, b in ((0, 10), (10, 30))]
    whole, both = measures.measure(projected, actual, None), measures.pooled(parts)
    for name in ("players", "mae", "rmse", "bias"):
        assert both[name] == pytest.approx(whole[name])


def history(rows: list[dict[str, object]]) -> pa.Table:
    defaults = {"season": 2024, "week": 5, "position": "QB", "weight": 8.0}
    table = pa.Table.from_pylist(
        [defaults | row for row in rows], schema=PLAYER_HISTORY.arrow_schema
    )
    return table


def test_the_pool_needs_nflcom_and_takes_the_best_by_the_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(accuracy.POOL, "QB", 2)
    rows = history(
        [
            {"player_id": name, "avg_fantasy_points_ppr": own, "prior_fantasy_points_ppr": own}
            for name, own in (("a", 20.0), ("b", 10.0), ("c", 30.0), ("d", 1.0))
        ]
    )
    nflcom = [("a", 18.0), ("b", 25.0), ("d", 2.0)]
    statements = pa.Table.from_pylist(
        [
            {"season": 2024, "week": 5, "source": "nflcom", "player_id": name, "points_half": value}
            for name, value in nflcom
        ],
        schema=SOURCE_PROJECTIONS.arrow_schema,
    )
    # c is the best by his own past, but NFL.com does not project him.
    assert accuracy.pool_rows(rows, statements).tolist() == [True, True, False, False]
    none = SOURCE_PROJECTIONS.arrow_schema.empty_table()
    assert accuracy.pool_rows(rows, none).tolist() == [True, False, True, False]


def measured(**more: object) -> dict[str, object]:
    return {
        "season": 2024, "week": 1, "source": "model", "position": "QB", "scoring": "ppr",
        "pool": "played", "players": 10, "mae": 4.0, "rmse": 5.0,
        "nflcom_mae": 5.0, "nflcom_rmse": 6.25, "bias": 0.0, "spearman": 0.4,
        "start_sit": 0.6, "pairs": 45, "coverage": None, "pinball": None,
    } | more  # fmt: skip


def test_the_board_compares_on_the_same_weeks_of_the_regular_season() -> None:
    rows = [
        measured(),
        measured(source="nflcom", mae=5.0, rmse=6.25),
        measured(week=2, mae=99.0),
        measured(week=18, mae=99.0),
        measured(week=18, source="nflcom", mae=1.0),
        measured(position="ALL", mae=77.0),
        measured(position="K", mae=88.0),
    ]
    table = pa.Table.from_pylist(rows, schema=PROJECTION_ACCURACY.arrow_schema)
    board = scoreboard.scoreboard(table)
    assert board["source"].to_pylist() == ["model", "nflcom"]
    assert board["mae"].to_pylist() == [4.0, 5.0]
    assert board["rmse_ratio"].to_pylist() == [0.8, 1.0]
    by_position = scoreboard.scoreboard(table, "position")
    assert by_position["position"].to_pylist() == ["QB", "QB", "K"]


def test_a_source_that_began_late_is_compared_on_its_own_weeks() -> None:
    nine, five = {"nflcom_mae": 9.0, "nflcom_rmse": 9.0}, {"nflcom_mae": 5.0, "nflcom_rmse": 5.0}
    rows = [
        measured(week=5, source="nflcom", mae=9.0, rmse=9.0, **nine),
        measured(week=6, source="nflcom", mae=5.0, rmse=5.0, **five),
        measured(week=6, source="sleeper", mae=4.0, rmse=4.5, **five),
    ]
    table = pa.Table.from_pylist(rows, schema=PROJECTION_ACCURACY.arrow_schema)
    board = {row["source"]: row for row in scoreboard.scoreboard(table).to_pylist()}
    assert board["sleeper"]["mae_ratio"] == 0.8
    assert board["sleeper"]["rmse_ratio"] == 0.9
    assert board["nflcom"]["mae_ratio"] == 1.0


@pytest.mark.parametrize("by", [None, "season", "week", "position"])
def test_the_board_pools_weeks_as_positions_are_pooled(by: scoreboard.Group | None) -> None:
    """The query and `measures.pooled`, which makes the rows of ALL, have the same weights."""
    rng = np.random.default_rng(4)
    names = ("mae", "rmse", "nflcom_mae", "nflcom_rmse", "bias", "spearman", "start_sit")
    rows = [
        measured(
            season=season,
            week=week,
            source=source,
            position=position,
            players=int(rng.integers(1, 60)),
            pairs=int(rng.integers(0, 900)),
            **{
                name: None if rng.random() < 0.2 and name != "rmse" else float(rng.uniform(0, 9))
                for name in (*names, "coverage", "pinball")
            },
        )
        for season in (2023, 2024)
        for week in (2, 10, 11)
        for source in ("nflcom", "model", "consensus")
        for position in ("QB", "RB", "WR", "TE")
    ]
    table = pa.Table.from_pylist(rows, schema=PROJECTION_ACCURACY.arrow_schema)
    board = scoreboard.scoreboard(table, by).to_pylist()
    groups = list(dict.fromkeys(row[by] if by else "all" for row in rows))
    assert [row[by or "weeks"] for row in board] == [str(g) for g in groups for _ in range(3)]
    for row in board:
        parts = [
            part
            for part in table.to_pylist()
            if part["source"] == row["source"] and (not by or str(part[by]) == row[by])
        ]
        expected = measures.pooled(parts)
        for name in ("players", "mae", "rmse", "bias", "spearman", "start_sit", "coverage"):
            value = expected[name]
            assert row[name] == (None if value is None else round(value, 4)), name
        assert expected["rmse"] is not None
        assert expected["nflcom_rmse"] is not None
        assert row["rmse_ratio"] == round(expected["rmse"] / expected["nflcom_rmse"], 4)
    errors = [[row["rmse"] for row in board[at : at + 3]] for at in range(0, len(board), 3)]
    assert errors == [sorted(of_group) for of_group in errors]


def test_a_board_of_nothing_has_no_rows() -> None:
    nothing = PROJECTION_ACCURACY.arrow_schema.empty_table()
    assert scoreboard.scoreboard(nothing, "week").num_rows == 0
    assert all(table.num_rows == 0 for table in backtest.summary(nothing).values())


def test_nothing_scored_and_nothing_imported_say_what_to_do(tmp_path: object) -> None:
    lake = Lake(str(tmp_path), "nfl")
    with pytest.raises(PipelineError, match="backfill --seasons"):
        scoreboard.stored_accuracy(lake, [2024])
    with pytest.raises(PipelineError, match=r"backtest: 2024 not imported completely; .*2018-2024"):
        backtest.backtest(lake, [2024])
