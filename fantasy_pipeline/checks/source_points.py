"""Rules that compare a source's projections with its week before, and with another source's.

A source has the points of other players if they do not follow those of the week before, or if two
players' points are those of each other at another source. Frequencies are of the 72 weeks of
2021-2025 week 4 that NFL.com and ESPN have.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem, correlation
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in
from fantasy_pipeline.ingest.projection_record import latest_statements

MIN_PLAYERS = 15
"""Players of a position whom both files have, from which the files are compared."""
LEAST_LIKE_BEFORE = {"QB": 0.3, "RB": 0.6, "WR": 0.5, "TE": 0.65}
"""Correlation of a position's points with those of the week before: the lowest are 0.47, 0.82, 0.76
and 0.89. Kickers' points are too close to each other."""
MIN_EXCHANGED = {"QB": 4.5, "RB": 6.5, "WR": 6.5, "TE": 6.5}
"""Points by which two players are closer to each other's points at another source than to their
own. It is 3.2 at most for quarterbacks and 6 for others, in all files of a position but one; in
2021 week 11, two sources named different starters of two teams."""


def unlike_week_before(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Return warnings for positions of a source whose points do not follow the week before's."""
    statements = _latest(rows, past)
    texts = []
    for week in weeks_in(rows):
        now = of_week(statements, week)
        before = (
            of_week(statements, SeasonWeek(week.season, week.week - 1)) if week.week > 1 else None
        )
        if before is None:
            continue
        keys = ["source", "player_id"]
        both = now.join(
            before.select([*keys, "points"]), keys, join_type="inner", right_suffix="_before"
        )
        for source in sorted(pc.unique(both["source"]).to_pylist()):
            for position, least in LEAST_LIKE_BEFORE.items():
                part = _part(both, source, position)
                if part.num_rows < MIN_PLAYERS:
                    continue
                like = correlation(part["points"].to_numpy(), part["points_before"].to_numpy())
                if like < least:
                    text = f"{source} has the points of other players for its {position}"
                    texts.append(
                        (week, f"{text}: their correlation with last week's is {like:.2f}")
                    )
    return [Problem(week, text, serious=False) for week, text in texts]


def exchanged_players(rows: pa.Table, past: pa.Table) -> list[Problem]:
    """Return warnings for two players of whom two sources state each other's points."""
    statements = _latest(rows, past)
    problems = []
    for week in weeks_in(rows):
        now = of_week(statements, week)
        for one, other in combinations(sorted(pc.unique(now["source"]).to_pylist()), 2):
            for position in MIN_EXCHANGED:
                first, second = (_part(now, source, position) for source in (one, other))
                both = first.join(
                    second.select(["player_id", "points"]),
                    "player_id",
                    join_type="inner",
                    right_suffix="_other",
                )
                if both.num_rows < MIN_PLAYERS:
                    continue
                for names in _exchanged(both, MIN_EXCHANGED[position]):
                    text = f"{one} and {other} state each other's points of {' and '.join(names)}"
                    problems.append(Problem(week, f"{text} ({position})", serious=False))
    return problems


def _exchanged(both: pa.Table, least: float) -> list[tuple[str, str]]:
    """Return the players of whom two sources state each other's points, the clearest pair only.

    Args:
        least: points by which they must be closer to each other's than to their own.
    """
    stated, other = both["points"].to_numpy(), both["points_other"].to_numpy()
    if np.ptp(other) == 0:
        return []
    # Sites score differently; (players,): the other source's points on the scale of this one.
    scaled = np.polyval(np.polyfit(other, stated, 1), other)
    gap = stated - scaled
    # (players, players): how much closer two players are to each other's points than to their own.
    own = np.minimum(np.abs(gap)[:, None], np.abs(gap)[None, :])
    apart = np.abs(stated[:, None] - scaled[None, :])
    closer = np.where(gap[:, None] * gap[None, :] < 0, own - np.maximum(apart, apart.T), 0.0)
    at = np.unravel_index(closer.argmax(), closer.shape)
    if closer[at] < least:
        return []
    names = both["player_name"].to_pylist()
    return [(str(names[int(min(at))]), str(names[int(max(at))]))]


def _latest(rows: pa.Table, past: pa.Table) -> pa.Table:
    """Return the latest statements with their points, in half-PPR where the source has them."""
    both = pa.concat_tables([past, rows.select(past.column_names)])
    latest = latest_statements(both)
    points = pc.coalesce(latest["points_half"], latest["points_ppr"])
    latest = latest.append_column("points", points)
    return (
        latest.filter(pc.is_valid(latest["points"]))
        .select(["season", "week", "source", "player_id", "player_name", "position", "points"])
        .sort_by([("source", "ascending"), ("player_id", "ascending")])
    )


def _part(rows: pa.Table, source: str, position: str) -> pa.Table:
    own = pc.and_(pc.equal(rows["source"], source), pc.equal(rows["position"], position))
    return rows.filter(own)
