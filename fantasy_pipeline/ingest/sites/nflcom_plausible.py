"""Refuse files of NFL.com that are of another week, or whose points are not half-PPR projections.

The files state no season and no week, but each player's opponent, and since 2024 the stat line that
his points come from. Frequencies are of the 72 weeks of 2021-2025 week 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MIN_ROWS = 20
"""Rows of a file from which it is compared."""
MANY_ROWS = 200
"""Rows of a week from which files without opponents are reported; real weeks have 290 and more."""
NOT_VERIFIED = "its files state no opponents, so nothing shows that they are of this week"
MIN_SAME_OPPONENT, USUAL_SAME_OPPONENT = 0.6, 0.9
"""Share of players who have the opponent that the schedule has. In the right week it is 100%, and
94% in 2022 week 17, whose game BUF-CIN was cancelled. In the week before or after it is 0%, in the
same week of another season at most 26%. Below the first, the file is refused; below the second,
reported."""
MAX_LINE_GAP, MIN_SAME_LINE = 1.0, 0.75
"""Points by which a player's points may differ from his own stat line, and the share of a
position's players for whom they must not. Since 2024 they agree for 88% of the kickers of a week or
more, and for 98.8% of any other position. Before, the lines are actual stats."""
USUAL_POINTS = {
    "QB": (20, 18.2),
    "RB": (30, 12.8),
    "WR": (40, 11.7),
    "TE": (15, 8.8),
    "K": (20, 7.5),
}
"""By position, a number of best players and their usual mean projection, half-PPR points."""
LEVELS_REFUSED, LEVELS_WARNED = (0.7, 1.3), (0.8, 1.14)
"""Mean of the runners', receivers' and tight ends' points relative to the usual ones. It is
0.88-1.07 in every week; PPR points are at 1.15, doubled ones at 2. A single position is at
0.85-1.14."""
FEWEST_ROWS = {"QB": 16, "RB": 43, "WR": 67, "TE": 34, "K": 14}
"""60% of the lowest number of projected players of any week."""


@dataclass
class Judgement:
    """The verdict on the files of some weeks.

    Args:
        rows: rows of files that may be used.
        refused: by week, why none of its files may be used.
        warnings: oddities, one line each.
    """

    rows: pa.Table
    refused: dict[int, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def judged(rows: pa.Table, raw_players: pa.Table, season: int) -> Judgement:
    """Return the rows of files that are of the right week and have plausible points.

    Args:
        rows: `NFLCOM_PROJECTIONS` of one season.
        raw_players: week, team and opponent of `RAW_PLAYERS` of that season.
    """
    parts, result = [rows.slice(0, 0)], Judgement(rows)
    for week in sorted(pc.unique(rows["week"]).to_pylist()):
        of_week = rows.filter(pc.equal(rows["week"], week))
        label = f"nflcom_projections {season} week {week}"
        same = _same_opponents(of_week, raw_players, week)
        if np.isnan(same).all():
            # Without opponents it is not the archive's layout, and nothing is known of it.
            if of_week.num_rows >= MANY_ROWS:
                result.warnings.append(f"{label}: {NOT_VERIFIED}")
            parts.append(of_week)
            continue
        cause = _other_week(same, week) or _other_points(of_week)
        if cause:
            result.refused[week] = cause
            continue
        lacking = sorted(USUAL_POINTS.keys() - set(of_week["position"].to_pylist()))
        if lacking and of_week.num_rows >= MANY_ROWS / 2:
            result.warnings.append(f"{label}: it has no file of the {', '.join(lacking)}")
        for position, share in _by_position(of_week, same):
            if share < MIN_SAME_OPPONENT:
                result.warnings.append(
                    f"{label}: only {share:.0%} of the players in its {position} file have their "
                    "opponents of this week, so the file is left out"
                )
                of_week = of_week.filter(pc.not_equal(of_week["position"], position))
        result.warnings += [f"{label}: {text}" for text in _oddities(of_week, same)]
        parts.append(of_week)
    result.rows = pa.concat_tables(parts)
    return result


def _same_opponents(rows: pa.Table, raw_players: pa.Table, week: int) -> np.ndarray:
    """Return (rows,): 1 for a player with the week's opponent, 0 for another, NaN if unknown."""
    of_week = raw_players.filter(pc.equal(raw_players["week"], week))
    games = of_week.group_by(["team", "opponent"]).aggregate([])
    pairs = set(zip(games["team"].to_pylist(), games["opponent"].to_pylist(), strict=True))
    teams = {team for team, _ in pairs}
    return np.array(
        [
            float((team, opponent) in pairs) if opponent and team in teams else np.nan
            for team, opponent in zip(
                rows["team"].to_pylist(), rows["opponent"].to_pylist(), strict=True
            )
        ]
    )


def _by_position(rows: pa.Table, same: np.ndarray) -> Iterator[tuple[str, float]]:
    """Yield each position with the share of its players who have the right opponent."""
    positions = np.array(rows["position"].to_pylist())
    for position in USUAL_POINTS:
        known = same[(positions == position) & ~np.isnan(same)]
        if len(known) >= MIN_ROWS:
            yield position, float(known.mean())


def _other_week(same: np.ndarray, week: int) -> str | None:
    """Return why the files are of another week; None if they are of this one."""
    known = same[~np.isnan(same)]
    if len(known) < MIN_ROWS or known.mean() >= MIN_SAME_OPPONENT:
        return None
    return (
        f"only {known.mean():.0%} of its players have their opponents of week {week}: the files "
        "are those of another week or season"
    )


def _other_points(rows: pa.Table) -> str | None:
    """Return why the points are not half-PPR projections; None if they are."""
    for position, points, lines in _points(rows):
        if len(points) < FEWEST_ROWS[position]:
            return f"only {len(points)} players in the {position} file"
        known = ~np.isnan(lines)
        if known.sum() >= MIN_ROWS:
            share = float((np.abs(points - lines)[known] <= MAX_LINE_GAP).mean())
            if share < MIN_SAME_LINE:
                return (
                    f"the points of {1 - share:.0%} of the {position} are not the half-PPR points "
                    "of their own stat lines"
                )
        level = _level(position, points)
        if not LEVELS_REFUSED[0] <= level <= LEVELS_REFUSED[1]:
            return f"the {position} have {level:.0%} of their usual points"
    return None


def _oddities(rows: pa.Table, same: np.ndarray) -> list[str]:
    """Return oddities of files that are used."""
    oddities = []
    known = same[~np.isnan(same)]
    if len(known) >= MIN_ROWS and known.mean() < USUAL_SAME_OPPONENT:
        oddities.append(f"{known.mean():.0%} of its players have their opponents of this week")
    levels = [_level(p, points) for p, points, _ in _points(rows) if p in ("RB", "WR", "TE")]
    if levels and not LEVELS_WARNED[0] <= np.mean(levels) <= LEVELS_WARNED[1]:
        oddities.append(
            f"runners, receivers and tight ends have {np.mean(levels):.0%} of their usual points: "
            "the points may be of another scoring"
        )
    return oddities


def _points(rows: pa.Table) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield each position with its players' points, and the points of their stat lines or NaN."""
    for position in USUAL_POINTS:
        part = rows.filter(pc.equal(rows["position"], position))
        if part.num_rows:
            lines = part["line_points"].fill_null(np.nan).to_numpy()
            yield position, part["points_half"].to_numpy(), lines


def _level(position: str, points: np.ndarray) -> float:
    """Return the mean of the position's best players relative to the usual one."""
    best, usual = USUAL_POINTS[position]
    return float(np.sort(points)[::-1][:best].mean() / usual)
