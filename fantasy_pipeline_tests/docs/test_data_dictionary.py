"""The data dictionary is current and derives from the contracts alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    ALL_TABLES,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROVISIONAL_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.football.tables.contract import Column
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.history.decaying import HALF_LIFE
from fantasy_pipeline.projections.history.state import LONG_HALF_LIFE, RECENT_HALF_LIFE
from scripts.data_dictionary import PAGE, text


def section(page: str, table: str) -> str:
    """Return the section of one table."""
    return page.split(f"\n## {table}\n")[1].split("\n## ")[0]


def test_the_page_is_of_todays_contracts() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(ALL_TABLES), "stale: run `make docs`"


def test_every_table_and_column_is_in_it() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for table in ALL_TABLES:
        text_of_table = section(page, table.name)
        assert table.description in text_of_table
        if table is PROVISIONAL_STATS:
            assert "those of [weekly_stats](#weekly_stats)" in text_of_table
            continue
        for column in table.columns:
            name = f"**{column.name}**" if column.name in table.key else column.name
            [row] = [line for line in text_of_table.splitlines() if line.startswith(f"| {name} |")]
            assert column.description in row


def test_files_are_where_it_says() -> None:
    page = text(ALL_TABLES)
    lake = Lake("/lake", "test")
    for table in ALL_TABLES:
        path = lake.path(table, SeasonWeek(2024, 5)) if table.weekly else lake.path(table)
        assert f"`{path.removeprefix('/lake/')}`" in section(page, table.name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unit": "furlongs"}, "furlongs"),
        ({"lowest": -7, "highest": None}, "-7 or more"),
        ({"lowest": None, "highest": 7}, "7 or less"),
        ({"lowest": 0, "highest": 7}, "0 to 7"),
        ({"allowed": ("one", "two")}, "one, two"),
        ({"nullable": False}, "| no | Mean"),
        ({"type": "int"}, "| int |"),
        ({"name": "mean_error"}, "| mean_error |"),
        ({"description": "Either|or"}, "Either\\|or"),
    ],
    ids=str,
)
def test_a_changed_column_changes_the_page(change: dict[str, Any], words: str) -> None:
    before = Column("mae", "float", "Mean", unit="points", lowest=1, highest=2)
    pages = [
        text([replace(PROJECTION_ACCURACY, columns=(column,), key=())])
        for column in (before, replace(before, **change))
    ]
    assert words not in pages[0]
    assert words in pages[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "scores"}, "## scores\n"),
        ({"description": "Who was right."}, "Who was right."),
        ({"key": ("season",)}, "Key: `season`."),
        ({"weekly": False}, "`projection_accuracy/part.parquet`"),
        ({"columns": WEEKLY_STATS.columns}, "| receptions | float | count |"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_changed_table_changes_the_page(change: dict[str, Any], words: str) -> None:
    assert words not in text([PROJECTION_ACCURACY])
    assert words in text([replace(PROJECTION_ACCURACY, **change)])


def test_half_lives_are_those_of_the_code() -> None:
    for prefix, weeks in (
        ("avg", HALF_LIFE),
        ("recent", RECENT_HALF_LIFE),
        ("long", LONG_HALF_LIFE),
    ):
        described = [c for c in PLAYER_HISTORY.columns if c.name == f"{prefix}_targets"]
        assert f"half after {weeks:g} weeks" in described[0].description
