"""The one partitioning of the project: season x week. Nothing else makes or splits a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import dagster as dg

from fantasy_pipeline.football.season_week import FIRST_SEASON, WEEKS, SeasonWeek

season_week = dg.MultiPartitionsDefinition(
    {
        # A season appears by itself on 1 May, before its schedule is out.
        "season": dg.TimeWindowPartitionsDefinition(
            start=str(FIRST_SEASON), fmt="%Y", cron_schedule="0 0 1 5 *", end_offset=1
        ),
        "week": dg.StaticPartitionsDefinition([f"{week:02d}" for week in WEEKS]),
    }
)
"""Keys read ``2024|05``. Weeks that a season does not have are recorded as empty."""


def weeks_of_run(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
) -> list[SeasonWeek]:
    """Weeks that the run is to materialize, in order.

    Raises:
        dg.Failure: none; Dagster would call an empty run a success.
    """
    weeks = sorted(SeasonWeek.from_key(key) for key in context.partition_keys)
    if not weeks:
        raise dg.Failure(
            "The partition range is empty: a range is a rectangle of seasons x weeks and cannot "
            "wrap, e.g. 2023|10...2024|02. Ask for two ranges instead."
        )
    return weeks


def by_season(weeks: Sequence[SeasonWeek]) -> Mapping[int, list[int]]:
    """Week numbers of each season."""
    return {
        season: [week.week for week in group]
        for season, group in groupby(sorted(weeks), key=lambda week: week.season)
    }
