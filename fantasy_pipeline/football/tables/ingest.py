"""Contracts of the imported schedule and players."""

from __future__ import annotations

from fantasy_pipeline.football.tables.columns import (
    OPPONENT,
    PLAYER_ID,
    PLAYER_NAME,
    PLAYER_WEEK,
    POSITION,
    SEASON,
    TEAM,
    WEEK,
    added_later,
    share_column,
)
from fantasy_pipeline.football.tables.contract import Column, Table
from fantasy_pipeline.football.teams import TEAMS

GAME_TYPES = ("REG", "WC", "DIV", "CON", "SB")


def _number(name: str, description: str, unit: str, lowest: float, highest: float) -> Column:
    return Column(name, "int", description, unit=unit, lowest=lowest, highest=highest)


def _moneyline(side: str) -> Column:
    return Column(
        f"{side}_moneyline",
        "int",
        f"Closing moneyline of the {side} team, American odds; the favourite's is lower",
        added=True,
    )


GAMES = Table(
    "games",
    "The NFL schedule since 1999: one row per game.",
    ("season", "week", "game_id"),
    (
        SEASON,
        WEEK,
        Column("game_id", "string", "nflverse game id: season_week_away_home", required=True),
        Column(
            "game_type",
            "string",
            "REG: regular season; WC, DIV, CON, SB: rounds of the play-offs",
            allowed=GAME_TYPES,
            nullable=False,
        ),
        Column(
            "kickoff",
            "timestamp",
            "Kick-off, UTC; 13:00 US/Eastern if upstream has no time",
            nullable=False,
        ),
        Column(
            "home_team", "string", "Home team, as its current code", allowed=TEAMS, nullable=False
        ),
        Column(
            "away_team", "string", "Away team, as its current code", allowed=TEAMS, nullable=False
        ),
        _number(
            "home_score", "Points of the home team; null until the game is played", "points", 0, 120
        ),
        _number(
            "away_score", "Points of the away team; null until the game is played", "points", 0, 120
        ),
        Column(
            "spread_line",
            "float",
            "Closing spread: points by which the home team is favoured, negative if it is not",
            unit="points",
            lowest=-50,
            highest=50,
        ),
        Column(
            "total_line",
            "float",
            "Closing total: expected points of both teams together",
            unit="points",
            lowest=10,
            highest=120,
        ),
        _moneyline("home"),
        _moneyline("away"),
        _number("home_rest", "Days since the home team's previous game", "days", 0, 400),
        _number("away_rest", "Days since the away team's previous game", "days", 0, 400),
        Column("div_game", "bool", "Both teams play in the same division"),
        Column("neutral_site", "bool", "The game is played at a neutral site"),
        Column(
            "roof",
            "string",
            "Roof: dome, closed, open or outdoors; null until it is known, and at a neutral "
            "site without a stadium",
        ),
        Column("surface", "string", "Playing surface; null where the stadium is"),
        _number("temp", "Temperature; null under a roof", "degrees Fahrenheit", -50, 130),
        _number("wind", "Wind speed; null under a roof", "miles per hour", 0, 120),
        Column(
            "stadium",
            "string",
            "Name of the stadium; null at a neutral site if upstream has the home team's own there",
        ),
    ),
    weekly=False,
)

RAW_PLAYERS = Table(
    "raw_players",
    "Rostered players: one row per player and week, with roster status, injury report, snaps and "
    "the player's ids at other sites; and one row per team with a game or a bye, position DST, for "
    "its defence.",
    PLAYER_WEEK,
    (
        SEASON,
        WEEK,
        PLAYER_ID,
        PLAYER_NAME,
        POSITION,
        TEAM,
        OPPONENT,
        Column("is_home", "bool", "The schedule lists the team as the home team; null on a bye"),
        Column("on_bye", "bool", "The team has no game this week", nullable=False),
        Column("roster_position", "string", "Position on the roster, as upstream states it"),
        Column(
            "roster_status",
            "string",
            "Roster status: ACT (active), RES (reserve list), INA (inactive on game day), DEV "
            "(practice squad), CUT (released) …; null in seasons without a roster file",
        ),
        Column(
            "roster_status_detail", "string", "Upstream's detailed status code, e.g. R01 or P02"
        ),
        Column(
            "roster_source",
            "string",
            "Origin of the row. weekly_roster: the roster of this week; carried_forward: an "
            "earlier roster (a bye, or rosters not published yet) or, without a roster file, an "
            "earlier stat line; stats: the stat line of this week; schedule: a team's defence",
            allowed=("weekly_roster", "carried_forward", "stats", "schedule"),
            nullable=False,
        ),
        _number("roster_week", "Week of that roster or stat line", "", 1, 22),
        Column(
            "injury_status",
            "string",
            "Game status on the injury report; null if none",
            allowed=("Out", "Doubtful", "Questionable", "Probable"),
        ),
        Column("injury", "string", "Injury that the report names"),
        Column(
            "practice_status",
            "string",
            "Participation in the last reported practice (DNP: none); null without report",
            allowed=("DNP", "Limited", "Full"),
        ),
        Column(
            "injury_modified_at", "timestamp", "When upstream last changed the player's report, UTC"
        ),
        _number("offense_snaps", "Offensive snaps that the player played", "count", 0, 150),
        share_column("snap_share", "Share of the team's offensive snaps, 0-1"),
        added_later(
            _number(
                "st_snaps",
                "Special-teams snaps that the player played (Pro Football Reference)",
                "count",
                0,
                80,
            )
        ),
        added_later(
            _number(
                "defense_snaps",
                "Defensive snaps that the player played (Pro Football Reference)",
                "count",
                0,
                150,
            )
        ),
        *(
            added_later(
                Column(name, "float", text, unit="count", lowest=0, highest=15),
            )
            for name, text in (
                (
                    "nflcom_tackles_for_loss",
                    "Tackles for loss that NFL.com's files state, those shared by two players too; "
                    "defenders of 2021-2023, null for others and where no file names the player",
                ),
                (
                    "nflcom_kicks_blocked",
                    "Kicks and punts that the player blocked, as NFL.com's files state; null for "
                    "the same",
                ),
            )
        ),
        added_later(
            Column(
                "fantasy_positions",
                "string",
                "Positions at which fantasy platforms may start the player, separated by slashes, "
                "the roster's first: QB, RB, WR, TE, K, P, DL, LB, DB; from the positions of "
                "roster, depth chart and id map; null for the offensive line",
            )
        ),
        Column("birth_date", "date", "Date of birth"),
        _number("height", "Height", "inches", 60, 85),
        _number("weight", "Weight", "pounds", 140, 450),
        _number("rookie_season", "First season in the league", "", 1960, 2100),
        _number(
            "draft_pick",
            "Overall draft pick; null if the player was not drafted",
            "",
            0,
            500,
        ),
        Column("sleeper_id", "string", "Player id at Sleeper"),
        Column("espn_id", "string", "Player id at ESPN"),
        Column("yahoo_id", "string", "Player id at Yahoo"),
        Column("fantasypros_id", "string", "Player id at FantasyPros"),
        Column("pfr_id", "string", "Player id at Pro Football Reference"),
        Column("mfl_id", "string", "Player id at MyFantasyLeague"),
    ),
)
