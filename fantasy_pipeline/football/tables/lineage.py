"""Column lineage: the columns that each column of the lake is made from. Dagster's UI shows it.

A column that is made from many, e.g. from all features, names the most important ones only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fantasy_pipeline.football.scoring import SCORINGS
from fantasy_pipeline.football.tables import (
    BY_NAME,
    MODEL_PROJECTIONS,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    PROVISIONAL_STATS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    STAT_CORRECTIONS,
    WEEKLY_STATS,
)

Source = tuple[str, str]
"""Name of a table, and name of one of its columns."""

_TAKEN_OVER = {
    PROVISIONAL_STATS.name: WEEKLY_STATS,
    STAT_CORRECTIONS.name: WEEKLY_STATS,
    PLAYER_HISTORY.name: RAW_PLAYERS,
    MODEL_PROJECTIONS.name: PLAYER_HISTORY,
    PROJECTIONS.name: MODEL_PROJECTIONS,
}
"""Table from which each table takes the columns of the same name."""
_MEASURES = ("mae", "rmse", "bias", "spearman", "start_sit", "coverage", "pinball")
_FROM_STATS = ("avg_", "recent_", "long_", "target_", "team_", "allowed_", "opponent_factor_")


def column_sources(table: str) -> Mapping[str, Sequence[Source]]:
    """Return the sources of each column of a table; columns from upstream are left out."""
    taken = _TAKEN_OVER.get(table)
    columns = BY_NAME[table].column_names
    out: dict[str, list[Source]] = {}
    if taken is not None:
        available = set(taken.column_names)
        out = {name: [(taken.name, name)] for name in columns if name in available}
    for name in columns:
        if made := _made(table, name):
            out[name] = made
    return out


def _made(table: str, column: str) -> list[Source]:
    """Return the sources of a column that is computed; empty for other columns."""
    if table == PLAYER_HISTORY.name:
        stats = set(WEEKLY_STATS.column_names)
        names = (column.removeprefix(prefix) for prefix in _FROM_STATS if column.startswith(prefix))
        return [(WEEKLY_STATS.name, name) for name in names if name in stats]
    if table == MODEL_PROJECTIONS.name and column == "opponent_factor":
        return [(PLAYER_HISTORY.name, "opponent_factor_fantasy_points_ppr")]
    stated = (SOURCE_PROJECTIONS.name, "points_half")
    if table == PROJECTIONS.name:
        if column == "nflcom_half":
            return [stated]
        if column == "model_half":
            return [(MODEL_PROJECTIONS.name, "projected_points_half")]
        if column in ("sources", "spread"):
            return [(MODEL_PROJECTIONS.name, "projected_points_half"), stated]
        if column.startswith(("projected_points", "p10", "p50", "p90")):
            return [(MODEL_PROJECTIONS.name, column), stated]
    if table == PROJECTION_ACCURACY.name:
        actual = [(PLAYER_HISTORY.name, f"target_{s}") for s in SCORINGS if s != "std"]
        if column.startswith("nflcom_"):
            return [stated, *actual]
        if column in _MEASURES:
            projected = [(PROJECTIONS.name, f"projected_points{end}") for end in ("", "_half")]
            return [*projected, stated, *actual]
    return []
