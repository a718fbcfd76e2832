"""The route `/metrics`: run history, lake, health and accuracy for Prometheus.

The collector reads when it is scraped, and keeps what it read for some seconds: several scrapers
cost no more than one. A part that cannot be read costs no other part; `fantasy_part_up` names it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Lock
from typing import Annotated

import dagster as dg
import pyarrow.compute as pc
from fastapi import FastAPI, Query, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from fantasy_pipeline import __version__
from fantasy_pipeline.checks import ALL_CHECKS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    ALL_TABLES,
    NEWS,
    PROJECTION_ACCURACY,
    SOURCE_PROJECTIONS,
)
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.operations.health import LEVELS, examine_session
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.status import daemons
from fantasy_pipeline.orchestration.jobs import ASSET_JOBS
from fantasy_pipeline.orchestration.runs.history import Execution, executions
from fantasy_pipeline.orchestration.runs.results import made_check
from fantasy_pipeline.orchestration.runs.retention import folder_bytes
from fantasy_pipeline.orchestration.workspace import REAL_LABEL
from fantasy_pipeline.report.accuracy import season_accuracy
from fantasy_pipeline.web.models import NoParameters
from fantasy_pipeline.web.problems import problems

HISTORY_SECONDS, LAKE_SECONDS = 10.0, 60.0
"""Seconds for which scrapes share what was read of the run history, and of the lake."""
RUNS_OF, FAILURES_OF = timedelta(days=30), timedelta(days=7)
"""Age of the runs that are counted, and of those whose failed checks are."""
_FEW_WEEKS = 2
"""Weeks whose rows are counted in object storage, where each file is a request."""
_LOG = logging.getLogger(__name__)
Metrics = Iterator[Metric]


class PipelineCollector(Collector):
    """Reads a deployment in parts, each at most once in its number of seconds.

    Args:
        session: the deployment.
        history_seconds, lake_seconds: age from which a part is read again.
    """

    def __init__(
        self,
        session: Session,
        history_seconds: float = HISTORY_SECONDS,
        lake_seconds: float = LAKE_SECONDS,
    ) -> None:
        self._session = session
        self._parts: dict[str, tuple[Callable[[Session], Metrics], float]] = {
            "runs": (_runs, history_seconds),
            "health": (_health, history_seconds),
            "daemons": (_daemons, history_seconds),
            "sources": (_sources, lake_seconds),
            "lake": (_lake, lake_seconds),
            "accuracy": (_accuracy, lake_seconds),
        }
        self._lock = Lock()
        self._read: dict[str, tuple[float, list[Metric] | None]] = {}

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registration must not read the deployment."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield the metrics of all parts, and which parts could be read."""
        up = _gauge("part_up", "1 if this part of the metrics could be read", "part")
        seconds = _gauge("part_read_seconds", "Seconds that reading the part took", "part")
        info = InfoMetricFamily("fantasy_pipeline", "The program and its data")
        info.add_metric([], {"version": __version__, "data": self._session.label or REAL_LABEL})
        yield info
        with self._lock:
            for name in self._parts:
                began = time.monotonic()
                found = self._part(name)
                up.add_metric([name], float(found is not None))
                seconds.add_metric([name], time.monotonic() - began)
                yield from found or ()
        yield up
        yield seconds

    def _part(self, name: str) -> list[Metric] | None:
        """Return the metrics of a part; None if it cannot be read."""
        read, seconds = self._parts[name]
        at, found = self._read.get(name, (-seconds, None))
        if found is not None and time.monotonic() - at < seconds:
            return found
        try:
            found = list(read(self._session))
        except Exception as error:
            # Monitoring needs the other parts; `fantasy_part_up` says that this one is missing.
            _LOG.warning("metrics: %s cannot be read: %s", name, error)
            found = None
        self._read[name] = (time.monotonic(), found)
        return found


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"fantasy_{name}", text, labels=labels)


def _runs(session: Session) -> Metrics:
    """Yield counts, durations and latest successes of the runs, and the failed checks."""
    instance, now = session.instance, datetime.now(timezone.utc)
    runs = list(executions(instance, since=now - RUNS_OF))
    counts = _gauge("runs", "Runs of the last 30 days, by job and status", "job", "status")
    for (job, status), number in sorted(Counter((run.job_id, run.status) for run in runs).items()):
        counts.add_metric([job, status], number)
    yield counts
    yield _durations(runs)
    success = _gauge(
        "last_success_timestamp_seconds", "End of the latest successful run of a job", "job"
    )
    for name in (job.name for job in ASSET_JOBS):
        for run in executions(instance, name, "success", limit=1):
            if run.ended_at is not None:
                success.add_metric([name], run.ended_at.timestamp())
    yield success
    yield _failed_checks([run for run in runs if run.executed_at >= now - FAILURES_OF])


def _durations(runs: Iterable[Execution]) -> Metric:
    """Return the seconds of the latest finished run of each job; the runs come newest first."""
    seconds = _gauge("run_duration_seconds", "Duration of the latest finished run of a job", "job")
    seen = set()
    for run in runs:
        if run.duration_s is not None and run.is_over and run.job_id not in seen:
            seen.add(run.job_id)
            seconds.add_metric([run.job_id], run.duration_s)
    return seconds


def _failed_checks(runs: Iterable[Execution]) -> Metric:
    """Return the number of runs in which each check failed, from the summaries of the runs."""
    failures = _gauge(
        "check_failures", "Runs of the last 7 days in which the check failed", "check", "severity"
    )
    names = [check.name for part in ALL_CHECKS for check in part.checks]
    names += [made_check(part.table.name) for part in ALL_CHECKS if part.table.weekly]
    found: Counter[tuple[str, str]] = Counter()
    for run in runs:
        if run.is_over:
            for severity, key in (("warning", "warnings"), ("error", "errors")):
                lines = run.result.get(key) or ()
                found.update({(line.partition(": ")[0], severity) for line in lines})
    for name in names:
        for severity in ("warning", "error"):
            failures.add_metric([name, severity], found[name, severity])
    return failures


