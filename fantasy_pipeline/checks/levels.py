"""Rules that compare the level of a whole week with the weeks of 2015-2025.

Each bound is the lowest and highest value of a real week. A week may pass it by `WARNED` without a
word, because football changes slowly; beyond `REFUSED` the column is another one, or in another
unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in

WARNED, REFUSED = 1.25, 1.7
"""Factors beyond the highest, or below the lowest, value of any real week."""
FULL_WEEK = 26
"""Teams of a week from which its means are compared: weeks with byes have 26 and more."""
MEANS = {
    "attempts": (30.1, 39.4),
    "completions": (18.9, 25.5),
    "passing_yards": (203, 303),
    "passing_tds": (0.93, 2.04),
    "passing_interceptions": (0.42, 1.25),
    "sacks_suffered": (1.59, 3.2),
    "passing_air_yards": (219, 351),
    "carries": (24.1, 29.2),
    "rushing_yards": (92.9, 132.3),
    "rushing_tds": (0.5, 1.32),
    "fg_att": (1.37, 2.69),
    "fg_made": (1.15, 2.29),
    "pat_att": (1.63, 2.97),
    "fantasy_points": (53.4, 76.4),
}
"""Lowest and highest mean of a stat per team in the 178 full weeks of 2015-2025."""
NEVER_ZERO = (
    "receiving_yards_after_catch",
    "passing_yards_after_catch",
    "receiving_air_yards",
    "rushing_first_downs",
    "receiving_first_downs",
    "passing_epa",
    "rushing_epa",
    "receiving_epa",
    "target_share",
    "air_yards_share",
    "wopr",
    "def_tackles_solo",
    "def_tackle_assists",
    "def_pass_defended",
    "def_fumbles_forced",
    "punt_return_yards",
    "kickoff_return_yards",
    "sack_yards_lost",
    "passing_first_downs",
    "receptions",
    "targets",
    "receiving_yards",
    "receiving_tds",
    "fg_long",
    "fg_made_30_39",
    "fg_made_40_49",
    "pat_made",
    "def_tackles_with_assist",
    "def_tackles_for_loss",
    "def_sacks",
    "def_sack_yards",
    "def_qb_hits",
    "def_interceptions",
    "def_interception_yards",
    "fumble_recovery_own",
    "fumble_recovery_opp",
    "fumbles_total",
    "fumbles_lost_total",
    "passing_40",
    "receiving_40",
    "punt_returns",
    "kickoff_returns",
)
"""Stats that are 5 and more in every one of those 178 weeks; a week without them lost a column. The
fumbles and the long plays of all kinds exist since 2021."""
SELDOM_ZERO = (
    "fg_missed",
    "fg_made_20_29",
    "fg_made_50_59",
    "sack_fumbles",
    "sack_fumbles_lost",
    "rushing_fumbles",
    "receiving_fumbles",
)
"""Stats that are 1-4 in the week with the fewest; a week without them is a warning."""

PLAYS_OF = {"passing": ("attempts", 10), "rushing": ("carries", 1), "receiving": ("targets", 1)}
"""Plays from which a line's expected points are compared with its yards."""
LEAST_LIKE_YARDS = {"passing": -0.2, "rushing": -0.3, "receiving": 0.2}
"""Correlation of expected points added and yards: 0.01, -0.12 and 0.43 at least."""


def unusual_means(rows: pa.Table) -> list[Problem]:
    """Return stats whose mean per team is far from that of every real week."""
    problems = []
    for week, teams, sums in _weeks(rows, MEANS):
        for name, (lowest, highest) in MEANS.items():
            if sums[f"{name}_count"]:
                mean = (sums[f"{name}_sum"] or 0.0) / teams
                text = f"{name} per team is {mean:.1f}; real weeks have {lowest:g}-{highest:g}"
                problems += _beyond(week, text, mean, lowest, highest)
    return problems


def silent_stats(rows: pa.Table) -> list[Problem]:
    """Return stats that no player of the week has, although the file has the column."""
    return [
        Problem(week, f"{name} is 0 for every player of the week", name in NEVER_ZERO)
        for week, _, sums in _weeks(rows, (*NEVER_ZERO, *SELDOM_ZERO), absolute=True)
        for name in (*NEVER_ZERO, *SELDOM_ZERO)
        if sums[f"{name}_count"] and not sums[f"{name}_sum"]
    ]


def exchanged_tackles(rows: pa.Table) -> list[Problem]:
    """Return weeks with fewer solo tackles than assists; real weeks have 1.2 times as many."""
    names = ("def_tackles_solo", "def_tackle_assists")
    return [
        Problem(week, f"{sums['def_tackles_solo_sum']:g} solo tackles are fewer than the assists")
        for week, _, sums in _weeks(rows, names)
        if (sums["def_tackles_solo_sum"] or 0) < (sums["def_tackle_assists_sum"] or 0)
    ]


def unlike_yards(rows: pa.Table) -> list[Problem]:
    """Return expected points added that do not follow the yards: of others, or with other signs."""
    problems = []
    for week in weeks_in(rows):
        lines = of_week(rows, week)
        if pc.count_distinct(lines["team"]).as_py() < FULL_WEEK:
            continue
        for kind, least in LEAST_LIKE_YARDS.items():
            names = [f"{kind}_epa", f"{kind}_yards"]
            valid = pc.and_(*(pc.is_valid(lines[name]) for name in names))
            played = pc.greater_equal(pc.fill_null(lines[PLAYS_OF[kind][0]], 0), PLAYS_OF[kind][1])
            epa, yards = (
                lines.filter(pc.and_(valid, played))[name].to_numpy().astype(float)
                for name in names
            )
            # A column that is the same for everybody is another rule's problem.
            if len(epa) < FULL_WEEK or np.ptp(epa) == 0 or np.ptp(yards) == 0:
                continue
            like = float(np.corrcoef(epa, yards)[0, 1])
            if like < least:
                text = f"{kind}_epa does not follow {kind}_yards: their correlation is {like:.2f}"
                problems.append(Problem(week, text))
    return problems


def _beyond(
    week: SeasonWeek, text: str, value: float, lowest: float, highest: float
) -> list[Problem]:
    """Return a problem if a value is far outside the lowest and highest of the real weeks.

    A lowest value of 0 has no lower bound.
    """
    if lowest / WARNED <= value <= highest * WARNED:
        return []
    return [Problem(week, text, not lowest / REFUSED <= value <= highest * REFUSED)]


def _weeks(
    rows: pa.Table, names: Iterable[str], absolute: bool = False
) -> list[tuple[SeasonWeek, int, Mapping[str, float]]]:
    """Return week, number of teams, and per stat its sum and number of values, of full weeks.

    Args:
        absolute: add up absolute values.
    """
    of_teams = rows.filter(pc.is_valid(rows["team"]))
    values = of_teams.select(["season", "week", "team"])
    for name in names:
        column = of_teams[name]
        values = values.append_column(name, pc.abs(column) if absolute else column)
    found = values.group_by(["season", "week"]).aggregate(
        [("team", "count_distinct"), *((name, how) for name in names for how in ("sum", "count"))]
    )
    return [
        (SeasonWeek(row["season"], row["week"]), row["team_count_distinct"], row)
        for row in found.to_pylist()
        if row["team_count_distinct"] >= FULL_WEEK
    ]
