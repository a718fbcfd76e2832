"""Contracts of the tables of decisions."""

from __future__ import annotations

from dataclasses import replace

from fantasy_pipeline.football.tables.columns import (
    FANTASY_POSITION,
    OPPONENT,
    PLAYER_ID,
    PLAYER_NAME,
    PLAYER_POINTS,
    SEASON,
    TEAM,
    WEEK,
    points_column,
    share_column,
)
from fantasy_pipeline.football.tables.contract import Column, Table
from fantasy_pipeline.football.tables.leagues import LEAGUE, LEAGUE_PLAYER_ID, TEAM_ID

REST_OF_SEASON = Table(
    "rest_of_season",
    "Projections of the rest of the regular season, as known before a week: one row per player of "
    "the week and coming week, that week included. A bye has 0 points.",
    ("season", "week", "player_id", "target_week"),
    (
        SEASON,
        WEEK,
        PLAYER_ID,
        Column("target_week", "int", "Projected week", required=True, lowest=1, highest=22),
        PLAYER_NAME,
        FANTASY_POSITION,
        TEAM,
        OPPONENT,
        Column("bye", "bool", "The team has no game in the projected week", nullable=False),
        share_column(
            "plays", "Probability that the player plays in the projected week, 0-1", nullable=False
        ),
        *(
            points_column(f"{name}{end}", f"{words}, {scoring}", PLAYER_POINTS, nullable=False)
            for end, scoring in (("", "PPR"), ("_std", "standard"), ("_half", "half-PPR"))
            for name, words in (
                ("points", "Expected points, absences included"),
                ("p10", "Floor"),
                ("p50", "Median"),
                ("p90", "Ceiling"),
            )
        ),
    ),
)

PROJECTED, ACTUAL = "projected", "actual"
OPTIMAL_LINEUPS = Table(
    "optimal_lineups",
    "Best line-ups of the teams of the registered leagues: one row per league, week, fantasy team, "
    "kind and filled slot. The projected one is as known before the week's first game; the actual "
    "one is by the points scored, once the week was played.",
    ("season", "week", "league", "team_id", "kind", "slot_number"),
    (
        SEASON,
        WEEK,
        LEAGUE,
        TEAM_ID,
        Column(
            "kind",
            "string",
            "Points of the line-up: projected or actual",
            required=True,
            allowed=(PROJECTED, ACTUAL),
        ),
        Column("slot_number", "int", "Number of the slot in the line-up", required=True, lowest=0),
        Column("slot", "string", "Slot of the line-up, e.g. QB or FLEX", nullable=False),
        LEAGUE_PLAYER_ID,
        Column("platform_player_id", "string", "Player id on the platform", nullable=False),
        PLAYER_NAME,
        Column(
            "fantasy_positions",
            "string",
            "Positions at which the player may start, separated by slashes",
        ),
        replace(TEAM, description="NFL team in that week, as its current code"),
        points_column(
            "points",
            "Projected or actual points in the league's scoring; the platform's points where the "
            "league's rules give none",
            (-99, 199),
            nullable=False,
        ),
        Column(
            "estimated",
            "bool",
            "No projection exists: the mean of the league's starters of the position so far",
            nullable=False,
        ),
    ),
)
