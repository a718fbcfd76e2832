"""Test that a change of each table that a report shows, and no other change, makes it stale."""

import shutil
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    NEWS,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    REST_OF_SEASON,
    SOURCE_PROJECTIONS,
    STAT_CORRECTIONS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.team_defense import POINTS
from fantasy_pipeline.report import fingerprint
from fantasy_pipeline.report.rows import read_rows
from fantasy_pipeline.report.stamp import SHOWN
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2025, 10)
SUNDAY = datetime(2025, 11, 9, 18, tzinfo=timezone.utc)
MONDAY = datetime(2025, 11, 11, 1, tzinfo=timezone.utc)
STATEMENT = {"source": "espn", "player_id": "a", "as_of": MONDAY}
ACCURACY = {"source": "consensus", "position": "WR", "scoring": "ppr", "pool": "played"}
ITEM = {"source": "espn", "item": "1", "player_id": "a", "published": SUNDAY}
CORRECTION = {"player_id": "a", "stat": "carries"}
CHANGES: list[tuple[Table, dict[str, Any], dict[str, Any]]] = [
    (PROJECTIONS, {"player_id": "a", "plays": 0.5}, {"plays": 0.6}),
    (RAW_PLAYERS, {"player_id": "a", "injury": "Knee"}, {"injury": "Ankle"}),
    (SOURCE_PROJECTIONS, {**STATEMENT, "points_ppr": 9.0}, {"points_ppr": 8.0}),
    (PLAYER_HISTORY, {"player_id": "a", "target_ppr": 1.0}, {"target_ppr": 2.0}),
    (GAMES, {"kickoff": SUNDAY}, {"kickoff": MONDAY}),
    (PROJECTION_ACCURACY, {**ACCURACY, "mae": 4.0}, {"mae": 5.0}),
    (NEWS, {**ITEM, "headline": "x"}, {"headline": "y"}),
    (STAT_CORRECTIONS, {**CORRECTION, "new": 1.0}, {"new": 2.0}),
    (TEAM_DEFENSE_STATS, {"player_id": "DST-BUF", "team": "BUF", POINTS: 5.0}, {POINTS: 6.0}),
    (REST_OF_SEASON, {"player_id": "a", "target_week": 12, "points": 5.0}, {"points": 6.0}),
]
"""Tables, a row of each, and a change of the row."""
SO_FAR = (PROJECTION_ACCURACY, STAT_CORRECTIONS)
"""Tables of which a report also shows earlier weeks."""
each_table = pytest.mark.parametrize(
    ("table", "row", "change"), CHANGES, ids=[table.name for table, *_ in CHANGES]
)


def put(lake: Lake, rows: Rows, table: Table, of_weeks: dict[SeasonWeek, dict[str, Any]]) -> None:
    """Store one row per week."""
    records = []
    for week, row in of_weeks.items():
        key = {"game_id": str(week)} if table is GAMES else {}
        records.append({**week._asdict(), **key, **row})
    data = rows(table, *records)
    if table.weekly:
        lake.write_weeks(table, data, list(of_weeks))
    else:
        lake.write(table, data)


def projected(lake: Lake, rows: Rows) -> None:
    """Store the rows that every report needs: a player and his projection."""
    for table in (PROJECTIONS, RAW_PLAYERS):
        put(lake, rows, table, {WEEK: {"player_id": "other"}})


def digest(lake: Lake) -> str:
    return fingerprint.fingerprint(read_rows(lake, WEEK))


@each_table
def test_a_change_of_each_table_is_seen_and_of_a_later_week_not(
    lake: Lake, rows: Rows, table: Table, row: dict[str, Any], change: dict[str, Any]
) -> None:
    later = SeasonWeek(2025, 11)
    projected(lake, rows)
    nothing = digest(lake)
    put(lake, rows, table, {WEEK: row, later: row})
    first = digest(lake)
    assert first != nothing
    put(lake, rows, table, {WEEK: row, later: row | change})
    assert digest(lake) == first, "another week is none of this report's business"
    put(lake, rows, table, {WEEK: row | change, later: row})
    assert digest(lake) != first


