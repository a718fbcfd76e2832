"""The registered leagues of a lake, asked about their seasons and weeks; each answer is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fantasy_pipeline.errors import NotPublishedError, SourceError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.answers import coming_week_of, season_of, week_of
from fantasy_pipeline.ingest.leagues.base import Adapter, LeagueSeason, LeagueWeek, Registered
from fantasy_pipeline.ingest.leagues.rosters import Person, sleepers_people
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline.lake import Lake

_COMPLETE = "complete"


class LeagueDesk:
    """The leagues as one run sees them.

    Args:
        lake: has the registry and the stored seasons.
        adapters: by platform.
    """

    def __init__(self, lake: Lake, adapters: Mapping[str, Adapter]) -> None:
        self._lake = lake
        self._adapters = adapters
        self._seasons: dict[tuple[str, int], LeagueSeason | None] = {}
        self._weeks: dict[tuple[str, SeasonWeek], LeagueWeek] = {}
        self._sleepers: dict[str, dict[str, object]] | None = None

    def leagues(self) -> list[Registered]:
        """Return the registered leagues."""
        return registry.registered(self._lake)

    def adapter(self, platform: str) -> Adapter:
        return self._adapters[platform]

    def season(self, league: Registered, season: int) -> LeagueSeason | None:
        """Return a season of a league as stored; None if the league has no such season."""
        if season not in league.seasons:
            return None
        key = (league.name, season)
        if key not in self._seasons:
            self._seasons[key] = registry.stored_season(self._lake, league.name, season)
        return self._seasons[key]

    def refresh(self, league: Registered, season: int) -> tuple[LeagueSeason | None, list[str]]:
        """Return a season, asked for anew unless it is complete, and a warning if that failed."""
        stored = self.season(league, season)
        if stored is not None and (
            stored.more.get("status") == _COMPLETE or league.platform == "file"
        ):
            return stored, []
        try:
            adapter, identity = self._adapters[league.platform], league.seasons[season]
            fresh = season_of(adapter, identity, season)
        except SourceError as error:
            return stored, [str(_named(error, league))]
        if fresh != stored:
            registry.keep(self._lake, league.name, fresh)
            self._seasons[league.name, season] = fresh
        return fresh, []

    def week(self, league: Registered, at: SeasonWeek, to_come: bool = False) -> LeagueWeek:
        """Return a week of a league; empty if the platform has nothing of it.

        Args:
            to_come: no game of the week is over: the rosters are those of now, without points.

        Raises:
            SourceError: the platform failed, or its answer is wrong; names the league.
        """
        key = (league.name, at)
        if key not in self._weeks:
            season = self.season(league, at.season)
            found = LeagueWeek()
            if season is not None:
                try:
                    read = coming_week_of if to_come else week_of
                    found = read(self._adapters[league.platform], season, at.week)
                except NotPublishedError:
                    found = LeagueWeek()
                except SourceError as error:
                    raise _named(error, league) from error
            self._weeks[key] = found
        return self._weeks[key]

    def look_up(self, platform: str, players: Iterable[str]) -> Mapping[str, Person]:
        """Return players whom no id table maps, from the platform's own list."""
        adapter = self._adapters[platform]
        if not isinstance(adapter, Sleeper):
            return {}
        if self._sleepers is None:
            try:
                self._sleepers = adapter.players()
            except SourceError:
                # The list is large and optional: the players stay without an id, and are named.
                self._sleepers = {}
        return sleepers_people(self._sleepers, players)

    def id_column(self, platform: str) -> str:
        return self._adapters[platform].id_column


def _named(error: SourceError, league: Registered) -> SourceError:
    """Return an error that names the league as the user does."""
    cause, advice = error.cause, error.advice
    kind = SourceError if isinstance(error, NotPublishedError) else type(error)
    return kind(f"league {league.name}", cause, advice, error.season, error.week)
