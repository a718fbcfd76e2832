"""Contracts of what is imported: the schedule, players, stat lines and their corrections."""

from __future__ import annotations

from fantasy_pipeline.football.tables.columns import (
    OPPONENT,
    PLAYER_ID,
    PLAYER_NAME,
    PLAYER_POINTS,
    PLAYER_WEEK,
    POSITION,
    SEASON,
    TEAM,
    WEEK,
    points_column,
    share_column,
)
from fantasy_pipeline.football.tables.contract import Column, Table
from fantasy_pipeline.football.teams import TEAMS

GAME_TYPES = ("REG", "WC", "DIV", "CON", "SB")


def _stat(
    name: str, description: str, unit: str, bounds: tuple[float, float], *aliases: str
) -> Column:
    lowest, highest = bounds
    return Column(
        name, "float", description, aliases=aliases, unit=unit, lowest=lowest, highest=highest
    )


def _count(name: str, description: str, highest: float, *aliases: str) -> Column:
    return _stat(name, description, "count", (0, highest), *aliases)


def _yards(name: str, description: str, highest: float, lowest: float, *aliases: str) -> Column:
    return _stat(name, description, "yards", (lowest, highest), *aliases)


def _epa(name: str, description: str) -> Column:
    return _stat(name, description, "points", (-100, 100))


def _number(name: str, description: str, unit: str, lowest: float, highest: float) -> Column:
    return Column(name, "int", description, unit=unit, lowest=lowest, highest=highest)


GAMES = Table(
    "games",
    "The whole NFL schedule since 1999: one row per game.",
    ("season", "week", "game_id"),
    (
        SEASON,
        WEEK,
        Column("game_id", "string", "nflverse game id, season_week_away_home", required=True),
        Column(
            "game_type",
            "string",
            "REG; play-offs: WC, DIV, CON, SB",
            allowed=GAME_TYPES,
            nullable=False,
        ),
        Column(
            "kickoff",
            "timestamp",
            "Kick-off (UTC); 13:00 US/Eastern where upstream has none",
            nullable=False,
        ),
        Column("home_team", "string", "Home team, today's code", allowed=TEAMS, nullable=False),
        Column("away_team", "string", "Away team, today's code", allowed=TEAMS, nullable=False),
        _number("home_score", "Home score, points; null until played", "points", 0, 120),
        _number("away_score", "Away score, points; null until played", "points", 0, 120),
        Column(
            "spread_line",
            "float",
            "Closing spread, points the home team is favoured by",
            unit="points",
            lowest=-50,
            highest=50,
        ),
        Column(
            "total_line",
            "float",
            "Closing line for the points of both teams together",
            unit="points",
            lowest=10,
            highest=120,
        ),
        _number("home_rest", "Days since the home team's last game", "days", 0, 400),
        _number("away_rest", "Days since the away team's last game", "days", 0, 400),
        Column("div_game", "bool", "Both teams are of one division"),
        Column("neutral_site", "bool", "Played at neither team's home"),
        Column("roof", "string", "dome, closed, open or outdoors; null until known"),
        Column("surface", "string", "Playing surface"),
        _number("temp", "Temperature, outdoors only", "degrees Fahrenheit", -50, 130),
        _number("wind", "Wind, outdoors only", "miles per hour", 0, 120),
        Column("stadium", "string", "Stadium"),
    ),
    weekly=False,
)

