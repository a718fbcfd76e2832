"""Contracts of the lake's tables: one module per origin, with shared `columns`.

Code that makes or reads rows does not belong here. To add a column, add it to its contract first:
writing, checks, metadata and the data dictionary follow from it.
"""

from __future__ import annotations

from fantasy_pipeline.football.positions import FANTASY_POSITIONS
from fantasy_pipeline.football.tables.columns import PLAYER_WEEK
from fantasy_pipeline.football.tables.decisions import OPTIMAL_LINEUPS, REST_OF_SEASON
from fantasy_pipeline.football.tables.defenders import DEFENDER_POINTS, DEFENDER_PROJECTIONS
from fantasy_pipeline.football.tables.defense import TEAM_DEFENSE_STATS
from fantasy_pipeline.football.tables.history import (
    AVERAGED_STATS,
    DEFENCE_STATS,
    LONG_STATS,
    PLAYER_HISTORY,
    RECENT_STATS,
    TARGET_STATS,
    TEAM_STATS,
)
from fantasy_pipeline.football.tables.ingest import GAMES, RAW_PLAYERS
from fantasy_pipeline.football.tables.leagues import (
    LEAGUE_MATCHUPS,
    LEAGUE_POINTS,
    LEAGUE_PROJECTIONS,
    LEAGUE_ROSTERS,
    LEAGUE_TEAMS,
)
from fantasy_pipeline.football.tables.news import NEWS
from fantasy_pipeline.football.tables.projections import (
    MODEL_PROJECTIONS,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    SOURCE_PROJECTIONS,
)
from fantasy_pipeline.football.tables.stats import (
    LIST_COLUMNS,
    PROVISIONAL_STATS,
    STAT_COLUMNS,
    STAT_CORRECTIONS,
    WEEKLY_STATS,
)

ALL_TABLES = (
    GAMES,
    RAW_PLAYERS,
    WEEKLY_STATS,
    PROVISIONAL_STATS,
    STAT_CORRECTIONS,
    TEAM_DEFENSE_STATS,
    PLAYER_HISTORY,
    SOURCE_PROJECTIONS,
    MODEL_PROJECTIONS,
    PROJECTIONS,
    DEFENDER_PROJECTIONS,
    PROJECTION_ACCURACY,
    LEAGUE_TEAMS,
    LEAGUE_ROSTERS,
    LEAGUE_POINTS,
    LEAGUE_MATCHUPS,
    LEAGUE_PROJECTIONS,
    REST_OF_SEASON,
    OPTIMAL_LINEUPS,
    NEWS,
)
"""Every table of the lake, upstream first."""

BY_NAME = {table.name: table for table in ALL_TABLES}

__all__ = [
    "ALL_TABLES",
    "AVERAGED_STATS",
    "BY_NAME",
    "DEFENCE_STATS",
    "DEFENDER_POINTS",
    "DEFENDER_PROJECTIONS",
    "FANTASY_POSITIONS",
    "GAMES",
    "LEAGUE_MATCHUPS",
    "LEAGUE_POINTS",
    "LEAGUE_PROJECTIONS",
    "LEAGUE_ROSTERS",
    "LEAGUE_TEAMS",
    "LIST_COLUMNS",
    "LONG_STATS",
    "MODEL_PROJECTIONS",
    "NEWS",
    "OPTIMAL_LINEUPS",
    "PLAYER_HISTORY",
    "PLAYER_WEEK",
    "PROJECTIONS",
    "PROJECTION_ACCURACY",
    "PROVISIONAL_STATS",
    "RAW_PLAYERS",
    "RECENT_STATS",
    "REST_OF_SEASON",
    "SOURCE_PROJECTIONS",
    "STAT_COLUMNS",
    "STAT_CORRECTIONS",
    "TARGET_STATS",
    "TEAM_DEFENSE_STATS",
    "TEAM_STATS",
    "WEEKLY_STATS",
]
