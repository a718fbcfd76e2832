"""A schedule of two seasons, small enough to read."""

from __future__ import annotations

from datetime import datetime, timezone

from fantasy_pipeline.football.calendar import Game


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def game(
    season: int, week: int, kickoff: str, game_type: str = "REG", has_score: bool = False
) -> Game:
    name = f"{season}_{week:02d}_{kickoff}"
    return Game(season, week, name, game_type, utc(kickoff), "KC", "BUF", has_score)


SUPER_BOWL = game(2023, 4, "2024-02-11T23:30", "SB")
OPENER = game(2024, 1, "2024-09-06T00:20")
TWO_SEASONS = (
    game(2023, 1, "2023-09-08T00:20"),
    game(2023, 1, "2023-09-12T00:15"),
    game(2023, 2, "2023-09-17T17:00"),
    game(2023, 3, "2024-01-13T21:30", "WC"),
    SUPER_BOWL,
    OPENER,
    game(2024, 1, "2024-09-10T00:15"),
    game(2024, 2, "2024-09-15T17:00"),
)
