"""Requests of the Dagster schedules and sensors, over the real NFL schedule.

The Tuesday schedule is also tested over the sample league's.
"""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.operations.execute import execute
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.import_state import imported_phases
from fantasy_pipeline.orchestration.schedules import ALL_SCHEDULES
from fantasy_pipeline.orchestration.sensors import CATCH_UP_PER_TICK, catch_up, projection_requests
from fantasy_pipeline_tests.orchestration.runs.empty_history import WithHistory, opened
from fantasy_pipeline_tests.rows import Rows
from fantasy_pipeline_tests.system.replay import record_imports, write_schedule

# Dagster's own tags of multi-dimensional partitions.
pytestmark = pytest.mark.filterwarnings("ignore:Non-compliant tag keys:DeprecationWarning")


SCHEDULES = {schedule.name: schedule for schedule in ALL_SCHEDULES}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.fixture
def empty_instance(
    tmp_path: Path, with_history: WithHistory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("FANTASY_DATA", str(tmp_path / "data"))
    with opened(with_history(tmp_path / "instance")) as instance:
        yield instance


@pytest.fixture
def instance(
    empty_instance: dg.DagsterInstance, nfl_mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> dg.DagsterInstance:
    """The same, beside the real files."""
    monkeypatch.setenv("NFLVERSE_MIRROR", str(nfl_mirror))
    return empty_instance


def evaluated(instance: dg.DagsterInstance, name: str, at: str, nfl: NflData | None = None) -> Any:
    """Return the result of a schedule's tick."""
    with dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=utc(at),
        resources={"nfl": nfl or NflData()},
        repository_def=defs.get_repository_def(),
    ) as context:
        return SCHEDULES[name].evaluate_tick(context)


def tick(instance: dg.DagsterInstance, name: str, at: str, nfl: NflData | None = None) -> Any:
    """Return the requested partition keys, or the skip reason."""
    data = evaluated(instance, name, at, nfl)
    return [request.partition_key for request in data.run_requests or ()] or data.skip_message


@pytest.mark.parametrize(
    ("name", "at", "expected"),
    [
        ("tuesday_import", "2024-09-17T08:00", ["2024|02"]),
        ("thursday_final_import", "2024-09-19T12:00", ["2024|02"]),
        ("tuesday_import", "2025-01-14T08:00", ["2024|19"]),  # wild-card week
        ("thursday_final_import", "2025-02-13T12:00", ["2024|22"]),  # Super Bowl
        ("tuesday_import", "2020-12-08T08:00", ["2020|13", "2020|12"]),  # and a Wednesday game
        ("thursday_final_import", "2020-12-10T12:00", ["2020|13", "2020|12"]),
        ("tuesday_import", "2025-05-06T08:00", ["2024|18"]),  # off-season, never imported
        ("running_week_import", "2024-09-20T08:00", ["2024|03"]),  # Friday
        ("running_week_import", "2024-11-30T12:00", ["2024|13"]),  # after Black Friday
        ("running_week_import", "2024-12-26T08:00", ["2024|17"]),  # after Christmas, a Wednesday
        ("running_week_import", "2025-01-12T08:00", ["2024|19"]),  # after wild-card Saturday
        ("running_week_import", "2024-09-23T08:00", ["2024|03"]),  # Monday
        ("daily_projections", "2024-09-18T14:00", ["2024|03"]),
        ("daily_projections", "2024-09-22T14:00", ["2024|03", "2024|04"]),  # Sunday
        ("daily_projections", "2024-09-01T14:00", ["2024|01"]),
        ("thursday_kickoff_projections", "2024-09-19T23:00", ["2024|03"]),
        ("thursday_kickoff_projections", "2024-11-28T16:00", ["2024|13"]),  # Thanksgiving
        ("daily_news", "2024-09-23T14:00", ["2024|03", "2024|04"]),  # Monday, before the game
        ("daily_news", "2024-09-24T14:00", ["2024|04"]),
        ("daily_games", "2025-05-06T06:00", [None]),
    ],
)
def test_asks_for(instance: dg.DagsterInstance, name: str, at: str, expected: list[Any]) -> None:
    assert tick(instance, name, at) == expected


@pytest.mark.parametrize(
    ("name", "at", "expected"),
    [
        ("running_week_import", "2024-09-19T08:00", "no week is in progress with a game that is"),
        ("running_week_import", "2025-05-05T08:00", "no week is in progress with a game that is"),
        ("daily_projections", "2025-05-07T14:00", "no game kicks off within 336 hours; the next"),
        ("daily_news", "2025-05-06T14:00", "no game kicks off within 336 hours; the next"),
        ("thursday_kickoff_projections", "2024-09-19T16:00", "no game kicks off within 7 hours"),
        ("thursday_kickoff_projections", "2025-07-03T23:00", "no game kicks off within 7 hours"),
    ],
)
def test_says_why_not(instance: dg.DagsterInstance, name: str, at: str, expected: str) -> None:
    assert tick(instance, name, at).startswith(expected)


def test_imported_week_is_not_asked_for_again(instance: dg.DagsterInstance) -> None:
    before = {SeasonWeek(2023, week): "final" for week in range(1, 23)}
    before[SeasonWeek(2024, 1)] = "final"
    record_imports(instance, {**before, SeasonWeek(2024, 2): "provisional"}, {})
    why = tick(instance, "tuesday_import", "2024-09-17T08:00")
    assert why == ("every due week is imported; next: 2024 week 2 final on 2024-09-19 12:00 UTC")
    assert tick(instance, "thursday_final_import", "2024-09-19T12:00") == ["2024|02"]


def test_off_season_reason_names_the_due_week_and_the_next_import(
    instance: dg.DagsterInstance,
) -> None:
    record_imports(instance, {SeasonWeek(2024, 18): "final"}, {})
    why = tick(instance, "tuesday_import", "2025-05-06T08:00")
    assert why == (
        "offseason: the due week, 2024 week 18, is imported; "
        "next: 2025 week 1 provisional on 2025-09-09 08:00 UTC"
    )


def test_late_tick_does_not_call_final_stats_provisional(instance: dg.DagsterInstance) -> None:
    sunday = NflData(at=utc("2024-09-22T09:00").isoformat())
    why = tick(instance, "tuesday_import", "2024-09-17T08:00", sunday)
    assert why.startswith("2024 week 2 lacks its final import, which catch_up will request; next: ")
    assert tick(instance, "thursday_final_import", "2024-09-19T12:00", sunday) == ["2024|02"]


@pytest.mark.parametrize(
    ("name", "at", "expected"),
    [
        ("tuesday_import", "2024-09-17T08:00", {"week": "2", "phase": "provisional"}),
        ("thursday_final_import", "2024-09-19T12:00", {"week": "2", "phase": "final"}),
        ("running_week_import", "2024-09-23T08:00", {"week": "3", "phase": "in_progress"}),
        ("daily_projections", "2024-09-18T14:00", {"week": "3"}),
        ("thursday_kickoff_projections", "2024-09-19T23:00", {"week": "3"}),
        ("daily_news", "2024-09-17T14:00", {"week": "3"}),
        ("daily_games", "2024-09-18T06:00", {}),
    ],
)
def test_requests_are_tagged(
    instance: dg.DagsterInstance, name: str, at: str, expected: dict[str, str]
) -> None:
    (request,) = evaluated(instance, name, at).run_requests
    if expected:
        expected = {**expected, "season": "2024", "as_of": f"{at}:00+00:00"}
    assert own_tags(request) == {**expected, "source": "auto", "trigger": "schedule"}


def test_the_running_week_is_imported_until_the_lake_has_its_games(
    instance: dg.DagsterInstance, rows: Rows
) -> None:
    """The lake decides, so upstream is asked again at noon, and a game is imported once."""
    week, lake = SeasonWeek(2024, 3), NflData().lake

    def store(*teams: str) -> None:
        lines = ({**week._asdict(), "player_id": team, "team": team} for team in teams)
        lake.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, *lines), [week])

    (early,) = evaluated(instance, "running_week_import", "2024-09-20T08:00").run_requests
    store("NE")  # of one team only
    (noon,) = evaluated(instance, "running_week_import", "2024-09-20T12:00").run_requests
    assert early.run_key == "2024-09-20T08-2024|03-in_progress"
    assert noon.run_key == "2024-09-20T12-2024|03-in_progress"
    store("NE", "NYJ")
    for at in ("2024-09-20T12:00", "2024-09-22T08:00"):
        why = tick(instance, "running_week_import", at)
        assert why == "2024 week 3 so far: stats of 1 of 16 games"
    assert tick(instance, "running_week_import", "2024-09-23T08:00") == ["2024|03"]
    run_id = start(instance, "weekly_import", 2024, 3)
    why = tick(instance, "running_week_import", "2024-09-23T08:00")
    assert why == f"2024 week 3 is being imported by run {run_id}"
    # A tick that runs late, on Tuesday, leaves the week to its provisional import.
    late = NflData(at=utc("2024-09-24T08:10").isoformat())
    why = tick(instance, "running_week_import", "2024-09-23T08:00", late)
    assert why == "no week is in progress with a game that is over"


