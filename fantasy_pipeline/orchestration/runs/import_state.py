"""Imported weeks and weeks being imported, read from Dagster's run history.

Runs of every origin count alike: schedules, sensors, the command line, backfills, the Dagster UI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.import_calendar import LOOK_BACK, imports_due_between
from fantasy_pipeline.football.season_week import SeasonWeek

if TYPE_CHECKING:
    from datetime import datetime

    from fantasy_pipeline.football.calendar import Game

STATS_ASSET = dg.AssetKey("weekly_stats")
IMPORT_JOBS = ("weekly_import", "whole_week")
"""Jobs that import one week."""
WEEK_JOBS = (*IMPORT_JOBS, "weekly_projections")
"""Jobs of one week."""
_IMPORTED = frozenset({"weekly_stats", "provisional_stats", "stat_corrections"})
_PROJECTED = frozenset({"source_projections", "model_projections", "projections"})
_MAIN_TABLES = {
    "weekly_import": _IMPORTED,
    "whole_week": _IMPORTED,
    "weekly_projections": _PROJECTED,
}
"""Tables of a week that a run of each job exists to write."""
_MADE_BY = {
    "weekly_import": _IMPORTED,
    "whole_week": _IMPORTED | _PROJECTED,
    "weekly_projections": _PROJECTED,
    "season_ingest": _IMPORTED,
    "provisional_ingest": _IMPORTED,
    "season_projections": _PROJECTED,
    # Dagster's name for a run of chosen assets; without a selection it is a run of all assets.
    "__ASSET_JOB": _IMPORTED | _PROJECTED,
}
IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
# A week has up to three planned imports; the newest events come first.
_EVENTS_PER_WEEK = 12


def imported_phases(
    instance: dg.DagsterInstance, weeks: Sequence[SeasonWeek], label: str | None
) -> dict[SeasonWeek, set[str]]:
    """Return the phases in which each week was imported by a run that succeeded as a whole.

    Args:
        label: label of the league; None for the NFL. One Dagster home may hold runs of both.
    """
    if not weeks:
        return {}
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=STATS_ASSET, asset_partitions=[w.key for w in weeks]),
        limit=_EVENTS_PER_WEEK * len(weeks),
    ).records
    succeeded = _succeeded(instance, {record.run_id for record in records})
    phases: dict[SeasonWeek, set[str]] = {}
    for record in records:
        event = record.asset_materialization
        if event is None or record.partition_key is None or record.run_id not in succeeded:
            continue
        data = event.metadata.get("data")
        if (data.value if data is not None else None) != label:
            continue
        rows = event.metadata.get("dagster/partition_row_count")
        if rows is not None and rows.value == 0:
            # Imported before the schedule had the week's games.
            continue
        phase = event.metadata.get("phase")
        # Early versions recorded no phase; such an import counts as provisional.
        name = str(phase.value) if phase is not None else "provisional"
        phases.setdefault(SeasonWeek.from_key(record.partition_key), set()).add(name)
    return phases


def _succeeded(instance: dg.DagsterInstance, run_ids: set[str]) -> set[str]:
    if not run_ids:
        return set()
    runs = instance.get_runs(
        dg.RunsFilter(run_ids=sorted(run_ids), statuses=[dg.DagsterRunStatus.SUCCESS])
    )
    return {run.run_id for run in runs}


def imported_of(
    instance: dg.DagsterInstance, games: Sequence[Game], now: datetime, label: str | None
) -> dict[SeasonWeek, set[str]]:
    """Return `imported_phases` of every week that fell due within `LOOK_BACK` before `now`."""
    items = imports_due_between(games, now - LOOK_BACK, now)
    return imported_phases(instance, sorted({item.week for item in items}), label)


def week_of_run(tags: Mapping[str, str]) -> SeasonWeek | None:
    """Return the week of a run; None for a run over several weeks or without a week."""
    try:
        if "season" in tags and "week" in tags:
            return SeasonWeek(int(tags["season"]), int(tags["week"]))
        if "dagster/partition" in tags:
            return SeasonWeek.from_key(tags["dagster/partition"])
    except (ValueError, PipelineError):
        return None
    return None


def source_of_run(run: dg.DagsterRun) -> str | None:
    """Return the source from a run's tags or config; None if the run uses the configured one."""
    run_config: Mapping[str, Any] = run.run_config
    config = run_config.get("resources", {}).get("nfl", {}).get("config", {})
    return run.tags.get("source") or config.get("source") or None


def weeks_of_tags(tags: Mapping[str, str]) -> list[SeasonWeek]:
    """Return the weeks of a run: one week, or every week of its range (seasons x weeks)."""
    if (week := week_of_run(tags)) is not None:
        return [week]
    try:
        first, last = (
            SeasonWeek.from_key(tags[f"dagster/asset_partition_range_{end}"])
            for end in ("start", "end")
        )
    except (KeyError, ValueError, PipelineError):
        return []
    return [
        SeasonWeek(season, week)
        for season in range(first.season, last.season + 1)
        for week in range(first.week, last.week + 1)
    ]


def same_league(one: str | None, other: str | None) -> bool:
    """Return True if two sources belong to the same league, the NFL or the sample league.

    A source that is not known (None) may belong to either league.
    """
    return one is None or other is None or (one == "sample") == (other == "sample")


def makes(run: dg.DagsterRun) -> frozenset[str]:
    """Return the week's tables that a run writes, from its job or the assets chosen in the UI."""
    # The selection of a whole job is None or empty.
    if run.asset_selection:
        return (_IMPORTED | _PROJECTED) & {key.to_user_string() for key in run.asset_selection}
    return _MADE_BY.get(run.job_name, frozenset())


def running_weeks(
    instance: dg.DagsterInstance, jobs: Sequence[str], source: str
) -> dict[SeasonWeek, dg.DagsterRun]:
    """Return the weeks for which a running or queued run writes the tables of some jobs.

    Runs of other jobs count too: backfills over several weeks, and assets chosen in the UI.

    Args:
        jobs: names out of `WEEK_JOBS`.
        source: source whose league the weeks belong to; runs of the other league do not count.

    Returns:
        The run of each week.
    """
    tables = frozenset().union(*(_MAIN_TABLES[job] for job in jobs))
    runs = instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS))
    found = {}
    for run in runs:
        if same_league(source_of_run(run), source) and tables & makes(run):
            found.update(dict.fromkeys(weeks_of_tags(run.tags), run))
    return found