@each_table
@pytest.mark.parametrize("earlier", [SeasonWeek(2025, 9), SeasonWeek(2024, 17)])
def test_earlier_weeks_count_where_they_are_shown(
    lake: Lake,
    rows: Rows,
    table: Table,
    row: dict[str, Any],
    change: dict[str, Any],
    earlier: SeasonWeek,
) -> None:
    projected(lake, rows)
    put(lake, rows, table, {WEEK: row, earlier: row})
    first = digest(lake)
    put(lake, rows, table, {WEEK: row, earlier: row | change})
    assert (digest(lake) != first) == (table in SO_FAR and earlier.season == WEEK.season)


def test_the_accuracy_of_last_season_counts_until_this_one_has_its_own(
    lake: Lake, rows: Rows
) -> None:
    """A report shows one season's; 22 weeks that it does not show would be 22 requests."""
    last = SeasonWeek(2024, 17)
    projected(lake, rows)
    put(lake, rows, PROJECTION_ACCURACY, {last: ACCURACY | {"mae": 4.0}})
    first = digest(lake)
    put(lake, rows, PROJECTION_ACCURACY, {last: ACCURACY | {"mae": 5.0}})
    second = digest(lake)
    assert second != first
    put(lake, rows, PROJECTION_ACCURACY, {WEEK: ACCURACY})
    third = digest(lake)
    put(lake, rows, PROJECTION_ACCURACY, {last: ACCURACY | {"mae": 6.0}})
    assert digest(lake) == third


def test_corrections_are_shown_from_the_final_import_on(lake: Lake, rows: Rows) -> None:
    """The week's last game kicks off on Monday night; its final import is due on Thursday noon."""
    projected(lake, rows)
    put(lake, rows, GAMES, {WEEK: {"kickoff": MONDAY}})
    put(lake, rows, STAT_CORRECTIONS, {WEEK: CORRECTION})
    put(lake, rows, PROJECTION_ACCURACY, {WEEK: ACCURACY})
    shown = {
        day: read_rows(lake, WEEK, datetime(2025, 11, day, 12, tzinfo=timezone.utc))
        for day in (10, 11, 12, 13)
    }
    assert {day: known.accuracy.num_rows for day, known in shown.items()} == {
        **{10: 0, 11: 1},
        **{12: 1, 13: 1},
    }
    assert {day: known.corrections.num_rows for day, known in shown.items()} == {
        **{10: 0, 11: 0},
        **{12: 0, 13: 1},
    }


class Watched(Lake):
    """A lake that records the names of the tables that are read."""

    def __init__(self, root: str, label: str) -> None:
        super().__init__(root, label)
        self.seen: set[str] = set()

    def read(self, table: Table, *arguments: Any, **more: Any) -> pa.Table:
        self.seen.add(table.name)
        return super().read(table, *arguments, **more)


def test_every_table_that_is_read_is_tested_here(lake: Lake, rows: Rows) -> None:
    tested: Sequence[Table] = [table for table, *_ in CHANGES]
    for table, row, _ in CHANGES:
        put(lake, rows, table, {WEEK: row})
    watched = Watched(lake.root, lake.label)
    assert digest(watched) == digest(lake)
    assert watched.seen == {table.name for table in tested}
    # Earlier weeks of the stats are read where the lake has them.
    assert watched.seen | {WEEKLY_STATS.name} == {table.name for table in SHOWN}


def test_another_layout_has_another_fingerprint(
    lake: Lake, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that another version of the package made is out of date."""
    projected(lake, rows)
    before = digest(lake)
    monkeypatch.setattr(fingerprint, "layout", lambda: "of another version")
    assert digest(lake) != before


def test_the_layout_is_that_of_every_module_and_template(tmp_path: Path) -> None:
    package = tmp_path / "report"
    shutil.copytree(Path(fingerprint.__file__).parent, package)
    found = {fingerprint.layout_of(package)}
    assert found == {fingerprint.layout()}
    for name in ("templates/report.html.j2", "templates/report.css", "page.py"):
        with (package / name).open("a") as file:
            file.write(" ")
        found.add(fingerprint.layout_of(package))
    assert len(found) == 4
