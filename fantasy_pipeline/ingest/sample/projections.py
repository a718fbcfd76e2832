"""Weekly projections of the sample league, as good as NFL.com's: the outlook, with errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fantasy_pipeline.football.scoring import KICKING
from fantasy_pipeline.ingest.sample.draws import Topic, stream
from fantasy_pipeline.ingest.sample.health import Report
from fantasy_pipeline.ingest.sample.outlook import (
    DRIVES,
    FG_RATE,
    KICKER,
    TARGET_RATE,
    TD_POINTS,
    Outlook,
)

if TYPE_CHECKING:
    from fantasy_pipeline.ingest.sample.draws import Floats
    from fantasy_pipeline.ingest.sample.season import Week

LEAST_POINTS = 0.5
"""Below this, there is no projection."""

_LASTING_ERROR = 0.15
"""Standard deviation of the logarithm of a player's error that stays all season."""
_WEEKLY_ERROR = 0.15
_QUESTIONABLE_FACTOR = 0.9
_FG_MADE = 0.85
"""Share of the field goal attempts made."""


def project(week: Week, players: int) -> Floats:
    """Projected half-PPR points, sides x places; kicking counts.

    Args:
        week: the week; only what is known before its games is read.
        players: number of players of the league.
    """
    import numpy as np

    season, number = week.sides.season, week.sides.week
    lasting = stream(Topic.PROJECTIONS, season).standard_normal(players)[week.sides.players]
    weekly = stream(Topic.PROJECTIONS, season, number).standard_normal(week.report.shape)
    error = np.exp(_LASTING_ERROR * lasting + _WEEKLY_ERROR * weekly)
    # Kickers and quarterbacks differ less than the others: so do the errors about them.
    error[:, KICKER] = error[:, KICKER] ** 0.5
    error = np.where(week.outlook.starter, error**0.5, error)
    doubt = np.where(week.report == Report.QUESTIONABLE, _QUESTIONABLE_FACTOR, 1.0)
    return np.round(expected_points(week.outlook) * error * doubt, 2)


def expected_points(outlook: Outlook) -> Floats:
    """Expected half-PPR points of every player, kicking included."""
    import numpy as np

    targets = TARGET_RATE * outlook.attempts[:, None] * outlook.target_share
    catches = targets * outlook.catch_rate
    yards = catches * outlook.yards_per_catch
    touchdowns = catches * outlook.td_per_catch
    runs = outlook.carries[:, None] * outlook.carry_share
    points: Floats = 0.5 * catches + 0.1 * yards + 6 * touchdowns
    points += runs * (0.1 * outlook.yards_per_carry + 6 * outlook.td_per_carry - 0.015)
    passing = 0.04 * yards.sum(axis=1) + 4 * touchdowns.sum(axis=1)
    # Interceptions and fumbles on sacks.
    passing -= 2 * 0.7 * np.exp(-0.15 * outlook.qb_skill) + 0.26
    points += outlook.starter * passing[:, None]

    scored = touchdowns.sum(axis=1) + (runs * outlook.td_per_carry).sum(axis=1)
    kicks = FG_RATE * (DRIVES - scored) * _FG_MADE * np.mean([*KICKING.values()][1:5])
    points[:, KICKER] = kicks + (TD_POINTS - 6) * scored
    return points
