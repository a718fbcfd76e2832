"""Imported weeks and weeks being imported, read from Dagster's run history and the lake.

A week that history has and the lake lacks is lost, and has to be imported again. Runs of every
origin count alike: schedules, sensors, the command line, backfills, the Dagster UI.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

import dagster as dg

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.import_calendar import LOOK_BACK, SO_FAR, imports_due_between
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.orchestration.runs.results import made_the_others
from fantasy_pipeline.orchestration.runs.summaries import recorded
from fantasy_pipeline.orchestration.workspace import REAL_LABEL

if TYPE_CHECKING:
    from fantasy_pipeline.football.calendar import Game
    from fantasy_pipeline.football.tables.contract import Table
    from fantasy_pipeline.lake import Lake

STATS_ASSET = dg.AssetKey(WEEKLY_STATS.name)
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
UI_JOB = "__ASSET_JOB"
"""Dagster's name for the job of a run of chosen assets."""
_MADE_BY = {
    "weekly_import": _IMPORTED,
    "whole_week": _IMPORTED | _PROJECTED,
    "weekly_projections": _PROJECTED,
    "season_ingest": _IMPORTED,
    "provisional_ingest": _IMPORTED,
    "season_projections": _PROJECTED,
    # Without a selection, a run of all assets.
    UI_JOB: _IMPORTED | _PROJECTED,
}
IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_NO_RUN = ""
"""Id of the run of an event that `fantasy-pipeline reconcile` or an operator reported."""
# A week has up to three planned imports, and up to eight while it is played; newest first.
_EVENTS_PER_WEEK = 20


class PastImport(NamedTuple):
    """One import of a week, by a run that succeeded as a whole or reported without a run."""

    week: SeasonWeek
    phase: str
    at: datetime


def past_imports(
    instance: dg.DagsterInstance,
    weeks: Sequence[SeasonWeek],
    label: str | None,
    so_far: bool = False,
) -> list[PastImport]:
    """Return the imports of some weeks that run history has, newest first.

    A run over many weeks that could not make some of them counts for the others. An import of a
    week in progress does not count. If it is the newest, earlier ones do not count either: the lake
    has a part of the week only.

    Args:
        label: label of the league; None for the NFL. Homes of early versions may hold runs of both.
        so_far: also return successful imports of weeks in progress.
    """
    if not weeks:
        return []
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=STATS_ASSET, asset_partitions=[w.key for w in weeks]),
        limit=_EVENTS_PER_WEEK * len(weeks),
    ).records
    succeeded = succeeded_runs(instance, {record.run_id for record in records})
    found = []
    # The newest phase of each week.
    newest: dict[SeasonWeek, str] = {}
    for record in records:
        event = record.asset_materialization
        if event is None or record.partition_key is None or label_of(event) != label:
            continue
        # A week without rows was imported before the schedule had the week's games.
        name = None if is_empty_week(event) else phase_of(event)
        # A failed run that imported a part of a week has nevertheless written it.
        if name is None or (name != SO_FAR and record.run_id not in succeeded):
            continue
        week = SeasonWeek.from_key(record.partition_key)
        is_part = SO_FAR in (name, newest.setdefault(week, name))
        if is_part and not (so_far and record.run_id in succeeded):
            continue
        at = datetime.fromtimestamp(record.timestamp, timezone.utc)
        found.append(PastImport(week, name, at))
    return found


def label_of(event: dg.AssetMaterialization) -> str | None:
    """Return the label of the league whose data a run wrote; None for the NFL."""
    data = event.metadata.get("data")
    return None if data is None or data.value == REAL_LABEL else str(data.value)


def phase_of(event: dg.AssetMaterialization) -> str:
    """Return the phase of an import.

    Weeks that were reported without a run, and imports of early versions, have none. They count as
    provisional.
    """
    phase = event.metadata.get("phase")
    return "provisional" if phase is None else str(phase.value)


def is_empty_week(event: dg.AssetMaterialization) -> bool:
    """Return True if a run stored a week without rows."""
    rows = event.metadata.get("dagster/partition_row_count")
    return rows is not None and rows.value == 0


def imported_phases(
    instance: dg.DagsterInstance, weeks: Sequence[SeasonWeek], label: str | None
) -> dict[SeasonWeek, set[str]]:
    """Return the phases in which each week was imported, according to run history.

    A week that was only imported in progress is left out, see `past_imports`.
    """
    phases: dict[SeasonWeek, set[str]] = {}
    for past in past_imports(instance, weeks, label):
        phases.setdefault(past.week, set()).add(past.phase)
    return phases


def succeeded_runs(instance: dg.DagsterInstance, run_ids: set[str]) -> set[str]:
    """Return the runs that succeeded, or failed only because they could not make other weeks.

    An event without a run counts, too.
    """
    if not run_ids:
        return set()
    over = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    runs = instance.get_runs(dg.RunsFilter(run_ids=sorted(run_ids), statuses=over))
    results = recorded(instance, [run.run_id for run in runs if not run.is_success])
    made = {
        run.run_id
        for run in runs
        if run.is_success or made_the_others(results.get(run.run_id, {}).get("errors") or [])
    }
    return made | (run_ids & {_NO_RUN})


def imported_of(
    instance: dg.DagsterInstance,
    lake: Lake,
    games: Sequence[Game],
    now: datetime,
    label: str | None,
) -> dict[SeasonWeek, set[str]]:
    """Return the phases in which each week of the last `LOOK_BACK` was imported.

    A week is imported if run history says so and the lake has its stats.
    """
    weeks = {item.week for item in imports_due_between(games, now - LOOK_BACK, now)}
    stored = weeks & set(lake.weeks(WEEKLY_STATS))
    return imported_phases(instance, sorted(stored), label)


def lost_imports(
    instance: dg.DagsterInstance, lake: Lake, weeks: Iterable[SeasonWeek], label: str | None
) -> dict[SeasonWeek, datetime]:
    """Return those of `weeks` that were imported and that the lake lacks, each with the moment of
    its newest import."""
    absent = set(weeks) - set(lake.weeks(WEEKLY_STATS))
    imports = past_imports(instance, sorted(absent), label)
    return {past.week: past.at for past in reversed(imports)}


def lost_weeks(
    instance: dg.DagsterInstance,
    lake: Lake,
    table: Table,
    label: str | None,
    partitions: Iterable[str],
) -> list[SeasonWeek]:
    """Return the weeks of a table that run history has and the lake lacks, in order.

    Args:
        partitions: the table's partitions in run history.
        label: label of the lake's league; runs of the other league do not count.
    """
    key = dg.AssetKey(table.name)
    claimed = {SeasonWeek.from_key(text) for text in partitions}
    absent = sorted(claimed - set(lake.weeks(table)))
    if not absent:
        return []
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, asset_partitions=[week.key for week in absent]),
        limit=_EVENTS_PER_WEEK * len(absent),
    ).records
    newest: dict[str, dg.AssetMaterialization] = {}
    for record in records:
        event = record.asset_materialization
        if event is not None and event.partition is not None and label_of(event) == label:
            newest.setdefault(event.partition, event)
    return [week for week in absent if week.key in newest and not is_empty_week(newest[week.key])]


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
    if run.asset_check_selection:
        # A run of checks alone.
        return frozenset()
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
