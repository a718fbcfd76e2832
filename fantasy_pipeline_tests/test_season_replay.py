"""A season under automation: what is imported is the plan, once each, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.automation import all_imports, plan
from fantasy_pipeline.calendar import Game, games_from_table
from fantasy_pipeline.definitions import ALL_SCHEDULES
from fantasy_pipeline.import_state import imported_of, imported_phases
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.resources import REAL_LABEL, NflData
from fantasy_pipeline.season_week import SeasonWeek
from fantasy_pipeline.tables import STAT_CORRECTIONS, WEEKLY_STATS
from fantasy_pipeline_tests.replay import (
    Replay,
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


START, END = utc("2024-09-01T00:00"), utc("2025-10-02T14:00")
POSTPONED = {"2024_05_NO_KC": "2024-10-08 19:00"}
"""From Monday to Tuesday night, Eastern time."""


def _folder(tmp_path: Path) -> str:
    (tmp_path / "instance").mkdir()
    return str(tmp_path / "instance")


@pytest.fixture
def instance(tmp_path: Path, games: tuple[Game, ...]) -> Iterator[dg.DagsterInstance]:
    """Its history has the season before."""
    with dg.instance_for_test(temp_dir=_folder(tmp_path)) as instance:
        _import_before(instance, games)
        yield instance


def _import_before(
    instance: dg.DagsterInstance, games: tuple[Game, ...], start: datetime = START
) -> None:
    weeks = {item.week: "final" for item in all_imports(games, utc("2023-09-01T00:00"), start)}
    record_imports(instance, weeks, {"trigger": "backfill"})


@pytest.fixture
def games(nfl_mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Game, ...]:
    """The real schedule from 2023 on."""
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
    return [(item.week, item.phase) for item in all_imports(games, since, until)]


def test_every_week_is_imported_twice(
    instance: dg.DagsterInstance, games: tuple[Game, ...]
) -> None:
    replay = Replay(instance, execute_in_name(instance, games))
    until = utc("2024-09-27T00:00")
    replay.run(START, until)
    assert replay.asked() == expected(games, until)
    assert len(replay.asked()) == 2 * 3


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
    assert all(why.startswith("offseason: 2024 week 18 is the week due") for why in summer)


def test_three_weeks_of_downtime_lose_nothing(
    instance: dg.DagsterInstance, games: tuple[Game, ...]
) -> None:
    # From week 5's Sunday until week 8 is under way, the daemon is down.
    since, until = utc("2024-10-06T12:00"), utc("2024-10-27T09:00")
    replay = Replay(instance, execute_in_name(instance, games), down=lambda at: since <= at < until)
    end = utc("2024-11-01T00:00")
    start = utc("2024-10-01T00:00")
    _import_before(instance, games, start)
    replay.run(start, end)
    asked = replay.asked()
    assert len(asked) == len(set(asked))
    # What was provisional in those weeks is final now: it is imported as that, once.
    superseded = {(SeasonWeek(2024, week), "provisional") for week in (5, 6, 7)}
    assert set(expected(games, end, start)) - set(asked) == superseded
    assert set(asked) <= set(expected(games, end, start))
    late = [(asker, request.tags["week"]) for at, asker, request in replay.requests if at == until]
    assert late == [("thursday_final_import", "7")]
    caught = [request.tags["week"] for _, asker, request in replay.requests if asker == "catch_up"]
    assert caught == ["6", "5"]


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
    """2025 week 2: on Tuesday upstream had its Thursday game only; by the 23rd all of it."""
    data = tmp_path / "data"
    monkeypatch.setenv("FANTASY_DATA", str(data))
    early = overlay(nfl_mirror, nfl_variants / "2025-09-14", tmp_path / "early")
    week = SeasonWeek(2025, 2)
    with dg.instance_for_test(temp_dir=_folder(tmp_path)) as instance:
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
        assert imported_of(instance, games, now, None)[week] == {"provisional"}
        assert plan(games, imported_of(instance, games, now, None), now)[0].week == week

        monkeypatch.setenv("NFLVERSE_MIRROR", str(nfl_mirror))
        replay.catch_up(utc("2025-09-18T15:00"))
        replay.catch_up(utc("2025-09-18T15:05"))
        # Week 1 was never imported and is older: two imports a tick, newest first.
        assert replay.asked()[2:] == [(week, "final"), (SeasonWeek(2025, 1), "final")]
        assert "final" in imported_of(instance, games, now, None)[week]
        assert lake.read(WEEKLY_STATS, [week]).num_rows > 1000
        changed = lake.read(STAT_CORRECTIONS, [week])
        assert set(changed["team"].to_pylist()) <= {"GB", "WAS"}
        assert lake.read(STAT_CORRECTIONS, [SeasonWeek(2025, 1)]).num_rows == 0


@pytest.mark.soak
def test_whole_season_for_real(
    nfl_mirror: Path, nfl_variants: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every import of 2024 and of 2025 so far, nothing simulated but the clock.

    A game is postponed; until Wednesdays upstream has the stats of before their corrections; 2025
    week 2 is half finished; for three weeks of November the daemon is down.
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

    with dg.instance_for_test(temp_dir=_folder(tmp_path)) as instance:
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
        # What was provisional while the daemon was down is final when it is up again.
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
