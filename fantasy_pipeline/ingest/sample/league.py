"""The generated league: fixtures, players and seasons, generated once and kept as tables."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.ingest.sample import tables
from fantasy_pipeline.ingest.sample.players import Players, build_players
from fantasy_pipeline.ingest.sample.present import SEASONS
from fantasy_pipeline.ingest.sample.season import Season, play_season

_BUILDERS = {
    "weekly_stats": tables.weekly_stats,
    "weekly_rosters": tables.weekly_rosters,
    "injuries": tables.injuries,
    "snap_counts": tables.snap_counts,
    "nflcom_projections": tables.nflcom_projections,
}
"""Functions that build the data sets with one table per season."""


class GeneratedLeague:
    """The tables of the sample league; each is generated when it is first needed."""

    def __init__(self) -> None:
        self._seasons: dict[int, Season] = {}
        self._tables: dict[tuple[str, int], pa.Table] = {}

    @cached_property
    def schedule(self) -> pa.Table:
        """The schedule of all seasons, one row per game."""
        return tables.schedule(self._season(season) for season in SEASONS)

    @cached_property
    def people(self) -> pa.Table:
        """All players, one row per player."""
        return tables.people(self._players)

    def table(self, dataset: str, season: int) -> pa.Table:
        """Return a season's table of a data set."""
        key = (dataset, season)
        if key not in self._tables:
            self._tables[key] = _BUILDERS[dataset](self._season(season), self.people)
        return self._tables[key]

    def projections(self, season: int, weeks: Iterable[int]) -> pa.Table:
        """Return NFL.com's projections of some weeks, one row per player-week."""
        table = self.table("nflcom_projections", season)
        return table.filter(pc.is_in(table["week"], pa.array(sorted(set(weeks)), pa.int32())))

    def player_ids(self) -> pa.Table:
        """Return the fantasy platforms' ids, one row per player."""
        return tables.player_ids(self.people)

    def market_values(self) -> pa.Table:
        """Return invented market values, one row per player of the offence."""
        return tables.market_values(self.people)

    def players(self) -> pa.Table:
        """Return all players in upstream's contract, one row per player."""
        return tables.players(self.people)

    @cached_property
    def _players(self) -> Players:
        return build_players()

    def _season(self, season: int) -> Season:
        if season not in self._seasons:
            self._seasons[season] = play_season(season, self._players)
        return self._seasons[season]
