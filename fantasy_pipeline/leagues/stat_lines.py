"""The stat lines that leagues score: with what else pays, and of weeks that can be scored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_WEEK
from fantasy_pipeline.football.tables.week_rows import codes, of_weeks
from fantasy_pipeline.football.team_games import over_by_clock

OF_PLAYERS = (
    *PLAYER_WEEK,
    *("offense_snaps", "st_snaps", "defense_snaps", "fantasy_positions"),
    *("nflcom_tackles_for_loss", "nflcom_kicks_blocked"),
)
"""Columns of `RAW_PLAYERS` that `with_players` needs."""
TURNOVERS = "turnovers"
"""Column of stat lines: interceptions and fumbles that the team lost to the other one."""
_TAKEN = ("def_interceptions", "fumble_recovery_opp", "def_tds")
_IN_EVERY_WEEK = "fumble_recovery_opp"
"""A stat that upstream's file has of every player, so that it is null only if it was not read."""
TeamWeek = tuple[int, str]
"""Code of a week, and an NFL team."""


def with_players(
    weekly_stats: pa.Table, raw_players: pa.Table, only: pa.Array | None = None
) -> pa.Table:
    """Return stat lines with the players' `OF_PLAYERS` and the team's turnovers.

    `team_intercepted` are the interceptions among them, `team_intercepted_tds` those that the other
    team returned for a touchdown.

    Args:
        weekly_stats: all stat lines of the weeks.
        raw_players: `OF_PLAYERS`.
        only: ids of the players to return the lines of; None: all.
    """
    taken = _taken(weekly_stats)
    if only is not None:
        # Most players of a week are on no fantasy team.
        weekly_stats = weekly_stats.filter(pc.is_in(weekly_stats["player_id"], only))
    known = pc.is_in(raw_players["player_id"], weekly_stats["player_id"].combine_chunks())
    about = raw_players.select(OF_PLAYERS).filter(known)
    lines = weekly_stats.join(about, list(PLAYER_WEEK), join_type="left outer")
    return lines.join(taken, ["season", "week", "team"], join_type="left outer")


def _taken(weekly_stats: pa.Table) -> pa.Table:
    """Return the turnovers of each team in each week: what its opponents took.

    Upstream's `def_tds` are touchdowns on interceptions.
    """
    keys = ["season", "week", "opponent"]
    sums = weekly_stats.group_by(keys).aggregate([(name, "sum") for name in _TAKEN])
    intercepted, recovered, returned = (pc.fill_null(sums[f"{name}_sum"], 0) for name in _TAKEN)
    return (
        sums.select(keys)
        .rename_columns(["season", "week", "team"])
        .append_column(TURNOVERS, pc.add(intercepted, recovered))
        .append_column("team_intercepted", intercepted)
        .append_column("team_intercepted_tds", returned)
    )


def weeks_of_older_imports(weekly_stats: pa.Table) -> list[SeasonWeek]:
    """Return the weeks whose stat lines lack the stats that leagues score.

    They were imported by an earlier version, or from nfl_data_py.
    """
    keys = ["season", "week"]
    counted = weekly_stats.group_by(keys).aggregate([(_IN_EVERY_WEEK, "count")])
    older = counted.filter(pc.equal(counted[f"{_IN_EVERY_WEEK}_count"], 0))
    return sorted(SeasonWeek(row["season"], row["week"]) for row in older.to_pylist())


def teams_to_play(
    games: pa.Table, lines: pa.Table, weeks: Sequence[SeasonWeek], now: datetime
) -> frozenset[TeamWeek]:
    """Return the NFL teams whose game of a week is not over, or has no stat lines.

    Args:
        games: `GAMES`.
        lines: stat lines of `weeks`.
    """
    games = of_weeks(games, weeks)
    over = over_by_clock(games, now).to_pylist()
    with_lines = set(zip(codes(lines).tolist(), lines["team"].to_pylist(), strict=True))
    sides = (games[side].to_pylist() for side in ("home_team", "away_team"))
    found = set()
    for code, is_over, home, away in zip(codes(games).tolist(), over, *sides, strict=True):
        pair = {(code, home), (code, away)}
        if not is_over or not pair & with_lines:
            found |= pair
    return frozenset(found)
