"""The football calendar: which week is due, over, under way and next, from the real schedule.

Only the schedule and the `now` passed in decide; nothing here reads a clock, and no week or
season length is a constant. Downloading the schedule and turning US/Eastern kick-off times into
UTC belong to `sources`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from fantasy_pipeline.errors import NotPublishedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek

if TYPE_CHECKING:
    import pyarrow as pa

GAME_LENGTH = timedelta(hours=4, minutes=30)
"""Time after kick-off at which a game without a score counts as over: overtime and delays fit."""
SEASON_TAIL = timedelta(days=7)
"""Time after the last game of a season, the Super Bowl, at which the off-season starts."""
PRESEASON_LEAD = timedelta(days=28)
"""Time before the opener at which the off-season becomes the preseason."""
REGULAR_SEASON = "REG"
"""`game_type` of the regular season; WC, DIV, CON and SB are the play-offs."""
SUPER_BOWL = "SB"
"""`game_type` of a season's last game; until it is in the schedule, more weeks may follow."""

Phase = Literal["preseason", "regular", "postseason", "offseason"]


class Game(NamedTuple):
    """One scheduled game; `kickoff` is aware and in UTC."""

    season: int
    week: int
    game_id: str
    game_type: str
    kickoff: datetime
    home_team: str
    away_team: str
    has_score: bool


@dataclass(frozen=True)
class ScheduledWeek:
    """One week of the schedule, as seen from one moment.

    Args:
        at: season and number of the week.
        games: the week's games, at least one.
        now: the moment that decides which games have kicked off and which are over.
    """

    at: SeasonWeek
    games: tuple[Game, ...]
    now: datetime

    @cached_property
    def kickoffs(self) -> tuple[datetime, datetime]:
        """First and last kick-off of the week, UTC."""
        return first_and_last_kickoff(self.games)

    @property
    def first_kickoff(self) -> datetime:
        return self.kickoffs[0]

    @property
    def last_kickoff(self) -> datetime:
        return self.kickoffs[1]

    @property
    def is_regular(self) -> bool:
        """Whether the week belongs to the regular season."""
        return any(game.game_type == REGULAR_SEASON for game in self.games)

    @cached_property
    def opponents(self) -> Mapping[str, str]:
        """Opponent of each team that plays, both as today's codes."""
        return {game.home_team: game.away_team for game in self.games} | {
            game.away_team: game.home_team for game in self.games
        }

    @property
    def all_kicked_off(self) -> bool:
        """Whether every game has kicked off: a projection made from now on comes too late."""
        return self.last_kickoff <= self.now

    @property
    def is_current(self) -> bool:
        """Whether `now` is at most a week away from the week's games."""
        margin = timedelta(days=7)
        return self.first_kickoff - margin <= self.now <= self.last_kickoff + margin

    @property
    def any_over(self) -> bool:
        """Whether at least one game is over."""
        return any(is_over(game, self.now) for game in self.games)

    @cached_property
    def is_complete(self) -> bool:
        """Whether every game is over."""
        return all(is_over(game, self.now) for game in self.games)


@dataclass(frozen=True)
class WeekStatus:
    """Where in the football calendar `at` is.

    Args:
        at: the moment asked for, UTC.
        phase: each phase starts when the first game of it is over, so that it turns together
            with `due`: ``regular`` and ``postseason`` are the kind of the week due, and on the
            Tuesday after the last regular-season week it is still ``regular``. The
            ``offseason`` starts 7 days after the season's last game is over and is called
            ``preseason`` from 4 weeks before the next opener.
        due: week to import now: the latest week in which a game is over; in the off-season and
            the preseason the last regular-season week of the season before.
        last_completed: latest week all of whose games are over, play-offs included.
        in_progress: latest week that has kicked off and is not complete.
        upcoming: week that kicks off next; None when the schedule knows none.
        complete: whether every game of `due` is over; if not, its data are provisional.
    """

    at: datetime
    phase: Phase
    due: SeasonWeek
    last_completed: SeasonWeek | None
    in_progress: SeasonWeek | None
    upcoming: SeasonWeek | None
    complete: bool

    def to_json(self) -> dict[str, object]:
        """The status as JSON values; `at` in ISO 8601 with offset +00:00."""
        return {
            "at": self.at.isoformat(),
            "phase": self.phase,
            "due": self.due._asdict(),
            "last_completed": self.last_completed and self.last_completed._asdict(),
            "in_progress": self.in_progress and self.in_progress._asdict(),
            "upcoming": self.upcoming and self.upcoming._asdict(),
            "complete": self.complete,
        }


