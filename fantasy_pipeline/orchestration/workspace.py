"""The surroundings of a command or a run: upstream, lake, schedule and clock of one source.

Nothing here knows Dagster, so that commands which only read the lake start quickly.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING

from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football.calendar import Game, games_from_table
from fantasy_pipeline.football.tables import GAMES
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.settings import SAMPLE_LABEL, Settings, SourceName

if TYPE_CHECKING:
    from fantasy_pipeline.ingest.download.transport import Transport
    from fantasy_pipeline.ingest.leagues.desk import LeagueDesk
    from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
    from fantasy_pipeline.ingest.sources.base import Source

REAL_LABEL = "nfl"


def open_source(
    settings: Settings, source: SourceName, transport: Callable[..., Transport] | None = None
) -> Source:
    """Return the sample league, or nflverse over the live hosts or a mirror.

    Args:
        transport: makes the transport of nflverse's files; None: `Transport`.
    """
    if source == "sample":
        from fantasy_pipeline.ingest.sample import SampleLeague

        return SampleLeague()
    from fantasy_pipeline.ingest.download.transport import Transport
    from fantasy_pipeline.ingest.sources.nflverse import Nflverse

    files = (transport or Transport)(
        settings.cache_dir,
        mirror=settings.mirror,
        offline=settings.offline,
        total_timeout=settings.download_timeout,
    )
    return Nflverse(files, source)


def open_lake(
    settings: Settings, source: SourceName, one_run: bool = False, lists_all: bool = False
) -> Lake:
    """Return the lake that belongs to a source; `one_run` and `lists_all` as for `Lake`."""
    label = SAMPLE_LABEL if source == "sample" else REAL_LABEL
    return Lake(settings.lake_root(source), label, one_run, lists_all)


class Workspace:
    """Settings, upstream, lake, schedule and clock of one source, each opened when first used.

    Args:
        source: where data come from; None: ``FANTASY_SOURCE``, else ``auto``.
        at: the moment to act as of (aware); None: now, or the sample league's fixed present.
        one_run, lists_all: how one run, or a command that starts none, reads; as for `Lake`.
    """

    def __init__(
        self,
        source: SourceName | None = None,
        at: datetime | None = None,
        one_run: bool = False,
        lists_all: bool = False,
    ) -> None:
        self.source: SourceName = source or Settings().source
        self.at = at
        self._one_run = one_run
        self._lists_all = lists_all
        self._games_read: tuple[Hashable | None, Sequence[Game]] = None, ()

    @cached_property
    def settings(self) -> Settings:
        return Settings()

    @property
    def label(self) -> str | None:
        """The label that outputs show about the data; None for real data."""
        return SAMPLE_LABEL if self.source == "sample" else None

    @cached_property
    def lake(self) -> Lake:
        return open_lake(self.settings, self.source, self._one_run, self._lists_all)

    @cached_property
    def upstream(self) -> Source:
        return open_source(self.settings, self.source)

    def league_desk(self) -> LeagueDesk:
        """Open the registered leagues anew: each address is requested once per desk."""
        from fantasy_pipeline.ingest.leagues.adapters import open_adapters
        from fantasy_pipeline.ingest.leagues.desk import LeagueDesk

        return LeagueDesk(self.lake, open_adapters(self.settings))

    def sleeper(self) -> Sleeper:
        """Open Sleeper's public answers that belong to no league."""
        from fantasy_pipeline.ingest.leagues.adapters import open_sleeper

        return open_sleeper(self.settings)

    @property
    def present(self) -> datetime:
        """The moment to act as of, read anew: servers live longer than commands."""
        if self.at is not None:
            return self.at
        if self.source == "sample":
            from fantasy_pipeline.ingest.sample import SAMPLE_NOW

            return SAMPLE_NOW
        return datetime.now(timezone.utc)

    @cached_property
    def games(self) -> Sequence[Game]:
        """The schedule as upstream publishes it."""
        return games_from_table(self.upstream.schedule())

    @property
    def stored_games(self) -> Sequence[Game]:
        """The lake's schedule, which the daemon refreshes daily; empty if the lake has none.

        One run reads it once; others read it again when its file was replaced.
        """
        if self._one_run:
            return self._games_of_run
        version = self.lake.version(GAMES)
        if version is None or version != self._games_read[0]:
            self._games_read = version, self._read_games()
        return self._games_read[1]

    @cached_property
    def _games_of_run(self) -> Sequence[Game]:
        return self._read_games()

    def _read_games(self) -> Sequence[Game]:
        try:
            return games_from_table(self.lake.read(GAMES))
        except NotMaterializedError:
            return ()

    @property
    def known_games(self) -> Sequence[Game]:
        """The schedule as the lake has it, else upstream's."""
        return self.stored_games or self.games
