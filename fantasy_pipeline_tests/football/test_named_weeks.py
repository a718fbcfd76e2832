"""Weeks that are asked for, on schedules that lack some of them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.football.named_weeks import scheduled_weeks, weeks_to_come
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline_tests.football.two_seasons import SUPER_BOWL, TWO_SEASONS, utc


def schedule(*weeks: tuple[int, int], last: str = "REG") -> pa.Table:
    types = ["REG"] * (len(weeks) - 1) + [last]
    return pa.table(
        {
            "season": [season for season, _ in weeks],
            "week": [week for _, week in weeks],
            "game_type": types,
        }
    )


def test_a_season_without_any_game_is_no_season_of_byes() -> None:
    games = schedule((2023, 1), (2023, 2), (2023, 2))
    assert scheduled_weeks(games, 2023, [1, 2]) == {1, 2}
    assert scheduled_weeks(games, 2023, [2]) == {2}
    with pytest.raises(NotPublishedError, match=r"^schedule 2024: it has no game of this season"):
        scheduled_weeks(games, 2024, [1])


@pytest.mark.parametrize("last", ["REG", "WC", "CON"])
def test_a_week_that_is_not_scheduled_yet_is_no_week_without_games(last: str) -> None:
    """Otherwise it would be stored as empty and skipped once it is played."""
    games = schedule((2015, 21), (2025, 18), (2025, 19), last=last)
    match = r"^schedule 2025 week 20: it ends with week 19 so far; .* Leave the week out"
    with pytest.raises(NotPublishedError, match=match):
        scheduled_weeks(games, 2025, [17, 20, 22])
    assert scheduled_weeks(games, 2025, [17, 19]) == {19}
    assert scheduled_weeks(schedule((2015, 3), (2015, 21), last="SB"), 2015, [2, 3, 22]) == {3}


@pytest.mark.parametrize(
    ("at", "to_come"),
    [
        ("2023-09-18T00:00", [(2023, 3), (2023, 4), (2024, 1), (2024, 2), (2024, 3), (2025, 1)]),
        # From the end of a week's first game on, it is played.
        ("2024-09-06T04:50", [(2024, 2), (2024, 3), (2025, 1)]),
        ("2024-09-15T21:30", [(2024, 3), (2025, 1)]),
    ],
)
def test_weeks_to_come(at: str, to_come: list[tuple[int, int]]) -> None:
    """2023 has its Super Bowl in week 4, so it has no week 5; 2024 may still get a week 3."""
    asked = [
        SeasonWeek(*week)
        for week in [(2022, 9), *((2023, n) for n in range(1, 6)), (2024, 1), (2024, 2), (2024, 3)]
    ]
    found = weeks_to_come(TWO_SEASONS, [*asked, SeasonWeek(2025, 1)], utc(at))
    assert list(found) == [SeasonWeek(*week) for week in to_come]
    assert found[SeasonWeek(2024, 3)] == "its games are not scheduled yet"
    first = found.get(
        SeasonWeek(2024, 2), "its games are to come, the first at 2024-09-15 17:00 UTC"
    )
    assert first == "its games are to come, the first at 2024-09-15 17:00 UTC"


def test_a_later_season_does_not_end_an_earlier_one() -> None:
    without = [game for game in TWO_SEASONS if game is not SUPER_BOWL]
    week = SeasonWeek(2023, 5)
    assert weeks_to_come(without, [week], utc("2024-09-15T21:30")) == {
        week: "its games are not scheduled yet"
    }
