"""What a source of NFL data offers: the interface of the nflverse adapter and the sample league."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


class Source(Protocol):
    """Delivers each data set as the contract of `sources/schema.py`.

    Raises, from every method:
        NotPublishedError: upstream has no such file.
        SourceError: anything else that kept the data from coming.
    """

    def schedule(self) -> pa.Table:
        """Whole schedule, one row per game (`GAMES`)."""

    def weekly_stats(self, season: int) -> pa.Table:
        """One row per player-week (`schema.WEEKLY_STATS`)."""

    def weekly_rosters(self, season: int) -> pa.Table:
        """One row per rostered player-week (`schema.WEEKLY_ROSTERS`)."""

    def injuries(self, season: int) -> pa.Table:
        """One row per player, team and week on a report (`schema.INJURIES`)."""

    def snap_counts(self, season: int) -> pa.Table:
        """One row per player-week (`schema.SNAP_COUNTS`)."""

    def player_ids(self) -> pa.Table:
        """One row per player (`schema.PLAYER_IDS`)."""

    def players(self) -> pa.Table:
        """One row per player (`schema.PLAYERS`)."""

    def nflcom_projections(self, season: int, weeks: Iterable[int]) -> pa.Table:
        """One row per player-week (`schema.NFLCOM_PROJECTIONS`); weeks without a file have none."""

    def reader_of(self, dataset: str) -> str:
        """Name of the reader that delivers a data set: a library's, or `SAMPLE_LABEL`."""

    def notes(self, dataset: str, season: int) -> list[str]:
        """What a reader of the data should know, e.g. rows left out because they have no id."""
