"""The plan of imports, on schedules small enough to read and on the real one."""

from datetime import datetime, timedelta, timezone

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.football import import_calendar as automation
from fantasy_pipeline.football.calendar import (
    GAME_LENGTH,
    Game,
    next_kickoff,
    projected_from,
    why_nothing_is_projected,
)
from fantasy_pipeline.football.import_calendar import (
    CORRECTION_LAG,
    PHASES,
    Import,
    missing_imports,
    phases_at,
    planned_imports,
)
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.operations.week_runs import weeks_to_follow
from fantasy_pipeline.orchestration.runs.import_state import IMPORT_JOBS, WEEK_JOBS, running_weeks
from fantasy_pipeline_tests.football.test_calendar import MOMENTS, SCHEDULES

W1, W2, W3 = (SeasonWeek(2024, week) for week in (1, 2, 3))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def game(week: int, kickoff: str) -> Game:
    return Game(2024, week, f"2024_{week:02d}_{kickoff}", "REG", utc(kickoff), "KC", "BUF", False)


# Thursday to Monday; week 2 has a Tuesday game, week 3 one on a Wednesday.
GAMES = (
    game(1, "2024-09-06T00:20"),
    game(1, "2024-09-10T00:15"),
    game(2, "2024-09-13T00:15"),
    game(2, "2024-09-17T23:00"),
    game(3, "2024-09-20T00:15"),
    game(3, "2024-09-25T20:40"),
)


def phases(week: SeasonWeek) -> list[tuple[str, str]]:
    items = planned_imports(GAMES).get(week, [])
    return [(item.phase, f"{item.due_at:%a %m-%d %H}") for item in items]


class TestMoments:
    def test_normal_week_is_provisional_on_tuesday_and_final_on_thursday(self) -> None:
        assert phases(W1) == [("provisional", "Tue 09-10 08"), ("final", "Thu 09-12 12")]

    def test_tuesday_game_is_imported_the_morning_after_it(self) -> None:
        assert phases(W2) == [
            ("provisional", "Tue 09-17 08"),
            ("completed", "Wed 09-18 08"),
            ("final", "Thu 09-19 12"),
        ]

    def test_wednesday_game_is_final_a_week_later(self) -> None:
        assert phases(W3) == [
            ("provisional", "Tue 09-24 08"),
            ("completed", "Thu 09-26 08"),
            ("final", "Thu 10-03 12"),
        ]

    def test_unknown_week_has_none(self) -> None:
        assert phases(SeasonWeek(2024, 9)) == []

    @pytest.mark.parametrize(
        ("now", "phase"),
        [
            ("2024-09-07T00:00", "in_progress"),
            ("2024-09-10T07:59", "in_progress"),
            ("2024-09-10T08:00", "provisional"),
            ("2024-09-12T11:59", "provisional"),
            ("2024-09-12T12:00", "final"),
            ("2030-01-01T00:00", "final"),
        ],
    )
    def test_phase_is_by_the_clock(self, now: str, phase: str) -> None:
        assert automation.phases_at(GAMES, [W1], utc(now)) == {W1: phase}

    def test_a_week_that_the_schedule_lacks_is_provisional(self) -> None:
        week = SeasonWeek(2024, 9)
        assert phases_at(GAMES, [week], utc("2024-09-07T00:00")) == {week: "provisional"}

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            ("2024-09-06T04:49", {}),
            ("2024-09-06T04:50", {W1: [GAMES[0]]}),
            ("2024-09-10T07:59", {W1: list(GAMES[:2])}),
            ("2024-09-10T08:00", {}),
            # Week 2 has a game on Tuesday night: it is provisional all the same.
            ("2024-09-17T08:00", {}),
            ("2020-01-01T00:00", {}),
        ],
    )
    def test_weeks_in_progress_have_their_games_that_are_over(
        self, now: str, expected: dict[SeasonWeek, list[Game]]
    ) -> None:
        """By the clock: the schedule of a replay has the scores of games to come."""
        scored = [game._replace(has_score=True) for game in GAMES]
        for games in (GAMES, scored):
            found = automation.weeks_in_progress(games, utc(now))
            assert {week: [g.game_id for g in over] for week, over in found.items()} == {
                week: [g.game_id for g in over] for week, over in expected.items()
            }


