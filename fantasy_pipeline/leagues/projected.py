"""Projected points in a league's scoring, from the stat lines of `projections`.

The lines are expected values. Sums of stats have the expected points that the rules give. Bonuses
for a threshold do not follow from an expected value, so they are left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.scoring import RECEPTION_POINTS, SCORINGS, suffix
from fantasy_pipeline.football.scoring import Scoring as Usual
from fantasy_pipeline.football.tables.week_rows import codes, weeks_in
from fantasy_pipeline.leagues.amounts import Bools, Floats, Within
from fantasy_pipeline.leagues.scoring import Scoring
from fantasy_pipeline.leagues.team_defence import team_scoring
from fantasy_pipeline.projections.columns import as_floats
from fantasy_pipeline.projections.model_projections import FIRST_SEASON_TO_IMPORT
from fantasy_pipeline.projections.team_defense import POINTS as OF_ESPN

_RENAMED = {"fumbles_lost": "fumbles_lost_total"}
_MADE = {
    "fg_made_0_19": 0.0021,
    "fg_made_20_29": 0.2596,
    "fg_made_30_39": 0.3095,
    "fg_made_40_49": 0.2567,
    "fg_made_50_59": 0.1674,
    "fg_made_60_": 0.0047,
}
"""Share of each distance among the field goals made in 2021-2024, 3,794 of them.

``fantasy-pipeline sql "select sum(fg_made_40_49) / sum(fg_made) from weekly_stats where season
between 2021 and 2024"`` gives that of 40-49 yards; a test computes all.
"""
_PAT_RATE = 0.948
"""Share of extra points made in 2021-2024: `pat_made` / `pat_att` of `weekly_stats`."""
_IN_EVERY_LINE = (
    "rushing_yards",
    "receiving_yards",
    "passing_yards",
    "fg_made",
    "def_tackles_solo",
)
"""Stats of which one is in every stat line; that of defenders only in leagues that start them."""
_QUANTILES = ("p10", "p50", "p90")
_GAMES = 64
"""Team-games (two weeks) from which past points show how two scorings of team defences compare."""
_LEAST = 0.5
"""Projected points, up to which a floor or ceiling is not scaled but kept."""


def projected_points(
    projections: pa.Table, scoring: Scoring, defences: pa.Table | None = None
) -> dict[str, Floats]:
    """Return expected points, floor, median and ceiling, (rows,) each.

    Floor and ceiling are those of the usual scoring that pays catches most alike, in proportion to
    the expected points. A row without a stat line (the baseline's) has that scoring's points.

    Args:
        projections: `PROJECTIONS` rows; see also `with_defenders`.
        defences: `TEAM_DEFENSE_STATS` rows; those before a week show what the points of a team
            defence are worth in the league's scoring. None: they stay in ESPN's.
    """
    usual = usual_of(scoring)
    end = suffix(usual)
    base = projections[f"projected_points{end}"].to_numpy()
    expected = _of_lines(projections, scoring)
    expected = np.where(_has_line(projections) & (base > 0), np.maximum(expected, 0.0), base)
    scale = np.where(base > _LEAST, expected / np.maximum(base, _LEAST), 1.0)
    points = {"projected_points": np.round(expected, 2) + 0.0}
    for name in _QUANTILES:
        points[name] = np.round(projections[f"{name}{end}"].to_numpy() * scale, 2) + 0.0
    if defences is not None:
        _put_defences(points, projections, team_scoring(scoring.team_defence), defences)
    return points


def without_lines(projections: pa.Table) -> list[str]:
    """Return a note if players of a week have no stat line, so that few of the keys pay them.

    Args:
        projections: `PROJECTIONS` rows of one week.
    """
    absent = ~_has_line(projections) & (as_floats(projections["projected_points"]) > 0)
    absent &= pc.not_equal(projections["position"], DST).to_numpy(zero_copy_only=False)
    if not (count := np.count_nonzero(absent)):
        return []
    week = weeks_in(projections)[0]
    return [
        f"projections {week}: {count} player{'s have' if count > 1 else ' has'} no stat line, "
        "because no model was trained. Their points are those of standard, half-PPR or PPR "
        "scoring, whichever pays catches most like the league, and leave out its other keys. "
        "Import earlier seasons, so that a model is trained: `fantasy-pipeline backfill --seasons "
        f"{FIRST_SEASON_TO_IMPORT}-{week.season}`"
    ]


def _has_line(projections: pa.Table) -> Bools:
    has_line = np.zeros(projections.num_rows, dtype=bool)
    for name in _IN_EVERY_LINE:
        if name in projections.column_names:
            has_line |= pc.is_valid(projections[name]).to_numpy()
    return has_line


def _put_defences(
    points: Mapping[str, Floats], projections: pa.Table, scoring: Scoring, defences: pa.Table
) -> None:
    """Put the points of team defences, projected in ESPN's standard scoring, in a league's.

    The league's points of past games are regressed on ESPN's, so an expected value in one scoring
    gives that in the other: a + b * points. A bye stays 0.
    """
    rows = pc.equal(projections["position"], DST).to_numpy(zero_copy_only=False)
    rows &= points["projected_points"] > 0
    if not rows.any():
        return
    week_of_row, week_of_game = codes(projections), codes(defences)
    of_espn, of_league = as_floats(defences[OF_ESPN]), scoring.points(defences)
    for week in np.unique(week_of_row[rows]):
        past = (week_of_game < week) & ~np.isnan(of_espn)
        if np.count_nonzero(past) < _GAMES:
            continue
        slope, base = np.polyfit(of_espn[past], of_league[past], 1)
        here = rows & (week_of_row == week)
        for values in points.values():
            values[here] = np.round(base + slope * values[here], 2) + 0.0


def _of_lines(projections: pa.Table, scoring: Scoring) -> Floats:
    rules = tuple(rule for rule in scoring.rules if not isinstance(rule.amount, Within))
    return Scoring(rules).points(_as_weekly_stats(projections))


def _as_weekly_stats(projections: pa.Table) -> pa.Table:
    """Return projected stat lines under the names of `weekly_stats`."""
    names = [_RENAMED.get(name, name) for name in projections.column_names]
    lines = projections.rename_columns(names)
    conversions = projections["two_point_conversions"].fill_null(0.0).to_numpy()
    passes = pc.equal(projections["position"], "QB").to_numpy()
    made = projections["fg_made"].fill_null(0.0).to_numpy()
    more = {
        "passing_2pt_conversions": conversions * passes,
        "receiving_2pt_conversions": conversions * ~passes,
        "fg_missed": np.maximum(projections["fg_att"].fill_null(0.0).to_numpy() - made, 0.0),
        "pat_missed": projections["pat_made"].fill_null(0.0).to_numpy() * (1 / _PAT_RATE - 1),
        **{name: made * share for name, share in _MADE.items()},
    }
    for name, values in more.items():
        lines = lines.append_column(name, pa.array(values))
    return lines


def usual_of(scoring: Scoring) -> Usual:
    """Return the usual scoring whose points per catch are closest to the league's."""
    per_catch = sum(r.points for r in scoring.rules if r.key in ("rec", "receptions", "stat 53"))
    return min(SCORINGS, key=lambda name: abs(RECEPTION_POINTS[name] - per_catch))
