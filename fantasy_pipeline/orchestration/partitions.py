"""Partitions of the weekly assets: season x week. Only `SeasonWeek` makes or parses their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import dagster as dg

from fantasy_pipeline.football.season_week import FIRST_SEASON, WEEKS, SeasonWeek

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


def weeks_of_run(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
) -> list[SeasonWeek]:
    """Return the weeks that the run materializes, in order.

    Raises:
        dg.Failure: the range is empty; Dagster itself would report success.
    """
    weeks = sorted(SeasonWeek.from_key(key) for key in context.partition_keys)
    if not weeks:
        raise dg.Failure(
            "The partition range is empty: a range is the same weeks of every season (a rectangle "
            "of seasons x weeks), so it cannot run from a late week to an early week of the next "
            "season, e.g. 2023|10...2024|02. Launch two backfills instead, one per season."
        )
    return weeks


def by_season(weeks: Sequence[SeasonWeek]) -> Mapping[int, list[int]]:
    """Return the week numbers of each season, in order."""
    return {
        season: [week.week for week in group]
        for season, group in groupby(sorted(weeks), key=lambda week: week.season)
    }
