"""Contracts of what is projected, and of how good it was."""

from __future__ import annotations

from dataclasses import replace

from fantasy_pipeline.football.tables.columns import (
    FANTASY_POSITION,
    FANTASY_POSITIONS,
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
    stat_unit,
)
from fantasy_pipeline.football.tables.contract import Column, Table
from fantasy_pipeline.football.tables.history import TARGET_STATS

_SOURCE_POINTS = (-20.0, 80.0)
"""Bounds of the points that a source projects for one game."""


def _rank(name: str, description: str, lowest: float = 1) -> Column:
    return Column(name, "float", description, lowest=lowest)


def _error(name: str, description: str) -> Column:
    return points_column(name, description, (0, None), nullable=False)


def _nflcom_error(name: str, description: str) -> Column:
    description += "; null where it has no file of the week"
    return replace(_error(name, description), nullable=True)


SOURCE_PROJECTIONS = Table(
    "source_projections",
    "What other sources projected, and when they said so: one row per source, player, week and "
    "moment. A statement stays as it was; a later one that differs is another row, without points "
    "where the source took it back. What was said before kick-off has as_of before kickoff.",
    ("season", "week", "source", "player_id", "as_of"),
    (
        SEASON,
        WEEK,
        Column("source", "string", "nflcom, sleeper, fantasypros or espn", required=True),
        PLAYER_ID,
        PLAYER_NAME,
        POSITION,
        Column("team", "string", "Team as the source gives it, today's code"),
        points_column(
            "points_std", "Projected points, standard; null where not given", _SOURCE_POINTS
        ),
        points_column(
            "points_half", "Projected points, half-PPR; null where not given", _SOURCE_POINTS
        ),
        points_column("points_ppr", "Projected points, PPR; null where not given", _SOURCE_POINTS),
        Column(
            "as_of",
            "timestamp",
            "When the source said so: its Last-Modified, else when we first saw it",
            required=True,
        ),
        Column("kickoff", "timestamp", "Kick-off of the player's game; null on a bye"),
        _rank("ecr", "Mean rank that experts give in the position (FantasyPros)"),
        _rank("ecr_sd", "Standard deviation of the experts' ranks", 0),
        _rank("ecr_best", "Best rank an expert gives"),
        _rank("ecr_worst", "Worst rank an expert gives"),
        *(
            Column(name, "float", f"Projected {name}; null where not given", unit=stat_unit(name))
            for name in TARGET_STATS
        ),
    ),
)

_PROJECTED = (
    SEASON,
    WEEK,
    PLAYER_ID,
    PLAYER_NAME,
    FANTASY_POSITION,
    TEAM,
    OPPONENT,
    points_column(
        "projected_points",
        "Expected points, PPR, of a player likely to play",
        PLAYER_POINTS,
        nullable=False,
    ),
    points_column(
        "p10", "Floor: one week in ten is below, PPR points", PLAYER_POINTS, nullable=False
    ),
    points_column("p50", "Median, PPR points", PLAYER_POINTS, nullable=False),
    points_column(
        "p90", "Ceiling: one week in ten is above, PPR points", PLAYER_POINTS, nullable=False
    ),
    Column("source", "string", "What projects; says so if the data are synthetic", nullable=False),
    Column("reason", "string", "Why 0 (bye, out, injured reserve …) or doubtful, questionable"),
    Column("is_home", "bool", "Home game"),
    Column("injury_status", "string", "Game status on the injury report before kick-off"),
    Column(
        "implied_team_total",
        "float",
        "Points the betting lines give the team",
        unit="points",
        lowest=0,
        highest=80,
    ),
    Column(
        "opponent_factor",
        "float",
        "Opponent's effect on points of the position, 1 = none",
        lowest=0,
        highest=10,
    ),
    Column("games", "int", "Games of the player that the projection knows"),
    points_column(
        "projected_points_std", "Expected points, standard", PLAYER_POINTS, nullable=False
    ),
    points_column("p10_std", "Floor, standard", PLAYER_POINTS, nullable=False),
    points_column("p50_std", "Median, standard", PLAYER_POINTS, nullable=False),
    points_column("p90_std", "Ceiling, standard", PLAYER_POINTS, nullable=False),
    points_column(
        "projected_points_half", "Expected points, half-PPR", PLAYER_POINTS, nullable=False
    ),
    points_column("p10_half", "Floor, half-PPR", PLAYER_POINTS, nullable=False),
    points_column("p50_half", "Median, half-PPR", PLAYER_POINTS, nullable=False),
    points_column("p90_half", "Ceiling, half-PPR", PLAYER_POINTS, nullable=False),
)
_LINE = (
    share_column("plays", "Chance that the player plays, 0-1", nullable=False),
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
    "What our own model expects, no other source read: one row per rostered QB, RB, WR, TE and K "
    "of the week, with the stat line that the points follow from.",
    PLAYER_WEEK,
    (
        *_PROJECTED,
        *_LINE,
        Column(
            "usual_half",
            "float",
            "What he usually scores, half-PPR: recency-weighted mean, mixed with that of the "
            "position's players as experienced",
            unit="points",
        ),
    ),
)

PROJECTIONS = Table(
    "projections",
    "What to expect, the consensus of our model and the other sources: one row per rostered QB, "
    "RB, WR, TE and K of the week, byes and players ruled out included (0 points, with the "
    "reason).",
    PLAYER_WEEK,
    (
        *_PROJECTED,
        points_column(
            "nflcom_half",
            "NFL.com's projection, half-PPR, as it is in the consensus",
            _SOURCE_POINTS,
        ),
        *_LINE,
        Column("model_half", "float", "Our model's projection, half-PPR", unit="points"),
        Column("sources", "int", "Sources that project the player, our model included"),
        Column("spread", "float", "Highest less lowest source, half-PPR", unit="points"),
    ),
)

PROJECTION_ACCURACY = Table(
    "projection_accuracy",
    "How good the projections were: one row per week, source, position, scoring and pool. A "
    "position's players are the best ones by the mean of NFL.com and a neutral baseline; see "
    "docs/projections.md.",
    ("season", "week", "source", "position", "scoring", "pool"),
    (
        SEASON,
        WEEK,
        Column(
            "source",
            "string",
            "Who projected: consensus, model, another source, or a naive baseline",
            required=True,
        ),
        Column(
            "position",
            "string",
            "QB, RB, WR, TE, K; ALL: the first four",
            required=True,
            allowed=(*FANTASY_POSITIONS, "ALL"),
        ),
        Column(
            "scoring", "string", "Points that are compared", required=True, allowed=("half", "ppr")
        ),
        Column(
            "pool",
            "string",
            "played, or all: who did not play scored 0",
            required=True,
            allowed=("played", "all"),
        ),
        Column("players", "int", "Players scored"),
        _error("mae", "Mean absolute error"),
        _error("rmse", "Root mean squared error"),
        _nflcom_error("nflcom_mae", "NFL.com's mean absolute error on the same players"),
        _nflcom_error("nflcom_rmse", "NFL.com's root mean squared error on the same players"),
        Column("bias", "float", "Mean of projected minus actual", unit="points"),
        Column(
            "spearman",
            "float",
            "Rank correlation of projected and actual; ALL: the mean",
            lowest=-1,
            highest=1,
        ),
        share_column("start_sit", "Share of pairs of a position put in the right order, 0-1"),
        Column("pairs", "int", "Pairs behind it: of different actual points"),
        share_column("coverage", "Share of actual points within p10-p90; null without them"),
        Column("pinball", "float", "Mean pinball loss of p10, p50 and p90", unit="points"),
    ),
)
