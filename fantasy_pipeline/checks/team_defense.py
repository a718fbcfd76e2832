"""Rules for team defences: the two sides of a game agree with each other and with stat lines.

Pure functions of Arrow tables; each returns the problems that it found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.team_games import team_games

LINES = ("team", "passing_interceptions", "def_interceptions", "def_sacks", "fumble_recovery_opp")
"""Columns of `WEEKLY_STATS` that the rules read."""
MAX_TEAM_SACKS = 2.0
"""Sacks of one game that are credited to no player: 0 in 98% of team-games of 2015-2024, never
more than 2."""

_Key = tuple[int, int, str]


def one_sided_games(rows: pa.Table) -> list[Problem]:
    """Return teams whose opponent has no row, or a row with another score of the game."""
    sides = dict(_by_team(rows, "opponent", "score", "opponent_score"))
    problems = []
    for (season, week, team), (opponent, score, against) in sides.items():
        other = sides.get((season, week, opponent))
        if other != (team, against, score):
            text = f"{team}: {opponent} has no row or another score of the game"
            problems.append(Problem(SeasonWeek(season, week), text))
    return problems


def missing_defences(rows: pa.Table, games: pa.Table, weekly_stats: pa.Table) -> list[Problem]:
    """Return teams with a score and stat lines of a defence, but without a row."""
    present = dict(_by_team(rows))
    finished = games.filter(pc.is_valid(games["home_score"]))
    opponents = dict(_by_team(team_games(finished), "opponent"))
    sums = _sums(weekly_stats, "count", "fumble_recovery_opp")
    have = {key for key, (recoveries,) in _by_team(sums, "fumble_recovery_opp") if recoveries}
    return [
        Problem(SeasonWeek(season, week), f"{team} played, but has no row")
        for (season, week, team), (opponent,) in opponents.items()
        if {(season, week, team), (season, week, opponent)} <= have
        and (season, week, team) not in present
    ]


def unlike_stat_lines(rows: pa.Table, weekly_stats: pa.Table) -> list[Problem]:
    """Return teams whose interceptions or sacks are not those of the stat lines.

    Interceptions must be those that the opponent's passers threw. More than `MAX_TEAM_SACKS` sacks
    that no player is credited with, or that the opponent did not suffer, are a warning.
    """
    names = ("passing_interceptions", "def_sacks")
    sums = dict(_by_team(_sums(weekly_stats, "sum", *names), *names))
    problems = []
    for key, (opponent, interceptions, sacks) in _by_team(
        rows, "opponent", "interceptions", "sacks"
    ):
        season, week, team = key
        at = SeasonWeek(season, week)
        thrown = sums.get((season, week, opponent), (None, None))[0] or 0.0
        credited = sums.get(key, (None, None))[1] or 0.0
        if interceptions != thrown:
            text = f"{team} has {interceptions:g} interceptions, but {opponent} threw {thrown:g}"
            problems.append(Problem(at, text))
        if abs(sacks - credited) > MAX_TEAM_SACKS:
            text = f"{team} has {sacks:g} sacks, but its players have {credited:g}"
            problems.append(Problem(at, text, serious=False))
    return problems


def _sums(weekly_stats: pa.Table, how: str, *names: str) -> pa.Table:
    """Return one row per team and week with an aggregate of some columns, under their names."""
    keys = ["season", "week", "team"]
    sums = weekly_stats.group_by(keys).aggregate([(name, how) for name in names])
    return sums.rename_columns({f"{name}_{how}": name for name in names})


def _by_team(table: pa.Table, *names: str) -> Iterator[tuple[_Key, tuple[Any, ...]]]:
    """Yield season, week and team of each row, with the values of some columns."""
    for season, week, team, *values in zip(
        *(table[name].to_pylist() for name in ("season", "week", "team", *names)), strict=True
    ):
        yield (season, week, team), tuple(values)