class TestPlan:
    def test_an_import_in_progress_stands_for_no_other(self) -> None:
        items = missing_imports(GAMES, {W1: {"in_progress"}}, utc("2024-09-10T08:00"))
        assert items == [Import(utc("2024-09-10T08:00"), W1, "provisional")]

    def test_newest_first_and_only_the_latest_phase(self) -> None:
        items = missing_imports(GAMES, {}, utc("2024-09-18T08:00"))
        assert [(item.week, item.phase) for item in items] == [(W2, "completed"), (W1, "final")]

    def test_imported_phase_is_left_out_and_a_later_one_counts(self) -> None:
        now = utc("2024-09-10T09:00")
        assert missing_imports(GAMES, {W1: {"provisional"}}, now) == []
        assert missing_imports(GAMES, {W1: {"final"}}, now) == []

    def test_provisional_import_does_not_stand_for_the_final_one(self) -> None:
        items = missing_imports(GAMES, {W1: {"provisional"}}, utc("2024-09-12T12:00"))
        assert items == [Import(utc("2024-09-12T12:00"), W1, "final")]
        assert items[0].key == "2024-01-final"

    def test_grace(self) -> None:
        hours = timedelta(hours=2)
        assert missing_imports(GAMES, {}, utc("2024-09-10T09:59"), hours) == []
        assert len(missing_imports(GAMES, {}, utc("2024-09-10T10:00"), hours)) == 1

    def test_before_the_first_moment_and_after_a_year_nothing_is_due(self) -> None:
        assert missing_imports(GAMES, {}, utc("2024-09-10T07:59")) == []
        assert missing_imports(GAMES, {}, utc("2025-12-01T00:00")) == []

    def test_moved_game_moves_the_plan(self) -> None:
        moved = [*GAMES[:1], GAMES[1]._replace(kickoff=utc("2024-09-11T23:00"))]
        assert [i.phase for i in missing_imports(moved, {}, utc("2024-09-12T12:00"))] == [
            "completed"
        ]

    def test_all_imports_are_in_time_order(self) -> None:
        items = automation.imports_due_between(
            GAMES, utc("2024-09-10T08:00"), utc("2024-09-18T08:00")
        )
        assert [(i.week.week, i.phase) for i in items] == [
            (1, "provisional"),
            (1, "final"),
            (2, "provisional"),
            (2, "completed"),
        ]

    def test_next_import_and_next_kickoff(self) -> None:
        now = utc("2024-09-12T12:00")
        following = automation.next_import(GAMES, now)
        assert following is not None
        assert following.key == "2024-02-provisional"
        assert automation.next_import(GAMES, utc("2025-01-01T00:00")) is None
        assert next_kickoff(GAMES, now) == GAMES[2]
        assert next_kickoff(GAMES, now, now + timedelta(hours=1)) is None


# Any schedule, at any moment


@given(games=SCHEDULES)
def test_nothing_is_imported_before_it_was_played(games: list[Game]) -> None:
    for week in {SeasonWeek(game.season, game.week) for game in games}:
        over = [g.kickoff + GAME_LENGTH for g in games if (g.season, g.week) == week]
        planned = planned_imports(games)[week]
        phases = [PHASES.index(item.phase) for item in planned]
        assert phases == sorted(set(phases))
        assert planned[-1].phase == "final"
        assert planned[0].due_at >= min(over)
        assert planned[-1].due_at >= max(over) + CORRECTION_LAG
        assert sorted(planned, key=lambda item: item.due_at) == planned


@given(games=SCHEDULES, moments=st.tuples(MOMENTS, MOMENTS))
def test_a_phase_is_never_taken_back(games: list[Game], moments: tuple[datetime, datetime]) -> None:
    earlier, later = sorted(moments)
    for week in {SeasonWeek(game.season, game.week) for game in games}:
        before, after = (phases_at(games, [week], moment)[week] for moment in (earlier, later))
        assert PHASES.index(before) <= PHASES.index(after)


@given(games=SCHEDULES, now=MOMENTS)
def test_the_plan_is_of_the_past_and_once_per_week(games: list[Game], now: datetime) -> None:
    items = missing_imports(games, {}, now)
    assert all(item.due_at <= now for item in items)
    assert len({item.week for item in items}) == len(items)
    # What was imported is not planned again.
    assert missing_imports(games, {item.week: [item.phase] for item in items}, now) == []


@given(games=SCHEDULES, now=MOMENTS)
def test_a_week_in_progress_has_no_import_that_counts(games: list[Game], now: datetime) -> None:
    for week, over in automation.weeks_in_progress(games, now).items():
        assert phases_at(games, [week], now) == {week: "in_progress"}
        assert all(item.due_at > now for item in planned_imports(games)[week])
        assert over
        assert all(game.kickoff + GAME_LENGTH <= now for game in over)


