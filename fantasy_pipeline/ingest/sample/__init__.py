"""The sample league: a synthetic NFL, for demos, tests and first steps without a network.

Everything is invented except the team codes, which are the real ones so that all that is
downstream works. Player ids read ``SAMPLE-0001``, stadiums ``Sample Stadium BUF``. Seasons 2023
and 2024 are complete, 2025 is played through week 9 as of `SAMPLE_NOW`. The data are generated,
not stored: the same call gives the same bytes, in any process and any order of calls. They have
the proportions of the real ones (points per position, week-to-week scatter, injuries, error of
the projections), so that models have something to learn; they say nothing about real football.

How it is made, one module each: fixtures (`schedule`), people (`players`), injuries
(`health`), expectations (`outlook`), box scores (`games`), the course of a
season (`season`), other people's projections (`projections`), tables
(`tables`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.ingest.sample import tables
from fantasy_pipeline.ingest.sample.players import SEASONS, Players, build_players
from fantasy_pipeline.ingest.sample.season import SAMPLE_NOW, Season, play_season
from fantasy_pipeline.settings import SAMPLE_LABEL

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SAMPLE_NOW", "SEASONS", "SampleLeague"]

_BUILDERS = {
    "weekly_stats": tables.weekly_stats,
    "weekly_rosters": tables.weekly_rosters,
    "injuries": tables.injuries,
    "snap_counts": tables.snap_counts,
    "nflcom_projections": tables.nflcom_projections,
}
"""Data sets that come by season."""


class SampleLeague:
    """The synthetic league as a `Source`; each season is generated once per instance.

    Raises, from every method that takes a season:
        NotPublishedError: the league has no such season.
    """

    def __init__(self) -> None:
        self._seasons: dict[int, Season] = {}
        self._tables: dict[tuple[str, int], pa.Table] = {}

    def schedule(self) -> pa.Table:
        """All three seasons; 2025 without play-offs, and without scores from week 10."""
        return self._schedule

    def weekly_stats(self, season: int) -> pa.Table:
        """One row per player and week with a stat line, all positions."""
        return self._table("weekly_stats", season)

    def weekly_rosters(self, season: int) -> pa.Table:
        """One row per rostered player and week played; none on a bye."""
        return self._table("weekly_rosters", season)

    def injuries(self, season: int) -> pa.Table:
        """One row per player, team and week on a report, for the coming week too."""
        return self._table("injuries", season)

    def snap_counts(self, season: int) -> pa.Table:
        """One row per player and week played."""
        return self._table("snap_counts", season)

    def player_ids(self) -> pa.Table:
        """One row per player but linemen; some ids are missing, above all those of rookies."""
        return tables.player_ids(self._people)

    def players(self) -> pa.Table:
        """One row per player of the three seasons."""
        return tables.players(self._people)

    def nflcom_projections(self, season: int, weeks: Iterable[int]) -> pa.Table:
        """One row per player-week, half-PPR; none for play-offs and weeks after the coming one."""
        import pyarrow as pa
        import pyarrow.compute as pc

        table = self._table("nflcom_projections", season)
        return table.filter(pc.is_in(table["week"], pa.array(sorted(set(weeks)), pa.int32())))

    def reader_of(self, dataset: str) -> str:
        """`SAMPLE_LABEL`, whatever the data set."""
        return SAMPLE_LABEL

    def notes(self, dataset: str, season: int) -> list[str]:
        """Nothing: no row is ever left out."""
        return []

    @cached_property
    def _players(self) -> Players:
        return build_players()

    @cached_property
    def _people(self) -> pa.Table:
        return tables.people(self._players)

    @cached_property
    def _schedule(self) -> pa.Table:
        return tables.schedule(self._season(season) for season in SEASONS)

    def _season(self, season: int) -> Season:
        if season not in self._seasons:
            self._seasons[season] = play_season(season, self._players)
        return self._seasons[season]

    def _table(self, dataset: str, season: int) -> pa.Table:
        if season not in SEASONS:
            known = ", ".join(str(year) for year in SEASONS)
            raise NotPublishedError(
                dataset,
                f"the {SAMPLE_LABEL} has the seasons {known} only",
                "Ask for one of these, or choose another source for real data.",
                season,
            )
        key = (dataset, season)
        if key not in self._tables:
            self._tables[key] = _BUILDERS[dataset](self._season(season), self._people)
        return self._tables[key]
