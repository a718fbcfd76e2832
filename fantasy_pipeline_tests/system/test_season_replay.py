"""Test a season under automation: it imports exactly the plan, each week and phase once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import fantasy_pipeline.definitions  # noqa: F401 - quiets Dagster's warnings
from fantasy_pipeline.football.calendar import Game, games_from_table, upcoming_week
from fantasy_pipeline.football.import_calendar import imports_due_between, missing_imports
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PROVISIONAL_STATS, STAT_CORRECTIONS, WEEKLY_STATS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.import_state import imported_of, imported_phases
from fantasy_pipeline.orchestration.runs.tags import run_tags
from fantasy_pipeline.orchestration.schedules import ALL_SCHEDULES
from fantasy_pipeline.orchestration.workspace import REAL_LABEL
from fantasy_pipeline_tests.orchestration.runs.empty_history import opened
from fantasy_pipeline_tests.system.replay import (
    Replay,
    asked_after,
    execute_for_real,
    execute_in_name,
    overlay,
    record_imports,
    write_schedule,
)

pytestmark = [
    pytest.mark.real,
    # Dagster's own tags of multi-dimensional partitions.
    pytest.mark.filterwarnings("ignore:Non-compliant tag keys:DeprecationWarning"),
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


STATS = (
    "github.com/nflverse/nflverse-data/releases/download/stats_player/"
    "stats_player_week_2025.parquet"
)
IMPORTS = ("tuesday_import", "thursday_final_import", "running_week_import")
START, END = utc("2024-09-01T00:00"), utc("2025-10-02T14:00")
POSTPONED = {"2024_05_NO_KC": "2024-10-08 19:00"}
"""Moves a game from Monday night to Tuesday night, US/Eastern."""


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "instance").mkdir()
    return tmp_path / "instance"


@pytest.fixture
def instance(tmp_path: Path, games: tuple[Game, ...]) -> Iterator[dg.DagsterInstance]:
    """Return an instance whose history has the season before."""
    with opened(_folder(tmp_path)) as instance:
        _import_before(instance, games)
        yield instance


def _import_before(
    instance: dg.DagsterInstance, games: tuple[Game, ...], start: datetime = START
) -> None:
    weeks = {
        item.week: "final" for item in imports_due_between(games, utc("2023-09-01T00:00"), start)
    }
    record_imports(instance, weeks, {"trigger": "backfill"})


@pytest.fixture
def games(nfl_mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Game, ...]:
    """Return the games of the real schedule from 2023 on."""
    monkeypatch.setenv("FANTASY_DATA", str(tmp_path / "data"))
    return _schedule(nfl_mirror, tmp_path / "schedule", monkeypatch)


def _schedule(
    mirror: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    postponed: dict[str, str] | None = None,
) -> tuple[Game, ...]:
    write_schedule(mirror, folder, postponed)
    monkeypatch.setenv("NFLVERSE_MIRROR", str(folder))
    return games_from_table(NflData().upstream.schedule())


def expected(
    games: tuple[Game, ...], until: datetime = END, since: datetime = START
) -> list[tuple[SeasonWeek, str]]:
    return [(item.week, item.phase) for item in imports_due_between(games, since, until)]


def test_every_week_is_imported_twice(
    instance: dg.DagsterInstance, games: tuple[Game, ...]
) -> None:
    replay = Replay(instance, execute_in_name(instance, games))
    until = utc("2024-09-27T00:00")
    replay.run(START, until)
    assert replay.asked() == expected(games, until)
    assert len(replay.asked()) == 2 * 3


def mornings(
    games: tuple[Game, ...], since: datetime, until: datetime
) -> list[tuple[datetime, SeasonWeek, str]]:
    """Return 08:00 UTC after each day with games of a week, before the Tuesday after its first."""
    first: dict[SeasonWeek, datetime] = {}
    found = set()
    for game in sorted(games, key=lambda game: game.kickoff):
        over, week = game.kickoff + timedelta(hours=4.5), SeasonWeek(game.season, game.week)
        tuesday = first.setdefault(week, next_at(over, 8, 1))
        at = next_at(over, 8)
        if at < tuesday and since <= at <= until:
            found.add((at, week, "in_progress"))
    return sorted(found)


def next_at(moment: datetime, hour: int, weekday: int | None = None) -> datetime:
    at = moment.replace(hour=hour, minute=0)
    while at < moment or weekday not in (None, at.weekday()):
        at += timedelta(days=1)
    return at


def replay_day_by_day(
    instance: dg.DagsterInstance, games: tuple[Game, ...], until: datetime
) -> Counter[int]:
    """Replay all imports, compare them with the plan; return those in progress by weekday."""
    replay = Replay(instance, execute_in_name(instance, games), schedules=IMPORTS)
    replay.run(START, until)
    asked = list(zip(replay.requests, replay.asked(), strict=True))
    running = [(at, *wanted) for (at, who, _), wanted in asked if who == "running_week_import"]
    assert running == mornings(games, START, until)
    # Which imports count is not changed.
    others = [wanted for (_, who, _), wanted in asked if who != "running_week_import"]
    assert others == expected(games, until)
    assert "catch_up" not in {who for (_, who, _), _ in asked}
    return Counter(at.isoweekday() for at, *_ in running)


def test_a_running_week_is_imported_the_morning_after_each_day_with_games(
    instance: dg.DagsterInstance, games: tuple[Game, ...]
) -> None:
    """Week 1 of 2024 has a game on Friday, too."""
    found = replay_day_by_day(instance, games, utc("2024-09-20T00:00"))
    assert found == {5: 2, 6: 1, 1: 2}


@pytest.mark.soak
def test_every_week_of_two_seasons_is_imported_as_it_is_played(
    instance: dg.DagsterInstance, games: tuple[Game, ...]
) -> None:
    found = replay_day_by_day(instance, games, END)
    # Thursdays after Christmas; Sundays after the Saturdays of December and January.
    assert found[1] == 22 + 4
    assert found[4] == 1
    assert set(found) == {1, 4, 5, 6, 7}


@pytest.mark.soak
def test_every_week_of_two_seasons_is_imported_twice(
    instance: dg.DagsterInstance, games: tuple[Game, ...]
) -> None:
    replay = Replay(instance, execute_in_name(instance, games))
    replay.run(START, END)
    assert replay.asked() == expected(games)
    assert len(replay.asked()) == 2 * (22 + 4)
    assert {asker for _, asker, _ in replay.requests} == {"tuesday_import", "thursday_final_import"}
    summer = [why for at, _, why in replay.skips if at.month in (4, 5, 6, 7)]
    assert summer
    assert all(
        why.startswith("offseason: the due week, 2024 week 18, is imported") for why in summer
    )


@pytest.mark.parametrize("before_late_ticks", [0, 1, 2])
def test_three_weeks_of_downtime_lose_nothing(
    instance: dg.DagsterInstance, games: tuple[Game, ...], before_late_ticks: int
) -> None:
    """The sensor or the schedules may tick first when the daemon is up again."""
    # From week 5's Sunday until week 8 is under way, the daemon is down.
    since, until = utc("2024-10-06T12:00"), utc("2024-10-27T09:00")
    replay = Replay(
        instance,
        execute_in_name(instance, games),
        down=lambda at: since <= at < until,
        before_late_ticks=before_late_ticks,
    )
    start, end = utc("2024-10-05T00:00"), utc("2024-10-29T12:00")
    _import_before(instance, games, start)
    replay.run(start, end)
    asked = replay.asked()
    assert len(asked) == len(set(asked))
    # The provisional weeks are final now: each is imported as final, once.
    superseded = {(SeasonWeek(2024, week), "provisional") for week in (5, 6, 7)}
    planned = expected(games, end, start)
    assert len(planned) == 3 * 2 + 1
    assert set(asked) == set(planned) - superseded
    late = [(asker, request.tags["week"]) for _, asker, request in replay.requests[:-1]]
    assert late == (
        # Only after five minutes without a tick of the schedules: two imports a tick.
        [("catch_up", "7"), ("catch_up", "6"), ("catch_up", "5")]
        if before_late_ticks == 2
        else [("thursday_final_import", "7"), ("catch_up", "6"), ("catch_up", "5")]
    )


@pytest.mark.slow
def test_a_season_is_projected_day_by_day_before_its_games(
    instance: dg.DagsterInstance, games: tuple[Game, ...]
) -> None:
    """Check the requests only: no job runs. Of the summer, one week is replayed.

    Like Dagster, the replay drops a request whose run key is not new; it would be missing here.
    """
    schedules = ("daily_games", "daily_projections", "thursday_kickoff_projections")
    replay = Replay(instance, lambda job, request: True, schedules=schedules, catch_up_hours=())
    spans = [
        (START, utc("2025-02-14T23:00")),
        (utc("2025-05-05T00:00"), utc("2025-05-11T23:00")),
        (utc("2025-08-20T00:00"), END),
    ]
    for since, until in spans:
        replay.run(since, until)
    daily, thursday = (
        [
            (at, SeasonWeek.from_key(str(r.partition_key)))
            for at, who, r in replay.requests
            if who == name
        ]
        for name in schedules[1:]
    )
    # While a week is running, the week after it is projected too.
    first = dict(reversed(daily))
    second = [(at, week) for at, week in daily if first[at] != week]
    daily = list(reversed(first.items()))
    for at, week in second:
        assert min(game.kickoff for game in games if game[:2] == first[at]) < at
        assert week == upcoming_week(games, at)
    assert {at.isoweekday() for at, _ in second} == {4, 5, 6, 7}
    assert len(second) == len({at for at, _ in second})
    assert all(
        count in (2, 3, 4)
        for week, count in Counter(w for _, w in second).items()
        if week.week <= 18
    )
    # Each refresh has a day of its own.
    refreshed = [at for at, asker, _ in replay.requests if asker == "daily_games"]
    assert len(refreshed) == len({at.date() for at in refreshed})
    assert len(refreshed) == sum((until - since).days + 1 for since, until in spans)
    # Wednesday to Sunday; from two weeks before the season, the Super Bowl and the next season.
    per_week = {SeasonWeek(2024, week): 5 for week in range(1, 23)}
    per_week |= {SeasonWeek(2025, week): 5 for week in range(1, 5)}
    per_week |= {SeasonWeek(2024, 1): 6, SeasonWeek(2024, 22): 10}
    per_week |= {SeasonWeek(2025, 1): 13, SeasonWeek(2025, 5): 2}
    assert Counter(week for _, week in daily) == per_week
    assert {(f"{at:%H:%M}", at.isoweekday()) for at, _ in daily} == {
        ("14:00", day) for day in (3, 4, 5, 6, 7)
    }
    # Thursdays with a game that night; on Thanksgiving, before the first one, too.
    assert [(week, at.hour) for at, week in thursday] == [
        *((SeasonWeek(2024, week), 23) for week in range(1, 13)),
        (SeasonWeek(2024, 13), 16),
        *((SeasonWeek(2024, week), 23) for week in range(13, 18)),
        *((SeasonWeek(2025, week), 23) for week in range(1, 5)),
    ]
    for at, week in (*daily, *thursday):
        following = min((game for game in games if game.kickoff > at), key=lambda g: g.kickoff)
        assert week == SeasonWeek(following.season, following.week)
    assert len({at for at, _ in (*daily, *thursday)}) == len(daily) + len(thursday)
    off = [(at, why) for at, asker, why in replay.skips if asker == "daily_projections"]
    assert {why for _, why in off} == {
        "no game kicks off within 336 hours; the next is on 2025-09-05 00:20 UTC"
    }
    assert [f"{at:%m-%d}" for at, _ in off] == [
        *("02-12", "02-13", "02-14"),
        *("05-07", "05-08", "05-09", "05-10", "05-11"),
        *("08-20", "08-21"),
    ]


def test_each_import_of_a_season_is_followed_by_projections_of_the_coming_week(
    instance: dg.DagsterInstance, games: tuple[Game, ...]
) -> None:
    nfl, answers = NflData(), {}
    for item in imports_due_between(games, START, END):
        tags = run_tags(item.week, "auto", "schedule", item.phase, item.due_at)
        run = dg.DagsterRun("weekly_import", tags=tags, status=dg.DagsterRunStatus.SUCCESS)
        event = dg.DagsterEvent("PIPELINE_SUCCESS", run.job_name, message="done")
        answers[item.week, item.phase] = asked_after(
            instance, run, event, "project_upcoming_week", nfl
        )
    skips = {key: a.skip_message for key, a in answers.items() if isinstance(a, dg.SkipReason)}
    why = "2025 week 1 is projected from 2025-08-22 on, 14 days before its first game"
    assert skips == {
        # Two games of the next week were played on Wednesday, Christmas.
        (SeasonWeek(2024, 16), "final"): (
            "2024 week 16 is not the due week, which is 2024 week 17"
        ),
        (SeasonWeek(2024, 22), "provisional"): why,
        (SeasonWeek(2024, 22), "final"): why,
    }
    lists = {key: a for key, a in answers.items() if not isinstance(a, dg.SkipReason)}
    assert all(len(requests) == 1 for requests in lists.values())
    requests = {key: asked[0] for key, asked in lists.items()}
    assert {key: request.partition_key for key, request in requests.items()} == {
        (week, phase): SeasonWeek(week.season, week.week + 1).key
        for week, phase in expected(games)
        if (week, phase) not in skips
    }
    assert len({request.run_key for request in requests.values()}) == len(requests) == 2 * 26 - 3


def test_failed_imports_are_asked_for_once_more(
    instance: dg.DagsterInstance, games: tuple[Game, ...]
) -> None:
    succeed = execute_in_name(instance, games)
    outage = (utc("2024-09-17T00:00"), utc("2024-09-17T10:00"))

    def execute(job: str, request: dg.RunRequest) -> bool:
        at = datetime.fromisoformat(request.tags["as_of"])
        return not (outage[0] <= at < outage[1]) and succeed(job, request)

    replay = Replay(instance, execute)
    replay.run(START, utc("2024-09-20T00:00"))
    week2 = [
        (asker, f"{at:%a %H:%M}", request.tags["phase"])
        for at, asker, request in replay.requests
        if request.tags["week"] == "2"
    ]
    assert week2 == [
        ("tuesday_import", "Tue 08:00", "provisional"),
        ("catch_up", "Tue 11:05", "provisional"),
        ("thursday_final_import", "Thu 12:00", "final"),
    ]


def test_upstream_that_stays_away_is_not_asked_for_ever(
    instance: dg.DagsterInstance, games: tuple[Game, ...]
) -> None:
    replay = Replay(instance, lambda job, request: False, catch_up_hours=(3, 11, 19))
    replay.run(START, utc("2024-09-20T00:00"))
    assert [
        (asker, week.week, phase)
        for (_, asker, _), (week, phase) in zip(replay.requests, replay.asked(), strict=True)
    ] == [
        ("tuesday_import", 1, "provisional"),
        ("catch_up", 1, "provisional"),
        ("thursday_final_import", 1, "final"),
        ("catch_up", 1, "final"),
        ("tuesday_import", 2, "provisional"),
        ("catch_up", 2, "provisional"),
        ("thursday_final_import", 2, "final"),
        ("catch_up", 2, "final"),
    ]


@pytest.mark.slow
def test_postponed_game_is_imported_when_it_is_over(
    nfl_mirror: Path,
    instance: dg.DagsterInstance,
    games: tuple[Game, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moved = _schedule(nfl_mirror, tmp_path / "moved", monkeypatch, POSTPONED)
    assert moved != games
    replay = Replay(instance, execute_in_name(instance, moved))
    replay.run(START, utc("2024-10-11T00:00"))
    assert [
        (asker, f"{at:%a %H:%M}", request.tags["phase"])
        for at, asker, request in replay.requests
        if request.tags["week"] == "5"
    ] == [
        ("tuesday_import", "Tue 08:00", "provisional"),
        ("catch_up", "Wed 11:05", "completed"),
        ("thursday_final_import", "Thu 12:00", "final"),
    ]


@pytest.mark.slow
def test_half_finished_week_and_its_corrections(
    nfl_mirror: Path, nfl_variants: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Tuesday of 2025 week 2 upstream has only the Thursday game; by the 23rd it has all."""
    data = tmp_path / "data"
    monkeypatch.setenv("FANTASY_DATA", str(data))
    early = overlay(nfl_mirror, nfl_variants / "2025-09-14", tmp_path / "early")
    week = SeasonWeek(2025, 2)
    with opened(_folder(tmp_path)) as instance:
        replay = Replay(instance, execute_for_real(instance))
        monkeypatch.setenv("NFLVERSE_MIRROR", str(early))
        tuesday, thursday = (s for s in ALL_SCHEDULES if s.name in replay.schedules)
        replay.tick(tuesday, utc("2025-09-16T08:00"), utc("2025-09-16T08:00"))
        lake = Lake(f"{data}/lake", REAL_LABEL)
        assert lake.read(WEEKLY_STATS, [week]).num_rows < 100
        # The same state again: on Thursday upstream is late, so the week is not called final.
        replay.tick(thursday, utc("2025-09-18T12:00"), utc("2025-09-18T12:00"))
        games = NflData().games()
        now = utc("2025-09-18T13:00")
        assert imported_of(instance, lake, games, now, None)[week] == {"provisional"}
        assert (
            missing_imports(games, imported_of(instance, lake, games, now, None), now)[0].week
            == week
        )

        monkeypatch.setenv("NFLVERSE_MIRROR", str(nfl_mirror))
        replay.catch_up(utc("2025-09-18T15:00"))
        replay.catch_up(utc("2025-09-18T15:05"))
        # Week 1 was never imported and is older: two imports a tick, newest first.
        assert replay.asked()[2:] == [(week, "final"), (SeasonWeek(2025, 1), "final")]
        assert "final" in imported_of(instance, lake, games, now, None)[week]
        assert lake.read(WEEKLY_STATS, [week]).num_rows > 1000
        changed = lake.read(STAT_CORRECTIONS, [week])
        assert set(changed["team"].to_pylist()) <= {"GB", "WAS"}
        assert lake.read(STAT_CORRECTIONS, [SeasonWeek(2025, 1)]).num_rows == 0


