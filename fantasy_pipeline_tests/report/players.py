"""Make players and reports for the tests of the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from fantasy_pipeline.football.scoring import SCORINGS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.report.contents import Origin, Report
from fantasy_pipeline.report.players import Player, Points
from fantasy_pipeline.report.value import League

AS_OF = datetime(2025, 11, 4, 8, tzinfo=timezone.utc)


def player(name: str, position: str = "WR", expected: float = 10.0, **more: Any) -> Player:
    """Return a player with equal points in all scorings; floor and ceiling are half and double."""
    points = more.pop("points", Points(expected, expected / 2, expected, expected * 2))
    return Player(
        **{
            "player_id": name,
            "name": name,
            "position": position,
            "team": "KC",
            "opponent": "BUF",
            "is_home": True,
            "points": dict.fromkeys(SCORINGS, points),
            "usual": expected,
            "mean": more.get("usual", expected),
            **more,
        }
    )


def report(players: Sequence[Player], **more: Any) -> Report:
    """Return a report of some players; all scorings have the same movers and close calls."""
    for name in ("rises", "falls", "calls"):
        more[name] = dict.fromkeys(SCORINGS, more.get(name, ()))
    values = {s: {p.player_id: p.points[s].expected - 5.0 for p in players} for s in SCORINGS}
    facts: dict[str, Any] = {
        "week": SeasonWeek(2025, 10),
        "origin": Origin(None, AS_OF, "0123456789abcdef", "http://127.0.0.1:3000/runs/"),
        "league": League(),
        "players": players,
        "projected": len(players),
        "values": values,
        "tiers": {s: {p.player_id: 1 for p in players} for s in SCORINGS},
        "before": None,
        **dict.fromkeys(("absent", "doubtful", "vacated"), ()),
        "byes": {},
        "accuracy": None,
        "accuracy_season": 2025,
        "corrections": (),
        "kickoffs": [AS_OF],
        "sources_as_of": {},
        "model": None,
    }
    return Report(**{**facts, **more})
