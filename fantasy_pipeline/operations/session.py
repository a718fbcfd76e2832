"""The session of one command: its workspace, Dagster home and Dagster instance.

``--source sample`` uses a separate Dagster home, so that run history and partition status of the
real league stay true.
"""

from __future__ import annotations

import os
from datetime import datetime
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.football.tables import PROJECTIONS
from fantasy_pipeline.lake.locks import locked
from fantasy_pipeline.orchestration.workspace import Workspace
from fantasy_pipeline.settings import Settings, SourceName, default_home

if TYPE_CHECKING:
    import pyarrow as pa
    from dagster import DagsterInstance

    from fantasy_pipeline.football.calendar import WeekStatus
    from fantasy_pipeline.ingest.week_so_far import WeekSoFar

INSTANCE_LOCK, BACKFILL_LOCK, TRIGGER_LOCK = ".instance.lock", ".backfill.lock", ".trigger.lock"
"""Lock files of a Dagster home: for making it, running a backfill, starting a triggered run."""
_HISTORY_FILES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
_MADE = ".history-made"
"""Mark of a home whose SQLite files are complete."""


DEMO_HOME = ".demo"
"""Dagster home of `make demo`, below the checkout."""


def _has_projections(root: str) -> bool:
    return Path(root, PROJECTIONS.name).is_dir()


def open_instance(home: Path, one_run: bool = False) -> DagsterInstance:
    """Open the Dagster instance of a home and set ``DAGSTER_HOME`` to the home.

    Only a home whose files are not made yet is opened by one process at a time: two processes that
    make the files at once break them. A database server needs no lock.

    Args:
        one_run: as for `home_instance`.
    """
    from fantasy_pipeline.operations.own_instance import home_instance, makes_files
    from fantasy_pipeline.orchestration import history_errors, sqlite_files

    os.environ["DAGSTER_HOME"] = str(home)
    sqlite_files.tune()
    history_errors.listen()
    if not makes_files(home) or _is_made(home):
        return home_instance(home, one_run)
    with locked(home / INSTANCE_LOCK):
        if not _has_files(home):
            # A process that finds all files and the mark finds complete files.
            (home / _MADE).unlink(missing_ok=True)
        instance = home_instance(home, one_run)
        if _has_files(home):
            (home / _MADE).touch()
        return instance


def _is_made(home: Path) -> bool:
    # In this order: the files of a home that is made anew appear after its mark is removed.
    return _has_files(home) and (home / _MADE).exists()


def _has_files(home: Path) -> bool:
    return all((home / file).is_file() for file in _HISTORY_FILES)


class Session(Workspace):
    """The workspace of one command, with its Dagster home and instance.

    Args:
        source, at, one_run, lists_all: as for `Workspace`.
        runs_jobs: the command runs jobs in its process, as for `home_instance`.
    """

    def __init__(
        self,
        source: SourceName | None = None,
        at: datetime | None = None,
        one_run: bool = False,
        lists_all: bool = False,
        runs_jobs: bool = False,
    ) -> None:
        super().__init__(source, at, one_run, lists_all)
        self._runs_jobs = runs_jobs
        home = default_home()
        if self.source == "sample" and Settings().source != "sample":
            home = home / "sample"
        self.home: Path = home
        # Dagster, and the runs that this process starts, read the variable.
        os.environ["DAGSTER_HOME"] = str(home)

    def way_to_demo(self) -> str | None:
        """Return how to reach the data of a demo; None without one, or if the lake is not empty."""
        root = self.settings.lake_root(self.source)
        if "://" in root or _has_projections(root):
            return None
        if self.source != "sample" and _has_projections(self.settings.lake_root("sample")):
            return "To use the data of the demo, add --source sample."
        home = default_home() / DEMO_HOME
        sources: tuple[SourceName, ...] = ("sample", "auto")
        for source in sources:
            if _has_projections(Settings(data=str(home / "data")).lake_root(source)):
                variables = f"DAGSTER_HOME={quote(str(home))} FANTASY_SOURCE={source}"
                return f"To use the data of `make demo`, run: export {variables}"
        return None

    def make_home(self) -> None:
        """Create the Dagster home if it does not exist, as worker processes expect it."""
        self.home.mkdir(parents=True, exist_ok=True)
        outer = self.home.parent / "dagster.yaml"
        inner = self.home / "dagster.yaml"
        if not inner.exists():
            import yaml

            # Without the file, Dagster writes pages to stderr and sends statistics.
            config: dict[str, Any] = {"telemetry": {"enabled": False}}
            if outer.is_file():
                config = yaml.safe_load(outer.read_text(encoding="utf-8")) or config
                # The database of the outer home would mix the runs of both homes.
                config.pop("storage", None)
            inner.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    @cached_property
    def instance(self) -> DagsterInstance:
        """The Dagster instance of the home; a missing home is created."""
        from fantasy_pipeline.orchestration.history_errors import at_once

        self.make_home()
        with at_once():
            return open_instance(self.home, self._runs_jobs)

    @cached_property
    def now(self) -> datetime:
        return self.present

    @cached_property
    def status(self) -> WeekStatus:
        from fantasy_pipeline.football.calendar import week_status

        return week_status(self.games, self.now)

    @property
    def known_status(self) -> WeekStatus:
        """The weeks by the lake's schedule, without a request.

        By upstream's, if the lake has none or knows of no week to play: a new season may be out.
        """
        from fantasy_pipeline.football.calendar import week_status

        if games := self.stored_games:
            known = week_status(games, self.present)
            if known.in_progress or known.upcoming:
                return known
        return week_status(self.games, self.present)

    @property
    def so_far(self) -> list[WeekSoFar]:
        """The weeks in progress, by the lake's schedule."""
        from fantasy_pipeline.ingest.week_so_far import weeks_so_far

        return weeks_so_far(self.lake, self.stored_games, self.present)

    @property
    def locks(self) -> list[Path]:
        """Lock files, and folders of lock files, of this home and lake."""
        from fantasy_pipeline.ingest.download.slots import SLOTS_FOLDER

        names = (INSTANCE_LOCK, BACKFILL_LOCK, TRIGGER_LOCK)
        slots = self.settings.cache_dir / SLOTS_FOLDER
        return [*(self.home / name for name in names), *filter(None, [slots, self.lake.locks])]

    def job_executions(self) -> pa.Table:
        """Return the run history as a table, one row per run."""
        from fantasy_pipeline.orchestration.runs.history import job_executions

        return job_executions(self.instance)
