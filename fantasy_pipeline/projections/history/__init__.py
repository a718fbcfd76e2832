"""`player_history`: what was known of every player before each week."""

from fantasy_pipeline.projections.history.player_history import player_history

__all__ = ["player_history"]
