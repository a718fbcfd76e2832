"""Single defenders (IDP) in a league: the projections that leagues with such slots have besides."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from fantasy_pipeline.football.positions import DEFENDER_GROUPS
from fantasy_pipeline.football.scoring import SCORINGS, suffix
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.slots import ELIGIBLE, starting_slots
from fantasy_pipeline.football.tables import DEFENDER_POINTS, DEFENDER_PROJECTIONS, PROJECTIONS
from fantasy_pipeline.lake.reads import Reads

_SAME_IN_EVERY_SCORING = ("projected_points", "p10", "p50", "p90")
_RENAMED = {"model_half": "model_points", "nflcom_half": "nflcom_points"}


def starts_defenders(slots: Sequence[str]) -> bool:
    """Return whether a slot of a line-up may be filled by a single defender."""
    return any(set(DEFENDER_GROUPS) & set(ELIGIBLE.get(slot, ())) for slot in starting_slots(slots))


def with_defenders(
    projections: pa.Table, tables: Reads, weeks: Sequence[SeasonWeek], slots: Sequence[str]
) -> pa.Table:
    """Return projections with those of defenders, if the league starts any.

    Args:
        projections: `PROJECTIONS` rows of the weeks.
        tables: has `DEFENDER_PROJECTIONS`; a lake of an earlier version, or a week without
            defensive snaps before it, has none.
        slots: slots of a roster of the league.

    Returns:
        `PROJECTIONS` rows. With defenders, the stats of `DEFENDER_POINTS` are further columns, null
        for other players. Points of defenders are those of NFL.com's scoring in every usual one.
    """
    stored = sorted(set(tables.weeks(DEFENDER_PROJECTIONS)).intersection(weeks))
    if not starts_defenders(slots) or not stored:
        return projections
    defenders = tables.read(DEFENDER_PROJECTIONS, stored)
    if not defenders.num_rows:
        return projections
    return pa.concat_tables(
        [projections, as_projections(defenders)], promote_options="default"
    ).combine_chunks()


def as_projections(defenders: pa.Table) -> pa.Table:
    """Return `DEFENDER_PROJECTIONS` rows in the columns of `PROJECTIONS`, with their stats."""
    of_points = {
        f"{name}{suffix(scoring)}": name for name in _SAME_IN_EVERY_SCORING for scoring in SCORINGS
    }
    source = {**of_points, **_RENAMED}
    columns: dict[str, pa.Array | pa.ChunkedArray] = {}
    for column in PROJECTIONS.columns:
        name = source.get(column.name, column.name)
        known = name in defenders.column_names
        empty = pa.nulls(defenders.num_rows, column.arrow_type)
        columns[column.name] = defenders[name] if known else empty
    columns |= {name: defenders[name] for name in DEFENDER_POINTS}
    return pa.table(columns)