RAW_PLAYERS = Table(
    "raw_players",
    "Who was where: one row per player and week, with roster status, injury report, snap share "
    "and the id map.",
    PLAYER_WEEK,
    (
        SEASON,
        WEEK,
        PLAYER_ID,
        PLAYER_NAME,
        POSITION,
        TEAM,
        OPPONENT,
        Column("is_home", "bool", "Listed as the home team; null on a bye"),
        Column("on_bye", "bool", "The team has no game this week", nullable=False),
        Column("roster_position", "string", "Position as the roster lists it"),
        Column("roster_status", "string", "ACT, RES, INA, DEV, CUT …; null without a roster file"),
        Column("roster_status_detail", "string", "Upstream's status code, e.g. R01, P02"),
        Column(
            "roster_source",
            "string",
            "weekly_roster; carried_forward (latest earlier week: a bye, or rosters not out yet); "
            "stats (no roster file: the player's stat lines)",
            allowed=("weekly_roster", "carried_forward", "stats"),
            nullable=False,
        ),
        _number("roster_week", "Week the team is taken from; null: the season before", "", 1, 22),
        Column(
            "injury_status",
            "string",
            "Game status on the injury report",
            allowed=("Out", "Doubtful", "Questionable", "Probable"),
        ),
        Column("injury", "string", "Injury the report names"),
        Column(
            "practice_status",
            "string",
            "Last practice reported",
            allowed=("DNP", "Limited", "Full"),
        ),
        Column("injury_modified_at", "timestamp", "When the report row last changed (UTC)"),
        _number("offense_snaps", "Offensive snaps played", "count", 0, 150),
        share_column("snap_share", "Share of the team's offensive snaps, 0-1"),
        Column("birth_date", "date", "Date of birth"),
        _number("height", "Height", "inches", 60, 85),
        _number("weight", "Weight", "pounds", 140, 450),
        _number("rookie_season", "First season", "", 1960, 2100),
        _number("draft_pick", "Overall draft pick; null if undrafted", "", 0, 500),
        Column("sleeper_id", "string", "Sleeper id"),
        Column("espn_id", "string", "ESPN id"),
        Column("yahoo_id", "string", "Yahoo id"),
        Column("fantasypros_id", "string", "FantasyPros id"),
        Column("pfr_id", "string", "Pro Football Reference id"),
        Column("mfl_id", "string", "MyFantasyLeague id"),
    ),
)


STAT_COLUMNS = (
    _count("completions", "Passes completed", 70),
    _count("attempts", "Passes thrown", 100),
    _yards("passing_yards", "Passing yards", 800, -99),
    _count("passing_tds", "Passing touchdowns", 12),
    _count("passing_interceptions", "Interceptions thrown", 12, "interceptions"),
    _count("sacks_suffered", "Sacks taken", 20, "sacks"),
    _yards("sack_yards_lost", "Yards lost to sacks, negative", 0, -250, "sack_yards"),
    _count("sack_fumbles", "Fumbles on sacks", 12),
    _count("sack_fumbles_lost", "Fumbles lost on sacks", 10),
    _yards("passing_air_yards", "Air yards of passes thrown", 1500, -200),
    _yards("passing_yards_after_catch", "Yards after catch of passes thrown", 800, -99),
    _count("passing_first_downs", "First downs by passing", 50),
    _epa("passing_epa", "Expected points added by passing, points"),
    _count("passing_2pt_conversions", "Two-point conversions passed", 6),
    _count("carries", "Rushing attempts", 65),
    _yards("rushing_yards", "Rushing yards", 450, -99),
    _count("rushing_tds", "Rushing touchdowns", 10),
    _count("rushing_fumbles", "Fumbles on rushes", 12),
    _count("rushing_fumbles_lost", "Fumbles lost on rushes", 10),
    _count("rushing_first_downs", "First downs by rushing", 35),
    _epa("rushing_epa", "Expected points added by rushing, points"),
    _count("rushing_2pt_conversions", "Two-point conversions rushed", 6),
    _count("receptions", "Passes caught", 32),
    _count("targets", "Passes thrown at the player", 45),
    _yards("receiving_yards", "Receiving yards", 500, -99),
    _count("receiving_tds", "Receiving touchdowns", 10),
    _count("receiving_fumbles", "Fumbles after catches", 10),
    _count("receiving_fumbles_lost", "Fumbles lost after catches", 10),
    _yards("receiving_air_yards", "Air yards of targets", 600, -200),
    _yards("receiving_yards_after_catch", "Yards after catch", 450, -99),
    _count("receiving_first_downs", "First downs by receiving", 30),
    _epa("receiving_epa", "Expected points added by receiving, points"),
    _count("receiving_2pt_conversions", "Two-point conversions received", 6),
    share_column("target_share", "Share of the team's targets, 0-1"),
    share_column(
        "air_yards_share",
        "Share of the team's air yards; below 0, above 1 where some are",
        (-25, 25),
    ),
    share_column(
        "wopr", "Weighted opportunity rating: 1.5 target share + 0.7 air yards share", (-20, 20)
    ),
    _count("special_teams_tds", "Touchdowns on returns and other special teams plays", 6),
    _count("fg_made", "Field goals made", 12),
    _count("fg_att", "Field goals tried", 14),
    _count("fg_missed", "Field goals missed", 10),
    _count("fg_blocked", "Field goals blocked", 8),
    _yards("fg_long", "Longest field goal, yards", 80, 0),
    _count("fg_made_0_19", "Field goals made from 0-19 yards", 12),
    _count("fg_made_20_29", "Field goals made from 20-29 yards", 12),
    _count("fg_made_30_39", "Field goals made from 30-39 yards", 12),
    _count("fg_made_40_49", "Field goals made from 40-49 yards", 12),
    _count("fg_made_50_59", "Field goals made from 50-59 yards", 12),
    _count("fg_made_60_", "Field goals made from 60 yards on", 12),
    _count("pat_made", "Extra points made", 14),
    _count("pat_att", "Extra points tried", 14),
    _count("pat_missed", "Extra points missed", 10),
    _count("pat_blocked", "Extra points blocked", 8),
    _count("def_tackles_solo", "Solo tackles", 35),
    _count("def_tackle_assists", "Assisted tackles", 35),
    _count("def_sacks", "Sacks made", 10),
    _count("def_interceptions", "Interceptions made", 8),
    _count("def_pass_defended", "Passes defended", 15),
    _count("def_fumbles_forced", "Fumbles forced", 8),
    _count("def_tds", "Defensive touchdowns", 6),
    _count("def_safeties", "Safeties", 4),
    _yards("punt_return_yards", "Punt return yards", 400, -99),
    _yards("kickoff_return_yards", "Kick-off return yards", 500, -99),
)
"""Stat line of one player-week; null where the source does not have the column at all.

Bounds are half as much again as the record of any game, or more: a season's total is beyond them,
a great day is not.
"""

