"""Contract of `player_history`: the features and targets of each player-week."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

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
"""Stats whose recency-weighted mean per game is a feature (``avg_``)."""

RECENT_STATS = (
    "fantasy_points_half",
    "attempts",
    "carries",
    "targets",
    "target_share",
    "carry_share",
    "air_yards_share",
)
"""Stats whose mean over the last few games is a feature (``recent_``)."""

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
"""Stats whose mean over the last seasons is a feature (``long_``)."""

TEAM_STATS = (
    "attempts",
    "carries",
    "passing_yards",
    "passing_tds",
    "rushing_yards",
    "rushing_tds",
)
"""Stats of whole teams whose means per game are features.

``team_`` is what the player's team makes, ``allowed_`` what the opponent allows.
"""

DEFENCE_STATS = (
    "points_espn",
    "sacks",
    "interceptions",
    "fumbles_recovered",
    "points_allowed",
    "yards_allowed",
)
"""Columns of `TEAM_DEFENSE_STATS` whose means per game are features of team defences.

``defence_`` is what the team's defence did, ``against_`` what defences did against the opponent.
"""

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
"""Stats of a projected stat line: those that score points, and the usage behind them."""


def _stats(prefix: str, names: Iterable[str], description: str) -> Iterator[Column]:
    """Return one column per stat; `{}` in the description stands for the stat's name."""
    for name in names:
        yield Column(prefix + name, "float", description.format(name), unit=stat_unit(name))


def _of_defences(prefix: str, description: str) -> Iterator[Column]:
    """Return one column per stat of team defences; files of earlier versions lack them."""
    for column in _stats(prefix, DEFENCE_STATS, description):
        yield replace(column, added=True)


PLAYER_HISTORY = Table(
    "player_history",
    "Features of the models: one row per QB, RB, WR, TE or K and week, and per team defence (DST). "
    "Every feature uses only what was known before the week's games; the target_ columns are the "
    "result of the week. Fantasy points include kicking. Those of a defence are by ESPN's standard "
    "scoring; what a defence does not have, such as touches and snaps, is null.",
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
        Column(
            "roster_status",
            "string",
            "Roster status as in raw_players, but players inactive on game day are ACT",
        ),
        Column(
            "roster_source",
            "string",
            "Origin of the roster row, as in raw_players; null if the player only has a stat line",
        ),
        Column(
            "injury_status",
            "string",
            "Game status on the injury report, as of kick-off; null if none",
        ),
        Column(
            "practice_status",
            "string",
            "Participation in the last reported practice, as of kick-off; null if none",
        ),
        points_column(
            "spread_line",
            "Closing spread: points by which the team is favoured, negative if it is not",
        ),
        points_column("implied_team_total", "Points of the team that the closing lines imply"),
        replace(
            points_column(
                "implied_change",
                "implied_team_total less its mean in the team's earlier games of the season",
            ),
            added=True,
        ),
        Column(
            "clinched",
            "bool",
            "The team is certain of a place in the play-offs; null outside the regular season",
            added=True,
        ),
        Column(
            "eliminated",
            "bool",
            "The team cannot reach the play-offs; null outside the regular season",
            added=True,
        ),
        Column("last_week", "bool", "The team's last game of the regular season", added=True),
        Column("rest", "int", "Days since the team's previous game", unit="days"),
        Column(
            "indoors",
            "bool",
            "The stadium is a dome (true) or has no roof (false); null if its roof can open",
        ),
        Column("age", "float", "Age on the day of the game", unit="years", lowest=15, highest=65),
        Column("years_in_league", "int", "Seasons since the rookie season"),
        Column(
            "draft_pick",
            "int",
            "Overall draft pick; null if the player was not drafted",
        ),
        Column(
            "games",
            "int",
            "Career games before the week: games with a stat line or an offensive snap",
        ),
        Column("games_season", "int", "Games played this season before the week"),
        Column(
            "weeks_since_game",
            "int",
            "Weeks since the last game played, null before the first; an off-season counts as 8",
        ),
        Column(
            "weight", "float", "Recency-weighted number of games in the avg_ columns", unit="games"
        ),
        share_column(
            "appearance_rate",
            "Share of games that the player played when active and without game status, "
            "recency-weighted and shrunk to players of his position and experience",
        ),
        points_column("last_points_ppr", "PPR points in the last game played"),
        points_column("last_points_half", "Half-PPR points in the last game played"),
        points_column("last4_points_ppr", "Mean PPR points of the last four games played"),
        points_column("last4_points_half", "Mean half-PPR points of the last four games played"),
        points_column("season_points_ppr", "Mean PPR points per game this season"),
        points_column("season_points_half", "Mean half-PPR points per game this season"),
        *_stats("avg_", AVERAGED_STATS, "Mean {} per game; a game counts half after 8 weeks"),
        *_stats("recent_", RECENT_STATS, "Mean {} per game; a game counts half after 2.5 weeks"),
        *_stats("long_", LONG_STATS, "Mean {} per game; a game counts half after 26 weeks"),
        Column(
            "long_weight",
            "float",
            "Recency-weighted number of games in the long_ columns",
            unit="games",
        ),
        share_column("avg_snap_share", "Mean snap share; a game counts half after 8 weeks"),
        share_column("recent_snap_share", "Mean snap share; a game counts half after 2.5 weeks"),
        share_column("last_snap_share", "Snap share in the last game with a snap count, 0-1"),
        points_column("spread_points", "Recency-weighted standard deviation of half-PPR points"),
        points_column("before_points_half", "Mean half-PPR points per game in the season before"),
        Column("before_games", "int", "Games played in the season before"),
        Column(
            "new_team",
            "bool",
            "The team is not that of the player's last game; null before his first game",
        ),
        Column("missed_last", "bool", "The player did not play in the team's last game"),
        *_stats(
            "prior_",
            AVERAGED_STATS[:3],
            "Mean {} per game of players of the same position and experience",
        ),
        share_column(
            "status_rate",
            "Share of earlier players with this game status and practice status who played",
        ),
        *(
            Column(
                f"opponent_factor_{name}",
                "float",
                f"{name} that the opponent allows the position per game, relative to the "
                f"league's mean, shrunk to 1",
            )
            for name in AVERAGED_STATS[:3]
        ),
        *_stats("team_", TEAM_STATS, "Recency-weighted mean {} of the team per game"),
        *_stats(
            "allowed_", TEAM_STATS, "Recency-weighted mean {} that the opponent allows per game"
        ),
        points_column(
            "team_position_points",
            "Recency-weighted mean half-PPR points per game of the team's players at the position",
        ),
        *_of_defences(
            "defence_",
            "Mean {} of the team's defence per game: a game counts half after 10 games or a "
            "summer, and 6 usual games are added; null for players",
        ),
        *_of_defences(
            "against_",
            "Mean {} of defences against the opponent per game, computed as defence_; null for "
            "players and on a bye",
        ),
        Column(
            "target_played",
            "bool",
            "Target: he has a stat line or an offensive snap; null until the game is played, and "
            "for a defence whose stats are not known",
        ),
        points_column(
            "target_std",
            "Target: standard points of the week, kicking included; null if he did not play",
        ),
        points_column(
            "target_half",
            "Target: half-PPR points of the week, kicking included; null if he did not play",
        ),
        points_column(
            "target_ppr",
            "Target: PPR points of the week, kicking included; null if he did not play",
        ),
        *_stats("target_", TARGET_STATS, "Target: {} of the week; null if he did not play"),
    ),
    weekly=False,
)
