"""Weeks that are asked for: those that the schedule has, and errors about the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import InvalidArgumentError, NotPublishedError
from fantasy_pipeline.football.calendar import (
    PROJECTION_LEAD,
    SUPER_BOWL,
    Game,
    first_and_last_kickoff,
    games_by_week,
    is_over,
    projected_from,
    weeks_of,
)
from fantasy_pipeline.football.season_week import SeasonWeek

if TYPE_CHECKING:
    import pyarrow as pa


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


def scheduled_weeks(games: pa.Table, season: int, weeks: Iterable[int]) -> set[int]:
    """Return those of `weeks` in which a season has games.

    Args:
        games: a table that meets `GAMES`.

    Raises:
        NotPublishedError: the schedule does not have the season, or a week comes after the last
            week scheduled so far. Such a week is an error because it would look like a week
            without games.
    """
    columns = (games[name].to_pylist() for name in ("season", "week", "game_type"))
    game_types = {(week, kind) for year, week, kind in zip(*columns, strict=True) if year == season}
    scheduled = {week for week, _ in game_types}
    if not scheduled:
        raise NotPublishedError(
            "schedule",
            "it has no game of this season",
            "Check the season, or refresh the schedule when upstream has it: "
            "`fantasy-pipeline run` does both",
            season,
        )
    wanted = set(weeks)
    last = max(scheduled)
    beyond = sorted(week for week in wanted if week > last)
    if beyond and SUPER_BOWL not in {kind for _, kind in game_types}:
        raise NotPublishedError(
            "schedule",
            f"it ends with week {last} so far; upstream adds play-off games week by week",
            "Leave the week out, or run again when upstream has its games",
            season,
            beyond[0],
            beyond,
        )
    return scheduled & wanted


def weeks_to_come(
    games: Iterable[Game], weeks: Iterable[SeasonWeek], now: datetime
) -> dict[SeasonWeek, str]:
    """Return those of `weeks` whose games are to come at `now`, each with the reason.

    A week of which a game is over is not to come. A week that the schedule lacks is to come as long
    as the schedule also lacks the season's Super Bowl.
    """
    scheduled = games_by_week(games)
    found = {}
    for week in weeks:
        of_week = scheduled.get(week, ())
        if of_week and not any(is_over(game, now) for game in of_week):
            first, _ = first_and_last_kickoff(of_week)
            found[week] = f"its games are to come, the first at {first:%Y-%m-%d %H:%M} UTC"
        elif not of_week and _is_beyond(scheduled, week):
            found[week] = "its games are not scheduled yet"
    return found


def _is_beyond(scheduled: Mapping[SeasonWeek, Sequence[Game]], week: SeasonWeek) -> bool:
    """Return whether the schedule may still get games of a week that it does not have."""
    of_season = {at: games for at, games in scheduled.items() if at.season == week.season}
    if not of_season:
        return week > max(scheduled, default=week)
    is_whole = any(g.game_type == SUPER_BOWL for games in of_season.values() for g in games)
    return week > max(of_season) and not is_whole
