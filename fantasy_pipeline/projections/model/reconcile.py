"""Stat lines of a team that add up.

A team's passes are its catches: completions are receptions, passing yards are receiving yards, and
passing touchdowns are receiving touchdowns. The quarterbacks' projections and the receivers' are
two opinions about the same number, and the team gets their mean. Touchdowns also move halfway to
the number that the betting lines imply.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fantasy_pipeline.projections.model.team_features import group_sum

PAIRS = (
    ("passing_yards", "receiving_yards"),
    ("completions", "receptions"),
    ("passing_tds", "receiving_tds"),
)
"""Stats of which a team has as many by passing as by receiving, in all real games."""
ALONG = {"attempts": "completions", "targets": "receptions"}
"""Stats that move in proportion to another."""
TOUCHDOWNS = ("receiving_tds", "rushing_tds")
"""The team's touchdowns; passing touchdowns are its receiving touchdowns."""
TOUCHDOWNS_PER_POINT, TOUCHDOWNS_AT_0 = 0.130, -0.55
"""Touchdowns by pass and run that a team scores per point that the lines imply: a straight line
through 2015-2020, before the seasons in which the projections are scored."""
LINES_SHARE = 0.5
"""Share of the way to the lines' touchdowns."""
MOST_CHANGE = 1.25
"""Highest factor of receivers, and inverse of the lowest: beyond, their quarterback adapts. Many
receivers are rarely all wrong, but a quarterback without a past may be."""
MOST_APART = 2.5
"""Highest ratio of passing to receiving, or the reverse, that is made equal. Beyond, players are
missing, as in a team whose receivers are not listed."""
_LEAST = 0.05
"""Lowest sum of a team that is scaled."""


def factors(
    lines: Mapping[str, np.ndarray], team: np.ndarray, implied: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the factor of each stat that makes the lines of each team add up, (rows,) by stat.

    Args:
        lines: projected stats, (rows,) by stat; NaN counts as 0.
        team: number of each row's team-week, (rows,).
        implied: points that the betting lines imply for the row's team, (rows,); NaN without lines.
    """
    out = {name: np.ones(len(team)) for name in lines}
    for passing, receiving in PAIRS:
        # (rows,): the team's two sums; a team without one of them stays as it is
        by_pass, by_catch = group_sum(team, lines[passing]), group_sum(team, lines[receiving])
        both = (by_pass > _LEAST) & (by_catch > _LEAST)
        both &= (by_pass < MOST_APART * by_catch) & (by_catch < MOST_APART * by_pass)
        mean = np.clip((by_pass + by_catch) / 2, by_catch / MOST_CHANGE, by_catch * MOST_CHANGE)
        out[passing] = np.divide(mean, by_pass, out=out[passing], where=both)
        out[receiving] = np.divide(mean, by_catch, out=out[receiving], where=both)
    for follower, leader in ALONG.items():
        out[follower] = out[leader]
    scale = _of_touchdowns({name: lines[name] * out[name] for name in TOUCHDOWNS}, team, implied)
    for name in (*TOUCHDOWNS, "passing_tds"):
        out[name] = out[name] * scale
    return out


def _of_touchdowns(
    lines: Mapping[str, np.ndarray], team: np.ndarray, implied: np.ndarray
) -> np.ndarray:
    """Return the factor that moves a team's touchdowns towards the betting lines', (rows,)."""
    total = sum((group_sum(team, values) for values in lines.values()), start=np.zeros(len(team)))
    expected = TOUCHDOWNS_AT_0 + TOUCHDOWNS_PER_POINT * implied
    moved = (1 - LINES_SHARE) * total + LINES_SHARE * expected
    # A team of which only a few players are projected has no total to compare.
    whole = (total > 1) & ~np.isnan(implied)
    return np.divide(moved, total, out=np.ones(len(team)), where=whole)
