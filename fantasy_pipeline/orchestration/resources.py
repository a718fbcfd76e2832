"""The one Dagster resource: which data a run reads, and which lake it writes.

Both follow from `source`, so that sample data can only go to the sample league's own lake.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, PrivateAttr

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import Game
from fantasy_pipeline.football.tables import GAMES
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.job_reads import read_by
from fantasy_pipeline.orchestration.partitions import refuse_run_without_weeks
from fantasy_pipeline.orchestration.run_tables import RunTables
from fantasy_pipeline.orchestration.runs.import_state import label_of, weeks_of_tags
from fantasy_pipeline.orchestration.runs.processes import process_of
from fantasy_pipeline.orchestration.workspace import Workspace
from fantasy_pipeline.settings import SAMPLE_LABEL, SOURCES, Settings, SourceName

if TYPE_CHECKING:
    from fantasy_pipeline.ingest.leagues.desk import LeagueDesk
    from fantasy_pipeline.ingest.news.base import NewsSource
    from fantasy_pipeline.ingest.sites.base import ProjectionSource
    from fantasy_pipeline.ingest.sources.base import Source

_LATEST_MISSED_TICK = timedelta(days=7)
"""Schedules are weekly: their latest missed tick is never older."""
_MANY = 1000
"""Records of the schedule to look through in a home that has runs of both leagues."""


def _leagues(instance: dg.DagsterInstance, limit: int) -> set[str | None]:
    """Return the labels of the leagues of the latest schedules that Dagster recorded."""
    records = instance.fetch_materializations(dg.AssetKey(GAMES.name), limit=limit).records
    events = (record.asset_materialization for record in records)
    # Early versions did not record whose schedule it is.
    return {label_of(event) for event in events if event and "data" in event.metadata}


class NflData(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Source and lake of a run; opened when first used, once per process and run."""

    source: str = Field(
        default="",
        description=f"One of {', '.join(SOURCES)}; empty: FANTASY_SOURCE, else auto",
    )
    at: str = Field(
        default="", description="Moment that sensors act as of, ISO 8601 with offset; empty: now"
    )
    _workspace: Workspace | None = PrivateAttr(default=None)
    _to_read: list[str] = PrivateAttr(default_factory=list)
    _tables: RunTables | None = PrivateAttr(default=None)
    _leagues: "LeagueDesk | None" = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Refuse a run, before its first step, that names no week or is of the other league.

        Raises:
            dg.Failure: says what to do instead.
        """
        if context.run is None or context.instance is None:
            return
        self._to_read = read_by(context.run.job_name, weeks_of_tags(context.run.tags))
        try:
            refuse_run_without_weeks(context.instance, context.run)
            self._refuse_other_league(context.instance, context.run)
        except dg.Failure:
            # To Dagster this is a crash, after which it runs the run again.
            context.instance.add_run_tags(context.run.run_id, {"dagster/max_retries": "0"})
            raise

    def _refuse_other_league(self, instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
        """Raise if the home is that of the other league: one Dagster home has one league."""
        is_configured = (Settings().source == "sample") == (self.source_name == "sample")
        leagues = _leagues(instance, 1)
        # A command chooses its home by its source. Runs of the UI work in the home of the daemon.
        is_of_ui = run.remote_job_origin is not None and process_of(run) is None
        if leagues <= {self.label} and (leagues or is_configured or not is_of_ui):
            return
        if is_configured and self.label in _leagues(instance, _MANY):
            # An early version let a run of the other league into this home.
            return
        if self.label:
            text = "the NFL. `fantasy-pipeline` with --source sample uses a home of its own"
        else:
            text = f"the {SAMPLE_LABEL}. Set FANTASY_SOURCE=sample, or choose another DAGSTER_HOME"
        verb = "has the history of" if leagues else "is set up for"
        raise dg.Failure(f"source {self.source_name} is refused: this Dagster home {verb} {text}.")

    @property
    def source_name(self) -> SourceName:
        name = self.source or Settings().source
        if name not in SOURCES:
            raise PipelineError(
                f"source {name!r} does not exist. Choose one of {', '.join(SOURCES)}."
            )
        return name

    @property
    def workspace(self) -> Workspace:
        if self._workspace is None:
            at = datetime.fromisoformat(self.at) if self.at else None
            self._workspace = Workspace(self.source_name, at, one_run=True, lists_all=True)
        return self._workspace

    @property
    def upstream(self) -> "Source":
        return self.workspace.upstream

    @property
    def lake(self) -> Lake:
        starts, self._to_read = self._to_read, []
        if starts:
            self.workspace.lake.read_ahead(starts)
        return self.workspace.lake

    @property
    def label(self) -> str | None:
        """The label that outputs show about the data; None for real data."""
        return self.workspace.label

    @property
    def tables(self) -> RunTables:
        """The lake's tables, without reading again what this run wrote or read."""
        if self._tables is None:
            self._tables = RunTables(self.lake)
        return self._tables

    def projection_sources(self) -> "list[ProjectionSource]":
        """Open the sources of other people's projections anew: failed ones are asked again."""
        from fantasy_pipeline.ingest.sites.registry import open_projection_sources

        return open_projection_sources(
            self.workspace.settings, self.upstream, self.source_name == "sample"
        )

    def news_sources(self) -> "list[NewsSource]":
        """Open the sources of news anew: each run asks them again."""
        from fantasy_pipeline.ingest.news.registry import open_news_sources

        return open_news_sources(self.workspace.settings, self.source_name == "sample")

    @property
    def leagues(self) -> "LeagueDesk":
        """The registered leagues; a run asks each address once."""
        if self._leagues is None:
            self._leagues = self.workspace.league_desk()
        return self._leagues

    def now(self) -> datetime:
        """Return the moment to act as of: `at` if given, else the present of the league."""
        return self.workspace.present

    def moment(self, scheduled: datetime) -> datetime:
        """Return the moment that a schedule's tick acts as of.

        A tick that runs late, after downtime, acts as of now: on Sunday, the stats of last
        Tuesday's tick are no longer provisional. Any other tick is a preview and acts as of its
        scheduled time.
        """
        now = self.now()
        is_late = timedelta(0) <= now - scheduled < _LATEST_MISSED_TICK
        return now if is_late or self.source_name == "sample" else scheduled

    def games(self) -> Sequence[Game]:
        """Return the schedule as the lake has it, else upstream's."""
        return self.workspace.known_games
