"""Contract of the table of single defenders (IDP)."""

from __future__ import annotations

from dataclasses import replace

from fantasy_pipeline.football.positions import DEFENDER_GROUPS
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

DEFENDER_POINTS = {
    "def_tackles_solo": 1.5,
    "def_tackles_with_assist": 1.5,
    "def_tackle_assists": 0.6,
    "def_tackles_for_loss": 1.5,
    "def_sacks": 2.0,
    "def_qb_hits": 0.5,
    "def_interceptions": 3.5,
    "def_pass_defended": 2.5,
    "def_fumbles_forced": 3.5,
    "fumble_recovery_opp": 1.0,
    "def_tds": 4.0,
    "def_safeties": 4.0,
}
"""Projected stats of a defender, and the points of each at NFL.com since 2023.

They were learnt from the 86,802 lines of its files of 2021-2024, of which they give 98.7% to the
tenth. Return yards, 1 point per 30, and blocked kicks, 3, are left out."""


def _points(name: str, description: str) -> Column:
    return points_column(name, description, PLAYER_POINTS, nullable=False)


DEFENDER_PROJECTIONS = Table(
    "defender_projections",
    "Projections of single defenders (IDP), the consensus of this project's model and NFL.com: one "
    "row per rostered lineman, linebacker and defensive back. A league's points follow from the "
    "stat line. A week has no rows if no earlier week has defensive snaps and stat lines of "
    "defenders: those of the source nfl_data_py, and of imports of earlier versions.",
    PLAYER_WEEK,
    (
        SEASON,
        WEEK,
        PLAYER_ID,
        PLAYER_NAME,
        replace(
            POSITION,
            description="Fantasy position of the roster's position: DL, LB or DB",
            allowed=DEFENDER_GROUPS,
            nullable=False,
        ),
        TEAM,
        OPPONENT,
        _points("projected_points", "Expected points in NFL.com's scoring of defenders"),
        _points("p10", "Floor: he scores less in one week of ten"),
        _points("p50", "Median: he scores less in half of the weeks"),
        _points("p90", "Ceiling: he scores more in one week of ten"),
        Column(
            "source",
            "string",
            "Method of the projection: model or consensus; it names the sample league if the data "
            "are synthetic",
            nullable=False,
        ),
        Column(
            "reason",
            "string",
            "Why the projection is 0 (bye, cancelled game, out, reserve list …) or uncertain "
            "(doubtful, questionable); null for other players",
        ),
        Column("is_home", "bool", "The schedule lists the team as the home team; null on a bye"),
        Column(
            "injury_status",
            "string",
            "Game status on the injury report before kick-off; null if none",
        ),
        Column(
            "opponent_total",
            "float",
            "Points of the opponent that the betting lines imply",
            unit="points",
            lowest=0,
            highest=80,
        ),
        Column(
            "opponent_factor",
            "float",
            "Points that defenders score against the opponent, relative to their projections; 1 "
            "is average",
            lowest=0,
            highest=10,
        ),
        Column("games", "int", "Earlier games of the player that the projection is based on"),
        share_column("plays", "Probability that the player plays, 0-1", nullable=False),
        Column(
            "snaps",
            "float",
            "Expected defensive snaps if he plays",
            unit="count",
            lowest=0,
            highest=120,
            nullable=False,
        ),
        Column(
            "usual_snaps",
            "float",
            "Defensive snaps of his latest games, newer ones counting more; 0 without any",
            unit="count",
            lowest=0,
            highest=120,
            nullable=False,
        ),
        *(
            Column(
                name,
                "float",
                f"Expected {name}",
                unit="count",
                lowest=0,
                highest=30,
                nullable=False,
            )
            for name in DEFENDER_POINTS
        ),
        points_column(
            "usual_points", "Recency-weighted mean of his points, NFL.com's scoring", PLAYER_POINTS
        ),
        points_column("model_points", "Expected points of this project's model alone"),
        points_column("nflcom_points", "NFL.com's projection; null without one"),
    ),
)
