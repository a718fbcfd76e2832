"""The football calendar: which week of the schedule is due, complete, in progress or next.

Every answer follows from the schedule and from `now`, which callers pass in. Nothing here reads a
clock or assumes how many weeks a season has. `ingest/sources` downloads the schedule and converts
US/Eastern kick-off times to UTC. This module imports the standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek

if TYPE_CHECKING:
    import pyarrow as pa

GAME_LENGTH = timedelta(hours=4, minutes=30)
"""A game without a score counts as over this long after kick-off; overtime and delays fit in."""
SEASON_TAIL = timedelta(days=7)
"""The off-season starts this long after the last game of a season, the Super Bowl."""
PRESEASON_LEAD = timedelta(days=28)
"""The preseason starts this long before the first game of the next season."""
PROJECTION_LEAD = timedelta(days=14)
"""A week is projected from this long before its first game; rosters are published by then."""
REGULAR_SEASON = "REG"
"""`game_type` of regular-season games; the play-offs are WC, DIV, CON and SB."""
SUPER_BOWL = "SB"
"""`game_type` of a season's last game. Until the schedule has it, weeks may be added."""

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
    def next_kickoff(self) -> datetime:
        """First kick-off after `now`, UTC; there is one unless all games have kicked off."""
        return min(game.kickoff for game in self.games if game.kickoff > self.now)

    @property
    def is_regular(self) -> bool:
        """Return whether the week belongs to the regular season."""
        return any(game.game_type == REGULAR_SEASON for game in self.games)

    @cached_property
    def opponents(self) -> Mapping[str, str]:
        """Opponent of each team that plays, both as today's codes."""
        return {game.home_team: game.away_team for game in self.games} | {
            game.away_team: game.home_team for game in self.games
        }

    @property
    def all_kicked_off(self) -> bool:
        """Return whether every game has kicked off; later projections do not count."""
        return self.last_kickoff <= self.now

    @property
    def is_current(self) -> bool:
        """Return whether `now` is at most seven days before or after the week's games."""
        margin = timedelta(days=7)
        return self.first_kickoff - margin <= self.now <= self.last_kickoff + margin

    @property
    def any_over(self) -> bool:
        """Return whether at least one game is over."""
        return self.first_kickoff <= self.now and any(is_over(g, self.now) for g in self.games)

    @cached_property
    def is_complete(self) -> bool:
        """Return whether every game is over."""
        if is_over_by_clock(self.last_kickoff, self.now):
            return True
        return self.all_kicked_off and all(is_over(game, self.now) for game in self.games)


@dataclass(frozen=True)
class WeekStatus:
    """The position of one moment in the football calendar.

    Args:
        at: the moment, UTC.
        phase: phase of the football year. ``regular`` or ``postseason`` is the kind of the week
            `due`, so the phase changes together with `due`: on the Tuesday after the last
            regular-season week it is still ``regular``. ``offseason`` starts 7 days after the
            season's last game is over; ``preseason`` starts 4 weeks before the next season's
            first game.
        due: week to import now: the latest week in which a game is over. In the off-season and
            the preseason, the last regular-season week of the season before.
        last_completed: latest week whose games are all over, play-offs included; None if there
            is no such week.
        in_progress: latest week that has kicked off and is not complete; None if there is none.
        upcoming: week that kicks off next; None if the schedule has no later week.
        complete: whether every game of `due` is over; if not, the data of `due` are provisional.
        projecting: week to project, report and print: the first of `weeks_to_project`; None if
            no week is projected now.
    """

    at: datetime
    phase: Phase
    due: SeasonWeek
    last_completed: SeasonWeek | None
    in_progress: SeasonWeek | None
    upcoming: SeasonWeek | None
    complete: bool
    projecting: SeasonWeek | None

    def to_json(self) -> dict[str, object]:
        """Return the status as JSON values; `at` is in ISO 8601 with offset +00:00."""
        return {
            "at": self.at.isoformat(),
            "phase": self.phase,
            "due": self.due._asdict(),
            "last_completed": self.last_completed and self.last_completed._asdict(),
            "in_progress": self.in_progress and self.in_progress._asdict(),
            "upcoming": self.upcoming and self.upcoming._asdict(),
            "complete": self.complete,
            "projecting": self.projecting and self.projecting._asdict(),
        }


