"""Contracts of the projections and of their accuracy."""

from __future__ import annotations

from dataclasses import replace

from fantasy_pipeline.football.positions import LEAGUE_POSITIONS
from fantasy_pipeline.football.tables.columns import (
    OPPONENT,
    PLAYER_ID,
    PLAYER_NAME,
    PLAYER_POINTS,
    PLAYER_WEEK,
    POSITION,
    PROJECTED_POSITION,
    SEASON,
    TEAM,
    WEEK,
    added_later,
    points_column,
    share_column,
    stat_unit,
)
from fantasy_pipeline.football.tables.contract import Column, Table
from fantasy_pipeline.football.tables.history import TARGET_STATS

SOURCE_POINTS = (-20.0, 80.0)
"""Bounds of the points that a source projects for one game."""


def _projected(name: str, description: str) -> Column:
    """Return a column of our own projected points, which are never null."""
    return points_column(name, description, PLAYER_POINTS, nullable=False)


def _stated(name: str, description: str) -> Column:
    """Return a column of the points that a source states."""
    return points_column(name, f"{description}; null if not stated", SOURCE_POINTS)


def _rank(name: str, description: str, lowest: float = 1) -> Column:
    return Column(name, "float", f"{description} (FantasyPros)", lowest=lowest)


def _error(name: str, description: str) -> Column:
    return points_column(name, description, (0, None), nullable=False)


def _nflcom_error(name: str, description: str) -> Column:
    return points_column(
        name, f"{description} on the same players; null in weeks without its file", (0, None)
    )


BEFORE_KICKOFF, FROZEN_FILE, SHOWN_SINCE = "before kick-off", "frozen file", "shown since"
"""What vouches for a source's projection: the values of `basis`."""

SOURCE_PROJECTIONS = Table(
    "source_projections",
    "Projections of other sources, and when they stated them: one row per source, player, week and "
    "time. A stored row never changes. When a source states something else later, a new row is "
    "added; its points are null if the source withdrew the projection.",
    ("season", "week", "source", "player_id", "as_of"),
    (
        SEASON,
        WEEK,
        Column("source", "string", "Source: nflcom, sleeper, fantasypros or espn", required=True),
        PLAYER_ID,
        PLAYER_NAME,
        POSITION,
        Column("team", "string", "Team that the source states, as its current code"),
        _stated("points_std", "Projected points, standard"),
        _stated(
            "points_half", "Projected points, half-PPR; of defenders those of NFL.com's scoring"
        ),
        _stated("points_ppr", "Projected points, PPR"),
        Column(
            "as_of",
            "timestamp",
            "When the source stated the projection: its Last-Modified header, or the time of our "
            "first download if it sends none",
            required=True,
        ),
        Column("kickoff", "timestamp", "Kick-off of the player's game; null on a bye"),
        Column(
            "basis",
            "string",
            "What vouches for the projection. before kick-off: as_of is before kickoff, or the "
            "player has no game; frozen file: downloaded after the game from files that were saved "
            "before it and do not change (NFL.com); shown since: downloaded after the game, as the "
            "site shows it since. Of the last, only ESPN's count. Null in weeks that an older "
            "version wrote",
            allowed=(BEFORE_KICKOFF, FROZEN_FILE, SHOWN_SINCE),
            added=True,
        ),
        _rank("ecr", "Mean rank of the player in his position among experts"),
        _rank("ecr_sd", "Standard deviation of the experts' ranks", 0),
        _rank("ecr_best", "Best rank of any expert"),
        _rank("ecr_worst", "Worst rank of any expert"),
        *(
            Column(name, "float", f"Projected {name}; null if not stated", unit=stat_unit(name))
            for name in TARGET_STATS
        ),
    ),
)

_PROJECTED = (
    SEASON,
    WEEK,
    PLAYER_ID,
    PLAYER_NAME,
    PROJECTED_POSITION,
    TEAM,
    OPPONENT,
    _projected(
        "projected_points",
        "Expected points, PPR, if the player plays; reduced if he is unlikely to play",
    ),
    _projected("p10", "Floor, PPR: he scores less in one week of ten"),
    _projected("p50", "Median, PPR: he scores less in half of the weeks"),
    _projected("p90", "Ceiling, PPR: he scores more in one week of ten"),
    Column(
        "source",
        "string",
        "Method of the projection: model, baseline or consensus; it names the sample league if the "
        "data are synthetic",
        nullable=False,
    ),
    Column(
        "reason",
        "string",
        "Why the projection is 0 (bye, cancelled game, out, reserve list …) or uncertain "
        "(doubtful, questionable); "
        "null for other players",
    ),
    Column("is_home", "bool", "The schedule lists the team as the home team; null on a bye"),
    Column(
        "injury_status", "string", "Game status on the injury report before kick-off; null if none"
    ),
    Column(
        "implied_team_total",
        "float",
        "Points of the team that the betting lines imply",
        unit="points",
        lowest=0,
        highest=80,
    ),
    Column(
        "opponent_factor",
        "float",
        "Points that the opponent allows the position, relative to the league's mean; 1 is average",
        lowest=0,
        highest=10,
    ),
    Column("games", "int", "Earlier games of the player that the projection is based on"),
    *(
        _projected(f"{name}_{scoring}", f"{description}, {words}")
        for scoring, words in (("std", "standard"), ("half", "half-PPR"))
        for name, description in (
            ("projected_points", "Expected points"),
            ("p10", "Floor"),
            ("p50", "Median"),
            ("p90", "Ceiling"),
        )
    ),
)
_LINE = (
    share_column("plays", "Probability that the player plays, 0-1", nullable=False),
    replace(
        share_column(
            "starts",
            "Probability that the player starts, 0-1; those of a team's quarterbacks, and of its "
            "kickers, sum to 1; null for other positions",
        ),
        added=True,
    ),
    *(
        Column(
            name,
            "float",
            f"Expected {name}; null where the baseline projects",
            unit=stat_unit(name),
        )
        for name in TARGET_STATS
    ),
)

