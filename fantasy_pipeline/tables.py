"""The lake's tables, one contract each. Add a column here first; everything else derives."""

from __future__ import annotations

from fantasy_pipeline.columns import (
    OPPONENT,
    PLAYER_ID,
    PLAYER_NAME,
    PLAYER_WEEK,
    POSITION,
    SEASON,
    TEAM,
    WEEK,
)
from fantasy_pipeline.contracts import Column, Table
from fantasy_pipeline.tables_history import (
    AVERAGED_STATS,
    LONG_STATS,
    PLAYER_HISTORY,
    RECENT_STATS,
    TARGET_STATS,
    TEAM_STATS,
)
from fantasy_pipeline.tables_projections import (
    MODEL_PROJECTIONS,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    SOURCE_PROJECTIONS,
)

GAMES = Table(
    "games",
    "The whole NFL schedule since 1999: one row per game.",
    ("season", "week", "game_id"),
    (
        SEASON,
        WEEK,
        Column("game_id", "string", "nflverse game id, season_week_away_home", required=True),
        Column("game_type", "string", "REG, WC, DIV, CON or SB"),
        Column("kickoff", "timestamp", "Kick-off (UTC); 13:00 US/Eastern where upstream has none"),
        Column("home_team", "string", "Home team, today's code"),
        Column("away_team", "string", "Away team, today's code"),
        Column("home_score", "int", "Home score, points; null until played"),
        Column("away_score", "int", "Away score, points; null until played"),
        Column("spread_line", "float", "Closing spread, points the home team is favoured by"),
        Column("total_line", "float", "Closing total, points"),
        Column("home_rest", "int", "Days since the home team's last game"),
        Column("away_rest", "int", "Days since the away team's last game"),
        Column("div_game", "bool", "Both teams are of one division"),
        Column("neutral_site", "bool", "Played at neither team's home"),
        Column("roof", "string", "dome, closed, open or outdoors; null until known"),
        Column("surface", "string", "Playing surface"),
        Column("temp", "int", "Temperature, degrees Fahrenheit, outdoors only"),
        Column("wind", "int", "Wind, miles per hour, outdoors only"),
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
        Column("on_bye", "bool", "The team has no game this week"),
        Column("roster_position", "string", "Position as the roster lists it"),
        Column("roster_status", "string", "ACT, RES, INA, DEV, CUT …; null without a roster file"),
        Column("roster_status_detail", "string", "Upstream's status code, e.g. R01, P02"),
        Column(
            "roster_source",
            "string",
            "weekly_roster; carried_forward (latest earlier week: a bye, or rosters not out yet); "
            "stats (no roster file: the player's stat lines)",
        ),
        Column("roster_week", "int", "Week the team is taken from; null: the season before"),
        Column("injury_status", "string", "Game status on the injury report: Out, Doubtful, …"),
        Column("injury", "string", "Injury the report names"),
        Column("practice_status", "string", "DNP, Limited or Full in the last practice reported"),
        Column("injury_modified_at", "timestamp", "When the report row last changed (UTC)"),
        Column("offense_snaps", "int", "Offensive snaps played"),
        Column("snap_share", "float", "Share of the team's offensive snaps, 0-1"),
        Column("birth_date", "date", "Date of birth"),
        Column("height", "int", "Height, inches"),
        Column("weight", "int", "Weight, pounds"),
        Column("rookie_season", "int", "First season"),
        Column("draft_pick", "int", "Overall draft pick; null if undrafted"),
        Column("sleeper_id", "string", "Sleeper id"),
        Column("espn_id", "string", "ESPN id"),
        Column("yahoo_id", "string", "Yahoo id"),
        Column("fantasypros_id", "string", "FantasyPros id"),
        Column("pfr_id", "string", "Pro Football Reference id"),
        Column("mfl_id", "string", "MyFantasyLeague id"),
    ),
)


def _stat(name: str, description: str, *aliases: str, type: str = "float") -> Column:
    return Column(name, type, description, aliases=aliases)


