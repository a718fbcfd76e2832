"""`player_history`: one row of features per player and week, as known before that week.

This package walks the seasons in order and holds all rules about what was known when. It does not
learn or project; that is in `projections.model`.
"""

from fantasy_pipeline.projections.history.continued import continued
from fantasy_pipeline.projections.history.player_history import player_history

__all__ = ["continued", "player_history"]
