"""What one command works on: the settings, the Dagster instance, the lake, the schedule, the clock.

Sample data get a Dagster home of their own as well, so that run history and partition status of
the real league stay true.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.lake.locks import locked
from fantasy_pipeline.orchestration.resources import known_games, open_lake, open_source, present_of
from fantasy_pipeline.settings import SAMPLE_LABEL, Settings, SourceName, default_home

if TYPE_CHECKING:
    import pyarrow as pa
    from dagster import DagsterInstance

    from fantasy_pipeline.football.calendar import Game, WeekStatus
    from fantasy_pipeline.ingest.sources.base import Source
    from fantasy_pipeline.lake import Lake

INSTANCE_LOCK, BACKFILL_LOCK, TRIGGER_LOCK = ".instance.lock", ".backfill.lock", ".trigger.lock"
"""In a Dagster home: only one process opens it, runs a backfill, starts a triggered run."""


def open_instance(home: Path, batches: bool = False) -> DagsterInstance:
    """The Dagster instance of a home; ``DAGSTER_HOME`` says which.

    One process at a time: two that make the files of a new home at once leave them broken.

    Args:
        batches: for a process of one run of many weeks, see `batched_instance`.
    """
    import dagster as dg

    from fantasy_pipeline.operations.sqlite_storage import batched_instance, keep_files_open

    os.environ["DAGSTER_HOME"] = str(home)
    keep_files_open()
    with locked(home / INSTANCE_LOCK):
        return batched_instance(home) if batches else dg.DagsterInstance.get()


class Session:
    """Everything a command needs, each opened when first used.

    Args:
        source: where data come from; None: ``FANTASY_SOURCE``, else ``auto``.
        at: the moment to act as of (aware); None: now, or the sample league's own present.
    """

    def __init__(self, source: SourceName | None = None, at: datetime | None = None) -> None:
        default = Settings().source
        self.source: SourceName = source or default
        home = default_home()
        if self.source == "sample" and default != "sample":
            home = home / "sample"
        self.home: Path = home
        self._at = at
        # Dagster, and the runs that this process starts, read it from there.
        os.environ["DAGSTER_HOME"] = str(home)

    @property
    def label(self) -> str | None:
        """What outputs must say about the data; None for real ones."""
        return SAMPLE_LABEL if self.source == "sample" else None

    @cached_property
    def settings(self) -> Settings:
        return Settings()

    def make_home(self) -> None:
        """Make the Dagster home, if there is none, as worker processes expect it."""
        self.home.mkdir(parents=True, exist_ok=True)
        outer = self.home.parent / "dagster.yaml"
        inner = self.home / "dagster.yaml"
        if not inner.exists():
            import yaml

            # Without the file Dagster writes pages to stderr, and sends statistics.
            config: dict[str, Any] = {"telemetry": {"enabled": False}}
            if outer.is_file():
                config = yaml.safe_load(outer.read_text(encoding="utf-8")) or config
                # A database of the outer home would hold the runs of both.
                config.pop("storage", None)
            inner.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    @cached_property
    def instance(self) -> DagsterInstance:
        """The Dagster instance of the home, which is made if it does not exist."""
        self.make_home()
        return open_instance(self.home)

    @cached_property
    def lake(self) -> Lake:
        return open_lake(self.settings, self.source)

    @cached_property
    def upstream(self) -> Source:
        return open_source(self.settings, self.source)

    @cached_property
    def games(self) -> Sequence[Game]:
        """The schedule of today, from upstream."""
        from fantasy_pipeline.football.calendar import games_from_table

        return games_from_table(self.upstream.schedule())

    @property
    def known_games(self) -> Sequence[Game]:
        """The schedule as the lake has it at this very moment; else from upstream."""
        return known_games(self.lake, lambda: self.games)

    @cached_property
    def now(self) -> datetime:
        return self.present

    @property
    def present(self) -> datetime:
        """`now` of this very moment: servers live longer than commands."""
        return self._at or present_of(self.source)

    @cached_property
    def status(self) -> WeekStatus:
        from fantasy_pipeline.football.calendar import week_status

        return week_status(self.games, self.now)

    @property
    def locks(self) -> list[Path]:
        """Lock files, and folders of them, that processes of this home and lake take."""
        from fantasy_pipeline.ingest.download.slots import SLOTS_FOLDER

        names = (INSTANCE_LOCK, BACKFILL_LOCK, TRIGGER_LOCK)
        slots = self.settings.cache_dir / SLOTS_FOLDER
        return [*(self.home / name for name in names), *filter(None, [slots, self.lake.locks])]

    def job_executions(self) -> pa.Table:
        """Run history as a table."""
        from fantasy_pipeline.orchestration.runs.history import job_executions

        return job_executions(self.instance)
