"""The jobs: what is run together. Their names are what run history is asked by."""

from __future__ import annotations

import dagster as dg

from fantasy_pipeline.orchestration import assets

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
        assets.model_projections,
        assets.projections,
    ),
    description="Project a week that is yet to be played.",
)

whole_week = dg.define_asset_job(
    "whole_week",
    # Models are trained when first needed, and once a season by a job of their own; reports are
    # made after the run, their charts take longer than a week's football.
    selection=dg.AssetSelection.all()
    - dg.AssetSelection.assets(assets.projection_model, assets.weekly_report),
    description="Import a played week, and project it as if it were yet to be played.",
)

season_ingest = dg.define_asset_job(
    "season_ingest",
    selection=dg.AssetSelection.assets(
        assets.raw_players, assets.weekly_stats, assets.source_projections
    ),
    description="First stage of a command-line backfill: what comes from upstream.",
)

provisional_ingest = dg.define_asset_job(
    "provisional_ingest",
    # In all seasons it would cost a backfill more than it tells: final stats are not corrected.
    selection=dg.AssetSelection.assets(
        assets.raw_players,
        assets.weekly_stats,
        assets.provisional_stats,
        assets.stat_corrections,
        assets.source_projections,
    ),
    description="The same for weeks whose stats the league may still correct: they are kept.",
)

history_rebuild = dg.define_asset_job(
    "history_rebuild",
    selection=dg.AssetSelection.assets(assets.player_history),
    description="Second stage of a command-line backfill: features of all weeks, once.",
)

season_projections = dg.define_asset_job(
    "season_projections",
    selection=dg.AssetSelection.assets(
        assets.model_projections, assets.projections, assets.projection_accuracy
    ),
    description="Third stage of a command-line backfill: projections and their accuracy.",
)

retrain = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets(assets.projection_model),
    description="Train the projection model of a season anew.",
)

report_week = dg.define_asset_job(
    "report_week",
    selection=dg.AssetSelection.assets(assets.weekly_report),
    description="Write the report of a projected week.",
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
    retrain,
    report_week,
    season_ingest,
    provisional_ingest,
    history_rebuild,
    season_projections,
]
