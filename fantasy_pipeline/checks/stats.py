"""Rules for stat lines: what one game can hold, and how a week compares with earlier weeks.

Pure functions of Arrow tables; each returns the problems that it found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import NotCompared, Problem
from fantasy_pipeline.football.import_calendar import SO_FAR
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import codes, weeks_in
from fantasy_pipeline.ingest.stats import games_so_far, import_phases, point_differences

PARTS = (
    ("completions", "attempts"),
    ("receptions", "targets"),
    ("passing_interceptions", "attempts"),
    ("rushing_fumbles_lost", "rushing_fumbles"),
    ("sack_fumbles_lost", "sack_fumbles"),
    ("fg_made", "fg_att"),
    ("pat_made", "pat_att"),
    ("passing_tds", "completions"),
    ("rushing_tds", "carries"),
    ("rushing_tds", "rushing_first_downs"),
    ("passing_first_downs", "completions"),
    ("rushing_first_downs", "carries"),
    ("receiving_first_downs", "receptions"),
    ("sack_fumbles", "sacks_suffered"),
)
"""Pairs of stats, the first of which is a part of the second and never exceeds it: in none of the
184,834 stat lines of 2015-2025. Receiving touchdowns are not among them, because a lateral gives a
touchdown without a catch."""
FG_RANGES = {
    "fg_made_0_19": (0, 19),
    "fg_made_20_29": (20, 29),
    "fg_made_30_39": (30, 39),
    "fg_made_40_49": (40, 49),
    "fg_made_50_59": (50, 59),
    "fg_made_60_": (60, 99),
}
"""Shortest and longest field goal of each range, yards."""
MAX_KICKERS = 2
"""Kickers of a week whose ranges may be incomplete."""
USAGE = ("attempts", "carries", "targets", "def_tackles_solo")
"""Stats that show whether lines cover one game or the season to date."""
LINE = (*USAGE, "passing_yards", "rushing_yards", "receiving_yards")
"""Stats that two lines of a player must share to count as the same line."""
MEASURES = ("rows", "fantasy_points_ppr", "passing_yards")
"""Sums per team and game that are compared with earlier weeks."""

WEEK_BEFORE, SEASON_BEFORE = SeasonWeek(0, 1), SeasonWeek(1, 0)
"""Steps back to the weeks that a week is compared with."""
MAX_DIFFERENT = 0.01
"""Share of lines with points other than upstream's above which our scoring is wrong."""
MIN_PLAYERS = 50
"""Players that two weeks must have in common to be compared."""
SAME_LINES = 0.9
"""One week is a copy of another if at least this share of players has the same line in both."""
NEVER_LESS = 0.9
"""Lines are season totals if the usage of at least this share of players did not fall since the
week before. The highest share of any real week is 0.6."""
MIN_WEEKS = 8
"""Earlier weeks that the lake must have for `anomalies` to compare a week."""
MAX_ERRORS = 5.0
"""Standard errors from the mean of earlier weeks beyond which a week is an anomaly."""
MARGIN = 0.2
"""Difference from that mean, relative to it, that is never an anomaly: football changes slowly."""


def parts_exceed_totals(rows: pa.Table) -> list[Problem]:
    """Return lines with more completions than attempts, more receptions than targets and so on."""
    problems = []
    for part, whole in PARTS:
        excess = rows.filter(pc.fill_null(pc.greater(rows[part], rows[whole]), False))
        problems += [
            Problem(
                SeasonWeek(row["season"], row["week"]),
                f"{row['player_name']}: {part} {row[part]:g}, but {whole} only {row[whole]:g}",
            )
            for row in excess.to_pylist()
        ]
    return problems


def kicks_that_do_not_add_up(rows: pa.Table) -> list[Problem]:
    """Return kickers whose kicks are not the sum of their parts.

    Kicks made, missed and blocked are the attempts in 100% of 4,628 lines. The ranges of length
    lack one field goal (60 yards, 2016 week 3), and the longest kick is in its range but for that
    one: up to `MAX_KICKERS` of a week are a warning.
    """
    problems = []
    for kind in ("fg", "pat"):
        parts = [rows[f"{kind}_{part}"] for part in ("made", "missed", "blocked")]
        differs = pc.not_equal(pc.add(pc.add(parts[0], parts[1]), parts[2]), rows[f"{kind}_att"])
        text = f"{kind}_made, {kind}_missed and {kind}_blocked are not {kind}_att"
        problems += _kickers(rows.filter(pc.fill_null(differs, False)), text, 0)
    made = rows.filter(pc.greater(pc.fill_null(rows["fg_made"], 0.0), 0.0))
    # (kickers,): the sum of the ranges, and the kicks in the range of the longest kick.
    in_ranges, of_longest = np.zeros(made.num_rows), np.zeros(made.num_rows)
    longest = made["fg_long"].to_numpy()
    for name, (shortest, farthest) in FG_RANGES.items():
        kicks = made[name].fill_null(0.0).to_numpy()
        in_ranges += kicks
        here = (longest >= shortest) & (longest <= farthest)
        of_longest += kicks * here
    apart = pa.array(in_ranges != made["fg_made"].to_numpy())
    problems += _kickers(made.filter(apart), "the ranges of fg_made are not fg_made", MAX_KICKERS)
    outside = pa.array((of_longest == 0) & ~apart.to_numpy(zero_copy_only=False))
    text = "no field goal in the range of fg_long"
    return problems + _kickers(made.filter(outside), text, MAX_KICKERS)


def _kickers(rows: pa.Table, text: str, most: int) -> list[Problem]:
    """Return one problem per week that names its kickers; serious if they are more than `most`."""
    names: dict[SeasonWeek, list[str]] = {}
    for row in rows.to_pylist():
        names.setdefault(SeasonWeek(row["season"], row["week"]), []).append(row["player_name"])
    return [
        Problem(week, f"{', '.join(sorted(map(str, kickers))[:4])}: {text}", len(kickers) > most)
        for week, kickers in sorted(names.items())
    ]