def games_from_table(table: pa.Table) -> tuple[Game, ...]:
    """The games of a table that meets the `GAMES` contract, in the table's order.

    Raises:
        PipelineError: a game has no kick-off time, or one without time zone.
    """
    games = []
    names = (*Game._fields[:-1], "home_score", "away_score")
    columns = (table[name].to_pylist() for name in names)
    for season, week, game_id, game_type, kickoff, home, away, *scores in zip(
        *columns, strict=True
    ):
        if kickoff is None or kickoff.tzinfo is None:
            # Leaving the game out would call its week complete too early.
            raise PipelineError(
                f"games {season} week {week}: {game_id} has no kick-off time in UTC. "
                "Download the schedule again."
            )
        games.append(
            Game(
                season,
                week,
                game_id,
                game_type,
                kickoff.astimezone(timezone.utc),
                home,
                away,
                None not in scores,
            )
        )
    return tuple(games)


def scheduled_weeks(games: pa.Table, season: int, weeks: Iterable[int]) -> set[int]:
    """Those of some weeks in which a season has games, from a table that meets `GAMES`.

    Raises:
        NotPublishedError: the season has none at all, or a week is beyond what is scheduled of it
            so far: taken for weeks that the season does not have, they would be empty.
    """
    import pyarrow.compute as pc

    theirs = games.filter(pc.equal(games["season"], season))
    known = set(theirs["week"].to_pylist())
    if not known:
        raise NotPublishedError(
            "schedule",
            "it has no game of this season",
            "Check the season, or refresh the schedule when upstream has it: "
            "`fantasy-pipeline run` does both",
            season,
        )
    beyond = sorted(week for week in weeks if week > max(known))
    if beyond and SUPER_BOWL not in theirs["game_type"].to_pylist():
        raise NotPublishedError(
            "schedule",
            f"so far it ends with week {max(known)}; play-offs are paired from week to week",
            "Leave the week out, or run again when its games are known",
            season,
            beyond[0],
        )
    return known & set(weeks)


def is_over(game: Game, now: datetime) -> bool:
    """Whether the game is over: it has a score, or kicked off `GAME_LENGTH` ago.

    A score counts only from kick-off on: asked about a day long past, the schedule also has
    the scores of the games that were still to come. Within `GAME_LENGTH` of a kick-off such a
    replay takes a game for over that was being played; live, the score means that it is over.
    A game once over stays over.
    """
    return game.kickoff <= now and (game.has_score or game.kickoff + GAME_LENGTH <= now)


