"""Rules for stat lines: what one game can hold, and what a week looks like beside earlier ones.

Pure functions of Arrow tables; each returns what it found wrong, nothing if all is well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from fantasy_pipeline.checks.base import NotCompared, Problem
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import codes, weeks_in
from fantasy_pipeline.football.team_games import team_games

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PARTS = (
    ("completions", "attempts"),
    ("receptions", "targets"),
    ("passing_interceptions", "attempts"),
    ("rushing_fumbles_lost", "rushing_fumbles"),
    ("sack_fumbles_lost", "sack_fumbles"),
    ("fg_made", "fg_att"),
    ("pat_made", "pat_att"),
)
"""Stats that are part of another: never more than it."""
USAGE = ("attempts", "carries", "targets", "def_tackles_solo")
"""Stats that tell whether lines are of one game or of a season so far."""
LINE = (*USAGE, "passing_yards", "rushing_yards", "receiving_yards")
"""Stats by which two lines of a player are called the same."""
MEASURES = ("rows", "fantasy_points_ppr", "passing_yards")
"""What a week is compared by with earlier ones, per team and game."""

WEEK_BEFORE, SEASON_BEFORE = SeasonWeek(0, 1), SeasonWeek(1, 0)
"""Steps back to the weeks that a week is compared with."""
MOST_DIFFERENT = 0.01
"""Share of lines with points other than upstream's from which on our scoring is to blame."""
FEW_PLAYERS = 50
SAME = 0.9
"""Share of players with the same line as in another week from which on one is a copy."""
NEVER_LESS = 0.9
"""Share of players whose usage did not fall from which on the lines are season totals; 0.6 is the
most in any real week."""
FEW_WEEKS = 8
ODD = 5.0
"""Standard errors from the mean of earlier weeks that are an anomaly."""
MARGIN = 0.2
"""Difference from that mean, relative to it, that is never one: football changes slowly."""


def beyond_the_whole(rows: pa.Table) -> list[Problem]:
    """Lines with more completions than attempts, catches than targets and so on."""
    import pyarrow.compute as pc

    problems = []
    for part, whole in PARTS:
        wrong = rows.filter(pc.fill_null(pc.greater(rows[part], rows[whole]), False))
        problems += [
            Problem(
                SeasonWeek(row["season"], row["week"]),
                f"{row['player_name']}: {part} {row[part]:g} of {whole} {row[whole]:g}",
            )
            for row in wrong.to_pylist()
        ]
    return problems


def beyond_the_score(rows: pa.Table, games: pa.Table) -> list[Problem]:
    """Teams whose stat lines scored more than the team did: another game's lines."""
    import numpy as np

    weights = {"rushing_tds": 6, "receiving_tds": 6, "fg_made": 3, "pat_made": 1}
    scored = np.zeros(rows.num_rows)
    for name, points in weights.items():
        scored += points * rows[name].fill_null(0.0).to_numpy()
    sums = (
        rows.select(["season", "week", "team"])
        .append_column("scored", [scored])
        .group_by(["season", "week", "team"])
        .aggregate([("scored", "sum")])
    )
    names = ("season", "week", "team", "score")
    by_team = team_games(games)
    scores = {
        (season, week, team): score
        for season, week, team, score in zip(
            *(by_team[name].to_pylist() for name in names), strict=True
        )
    }
    problems = []
    for row in sums.to_pylist():
        score = scores.get((row["season"], row["week"], row["team"]))
        if score is not None and row["scored_sum"] > score:
            week = SeasonWeek(row["season"], row["week"])
            text = f"{row['team']} scored {score}, its stat lines {row['scored_sum']:g}"
            problems.append(Problem(week, text))
    return problems


def other_points(rows: pa.Table) -> list[Problem]:
    """Lines whose points are not upstream's; serious if there are more than a few."""
    from fantasy_pipeline.ingest.stats import point_differences

    different = point_differences(rows)
    serious = len(different) > 2 * MOST_DIFFERENT * rows.num_rows
    return [Problem(week, text, serious) for week, text in different]


