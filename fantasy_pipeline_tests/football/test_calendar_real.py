"""The football calendar on the real schedule, every Tuesday since 1999.

The expected values come from the dates of the games alone: no kick-off times, no hours, no
scores, and the length of the regular season as a number. The games are parsed here, without the
package, and are those that the package reads; so what holds for them holds for users.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import (
    GAME_LENGTH,
    Game,
    WeekStatus,
    games_from_table,
    next_week,
    season_schedule,
    week_status,
    weeks_of,
)
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sites import fantasypros
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline_tests.system.watching import new_home, start
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

pytestmark = pytest.mark.real

SCHEDULE = "github.com/nflverse/nflverse-data/releases/download/schedules/games.parquet"
EASTERN = ZoneInfo("America/New_York")
MOVED = {"OAK": "LV", "SD": "LAC", "STL": "LA"}
"""Current codes of teams that have another code in the file."""
FIRST_TUESDAY = date(1999, 9, 14)
LAST_TUESDAY = date(2027, 9, 14)
"""After the last game of the file, so that the file's end is tested too."""
LENGTHS = (timedelta(0), GAME_LENGTH)
"""Times after a kick-off at which the status of a week may change."""


class Row(NamedTuple):
    """One row of the file, its date parsed."""

    gameday: date
    season: int
    week: int
    game_type: str
    game_id: str
    gametime: str | None
    home_team: str
    away_team: str
    home_score: float | None


@pytest.fixture(scope="module")
def rows(nfl_mirror: Path) -> list[Row]:
    """The file, by date."""
    table = pq.read_table(nfl_mirror / SCHEDULE, columns=list(Row._fields))
    columns = [table[name].to_pylist() for name in Row._fields[1:]]
    days = [date.fromisoformat(day) for day in table["gameday"].to_pylist()]
    return sorted((Row(*row) for row in zip(days, *columns, strict=True)), key=lambda r: r.gameday)


@pytest.fixture(scope="module")
def games(rows: list[Row]) -> tuple[Game, ...]:
    return tuple(
        Game(
            row.season,
            row.week,
            row.game_id,
            row.game_type,
            datetime.combine(
                row.gameday, time.fromisoformat(row.gametime or "13:00"), EASTERN
            ).astimezone(timezone.utc),
            MOVED.get(row.home_team, row.home_team),
            MOVED.get(row.away_team, row.away_team),
            row.home_score is not None,
        )
        for row in rows
    )


class Expected(NamedTuple):
    phase: str
    due: tuple[int, int]
    last_completed: tuple[int, int] | None
    in_progress: tuple[int, int] | None
    upcoming: tuple[int, int] | None
    complete: bool


