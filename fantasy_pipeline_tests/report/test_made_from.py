"""What makes a report stale: each table that it shows, and nothing else."""

from datetime import datetime, timezone
from typing import Any

import pytest

from fantasy_pipeline.contracts import Table
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.report.made_from import made_from
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.tables import (
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    STAT_CORRECTIONS,
)
from fantasy_pipeline_tests.conftest import Rows

WEEK = SeasonWeek(2025, 10)
SEEN = datetime(2025, 11, 12, tzinfo=timezone.utc)
ACCURACY = {"source": "consensus", "position": "WR", "scoring": "ppr", "pool": "played"}
CORRECTION = {"player_id": "a", "stat": "carries"}


def history(rows: Rows, week: int, points: float) -> Any:
    return rows(
        PLAYER_HISTORY,
        *(
            {"season": 2025, "week": w, "player_id": "a", "target_ppr": p}
            for w, p in ((10, 1.0), (11, 1.0), (week, points))
            if w != week or p == points
        ),
    )


def test_rows_make_it_not_files(lake: Lake, rows: Rows) -> None:
    lake.write(PLAYER_HISTORY, history(rows, 10, 5.0))
    first = made_from(lake, WEEK)
    # Another week's stats are none of this report's business.
    lake.write(PLAYER_HISTORY, history(rows, 10, 5.0))
    assert made_from(lake, WEEK) == first
    lake.write(PLAYER_HISTORY, history(rows, 11, 7.0))
    changed = made_from(lake, WEEK)
    assert changed != first, "the week was played"


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (PROJECTIONS, {"player_id": "a", "plays": 0.5}),
        (PROJECTION_ACCURACY, {**ACCURACY, "mae": 4.0}),
        (STAT_CORRECTIONS, CORRECTION),
    ],
)
def test_a_change_of_each_table_is_seen(
    lake: Lake, rows: Rows, table: Table, row: dict[str, Any]
) -> None:
    before = made_from(lake, WEEK)
    later = SeasonWeek(2025, 11)
    lake.write_weeks(table, rows(table, {"season": 2025, "week": 11, **row}), [later])
    assert made_from(lake, WEEK) == before
    lake.write_weeks(table, rows(table, {"season": 2025, "week": 10, **row}), [WEEK])
    assert made_from(lake, WEEK) != before