def test_an_import_in_progress_is_none(instance: dg.DagsterInstance) -> None:
    before = {SeasonWeek(2023, week): "final" for week in range(1, 23)}
    before[SeasonWeek(2024, 1)] = "final"
    week = SeasonWeek(2024, 2)
    record_imports(instance, {**before, week: "in_progress"}, {})
    assert imported_phases(instance, [week], None) == {}
    data = caught_up(instance, "2024-09-16T12:00", None)
    assert data.skip_message.startswith("every due week is imported; next: 2024-02-provisional")
    assert tick(instance, "tuesday_import", "2024-09-17T08:00") == ["2024|02"]
    record_imports(instance, {week: "provisional"}, {})
    assert imported_phases(instance, [week], None) == {week: {"provisional"}}
    # A replay with --at writes a part of the week over the whole one.
    record_imports(instance, {week: "in_progress"}, {})
    assert imported_phases(instance, [week], None) == {}
    record_imports(instance, {week: "final"}, {})
    assert imported_phases(instance, [week], None) == {week: {"provisional", "final"}}


def test_tuesday_of_the_sample_league(empty_instance: dg.DagsterInstance) -> None:
    """Its clock stands still, on the Tuesday after week 9 of 2025; nothing real is read."""
    nfl = NflData(source="sample")
    (request,) = evaluated(empty_instance, "tuesday_import", "2026-09-15T08:00", nfl).run_requests
    assert request.partition_key == "2025|09"
    assert request.run_key == "2026-09-15-2025|09-provisional"
    assert own_tags(request) == {
        "season": "2025",
        "week": "9",
        "phase": "provisional",
        "as_of": "2025-11-04T08:00:00+00:00",
        "source": "sample",
        "trigger": "schedule",
    }


