"""The lake as one run sees it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import TEAM_DEFENSE_STATS as TABLE
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.run_tables import RunTables
from fantasy_pipeline_tests.rows import Rows

WEEKS = [SeasonWeek(2023, 18), SeasonWeek(2024, 1), SeasonWeek(2024, 2)]


@pytest.fixture
def stored(rows: Rows) -> pa.Table:
    return TABLE.shaped(
        pa.concat_tables(
            rows(
                TABLE,
                {
                    "season": week.season,
                    "week": week.week,
                    "team": team,
                    "player_id": f"DST-{team}",
                },
            )
            for week in WEEKS
            for team in ("BUF", "KC")
        )
    )


@pytest.fixture
def lake(stored: pa.Table, tmp_path: Path) -> Lake:
    lake = Lake(str(tmp_path / "lake"), "nfl")
    lake.write_weeks(TABLE, TABLE.validated(stored), WEEKS)
    return lake


def test_loaded_weeks_are_not_read_again(lake: Lake, stored: pa.Table) -> None:
    tables = RunTables(lake)
    tables.load(TABLE, WEEKS)
    for week in WEEKS:
        Path(lake.path(TABLE, week)).unlink()
    assert tables.read(TABLE, WEEKS).equals(stored)
    assert tables.read(TABLE, [WEEKS[2], WEEKS[0]]).equals(
        pa.concat_tables([stored.slice(0, 2), stored.slice(4)])
    )
    one = tables.read_if_stored(TABLE, WEEKS[1], ["week", "team"])
    assert one is not None
    assert one.equals(stored.slice(2, 2).select(["week", "team"]))


def test_a_kept_week_may_have_no_rows(lake: Lake, stored: pa.Table) -> None:
    tables, empty = RunTables(lake), SeasonWeek(2024, 3)
    tables.keep(TABLE, [*WEEKS, empty], stored)
    assert tables.read(TABLE, [empty]).equals(stored.slice(0, 0))


def test_other_weeks_are_read_from_the_lake(lake: Lake, stored: pa.Table) -> None:
    tables = RunTables(lake)
    tables.load(TABLE, WEEKS[:1])
    assert tables.read(TABLE, WEEKS).equals(stored)
    absent = SeasonWeek(2024, 9)
    assert tables.read_if_stored(TABLE, absent) is None
    with pytest.raises(NotMaterializedError):
        tables.load(TABLE, [absent])


def test_weeks_are_listed_once_and_those_of_the_run_are_added(lake: Lake, stored: pa.Table) -> None:
    """Assets ask for them week by week, and a listing looks into every folder of the table."""
    tables = RunTables(lake)
    assert tables.weeks(TABLE) == WEEKS
    others, own = SeasonWeek(2024, 3), SeasonWeek(2024, 4)
    lake.write_weeks(TABLE, TABLE.validated(stored.slice(0, 0)), [others, own])
    assert tables.weeks(TABLE) == WEEKS
    tables.keep(TABLE, [own], stored.slice(0, 0))
    assert tables.weeks(TABLE) == [*WEEKS, own]
