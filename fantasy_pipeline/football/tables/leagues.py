"""Contracts of the tables of fantasy leagues; empty where no league is registered."""

from __future__ import annotations

from dataclasses import replace

from fantasy_pipeline.football.tables.columns import (
    PLAYER_ID,
    PLAYER_NAME,
    SEASON,
    TEAM,
    WEEK,
    points_column,
)
from fantasy_pipeline.football.tables.contract import Column, Table

LEAGUE = Column("league", "string", "Name that `league add` gave the league", required=True)
TEAM_ID = Column("team_id", "string", "Id of the fantasy team on the platform", required=True)
LEAGUE_PLAYER_ID = replace(
    PLAYER_ID,
    description="NFL player id (gsis_id), or DST- and the team code of a team's defence, null for "
    "one in rosters of an earlier version; null for a player of the platform whom no id table maps",
    required=False,
)
_PLATFORM_PLAYER_ID = Column(
    "platform_player_id", "string", "Player id on the platform", required=True
)
_POSITION = Column("position", "string", "Position of the week's roster; DEF for a team's defence")
_TEAM = replace(TEAM, description="NFL team in that week, as its current code")
AGREE = 0.005
"""Points apart from which on two numbers with 2 decimals differ."""
PLAYER_POINTS = (-99, 199)
TEAM_POINTS = (-999, 999)
"""Lowest and highest points of a player, and of a team, in one week."""
_STARTED = Column("started", "bool", "The fantasy team started the player", nullable=False)
_ROSTER_KEY = ("season", "week", "league", "team_id", "platform_player_id")


def _number(name: str, description: str, lowest: float = 0, highest: float = 100) -> Column:
    return Column(name, "int", description, lowest=lowest, highest=highest)


LEAGUE_TEAMS = Table(
    "league_teams",
    "Fantasy teams of the registered leagues: one row per league, season and team, with the "
    "league's settings.",
    ("season", "league", "team_id"),
    (
        SEASON,
        LEAGUE,
        TEAM_ID,
        Column("team_name", "string", "Name of the fantasy team"),
        Column("manager", "string", "Name of its manager on the platform"),
        Column("platform", "string", "sleeper, espn or file", nullable=False),
        Column("platform_league_id", "string", "Id of the league's season on the platform"),
        Column("title", "string", "Name of the league on the platform"),
        Column("slots", "string", "Slots of a roster, separated by spaces; BN is the bench"),
        _number("playoff_week", "First week of the play-offs; null if the platform states none"),
        Column("median_game", "bool", "Each team also plays against the week's median"),
        Column("division", "string", "Division of the team; null without divisions", added=True),
        Column(
            "playoff_teams",
            "int",
            "Number of teams in the play-offs; null if the platform states none",
            lowest=0,
            highest=100,
            added=True,
        ),
        Column(
            "playoff_round_weeks",
            "string",
            "Number of weeks of each round of the play-offs, separated by spaces; null if the "
            "platform states none",
            added=True,
        ),
        Column(
            "reseeds",
            "bool",
            "After each round of the play-offs the best seed left meets the worst one; otherwise "
            "the bracket is fixed",
            added=True,
        ),
        Column(
            "tie_break",
            "string",
            "What orders teams with equal records: points scored, or the games between them "
            "(head_to_head), then points",
            allowed=("points", "head_to_head"),
            added=True,
        ),
        Column(
            "opponents",
            "string",
            "Ids of the team's opponents in the regular season, from week 1 on, separated by "
            "semicolons; - for a week without one; null if the platform states none",
            added=True,
        ),
        Column(
            "scoring",
            "string",
            "Points by scoring key, in alphabetical order of the keys; after `; team defences: `, "
            "those of team defences",
        ),
        Column(
            "not_scored",
            "string",
            "Keys that `points` leave out, with the reason; null if there are none",
        ),
    ),
    weekly=False,
)

