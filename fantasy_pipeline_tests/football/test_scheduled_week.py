from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from fantasy_pipeline.football.calendar import (
    GAME_LENGTH,
    Game,
    ScheduledWeek,
    first_and_last_kickoff,
    games_by_week,
    season_schedule,
)
from fantasy_pipeline.football.season_week import SeasonWeek

THURSDAY = datetime(2024, 9, 6, 0, 20, tzinfo=timezone.utc)
MONDAY = datetime(2024, 9, 10, 0, 15, tzinfo=timezone.utc)
WEEK = SeasonWeek(2024, 1)


def game(
    kickoff: datetime, home: str = "KC", away: str = "BAL", week: int = 1, kind: str = "REG"
) -> Game:
    return Game(2024, week, f"{away}_{home}", kind, kickoff, home, away, has_score=False)


OPENER, LAST_GAME = game(THURSDAY), game(MONDAY, "SF", "NYJ")


def seen_at(now: datetime) -> ScheduledWeek:
    return ScheduledWeek(WEEK, (LAST_GAME, OPENER), now)


def test_kickoffs_are_the_first_and_the_last_in_any_order_of_games() -> None:
    assert first_and_last_kickoff([LAST_GAME, OPENER]) == (THURSDAY, MONDAY)
    assert first_and_last_kickoff(iter([OPENER])) == (THURSDAY, THURSDAY)
    week = seen_at(THURSDAY)
    assert (week.first_kickoff, week.last_kickoff) == week.kickoffs == (THURSDAY, MONDAY)


def test_no_games_have_no_kickoffs() -> None:
    with pytest.raises(ValueError, match="empty"):
        first_and_last_kickoff([])


def test_games_are_grouped_by_week_in_their_order() -> None:
    second = game(THURSDAY + timedelta(days=7), week=2)
    assert games_by_week([second, LAST_GAME, OPENER]) == {
        SeasonWeek(2024, 2): (second,),
        WEEK: (LAST_GAME, OPENER),
    }
    assert games_by_week([]) == {}


def test_a_season_has_its_weeks_by_number_and_no_other_season() -> None:
    second = game(THURSDAY + timedelta(days=7), week=2)
    before = OPENER._replace(season=2023)
    schedule = season_schedule([second, before, OPENER], 2024, THURSDAY)
    assert list(schedule) == [1, 2]
    assert schedule[1] == ScheduledWeek(WEEK, (OPENER,), THURSDAY)
    assert season_schedule([before], 2024, THURSDAY) == {}


def test_both_teams_of_a_game_are_opponents() -> None:
    expected = {"KC": "BAL", "BAL": "KC", "SF": "NYJ", "NYJ": "SF"}
    assert seen_at(THURSDAY).opponents == expected


@pytest.mark.parametrize(("kind", "expected"), [("REG", True), ("WC", False), ("SB", False)])
def test_weeks_of_the_play_offs_are_not_regular(kind: str, expected: bool) -> None:
    week = ScheduledWeek(WEEK, (game(THURSDAY, kind=kind),), THURSDAY)
    assert week.is_regular is expected


@pytest.mark.parametrize(
    ("now", "any_over", "kicked_off", "complete"),
    [
        (THURSDAY, False, False, False),
        (THURSDAY + GAME_LENGTH, True, False, False),
        (MONDAY, True, True, False),
        (MONDAY + GAME_LENGTH, True, True, True),
    ],
)
def test_states_of_a_week_follow_its_games(
    now: datetime, any_over: bool, kicked_off: bool, complete: bool
) -> None:
    week = seen_at(now)
    assert (week.any_over, week.all_kicked_off, week.is_complete) == (
        any_over,
        kicked_off,
        complete,
    )


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (THURSDAY - timedelta(days=7, seconds=1), False),
        (THURSDAY - timedelta(days=7), True),
        (MONDAY + timedelta(days=7), True),
        (MONDAY + timedelta(days=7, seconds=1), False),
    ],
)
def test_a_week_is_current_from_a_week_before_to_a_week_after(
    now: datetime, expected: bool
) -> None:
    assert seen_at(now).is_current is expected
