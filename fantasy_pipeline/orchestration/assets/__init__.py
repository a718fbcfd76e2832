"""The assets: partitions in, the football of another module, a table and a report out.

By group: `ingest`, `projection` (features too), `report`; what those of one table share: `base`.
"""

from fantasy_pipeline.orchestration.assets.ingest import (
    games,
    provisional_stats,
    raw_players,
    stat_corrections,
    weekly_stats,
)
from fantasy_pipeline.orchestration.assets.projection import (
    model_projections,
    player_history,
    projection_accuracy,
    projection_model,
    projections,
    source_projections,
)
from fantasy_pipeline.orchestration.assets.report import weekly_report

__all__ = [
    "games",
    "model_projections",
    "player_history",
    "projection_accuracy",
    "projection_model",
    "projections",
    "provisional_stats",
    "raw_players",
    "source_projections",
    "stat_corrections",
    "weekly_report",
    "weekly_stats",
]
