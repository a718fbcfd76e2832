"""Test the news of a player as his page shows them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import NEWS, RAW_PLAYERS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.player_news import player_contradiction
from fantasy_pipeline_tests.rows import rows_of

WEEKS = SeasonWeek(2025, 9), SeasonWeek(2025, 10)


def store(lake: Lake, week: SeasonWeek, status: str | None) -> None:
    item: dict[str, Any] = {
        **week._asdict(),
        **{"source": "espn", "item": "1", "player_id": "a", "stated_status": status},
        "published": datetime(2025, 11, 7, tzinfo=timezone.utc),
    }
    player = {**week._asdict(), "player_id": "a", "roster_status": "ACT"}
    lake.write_weeks(NEWS, rows_of(NEWS, item), [week])
    lake.write_weeks(RAW_PLAYERS, rows_of(RAW_PLAYERS, player), [week])


def test_contradiction_is_of_the_latest_week_with_news(lake: Lake) -> None:
    assert player_contradiction(lake, "a", 2025) is None
    store(lake, WEEKS[0], "Out")
    assert player_contradiction(lake, "a", 2025) == "news of espn: Out; injury report: nothing"
    assert player_contradiction(lake, "b", 2025) is None
    assert player_contradiction(lake, "a", 2024) is None
    store(lake, WEEKS[1], None)
    assert player_contradiction(lake, "a", 2025) is None
