"""News of the sample league: invented headlines about its players, with links that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa

_POSITIONS = ("QB", "RB", "WR", "TE")
_EVERY = 9
"""One in so many healthy players is in the news."""
_ADDS = (9_214, 6_380, 4_102, 2_877, 1_530)
"""Managers who added the trending players."""
_SITE = "https://news.example/sample-league"
"""A host that no one can register (RFC 2606)."""


class Invented(NamedTuple):
    """One invented item about one player; `kind` is a kind of the table `news`."""

    id: str
    kind: str
    published: datetime
    headline: str
    url: str
    player_id: str


def invented_news(players: pa.Table, now: datetime) -> list[Invented]:
    """Return the same news for the same players and moment.

    Injured players are in the news with what their report says. One healthy player is ruled out in
    a headline that his report does not confirm, to show what the report makes of that.

    Args:
        players: `RAW_PLAYERS` rows of one week.
    """
    names = ("player_id", "player_name", "position", "team", "on_bye", "roster_status")
    rows = players.select([*names, "injury_status", "injury"]).to_pylist()
    active = [
        row
        for row in sorted(rows, key=lambda row: str(row["player_id"]))
        if row["position"] in _POSITIONS and row["roster_status"] == "ACT" and not row["on_bye"]
    ]
    return [*_stories(active, now), *_trending(active, now)]


def _stories(active: list[dict[str, Any]], now: datetime) -> Iterator[Invented]:
    healthy = [row for row in active if row["injury_status"] is None]
    said = [(row, _of_report(row)) for row in active if row["injury_status"] is not None]
    said += [
        (row, f"{row['team']} plan a bigger role for {row['player_name']}")
        for row in healthy[_EVERY::_EVERY]
    ]
    if healthy:
        said.append((healthy[0], f"{healthy[0]['player_name']} ruled out, coach says"))
    for number, (row, headline) in enumerate(said):
        id_ = f"story-{row['player_id']}"
        published = now - timedelta(hours=2 + number % 40)
        yield Invented(id_, "story", published, headline, f"{_SITE}/{id_}", row["player_id"])


def _of_report(row: dict[str, Any]) -> str:
    injury = (row["injury"] or "injury").lower()
    if row["injury_status"] == "Out":
        return f"{row['player_name']} ({injury}) ruled out"
    return f"{row['player_name']} ({injury}) {row['injury_status'].lower()}"


def _trending(active: list[dict[str, Any]], now: datetime) -> Iterator[Invented]:
    backs = [row for row in active if row["position"] in ("RB", "WR")][3 :: len(_ADDS) * 3]
    for row, count in zip(backs, _ADDS, strict=False):
        headline = f"Added by {count:,} managers of the sample league in 24 hours"
        id_ = f"trending-{now:%Y%m%d}"
        yield Invented(id_, "trending", now, headline, f"{_SITE}/trending", row["player_id"])
