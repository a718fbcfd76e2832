"""Contract of `player_history`, the features of every player-week."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fantasy_pipeline.football.tables.columns import (
    OPPONENT,
    PLAYER_ID,
    PLAYER_NAME,
    PLAYER_WEEK,
    POSITION,
    SEASON,
    TEAM,
    WEEK,
    points_column,
    share_column,
    stat_unit,
)
from fantasy_pipeline.football.tables.contract import Column, Table

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
    "rushing_epa",
    "receiving_epa",
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
    "rushing_epa",
    "receiving_epa",
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


def _stats(prefix: str, names: Iterable[str], description: str) -> Iterator[Column]:
    """A column for each stat; `{}` in the description is its name."""
    for name in names:
        yield Column(prefix + name, "float", description.format(name), unit=stat_unit(name))


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
        Column(
            "roster_status",
            "string",
            "Roster status as in raw_players, but game-day inactives count as ACT",
        ),
        Column("roster_source", "string", "Where the roster row comes from; null: stat line only"),
        Column("injury_status", "string", "Game status on the report, as of kick-off"),
        Column("practice_status", "string", "Last practice reported, as of kick-off"),
        points_column("spread_line", "Closing spread, points the team is favoured by"),
        points_column("implied_team_total", "Points the closing lines give the team"),
        Column("rest", "int", "Days since the team's last game", unit="days"),
        Column(
            "indoors", "bool", "Dome; null under a roof that opens, which is settled on game day"
        ),
        Column("age", "float", "Age at kick-off", unit="years", lowest=15, highest=65),
        Column("years_in_league", "int", "Seasons since the first one"),
        Column("draft_pick", "int", "Overall draft pick; null if undrafted"),
        Column("games", "int", "Games played so far: with a stat line or a snap"),
        Column("games_season", "int", "Games played this season so far"),
        Column("weeks_since_game", "int", "Weeks of football since the last one played"),
        Column(
            "weight", "float", "Recency-weighted number of games behind the averages", unit="games"
        ),
        share_column(
            "appearance_rate",
            "Share of weeks fit and on the roster that he played in, shrunken",
        ),
        points_column("last_points_ppr", "PPR points of the last game played"),
        points_column("last_points_half", "Half-PPR points of the last game played"),
        points_column("last4_points_ppr", "Mean PPR points of the last four games played"),
        points_column("last4_points_half", "Mean half-PPR points of them"),
        points_column("season_points_ppr", "Mean PPR points this season so far"),
        points_column("season_points_half", "Mean half-PPR points this season so far"),
        *_stats("avg_", AVERAGED_STATS, "Mean {} per game, a game counting half after 8 weeks"),
        *_stats("recent_", RECENT_STATS, "Mean {} per game, a game counting half after 2.5 weeks"),
        *_stats("long_", LONG_STATS, "Mean {} per game, a game counting half after 26 weeks"),
        Column(
            "long_weight",
            "float",
            "Recency-weighted number of games behind the long means",
            unit="games",
        ),
        share_column("avg_snap_share", "Mean snap share, a game counting half after 8 weeks"),
        share_column("recent_snap_share", "Mean snap share, a game counting half after 2.5 weeks"),
        share_column("last_snap_share", "Snap share in the last game with a snap count, 0-1"),
        points_column("spread_points", "Recency-weighted standard deviation of half-PPR points"),
        points_column("before_points_half", "Mean half-PPR points of the season before"),
        Column("before_games", "int", "Games of the season before"),
        Column("new_team", "bool", "Not the team of his last game"),
        Column("missed_last", "bool", "Did not play in the team's last game"),
        *_stats("prior_", AVERAGED_STATS[:3], "Mean {} of the position's players as experienced"),
        share_column("status_rate", "Share of players with this game status who played, so far"),
        *(
            Column(
                f"opponent_factor_{name}",
                "float",
                f"{name} the opponent allowed the position, over the league's mean, shrunken to 1",
            )
            for name in AVERAGED_STATS[:3]
        ),
        *_stats("team_", TEAM_STATS, "Recency-weighted mean {} of the team per game"),
        *_stats("allowed_", TEAM_STATS, "Recency-weighted mean {} against the opponent per game"),
        points_column("team_position_points", "Half-PPR points of the team's position per game"),
        Column(
            "target_played",
            "bool",
            "Has a stat line or an offensive snap this week; null until the week is played",
        ),
        points_column("target_std", "Points of this week, standard, kicking included; a target"),
        points_column("target_half", "Points of this week, half-PPR, kicking included; a target"),
        points_column("target_ppr", "Points of this week, PPR, kicking included; a target"),
        *_stats("target_", TARGET_STATS, "{} of this week; a target"),
    ),
    weekly=False,
)
