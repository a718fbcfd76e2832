"""The baseline: what is projected where there are too few seasons to train a model on.

Points when playing are the player's recency-weighted mean, shrunken to the mean of his position's
players as experienced, times the opponent's effect on the position and the scoring the betting
lines expect. It has no stat line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.projections.model.features import PRIOR_GAMES, USUAL_TEAM_TOTAL, floats, texts
from fantasy_pipeline.projections.model.training import is_eligible

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

OPPONENT_WEIGHT = 0.5
"""How much of the opponent's factor, already shrunken, counts."""
TOTAL_WEIGHT = 0.5
"""How much of the implied team total's distance from the usual counts."""

_POINTS: dict[Scoring, str] = {
    "std": "fantasy_points",
    "half": "fantasy_points_half",
    "ppr": "fantasy_points_ppr",
}


def shrunken_mean(rows: pa.Table, scoring: Scoring) -> np.ndarray:
    """Recency-weighted mean points per game, mixed with the mean of the position's players."""
    import numpy as np

    name = _POINTS[scoring]
    prior_games = np.array([PRIOR_GAMES[position] for position in texts(rows, "position")])
    weight = np.nan_to_num(floats(rows, "weight"))
    own = np.nan_to_num(floats(rows, f"avg_{name}"))
    prior = np.nan_to_num(floats(rows, f"prior_{name}"))
    return (own * weight + prior * prior_games) / (weight + prior_games)


def baseline_points(rows: pa.Table, scoring: Scoring) -> np.ndarray:
    """Expected points of `PLAYER_HISTORY` rows if the player plays."""
    import numpy as np

    factor = floats(rows, f"opponent_factor_{_POINTS[scoring]}")
    opponent = 1 + OPPONENT_WEIGHT * (factor - 1)
    total = np.nan_to_num(floats(rows, "implied_team_total"), nan=USUAL_TEAM_TOTAL)
    lines = 1 + TOTAL_WEIGHT * (total / USUAL_TEAM_TOTAL - 1)
    return np.maximum(shrunken_mean(rows, scoring) * opponent * lines, 0.0)


def baseline_plays(rows: pa.Table) -> np.ndarray:
    """Chance to play: the player's appearance rate, and how often his game status plays."""
    import numpy as np

    rate = np.nan_to_num(floats(rows, "appearance_rate"), nan=0.5)
    hurt = np.isin(texts(rows, "injury_status"), ["Questionable", "Doubtful"])
    status = np.where(hurt, floats(rows, "status_rate"), 1.0)
    return np.where(is_eligible(rows), rate * status, 0.0)