def week_status(games: Iterable[Game], now: datetime) -> WeekStatus:
    """Where in the football calendar `now` is.

    Weeks are ordered by season and number, not by date: a game postponed past the start of a
    later week leaves its own week incomplete and changes neither `due` nor `last_completed`
    of the later one. A cancelled game that stays in the schedule is over by the clock. As time
    goes on `due` only moves forward, but for the step back to the last regular-season week
    when the off-season starts.

    A season ends with its last game in the schedule. That is the Super Bowl; where the
    schedule lacks it (play-offs not paired yet, an outdated file), it is the last game known.

    Raises:
        ValueError: `now` has no time zone.
        PipelineError: the schedule is empty, or none of its games is over.
    """
    if now.utcoffset() is None:
        raise ValueError(f"now must have a time zone, got {now!r}")
    now = now.astimezone(timezone.utc)
    weeks = {sw: ScheduledWeek(sw, week, now) for sw, week in games_by_week(games).items()}
    if not weeks:
        raise PipelineError("The schedule has no games. Download it again.")
    latest_first = sorted(weeks, reverse=True)
    due = next((sw for sw in latest_first if weeks[sw].any_over), None)
    if due is None:
        first, week = min(weeks.items(), key=lambda item: item[1].first_kickoff)
        raise PipelineError(
            f"No game of the schedule is over at {now.isoformat()}; it starts with {first}, "
            f"kick-off {week.first_kickoff.isoformat()}. Ask for a later time."
        )

    phase: Phase = "regular" if weeks[due].is_regular else "postseason"
    played = {sw: week for sw, week in weeks.items() if sw.season == due.season}
    season_end = max(week.last_kickoff for week in played.values()) + GAME_LENGTH + SEASON_TAIL
    if season_end <= now:
        due = max((sw for sw, week in played.items() if week.is_regular), default=due)
        openers = [week.first_kickoff for sw, week in weeks.items() if sw.season > due.season]
        is_near = bool(openers) and min(openers) - PRESEASON_LEAD <= now
        phase = "preseason" if is_near else "offseason"

    ahead = [(week.first_kickoff, sw) for sw, week in weeks.items() if now < week.first_kickoff]
    return WeekStatus(
        at=now,
        phase=phase,
        due=due,
        last_completed=next((sw for sw in latest_first if weeks[sw].is_complete), None),
        in_progress=next(
            (
                sw
                for sw in latest_first
                if weeks[sw].first_kickoff <= now and not weeks[sw].is_complete
            ),
            None,
        ),
        upcoming=min(ahead)[1] if ahead else None,
        complete=weeks[due].is_complete,
    )


def games_by_week(games: Iterable[Game]) -> dict[SeasonWeek, tuple[Game, ...]]:
    """Return the games of each week of a schedule, weeks and games in the schedule's order."""
    weeks: dict[tuple[int, int], list[Game]] = {}
    for game in games:
        weeks.setdefault((game.season, game.week), []).append(game)
    return {SeasonWeek(*key): tuple(week) for key, week in weeks.items()}


def first_and_last_kickoff(games: Iterable[Game]) -> tuple[datetime, datetime]:
    """Return the first and the last kick-off of some games, usually those of one week.

    Raises:
        ValueError: there are no games.
    """
    kickoffs = [game.kickoff for game in games]
    return min(kickoffs), max(kickoffs)


def season_schedule(games: Iterable[Game], season: int, now: datetime) -> dict[int, ScheduledWeek]:
    """Return the weeks of a season by number, in order, as seen from `now`."""
    weeks = games_by_week(game for game in games if game.season == season)
    return {week.week: ScheduledWeek(week, weeks[week], now) for week in sorted(weeks)}


def weeks_of(games: Iterable[Game], season: int) -> tuple[int, ...]:
    """Weeks that the season has in the schedule, in order; empty for a season it lacks."""
    return tuple(sorted({game.week for game in games if game.season == season}))


def next_week(games: Iterable[Game], sw: SeasonWeek) -> SeasonWeek | None:
    """The next week of the same season in the schedule; None after its last one."""
    later = [week for week in weeks_of(games, sw.season) if week > sw.week]
    return SeasonWeek(sw.season, later[0]) if later else None


class NoSuchWeekError(PipelineError):
    """The schedule has no such week; the message says which it has."""


def allowed_weeks(games: Sequence[Game]) -> dict[int, str]:
    """Weeks of each season of the schedule, e.g. ``1-22``."""
    seasons = sorted({game.season for game in games})
    weeks = {season: weeks_of(games, season) for season in seasons}
    return {season: f"{numbers[0]}-{numbers[-1]}" for season, numbers in weeks.items()}


def check_week(games: Sequence[Game], sw: SeasonWeek) -> None:
    """Raises NoSuchWeekError if the schedule does not have the week."""
    if sw.week in weeks_of(games, sw.season):
        return
    allowed = allowed_weeks(games)
    if sw.season in allowed:
        raise NoSuchWeekError(f"there is no {sw}: {sw.season} has the weeks {allowed[sw.season]}.")
    raise NoSuchWeekError(
        f"there is no {sw}: the schedule has the seasons {min(allowed)}-{max(allowed)}."
    )
