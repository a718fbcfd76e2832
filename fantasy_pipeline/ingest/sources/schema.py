"""Contracts of upstream's data sets: canonical names and types, with upstream's own names.

Every reader, and the sample league, returns exactly these tables. A missing `required` column is
an error; any other missing column is null. `football/tables/contract.py` defines the types.
"""

from __future__ import annotations

from dataclasses import replace

from fantasy_pipeline.football.tables import GAMES, LIST_COLUMNS, STAT_COLUMNS
from fantasy_pipeline.football.tables.columns import SEASON, WEEK
from fantasy_pipeline.football.tables.contract import Column, Table

SCHEDULE = Table("schedule", "nflverse schedules/games", GAMES.key, GAMES.columns)
"""The schedule in the shape of the lake's `games`; `canonical.schedule` derives kick-offs."""

_SINCE_OCTOBER_2025 = (
    "fumbles_total",
    "fumbles_lost_total",
    "passing_40",
    "rushing_40",
    "receiving_40",
    "pt_blocked",
)
"""Columns of stat lines that upstream added to the files of all seasons in October 2025."""

WEEKLY_STATS = Table(
    "weekly_stats",
    "nflverse stats_player/stats_player_week_{season} and, before 2025, "
    "player_stats/player_stats_{season}: one row per player-week, all positions.",
    ("season", "week", "player_id"),
    (
        SEASON,
        WEEK,
        Column("player_id", "string", "gsis_id, or NO_PLAYER", required=True),
        Column(
            "player_name", "string", "Full name", required=True, aliases=("player_display_name",)
        ),
        Column("position", "string", "Position in the stats file", required=True),
        Column("team", "string", "Team", required=True, aliases=("recent_team",)),
        Column("opponent", "string", "Opponent", required=True, aliases=("opponent_team",)),
        Column("season_type", "string", "REG or POST", required=True),
        Column("fantasy_points", "float", "Upstream's standard points", required=True),
        Column("fantasy_points_ppr", "float", "Upstream's PPR points", required=True),
        # Required: without one of these columns, players would silently score too little. Every
        # file of the release (114 columns or more) has all of them but `_SINCE_OCTOBER_2025`.
        *(
            replace(column, required=column.name not in _SINCE_OCTOBER_2025)
            for column in (*STAT_COLUMNS, *LIST_COLUMNS)
        ),
    ),
)

_DEFENCE_AND_RETURNS = ("def_", "punt_", "pt_", "kickoff_", "fumble")
_NEW_RELEASE = ("fg_", "pat_", *_DEFENCE_AND_RETURNS)
"""First parts of the names of stats that the old release's file of stat lines lacks."""

OLD_WEEKLY_STATS = replace(
    WEEKLY_STATS,
    columns=tuple(
        replace(
            column,
            required=column.required and not column.name.startswith(_NEW_RELEASE),
        )
        for column in WEEKLY_STATS.columns
    ),
)
"""Weekly stats of the old release: no defence, no return yards, and kicking in a separate file."""

OLD_KICKING = Table(
    "weekly_stats",
    "nflverse player_stats/player_stats_kicking_{season}: one row per player-week who kicked.",
    WEEKLY_STATS.key,
    tuple(
        column
        for column in WEEKLY_STATS.columns
        if column.name.startswith(("fg_", "pat_"))
        or column.name in (*WEEKLY_STATS.key, "player_name", "position", "team", "season_type")
    ),
)
"""The old release's separate file of kicking stats."""

OLD_TOTALS = (
    "fantasy_points",
    "fantasy_points_ppr",
    *(
        column.name
        for column in STAT_COLUMNS
        if column.unit in ("count", "yards")
        and column.name != "fg_long"
        and column.name not in _SINCE_OCTOBER_2025
        and not column.name.startswith(_DEFENCE_AND_RETURNS)
    ),
)
"""Columns of the old release in which a missing value means 0."""