def own_tags(request: dg.RunRequest) -> dict[str, str]:
    """Return the tags of a request without Dagster's."""
    return {key: text for key, text in request.tags.items() if "/" not in key}


def caught_up(instance: dg.DagsterInstance, at: str, cursor: str | None) -> Any:
    """Return the result of a tick of `catch_up`."""
    with dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        resources={"nfl": NflData(at=utc(at).isoformat())},
        repository_def=defs.get_repository_def(),
    ) as context:
        return catch_up.evaluate_tick(context)


def test_catch_up_asks_for_the_newest_few_a_tick(instance: dg.DagsterInstance) -> None:
    asked, cursor = [], None
    for minute in ("00", "05", "10", "15"):
        data = caught_up(instance, f"2024-10-04T00:{minute}", cursor)
        cursor = data.cursor
        asked.append([request.partition_key for request in data.run_requests or ()])
        for request in data.run_requests or ():
            season, week = SeasonWeek.from_key(request.partition_key)
            assert own_tags(request) == {
                "season": str(season),
                "week": str(week),
                "source": "auto",
                "trigger": "sensor",
                "phase": "final",
                "as_of": f"2024-10-04T00:{minute}:00+00:00",
            }
            assert request.tags["dagster/priority"] == "-1", "other runs go first"
    # The first tick only looks.
    assert asked[0] == []
    assert asked[1] == ["2024|04", "2024|03"]
    assert asked[2] == ["2024|02", "2024|01"]
    assert len(asked[3]) == CATCH_UP_PER_TICK  # the season before


