"""What the league corrected: a week's stats as first imported against what they are now.

Both functions are pure: the same two tables give the same bytes, however often they are run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fantasy_pipeline.football import scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK, STAT_COLUMNS, STAT_CORRECTIONS
from fantasy_pipeline.football.tables.week_rows import of_weeks
from fantasy_pipeline.lake.duck import arrow, database, query

if TYPE_CHECKING:
    import pyarrow as pa

_MODELLED = ("target_share", "air_yards_share", "wopr")
COUNTED = tuple(
    column.name
    for column in STAT_COLUMNS
    if column.name not in _MODELLED and not column.name.endswith("_epa")
)
"""What the league counts; expected points and shares change with upstream's models."""


def first_stats(current: pa.Table, kept: pa.Table, phases: Mapping[SeasonWeek, str]) -> pa.Table:
    """Stats to keep as the provisional ones: of a final week, those kept before (maybe none).

    Args:
        current: `WEEKLY_STATS` rows as imported now.
        kept: those kept by earlier imports of the same weeks.
        phases: of each week, ``provisional``, ``completed`` or ``final``.
    """
    import pyarrow as pa

    final = [week for week, phase in phases.items() if phase == "final"]
    early = [week for week in phases if week not in final]
    return pa.concat_tables([of_weeks(current, early), of_weeks(kept, final)])


def stat_corrections(provisional: pa.Table, current: pa.Table) -> pa.Table:
    """Differences between two states of the same weeks.

    Returns:
        `STAT_CORRECTIONS` rows; a week without provisional stats has none, nor has a team
        whose game was not in them yet.
    """
    import pyarrow as pa

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
    return STAT_CORRECTIONS.conform(table)
