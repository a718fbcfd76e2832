"""The one resource: which data a run reads, and which lake it writes.

Both follow from `source`, so that sample data can only go to the sample league's own lake.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, PrivateAttr

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.ingest.sources.base import Source
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.settings import SAMPLE_LABEL, SOURCES, Settings, SourceName

if TYPE_CHECKING:
    from fantasy_pipeline.football.calendar import Game
    from fantasy_pipeline.ingest.sites.base import ProjectionSource

REAL_LABEL = "nfl"
# Weekly schedules: their latest missed tick is never older.
_LATEST = timedelta(days=7)


def open_source(settings: Settings, source: SourceName) -> Source:
    """The sample league, or nflverse over the live hosts or a mirror."""
    if source == "sample":
        from fantasy_pipeline.ingest.sample import SampleLeague

        return SampleLeague()
    from fantasy_pipeline.ingest.download.transport import Transport
    from fantasy_pipeline.ingest.sources.nflverse import Nflverse

    transport = Transport(
        settings.cache_dir,
        mirror=settings.mirror,
        offline=settings.offline,
        total_timeout=settings.download_timeout,
    )
    return Nflverse(transport, source)


def open_lake(settings: Settings, source: SourceName) -> Lake:
    """The lake that belongs to a source."""
    label = SAMPLE_LABEL if source == "sample" else REAL_LABEL
    return Lake(settings.lake_root(source), label)


def known_games(lake: Lake, otherwise: Callable[[], "Sequence[Game]"]) -> "Sequence[Game]":
    """The schedule as the lake has it, which the daemon refreshes daily; else from elsewhere."""
    from fantasy_pipeline.football.calendar import games_from_table
    from fantasy_pipeline.football.tables import GAMES

    return games_from_table(lake.read(GAMES)) if lake.has(GAMES) else otherwise()


def present_of(source: SourceName) -> datetime:
    """Now; the sample league's own present stands still."""
    if source == "sample":
        from fantasy_pipeline.ingest.sample import SAMPLE_NOW

        return SAMPLE_NOW
    return datetime.now(timezone.utc)


class NflData(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Source and lake of a run; opened when first used, once per process and run."""

    source: str = Field(
        default="",
        description=f"One of {', '.join(SOURCES)}; empty: FANTASY_SOURCE, else auto",
    )
    at: str = Field(
        default="", description="Moment that sensors act as of, ISO 8601 with offset; empty: now"
    )
    _settings: Settings | None = PrivateAttr(default=None)
    _source: Source | None = PrivateAttr(default=None)
    _lake: Lake | None = PrivateAttr(default=None)

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            self._settings = Settings()
        return self._settings

    @property
    def source_name(self) -> SourceName:
        name = self.source or self.settings.source
        if name not in SOURCES:
            raise PipelineError(f"source {name!r} is none of {', '.join(SOURCES)}.")
        return name

    @property
    def upstream(self) -> Source:
        if self._source is None:
            self._source = open_source(self.settings, self.source_name)
        return self._source

    def projection_sources(self) -> "list[ProjectionSource]":
        """Sources of other people's projections, new ones: those that failed are asked again."""
        from fantasy_pipeline.ingest.sites import open_projection_sources

        return open_projection_sources(self.settings, self.upstream, self.source_name == "sample")

    @property
    def lake(self) -> Lake:
        if self._lake is None:
            self._lake = open_lake(self.settings, self.source_name)
        return self._lake

    @property
    def label(self) -> str | None:
        """What outputs must say about the data; None for real ones."""
        return SAMPLE_LABEL if self.source_name == "sample" else None

    def now(self) -> datetime:
        """The present of the league: `at`, if given."""
        return datetime.fromisoformat(self.at) if self.at else present_of(self.source_name)

    def moment(self, scheduled: datetime) -> datetime:
        """The moment a schedule's tick acts as of.

        A tick that is late, after downtime, acts as of now: on Sunday the stats of last Tuesday's
        tick are not provisional any more. A tick of another time is a preview, and is taken as is.
        """
        now = self.now()
        is_late = timedelta(0) <= now - scheduled < _LATEST
        return now if is_late or self.source_name == "sample" else scheduled

    def games(self) -> "Sequence[Game]":
        """The schedule: as the lake has it, else from upstream."""
        from fantasy_pipeline.football.calendar import games_from_table

        return known_games(self.lake, lambda: games_from_table(self.upstream.schedule()))
