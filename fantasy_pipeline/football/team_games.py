"""The schedule from the teams' side: two rows per game, one for each team."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.calendar import GAME_LENGTH, games_from_table
from fantasy_pipeline.football.import_calendar import SO_FAR, phases_at
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import codes

_SHARED = ("game_id", "game_type", "kickoff", "total_line", "roof")
"""Columns of a game that are the same for both teams."""
_BY_SIDE = ("score", "rest")
"""Columns that a game has twice, with the prefixes ``home_`` and ``away_``."""


def team_games(games: pa.Table) -> pa.Table:
    """Return the games of each team: two rows per game, first all home teams, then all visitors.

    A column other than the first five is in the result if `games` has the columns behind it.

    Args:
        games: rows of `GAMES`, with at least season, week, home_team and away_team.

    Returns:
        season, week, team, opponent, is_home, then game_id, game_type, kickoff (UTC), total_line
        and roof as in `GAMES`; score and opponent_score (points, null before the game), rest
        (days since the team's last game) and spread_line (points by which the team is favoured).
    """
    return pa.concat_tables([_side(games, "home", "away"), _side(games, "away", "home")])


def cancelled(games: pa.Table) -> set[tuple[int, int, str]]:
    """Return the season, week and team of cancelled games of the regular season.

    Upstream's schedule does not have them (BUF-CIN, 2022 week 17). Since 1999 every team has one
    week of the regular season without a game. Two teams with two such weeks, of which they share
    exactly one and with no third team, would have played each other then.

    Args:
        games: rows of `GAMES` of whole seasons, with at least season, week, game_type, home_team
            and away_team.
    """
    regular = team_games(games.filter(pc.equal(games["game_type"], "REG")))
    columns = (regular[name].to_pylist() for name in ("season", "week", "team"))
    played: dict[int, dict[str, set[int]]] = {}
    for season, week, team in zip(*columns, strict=True):
        played.setdefault(season, {}).setdefault(team, set()).add(week)
    found = set()
    for season, weeks_of in played.items():
        weeks = set().union(*weeks_of.values())
        idle = {team: weeks - own for team, own in weeks_of.items() if len(weeks - own) == 2}
        for team, own in idle.items():
            shared = [own & other for name, other in idle.items() if name != team and own & other]
            if len(shared) == 1 and len(shared[0]) == 1:
                found.add((season, min(shared[0]), team))
    return found


def _side(games: pa.Table, side: str, other: str) -> pa.Table:
    """Return one row per game, for the team of one side (``home`` or ``away``)."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "season": games["season"],
        "week": games["week"],
        "team": games[f"{side}_team"],
        "opponent": games[f"{other}_team"],
        "is_home": pa.repeat(side == "home", games.num_rows),
    }
    present = set(games.column_names)
    columns |= {name: games[name] for name in _SHARED if name in present}
    for name in _BY_SIDE:
        if {f"{side}_{name}", f"{other}_{name}"} <= present:
            columns[name] = games[f"{side}_{name}"]
    if "score" in columns:
        columns["opponent_score"] = games[f"{other}_score"]
    if "spread_line" in present:
        # The games table states the spread for the home team.
        line = games["spread_line"]
        columns["spread_line"] = line if side == "home" else pc.negate(line)
    return pa.table(columns)


def of_seasons(games: pa.Table, seasons: Collection[int]) -> pa.Table:
    """Return the games of some seasons."""
    wanted = pa.array(sorted(seasons), games["season"].type)
    return games.filter(pc.is_in(games["season"], wanted))


def over_by_clock(games: pa.Table, now: datetime) -> pa.ChunkedArray:
    """Return for each game whether it is over by the clock, see `is_over_by_clock`."""
    return pc.less_equal(games["kickoff"], pa.scalar(now - GAME_LENGTH, games["kickoff"].type))


def covered_games(games: pa.Table, weeks: Sequence[SeasonWeek], now: datetime) -> pa.Table:
    """Return the games that an import at `now` covers: of a week in progress, those that are over.

    Args:
        games: rows of `GAMES`.
        weeks: weeks of the import; the games of other weeks stay.
    """
    scheduled = games_from_table(of_seasons(games, {week.season for week in weeks}))
    phases = phases_at(scheduled, weeks, now)
    running = [week.code for week, phase in phases.items() if phase == SO_FAR]
    if not running:
        return games
    is_running = pa.array(np.isin(codes(games), running))
    return games.filter(pc.or_(pc.invert(is_running), over_by_clock(games, now)))