_ROSTERED = (
    SEASON,
    WEEK,
    LEAGUE,
    TEAM_ID,
    LEAGUE_PLAYER_ID,
    _PLATFORM_PLAYER_ID,
    PLAYER_NAME,
    _POSITION,
)
"""The first columns of tables with one row per player of a fantasy team."""
LEAGUE_ROSTERS = Table(
    "league_rosters",
    "Rosters of the registered leagues: one row per league, week, fantasy team and player.",
    _ROSTER_KEY,
    (
        *_ROSTERED,
        Column(
            "fantasy_positions",
            "string",
            "Positions at which the player may start, separated by slashes",
        ),
        _TEAM,
        Column(
            "slot",
            "string",
            "Slot of the line-up, e.g. QB or FLEX; BN: bench, IR: injured reserve, TAXI: taxi "
            "squad (as of the import, where the platform keeps no weekly record)",
            nullable=False,
        ),
        _number("slot_number", "Number of the slot in the line-up; null for other players"),
        _STARTED,
        points_column(
            "platform_points",
            "Points that the platform states; null if it states none",
            PLAYER_POINTS,
        ),
    ),
)

LEAGUE_POINTS = Table(
    "league_points",
    "Points of rostered players in their league's scoring, beside the platform's: one row per "
    "league, week, fantasy team and player.",
    _ROSTER_KEY,
    (
        *_ROSTERED,
        _TEAM,
        points_column(
            "points",
            "Points by the league's scoring, 0 without a stat line; null if the player is not "
            "scored",
            PLAYER_POINTS,
        ),
        points_column(
            "platform_points",
            "Points that the platform states; null if it states none",
            PLAYER_POINTS,
        ),
        points_column(
            "difference", "points - platform_points; null if one of them is null", (-199, 199)
        ),
        _STARTED,
        Column(
            "not_scored",
            "string",
            "Why the player has no points: not mapped, his game is not over, or team_defense_stats "
            "lack the week; null if he has",
        ),
        Column(
            "explained_by",
            "string",
            "Scoring key that may explain the difference, or two keys joined by `or`; null without "
            "a difference, or if none does",
        ),
    ),
)

LEAGUE_MATCHUPS = Table(
    "league_matchups",
    "Match-ups of the registered leagues: one row per league, week and fantasy team.",
    ("season", "week", "league", "team_id"),
    (
        SEASON,
        WEEK,
        LEAGUE,
        TEAM_ID,
        Column("opponent_id", "string", "Id of the opposing fantasy team; null without one"),
        points_column(
            "points",
            "Points of the starters by the league's scoring; what it cannot compute is left out",
            TEAM_POINTS,
        ),
        points_column(
            "platform_points",
            "Points that the platform states, corrections of the commissioner included",
            TEAM_POINTS,
        ),
        points_column(
            "not_scored_points",
            "The platform's points of starters without an NFL id, and of keys that cannot be "
            "computed where one explains the difference",
            TEAM_POINTS,
        ),
        points_column(
            "optimal_points",
            "Points of the best line-up of the whole roster; players who are not scored count with "
            "the platform's points",
            TEAM_POINTS,
        ),
        _number("empty_slots", "Slots of the line-up without a player"),
        _number("playoff_round", "Round of the play-offs; null in other games"),
        Column("median_game", "bool", "The team also plays against the week's median"),
        Column(
            "custom_points", "bool", "The commissioner replaced the platform's points by his own"
        ),
    ),
)

LEAGUE_PROJECTIONS = Table(
    "league_projections",
    "Projections in each registered league's scoring, from the projected stat lines: one row per "
    "league, week and projected player or team defence. Bonuses for yardage are left out.",
    ("season", "week", "league", "player_id"),
    (
        SEASON,
        WEEK,
        LEAGUE,
        PLAYER_ID,
        PLAYER_NAME,
        _POSITION,
        _TEAM,
        points_column("projected_points", "Expected points", PLAYER_POINTS),
        points_column("p10", "Floor: he scores less in one week of ten", PLAYER_POINTS),
        points_column("p50", "Median", PLAYER_POINTS),
        points_column("p90", "Ceiling: he scores more in one week of ten", PLAYER_POINTS),
    ),
)
