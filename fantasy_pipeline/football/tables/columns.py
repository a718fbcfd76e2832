"""Columns that several tables share, and helpers that make columns of points and shares."""

from __future__ import annotations

from dataclasses import replace

from fantasy_pipeline.football.positions import FANTASY_POSITIONS, PROJECTED_POSITIONS
from fantasy_pipeline.football.season_week import FIRST_SEASON, LAST_SEASON, WEEKS
from fantasy_pipeline.football.tables.contract import Column
from fantasy_pipeline.football.teams import TEAMS

SEASON = Column(
    "season",
    "int",
    "Season, named by the year in which it starts",
    required=True,
    lowest=FIRST_SEASON,
    highest=LAST_SEASON,
)
WEEK = Column(
    "week",
    "int",
    "Week of the season; the play-offs start with week 18, since 2021 with week 19",
    required=True,
    lowest=WEEKS[0],
    highest=WEEKS[-1],
)
PLAYER_ID = Column(
    "player_id",
    "string",
    "NFL player id (gsis_id); DST- and the team for its defence; NO_PLAYER for the one row per "
    "week of stats without a player",
    required=True,
)
PLAYER_NAME = Column("player_name", "string", "Full name of the player")
POSITION = Column(
    "position",
    "string",
    "Position at which the player is used: QB, RB, WR, TE, K, or one of the line or the defence; "
    "DST for the defence of a team",
)
TEAM = Column(
    "team",
    "string",
    "Team in that week, as its current code (LV, LAC and LA for all seasons)",
    allowed=TEAMS,
)
OPPONENT = Column(
    "opponent", "string", "Opposing team, as its current code; null on a bye", allowed=TEAMS
)

FANTASY_POSITION = replace(POSITION, allowed=FANTASY_POSITIONS, nullable=False)
PROJECTED_POSITION = replace(POSITION, allowed=PROJECTED_POSITIONS, nullable=False)

PLAYER_POINTS = (-40.0, 120.0)
"""Bounds of one player's fantasy points in one game."""

PLAYER_WEEK = ("season", "week", "player_id")


def added_later(column: Column) -> Column:
    """Return a column that lakes of earlier versions lack; it is null in their files."""
    return replace(column, added=True)


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
    """Return the unit of a stat, which follows from its name: yards, points, share or count."""
    if name.endswith("_share"):
        return "share"
    if "points" in name or name.endswith("_epa"):
        return "points"
    return "yards" if "yards" in name else "count"
