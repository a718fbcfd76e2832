"""What is known of team defences before a week: means of what they did, and against whom.

They fade by games and by seasons, not by weeks: a bye takes nothing from them.
"""

from __future__ import annotations

import numpy as np

from fantasy_pipeline.football.tables import DEFENCE_STATS
from fantasy_pipeline.projections.history.decaying import Decaying
from fantasy_pipeline.projections.history.rows import Rows

USUAL = np.array([5.8, 2.4, 0.78, 0.55, 22.1, 340.0])
"""Mean of each of `DEFENCE_STATS` per game, 2015-2020."""
HALF_LIFE = 10.0
"""Games after which a game counts half."""
SUMMERS = 1.0
"""Summers after which a game counts half."""
PRIOR_GAMES = 6.0
"""Games of the usual team that each mean is mixed with."""


def sums(teams: int) -> Decaying:
    """Return sums of games and then `DEFENCE_STATS` per team, whose moments are seasons."""
    return Decaying(teams, 1 + len(DEFENCE_STATS), SUMMERS)


def features(did: Decaying, against: Decaying, data: Rows, week: slice) -> dict[str, np.ndarray]:
    """Return the features of the week's defences by name; NaN for players.

    Args:
        did: sums of what each team's defence did.
        against: sums of what defences did against each team.
    """
    is_defence, season = data.is_defence[week], float(data.season[week][0])
    faces_one = is_defence & (data.opponent[week] < data.teams - 1)
    out = {}
    for prefix, of_teams, teams, known in (
        ("defence", did, data.team[week], is_defence),
        ("against", against, data.opponent[week], faces_one),
    ):
        # (week's rows, games and then DEFENCE_STATS) -> means per game
        games = of_teams.read(teams, season)
        means = (games[:, 1:] + PRIOR_GAMES * USUAL) / (games[:, :1] + PRIOR_GAMES)
        for column, name in enumerate(DEFENCE_STATS):
            out[f"{prefix}_{name}"] = np.where(known, means[:, column], np.nan)
    return out


def update(did: Decaying, against: Decaying, data: Rows, week: slice) -> None:
    """Add the week's games of defences to the sums of `features`."""
    played = data.played[week] & data.is_defence[week]
    season, stats = float(data.season[week][0]), data.did[week][played]
    games = np.column_stack([np.ones(len(stats)), stats])
    for of_teams, teams in ((did, data.played_for), (against, data.faced)):
        of_teams.add(teams[week][played], season, games, kept=0.5 ** (1 / HALF_LIFE))
