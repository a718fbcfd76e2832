"""The latest news of a player, from the table `news` of the lake."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from fantasy_pipeline.football.tables import NEWS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.news import week_contradictions

_SHOWN = ("published", "source", "headline", "url")
_MOST = 15
_WEEKS = 6
"""Weeks of a season in which to look, the latest first."""


def player_contradiction(lake: Lake, player_id: str, season: int) -> str | None:
    """Return how the latest news contradict a player's injury report, in words; None: not at all.

    The week is the latest of the season that has news.
    """
    weeks = [week for week in lake.weeks(NEWS) if week.season == season]
    found = week_contradictions(lake, weeks[-1]) if weeks else []
    return next((one.text for one in found if one.player_id == player_id), None)


def player_news(lake: Lake, player_id: str, season: int) -> list[dict[str, Any]]:
    """Return the latest items about a player in a season, newest first; an item comes once."""
    weeks = [week for week in lake.weeks(NEWS) if week.season == season][-_WEEKS:]
    rows = lake.read(NEWS, weeks, ["player_id", *_SHOWN])
    own = rows.filter(pc.equal(rows["player_id"], player_id)).select(list(_SHOWN))
    unique = {(row["source"], row["headline"]): row for row in own.to_pylist()}
    newest = sorted(unique.values(), key=lambda row: row["published"], reverse=True)
    return newest[:_MOST]