def games_from_table(table: pa.Table) -> tuple[Game, ...]:
    """Return the games of a table that meets the `GAMES` contract, in the table's order.

    Raises:
        PipelineError: a game has no kick-off time, or one without time zone.
    """
    kickoffs = table["kickoff"]
    # NumPy converts a schedule ten times as fast as pyarrow.
    at = kickoffs.to_numpy().astype("datetime64[us]").tolist()
    if kickoffs.type.tz is None:
        at = [None] * len(at)
    columns = {name: table[name].to_numpy().tolist() for name in Game._fields[:4]}
    if None in at:
        # Leaving the game out would call its week complete too early.
        season, week, game_id, _ = (values[at.index(None)] for values in columns.values())
        raise PipelineError(
            f"games {season} week {week}: {game_id} has no kick-off time in UTC. "
            "Download the schedule again."
        )
    kicked_off = [kickoff.replace(tzinfo=timezone.utc) for kickoff in at]
    teams = (table[name].to_numpy().tolist() for name in ("home_team", "away_team"))
    home, away = (table[name].is_valid().to_numpy() for name in ("home_score", "away_score"))
    has_score = (home & away).tolist()
    return tuple(map(Game, *columns.values(), kicked_off, *teams, has_score))


def is_over(game: Game, now: datetime) -> bool:
    """Return whether a game is over: it has a score, or it kicked off `GAME_LENGTH` ago.

    A score counts only after kick-off: today's schedule has the scores of all past games, also of
    those that came after a past `now`. A replay of a past moment therefore counts a game as over
    from its kick-off on; live, the score appears when the game ends. A game that is over stays
    over.
    """
    return game.kickoff <= now and (game.has_score or game.kickoff + GAME_LENGTH <= now)


def is_over_by_clock(kickoff: datetime, now: datetime) -> bool:
    """Return whether a game kicked off `GAME_LENGTH` ago.

    Results count by the clock alone: today's schedule has scores of games that came after a past
    `now`.
    """
    return kickoff + GAME_LENGTH <= now


def week_status(games: Iterable[Game], now: datetime) -> WeekStatus:
    """Return the position of `now` in the football calendar.

    Weeks are ordered by season and number, not by date. A game that is postponed past the start
    of a later week leaves its own week incomplete; it does not change `due` or `last_completed` of
    the later week. A cancelled game that stays in the schedule is over after `GAME_LENGTH`. `due`
    only moves forward in time, with one exception: when the off-season starts, it returns to the
    last regular-season week.

    A season ends with its last game in the schedule. That is the Super Bowl, or the last game
    scheduled so far when the play-offs are not paired yet or the file is outdated.

    Raises:
        ValueError: `now` has no time zone.
        PipelineError: the schedule is empty.
        InvalidArgumentError: none of its games is over at `now`.
    """
    if now.utcoffset() is None:
        raise ValueError(f"now must have a time zone, got {now!r}")
    now = now.astimezone(timezone.utc)
    weeks = _scheduled_weeks(games, now)
    if not weeks:
        raise PipelineError("The schedule has no games. Download it again.")
    latest_first = sorted(weeks, reverse=True)
    due = next((sw for sw in latest_first if weeks[sw].any_over), None)
    if due is None:
        first, week = min(weeks.items(), key=lambda item: item[1].first_kickoff)
        raise InvalidArgumentError(
            f"No game of the schedule is over at {now.isoformat()}; the schedule starts with "
            f"{first}, kick-off {week.first_kickoff.isoformat()}. Choose a later time."
        )

    due, phase = _due_and_phase(weeks, due, now)
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
        upcoming=_upcoming(weeks.values()),
        complete=weeks[due].is_complete,
        projecting=next(iter(_to_project(weeks)), None),
    )


def _due_and_phase(
    weeks: Mapping[SeasonWeek, ScheduledWeek], latest: SeasonWeek, now: datetime
) -> tuple[SeasonWeek, Phase]:
    """Return the week to import and the phase of the football year.

    Args:
        latest: the latest week in which a game is over. It is due until the off-season starts.
    """
    season = {sw: week for sw, week in weeks.items() if sw.season == latest.season}
    season_end = max(week.last_kickoff for week in season.values()) + GAME_LENGTH + SEASON_TAIL
    if now < season_end:
        return latest, "regular" if weeks[latest].is_regular else "postseason"
    due = max((sw for sw, week in season.items() if week.is_regular), default=latest)
    openers = [week.first_kickoff for sw, week in weeks.items() if sw.season > due.season]
    is_near = bool(openers) and min(openers) - PRESEASON_LEAD <= now
    return due, "preseason" if is_near else "offseason"


def upcoming_week(games: Iterable[Game], now: datetime) -> SeasonWeek | None:
    """Return the week that kicks off next; None if the schedule has no later week."""
    return _upcoming(_scheduled_weeks(games, now).values())


def _upcoming(weeks: Iterable[ScheduledWeek]) -> SeasonWeek | None:
    ahead = [(week.first_kickoff, week.at) for week in weeks if week.now < week.first_kickoff]
    return min(ahead)[1] if ahead else None


