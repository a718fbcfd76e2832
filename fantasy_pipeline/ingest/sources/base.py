"""The interface of a source of NFL data; the nflverse adapter and the sample league have it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import pyarrow as pa


class Source(Protocol):
    """Returns each data set in its contract of `sources/schema.py`.

    Raises, from every method:
        NotPublishedError: upstream has no such file.
        SourceError: the data could not be downloaded or read.
    """

    def schedule(self) -> pa.Table:
        """Return the whole schedule, one row per game (`schema.SCHEDULE`)."""

    def weekly_stats(self, season: int) -> pa.Table:
        """Return stat lines, one row per player-week (`schema.WEEKLY_STATS`)."""

    def weekly_rosters(self, season: int) -> pa.Table:
        """Return rosters, one row per rostered player-week (`schema.WEEKLY_ROSTERS`)."""

    def injuries(self, season: int) -> pa.Table:
        """Return injury reports, one row per player, team and week (`schema.INJURIES`)."""

    def snap_counts(self, season: int) -> pa.Table:
        """Return snap counts, one row per player-week (`schema.SNAP_COUNTS`)."""

    def player_ids(self) -> pa.Table:
        """Return the fantasy platforms' ids, one row per player (`schema.PLAYER_IDS`)."""

    def players(self) -> pa.Table:
        """Return all players, one row per player (`schema.PLAYERS`)."""

    def market_values(self) -> pa.Table:
        """Return today's market values, one row per player (`schema.MARKET_VALUES`)."""

    def nflcom_projections(self, season: int, weeks: Iterable[int]) -> pa.Table:
        """Return NFL.com's projections, one row per player-week (`schema.NFLCOM_PROJECTIONS`).

        A week without a file has no rows.
        """

    def nflcom_defenders(self, season: int, weeks: Iterable[int]) -> pa.Table:
        """Return NFL.com's projections of defenders, in its scoring (`schema.NFLCOM_PROJECTIONS`).

        A week or position without a file has no rows.
        """

    def nflcom_positions(self, season: int, week: int) -> pa.Table:
        """Return the players of NFL.com's lists of a week (`schema.NFLCOM_POSITIONS`).

        A week without a file has no rows.
        """

    def nflcom_results(self, season: int, weeks: Iterable[int]) -> pa.Table:
        """Return what defenders did, as NFL.com's files state it (`schema.NFLCOM_RESULTS`).

        A week without a file, and a season whose files have no results, has no rows.
        """

    def reader_of(self, dataset: str) -> str:
        """Return the name of a data set's reader: a library, or `SAMPLE_LABEL`."""

    def notes(self, dataset: str, season: int) -> list[str]:
        """Return remarks on a data set as read, e.g. that rows without an id were left out."""
