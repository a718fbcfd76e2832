"""What is to be imported when: the plan of the automation, from the schedule and a clock.

A week is imported up to three times. *provisional*: the first Tuesday 08:00 UTC after a game of it.
*completed*: the morning after its last game, only if that was still to come on the Tuesday.
*final*: the first Thursday 12:00 UTC at least `CORRECTION_LAG` after its last game, when the
league has corrected the stats. Nothing here knows Dagster or reads a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from fantasy_pipeline.football.calendar import (
    GAME_LENGTH,
    Game,
    first_and_last_kickoff,
    games_by_week,
)
from fantasy_pipeline.football.season_week import SeasonWeek

ImportPhase = Literal["provisional", "completed", "final"]
PHASES: tuple[ImportPhase, ...] = ("provisional", "completed", "final")
"""In order; a later one makes an earlier one superfluous."""

CORRECTION_LAG = timedelta(hours=24)
"""A Wednesday game is over on Thursday 01:10 UTC: its stats are not corrected by noon."""
CATCH_UP_GRACE = timedelta(hours=2)
"""Time that a schedule's own run, with its retries, has before catch-up asks again."""
ALARM_AFTER = timedelta(hours=4)
"""A week not imported by then is an alert: Tuesday 12:00 UTC."""
LOOK_BACK = timedelta(days=370)
"""How old a missed import may be: a year of downtime loses nothing."""
PROJECTION_LEAD = timedelta(days=14)
"""A week is projected from this long before its first game; rosters are out by then."""

_TUESDAY, _THURSDAY = 1, 3


class Import(NamedTuple):
    """One planned import: from `due_at` on, `week` is to be imported as `phase`."""

    due_at: datetime
    week: SeasonWeek
    phase: ImportPhase

    @property
    def key(self) -> str:
        """What is requested once, e.g. ``2024-05-final``."""
        return f"{self.week.season}-{self.week.week:02d}-{self.phase}"


def planned_imports(games: Iterable[Game]) -> dict[SeasonWeek, list[Import]]:
    """Imports of every week of a schedule, in time order."""
    planned = {}
    for week, played in games_by_week(games).items():
        first, last = first_and_last_kickoff(played)
        over = last + GAME_LENGTH
        tuesday = _next(first + GAME_LENGTH, 8, _TUESDAY)
        planned[week] = [Import(tuesday, week, "provisional")]
        if over > tuesday:
            planned[week].append(Import(_next(over, 8), week, "completed"))
        final = Import(_next(over + CORRECTION_LAG, 12, _THURSDAY), week, "final")
        # A week of nothing but a Tuesday night game is final before the next Tuesday comes.
        planned[week] = [*(item for item in planned[week] if item.due_at < final.due_at), final]
    return planned


def _next(moment: datetime, hour: int, weekday: int | None = None) -> datetime:
    """First full `hour` (UTC), on `weekday` if given, at or after a moment."""
    at = moment.replace(hour=hour, minute=0, second=0, microsecond=0)
    while at < moment or (weekday is not None and at.weekday() != weekday):
        at += timedelta(days=1)
    return at


def imports_due_between(games: Iterable[Game], since: datetime, until: datetime) -> list[Import]:
    """Every import that falls due from `since` to `until`, in time order."""
    planned = planned_imports(games).values()
    return sorted(i for items in planned for i in items if since <= i.due_at <= until)


def phases_at(
    games: Iterable[Game], weeks: Iterable[SeasonWeek], now: datetime
) -> dict[SeasonWeek, ImportPhase]:
    """Which phase an import of each week made at `now` belongs to.

    Before a week's first moment it is provisional, as for a week without games.
    """
    planned = planned_imports(games)
    return {week: _latest(planned.get(week, []), now) for week in weeks}


def _latest(items: Iterable[Import], now: datetime) -> ImportPhase:
    phase: ImportPhase = "provisional"
    for item in items:
        if item.due_at <= now:
            phase = item.phase
    return phase


def is_satisfied(phase: ImportPhase, imported: Collection[str]) -> bool:
    """Whether this phase, or a later one, is among those imported."""
    return any(later in imported for later in PHASES[PHASES.index(phase) :])


def missing_imports(
    games: Iterable[Game],
    imported: Mapping[SeasonWeek, Collection[str]],
    now: datetime,
    grace: timedelta = timedelta(0),
) -> list[Import]:
    """Imports due and not made, newest first; of each week only the latest phase that is due.

    Args:
        imported: phases in which each week was imported.
        grace: leave out what fell due less than this ago.
    """
    missing = []
    for items in planned_imports(games).values():
        due = [item for item in items if item.due_at <= now]
        if not due or due[-1].due_at < now - LOOK_BACK:
            continue
        item = due[-1]
        if item.due_at + grace <= now and not is_satisfied(item.phase, imported.get(item.week, ())):
            missing.append(item)
    return sorted(missing, key=lambda item: (item.week, item.due_at), reverse=True)


def next_import(games: Iterable[Game], now: datetime) -> Import | None:
    """The first import that falls due after `now`; None when the schedule knows none."""
    later = [
        item for items in planned_imports(games).values() for item in items if item.due_at > now
    ]
    return min(later, default=None)


def projected_from(games: Iterable[Game], week: SeasonWeek) -> datetime:
    """The moment from which on a week of the schedule is projected."""
    first, _ = first_and_last_kickoff(g for g in games if (g.season, g.week) == week)
    return first - PROJECTION_LEAD


def next_kickoff(
    games: Iterable[Game], now: datetime, until: datetime | None = None
) -> Game | None:
    """The game that kicks off next; None if there is none (by `until`)."""
    ahead = [g for g in games if g.kickoff > now and (until is None or g.kickoff <= until)]
    return min(ahead, key=lambda game: game.kickoff, default=None)
