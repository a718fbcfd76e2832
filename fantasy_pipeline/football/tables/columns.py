"""Columns that most tables of the lake share."""

from __future__ import annotations

from dataclasses import replace

from fantasy_pipeline.football.season_week import FIRST_SEASON, LAST_SEASON, WEEKS
from fantasy_pipeline.football.tables.contract import Column
from fantasy_pipeline.football.teams import TEAMS

SEASON = Column(
    "season",
    "int",
    "Season, the year it starts in",
    required=True,
    lowest=FIRST_SEASON,
    highest=LAST_SEASON,
)
WEEK = Column(
    "week",
    "int",
    "Week 1-22; play-offs from 18 (19 from 2021)",
    required=True,
    lowest=WEEKS[0],
    highest=WEEKS[-1],
)
PLAYER_ID = Column(
    "player_id",
    "string",
    "gsis_id; NO_PLAYER for the row a week in which upstream keeps stats of no player",
    required=True,
)
PLAYER_NAME = Column("player_name", "string", "Full name")
POSITION = Column(
    "position",
    "string",
    "Position the player is used at: QB, RB, WR, TE, K, or a line or defence one",
)
TEAM = Column(
    "team", "string", "Team of that week, today's code (LV, LAC, LA for all years)", allowed=TEAMS
)
OPPONENT = Column("opponent", "string", "Opposing team; null on a bye", allowed=TEAMS)

FANTASY_POSITIONS = ("QB", "RB", "WR", "TE", "K")
"""Positions that fantasy leagues start and that the pipeline projects."""
FANTASY_POSITION = replace(POSITION, allowed=FANTASY_POSITIONS, nullable=False)

PLAYER_POINTS = (-40.0, 120.0)
"""Bounds of one player's fantasy points in one game."""

PLAYER_WEEK = ("season", "week", "player_id")


def points_column(
    name: str,
    description: str,
    bounds: tuple[float | None, float | None] = (None, None),
    nullable: bool = True,
) -> Column:
    """Return a column of points; `bounds` are its lowest and highest value."""
    lowest, highest = bounds
    return Column(
        name,
        "float",
        description,
        unit="points",
        lowest=lowest,
        highest=highest,
        nullable=nullable,
    )


def share_column(
    name: str,
    description: str,
    bounds: tuple[float, float] = (0, 1),
    nullable: bool = True,
) -> Column:
    """Return a column of shares; `bounds` are its lowest and highest value."""
    lowest, highest = bounds
    return Column(
        name, "float", description, unit="share", lowest=lowest, highest=highest, nullable=nullable
    )


def stat_unit(name: str) -> str:
    """What a stat counts, by its name: yards, points, a share, or a count."""
    if name.endswith("_share"):
        return "share"
    if "points" in name or name.endswith("_epa"):
        return "points"
    return "yards" if name.endswith("_yards") else "count"
