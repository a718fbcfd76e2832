"""Contract of the table of team defences."""

from __future__ import annotations

from dataclasses import replace

from fantasy_pipeline.football.tables.columns import (
    OPPONENT,
    PLAYER_WEEK,
    SEASON,
    TEAM,
    WEEK,
    points_column,
)
from fantasy_pipeline.football.tables.contract import Column, Table


def _count(name: str, description: str, highest: float) -> Column:
    return Column(
        name, "float", description, unit="count", lowest=0, highest=highest, nullable=False
    )


def _yards(name: str, description: str, lowest: float, highest: float) -> Column:
    return Column(
        name, "float", description, unit="yards", lowest=lowest, highest=highest, nullable=False
    )


def _score(name: str, description: str) -> Column:
    return Column(name, "int", description, unit="points", lowest=0, highest=120, nullable=False)


_POINTS = (-40.0, 90.0)

TEAM_DEFENSE_STATS = Table(
    "team_defense_stats",
    "Team defences (D/ST): one row per team that played, from the stat lines of both teams and the "
    "score. A week whose stat lines have no defence has no rows: those of the source nfl_data_py, "
    "and of imports of earlier versions.",
    PLAYER_WEEK,
    (
        SEASON,
        WEEK,
        Column("player_id", "string", "Id of the defence: DST- and the team", required=True),
        replace(TEAM, nullable=False),
        replace(OPPONENT, nullable=False),
        Column("is_home", "bool", "The schedule lists the team as the home team", nullable=False),
        _score("score", "Points that the team scored"),
        _score("opponent_score", "Points that the opponent scored"),
        _score(
            "points_allowed",
            "Opponent's score without its touchdowns on interceptions and fumbles (6 points each; "
            "the extra points count), its safeties and its returned conversions",
        ),
        _yards("yards_allowed", "Opponent's net yards: passing, rushing and sacks", -100, 900),
        _count("sacks", "Sacks, also those that are credited to no player", 20),
        _yards("sack_yards", "Yards that the opponent lost to sacks", -99, 250),
        _count("qb_hits", "Hits on the quarterback", 40),
        _count("tackles_solo", "Solo tackles, with or without assist of another player", 150),
        _count("tackle_assists", "Assisted tackles", 150),
        _count("tackles_for_loss", "Tackles for loss", 30),
        _count("passes_defended", "Passes defended", 40),
        _count("interceptions", "Interceptions", 12),
        _yards("interception_yards", "Return yards of interceptions", -99, 400),
        _count("fumbles_forced", "Fumbles forced by defenders", 12),
        _count("special_teams_fumbles_forced", "Fumbles forced by other players", 8),
        _count("fumbles_recovered", "Fumbles recovered that the opponent's offence lost", 12),
        _count(
            "special_teams_fumbles_recovered",
            "Other fumbles of the opponent recovered: those of its returners, and after turnovers",
            8,
        ),
        _yards("fumble_return_yards", "Return yards of fumbles recovered", -99, 300),
        _count(
            "safeties",
            "Safeties: pairs of points in the score that no stat line explains. Upstream credits "
            "only some of the safeties to a player, and players with some that were none",
            6,
        ),
        _count("interception_tds", "Touchdowns on interceptions", 8),
        _count("fumble_tds", "Touchdowns on recoveries of the opponent's fumbles", 6),
        _count("special_teams_tds", "Touchdowns on returns and other special teams plays", 8),
        _count(
            "blocked_kicks",
            "Opponent's kicks blocked: field goals, extra points and, since 2021, punts",
            10,
        ),
        _count(
            "two_point_returns",
            "Opponent's extra points that were blocked and returned for two points",
            3,
        ),
        _yards("kickoff_return_yards", "Kick-off return yards", -99, 600),
        _yards("punt_return_yards", "Punt return yards", -99, 500),
        points_column(
            "points_sleeper", "Points by Sleeper's standard D/ST scoring", _POINTS, nullable=False
        ),
        points_column(
            "points_espn", "Points by ESPN's standard D/ST scoring", _POINTS, nullable=False
        ),
    ),
)

UNSCORED_COLUMNS = tuple(
    column
    for column in TEAM_DEFENSE_STATS.columns
    if column.name not in ("points_sleeper", "points_espn")
)
"""Columns of the table without points, as they follow from stat lines and schedule."""
