"""Contracts of what is projected, and of how good it was. `tables.py` lists them."""

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
from fantasy_pipeline.tables_history import TARGET_STATS

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
        Column("points_std", "float", "Projected points, standard; null where not given"),
        Column("points_half", "float", "Projected points, half-PPR; null where not given"),
        Column("points_ppr", "float", "Projected points, PPR; null where not given"),
        Column(
            "as_of",
            "timestamp",
            "When the source said so: its Last-Modified, else when we first saw it",
            required=True,
        ),
        Column("kickoff", "timestamp", "Kick-off of the player's game; null on a bye"),
        Column("ecr", "float", "Mean rank that experts give in the position (FantasyPros)"),
        Column("ecr_sd", "float", "Standard deviation of the experts' ranks"),
        Column("ecr_best", "float", "Best rank an expert gives"),
        Column("ecr_worst", "float", "Worst rank an expert gives"),
        *(
            Column(name, "float", f"Projected {name}; null where not given")
            for name in TARGET_STATS
        ),
    ),
)

_PROJECTED = (
    SEASON,
    WEEK,
    PLAYER_ID,
    PLAYER_NAME,
    POSITION,
    TEAM,
    OPPONENT,
    Column("projected_points", "float", "Expected points, PPR, of a player likely to play"),
    Column("p10", "float", "Floor: one week in ten is below, PPR points"),
    Column("p50", "float", "Median, PPR points"),
    Column("p90", "float", "Ceiling: one week in ten is above, PPR points"),
    Column("source", "string", "What projects; says so if the data are synthetic"),
    Column("reason", "string", "Why 0 (bye, out, injured reserve …) or doubtful, questionable"),
    Column("is_home", "bool", "Home game"),
    Column("injury_status", "string", "Game status on the injury report before kick-off"),
    Column("implied_team_total", "float", "Points the betting lines give the team"),
    Column("opponent_factor", "float", "Opponent's effect on points of the position, 1 = none"),
    Column("games", "int", "Games of the player that the projection knows"),
    Column("projected_points_std", "float", "Expected points, standard"),
    Column("p10_std", "float", "Floor, standard"),
    Column("p50_std", "float", "Median, standard"),
    Column("p90_std", "float", "Ceiling, standard"),
    Column("projected_points_half", "float", "Expected points, half-PPR"),
    Column("p10_half", "float", "Floor, half-PPR"),
    Column("p50_half", "float", "Median, half-PPR"),
    Column("p90_half", "float", "Ceiling, half-PPR"),
)
_LINE = (
    Column("plays", "float", "Chance that the player plays, 0-1"),
    *(
        Column(name, "float", f"Expected {name}; null where the baseline projects")
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
        Column("nflcom_half", "float", "NFL.com's projection, half-PPR, as it is in the consensus"),
        *_LINE,
        Column("model_half", "float", "Our model's projection, half-PPR"),
        Column("sources", "int", "Sources that project the player, our model included"),
        Column("spread", "float", "Highest less lowest source, half-PPR points"),
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
        Column("position", "string", "QB, RB, WR, TE, K; ALL: the first four", required=True),
        Column("scoring", "string", "half or ppr", required=True),
        Column("pool", "string", "played, or all: who did not play scored 0", required=True),
        Column("players", "int", "Players scored"),
        Column("mae", "float", "Mean absolute error, points"),
        Column("rmse", "float", "Root mean squared error, points"),
        Column("bias", "float", "Mean of projected minus actual, points"),
        Column("spearman", "float", "Rank correlation of projected and actual; ALL: the mean"),
        Column("start_sit", "float", "Share of pairs of a position put in the right order, 0-1"),
        Column("pairs", "int", "Pairs behind it: of different actual points"),
        Column("coverage", "float", "Share of actual points within p10-p90; null without them"),
        Column("pinball", "float", "Mean pinball loss of p10, p50 and p90, points"),
    ),
)
