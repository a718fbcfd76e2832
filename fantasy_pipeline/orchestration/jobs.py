"""Jobs: assets that run together. People filter run history by job name: never rename a job.

Jobs name their assets, so that schedules and sensors, and with them `status` and `health`, load
without the assets. Dagster refuses to load a job of an asset that does not exist.
"""

from datetime import datetime, timedelta, timezone

import dagster as dg

from fantasy_pipeline.orchestration.runs.retention import USUAL_AGE, check_age, prune

weekly_import = dg.define_asset_job(
    "weekly_import",
    selection=dg.AssetSelection.assets(
        "games",
        "raw_players",
        "weekly_stats",
        "provisional_stats",
        "stat_corrections",
        "team_defense_stats",
        "player_history",
        "projection_accuracy",
        "league_teams",
        "league_rosters",
        "league_points",
        "league_matchups",
        "optimal_lineups",
    ),
    description="Import a played week, and measure the accuracy of its projections.",
)

weekly_projections = dg.define_asset_job(
    "weekly_projections",
    selection=dg.AssetSelection.assets(
        "games",
        "raw_players",
        "news",
        "source_projections",
        "player_history",
        "model_projections",
        "projections",
        "defender_projections",
        "rest_of_season",
        "league_teams",
        "league_rosters",
        "league_matchups",
        "league_projections",
        "optimal_lineups",
    ),
    description="Project a week that has not been played.",
)

whole_week = dg.define_asset_job(
    "whole_week",
    # The model trains when a projection first needs it. Reports are a separate job: their charts
    # take longer than all other assets of a week together. News is never of a played week.
    selection=dg.AssetSelection.all()
    - dg.AssetSelection.assets("projection_model", "weekly_report", "news"),
    description="Import a played week, and project it from what was known before it was played.",
)

season_ingest = dg.define_asset_job(
    "season_ingest",
    selection=dg.AssetSelection.assets(
        "raw_players",
        "weekly_stats",
        "team_defense_stats",
        "source_projections",
    ),
    description="First stage of a command-line backfill: import whole weeks from upstream.",
)

provisional_ingest = dg.define_asset_job(
    "provisional_ingest",
    # Only for weeks whose stats are not final: final stats are not corrected, so a copy is useless.
    selection=dg.AssetSelection.assets(
        "raw_players",
        "weekly_stats",
        "provisional_stats",
        "stat_corrections",
        "team_defense_stats",
        "source_projections",
    ),
    description="First stage of a backfill for weeks whose stats are not final: import the weeks "
    "and keep a copy, so that the final import finds the corrections.",
)

history_rebuild = dg.define_asset_job(
    "history_rebuild",
    selection=dg.AssetSelection.assets("player_history"),
    description="Second stage of a command-line backfill: rebuild the player history of all weeks.",
)

season_projections = dg.define_asset_job(
    "season_projections",
    selection=dg.AssetSelection.assets(
        "model_projections",
        "projections",
        "defender_projections",
        "projection_accuracy",
        "rest_of_season",
    ),
    description="Third stage of a command-line backfill: project the weeks and measure accuracy.",
)

league_import = dg.define_asset_job(
    "league_import",
    selection=dg.AssetSelection.groups("leagues"),
    description="Import weeks of the registered leagues, and score them.",
)

retrain = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.assets("projection_model"),
    description="Train the projection model of the latest season again.",
)

report_week = dg.define_asset_job(
    "report_week",
    selection=dg.AssetSelection.assets("weekly_report"),
    description="Write the report of a week that has projections.",
)

news_refresh = dg.define_asset_job(
    "news_refresh",
    selection=dg.AssetSelection.assets("news"),
    description="Add the latest news about the players of a week that is projected now.",
)

games_refresh = dg.define_asset_job(
    "games_refresh",
    selection=dg.AssetSelection.assets("games"),
    description="Download the NFL schedule again.",
)


@dg.op(
    config_schema={
        "older_than_days": dg.Field(
            int, default_value=USUAL_AGE.days, description="Age of the runs to delete, in days."
        )
    },
    out=dg.Out(dg.Nothing),
    description="Delete old runs with their events and logs.",
)
def delete_old_runs(context: dg.OpExecutionContext) -> None:
    age = timedelta(days=context.op_config["older_than_days"])
    check_age(age)
    pruned = prune(context.instance, datetime.now(timezone.utc) - age)
    context.log.info(
        "%d runs deleted, %.1f MB freed; %d runs stay, because they wrote what is newest",
        len(pruned.deleted),
        pruned.freed_bytes / 1e6,
        pruned.kept,
    )


@dg.job(description="Delete old runs from the run history. The lake is not touched.")
def prune_history() -> None:
    delete_old_runs()


ASSET_JOBS = [
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
    league_import,
    news_refresh,
]
