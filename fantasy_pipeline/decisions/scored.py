"""Points in the scoring of a decision: one of the usual scorings, or a league's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from fantasy_pipeline.decisions.outcomes import Points
from fantasy_pipeline.football import scoring as football
from fantasy_pipeline.football.scoring import suffix
from fantasy_pipeline.leagues.projected import projected_points
from fantasy_pipeline.leagues.scoring import Scoring
from fantasy_pipeline.projections.columns import as_floats

ACTUAL: Mapping[str, str] = {
    "std": "fantasy_points",
    "half": "fantasy_points_half",
    "ppr": "fantasy_points_ppr",
}
"""Column of `WEEKLY_STATS` with the points of each usual scoring, kicking excluded."""
KICKING = "kicking_points"
"""Column of `WEEKLY_STATS` with the points of kicks, the same in every usual scoring."""
AnyScoring = football.Scoring | Scoring


def projected(
    projections: pa.Table, scoring: AnyScoring, defences: pa.Table | None = None
) -> list[Points]:
    """Return the projected points of each row of `PROJECTIONS`.

    Args:
        defences: `TEAM_DEFENSE_STATS` rows; see `projected_points`.
    """
    names = ("projected_points", "p10", "p50", "p90")
    if isinstance(scoring, Scoring):
        of_league = projected_points(projections, scoring, defences)
        columns = [of_league[name] for name in names]
    else:
        columns = [projections[f"{name}{suffix(scoring)}"].to_numpy() for name in names]
    return [Points(*map(float, row)) for row in zip(*columns, strict=True)]


def actual(lines: pa.Table, scoring: AnyScoring) -> np.ndarray:
    """Return the points of each stat line of `WEEKLY_STATS`, (rows,).

    Args:
        lines: with the columns that `with_players` adds, if the scoring is a league's.
    """
    if isinstance(scoring, Scoring):
        return scoring.points(lines)
    return np.nan_to_num(as_floats(lines[ACTUAL[scoring]])) + np.nan_to_num(
        as_floats(lines[KICKING])
    )
