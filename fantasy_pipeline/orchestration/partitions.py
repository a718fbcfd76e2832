"""Partitions of the weekly assets: season x week. Only `SeasonWeek` makes or parses their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import dagster as dg

from fantasy_pipeline.football.season_week import FIRST_SEASON, WEEKS, SeasonWeek
from fantasy_pipeline.football.tables import ALL_TABLES
from fantasy_pipeline.orchestration.runs.import_state import weeks_of_tags

season_week = dg.MultiPartitionsDefinition(
    {
        # Dagster adds a season on 1 May, before its schedule is published.
        "season": dg.TimeWindowPartitionsDefinition(
            start=str(FIRST_SEASON), fmt="%Y", cron_schedule="0 0 1 5 *", end_offset=1
        ),
        "week": dg.StaticPartitionsDefinition([f"{week:02d}" for week in WEEKS]),
    }
)
"""Keys look like ``2024|05``. A week that its season does not have is stored as an empty week."""


NO_WEEK = (
    "The run names no week. Choose a partition, e.g. 2024|05, or use `fantasy-pipeline trigger "
    "--season 2024 --week 5`."
)
EMPTY_RANGE = (
    "The partition range is empty: a range is the same weeks of every season (a rectangle of "
    "seasons x weeks), so it cannot run from a late week to an early week of the next season, e.g. "
    "2023|10...2024|02. Launch two backfills instead, one per season."
)


_RANGE_TAG = "dagster/asset_partition_range_start"


def refuse_run_without_weeks(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Raise if a run of weekly assets has no partition, or a range without weeks.

    Called before the first step, so that such a run changes nothing.

    Raises:
        dg.Failure: says what to choose instead.
    """
    if "dagster/partition" in run.tags or run.execution_plan_snapshot_id is None:
        return
    if _RANGE_TAG in run.tags and weeks_of_tags(run.tags):
        return
    plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    weekly = {"weekly_report", *(table.name for table in ALL_TABLES if table.weekly)}
    if weekly.intersection(plan.step_keys_to_execute):
        raise dg.Failure(EMPTY_RANGE if _RANGE_TAG in run.tags else NO_WEEK)


def weeks_of_run(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
) -> list[SeasonWeek]:
    """Return the weeks that the run materializes, in order.

    Raises:
        dg.Failure: the run has no partition, or its range is empty; of an empty range Dagster
            itself would report success.
    """
    if not (context.has_partition_key or context.has_partition_key_range):
        raise dg.Failure(NO_WEEK)
    weeks = sorted(SeasonWeek.from_key(key) for key in context.partition_keys)
    if not weeks:
        raise dg.Failure(EMPTY_RANGE)
    return weeks


def by_season(weeks: Sequence[SeasonWeek]) -> Mapping[int, list[int]]:
    """Return the week numbers of each season, in order."""
    return {
        season: [week.week for week in group]
        for season, group in groupby(sorted(weeks), key=lambda week: week.season)
    }
