"""The plan of the automatic imports: which week is due at what time, and in which phase.

Each week is imported up to three times so that it counts as imported:

- *provisional*: the first Tuesday 08:00 UTC after the end of the week's first game;
- *completed*: 08:00 UTC after the end of the last game, only if that is later than the Tuesday;
- *final*: the first Thursday 12:00 UTC at least `CORRECTION_LAG` after the end of the last game,
  when the league has corrected the stats.

Before its provisional import, a week is *in progress*: it is imported as it is played, at 08:00 and
12:00 UTC of the morning after each day with games. Such an import has the games that are over. It
is not planned here, because it never counts as imported and nobody waits for it.

Callers pass in the schedule and the time; nothing here uses Dagster or reads a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from fantasy_pipeline.football.calendar import (
    GAME_LENGTH,
    Game,
    first_and_last_kickoff,
    games_by_week,
    is_over_by_clock,
)
from fantasy_pipeline.football.season_week import SeasonWeek

ImportPhase = Literal["in_progress", "provisional", "completed", "final"]
PHASES: tuple[ImportPhase, ...] = ("in_progress", "provisional", "completed", "final")
"""In time order; an import of a later phase replaces those of earlier phases."""
SO_FAR: ImportPhase = "in_progress"
"""Phase of an import that has a part of the week's games and does not count as imported."""

CORRECTION_LAG = timedelta(hours=24)
"""A Wednesday game ends on Thursday 01:10 UTC; its stats are not corrected by noon that day."""
CATCH_UP_GRACE = timedelta(hours=2)
"""Catch-up waits this long for the scheduled run and its retries."""
ALARM_AFTER = timedelta(hours=4)
"""An import this late raises an alert, i.e. on Tuesday at 12:00 UTC."""
LOOK_BACK = timedelta(days=370)
"""Catch-up makes missed imports up to this age, so a year of downtime loses no week."""

_TUESDAY, _THURSDAY = 1, 3


class Import(NamedTuple):
    """One planned import: `week` is due for import in `phase` from `due_at` on."""

    due_at: datetime
    week: SeasonWeek
    phase: ImportPhase

    @property
    def key(self) -> str:
        """Return the unique key of the import, e.g. ``2024-05-final``."""
        return f"{self.week.season}-{self.week.week:02d}-{self.phase}"


def planned_imports(games: Iterable[Game]) -> dict[SeasonWeek, list[Import]]:
    """Return the planned imports of every week of a schedule, each week's in time order."""
    planned = {}
    for week, played in games_by_week(games).items():
        first, last = first_and_last_kickoff(played)
        over = last + GAME_LENGTH
        tuesday = _next(first + GAME_LENGTH, 8, _TUESDAY)
        planned[week] = [Import(tuesday, week, "provisional")]
        if over > tuesday:
            planned[week].append(Import(_next(over, 8), week, "completed"))
        final = Import(final_import_at(last), week, "final")
        # A week with a single game on a Tuesday night is final before the next Tuesday.
        planned[week] = [*(item for item in planned[week] if item.due_at < final.due_at), final]
    return planned


def final_import_at(last_kickoff: datetime) -> datetime:
    """Return the moment from which the corrected stats of a week are known."""
    return _next(last_kickoff + GAME_LENGTH + CORRECTION_LAG, 12, _THURSDAY)


def _next(moment: datetime, hour: int, weekday: int | None = None) -> datetime:
    """Return the first full `hour` (UTC), on `weekday` if given, at or after a moment."""
    at = moment.replace(hour=hour, minute=0, second=0, microsecond=0)
    while at < moment or (weekday is not None and at.weekday() != weekday):
        at += timedelta(days=1)
    return at


def imports_due_between(games: Iterable[Game], since: datetime, until: datetime) -> list[Import]:
    """Return the imports that fall due from `since` to `until`, both included, in time order."""
    planned = planned_imports(games).values()
    return sorted(i for items in planned for i in items if since <= i.due_at <= until)


def phases_at(
    games: Iterable[Game], weeks: Iterable[SeasonWeek], now: datetime
) -> dict[SeasonWeek, ImportPhase]:
    """Return the phase of an import of each week that is made at `now`.

    The phase is in progress before the week's first planned import, and provisional for a week
    without games.
    """
    planned = planned_imports(games)
    return {
        week: _latest(planned[week], now) if week in planned else "provisional" for week in weeks
    }


def weeks_in_progress(games: Sequence[Game], now: datetime) -> dict[SeasonWeek, list[Game]]:
    """Return the weeks that an import at `now` imports in progress, with their games that are over.

    A week none of whose games is over is left out.
    """
    over = games_by_week(game for game in games if is_over_by_clock(game.kickoff, now))
    season = max(over).season if over else 0
    of_season = [game for game in games if game.season == season]
    weeks = sorted(week for week in over if week.season == season)
    phases = phases_at(of_season, weeks, now)
    return {week: list(over[week]) for week in weeks if phases[week] == SO_FAR}


def _latest(items: Iterable[Import], now: datetime) -> ImportPhase:
    phase = SO_FAR
    for item in items:
        if item.due_at <= now:
            phase = item.phase
    return phase


def is_satisfied(phase: ImportPhase, imported: Collection[str]) -> bool:
    """Return whether a week was imported in this phase or a later one."""
    return any(later in imported for later in PHASES[PHASES.index(phase) :])


def missing_imports(
    games: Iterable[Game],
    imported: Mapping[SeasonWeek, Collection[str]],
    now: datetime,
    grace: timedelta = timedelta(0),
) -> list[Import]:
    """Return the imports that are due and not made, newest week first.

    Of each week only the latest phase that is due counts; imports older than `LOOK_BACK` do not.

    Args:
        imported: phases in which each week was imported.
        grace: imports that fell due less than this ago are left out.
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
    """Return the first import that falls due after `now`; None if the schedule has no later one."""
    later = [
        item for items in planned_imports(games).values() for item in items if item.due_at > now
    ]
    return min(later, default=None)
