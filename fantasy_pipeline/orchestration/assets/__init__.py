"""The assets. Each takes partitions, calls a pure function of another package and returns a table.

One module per group: `ingest`, `news`, `projection` (with the features), `leagues`, `decisions` and
`report`. `base` has what the assets share. Football does not belong here.
"""

import warnings

import dagster as dg

with warnings.catch_warnings():
    # Known and accepted: backfill policies may still change in Dagster.
    warnings.simplefilter("ignore", dg.BetaWarning)
    from fantasy_pipeline.orchestration.assets.decisions import optimal_lineups, rest_of_season
    from fantasy_pipeline.orchestration.assets.ingest import (
        games,
        provisional_stats,
        raw_players,
        stat_corrections,
        team_defense_stats,
        weekly_stats,
    )
    from fantasy_pipeline.orchestration.assets.leagues import (
        league_matchups,
        league_points,
        league_projections,
        league_rosters,
        league_teams,
    )
    from fantasy_pipeline.orchestration.assets.news import news
    from fantasy_pipeline.orchestration.assets.projection import (
        defender_projections,
        model_projections,
        player_history,
        projection_accuracy,
        projection_model,
        projections,
        source_projections,
    )
    from fantasy_pipeline.orchestration.assets.report import weekly_report

__all__ = [
    "defender_projections",
    "games",
    "league_matchups",
    "league_points",
    "league_projections",
    "league_rosters",
    "league_teams",
    "model_projections",
    "news",
    "optimal_lineups",
    "player_history",
    "projection_accuracy",
    "projection_model",
    "projections",
    "provisional_stats",
    "raw_players",
    "rest_of_season",
    "source_projections",
    "stat_corrections",
    "team_defense_stats",
    "weekly_report",
    "weekly_stats",
]
