"""Weeks that a person names: errors about a week that does not exist or cannot be made yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.calendar import (
    PROJECTION_LEAD,
    Game,
    games_by_week,
    projected_from,
    weeks_of,
)
from fantasy_pipeline.football.season_week import SeasonWeek


class NoSuchWeekError(InvalidArgumentError):
    """The schedule does not have a week; the message names the weeks that it has."""


class TooEarlyError(InvalidArgumentError):
    """A week cannot be made yet; the message says from when on, and which week can be made."""


def allowed_weeks(games: Sequence[Game]) -> dict[int, str]:
    """Return the range of weeks of each season of the schedule, e.g. ``1-22``."""
    seasons = sorted({game.season for game in games})
    weeks = {season: weeks_of(games, season) for season in seasons}
    return {season: f"{numbers[0]}-{numbers[-1]}" for season, numbers in weeks.items()}


def check_week(games: Sequence[Game], sw: SeasonWeek) -> None:
    """Check that the schedule has a week.

    Raises:
        NoSuchWeekError: the schedule does not have the week.
    """
    if sw.week in weeks_of(games, sw.season):
        return
    allowed = allowed_weeks(games)
    if sw.season in allowed:
        raise NoSuchWeekError(f"there is no {sw}: {sw.season} has the weeks {allowed[sw.season]}.")
    raise NoSuchWeekError(
        f"there is no {sw}: the schedule has the seasons {min(allowed)}-{max(allowed)}."
    )


def check_not_too_early(games: Sequence[Game], sw: SeasonWeek, now: datetime) -> None:
    """Check that a week of the schedule can be projected, or imported, at `now`.

    Raises:
        TooEarlyError: its first game is more than `PROJECTION_LEAD` ahead.
    """
    begin = projected_from(games, sw)
    if begin <= now:
        return
    possible = [week for week in games_by_week(games) if projected_from(games, week) <= now]
    last = f"{max(possible)} is the last week" if possible else "there is no week"
    raise TooEarlyError(
        f"{sw} cannot be made before {begin:%Y-%m-%d %H:%M} UTC, {PROJECTION_LEAD.days} days "
        f"before its first game; at {now:%Y-%m-%d %H:%M} UTC, {last} that can be made."
    )
