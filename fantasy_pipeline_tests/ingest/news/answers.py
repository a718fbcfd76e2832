"""Answers of the sites of news, with items about the players of `sites.player`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fantasy_pipeline_tests.ingest.sites.sites import STATED_AT, Sites

LATEST = "/site.api.espn.com/apis/site/v2/sports/football/nfl/news"
PAGES = "/site.web.api.espn.com/apis/common/v3/sports/football/nfl/athletes/"
ALL_PLAYERS = "/api.sleeper.app/v1/players/nfl"
ADDED = f"{ALL_PLAYERS}/trending/add"
HOUR = timedelta(hours=1)


def story(
    number: int, headline: str, *players: int, at: datetime = STATED_AT - HOUR, **more: Any
) -> dict[str, Any]:
    """Return an item of ESPN about players by number."""
    return {
        "id": number,
        "type": "HeadlineNews",
        "headline": headline,
        "description": "The text of an article, which is never stored.",
        "published": f"{at:%Y-%m-%dT%H:%M:%S.000+0000}",
        "categories": [
            {"type": "league", "leagueId": 28},
            *({"type": "athlete", "athleteId": 1000 + player} for player in players),
        ],
        "links": {"web": {"href": f"https://www.espn.com/nfl/story/_/id/{number}/x"}},
    } | more


def injured(number: int, at: datetime = STATED_AT - HOUR, **more: Any) -> dict[str, Any]:
    """Return a player of Sleeper's list."""
    return {
        "player_id": str(number),
        "injury_status": "Out",
        "injury_body_part": "Knee",
        "injury_notes": "Surgery",
        "news_updated": int(at.timestamp() * 1000),
    } | more


def serve_news(
    sites: Sites,
    stories: list[dict[str, Any]],
    injuries: dict[int, dict[str, Any]] | None = None,
    added: dict[int, int] | None = None,
) -> None:
    """Serve all answers; a player without an injury is healthy."""
    sites.serve(LATEST, {"header": "NFL News", "articles": stories})
    healthy = {str(n): {"player_id": str(n), "injury_status": None} for n in range(1, 61)}
    sites.serve(ALL_PLAYERS, healthy | {str(n): row for n, row in (injuries or {}).items()})
    rows = [{"player_id": str(n), "count": count} for n, count in (added or {5: 14287}).items()]
    sites.serve(ADDED, rows)
