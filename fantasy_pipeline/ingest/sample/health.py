"""Injuries of the sample league: injury reports, practice status, and availability on game day."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from fantasy_pipeline.ingest.sample.draws import Bools, Ints, Topic, stream
from fantasy_pipeline.ingest.sample.players import ALWAYS_FIT, WEEKS_PER_SEASON

INJURIES = (
    *("Knee", "Ankle", "Hamstring", "Shoulder", "Concussion", "Groin", "Calf", "Foot"),
    *("Back", "Hip", "Illness", "Neck"),
)
PRACTICE = ("DNP", "Limited", "Full")


class Report(IntEnum):
    """A player's status before the games of a week."""

    FIT = 0
    LISTED = 1
    """On the report for practice only, without a game status."""
    QUESTIONABLE = 2
    DOUBTFUL = 3
    OUT = 4
    RESERVE = 5
    """On injured reserve, and so no longer on the report."""


GAME_STATUS = {
    Report.QUESTIONABLE: "Questionable",
    Report.DOUBTFUL: "Doubtful",
    Report.OUT: "Out",
}

_HAZARD = 0.07
"""Chance that a fit player is hurt in a week."""
_WEEKS_HURT = (1, 2, 3, 5, 8)
"""Lengths of injuries, in weeks."""
_CHANCES = (0.45, 0.2, 0.15, 0.12, 0.08)
"""Chance of each length."""
_RESERVE_FROM = 5
"""An injury of this many weeks or more means injured reserve, for all its weeks but the last."""
_PLAYS = (1.0, 1.0, 0.75, 0.08, 0.0, 0.0)
"""Chance to play, by `Report`."""
_PRACTICE_CHANCES = {
    Report.LISTED: (0.05, 0.25, 0.7),
    Report.QUESTIONABLE: (0.15, 0.6, 0.25),
    Report.DOUBTFUL: (0.6, 0.4, 0.0),
    Report.OUT: (0.92, 0.08, 0.0),
}
"""Chance of each practice status of `PRACTICE`."""


class Health(NamedTuple):
    """One season's health: arrays of weeks x players."""

    report: Ints
    """`Report` codes."""
    plays: Bools
    """True for a player who plays, if his team does."""
    injury: Ints
    """Indices into `INJURIES`; of no meaning for a fit player."""
    practice: Ints
    """Indices into `PRACTICE`; of no meaning for a player who is not on the report."""


def season_health(season: int, place: Sequence[int]) -> Health:
    """Draw a season of injuries for all players.

    Args:
        season: the season.
        place: each player's place on the depth chart.
    """
    rng = stream(Topic.HEALTH, season)
    exempt = np.isin(place, ALWAYS_FIT)
    players = len(place)
    left = np.zeros(players, dtype=np.int64)
    length = np.zeros(players, dtype=np.int64)
    injury = np.zeros(players, dtype=np.int64)
    reports, injuries = [], []
    for _ in range(WEEKS_PER_SEASON):
        # All arrays have one value per player. A week passes, then fit players may be hurt.
        left = np.maximum(left - 1, 0)
        hurt = (left == 0) & (rng.random(players) < _HAZARD) & ~exempt
        length = np.where(hurt, rng.choice(_WEEKS_HURT, players, p=_CHANCES), length)
        injury = np.where(hurt, rng.integers(0, len(INJURIES), players), injury)
        left = np.where(hurt, length, left)
        reports.append(_grade(left, length, rng))
        injuries.append(injury)
    report = np.stack(reports)
    return Health(
        report=report,
        plays=rng.random(report.shape) < np.array(_PLAYS)[report],
        injury=np.stack(injuries),
        practice=_practice(report, rng),
    )


def _grade(left: Ints, length: Ints, rng: np.random.Generator) -> Ints:
    """Return the `Report` code of each player.

    Args:
        left: weeks left of each player's injury; 0 for a fit player.
        length: whole length of the injury, in weeks.
        rng: random stream.
    """
    chance = rng.random(len(left))
    last_week = np.where(chance < 0.45, Report.QUESTIONABLE, Report.LISTED)
    week_before = np.select(
        [chance < 0.25, chance < 0.5], [Report.DOUBTFUL, Report.QUESTIONABLE], Report.OUT
    )
    return np.select(
        [left == 0, left == 1, length >= _RESERVE_FROM, left == 2],
        [
            np.full(len(left), Report.FIT),
            last_week,
            np.full(len(left), Report.RESERVE),
            week_before,
        ],
        Report.OUT,
    )


def _practice(report: Ints, rng: np.random.Generator) -> Ints:
    """Draw the practice status of all players, weeks x players, as indices into `PRACTICE`."""
    # Cumulative chances, report codes x statuses, then weeks x players x statuses.
    chances = [_PRACTICE_CHANCES.get(Report(code), (0.0, 0.0, 1.0)) for code in Report]
    bounds = np.cumsum(chances, axis=1)[report]
    code: Ints = (rng.random(report.shape)[..., None] >= bounds).sum(axis=-1)
    return code.clip(max=len(PRACTICE) - 1)