WEEKLY_STATS = Table(
    "weekly_stats",
    "What every player did: one row per player and week that has a stat line, all positions, "
    "with points recomputed by our scoring.",
    PLAYER_WEEK,
    (
        SEASON,
        WEEK,
        PLAYER_ID,
        PLAYER_NAME,
        POSITION,
        TEAM,
        OPPONENT,
        Column("season_type", "string", "REG or POST", allowed=("REG", "POST")),
        points_column(
            "fantasy_points",
            "Points, standard scoring, kicking not counted",
            PLAYER_POINTS,
            nullable=False,
        ),
        points_column(
            "fantasy_points_half",
            "Points, half-PPR scoring, kicking not counted",
            PLAYER_POINTS,
            nullable=False,
        ),
        points_column(
            "fantasy_points_ppr",
            "Points, PPR scoring, kicking not counted",
            PLAYER_POINTS,
            nullable=False,
        ),
        points_column(
            "kicking_points",
            "Points of field goals and extra points",
            PLAYER_POINTS,
            nullable=False,
        ),
        points_column("upstream_fantasy_points", "Upstream's own standard points", PLAYER_POINTS),
        points_column("upstream_fantasy_points_ppr", "Upstream's own PPR points", PLAYER_POINTS),
        Column(
            "source",
            "string",
            "Reader that delivered the row, or 'synthetic sample league'",
            nullable=False,
        ),
        *STAT_COLUMNS,
    ),
)

PROVISIONAL_STATS = Table(
    "provisional_stats",
    "Rows of weekly_stats as of the last import before the final one; none for weeks without it.",
    PLAYER_WEEK,
    WEEKLY_STATS.columns,
)

STAT_CORRECTIONS = Table(
    "stat_corrections",
    "What the league corrected: one row per player, week and stat that differs from then.",
    (*PLAYER_WEEK, "stat"),
    (
        SEASON,
        WEEK,
        PLAYER_ID,
        PLAYER_NAME,
        POSITION,
        TEAM,
        Column("stat", "string", "Stat column of weekly_stats", required=True),
        Column("old", "float", "Value in provisional_stats; null: the player had no row"),
        Column("new", "float", "Value in weekly_stats; null: the player has no row"),
        Column(
            "points_difference",
            "float",
            "What it is worth, PPR with kicking; a player's rows add up",
            unit="points",
        ),
    ),
)