def _health(session: Session) -> Metrics:
    """Yield the worst level of each health rule."""
    levels = _gauge(
        "health_level", "Worst finding of the rule: 0 ok, 1 warning, 2 critical", "rule"
    )
    worst: dict[str, int] = {}
    for finding in examine_session(lambda: session):
        worst[finding.rule] = max(worst.get(finding.rule, 0), LEVELS.index(finding.level))
    for rule, level in worst.items():
        levels.add_metric([rule], level)
    yield levels


def _daemons(session: Session) -> Metrics:
    """Yield whether each required daemon is healthy."""
    healthy = _gauge("daemon_healthy", "1 if the daemon had a heartbeat lately", "daemon")
    for daemon in daemons(session.instance):
        healthy.add_metric([daemon.name], float(daemon.healthy))
    yield healthy


def _sources(session: Session) -> Metrics:
    """Yield whether each source delivered at the latest request, and how old its rows are."""
    up = _gauge("source_up", "1 if the source delivered when it was last asked", "table", "source")
    age = _gauge(
        "source_age_seconds", "Time since the source's latest rows were stated", "table", "source"
    )
    for table in (SOURCE_PROJECTIONS, NEWS):
        for source, delivered in _delivered(session.instance, table).items():
            up.add_metric([table.name, source], float(delivered))
        for source, at in _latest_rows(session, table).items():
            age.add_metric([table.name, source], (session.present - at).total_seconds())
    yield up
    yield age


def _delivered(instance: dg.DagsterInstance, table: Table) -> dict[str, bool]:
    """Return whether each source delivered, from the table's latest materialization."""
    found = {}
    for record in instance.fetch_materializations(dg.AssetKey(table.name), limit=1).records:
        event = record.asset_materialization
        metadata = {} if event is None else event.metadata
        for name, delivered in (
            ("sources", True),
            ("sources missing", False),
            ("sources failed", False),
        ):
            if name in metadata and metadata[name].value != "none":
                sources = str(metadata[name].value).split(", ")
                found.update(dict.fromkeys(sources, delivered))
    return found


def _latest_rows(session: Session, table: Table) -> dict[str, datetime]:
    """Return the latest moment at which each source stated rows of the latest week."""
    weeks = session.lake.weeks(table)
    if not weeks:
        return {}
    rows = session.lake.read(table, weeks[-1:], ["source", "as_of"])
    latest = rows.group_by("source").aggregate([("as_of", "max")])
    stated = zip(latest["source"].to_pylist(), latest["as_of_max"].to_pylist(), strict=True)
    return {source: at for source, at in stated if at is not None}


def _lake(session: Session) -> Metrics:
    """Yield the weeks and rows of each table, and the size of the lake's files."""
    lake = session.lake
    weeks = _gauge("table_partitions", "Weeks of a table in the lake", "table")
    rows = _gauge(
        "table_rows", "Rows of a week of the latest season in the lake", "table", "season", "week"
    )
    stored = {table: lake.weeks(table) for table in ALL_TABLES if table.weekly}
    latest = max((of[-1].season for of in stored.values() if of), default=0)
    for table, of_table in stored.items():
        weeks.add_metric([table.name], len(of_table))
        of_season = [week for week in of_table if week.season == latest]
        for week in of_season if lake.is_local else of_season[-_FEW_WEEKS:]:
            labels = [table.name, str(week.season), str(week.week)]
            rows.add_metric(labels, lake.row_count(table, week))
    yield weeks
    yield rows
    if lake.is_local:
        size = _gauge("table_bytes", "Size of a table's files", "table")
        for table in ALL_TABLES:
            size.add_metric([table.name], folder_bytes(Path(lake.path(table)).parent))
        yield size
        whole = _gauge("lake_bytes", "Size of all files of the lake")
        whole.add_metric([], folder_bytes(Path(lake.path(NEWS)).parents[1]))
        yield whole


def _accuracy(session: Session) -> Metrics:
    """Yield the errors of each source in the latest season that has been scored."""
    errors = {
        name: _gauge(f"accuracy_{name}", text, "source", "season")
        for name, text in (
            ("mae", "Mean absolute error of the season so far, PPR points"),
            ("rmse", "Root mean square error of the season so far, PPR points"),
            ("players", "Player-weeks that the errors are of"),
        )
    }
    weeks = session.lake.weeks(PROJECTION_ACCURACY)
    if weeks:
        season = weeks[-1].season
        table = session.lake.read(PROJECTION_ACCURACY, _of_season(weeks, season))
        found = season_accuracy(table.filter(pc.equal(table["season"], season)))
        for row in found.rows if found else ():
            for name, gauge in errors.items():
                gauge.add_metric([row["source"], str(season)], row[name])
    yield from errors.values()


def _of_season(weeks: Iterable[SeasonWeek], season: int) -> list[SeasonWeek]:
    return [week for week in weeks if week.season == season]


def add_metrics(app: FastAPI, session: Session, collector: Collector | None = None) -> None:
    """Add the route of the metrics.

    Args:
        app: the application.
        session: the deployment.
        collector: reads the deployment; None: a `PipelineCollector`.
    """
    registry = CollectorRegistry()
    registry.register(collector or PipelineCollector(session))

    @app.get(
        "/metrics",
        response_class=Response,
        responses={**problems(422), 200: {"content": {"text/plain": {}}}},
    )
    def metrics(query: Annotated[NoParameters, Query()]) -> Response:
        """Return the metrics of the deployment in Prometheus's text format."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
