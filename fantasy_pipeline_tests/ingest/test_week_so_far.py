"""The week in progress as it is shown: games over, and games of which the lake has the stats."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from fantasy_pipeline.football.calendar import Game
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.ingest.week_so_far import (
    WeekSoFar,
    lacking_games,
    stored_so_far,
    weeks_so_far,
)
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 2)
THURSDAY = datetime(2024, 9, 13, 0, 15, tzinfo=timezone.utc)
FRIDAY, SUNDAY = THURSDAY + timedelta(hours=8), THURSDAY + timedelta(days=2, hours=17)
MONDAY, TUESDAY = SUNDAY + timedelta(hours=15), datetime(2024, 9, 17, 8, tzinfo=timezone.utc)


def game(home: str, away: str, kickoff: datetime) -> Game:
    return Game(2024, 2, f"{away}_{home}", "REG", kickoff, home, away, True)


GAMES = [game("MIA", "BUF", THURSDAY), game("KC", "CIN", SUNDAY), game("SF", "LA", SUNDAY)]


def store(lake: Lake, rows: Rows, *teams: str) -> None:
    lines = ({"season": 2024, "week": 2, "player_id": team, "team": team} for team in teams)
    lake.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, *lines), [WEEK])


@pytest.mark.parametrize(
    ("now", "teams", "numbers", "text"),
    [
        (FRIDAY, None, (0, 1, 3), "stats of 0 of 3 games; 1 more is over"),
        (FRIDAY, ("MIA", "BUF"), (1, 1, 3), "stats of 1 of 3 games"),
        (MONDAY, ("MIA", "BUF", "KC"), (1, 3, 3), "stats of 1 of 3 games; 2 more are over"),
        (MONDAY, ("MIA", "BUF", "KC", "CIN", "SF", "LA"), (3, 3, 3), "stats of 3 of 3 games"),
    ],
)
def test_games_so_far(
    lake: Lake,
    rows: Rows,
    now: datetime,
    teams: tuple[str, ...] | None,
    numbers: tuple[int, int, int],
    text: str,
) -> None:
    if teams is not None:
        store(lake, rows, *teams)
    [found] = weeks_so_far(lake, GAMES, now)
    assert found == WeekSoFar(WEEK, *numbers)
    assert found.text == f"2024 week 2 so far: {text}"
    assert list(found.to_json().values()) == [2024, 2, *numbers]


@pytest.mark.parametrize("now", [THURSDAY + timedelta(hours=4), TUESDAY])
def test_no_week_is_in_progress(lake: Lake, rows: Rows, now: datetime) -> None:
    """Before a game is over, and from the provisional import on."""
    store(lake, rows, "MIA")
    assert weeks_so_far(lake, GAMES, now) == []


def test_a_game_needs_the_lines_of_both_teams(lake: Lake, rows: Rows) -> None:
    store(lake, rows, "MIA", "BUF", "KC")
    assert lacking_games(lake, GAMES) == GAMES[1:]
    assert lacking_games(lake, []) == []


def test_a_stored_week_without_some_games_is_so_far(lake: Lake, rows: Rows) -> None:
    assert stored_so_far(lake, GAMES, [WEEK]) == []
    store(lake, rows, "MIA", "BUF", "KC")
    assert stored_so_far(lake, GAMES, [WEEK, SeasonWeek(2024, 1)]) == [WeekSoFar(WEEK, 1, 1, 3)]
    store(lake, rows, "MIA", "BUF", "KC", "CIN", "SF", "LA")
    assert stored_so_far(lake, GAMES, [WEEK]) == []