WEEKLY_ROSTERS = Table(
    "weekly_rosters",
    "nflverse weekly_rosters/roster_weekly_{season}: one row per rostered player and week; none "
    "for a team on a bye.",
    ("season", "week", "player_id"),
    (
        SEASON,
        WEEK,
        Column("player_id", "string", "gsis_id", required=True, aliases=("gsis_id",)),
        Column("player_name", "string", "Full name", required=True, aliases=("full_name",)),
        Column("position", "string", "Roster position", required=True),
        Column("team", "string", "Team", required=True),
        Column("status", "string", "ACT, RES, INA, DEV, CUT …", required=True),
        Column("status_detail", "string", "Status code", aliases=("status_description_abbr",)),
        Column("depth_chart_position", "string", "Position on the depth chart"),
        Column("esb_id", "string", "Elias id, to find a gsis_id that the roster lacks"),
        Column("birth_date", "date", "Date of birth"),
        Column("height", "int", "Height, inches"),
        Column("weight", "int", "Weight, pounds"),
        Column("rookie_season", "int", "First season", aliases=("rookie_year",)),
        Column("draft_pick", "int", "Overall pick", aliases=("draft_number",)),
        Column("pfr_id", "string", "Pro Football Reference id"),
        Column("sleeper_id", "string", "Sleeper id"),
        Column("espn_id", "string", "ESPN id"),
        Column("yahoo_id", "string", "Yahoo id"),
    ),
)

INJURIES = Table(
    "injuries",
    "nflverse injuries/injuries_{season}: one row per player, team and week on an injury report.",
    ("season", "week", "team", "player_id"),
    (
        SEASON,
        WEEK,
        Column("team", "string", "Reporting team", required=True),
        Column("player_id", "string", "gsis_id", required=True, aliases=("gsis_id",)),
        Column(
            "injury_status", "string", "Out, Doubtful, …", required=True, aliases=("report_status",)
        ),
        Column("injury", "string", "Injury", aliases=("report_primary_injury",)),
        Column("practice_injury", "string", "Injury", aliases=("practice_primary_injury",)),
        Column("practice_status", "string", "DNP, Limited or Full", required=True),
        Column("modified_at", "timestamp", "Last change (UTC)", aliases=("date_modified",)),
    ),
)

SNAP_COUNTS = Table(
    "snap_counts",
    "nflverse snap_counts/snap_counts_{season}, from Pro Football Reference: one row per player "
    "and game.",
    ("season", "week", "team", "pfr_id"),
    (
        SEASON,
        WEEK,
        Column("pfr_id", "string", "PFR id", required=True, aliases=("pfr_player_id",)),
        Column("team", "string", "Team", required=True),
        Column("offense_snaps", "int", "Offensive snaps", required=True),
        Column("snap_share", "float", "Share 0-1", required=True, aliases=("offense_pct",)),
        Column("st_snaps", "int", "Special-teams snaps"),
        Column("defense_snaps", "int", "Defensive snaps"),
    ),
)

PLAYER_IDS = Table(
    "player_ids",
    "dynastyprocess db_playerids: one row per player, ids of the fantasy platforms.",
    ("player_id",),
    (
        Column("player_id", "string", "gsis_id", required=True, aliases=("gsis_id",)),
        Column("player_name", "string", "Full name", required=True, aliases=("name",)),
        Column("position", "string", "Position"),
        Column("sleeper_id", "string", "Sleeper id", required=True),
        Column("espn_id", "string", "ESPN id", required=True),
        Column("yahoo_id", "string", "Yahoo id", required=True),
        Column("fantasypros_id", "string", "FantasyPros id", required=True),
        Column("pfr_id", "string", "PFR id", required=True),
        Column("mfl_id", "string", "MyFantasyLeague id", required=True),
        Column("birth_date", "date", "Date of birth", aliases=("birthdate",)),
    ),
)