STAT_COLUMNS = (
    _stat("completions", "Passes completed"),
    _stat("attempts", "Passes thrown"),
    _stat("passing_yards", "Passing yards"),
    _stat("passing_tds", "Passing touchdowns"),
    _stat("passing_interceptions", "Interceptions thrown", "interceptions"),
    _stat("sacks_suffered", "Sacks taken", "sacks"),
    _stat("sack_yards_lost", "Yards lost to sacks, negative", "sack_yards"),
    _stat("sack_fumbles", "Fumbles on sacks"),
    _stat("sack_fumbles_lost", "Fumbles lost on sacks"),
    _stat("passing_air_yards", "Air yards of passes thrown"),
    _stat("passing_yards_after_catch", "Yards after catch of passes thrown"),
    _stat("passing_first_downs", "First downs by passing"),
    _stat("passing_epa", "Expected points added by passing, points"),
    _stat("passing_2pt_conversions", "Two-point conversions passed"),
    _stat("carries", "Rushing attempts"),
    _stat("rushing_yards", "Rushing yards"),
    _stat("rushing_tds", "Rushing touchdowns"),
    _stat("rushing_fumbles", "Fumbles on rushes"),
    _stat("rushing_fumbles_lost", "Fumbles lost on rushes"),
    _stat("rushing_first_downs", "First downs by rushing"),
    _stat("rushing_epa", "Expected points added by rushing, points"),
    _stat("rushing_2pt_conversions", "Two-point conversions rushed"),
    _stat("receptions", "Passes caught"),
    _stat("targets", "Passes thrown at the player"),
    _stat("receiving_yards", "Receiving yards"),
    _stat("receiving_tds", "Receiving touchdowns"),
    _stat("receiving_fumbles", "Fumbles after catches"),
    _stat("receiving_fumbles_lost", "Fumbles lost after catches"),
    _stat("receiving_air_yards", "Air yards of targets"),
    _stat("receiving_yards_after_catch", "Yards after catch"),
    _stat("receiving_first_downs", "First downs by receiving"),
    _stat("receiving_epa", "Expected points added by receiving, points"),
    _stat("receiving_2pt_conversions", "Two-point conversions received"),
    _stat("target_share", "Share of the team's targets, 0-1"),
    _stat("air_yards_share", "Share of the team's air yards"),
    _stat("wopr", "Weighted opportunity rating: 1.5 target share + 0.7 air yards share"),
    _stat("special_teams_tds", "Touchdowns on returns and other special teams plays"),
    _stat("fg_made", "Field goals made"),
    _stat("fg_att", "Field goals tried"),
    _stat("fg_missed", "Field goals missed"),
    _stat("fg_blocked", "Field goals blocked"),
    _stat("fg_long", "Longest field goal, yards"),
    _stat("fg_made_0_19", "Field goals made from 0-19 yards"),
    _stat("fg_made_20_29", "Field goals made from 20-29 yards"),
    _stat("fg_made_30_39", "Field goals made from 30-39 yards"),
    _stat("fg_made_40_49", "Field goals made from 40-49 yards"),
    _stat("fg_made_50_59", "Field goals made from 50-59 yards"),
    _stat("fg_made_60_", "Field goals made from 60 yards on"),
    _stat("pat_made", "Extra points made"),
    _stat("pat_att", "Extra points tried"),
    _stat("pat_missed", "Extra points missed"),
    _stat("pat_blocked", "Extra points blocked"),
    _stat("def_tackles_solo", "Solo tackles"),
    _stat("def_tackle_assists", "Assisted tackles"),
    _stat("def_sacks", "Sacks made"),
    _stat("def_interceptions", "Interceptions made"),
    _stat("def_pass_defended", "Passes defended"),
    _stat("def_fumbles_forced", "Fumbles forced"),
    _stat("def_tds", "Defensive touchdowns"),
    _stat("def_safeties", "Safeties"),
    _stat("punt_return_yards", "Punt return yards"),
    _stat("kickoff_return_yards", "Kick-off return yards"),
)
"""Stat line of one player-week; null where the source does not have the column at all."""

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
        Column("season_type", "string", "REG or POST"),
        Column("fantasy_points", "float", "Points, standard scoring, kicking not counted"),
        Column("fantasy_points_half", "float", "Points, half-PPR scoring, kicking not counted"),
        Column("fantasy_points_ppr", "float", "Points, PPR scoring, kicking not counted"),
        Column("kicking_points", "float", "Points of field goals and extra points"),
        Column("upstream_fantasy_points", "float", "Upstream's own standard points"),
        Column("upstream_fantasy_points_ppr", "float", "Upstream's own PPR points"),
        Column("source", "string", "Reader that delivered the row, or 'synthetic sample league'"),
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
        Column("points_difference", "float", "What it is worth, PPR points with kicking; additive"),
    ),
)

ALL_TABLES = (
    GAMES,
    RAW_PLAYERS,
    WEEKLY_STATS,
    PROVISIONAL_STATS,
    STAT_CORRECTIONS,
    PLAYER_HISTORY,
    SOURCE_PROJECTIONS,
    MODEL_PROJECTIONS,
    PROJECTIONS,
    PROJECTION_ACCURACY,
)
"""Every table of the lake, upstream first."""

BY_NAME = {table.name: table for table in ALL_TABLES}

FANTASY_POSITIONS = ("QB", "RB", "WR", "TE", "K")

__all__ = [
    "ALL_TABLES",
    "AVERAGED_STATS",
    "BY_NAME",
    "FANTASY_POSITIONS",
    "GAMES",
    "LONG_STATS",
    "MODEL_PROJECTIONS",
    "OPPONENT",
    "PLAYER_HISTORY",
    "PLAYER_ID",
    "PLAYER_NAME",
    "PLAYER_WEEK",
    "POSITION",
    "PROJECTIONS",
    "PROJECTION_ACCURACY",
    "RAW_PLAYERS",
    "RECENT_STATS",
    "SEASON",
    "SOURCE_PROJECTIONS",
    "STAT_COLUMNS",
    "TARGET_STATS",
    "TEAM",
    "TEAM_STATS",
    "WEEK",
    "WEEKLY_STATS",
]