class TestWeeksToFollow:
    GAMES = (
        Game(2023, 18, "2023_18", "REG", utc("2024-01-07T18:00"), "KC", "BUF", True),
        Game(2023, 19, "2023_19", "WC", utc("2024-01-14T18:00"), "KC", "BUF", True),
        *GAMES,
    )
    LAST = SeasonWeek(2023, 18)

    def test_the_first_week_follows_the_season_before(self) -> None:
        assert weeks_to_follow(self.GAMES, self.LAST, utc("2024-08-30T12:00")) == [W1]

    def test_not_months_before_it(self) -> None:
        assert weeks_to_follow(self.GAMES, self.LAST, utc("2024-05-01T12:00")) == []
        why = why_nothing_is_projected(self.GAMES, utc("2024-05-01T12:00"))
        begin = f"{projected_from(self.GAMES, W1):%Y-%m-%d}"
        assert why == f"{W1} is projected from {begin} on, 14 days before its first game"
        why = why_nothing_is_projected(self.GAMES, utc("2031-05-01T12:00"))
        assert why == "the NFL schedule has no upcoming week"

    def test_a_played_week_does_not_follow(self) -> None:
        scored = [game._replace(has_score=True) for game in self.GAMES]
        assert weeks_to_follow(scored, W1, utc("2024-09-18T12:00")) == []
        assert weeks_to_follow(scored, W2, utc("2024-09-18T12:00")) == [W3]
        assert weeks_to_follow(self.GAMES, W3, utc("2024-09-26T12:00")) == []

    def test_the_running_week_follows_until_its_last_kick_off(self) -> None:
        """W2 has kicked off and none of its games is over: W1 is still due."""
        now = GAMES[2].kickoff + timedelta(hours=1)
        assert weeks_to_follow(self.GAMES, W1, now) == [W2, W3]
        # Once its first game is over, W2 is due; it does not follow itself.
        over = GAMES[2].kickoff + timedelta(hours=5)
        assert weeks_to_follow(self.GAMES, W2, over) == [W3]
        assert weeks_to_follow(self.GAMES, W1, over) == [W2]

    def test_a_week_over_by_the_clock_that_upstream_lacks_does(self) -> None:
        """An old schedule, e.g. of a mirror: games that it lacks were not played."""
        assert weeks_to_follow(self.GAMES, W1, utc("2026-11-18T12:00")) == [W2]


def test_the_sample_leagues_requests_are_not_the_nfls() -> None:
    import fantasy_pipeline.definitions  # noqa: F401 - quiets Dagster's warnings
    from fantasy_pipeline.orchestration.sensors import _Cursor, to_request

    now = utc("2024-09-10T12:00")
    items = planned_imports(GAMES)[W1][:1]
    key = items[0].key
    nfl, sample = {items[0]: key}, {items[0]: f"sample-{key}"}
    seen = _Cursor(now, [key, f"sample-{key}"], [f"sample-{key}"])
    assert to_request(nfl, seen, set(), now) == items
    assert to_request(sample, seen, set(), now) == []
    seen = _Cursor(now, [f"sample-{key}"], [])
    assert to_request(nfl, seen, set(), now) == []
    assert to_request(sample, seen, set(), now) == items


def test_whatever_makes_a_week_counts_as_running() -> None:
    from fantasy_pipeline.definitions import defs

    with dg.DagsterInstance.ephemeral() as instance:

        def start(name: str, *assets: str, **tags: str) -> str:
            job = (
                defs.resolve_implicit_global_asset_job_def()
                if assets
                else defs.resolve_job_def(name)
            )
            assert job.name == name
            tags = {f"dagster/{key}": text for key, text in tags.items()}
            return instance.create_run_for_job(
                job,
                status=dg.DagsterRunStatus.STARTED,
                tags=tags,
                asset_selection=frozenset(dg.AssetKey(asset) for asset in assets) or None,
            ).run_id

        start("__ASSET_JOB", "weekly_report", partition="2024|01")
        start("report_week", partition="2024|01")
        ui = start("__ASSET_JOB", "weekly_stats", partition="2024|02")
        ends = {
            f"asset_partition_range_{end}": key
            for end, key in (("start", "2024|03"), ("end", "2024|04"))
        }
        backfill = start("season_projections", **ends)
        imports = running_weeks(instance, IMPORT_JOBS, "auto")
        assert {week: run.run_id for week, run in imports.items()} == {W2: ui}
        both = running_weeks(instance, WEEK_JOBS, "auto")
        assert {week: run.run_id for week, run in both.items()} == {
            W2: ui,
            W3: backfill,
            SeasonWeek(2024, 4): backfill,
        }
        assert running_weeks(instance, WEEK_JOBS, "sample").keys() == both.keys()
