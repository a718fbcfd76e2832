"""The season of a registered league that a decision is about."""

from __future__ import annotations

from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Registered
from fantasy_pipeline.lake import Lake


def season_for(lake: Lake, league: Registered, season: int) -> LeagueSeason:
    """Return the settings of a league in a season; a season that is not imported has the latest.

    Raises:
        InvalidArgumentError: the league has no season up to that one.
    """
    seasons = [one for one in league.seasons if one <= season]
    found = registry.stored_season(lake, league.name, max(seasons)) if seasons else None
    if found is None:
        known = ", ".join(map(str, sorted(league.seasons)))
        raise InvalidArgumentError(
            f"league {league.name} has no season {season}; it has {known}. Choose one of them with "
            "--season and --week."
        )
    return found


def check_runs(league: str, of: LeagueSeason, week: SeasonWeek) -> None:
    """Check that a league's season is not over before a week, if the platform states its end.

    Raises:
        PipelineError: it is over.
    """
    last = of.last_week
    if last is not None and week.week > last:
        raise PipelineError(
            f"league {league} {week.season}: the season ended with week {last}. Choose a week up "
            f"to {last} with --season and --week."
        )
