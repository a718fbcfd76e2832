"""The baseline: projections where there are too few seasons to train a model on.

Points if the player plays are his shrunken mean, times the opponent's effect on his position and
the scoring that the betting lines imply. The baseline has no stat line.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.projections.columns import as_floats, as_texts
from fantasy_pipeline.projections.model.availability import is_eligible
from fantasy_pipeline.projections.model.features import (
    POINTS_COLUMNS,
    USUAL_TEAM_TOTAL,
    shrunken_mean,
)

OPPONENT_WEIGHT = 0.5
"""Share of the opponent's effect, itself shrunken already, that counts."""
TOTAL_WEIGHT = 0.5
"""Share of the implied team total's distance from the usual total that counts."""


def baseline_points(rows: pa.Table, scoring: Scoring) -> np.ndarray:
    """Return expected points of `PLAYER_HISTORY` rows if the player plays, one per row."""
    factor = as_floats(rows[f"opponent_factor_{POINTS_COLUMNS[scoring]}"])
    opponent = 1 + OPPONENT_WEIGHT * (factor - 1)
    total = np.nan_to_num(as_floats(rows["implied_team_total"]), nan=USUAL_TEAM_TOTAL)
    lines = 1 + TOTAL_WEIGHT * (total / USUAL_TEAM_TOTAL - 1)
    return np.maximum(shrunken_mean(rows, scoring) * opponent * lines, 0.0)


def baseline_plays(rows: pa.Table) -> np.ndarray:
    """Return the chance to play, 0-1, one per row; 0 for players who are ruled out.

    It is the player's appearance rate times the share of players with his game status who play.
    """
    rate = np.nan_to_num(as_floats(rows["appearance_rate"]), nan=0.5)
    hurt = np.isin(as_texts(rows["injury_status"]), ["Questionable", "Doubtful"])
    status = np.where(hurt, as_floats(rows["status_rate"]), 1.0)
    return np.where(is_eligible(rows), rate * status, 0.0)