def fantasy_point_mismatches(rows: pa.Table) -> list[Problem]:
    """Return lines whose fantasy points differ from upstream's.

    Each line can differ twice, in standard and in PPR points. The problems are serious if they
    exceed `MAX_DIFFERENT` of both.
    """
    different = point_differences(rows)
    serious = len(different) > 2 * MAX_DIFFERENT * rows.num_rows
    return [Problem(week, text, serious) for week, text in different]


def provisional_weeks(
    rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek], now: datetime
) -> list[Problem]:
    """Return warnings for weeks that lack a game or whose stats the league may still correct."""
    problems = []
    for week, phase in import_phases(now, games, rows, weeks).items():
        if phase == SO_FAR:
            part, whole = games_so_far(games, rows, week)
            text = f"in progress, so far {part} of {whole} games: the week is not imported yet"
        else:
            text = f"{phase}, not final: the league may still correct these stats"
        if phase != "final":
            problems.append(Problem(week, text, serious=False))
    return problems


def season_totals(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Return weeks whose lines are totals of the season to date: almost no player's usage fell."""
    problems = []
    for week, now, before in _lines_of_both_weeks(rows, past, USAGE, WEEK_BEFORE):
        # (players,): those with usage the week before.
        used = (before > 0).any(axis=1)
        if used.sum() < MIN_PLAYERS:
            continue
        # Totals never fall. Lines without any change are a copied week: `copied_weeks` finds them.
        grown = float((now >= before)[used].all(axis=1).mean())
        if grown >= NEVER_LESS and float(np.abs(now - before)[used].sum()) > 0:
            text = f"{grown:.0%} of players have no less usage than the week before: season totals"
            problems.append(Problem(week, text))
    return problems


def copied_weeks(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Return weeks that repeat the lines of the week before, or of the same week a season ago."""
    problems = []
    for step in (WEEK_BEFORE, SEASON_BEFORE):
        for week, now, before in _lines_of_both_weeks(rows, past, LINE, step):
            # (players,): those with a stat in either week; two empty lines are no copy.
            used = (now != 0).any(axis=1) | (before != 0).any(axis=1)
            if used.sum() < MIN_PLAYERS:
                continue
            same = float((now == before)[used].all(axis=1).mean())
            if same >= SAME_LINES:
                other = SeasonWeek(week.season - step.season, week.week - step.week)
                text = (
                    f"{same:.0%} of players have the same stat line as in {other}: the wrong file"
                )
                problems.append(Problem(week, text))
    return problems


def _lines_of_both_weeks(
    rows: pa.Table, past: pa.Table, stats: Sequence[str], step: SeasonWeek
) -> Iterator[tuple[SeasonWeek, np.ndarray, np.ndarray]]:
    """Yield each week with its lines and the same players' lines a step earlier.

    Both arrays have the shape (players with a line in both weeks, stats).
    """
    both = pa.concat_tables([past, rows.select(past.column_names)])
    # (rows,): week code and integer id of the player; (rows, stats): the values, null as 0.
    week_codes = codes(both)
    ids = both["player_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    values = np.column_stack([both[name].fill_null(0.0).to_numpy() for name in stats])
    for week in weeks_in(rows):
        now = np.flatnonzero(week_codes == week.code)
        before = np.flatnonzero(week_codes == week.code - step.code)
        # Positions in `now` and `before` of the players in both.
        _, in_now, in_before = np.intersect1d(ids[now], ids[before], return_indices=True)
        yield week, values[now[in_now]], values[before[in_before]]


def not_compared(rows: pa.Table, past: pa.Table) -> NotCompared:
    """Return the weeks that `anomalies` skips, because the lake has too few weeks before them."""
    stored = sorted({week.code for table in (past, rows) for week in weeks_in(table)})
    few = [
        week
        for week in weeks_in(rows)
        if sum(week.code - SEASON_BEFORE.code <= code < week.code for code in stored) < MIN_WEEKS
    ]
    return NotCompared(few, f"fewer than {MIN_WEEKS} earlier weeks in the lake")


def anomalies(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Return warnings for weeks whose lines, points or passing yards per team are unusual.

    A week is compared with the weeks of the season before it; `not_compared` returns the weeks with
    fewer than `MIN_WEEKS` of them. Weeks with few games may differ more.
    """
    both = pa.concat_tables([past, rows.select(past.column_names)])
    both = both.append_column("rows", pa.array(np.ones(both.num_rows)))
    # One row per team and week: number of lines, and sums of the other measures.
    sums = both.group_by(["season", "week", "team"]).aggregate([(m, "sum") for m in MEASURES])
    sums = sums.filter(pc.is_valid(sums["team"]))
    week_codes = codes(sums)
    problems = []
    for week in weeks_in(rows):
        # (team-weeks,): the season of weeks before, and the week itself.
        before = (week_codes < week.code) & (week_codes >= week.code - SEASON_BEFORE.code)
        now = week_codes == week.code
        if len(np.unique(week_codes[before])) < MIN_WEEKS:
            continue
        for measure in MEASURES:
            values = sums[f"{measure}_sum"].to_numpy()
            usual, actual = values[before].mean(), values[now].mean()
            # Standard error of a mean over as many teams as the week has.
            error = values[before].std() / np.sqrt(now.sum())
            if abs(actual - usual) > max(MAX_ERRORS * error, MARGIN * abs(usual)):
                text = f"{measure} per team {actual:.1f}, {usual:.1f} in earlier weeks"
                problems.append(Problem(week, text, serious=False))
    return problems
