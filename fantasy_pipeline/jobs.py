"""The jobs: what is run together. Their names are what run history is asked by."""

from __future__ import annotations

import dagster as dg

from fantasy_pipeline import assets

weekly_import = dg.define_asset_job(
    "weekly_import",
    selection=dg.AssetSelection.assets(
        assets.games,
        assets.raw_players,
        assets.weekly_stats,
        assets.provisional_stats,
        assets.stat_corrections,
        assets.player_history,
        assets.projection_accuracy,
    ),
    description="Import a week that has been played, and score what was projected for it.",
)

weekly_projections = dg.define_asset_job(
    "weekly_projections",
    selection=dg.AssetSelection.assets(
        assets.games,
        assets.raw_players,
        assets.source_projections,
        assets.player_history,
        assets.projections,
    ),
    description="Project a week that is yet to be played.",
)

whole_week = dg.define_asset_job(
    "whole_week",
    selection=dg.AssetSelection.all(),
    description="Import a played week, and project it as if it were yet to be played.",
)

season_ingest = dg.define_asset_job(
    "season_ingest",
    selection=dg.AssetSelection.assets(
        assets.raw_players, assets.weekly_stats, assets.source_projections
    ),
    description="First stage of a command-line backfill: what comes from upstream.",
)

history_rebuild = dg.define_asset_job(
    "history_rebuild",
    selection=dg.AssetSelection.assets(assets.player_history),
    description="Second stage of a command-line backfill: features of all weeks, once.",
)

season_projections = dg.define_asset_job(
    "season_projections",
    selection=dg.AssetSelection.assets(assets.projections, assets.projection_accuracy),
    description="Third stage of a command-line backfill: projections and their accuracy.",
)

games_refresh = dg.define_asset_job(
    "games_refresh",
    selection=dg.AssetSelection.assets(assets.games),
    description="Refresh the schedule.",
)

ALL_JOBS = [
    weekly_import,
    weekly_projections,
    whole_week,
    games_refresh,
    season_ingest,
    history_rebuild,
    season_projections,
]