def next_kickoff(
    games: Iterable[Game], now: datetime, until: datetime | None = None
) -> Game | None:
    """Return the next game that kicks off after `now` and not after `until`; None without one."""
    ahead = [g for g in games if g.kickoff > now and (until is None or g.kickoff <= until)]
    return min(ahead, key=lambda game: game.kickoff, default=None)


def projected_from(games: Iterable[Game], week: SeasonWeek) -> datetime:
    """Return the moment from which a week of the schedule is projected."""
    first, _ = first_and_last_kickoff(g for g in games if (g.season, g.week) == week)
    return first - PROJECTION_LEAD


def weeks_to_project(games: Sequence[Game], now: datetime) -> list[SeasonWeek]:
    """Return the weeks to project at `now`; the first one is the one to report and print.

    The first is the week of the next kick-off: the running week while one of its games has not
    kicked off, else the upcoming week. While a week is running, the upcoming week is the second.
    A week is projected from `PROJECTION_LEAD` before its first game on.
    """
    return _to_project(_scheduled_weeks(games, now))


def _to_project(weeks: Mapping[SeasonWeek, ScheduledWeek]) -> list[SeasonWeek]:
    running_or_ahead = (week for week in weeks.values() if not week.all_kicked_off)
    first = min(running_or_ahead, key=lambda week: week.next_kickoff, default=None)
    candidates = (first.at if first else None, _upcoming(weeks.values()))
    found = dict.fromkeys(at for at in candidates if at is not None)
    return [at for at in found if weeks[at].first_kickoff - PROJECTION_LEAD <= weeks[at].now]


def why_nothing_is_projected(games: Sequence[Game], now: datetime) -> str:
    """Return the reason why `weeks_to_project` is empty."""
    upcoming = upcoming_week(games, now)
    if upcoming is None:
        return "the NFL schedule has no upcoming week"
    begin, days = projected_from(games, upcoming), PROJECTION_LEAD.days
    return f"{upcoming} is projected from {begin:%Y-%m-%d} on, {days} days before its first game"


def why_projecting(games: Sequence[Game], week: SeasonWeek, now: datetime) -> str:
    """Return the reason why a week is the first of `weeks_to_project`."""
    kickoffs = [game.kickoff for game in games if (game.season, game.week) == week]
    ahead = [kickoff for kickoff in kickoffs if kickoff > now]
    if len(ahead) == len(kickoffs):
        return f"it kicks off next, on {min(ahead):%Y-%m-%d %H:%M} UTC"
    are = "has" if len(ahead) == 1 else "have"
    return f"{len(ahead)} of its {len(kickoffs)} games {are} not kicked off"


def week_to_show(games: Sequence[Game], now: datetime) -> tuple[SeasonWeek, str]:
    """Return the week that commands show when none is named, and one sentence that says why.

    It is the first of `weeks_to_project`. If no week is projected now, it is the week due: in the
    off-season, the last week of the regular season.

    Raises:
        PipelineError: as `week_status`.
    """
    status = week_status(games, now)
    if status.projecting is not None:
        why = why_projecting(games, status.projecting, status.at)
        return status.projecting, f"{status.projecting} is chosen because {why}."
    why = why_nothing_is_projected(games, status.at)
    due = status.due
    last = (game for game in games if (game.season, game.game_type) == (due.season, SUPER_BOWL))
    if any(is_over(game, status.at) for game in last):
        why = f"the season is over and {why}"
    return due, f"{due}, the week due, is chosen because {why}."


def games_by_week(games: Iterable[Game]) -> dict[SeasonWeek, tuple[Game, ...]]:
    """Return the games of each week of a schedule, weeks and games in the schedule's order."""
    weeks: dict[tuple[int, int], list[Game]] = {}
    for game in games:
        weeks.setdefault((game.season, game.week), []).append(game)
    return {SeasonWeek(*key): tuple(week) for key, week in weeks.items()}


def _scheduled_weeks(games: Iterable[Game], now: datetime) -> dict[SeasonWeek, ScheduledWeek]:
    """Return the weeks of a schedule as seen from `now`, in the schedule's order."""
    return {sw: ScheduledWeek(sw, week, now) for sw, week in games_by_week(games).items()}


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
    """Return the numbers of a season's weeks, in order; empty if the schedule lacks the season."""
    return tuple(sorted({game.week for game in games if game.season == season}))


def next_week(games: Iterable[Game], sw: SeasonWeek) -> SeasonWeek | None:
    """Return the next week of the same season; None after the season's last week."""
    later = [week for week in weeks_of(games, sw.season) if week > sw.week]
    return SeasonWeek(sw.season, later[0]) if later else None
