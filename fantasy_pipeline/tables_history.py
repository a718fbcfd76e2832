"""Contract of `player_history`, the features of every player-week. `tables.py` lists it."""

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

AVERAGED_STATS = (
    "fantasy_points",
    "fantasy_points_half",
    "fantasy_points_ppr",
    "completions",
    "attempts",
    "passing_yards",
    "passing_tds",
    "passing_interceptions",
    "carries",
    "rushing_yards",
    "rushing_tds",
    "targets",
    "receptions",
    "receiving_yards",
    "receiving_tds",
    "receiving_air_yards",
    "target_share",
    "fg_att",
    "fg_made",
    "pat_made",
    "carry_share",
    "air_yards_share",
    "passing_air_yards",
    "passing_epa",
    "rushing_first_downs",
    "receiving_first_downs",
    "receiving_yards_after_catch",
)
"""Stats of which player_history carries a recency-weighted average per game."""

RECENT_STATS = (
    "fantasy_points_half",
    "attempts",
    "carries",
    "targets",
    "target_share",
    "carry_share",
    "air_yards_share",
)
"""Stats that it carries over the last few games too."""

LONG_STATS = (
    "fantasy_points_half",
    "passing_yards",
    "passing_tds",
    "rushing_yards",
    "rushing_tds",
    "receptions",
    "receiving_yards",
    "receiving_tds",
    "attempts",
    "carries",
    "targets",
)
"""Stats that it carries over the last seasons too."""

TEAM_STATS = (
    "attempts",
    "carries",
    "passing_yards",
    "passing_tds",
    "rushing_yards",
    "rushing_tds",
)
"""Stats of a whole team that it carries per game: made by the own team, allowed by the opponent."""

TARGET_STATS = (
    "completions",
    "attempts",
    "passing_yards",
    "passing_tds",
    "passing_interceptions",
    "carries",
    "rushing_yards",
    "rushing_tds",
    "targets",
    "receptions",
    "receiving_yards",
    "receiving_tds",
    "fumbles_lost",
    "two_point_conversions",
    "special_teams_tds",
    "fg_att",
    "fg_made",
    "pat_made",
    "kicking_points",
)
"""What a stat line is projected as: the parts that score, and the usage behind them."""


def _share(name: str, description: str) -> Column:
    return Column(name, "float", description, unit="share", lowest=0, highest=1)


PLAYER_HISTORY = Table(
    "player_history",
    "What was known before each week: one row per QB, RB, WR, TE or K and week, every feature as "
    "of before that week's games; only the target_ columns tell what then happened.",
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
        Column("roster_status", "string", "Roster status; game-day inactives count as ACT"),
        Column("roster_source", "string", "Where the roster row comes from; null: stat line only"),
        Column("injury_status", "string", "Game status on the report, as of kick-off"),
        Column("practice_status", "string", "Last practice reported, as of kick-off"),
        Column("spread_line", "float", "Closing spread, points the team is favoured by"),
        Column("implied_team_total", "float", "Points the closing lines give the team"),
        Column("rest", "int", "Days since the team's last game"),
        Column(
            "indoors", "bool", "Dome; null under a roof that opens, which is settled on game day"
        ),
        Column("age", "float", "Age at kick-off", unit="years", lowest=15, highest=65),
        Column("years_in_league", "int", "Seasons since the first one"),
        Column("draft_pick", "int", "Overall draft pick; null if undrafted"),
        Column("games", "int", "Games played so far: with a stat line or a snap"),
        Column("games_season", "int", "Games played this season so far"),
        Column("weeks_since_game", "int", "Weeks of football since the last one played"),
        Column("weight", "float", "Recency-weighted number of games behind the averages"),
        _share(
            "appearance_rate",
            "Share of weeks fit and on the roster that he played in, shrunken",
        ),
        Column("last_points_ppr", "float", "PPR points of the last game played"),
        Column("last_points_half", "float", "Half-PPR points of the last game played"),
        Column("last4_points_ppr", "float", "Mean PPR points of the last four games played"),
        Column("last4_points_half", "float", "Mean half-PPR points of them"),
        Column("season_points_ppr", "float", "Mean PPR points this season so far"),
        Column("season_points_half", "float", "Mean half-PPR points this season so far"),
        *(
            Column(f"avg_{name}", "float", f"Recency-weighted mean per game of {name}")
            for name in AVERAGED_STATS
        ),
        *(
            Column(f"recent_{name}", "float", f"Mean of {name} over the last few games")
            for name in RECENT_STATS
        ),
        *(
            Column(f"long_{name}", "float", f"Mean of {name} over the last seasons' games")
            for name in LONG_STATS
        ),
        Column("long_weight", "float", "Recency-weighted number of games behind the long means"),
        _share("avg_snap_share", "Recency-weighted mean of snap share, 0-1"),
        _share("recent_snap_share", "Mean of snap share over the last few games, 0-1"),
        _share("last_snap_share", "Snap share in the last game with a snap count, 0-1"),
        Column("spread_points", "float", "Recency-weighted standard deviation of half-PPR points"),
        Column("before_points_half", "float", "Mean half-PPR points of the season before"),
        Column("before_games", "int", "Games of the season before"),
        Column("new_team", "bool", "Not the team of his last game"),
        Column("missed_last", "bool", "Did not play in the team's last game"),
        *(
            Column(
                f"prior_{name}", "float", f"Mean {name} of the position's players as experienced"
            )
            for name in AVERAGED_STATS[:3]
        ),
        _share("status_rate", "Share of players with this game status who played, so far"),
        *(
            Column(
                f"opponent_factor_{name}",
                "float",
                f"{name} the opponent allowed the position, over the league's mean, shrunken to 1",
            )
            for name in AVERAGED_STATS[:3]
        ),
        *(
            Column(f"team_{name}", "float", f"Recency-weighted mean of the team's {name} per game")
            for name in TEAM_STATS
        ),
        *(
            Column(f"allowed_{name}", "float", f"The same of {name} against the opponent")
            for name in TEAM_STATS
        ),
        Column("team_position_points", "float", "Half-PPR points of the team's position per game"),
        Column(
            "target_played",
            "bool",
            "Has a stat line or an offensive snap this week; null until the week is played",
        ),
        Column("target_std", "float", "Points of this week, standard, kicking included; a target"),
        Column("target_half", "float", "Points of this week, half-PPR, kicking included; a target"),
        Column("target_ppr", "float", "Points of this week, PPR, kicking included; a target"),
        *(
            Column(f"target_{name}", "float", f"{name} of this week; a target")
            for name in TARGET_STATS
        ),
    ),
    weekly=False,
)
