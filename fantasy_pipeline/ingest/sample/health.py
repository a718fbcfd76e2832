"""Injuries of the sample league: who is on the report, who practised, who plays."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from fantasy_pipeline.ingest.sample.draws import Topic, stream
from fantasy_pipeline.ingest.sample.players import ALWAYS_FIT, WEEKS_PER_SEASON

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from fantasy_pipeline.ingest.sample.draws import Bools, Ints

INJURIES = (
    *("Knee", "Ankle", "Hamstring", "Shoulder", "Concussion", "Groin", "Calf", "Foot"),
    *("Back", "Hip", "Illness", "Neck"),
)
PRACTICE = ("DNP", "Limited", "Full")


class Report(IntEnum):
    """How a player stands before the games of a week."""

    FIT = 0
    LISTED = 1
    """On the report for practice only, without a game status."""
    QUESTIONABLE = 2
    DOUBTFUL = 3
    OUT = 4
    RESERVE = 5
    """On injured reserve: not on the report any more."""


GAME_STATUS = {
    Report.QUESTIONABLE: "Questionable",
    Report.DOUBTFUL: "Doubtful",
    Report.OUT: "Out",
}

_HAZARD = 0.07
"""Chance of a fit player to be hurt in a week."""
_WEEKS_HURT = (1, 2, 3, 5, 8)
_CHANCES = (0.45, 0.2, 0.15, 0.12, 0.08)
_RESERVE_FROM = 5
"""Injuries of this many weeks go to injured reserve, for all weeks but the last."""
_PLAYS = (1.0, 1.0, 0.75, 0.08, 0.0, 0.0)
"""Chance to play, by `Report`."""
_PRACTICE_CHANCES = {
    Report.LISTED: (0.05, 0.25, 0.7),
    Report.QUESTIONABLE: (0.15, 0.6, 0.25),
    Report.DOUBTFUL: (0.6, 0.4, 0.0),
    Report.OUT: (0.92, 0.08, 0.0),
}


class Health(NamedTuple):
    """One season's health: arrays of weeks x players."""

    report: Ints
    plays: Bools
    injury: Ints
    practice: Ints


def season_health(season: int, place: Sequence[int]) -> Health:
    """Draw a season of injuries for all players, given their places on the depth chart."""
    import numpy as np

    rng = stream(Topic.HEALTH, season)
    exempt = np.isin(place, ALWAYS_FIT)
    players = len(place)
    left = np.zeros(players, dtype=np.int64)
    length = np.zeros(players, dtype=np.int64)
    injury = np.zeros(players, dtype=np.int64)
    reports, injuries = [], []
    for _ in range(WEEKS_PER_SEASON):
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
    """`Report` of each player, from the weeks left of an injury and its whole length."""
    import numpy as np

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
    """Practice status as a place in `PRACTICE`; meaningless for who is not on the report."""
    import numpy as np

    chances = [_PRACTICE_CHANCES.get(Report(code), (0.0, 0.0, 1.0)) for code in Report]
    bounds = np.cumsum(chances, axis=1)[report]
    code: Ints = (rng.random(report.shape)[..., None] >= bounds).sum(axis=-1)
    return code.clip(max=len(PRACTICE) - 1)
