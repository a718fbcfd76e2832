"""The football calendar on schedules small enough to read."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import (
    GAME_LENGTH,
    PRESEASON_LEAD,
    PROJECTION_LEAD,
    SEASON_TAIL,
    Game,
    games_from_table,
    is_over,
    next_week,
    week_status,
    week_to_show,
    weeks_of,
    weeks_to_project,
)
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline_tests.football.two_seasons import OPENER, SUPER_BOWL, TWO_SEASONS, game, utc

MINUTE = timedelta(minutes=1)


class TestIsOver:
    KICKOFF = utc("2024-09-08T17:00")

    @pytest.mark.parametrize(
        ("since_kickoff", "has_score", "over"),
        [
            (-MINUTE, False, False),
            (-MINUTE, True, False),
            (timedelta(), False, False),
            (timedelta(), True, True),
            (timedelta(hours=3), True, True),
            (GAME_LENGTH - MINUTE, False, False),
            (GAME_LENGTH, False, True),
            (timedelta(days=400), False, True),
        ],
    )
    def test_by_clock_or_by_score_after_kickoff(
        self, since_kickoff: timedelta, has_score: bool, over: bool
    ) -> None:
        played = game(2024, 1, "2024-09-08T17:00", has_score=has_score)
        assert is_over(played, self.KICKOFF + since_kickoff) is over


class TestWeekStatus:
    @pytest.mark.parametrize(
        ("now", "phase", "due", "last_completed", "in_progress", "upcoming", "complete"),
        [
            # First game over, Monday game to come.
            ("2023-09-10T08:00", "regular", (2023, 1), None, (2023, 1), (2023, 2), False),
            # All have kicked off, the last one is being played.
            ("2023-09-12T02:00", "regular", (2023, 1), None, (2023, 1), (2023, 2), False),
            ("2023-09-12T08:00", "regular", (2023, 1), (2023, 1), None, (2023, 2), True),
            # Week 2 has kicked off and none of its games is over: week 1 stays due.
            ("2023-09-17T18:00", "regular", (2023, 1), (2023, 1), (2023, 2), (2023, 3), True),
            # After the last regular-season week, before the first play-off game is over.
            ("2024-01-09T08:00", "regular", (2023, 2), (2023, 2), None, (2023, 3), True),
            ("2024-01-16T08:00", "postseason", (2023, 3), (2023, 3), None, (2023, 4), True),
            # The weeks between the conference finals and the Super Bowl are no off-season.
            ("2024-02-06T08:00", "postseason", (2023, 3), (2023, 3), None, (2023, 4), True),
            ("2024-02-13T08:00", "postseason", (2023, 4), (2023, 4), None, (2024, 1), True),
            # Off-season: back to the last regular-season week.
            ("2024-02-20T08:00", "offseason", (2023, 2), (2023, 4), None, (2024, 1), True),
            ("2024-08-06T08:00", "offseason", (2023, 2), (2023, 4), None, (2024, 1), True),
            ("2024-08-13T08:00", "preseason", (2023, 2), (2023, 4), None, (2024, 1), True),
            # The opener is being played: still preseason, and the new week is under way.
            ("2024-09-06T02:00", "preseason", (2023, 2), (2023, 4), (2024, 1), (2024, 2), True),
            ("2024-09-06T08:00", "regular", (2024, 1), (2023, 4), (2024, 1), (2024, 2), False),
            # The last week of the schedule.
            ("2024-09-15T18:00", "regular", (2024, 1), (2024, 1), (2024, 2), None, True),
            ("2024-09-17T08:00", "regular", (2024, 2), (2024, 2), None, None, True),
            # An outdated schedule still answers.
            ("2024-09-24T08:00", "offseason", (2024, 2), (2024, 2), None, None, True),
            ("2031-01-01T00:00", "offseason", (2024, 2), (2024, 2), None, None, True),
        ],
    )
    def test_through_two_seasons(
        self,
        now: str,
        phase: str,
        due: tuple[int, int],
        last_completed: tuple[int, int] | None,
        in_progress: tuple[int, int] | None,
        upcoming: tuple[int, int] | None,
        complete: bool,
    ) -> None:
        status = week_status(TWO_SEASONS, utc(now))
        assert (
            status.phase,
            status.due,
            status.last_completed,
            status.in_progress,
            status.upcoming,
            status.complete,
        ) == (phase, due, last_completed, in_progress, upcoming, complete)
        assert isinstance(status.due, SeasonWeek)

    @pytest.mark.parametrize(
        ("turn", "before", "after"),
        [
            (SUPER_BOWL.kickoff + GAME_LENGTH, "postseason", "postseason"),
            (SUPER_BOWL.kickoff + GAME_LENGTH + SEASON_TAIL, "postseason", "offseason"),
            (OPENER.kickoff - PRESEASON_LEAD, "offseason", "preseason"),
            (OPENER.kickoff + GAME_LENGTH, "preseason", "regular"),
        ],
    )
    def test_turns_to_the_minute(self, turn: datetime, before: str, after: str) -> None:
        assert week_status(TWO_SEASONS, turn - MINUTE).phase == before
        assert week_status(TWO_SEASONS, turn).phase == after

    def test_due_turns_when_the_super_bowl_is_over(self) -> None:
        turn = SUPER_BOWL.kickoff + GAME_LENGTH
        assert week_status(TWO_SEASONS, turn - MINUTE).due == (2023, 3)
        assert week_status(TWO_SEASONS, turn).due == (2023, 4)

    def test_scores_of_later_games_do_not_count_in_a_replay(self) -> None:
        scored = [one._replace(has_score=True) for one in TWO_SEASONS]
        for now in ("2023-09-12T08:00", "2024-01-09T08:00", "2024-02-20T08:00"):
            assert week_status(scored, utc(now)) == week_status(TWO_SEASONS, utc(now))

    def test_a_score_ends_a_game_before_the_clock_does(self) -> None:
        week_one = game(2024, 1, "2024-09-06T00:20", has_score=True)
        assert week_status([week_one], utc("2024-09-06T03:30")).complete

    def test_a_game_postponed_past_a_later_week_leaves_its_own_week_open(self) -> None:
        games = (
            game(2024, 1, "2024-09-08T17:00"),
            game(2024, 2, "2024-09-15T17:00"),
            game(2024, 2, "2024-09-25T23:00"),
            game(2024, 3, "2024-09-22T17:00"),
            game(2024, 4, "2024-09-29T17:00"),
        )
        status = week_status(games, utc("2024-09-24T08:00"))
        assert (status.due, status.complete) == ((2024, 3), True)
        assert status.last_completed == (2024, 3)
        assert status.in_progress == (2024, 2)
        assert status.upcoming == (2024, 4)
        # The older week's game is over last; the week due stays the later one.
        after = week_status(games, utc("2024-09-26T08:00"))
        assert (after.due, after.last_completed) == ((2024, 3), (2024, 3))
        assert after.in_progress is None

    def test_of_two_open_weeks_the_later_one_is_in_progress(self) -> None:
        games = (
            game(2024, 1, "2024-09-08T17:00"),
            game(2024, 2, "2024-09-15T17:00"),
            game(2024, 2, "2024-09-25T23:00"),
            game(2024, 3, "2024-09-20T00:15"),
            game(2024, 3, "2024-09-22T17:00"),
        )
        status = week_status(games, utc("2024-09-21T08:00"))
        assert (status.due, status.complete) == ((2024, 3), False)
        assert status.in_progress == (2024, 3)
        assert status.last_completed == (2024, 1)

    def test_a_whole_week_moved_back_is_upcoming_when_it_kicks_off_next(self) -> None:
        games = (
            game(2024, 1, "2024-09-08T17:00"),
            game(2024, 2, "2024-09-29T17:00"),
            game(2024, 3, "2024-09-22T17:00"),
        )
        assert week_status(games, utc("2024-09-10T08:00")).upcoming == (2024, 3)
        assert week_status(games, utc("2024-09-24T08:00")).upcoming == (2024, 2)

    @pytest.mark.parametrize("step", [1, -1])
    def test_a_season_ends_with_its_last_game_however_the_games_are_listed(self, step: int) -> None:
        games = (game(2024, 1, "2024-09-06T00:20"), game(2024, 1, "2024-09-10T00:15"))[::step]
        turn = utc("2024-09-10T00:15") + GAME_LENGTH + SEASON_TAIL
        assert week_status(games, turn - MINUTE).phase == "regular"
        assert week_status(games, turn).phase == "offseason"

    def test_a_season_of_play_offs_only_keeps_its_last_week_due(self) -> None:
        games = (game(2023, 21, "2024-01-28T20:00", "CON"), SUPER_BOWL._replace(week=22))
        status = week_status(games, utc("2024-03-05T08:00"))
        assert (status.phase, status.due) == ("offseason", (2023, 22))

    def test_the_order_of_the_games_does_not_matter(self) -> None:
        now = utc("2024-09-06T02:00")
        assert week_status(TWO_SEASONS[::-1], now) == week_status(TWO_SEASONS, now)
        assert week_status(iter(TWO_SEASONS), now) == week_status(TWO_SEASONS, now)

    def test_now_in_another_zone_is_the_same_moment(self) -> None:
        eastern = timezone(timedelta(hours=-4))
        now = datetime(2023, 9, 12, 4, 0, tzinfo=eastern)
        status = week_status(TWO_SEASONS, now)
        assert status == week_status(TWO_SEASONS, utc("2023-09-12T08:00"))
        assert status.at.utcoffset() == timedelta()

    def test_naive_now_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            week_status(TWO_SEASONS, datetime(2023, 9, 12, 8))

    def test_empty_schedule_is_refused(self) -> None:
        with pytest.raises(PipelineError, match="no games"):
            week_status((), utc("2023-09-12T08:00"))

    @pytest.mark.parametrize("now", ["1980-01-01T00:00", "2023-09-08T04:49"])
    def test_before_the_first_game_is_over_is_refused(self, now: str) -> None:
        with pytest.raises(PipelineError, match=r"starts with 2023 week 1, kick-off 2023-09-08T00"):
            week_status(TWO_SEASONS, utc(now))


class TestWeeksToProject:
    @pytest.mark.parametrize(
        ("now", "weeks", "why"),
        [
            # Sunday morning: one game is over, the Monday game is to come.
            ("2023-09-10T08:00", [(2023, 1), (2023, 2)], "1 of its 2 games has not kicked off"),
            # All games of week 1 have kicked off, the last one is being played.
            ("2023-09-12T02:00", [(2023, 2)], "it kicks off next, on 2023-09-17 17:00 UTC"),
            ("2023-09-12T08:00", [(2023, 2)], "it kicks off next, on 2023-09-17 17:00 UTC"),
            # Too early for the next season, and after the last game of the schedule.
            ("2024-08-06T08:00", [], ""),
            ("2031-01-01T00:00", [], ""),
        ],
    )
    def test_the_running_week_until_its_last_kick_off(
        self, now: str, weeks: list[tuple[int, int]], why: str
    ) -> None:
        assert weeks_to_project(TWO_SEASONS, utc(now)) == weeks
        status = week_status(TWO_SEASONS, utc(now))
        assert status.projecting == (weeks[0] if weeks else None)
        shown, sentence = week_to_show(TWO_SEASONS, utc(now))
        if status.projecting:
            assert (shown, sentence) == (weeks[0], f"{shown} is chosen because {why}.")
        else:
            assert shown == status.due

    def test_the_off_season_shows_the_last_regular_week_and_says_why(self) -> None:
        # In the days after the Super Bowl its week is due.
        for now, week in (("2024-02-13T08:00", 4), ("2024-03-05T08:00", 2)):
            shown, sentence = week_to_show(TWO_SEASONS, utc(now))
            assert shown == (2023, week)
            assert sentence.startswith(
                f"2023 week {week}, the week due, is chosen because the season is over and "
                f"2024 week 1 is projected from 2024-08-2"
            )
        # Without the Super Bowl in the schedule, play-offs may be added to it.
        unpaired = [one for one in TWO_SEASONS if one != SUPER_BOWL]
        _, sentence = week_to_show(unpaired, utc("2024-01-16T08:00"))
        assert "season is over" not in sentence

    def test_before_the_next_kick_off_of_two_open_weeks(self) -> None:
        games = (
            game(2024, 1, "2024-09-08T17:00"),
            game(2024, 2, "2024-09-15T17:00"),
            game(2024, 2, "2024-09-25T23:00"),
            game(2024, 3, "2024-09-20T00:15"),
            game(2024, 3, "2024-09-22T17:00"),
            game(2024, 4, "2024-09-29T17:00"),
        )
        assert weeks_to_project(games, utc("2024-09-21T08:00")) == [(2024, 3), (2024, 4)]
        # The postponed game is the next one to kick off.
        assert weeks_to_project(games, utc("2024-09-24T08:00")) == [(2024, 2), (2024, 4)]


class TestToJson:
    def test_has_exactly_these_keys_and_values(self) -> None:
        status = week_status(TWO_SEASONS, utc("2023-09-10T08:00"))
        assert json.loads(json.dumps(status.to_json())) == {
            "at": "2023-09-10T08:00:00+00:00",
            "phase": "regular",
            "due": {"season": 2023, "week": 1},
            "last_completed": None,
            "in_progress": {"season": 2023, "week": 1},
            "upcoming": {"season": 2023, "week": 2},
            "complete": False,
            "projecting": {"season": 2023, "week": 1},
        }

    def test_unknown_upcoming_is_null(self) -> None:
        parsed = week_status(TWO_SEASONS, utc("2024-09-17T08:00")).to_json()
        assert parsed["upcoming"] is None
        assert parsed["in_progress"] is None
        assert parsed["last_completed"] == {"season": 2024, "week": 2}


class TestSchedule:
    def test_weeks_of(self) -> None:
        assert weeks_of(TWO_SEASONS[::-1], 2023) == (1, 2, 3, 4)
        assert weeks_of(TWO_SEASONS, 2024) == (1, 2)
        assert weeks_of(TWO_SEASONS, 1998) == ()

    def test_next_week_stays_in_the_season_and_skips_gaps(self) -> None:
        games = (*TWO_SEASONS, game(2024, 5, "2024-10-06T17:00"))
        assert next_week(games, SeasonWeek(2023, 2)) == SeasonWeek(2023, 3)
        assert next_week(games, SeasonWeek(2024, 2)) == SeasonWeek(2024, 5)
        assert next_week(games, SeasonWeek(2024, 3)) == SeasonWeek(2024, 5)
        assert next_week(games, SeasonWeek(2023, 4)) is None
        assert next_week(games, SeasonWeek(1998, 1)) is None


class TestGamesFromTable:
    @staticmethod
    def table(kickoffs: list[datetime | None], zone: str | None = "UTC") -> pa.Table:
        count = len(kickoffs)
        return pa.table(
            {
                "season": pa.array([2024] * count, pa.int32()),
                "week": pa.array([1] * count, pa.int32()),
                "game_id": [f"2024_01_BAL_KC{n}" for n in range(count)],
                "game_type": ["REG"] * count,
                "kickoff": pa.array(kickoffs, pa.timestamp("us", tz=zone)),
                "home_team": ["KC"] * count,
                "away_team": ["BAL"] * count,
                "home_score": pa.array([27, None][:count], pa.int32()),
                "away_score": pa.array([20, None][:count], pa.int32()),
                "stadium": ["GEHA Field at Arrowhead Stadium"] * count,
            }
        )

    def test_one_game_per_row(self) -> None:
        kickoff = utc("2024-09-06T00:20")
        assert games_from_table(self.table([kickoff, kickoff + GAME_LENGTH])) == (
            Game(2024, 1, "2024_01_BAL_KC0", "REG", kickoff, "KC", "BAL", True),
            Game(2024, 1, "2024_01_BAL_KC1", "REG", kickoff + GAME_LENGTH, "KC", "BAL", False),
        )

    def test_kickoffs_are_utc(self) -> None:
        (only,) = games_from_table(self.table([utc("2024-09-06T00:20")], "America/New_York"))
        assert only.kickoff.tzinfo is timezone.utc
        assert only.kickoff == utc("2024-09-06T00:20")

    def test_a_game_without_kickoff_is_refused(self) -> None:
        with pytest.raises(PipelineError, match="2024_01_BAL_KC1 has no kick-off time"):
            games_from_table(self.table([utc("2024-09-06T00:20"), None]))

    def test_a_kickoff_without_zone_is_refused(self) -> None:
        with pytest.raises(PipelineError, match="2024_01_BAL_KC0 has no kick-off time in UTC"):
            games_from_table(self.table([datetime(2024, 9, 6, 0, 20)], zone=None))

    def test_no_rows_are_no_games(self) -> None:
        assert games_from_table(self.table([])) == ()


def test_the_module_needs_the_standard_library_only() -> None:
    code = (
        "import sys, fantasy_pipeline.football.calendar; "
        "print([m for m in ('pandas', 'pyarrow', 'duckdb', 'dagster') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


START = utc("2023-09-01T00:00")
MOMENTS = st.integers(0, 3 * 366 * 24 * 4).map(lambda quarter: START + quarter * 15 * MINUTE)
"""Quarters of an hour, so that kick-offs, ends of games and `now` often coincide."""
SCHEDULES = st.lists(
    st.builds(
        Game,
        season=st.integers(2023, 2025),
        week=st.integers(1, 22),
        game_id=st.just("any"),
        game_type=st.sampled_from(["REG", "REG", "REG", "WC", "SB"]),
        kickoff=MOMENTS,
        home_team=st.just("KC"),
        away_team=st.just("BUF"),
        has_score=st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None)
@given(games=SCHEDULES, now=MOMENTS)
def test_any_schedule_gets_a_status_that_its_games_bear_out(
    games: list[Game], now: datetime
) -> None:
    over = [one for one in games if is_over(one, now)]
    if not over:
        with pytest.raises(PipelineError, match="No game"):
            week_status(games, now)
        return
    status = week_status(games, now)

    def of(sw: SeasonWeek) -> list[Game]:
        return [one for one in games if (one.season, one.week) == sw]

    assert any(is_over(one, now) for one in of(status.due))
    assert status.due.season == max(one.season for one in over)
    assert status.complete == all(is_over(one, now) for one in of(status.due))
    latest_over = max((one.season, one.week) for one in over)
    season = [one for one in games if one.season == status.due.season]
    ended = all(one.kickoff + GAME_LENGTH + SEASON_TAIL <= now for one in season)
    assert (status.phase in ("offseason", "preseason")) == ended
    if ended:
        assert status.complete
        assert status.due <= latest_over
    else:
        assert status.due == latest_over
    if status.last_completed:
        assert all(is_over(one, now) for one in of(status.last_completed))
        assert status.last_completed <= latest_over
    if status.in_progress:
        assert any(one.kickoff <= now for one in of(status.in_progress))
        assert not all(is_over(one, now) for one in of(status.in_progress))
    else:
        assert all(
            is_over(one, now)
            for other in games
            if other.kickoff <= now
            for one in of(SeasonWeek(other.season, other.week))
        )
    ahead = [one for one in games if now < one.kickoff]
    if status.projecting:
        first = min(one.kickoff for one in ahead)
        assert first in {one.kickoff for one in of(status.projecting)}
    elif ahead:
        assert min(one.kickoff for one in ahead) > now + PROJECTION_LEAD
    if status.upcoming:
        assert all(now < one.kickoff for one in of(status.upcoming))
    json.dumps(status.to_json())


@settings(deadline=None)
@given(games=SCHEDULES, moments=st.tuples(MOMENTS, MOMENTS))
def test_due_goes_back_only_to_the_last_regular_week_as_the_off_season_starts(
    games: list[Game], moments: tuple[datetime, datetime]
) -> None:
    earlier, later = sorted(moments)
    if not any(is_over(one, earlier) for one in games):
        return
    before, after = week_status(games, earlier), week_status(games, later)
    if after.due < before.due:
        assert before.phase in ("regular", "postseason")
        assert after.phase in ("offseason", "preseason")
        regular = [one for one in games if one.game_type == "REG"]
        last = max(one.week for one in regular if one.season == before.due.season)
        assert after.due == (before.due.season, last)
    assert before.last_completed is None or (
        after.last_completed is not None and before.last_completed <= after.last_completed
    )
