"""Answers of the sites, and a week and players to ask them about."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.sources.projections.base import Week

FIRST = datetime(2025, 11, 14, 1, 15, tzinfo=timezone.utc)
LAST = datetime(2025, 11, 18, 1, 15, tzinfo=timezone.utc)
SAID = datetime(2025, 11, 12, 14, tzinfo=timezone.utc)
STAMP = "Wed, 12 Nov 2025 14:00:00 GMT"

Answer = tuple[int, bytes, dict[str, str]]


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    """A site's answer; JSON unless it is text. Header names are written with underscores."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {"Last-Modified": STAMP} | {n.replace("_", "-"): v for n, v in headers.items()}
    return status, content, named


@dataclass
class Sites:
    """Every host at once, laid out by host and path; what no answer is given for is a 404."""

    base: str
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def say(self, path: str, *said: Any, **more: Any) -> None:
        """Answer requests whose address begins with a path (``/host/…``)."""
        self.answers[path] = answer(*said, **more)

    def of(self, path: str) -> Answer:
        begins = [known for known in self.answers if path.startswith(known)]
        return self.answers[max(begins, key=len)] if begins else (404, b"", {})

    def asked(self, host: str) -> list[str]:
        return [path for path, _ in self.requests if path.startswith(f"/{host}/")]


def make_week(number: int = 11, now: datetime = SAID, **more: Any) -> Week:
    shift = timedelta(days=7 * (number - 11))
    facts: dict[str, Any] = {
        "at": SeasonWeek(2025, number),
        "first": FIRST + shift,
        "last": LAST + shift,
        "is_regular": True,
        "opponents": {"BUF": "TB", "TB": "BUF", "JAX": "LAC", "LAC": "JAX"},
        "now": now,
    }
    return Week(**(facts | more))


def player(number: int, week: int = 11, **more: Any) -> dict[str, Any]:
    """A rostered player whose ids at the sites follow from his number."""
    return {
        "season": 2025,
        "week": week,
        "player_id": f"00-{number}",
        "player_name": f"Player {number}",
        "position": "WR",
        "team": "BUF",
        "sleeper_id": f"{number}",
        "espn_id": f"1{number:03}",
        "fantasypros_id": f"2{number:03}",
    } | more