MODEL_PROJECTIONS = Table(
    "model_projections",
    "Projections of this project's model, which uses no other source: one row per rostered QB, RB, "
    "WR, TE and K of the week, and per team's defence (DST). The points of players follow from the "
    "projected stat line; those of defences are ESPN's standard points, equal in every scoring.",
    PLAYER_WEEK,
    (
        *_PROJECTED,
        *_LINE,
        points_column(
            "usual_half",
            "Usual half-PPR points of the player: the recency-weighted mean of his games, mixed "
            "with the mean of players of his position and experience",
        ),
    ),
)

PROJECTIONS = Table(
    "projections",
    "Projections to use, the consensus of this project's model and the other sources: one row per "
    "rostered QB, RB, WR, TE and K of the week, and per team's defence (DST). Players on a bye or "
    "ruled out are included, with 0 points and the reason.",
    PLAYER_WEEK,
    (
        *_PROJECTED,
        points_column(
            "nflcom_half",
            "NFL.com's half-PPR projection, as the consensus uses it; null without one",
            SOURCE_POINTS,
        ),
        *_LINE,
        points_column("model_half", "Half-PPR projection of this project's model"),
        Column("sources", "int", "Number of sources that project the player, the model included"),
        points_column("spread", "Highest minus lowest half-PPR projection of the sources"),
    ),
)

_OF_ONE_STARTER = "; only of QB and K in the pool everyone, null elsewhere"
_TEAM_MEASURES = (
    Column("teams", "int", f"Number of teams in the next columns{_OF_ONE_STARTER}"),
    share_column(
        "starter_right",
        "Share of teams whose highest projected player of the position is the one who threw, or "
        f"kicked, most, 0-1{_OF_ONE_STARTER}",
    ),
    share_column(
        "two_starters",
        "Share of teams with two players at a starter's points (QB: 8, K: 4), "
        f"0-1{_OF_ONE_STARTER}",
    ),
    points_column(
        "team_projected", f"Mean of a team's projected points of the position{_OF_ONE_STARTER}"
    ),
    points_column(
        "team_scored", f"Mean of a team's actual points of the position{_OF_ONE_STARTER}"
    ),
    share_column(
        "yards_apart",
        "Share of teams whose projected passing and receiving yards differ by more than 60, 0-1; "
        "only of QB in the pool everyone, null for sources without a stat line of ours",
    ),
)

PROJECTION_ACCURACY = Table(
    "projection_accuracy",
    "Accuracy of the projections: one row per week, source, position, scoring and pool. In the "
    "pools played and all, the scored players of a position are the best ones by the mean of "
    "NFL.com's projection and a neutral baseline; see docs/projections.md.",
    ("season", "week", "source", "position", "scoring", "pool"),
    (
        SEASON,
        WEEK,
        Column(
            "source",
            "string",
            "Source of the projections: consensus, model, another source, or a naive baseline",
            required=True,
        ),
        Column(
            "position",
            "string",
            "Position of the scored players; ALL: QB, RB, WR and TE together",
            required=True,
            allowed=(*LEAGUE_POSITIONS, "ALL"),
        ),
        Column(
            "scoring",
            "string",
            "Scoring of the compared points",
            required=True,
            allowed=("half", "ppr"),
        ),
        Column(
            "pool",
            "string",
            "played: players who played; all: also players who did not play, with 0 actual points; "
            "everyone: every player whom any source, the model or the recency-weighted baseline "
            "projects at 8 PPR points or more, with 0 for a missing projection and for a player "
            "who did not play",
            required=True,
            allowed=("played", "all", "everyone"),
        ),
        Column("players", "int", "Number of scored players"),
        _error("mae", "Mean absolute error"),
        _error("rmse", "Root mean squared error"),
        _nflcom_error("nflcom_mae", "NFL.com's mean absolute error"),
        _nflcom_error("nflcom_rmse", "NFL.com's root mean squared error"),
        points_column("bias", "Mean of projected minus actual points"),
        Column(
            "spearman",
            "float",
            "Rank correlation of projected and actual points; for ALL, the mean of the positions",
            lowest=-1,
            highest=1,
        ),
        share_column(
            "start_sit",
            "Share of pairs of players of a position that the projections put in the right order, "
            "0-1; null without pairs",
        ),
        Column("pairs", "int", "Number of those pairs; their actual points differ"),
        share_column(
            "coverage", "Share of actual points from p10 to p90, 0-1; null if the source has none"
        ),
        points_column(
            "pinball", "Mean pinball loss of p10, p50 and p90; null if the source has none"
        ),
        *map(added_later, _TEAM_MEASURES),
    ),
)