def provisional_weeks(
    rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek], now: datetime
) -> list[Problem]:
    """Weeks whose stats the league may still correct, or that lack a game; warnings."""
    from fantasy_pipeline.ingest.stats import import_phases

    return [
        Problem(week, f"{phase}, not final: the league may still correct it", serious=False)
        for week, phase in import_phases(now, games, rows, weeks).items()
        if phase != "final"
    ]


def season_totals(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Weeks in which nearly nobody did less than the week before: totals so far, not a game."""
    import numpy as np

    problems = []
    for week, now, before in _beside_the_earlier(rows, past, USAGE, WEEK_BEFORE):
        used = (before > 0).any(axis=1)
        if used.sum() < FEW_PLAYERS:
            continue
        grown = float((now >= before)[used].all(axis=1).mean())
        if grown >= NEVER_LESS and float(np.abs(now - before)[used].sum()) > 0:
            text = f"{grown:.0%} of players did no less than a week before: season totals"
            problems.append(Problem(week, text))
    return problems


def copied_weeks(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Weeks whose lines are those of the week before, or of that week a season ago."""
    problems = []
    for step in (WEEK_BEFORE, SEASON_BEFORE):
        for week, now, before in _beside_the_earlier(rows, past, LINE, step):
            used = (now != 0).any(axis=1) | (before != 0).any(axis=1)
            if used.sum() < FEW_PLAYERS:
                continue
            same = float((now == before)[used].all(axis=1).mean())
            if same >= SAME:
                other = SeasonWeek(week.season - step.season, week.week - step.week)
                text = f"{same:.0%} of players have the very line of {other}: the wrong file"
                problems.append(Problem(week, text))
    return problems


def _beside_the_earlier(
    rows: pa.Table, past: pa.Table, stats: Sequence[str], step: SeasonWeek
) -> Iterator[tuple[SeasonWeek, np.ndarray, np.ndarray]]:
    """Each week's lines beside the same players' lines a step earlier (players x stats)."""
    import numpy as np
    import pyarrow as pa

    both = pa.concat_tables([past.select(rows.column_names), rows])
    week = codes(both)
    ids = both["player_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    values = np.column_stack([both[name].fill_null(0.0).to_numpy() for name in stats])
    for at in weeks_in(rows):
        one = np.flatnonzero(week == at.code)
        other = np.flatnonzero(week == at.code - step.code)
        _, i, j = np.intersect1d(ids[one], ids[other], return_indices=True)
        yield at, values[one[i]], values[other[j]]


def not_compared(rows: pa.Table, past: pa.Table) -> NotCompared:
    """Weeks that `anomalies` says nothing about: too few before them are in the lake."""
    known = sorted({week.code for table in (past, rows) for week in weeks_in(table)})
    few = [
        at
        for at in weeks_in(rows)
        if sum(at.code - SEASON_BEFORE.code <= code < at.code for code in known) < FEW_WEEKS
    ]
    return NotCompared(few, f"fewer than {FEW_WEEKS} weeks before it in the lake")


def anomalies(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Weeks far from the earlier ones in lines, points or passing yards per team; warnings.

    Compared with up to a season of weeks before, of which there must be `FEW_WEEKS` (see
    `not_compared`); a week of few games may be further away.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    both = pa.concat_tables([past.select(rows.column_names), rows])
    both = both.append_column("rows", pa.array(np.ones(both.num_rows)))
    sums = both.group_by(["season", "week", "team"]).aggregate([(m, "sum") for m in MEASURES])
    sums = sums.filter(pc.is_valid(sums["team"]))
    week = codes(sums)
    problems = []
    for at in weeks_in(rows):
        before = (week < at.code) & (week >= at.code - SEASON_BEFORE.code)
        now = week == at.code
        if len(np.unique(week[before])) < FEW_WEEKS:
            continue
        for measure in MEASURES:
            values = sums[f"{measure}_sum"].to_numpy()
            usual, actual = values[before].mean(), values[now].mean()
            error = values[before].std() / np.sqrt(now.sum())
            if abs(actual - usual) > max(ODD * error, MARGIN * abs(usual)):
                text = f"{measure} per team {actual:.1f}, {usual:.1f} in the weeks before"
                problems.append(Problem(at, text, serious=False))
    return problems
