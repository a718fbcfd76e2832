"""Score team defences (D/ST): rules over `team_defense_stats`, made from a league's keys."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from fantasy_pipeline.football.tables import TEAM_DEFENSE_STATS
from fantasy_pipeline.lake.reads import Reads
from fantasy_pipeline.leagues.scoring import Rule, Scoring
from fantasy_pipeline.leagues.team_keys import (
    ESPN,
    ESPN_STANDARD,
    SLEEPER,
    SLEEPER_STANDARD,
    left_out,
)


def team_scoring(keys: Mapping[str, float]) -> Scoring:
    """Return the scoring of team defences.

    Args:
        keys: points by key, as `Scoring.team_defence` of a Sleeper or ESPN league has them.

    Returns:
        A scoring whose rules are applied to `TEAM_DEFENSE_STATS` rows.
    """
    amounts = {**SLEEPER, **ESPN}
    rules = [Rule(key, keys[key], amounts[key]) for key in sorted(keys) if key in amounts]
    not_computed = left_out(keys)
    return Scoring(tuple(rules), not_computed, unpaid={key: keys[key] for key in not_computed})


def scored_defences(tables: Reads) -> pa.Table:
    """Return all stored `TEAM_DEFENSE_STATS` rows; none in a lake of an earlier version."""
    return tables.read(TEAM_DEFENSE_STATS, tables.weeks(TEAM_DEFENSE_STATS))


def with_standard_points(defences: pa.Table) -> pa.Table:
    """Return `TEAM_DEFENSE_STATS` rows with the points of both standard scorings.

    Args:
        defences: the rows without points.
    """
    for name, keys in (("points_sleeper", SLEEPER_STANDARD), ("points_espn", ESPN_STANDARD)):
        defences = defences.append_column(name, pa.array(team_scoring(keys).points(defences)))
    return TEAM_DEFENSE_STATS.shaped(defences)