def test_import_requested_in_vain_names_the_command(instance: dg.DagsterInstance) -> None:
    imported = {SeasonWeek(2023, week): "final" for week in range(1, 23)}
    imported |= {SeasonWeek(2024, week): "final" for week in range(1, 4)}
    record_imports(instance, imported, {})
    reasons, cursor = [], None
    for minute in ("00", "05", "10"):
        data = caught_up(instance, f"2024-10-04T00:{minute}", cursor)
        reasons.append(data.skip_message)
        cursor = data.cursor
    assert reasons == [
        "missing or being imported: 2024-04-final; requested on the next tick",
        None,
        "requested once and still missing: 2024-04-final; "
        "run fantasy-pipeline trigger --season 2024 --week 4",
    ]


@pytest.mark.parametrize("loss", ["a season is deleted", "another folder"])
def test_lost_weeks_are_imported_again(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    imported = {SeasonWeek(2023, week): "final" for week in range(1, 23)}
    imported |= {SeasonWeek(2024, week): "final" for week in range(1, 4)}
    record_imports(instance, imported, {})
    # The newest week was requested by the sensor itself: its usual key is used up.
    data = caught_up(instance, "2024-10-04T00:00", None)
    (request,) = caught_up(instance, "2024-10-04T00:05", data.cursor).run_requests
    assert request.run_key == "2024-04-final"
    record_imports(instance, {SeasonWeek(2024, 4): "final"}, {})
    data = caught_up(instance, "2024-10-04T00:10", data.cursor)
    assert data.skip_message.startswith("every due week is imported; next: ")

    if loss == "another folder":
        monkeypatch.setenv("FANTASY_DATA", str(tmp_path / "empty"))
    else:
        shutil.rmtree(f"{NflData().lake.root}/weekly_stats/season=2024")
    data = caught_up(instance, "2024-10-04T00:15", data.cursor)
    assert data.skip_message.startswith("missing or being imported: 2024-04-final, 2024-03-final")
    data = caught_up(instance, "2024-10-04T00:20", data.cursor)
    assert [request.partition_key for request in data.run_requests] == ["2024|04", "2024|03"]
    newest = instance.get_latest_materialization_event(dg.AssetKey("weekly_stats"))
    assert newest is not None
    moment = datetime.fromtimestamp(newest.timestamp, timezone.utc)
    assert data.run_requests[0].run_key == f"2024-04-final-lost-{moment:%Y%m%dT%H%M%S}"
    # Each lost import is requested once.
    data = caught_up(instance, "2024-10-04T00:25", data.cursor)
    assert [request.partition_key for request in data.run_requests] == ["2024|02", "2024|01"]


def test_moved_game_moves_the_plan_once_the_schedule_is_refreshed(
    instance: dg.DagsterInstance,
    nfl_mirror: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A Monday game of week 5, played on Tuesday night."""
    write_schedule(nfl_mirror, tmp_path / "announced")
    write_schedule(nfl_mirror, tmp_path / "moved", {"2024_05_NO_KC": "2024-10-08 19:00"})
    imported = {SeasonWeek(2023, week): "final" for week in range(1, 23)}
    imported |= {SeasonWeek(2024, week): "final" for week in range(1, 5)}
    record_imports(instance, {**imported, SeasonWeek(2024, 5): "provisional"}, {})

    monkeypatch.setenv("NFLVERSE_MIRROR", str(tmp_path / "announced"))
    assert execute(instance, "games_refresh", "auto", {}).errors == ()
    monkeypatch.setenv("NFLVERSE_MIRROR", str(tmp_path / "moved"))
    reasons, cursor = [], None
    for minute in ("05", "10"):
        data = caught_up(instance, f"2024-10-09T10:{minute}", cursor)
        reasons.append(data.skip_message)
        cursor = data.cursor
    assert set(reasons) == {
        "every due week is imported; next: 2024-05-final on 2024-10-10 12:00 UTC"
    }

    assert execute(instance, "games_refresh", "auto", {}).errors == ()
    data = caught_up(instance, "2024-10-09T10:15", cursor)
    assert data.skip_message.startswith("missing or being imported: 2024-05-completed;")
    data = caught_up(instance, "2024-10-09T10:20", data.cursor)
    (request,) = data.run_requests
    assert (request.partition_key, request.tags["phase"]) == ("2024|05", "completed")


def start(instance: dg.DagsterInstance, job: str, season: int, week: int, **tags: str) -> str:
    """A run that is under way."""

    @dg.job(name=job)
    def started() -> None:
        pass

    tags |= {"season": str(season), "week": str(week)}
    return instance.create_run_for_job(
        started, status=dg.DagsterRunStatus.STARTED, tags=tags
    ).run_id


def test_week_under_way_is_not_asked_for_twice(instance: dg.DagsterInstance) -> None:
    # Another job's run of the week does not count, nor one of the sample league's week.
    start(instance, "games_refresh", 2024, 2)
    start(instance, "weekly_import", 2024, 2, source="sample")
    assert tick(instance, "tuesday_import", "2024-09-17T08:00") == ["2024|02"]
    run_id = start(instance, "weekly_import", 2024, 2, source="nflreadpy")
    reason = tick(instance, "tuesday_import", "2024-09-17T08:00")
    assert reason == f"2024 week 2 is being imported by run {run_id}"


def test_of_two_weeks_the_one_under_way_does_not_hold_up_the_other(
    instance: dg.DagsterInstance,
) -> None:
    both = tick(instance, "tuesday_import", "2020-12-08T08:00")
    assert len(both) == 2
    first, second = (SeasonWeek.from_key(key) for key in both)
    start(instance, "weekly_import", *first)
    assert tick(instance, "tuesday_import", "2020-12-08T08:00") == [second.key]
    start(instance, "weekly_import", *second)
    reason = tick(instance, "tuesday_import", "2020-12-08T08:00")
    assert f"{first} is being imported" in reason
    assert f"{second} is being imported" in reason


@pytest.mark.parametrize(
    ("imported", "at", "expected"),
    [
        ((2024, 2), "2024-09-17T08:05", "2024|03"),
        # On Sunday, an import of the running week: its other games, and the week after it.
        ((2024, 2), "2024-09-15T12:05", "2024|02 2024|03"),
        ((2024, 2), "2024-09-19T12:05", "2024|03"),  # after the final import too
        ((2024, 18), "2025-01-07T08:05", "2024|19"),  # the wild-card week
        ((2024, 21), "2025-01-28T08:05", "2024|22"),  # the Super Bowl, two weeks later
        ((2024, 1), "2024-09-17T08:05", "2024 week 1 is not the due week, which is 2024 week 2"),
        (
            (2024, 18),
            "2025-05-06T08:05",
            "2025 week 1 is projected from 2025-08-22 on",
        ),
    ],
)
def test_upcoming_week_is_projected_after_the_due_one_is_imported(
    instance: dg.DagsterInstance, imported: tuple[int, int], at: str, expected: str
) -> None:
    asked = projection_requests(NflData(), SeasonWeek(*imported), utc(at), "run")
    if isinstance(asked, dg.SkipReason):
        assert asked.skip_message
        assert asked.skip_message.startswith(expected)
    else:
        assert [request.partition_key for request in asked] == expected.split()
        assert {request.tags["trigger"] for request in asked} == {"sensor"}


def test_moment_of_the_sample_league_stands_still() -> None:
    nfl = NflData(source="sample")
    assert nfl.moment(utc("2030-01-01T00:00")) == nfl.now()
    assert nfl.now() - nfl.now() == timedelta(0)
