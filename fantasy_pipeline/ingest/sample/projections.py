"""Weekly projections of the sample league: the outlook with errors as large as NFL.com's."""

from __future__ import annotations

import numpy as np

from fantasy_pipeline.football.scoring import KICKING
from fantasy_pipeline.ingest.sample.draws import Floats, Topic, stream
from fantasy_pipeline.ingest.sample.health import Report
from fantasy_pipeline.ingest.sample.outlook import (
    DRIVES,
    FG_RATE,
    KICKER,
    TARGET_RATE,
    TD_POINTS,
    Outlook,
)
from fantasy_pipeline.ingest.sample.season import Week

LEAST_POINTS = 0.5
"""Lowest points of a projection; players below have none."""

_LASTING_ERROR = 0.15
"""Standard deviation of the logarithm of a player's error that lasts all season."""
_WEEKLY_ERROR = 0.15
"""Standard deviation of the logarithm of a player's error in one week."""
_QUESTIONABLE_FACTOR = 0.9
_FG_MADE = 0.85
"""Share of the field goal attempts made."""


def project(week: Week, players: int) -> Floats:
    """Return projected half-PPR points with kicking, sides x places.

    Args:
        week: the week; the result uses nothing of its games.
        players: number of players of the league.
    """
    season, number = week.sides.season, week.sides.week
    lasting = stream(Topic.PROJECTIONS, season).standard_normal(players)[week.sides.players]
    weekly = stream(Topic.PROJECTIONS, season, number).standard_normal(week.report.shape)
    # Sides x places: the factor by which a projection misses the expectation.
    error = np.exp(_LASTING_ERROR * lasting + _WEEKLY_ERROR * weekly)
    # Points of kickers and quarterbacks vary less than those of the others, and so do their errors.
    error[:, KICKER] = error[:, KICKER] ** 0.5
    error = np.where(week.outlook.starter, error**0.5, error)
    doubt = np.where(week.report == Report.QUESTIONABLE, _QUESTIONABLE_FACTOR, 1.0)
    return np.round(expected_points(week.outlook) * error * doubt, 2)


def expected_points(outlook: Outlook) -> Floats:
    """Return expected half-PPR points with kicking, sides x places."""
    # Sides x places: points of catches, then of runs; 0.015 per run is lost with fumbles.
    targets = TARGET_RATE * outlook.attempts[:, None] * outlook.target_share
    catches = targets * outlook.catch_rate
    yards = catches * outlook.yards_per_catch
    touchdowns = catches * outlook.td_per_catch
    runs = outlook.carries[:, None] * outlook.carry_share
    points: Floats = 0.5 * catches + 0.1 * yards + 6 * touchdowns
    points += runs * (0.1 * outlook.yards_per_carry + 6 * outlook.td_per_carry - 0.015)
    # One value per side: points of the passes, which go to the starting quarterback.
    passing = 0.04 * yards.sum(axis=1) + 4 * touchdowns.sum(axis=1)
    # Points lost with interceptions (2 each) and with fumbles on sacks.
    passing -= 2 * 0.7 * np.exp(-0.15 * outlook.qb_skill) + 0.26
    points += outlook.starter * passing[:, None]

    # One value per side: touchdowns, then the kicker's points from field goals and extra points.
    scored = touchdowns.sum(axis=1) + (runs * outlook.td_per_carry).sum(axis=1)
    kicks = FG_RATE * (DRIVES - scored) * _FG_MADE * np.mean([*KICKING.values()][1:5])
    points[:, KICKER] = kicks + (TD_POINTS - 6) * scored
    return points
