"""The sample league: a synthetic NFL for demos, tests and first steps without a network.

Real data do not belong here, and nothing outside this package invents any: everything in the
league is invented except the team codes, which are real so that all later steps work.

Player ids look like ``SAMPLE-0001``, stadiums like ``Sample Stadium BUF``. Seasons 2023 and 2024
are complete; 2025 is played through week 9 as of `SAMPLE_NOW`. The data are generated, not stored:
the same call returns the same bytes, in any process and any order of calls. Points per position,
week-to-week scatter, injuries and the error of the projections have realistic sizes, so that
models have something to learn. The data say nothing about real football.

Modules, in the order of generation: fixtures (`schedule`), people (`players`), injuries
(`health`), expectations (`outlook`), box scores (`games`), the course of a season (`season`),
other people's projections (`projections`), tables (`tables`), all of them together (`league`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.ingest.sample.present import SAMPLE_NOW, SEASONS
from fantasy_pipeline.settings import SAMPLE_LABEL

if TYPE_CHECKING:
    import pyarrow as pa

    from fantasy_pipeline.ingest.sample.league import GeneratedLeague

__all__ = ["SAMPLE_NOW", "SEASONS", "SampleLeague"]


class SampleLeague:
    """The synthetic league as a `Source`; each season is generated once per instance.

    Raises, from every method that takes a season:
        NotPublishedError: the league has no such season.
    """

    def schedule(self) -> pa.Table:
        """Return all three seasons; 2025 has no play-offs, and no scores from week 10."""
        return self._league.schedule

    def weekly_stats(self, season: int) -> pa.Table:
        """Return stat lines of all positions, one row per player-week with a stat."""
        return self._table("weekly_stats", season)

    def weekly_rosters(self, season: int) -> pa.Table:
        """Return rosters, one row per rostered player and week played; none on a bye."""
        return self._table("weekly_rosters", season)

    def injuries(self, season: int) -> pa.Table:
        """Return injury reports, one row per player, team and week, through the coming week."""
        return self._table("injuries", season)

    def snap_counts(self, season: int) -> pa.Table:
        """Return snap counts, one row per player and week played."""
        return self._table("snap_counts", season)

    def player_ids(self) -> pa.Table:
        """Return ids, one row per player but linemen; rookies in particular lack some ids."""
        return self._league.player_ids()

    def players(self) -> pa.Table:
        """Return the players of all three seasons, one row per player."""
        return self._league.players()

    def market_values(self) -> pa.Table:
        """Return invented market values, one row per player of the offence."""
        return self._league.market_values()

    def nflcom_projections(self, season: int, weeks: Iterable[int]) -> pa.Table:
        """Return half-PPR projections, one row per player-week of the regular season.

        Play-offs, and weeks after the coming one, have no rows.
        """
        _require_season("nflcom_projections", season)
        return self._league.projections(season, weeks)

    def nflcom_defenders(self, season: int, weeks: Iterable[int]) -> pa.Table:
        """Return nothing: no source projects the league's defenders."""
        # Imported here: see `_league`.
        from fantasy_pipeline.ingest.sources import schema

        _require_season("nflcom_projections", season)
        return schema.NFLCOM_PROJECTIONS.arrow_schema.empty_table()

    def nflcom_positions(self, season: int, week: int) -> pa.Table:
        """Return nothing: the league's rosters have the fantasy positions."""
        # Imported here: see `_league`.
        from fantasy_pipeline.ingest.sources import schema

        _require_season("nflcom_projections", season)
        return schema.NFLCOM_POSITIONS.arrow_schema.empty_table()

    def nflcom_results(self, season: int, weeks: Iterable[int]) -> pa.Table:
        """Return nothing: the league's stat lines have everything."""
        # Imported here: see `_league`.
        from fantasy_pipeline.ingest.sources import schema

        _require_season("nflcom_projections", season)
        return schema.NFLCOM_RESULTS.arrow_schema.empty_table()

    def reader_of(self, dataset: str) -> str:
        """Return `SAMPLE_LABEL`."""
        return SAMPLE_LABEL

    def notes(self, dataset: str, season: int) -> list[str]:
        """Return nothing: the league never leaves out a row."""
        return []

    @cached_property
    def _league(self) -> GeneratedLeague:
        # Imported here: `SAMPLE_NOW` and the class must not cost the import of numpy and pyarrow.
        from fantasy_pipeline.ingest.sample.league import GeneratedLeague

        return GeneratedLeague()

    def _table(self, dataset: str, season: int) -> pa.Table:
        _require_season(dataset, season)
        return self._league.table(dataset, season)


def _require_season(dataset: str, season: int) -> None:
    """Raise if the league does not have a season."""
    if season not in SEASONS:
        seasons = ", ".join(str(year) for year in SEASONS)
        raise NotPublishedError(
            dataset,
            f"the {SAMPLE_LABEL} has the seasons {seasons} only",
            "Ask for one of these, or choose another --source for real data.",
            season,
        )
