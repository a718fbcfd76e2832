"""Test the accuracy section's numbers."""

from typing import Any

import pytest

from fantasy_pipeline.football.tables import PROJECTION_ACCURACY
from fantasy_pipeline.report.accuracy import season_accuracy
from fantasy_pipeline_tests.rows import Rows


def row(week: int, source: str, position: str, mae: float, **more: Any) -> dict[str, Any]:
    return {
        **{"season": 2025, "week": week, "source": source, "position": position},
        **{"scoring": "ppr", "pool": "played", "players": 10, "mae": mae, "rmse": mae + 1},
        **{"bias": 0.0, "spearman": 0.4, "start_sit": 0.6, "pairs": 45},
        **more,
    }


def test_sources_are_compared_with_nflcom(rows: Rows) -> None:
    table = rows(
        PROJECTION_ACCURACY,
        *(
            row(
                week,
                source,
                position,
                mae,
                coverage=0.8 if source == "consensus" else None,
                nflcom_mae=5.0,
                nflcom_rmse=6.0,
            )
            for week in (1, 2)
            for source, mae in (("consensus", 4.4), ("nflcom", 5.0), ("naive last game", 8.0))
            for position in ("WR", "ALL")
        ),
    )
    accuracy = season_accuracy(table)
    assert accuracy is not None
    assert [r["name"] for r in accuracy.rows] == ["Consensus", "NFL.com", "Last game"]
    assert accuracy.base == "NFL.com"
    assert accuracy.weeks == (1, 2)
    assert accuracy.players == 20
    assert accuracy.against_base == pytest.approx(-10.0)
    assert accuracy.weekly["Consensus"] == {1: 4.4, 2: 4.4}
    assert accuracy.coverage == {"WR": 0.8}


def test_a_week_without_nflcom_does_not_count_where_others_do(rows: Rows) -> None:
    table = rows(
        PROJECTION_ACCURACY,
        *(
            row(week, source, position, 4.0, nflcom_mae=4.0, nflcom_rmse=5.0)
            for week, sources in ((1, ["consensus", "nflcom"]), (2, ["consensus"]))
            for source in sources
            for position in ("WR", "ALL")
        ),
    )
    accuracy = season_accuracy(table)
    assert accuracy is not None
    assert accuracy.weeks == (1, 1)
    assert accuracy.players == 10
    assert accuracy.weekly["Consensus"] == {1: 4.0}


def test_everyone_and_teams_are_of_sources_without_baselines(rows: Rows) -> None:
    team = {"teams": 30, "two_starters": 0.1, "team_projected": 18.0, "team_scored": 16.0}
    everyone = [
        row(1, source, position, mae, pool="everyone", **more)
        for source, mae in (("consensus", 4.0), ("nflcom", 5.0), ("naive last 4", 6.0))
        for position, more in (
            ("QB", {**team, "starter_right": 0.9}),
            ("WR", {}),
            ("K", {**team, "starter_right": 1.0}),
        )
    ]
    played = [row(1, source, "WR", 3.0) for source in ("consensus", "nflcom")]
    accuracy = season_accuracy(rows(PROJECTION_ACCURACY, *played, *everyone))
    assert accuracy is not None
    assert [one["name"] for one in accuracy.everyone] == ["Consensus", "NFL.com"]
    mine = accuracy.everyone[0]
    assert (mine["players"], mine["mae"], mine["qb_mae"]) == (20, 4.0, 4.0)
    assert (mine["starter_right"], mine["two_starters"], mine["sum_off"]) == (0.9, 0.1, 0.125)
    # Rows that an older version scored have neither.
    older = season_accuracy(rows(PROJECTION_ACCURACY, *played))
    assert older is not None
    assert older.everyone == []


def test_without_nflcom_a_baseline_is_the_measure(rows: Rows) -> None:
    table = rows(
        PROJECTION_ACCURACY,
        *(
            row(1, source, position, 5.0, players=players)
            for source, players in (("consensus", 10), ("naive recency-weighted", 10), ("espn", 7))
            for position in ("RB", "ALL")
        ),
    )
    accuracy = season_accuracy(table)
    assert accuracy is not None
    assert accuracy.base == "Recency-weighted mean"
    assert accuracy.against_base == pytest.approx(0.0)
    ratios = {r["source"]: (r["players"], r["rmse_ratio"]) for r in accuracy.rows}
    assert ratios["consensus"] == (10, 1.0)
    assert ratios["espn"] == (7, None), "its seven may be the easy ones"


def test_play_offs_and_nothing_are_no_scores(rows: Rows) -> None:
    assert season_accuracy(PROJECTION_ACCURACY.arrow_schema.empty_table()) is None
    assert season_accuracy(rows(PROJECTION_ACCURACY, row(19, "consensus", "WR", 4.0))) is None
