"""`player_history`: one row of features per player or team defence and week, as known before it.

This package walks the seasons in order and holds all rules about what was known when. It does not
learn or project; that is in `projections.model`.
"""

from fantasy_pipeline.projections.history.continued import continued
from fantasy_pipeline.projections.history.player_history import INPUTS, player_history

__all__ = ["INPUTS", "continued", "player_history"]
