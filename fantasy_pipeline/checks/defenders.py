"""Rules about the projections of single defenders (IDP), and the checks of their table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks import projections
from fantasy_pipeline.checks.base import Check, Problem, TableChecks
from fantasy_pipeline.checks.contracts import contract, keys
from fantasy_pipeline.checks.schedule import fixtures, wrong_opponents
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.positions import DEFENDERS
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import DEFENDER_POINTS, PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import of_weeks, weeks_in

_POINTS = ("projected_points", "p10", "p50", "p90")


def unprojected_defenders(rows: pa.Table, raw_players: pa.Table) -> list[Problem]:
    """Return the weeks in which rostered defenders with a game have no projection.

    A week without rows has none: the lake knows no earlier game of a defender.
    """
    listed = of_weeks(raw_players, weeks_in(rows))
    return projections.unprojected_players(rows, listed, DEFENDERS)


def negative_points(rows: pa.Table) -> list[Problem]:
    """Return rows with projected points, a floor, a median or a ceiling below 0."""
    return [
        Problem(week, f"{row['player_name']}: {name} is {row[name]:.2f}")
        for name in _POINTS
        for week, row in _rows_where(rows, pc.less(rows[name], 0.0))
    ]


def points_without_a_game(
    rows: pa.Table, games: pa.Table, weeks: Sequence[SeasonWeek]
) -> list[Problem]:
    """Return the weeks with projected points of defenders whose team has no game."""
    schedule = fixtures(games, weeks)
    names: dict[SeasonWeek, list[str]] = {}
    for week, row in _rows_where(rows, pc.greater(rows["projected_points"], 0.0)):
        if row["team"] not in schedule.get(week, {}):
            names.setdefault(week, []).append(f"{row['player_name']} ({row['team']})")
    return [
        Problem(
            week,
            f"projected points without a game: {len(players)}, e.g. "
            f"{', '.join(sorted(players)[:3])}",
        )
        for week, players in sorted(names.items())
    ]


def points_without_a_chance(rows: pa.Table) -> list[Problem]:
    """Return rows with projected points of a defender who does not play."""
    wrong = pc.and_(pc.greater(rows["projected_points"], 0.0), pc.equal(rows["plays"], 0.0))
    return [
        Problem(
            week,
            f"{row['player_name']}: projected {row['projected_points']:.2f} points, but he does "
            "not play",
        )
        for week, row in _rows_where(rows, wrong)
    ]


def other_points_than_the_line(rows: pa.Table) -> list[Problem]:
    """Return rows whose projected points are not those of their own stat line."""
    of_line = sum(rows[name].to_numpy() * worth for name, worth in DEFENDER_POINTS.items())
    apart = np.abs(rows["projected_points"].to_numpy() - of_line)
    # "Not within the gap" instead of "beyond it": NaN counts as a mismatch.
    wrong = pa.array(~(apart <= projections.MAX_LINE_GAP))
    return [
        Problem(
            week,
            f"{row['player_name']}: projected {row['projected_points']:.2f} points, which are not "
            "those of the stat line",
        )
        for week, row in _rows_where(rows, wrong)
    ]


def _rows_where(
    rows: pa.Table, mask: pa.Array | pa.ChunkedArray
) -> list[tuple[SeasonWeek, dict[str, Any]]]:
    """Return the rows of a mask, each with its week."""
    return [(SeasonWeek(row["season"], row["week"]), row) for row in rows.filter(mask).to_pylist()]


DEFENDER_PROJECTIONS = TableChecks(
    tables.DEFENDER_PROJECTIONS,
    (
        Check(
            "defender_projections_complete",
            "Every rostered defender with a game has one row, in a week before which defensive "
            "snaps are known. Opponents are those of the schedule. Points are those of the stat "
            "line, not negative, with p10 <= p50 <= p90; a defender without a game, or without a "
            "chance to play, has none.",
            {
                "keys": keys(tables.DEFENDER_PROJECTIONS),
                "contract": contract(tables.DEFENDER_PROJECTIONS),
                "everybody": lambda e: unprojected_defenders(e.rows, e.other_tables["raw_players"]),
                "opponents": lambda e: wrong_opponents(e.rows, e.games, e.weeks),
                "positive": lambda e: negative_points(e.rows),
                "quantiles": lambda e: projections.unordered_quantiles(e.rows, {"NFL.com's": ""}),
                "byes": lambda e: points_without_a_game(e.rows, e.games, e.weeks),
                "plays": lambda e: points_without_a_chance(e.rows),
                "stat_line": lambda e: other_points_than_the_line(e.rows),
            },
        ),
    ),
    other_tables={"raw_players": (*PLAYER_WEEK, "position", "roster_source", "on_bye")},
)
