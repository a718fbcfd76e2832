"""Contracts of the tables of decisions."""

from __future__ import annotations

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
