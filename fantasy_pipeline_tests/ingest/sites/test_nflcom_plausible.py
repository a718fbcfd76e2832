"""Test which files of NFL.com are refused: those of another week, and implausible points."""

from __future__ import annotations

import pyarrow as pa
import pytest

from fantasy_pipeline.football import tables
from fantasy_pipeline.ingest.sites.nflcom_plausible import USUAL_POINTS, judged
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline_tests.rows import Rows

COUNTS = {"QB": 32, "RB": 80, "WR": 120, "TE": 64, "K": 28}


@pytest.fixture
def players(rows: Rows) -> pa.Table:
    """Week 5: KC plays LV."""
    return rows(
        tables.RAW_PLAYERS,
        *(
            {"season": 2024, "week": 5, "player_id": team, "team": team, "opponent": opponent}
            for team, opponent in (("KC", "LV"), ("LV", "KC"))
        ),
    )


def week(
    rows: Rows,
    factor: float = 1.0,
    opponent: str = "LV",
    lines: bool = True,
    counts: dict[str, int] | None = None,
    **other_opponents: str,
) -> pa.Table:
    """Return files with the usual points times `factor`; opponents by position, or `opponent`."""
    return rows(
        schema.NFLCOM_PROJECTIONS,
        *(
            {
                **{"season": 2024, "week": 5, "name": f"{position}{number}", "team": "KC"},
                "position": position,
                "opponent": other_opponents.get(position, opponent),
                "points_half": USUAL_POINTS[position][1] * factor,
                "line_points": USUAL_POINTS[position][1] if lines else None,
            }
            for position, count in (counts or COUNTS).items()
            for number in range(count)
        ),
    )


def test_the_right_files_are_used(rows: Rows, players: pa.Table) -> None:
    files = week(rows)
    found = judged(files, players, 2024)
    assert (found.refused, found.warnings) == ({}, [])
    assert found.rows.equals(files)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"opponent": "DEN"}, "only 0% of its players have their opponents of week 5"),
        ({"factor": 0.5, "lines": False}, "the QB have 50% of their usual points"),
        ({"factor": 2.0, "lines": False}, "the QB have 200% of their usual points"),
        ({"factor": 1.2}, "the points of 100% of the QB are not the half-PPR points of their own"),
        ({"counts": {**COUNTS, "WR": 20}}, "only 20 players in the WR file"),
    ],
    ids=["another week", "halved", "doubled", "not its line", "20 rows"],
)
def test_wrong_files_are_refused(
    rows: Rows, players: pa.Table, change: dict[str, object], cause: str
) -> None:
    found = judged(week(rows, **change), players, 2024)  # type: ignore[arg-type]
    assert found.refused[5].startswith(cause)
    assert found.rows.num_rows == 0


def test_a_single_file_of_another_week_is_left_out(rows: Rows, players: pa.Table) -> None:
    found = judged(week(rows, K="DEN"), players, 2024)
    assert found.refused == {}
    assert found.warnings[0].startswith(
        "nflcom_projections 2024 week 5: only 0% of the players in its K file have their opponents"
    )
    assert "K" not in found.rows["position"].to_pylist()


def test_points_of_another_scoring_are_reported(rows: Rows, players: pa.Table) -> None:
    found = judged(week(rows, 1.17, lines=False), players, 2024)
    assert found.refused == {}
    [warning] = found.warnings
    assert "have 117% of their usual points: the points may be of another scoring" in warning


def test_opponents_that_are_unknown_prove_nothing(rows: Rows, players: pa.Table) -> None:
    for files, roster in (
        (week(rows, opponent=""), players),
        (week(rows, opponent="DEN"), players.slice(0, 0)),
    ):
        found = judged(files, roster, 2024)
        assert found.refused == {}
        assert found.rows.equals(files)
        [warning] = found.warnings
        assert "its files state no opponents, so nothing shows that they are of this" in warning


def test_a_position_without_a_file_is_named(rows: Rows, players: pa.Table) -> None:
    without = week(rows, counts={name: count for name, count in COUNTS.items() if name != "K"})
    found = judged(without, players, 2024)
    assert found.rows.num_rows == without.num_rows
    assert found.warnings == ["nflcom_projections 2024 week 5: it has no file of the K"]
