"""Test which news contradict a player's status."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from fantasy_pipeline.checks.news import contradictions
from fantasy_pipeline.football.tables import NEWS, RAW_PLAYERS
from fantasy_pipeline_tests.rows import Rows

FRIDAY = datetime(2025, 11, 14, 18, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def item(status: str | None, hours: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "season": 2025,
        "week": 11,
        "source": "espn",
        "item": f"{hours}",
        "player_id": "a",
        "player_name": "Al Able",
        "position": "WR",
        "team": "BUF",
        "published": FRIDAY + hours * HOUR,
        "headline": f"Able: {status}",
        "stated_status": status,
    } | more


def found(rows: Rows, status: dict[str, Any], *items: dict[str, Any]) -> list[str]:
    who = {"season": 2025, "week": 11, "player_id": "a", "roster_status": "ACT", **status}
    return [one.text for one in contradictions(rows(NEWS, *items), rows(RAW_PLAYERS, who))]


@pytest.mark.parametrize(
    ("stated", "status", "text"),
    [
        ("Out", {}, "news of espn: Out; injury report: nothing"),
        ("Doubtful", {}, "news of espn: Doubtful; injury report: nothing"),
        ("Out", {"roster_status": None}, "news of espn: Out; injury report: nothing"),
        ("Playing", {"injury_status": "Out"}, "news of espn: Playing; injury report: Out"),
        (
            "Playing",
            {"injury_status": "Doubtful", "injury_modified_at": FRIDAY - HOUR},
            "news of espn: Playing; injury report: Doubtful",
        ),
    ],
)
def test_status_that_news_contradict(
    rows: Rows, stated: str, status: dict[str, Any], text: str
) -> None:
    assert found(rows, status, item(stated)) == [text]


@pytest.mark.parametrize(
    ("stated", "status"),
    [
        ("Out", {"injury_status": "Out"}),
        ("Out", {"injury_status": "Questionable"}),
        ("Questionable", {}),
        (None, {}),
        ("Out", {"on_bye": True}),
        ("Out", {"roster_status": "RES"}),
        ("Playing", {}),
        ("Playing", {"injury_status": "Questionable"}),
        # The report was changed after the news.
        ("Playing", {"injury_status": "Out", "injury_modified_at": FRIDAY + HOUR}),
    ],
)
def test_status_that_news_agree_with(
    rows: Rows, stated: str | None, status: dict[str, Any]
) -> None:
    assert found(rows, status, item(stated)) == []


def test_the_latest_statement_counts(rows: Rows) -> None:
    # An item that states nothing takes nothing back.
    assert found(rows, {}, item("Out"), item("Playing", 1), item(None, 2)) == []
    assert found(rows, {}, item("Playing"), item("Out", 1), item(None, 2)) == [
        "news of espn: Out; injury report: nothing"
    ]


def test_player_whom_the_week_does_not_know_is_left_out(rows: Rows) -> None:
    assert found(rows, {}, item("Out", player_id="b")) == []
