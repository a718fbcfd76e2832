"""Test that the record of news grows and never loses or changes an item."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import NEWS
from fantasy_pipeline.ingest.news.record import merge_news, stored_news
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests.ingest.sites.sites import STATED_AT
from fantasy_pipeline_tests.rows import rows_of


def item(name: str, headline: str = "x", hours: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "season": 2025,
        "week": 11,
        "source": "espn",
        "item": name,
        "player_id": "00-1",
        "kind": "story",
        "published": STATED_AT + timedelta(hours=hours),
        "headline": headline,
        "as_of": STATED_AT,
    } | more


def headlines(table: pa.Table) -> list[str]:
    found: list[str] = table["headline"].to_pylist()
    return found


def test_a_later_fetch_removes_nothing_and_changes_nothing() -> None:
    stored = rows_of(NEWS, item("1", "first"), item("2", "second"))
    merged = merge_news(stored, rows_of(NEWS, item("2", "edited"), item("3", "third")))
    assert headlines(merged) == ["first", "second", "third"]
    assert merge_news(merged, NEWS.arrow_schema.empty_table()).equals(merged)


def test_injury_report_that_repeats_the_latest_is_not_new() -> None:
    def reports(*pairs: tuple[int, str]) -> pa.Table:
        more = {"kind": "injury", "source": "sleeper"}
        return rows_of(NEWS, *(item(f"injury-{h}", text, h, **more) for h, text in pairs))

    merged = merge_news(reports((1, "Questionable")), reports((2, "Questionable"), (3, "Out")))
    assert headlines(merged) == ["Questionable", "Out"]
    # What was said before the latest report is new again.
    assert headlines(merge_news(merged, reports((4, "Questionable")))) == [
        "Questionable",
        "Out",
        "Questionable",
    ]


KEYS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.sampled_from(["a", "b"])),
    unique_by=lambda key: key[:2],
)


@given(KEYS, KEYS)
def test_every_stored_row_stays(first: list[Any], second: list[Any]) -> None:
    def table(keys: list[Any]) -> pa.Table:
        return rows_of(NEWS, *(item(f"{n}", text, player_id=f"00-{p}") for n, p, text in keys))

    stored = NEWS.shaped(table(first))
    merged = merge_news(stored, table(second))
    assert all(row in merged.to_pylist() for row in stored.to_pylist())
    NEWS.validated(merged)
    assert merge_news(merged, table(second)).equals(merged)


def test_week_without_news_has_an_empty_record(lake: Lake) -> None:
    week = SeasonWeek(2025, 11)
    assert stored_news(lake, [week]).num_rows == 0
    lake.write_weeks(NEWS, rows_of(NEWS, item("1")), [week])
    assert headlines(stored_news(lake, [week, SeasonWeek(2025, 12)])) == ["x"]