@pytest.mark.slow
def test_a_week_day_by_day(
    nfl_mirror: Path, nfl_variants: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2025 week 2: on Friday at 08:00 upstream has no line of it, from 12:00 on the Thursday game.

    On Monday at 08:00 upstream still has that game only. From 12:00 on it has all games, Monday's
    too.
    """
    monkeypatch.setenv("FANTASY_DATA", str(tmp_path / "data"))
    games = _schedule(nfl_mirror, tmp_path / "schedule", monkeypatch)
    whole = overlay(nfl_mirror, None, tmp_path / "whole")
    thursday = overlay(nfl_mirror, nfl_variants / "2025-09-14", tmp_path / "thursday")
    nothing = overlay(nfl_mirror, nfl_variants / "2025-09-14", tmp_path / "nothing")
    lines = pq.read_table(nothing / STATS)
    (nothing / STATS).unlink()
    pq.write_table(lines.filter(pc.equal(lines["week"], 1)), nothing / STATS)

    def upstream(at: datetime) -> None:
        mirror = whole
        if at < utc("2025-09-12T12:00"):
            mirror = nothing
        elif at < utc("2025-09-15T12:00"):
            mirror = thursday
        monkeypatch.setenv("NFLVERSE_MIRROR", str(mirror))

    week, lake = SeasonWeek(2025, 2), Lake(f"{tmp_path}/data/lake", REAL_LABEL)
    seen: list[tuple[str, str, bool, int, set[str], bool]] = []
    since, until = utc("2025-09-12T00:00"), utc("2025-09-18T14:00")
    with opened(_folder(tmp_path)) as instance:
        _import_before(instance, games, since)
        run = execute_for_real(instance)

        def execute(job: str, request: dg.RunRequest) -> bool:
            at = datetime.fromisoformat(request.tags["as_of"])
            success = run(job, request)
            stored = week in lake.weeks(WEEKLY_STATS)
            teams = lake.read(WEEKLY_STATS, [week])["team"].unique() if stored else []
            phases = imported_of(instance, lake, games, at, None).get(week, set())
            kept = week in lake.weeks(PROVISIONAL_STATS)
            phase = request.tags["phase"]
            seen.append((f"{at:%a %H}", phase, success, len(teams), phases, kept))
            return success

        replay = Replay(instance, execute, upstream=upstream, schedules=IMPORTS)
        replay.run(since, until)
        assert seen == [
            ("Fri 08", "in_progress", True, 0, set(), False),
            ("Fri 12", "in_progress", True, 2, set(), False),
            ("Mon 08", "in_progress", True, 2, set(), False),
            ("Mon 12", "in_progress", True, 28, set(), False),
            ("Tue 08", "provisional", True, 32, {"provisional"}, True),
            ("Thu 12", "final", True, 32, {"provisional", "final"}, True),
        ]
        # The stats are those of an import that began on Tuesday, and nothing counts as corrected.
        assert lake.read(STAT_CORRECTIONS, [week]).num_rows == 0
        *_, noon, monday, friday, empty = _of_week(instance, week)
        assert [event["phase"] for event in (friday, monday, noon)] == ["in_progress"] * 3
        assert noon["so far"] == noon["games"].removesuffix(" played") + " games"
        assert friday["so far"] == "1 of 16 games"
        assert "phase" not in empty
        assert str(empty["not made"]).startswith("the schedule has games, but upstream's file has")


def _of_week(instance: dg.DagsterInstance, week: SeasonWeek) -> list[dict[str, Any]]:
    """Return the metadata of a week's imports, newest first."""
    filters = dg.AssetRecordsFilter(dg.AssetKey("weekly_stats"), asset_partitions=[week.key])
    events = (
        record.asset_materialization
        for record in instance.fetch_materializations(filters, limit=100).records
    )
    return [{key: v.value for key, v in event.metadata.items()} for event in events if event]


@pytest.mark.soak
def test_whole_season_for_real(
    nfl_mirror: Path, nfl_variants: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run every import of 2024 and of 2025 so far; only the clock is simulated.

    A game is postponed. Until Wednesdays upstream has the stats of before their corrections. 2025
    week 2 is half finished. For three weeks of November the daemon is down.
    """
    monkeypatch.setenv("FANTASY_DATA", str(tmp_path / "data"))
    games = _schedule(nfl_mirror, tmp_path / "schedule", monkeypatch, POSTPONED)
    final = overlay(nfl_mirror, None, tmp_path / "final")
    early = overlay(nfl_mirror, nfl_variants / "2025-09-23", tmp_path / "early")
    half = overlay(nfl_mirror, nfl_variants / "2025-09-14", tmp_path / "half")
    for mirror in (final, early, half):
        write_schedule(nfl_mirror, mirror, POSTPONED)
    down, up = utc("2024-11-03T12:00"), utc("2024-11-24T09:00")

    def upstream(at: datetime) -> None:
        is_half = utc("2025-09-15T00:00") <= at < utc("2025-09-17T00:00")
        is_early = at.weekday() < 3 or at.weekday() > 4
        mirror = half if is_half else early if is_early else final
        monkeypatch.setenv("NFLVERSE_MIRROR", str(mirror))

    with opened(_folder(tmp_path)) as instance:
        _import_before(instance, games)
        replay = Replay(
            instance,
            execute_for_real(instance),
            down=lambda at: down <= at < up,
            upstream=upstream,
        )
        replay.run(START, END)
        planned = expected(games)
        assert (SeasonWeek(2024, 5), "completed") in planned
        # Weeks that were provisional before the pause are final after it.
        superseded = {(SeasonWeek(2024, week), "provisional") for week in (9, 10, 11)}
        asked = replay.asked()
        assert len(asked) == len(set(asked))
        assert set(asked) == set(planned) - superseded
        imported = imported_phases(instance, sorted({week for week, _ in planned}), None)
        done = {(week, phase) for week, phases in imported.items() for phase in phases}
        assert done == set(asked)
        lake = Lake(f"{tmp_path}/data/lake", REAL_LABEL)
        assert lake.weeks(WEEKLY_STATS) == sorted({week for week, _ in planned})
        half_week = lake.read(STAT_CORRECTIONS, [SeasonWeek(2025, 2)])
        assert set(half_week["team"].to_pylist()) <= {"GB", "WAS"}
        corrected = lake.read(STAT_CORRECTIONS)
        assert 2024 in corrected["season"].to_pylist()
        assert not set(corrected["week"].to_pylist()) & {9, 10, 11}