PLAYERS = Table(
    "players",
    "nflverse players/players: one row per player who ever had a gsis_id.",
    ("player_id",),
    (
        Column("player_id", "string", "gsis_id", required=True, aliases=("gsis_id",)),
        Column("player_name", "string", "Full name", required=True, aliases=("display_name",)),
        Column("position", "string", "Current position", required=True),
        Column("esb_id", "string", "Elias id"),
        Column("pfr_id", "string", "PFR id"),
        Column("espn_id", "string", "ESPN id"),
        Column("birth_date", "date", "Date of birth"),
        Column("height", "int", "Height, inches"),
        Column("weight", "int", "Weight, pounds"),
        Column("rookie_season", "int", "First season"),
        Column("draft_pick", "int", "Overall pick", aliases=("draft_number",)),
    ),
)

MARKET_VALUES = Table(
    "market_values",
    "dynastyprocess values-players: one row per player, what managers of dynasty leagues trade him "
    "for. Upstream names players by FantasyPros id; rows whose id has no gsis_id are left out.",
    ("player_id",),
    (
        Column("player_id", "string", "gsis_id", required=True),
        Column("player_name", "string", "Full name", aliases=("player",)),
        Column("value_1qb", "int", "Value where line-ups start one QB", required=True),
        Column("value_2qb", "int", "Value where line-ups may start two", required=True),
        Column("scraped_on", "date", "Day of the values", aliases=("scrape_date",)),
    ),
)

MARKET_FILE = replace(
    MARKET_VALUES,
    key=("fantasypros_id",),
    columns=(
        Column("fantasypros_id", "string", "FantasyPros id", required=True, aliases=("fp_id",)),
        *MARKET_VALUES.columns[1:],
    ),
)
"""Upstream's own file of `MARKET_VALUES`."""

NFLCOM_PROJECTIONS = Table(
    "nflcom_projections",
    "NFL.com weekly projections as saved by hvpkod/NFL-Data: one row per player. Half-PPR; 0 means "
    "no projection and is left out.",
    ("season", "week", "name", "position"),
    (
        SEASON,
        WEEK,
        Column("name", "string", "Name as NFL.com writes it", required=True),
        Column("position", "string", "QB, RB, WR, TE or K", required=True),
        Column("team", "string", "Team when the file was saved", required=True),
        Column("opponent", "string", "Opponent that the file states; null on a bye"),
        Column("points_half", "float", "Projected points, half-PPR", required=True),
        Column(
            "line_points",
            "float",
            "Half-PPR points of the projected stat line; null before 2024, when the line is actual",
        ),
        Column(
            "as_of",
            "timestamp",
            "File's last change or first download (UTC)",
            required=True,
        ),
    ),
)

NFLCOM_POSITIONS = Table(
    "nflcom_projections",
    "Players that the same files list, projected or not: one row per player and position.",
    ("season", "week", "name", "position"),
    NFLCOM_PROJECTIONS.columns[:4],
)

NFLCOM_RESULTS = Table(
    "nflcom_projections",
    "What defenders did, as the same files state it: one row per player and week.",
    ("season", "week", "name"),
    (
        *NFLCOM_PROJECTIONS.columns[:3],
        Column("team", "string", "Team when the file was saved"),
        Column("tackles_for_loss", "float", "Tackles for loss, those shared by two players too"),
        Column("kicks_blocked", "float", "Kicks and punts that he blocked"),
    ),
)
SEASONS_OF_RESULTS = (2021, 2022, 2023)
"""Seasons whose NFL.com files have results in their stat columns, not projections."""

BY_SEASON = {table.name: table for table in (WEEKLY_STATS, WEEKLY_ROSTERS, INJURIES, SNAP_COUNTS)}
"""Data sets with one file per season."""

FIRST_SEASON_UPSTREAM = {
    "weekly_stats": 1999,
    "weekly_rosters": 2002,
    "injuries": 2009,
    "snap_counts": 2012,
    "nflcom_projections": 2021,
}
"""First season of each data set upstream; earlier seasons are never requested."""