class Oracle:
    """Expected status of a Tuesday: games of earlier dates are over, those of the day are not."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.days = [row.gameday for row in rows]
        self.finals = {row.season: row.gameday for row in rows}

    def __call__(self, tuesday: date) -> Expected:
        cut = bisect_left(self.days, tuesday)
        last, rest = self.rows[cut - 1], self.rows[cut:]
        due = latest = (last.season, last.week)
        nearby = self.rows[max(0, cut - 40) : cut]
        # No real week starts before the one before it has ended.
        is_open = bool(rest) and (rest[0].season, rest[0].week) == latest
        upcoming = next(
            ((row.season, row.week) for row in rest if (row.season, row.week) != latest), None
        )
        phase = "regular" if last.game_type == "REG" else "postseason"
        # The final is on a Sunday; the second Tuesday after it is the first of the off-season.
        if tuesday > self.finals[last.season] + timedelta(days=8):
            due = (last.season, 18 if last.season >= 2021 else 17)
            phase = "offseason"
            if rest and tuesday >= rest[0].gameday - timedelta(days=27):
                phase = "preseason"
        return Expected(
            phase,
            due,
            max(
                (
                    (row.season, row.week)
                    for row in nearby
                    if not (is_open and (row.season, row.week) == latest)
                ),
                default=None,
            ),
            latest if is_open else None,
            upcoming,
            not is_open,
        )


def tuesdays() -> Iterator[date]:
    day = FIRST_TUESDAY
    while day <= LAST_TUESDAY:
        yield day
        day += timedelta(days=7)


def eight_utc(day: date) -> datetime:
    return datetime.combine(day, time(8), timezone.utc)


def found(status: WeekStatus) -> Expected:
    return Expected(*(getattr(status, field) for field in Expected._fields))


def test_they_are_the_games_that_the_package_reads(
    games: tuple[Game, ...], nfl_mirror: Path, tmp_path: Path
) -> None:
    source = Nflverse(Transport(tmp_path, mirror=str(nfl_mirror), offline=True))
    read = games_from_table(source.schedule())
    assert len(read) > 7000
    assert sorted(read) == sorted(games)


def test_every_tuesday(rows: list[Row], games: tuple[Game, ...]) -> None:
    """The schedule is that of the seasons around the day; below, it is that of all seasons."""
    oracle = Oracle(rows)
    around = {
        year: [game for game in games if abs(game.season - year) <= 1] for year in range(1999, 2028)
    }
    wrong = {
        day: (result, expected)
        for day in tuesdays()
        if (result := found(week_status(around[day.year], eight_utc(day))))
        != (expected := oracle(day))
    }
    assert wrong == {}


def test_other_seasons_of_the_schedule_change_nothing(
    rows: list[Row], games: tuple[Game, ...]
) -> None:
    """Every tenth Tuesday, with the games of all seasons."""
    oracle = Oracle(rows)
    for day in islice(tuesdays(), 0, None, 10):
        assert found(week_status(games, eight_utc(day))) == oracle(day), day


def test_every_tuesday_of_a_decade_by_the_clock_alone(
    rows: list[Row], games: tuple[Game, ...]
) -> None:
    """Scores may come late or never: the clock must give the same answers."""
    oracle = Oracle(rows)
    unscored = [game._replace(has_score=False) for game in games if game.season >= 2015]
    around = {
        year: [game for game in unscored if abs(game.season - year) <= 1]
        for year in range(2015, 2028)
    }
    days = [day for day in tuesdays() if day >= date(2015, 9, 22)]
    for day in days:
        assert found(week_status(around[day.year], eight_utc(day))) == oracle(day), day


@pytest.mark.parametrize(
    ("day", "phase", "due", "complete"),
    [
        ("1999-09-14", "regular", (1999, 1), True),
        ("2000-02-01", "postseason", (1999, 21), True),
        ("2000-02-08", "offseason", (1999, 17), True),
        # September 2001: week 2 was moved to January and became week 17.
        ("2001-09-18", "regular", (2001, 1), True),
        ("2010-12-28", "regular", (2010, 16), False),
        ("2011-01-04", "regular", (2010, 17), True),
        ("2012-09-04", "preseason", (2011, 17), True),
        ("2012-09-11", "regular", (2012, 1), True),
        ("2015-10-06", "regular", (2015, 4), True),
        ("2020-10-13", "regular", (2020, 5), False),
        ("2020-10-20", "regular", (2020, 6), True),
        ("2020-12-01", "regular", (2020, 12), False),
        ("2020-12-08", "regular", (2020, 13), False),
        ("2020-12-15", "regular", (2020, 14), True),
        ("2021-01-05", "regular", (2020, 17), True),
        ("2021-01-12", "postseason", (2020, 18), True),
        ("2021-02-09", "postseason", (2020, 21), True),
        ("2021-02-16", "offseason", (2020, 17), True),
        ("2021-12-21", "regular", (2021, 15), False),
        ("2021-12-28", "regular", (2021, 16), True),
        ("2022-01-11", "regular", (2021, 18), True),
        ("2022-01-18", "postseason", (2021, 19), True),
        ("2022-02-15", "postseason", (2021, 22), True),
        ("2022-02-22", "offseason", (2021, 18), True),
        # BUF-CIN, cancelled, is not in the file: week 17 is complete without it.
        ("2023-01-03", "regular", (2022, 17), True),
        ("2024-12-24", "regular", (2024, 16), True),
        ("2024-12-31", "regular", (2024, 17), True),
        ("2025-02-04", "postseason", (2024, 21), True),
        ("2025-02-11", "postseason", (2024, 22), True),
        ("2025-02-18", "offseason", (2024, 18), True),
        ("2025-09-02", "preseason", (2024, 18), True),
        ("2025-09-30", "regular", (2025, 4), True),
        ("2025-10-07", "regular", (2025, 5), True),
        ("2026-01-06", "regular", (2025, 18), True),
        ("2026-01-13", "offseason", (2025, 18), True),
        ("2026-08-11", "offseason", (2025, 18), True),
        ("2026-08-18", "preseason", (2025, 18), True),
        ("2026-09-08", "preseason", (2025, 18), True),
        ("2026-09-15", "regular", (2026, 1), True),
        ("2026-11-24", "regular", (2026, 11), True),
        ("2026-12-01", "regular", (2026, 12), True),
    ],
)
def test_named_tuesdays(
    games: tuple[Game, ...], day: str, phase: str, due: tuple[int, int], complete: bool
) -> None:
    status = week_status(games, eight_utc(date.fromisoformat(day)))
    assert (status.phase, status.due, status.complete) == (phase, due, complete)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_home(tmp_path_factory.mktemp("calendar") / "home")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("day", "phase", "due", "last_completed", "in_progress", "upcoming"),
    [
        ("2012-09-04", "preseason", (2011, 17), (2011, 21), None, (2012, 1)),
        # BAL-PIT is yet to come, on Wednesday.
        ("2020-12-01", "regular", (2020, 12), (2020, 11), (2020, 12), (2020, 13)),
        # Two games of the week were moved to Tuesday evening.
        ("2021-12-21", "regular", (2021, 15), (2021, 14), (2021, 15), (2021, 16)),
        ("2022-02-15", "postseason", (2021, 22), (2021, 22), None, (2022, 1)),
        ("2022-02-22", "offseason", (2021, 18), (2021, 22), None, (2022, 1)),
        ("2025-09-30", "regular", (2025, 4), (2025, 4), None, (2025, 5)),
    ],
)
def test_the_command_says_the_same(
    home: Path,
    nfl_mirror: Path,
    day: str,
    phase: str,
    due: tuple[int, int],
    last_completed: tuple[int, int],
    in_progress: tuple[int, int] | None,
    upcoming: tuple[int, int],
) -> None:
    words = ("week", "--at", f"{day}T08:00Z", "--source", "auto", "--json")
    process = start(home, *words, NFLVERSE_MIRROR=str(nfl_mirror))
    out, err = process.communicate(timeout=LONGEST_SECONDS)
    assert (process.returncode, err) == (0, "")

    def of(week: tuple[int, int] | None) -> dict[str, int] | None:
        return week and {"season": week[0], "week": week[1]}

    assert json.loads(out) == {
        "at": f"{day}T08:00:00+00:00",
        "phase": phase,
        "due": of(due),
        "last_completed": of(last_completed),
        "in_progress": of(in_progress),
        "upcoming": of(upcoming),
        "complete": in_progress is None,
        # The two Tuesdays after the Super Bowl are too early for the next season.
        "projecting": of(in_progress or upcoming) if phase in ("regular", "preseason") else None,
    }


@pytest.mark.parametrize(
    ("now", "due", "last_completed", "in_progress", "upcoming", "complete"),
    [
        # The game of Tuesday night is over on Wednesday.
        ("2020-10-13T08:00", (2020, 5), (2020, 4), (2020, 5), (2020, 6), False),
        ("2020-10-14T08:00", (2020, 5), (2020, 5), None, (2020, 6), True),
        # BAL-PIT on Wednesday afternoon, the next week's first game on Sunday.
        ("2020-12-02T08:00", (2020, 12), (2020, 11), (2020, 12), (2020, 13), False),
        ("2020-12-03T08:00", (2020, 12), (2020, 12), None, (2020, 13), True),
        ("2020-12-09T08:00", (2020, 13), (2020, 13), None, (2020, 14), True),
        ("2010-12-29T08:00", (2010, 16), (2010, 16), None, (2010, 17), True),
        ("2021-12-22T08:00", (2021, 15), (2021, 15), None, (2021, 16), True),
        # Christmas on a Wednesday starts week 17.
        ("2024-12-26T08:00", (2024, 17), (2024, 16), (2024, 17), (2024, 18), False),
        ("2026-11-26T08:00", (2026, 12), (2026, 11), (2026, 12), (2026, 13), False),
        ("2026-09-10T08:00", (2026, 1), (2025, 18), (2026, 1), (2026, 2), False),
    ],
)
def test_named_midweek_days(
    games: tuple[Game, ...],
    now: str,
    due: tuple[int, int],
    last_completed: tuple[int, int],
    in_progress: tuple[int, int] | None,
    upcoming: tuple[int, int],
    complete: bool,
) -> None:
    status = week_status(games, datetime.fromisoformat(now).replace(tzinfo=timezone.utc))
    assert found(status)[1:] == (due, last_completed, in_progress, upcoming, complete)


def test_before_the_first_game_there_is_no_answer(games: tuple[Game, ...]) -> None:
    with pytest.raises(PipelineError, match="starts with 1999 week 1"):
        week_status(games, eight_utc(date(1999, 9, 7)))


def test_in_every_moment_of_a_season_due_only_moves_forward(games: tuple[Game, ...]) -> None:
    """The answer changes at most when a game begins or ends, or some whole days after that."""
    season = [game for game in games if game.season in (2020, 2021)]
    begin, end = eight_utc(date(2020, 9, 11)), eight_utc(date(2021, 9, 14))
    edges = {kickoff + length for kickoff in {g.kickoff for g in season} for length in LENGTHS}
    days = {begin + timedelta(days=number) for number in range((end - begin).days)}
    last = max(game.kickoff for game in season if game.season == 2020) + GAME_LENGTH
    off_season = {last + timedelta(days=number) for number in range(10)}
    edges |= off_season
    edges |= {edge - timedelta(microseconds=1) for edge in edges}
    due: list[SeasonWeek] = []
    for now in sorted(moment for moment in edges | days if begin <= moment < end):
        status = week_status(season, now)
        if not due or status.due != due[-1]:
            due.append(status.due)
    weeks = [SeasonWeek(2020, week) for week in range(1, 22)]
    assert due == [*weeks, SeasonWeek(2020, 17), SeasonWeek(2021, 1)]


def test_weeks_of_the_real_seasons(games: tuple[Game, ...]) -> None:
    for season in range(1999, 2027):
        last = 18 if season >= 2021 else 17
        weeks = last if season >= 2025 else last + 4
        regular = [game for game in games if game.game_type == "REG"]
        assert max(game.week for game in regular if game.season == season) == last
        assert weeks_of(games, season) == tuple(range(1, weeks + 1))
    assert next_week(games, SeasonWeek(2020, 17)) == SeasonWeek(2020, 18)
    assert next_week(games, SeasonWeek(2024, 22)) is None


def test_no_day_of_a_real_season_is_of_two_weeks_rankings(games: tuple[Game, ...]) -> None:
    for season in range(1999, 2027):
        weeks = season_schedule(games, season, eight_utc(date(season, 9, 1))).values()
        days = [date(season, 8, 20) + timedelta(days=number) for number in range(190)]
        of = {day: [w.at.week for w in weeks if fantasypros.is_of(w, day)] for day in days}
        assert max(map(len, of.values())) == 1
        assert {week for found in of.values() for week in found} == {w.at.week for w in weeks}
