"""Compute `stat_corrections`: how a week's stats changed since their first import.

Both functions are pure: the same tables give the same bytes in every run.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from fantasy_pipeline.football import scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK, STAT_COLUMNS, STAT_CORRECTIONS
from fantasy_pipeline.football.tables.week_rows import of_weeks
from fantasy_pipeline.lake.duck import arrow, database, query

_MODELLED = ("target_share", "air_yards_share", "wopr")
COUNTED = tuple(
    column.name
    for column in STAT_COLUMNS
    if column.name not in _MODELLED and not column.name.endswith("_epa")
)
"""Stats that the league counts. Shares and expected points change with upstream's models."""


def first_stats(current: pa.Table, kept: pa.Table, phases: Mapping[SeasonWeek, str]) -> pa.Table:
    """Return the rows to keep as provisional stats, so that corrections can be measured later.

    A final week keeps the rows of an earlier import, or none; any other week takes today's. A week
    in progress has none to keep.

    Args:
        current: `WEEKLY_STATS` rows of this import.
        kept: provisional rows that earlier imports of these weeks kept.
        phases: phase of each week.
    """
    final = [week for week, phase in phases.items() if phase == "final"]
    early = [week for week, phase in phases.items() if phase in ("provisional", "completed")]
    return pa.concat_tables([of_weeks(current, early), of_weeks(kept, final)])


def stat_corrections(provisional: pa.Table, current: pa.Table) -> pa.Table:
    """Return the differences between the provisional and the current stats of some weeks.

    Args:
        provisional, current: `WEEKLY_STATS` rows.

    Returns:
        `STAT_CORRECTIONS` rows, one per player, week and changed stat, with the difference in PPR
        and kicking points. A week without provisional stats has no rows, and neither has a team
        that had not played when they were imported.
    """
    weights = {**scoring.rules("ppr"), **scoring.KICKING}
    points = pa.table(
        {
            "stat": pa.array(COUNTED),
            "points": pa.array([float(weights.get(name, 0)) for name in COUNTED]),
        }
    )
    columns = [*PLAYER_WEEK, "player_name", "position", "team", *COUNTED]
    with database() as connection:
        connection.register("provisional_stats", provisional.select(columns))
        connection.register("current_stats", current.select(columns))
        connection.register("scoring", points)
        table = arrow(connection, query(__package__, "stat_corrections"))
    return STAT_CORRECTIONS.shaped(table)
