"""Column lineage: the columns that each column of the lake is made from. Dagster's UI shows it.

A column that is made from many, e.g. from all features, names the most important ones only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fantasy_pipeline.football.scoring import SCORINGS
from fantasy_pipeline.football.tables import (
    BY_NAME,
    DEFENDER_POINTS,
    DEFENDER_PROJECTIONS,
    GAMES,
    LEAGUE_MATCHUPS,
    LEAGUE_POINTS,
    LEAGUE_PROJECTIONS,
    LEAGUE_ROSTERS,
    MODEL_PROJECTIONS,
    OPTIMAL_LINEUPS,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    PROVISIONAL_STATS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
    STAT_CORRECTIONS,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)

Source = tuple[str, str]
"""Name of a table, and name of one of its columns."""

_TAKEN_OVER = {
    PROVISIONAL_STATS.name: WEEKLY_STATS,
    STAT_CORRECTIONS.name: WEEKLY_STATS,
    PLAYER_HISTORY.name: RAW_PLAYERS,
    MODEL_PROJECTIONS.name: PLAYER_HISTORY,
    DEFENDER_PROJECTIONS.name: RAW_PLAYERS,
    PROJECTIONS.name: MODEL_PROJECTIONS,
    LEAGUE_POINTS.name: LEAGUE_ROSTERS,
    LEAGUE_MATCHUPS.name: LEAGUE_POINTS,
    LEAGUE_PROJECTIONS.name: PROJECTIONS,
    OPTIMAL_LINEUPS.name: LEAGUE_ROSTERS,
}
"""Table from which each table takes the columns of the same name."""
_MEASURES = ("mae", "rmse", "bias", "spearman", "start_sit", "coverage", "pinball")
_SUMS = {
    "yards_allowed": ("passing_yards", "rushing_yards", "sack_yards_lost"),
    "sacks": ("sacks_suffered",),
    "sack_yards": ("sack_yards_lost",),
    "qb_hits": ("def_qb_hits",),
    "tackles_solo": ("def_tackles_solo", "def_tackles_with_assist"),
    "tackle_assists": ("def_tackle_assists",),
    "tackles_for_loss": ("def_tackles_for_loss",),
    "passes_defended": ("def_pass_defended",),
    "interceptions": ("def_interceptions",),
    "interception_yards": ("def_interception_yards",),
    "fumbles_forced": ("def_fumbles_forced",),
    "special_teams_fumbles_forced": ("def_fumbles_forced",),
    "fumbles_recovered": ("fumble_recovery_opp", "sack_fumbles_lost", "rushing_fumbles_lost"),
    "special_teams_fumbles_recovered": ("fumble_recovery_opp",),
    "fumble_return_yards": ("fumble_recovery_yards_opp",),
    "interception_tds": ("def_tds",),
    "fumble_tds": ("fumble_recovery_tds",),
    "special_teams_tds": ("special_teams_tds",),
    "blocked_kicks": ("fg_blocked", "pat_blocked", "pt_blocked"),
    "two_point_returns": ("pat_blocked",),
    "kickoff_return_yards": ("kickoff_return_yards",),
    "punt_return_yards": ("punt_return_yards",),
}
"""Stats of players that each stat of a team's defence adds up."""
_OF_GAMES = {
    "season": ("season",),
    "week": ("week",),
    **dict.fromkeys(("team", "player_id", "opponent", "is_home"), ("home_team", "away_team")),
    **dict.fromkeys(
        ("score", "opponent_score", "points_allowed", "safeties", "two_point_returns"),
        ("home_score", "away_score"),
    ),
}
"""Columns of the schedule behind columns of team defences."""
_FROM_STATS = ("avg_", "recent_", "long_", "target_", "team_", "allowed_", "opponent_factor_")


def column_sources(table: str) -> Mapping[str, Sequence[Source]]:
    """Return the sources of each column of a table; columns from upstream are left out."""
    taken = _TAKEN_OVER.get(table)
    columns = BY_NAME[table].column_names
    out: dict[str, list[Source]] = {}
    if taken is not None:
        available = set(taken.column_names)
        out = {name: [(taken.name, name)] for name in columns if name in available}
    for name in columns:
        if made := _made(table, name):
            out[name] = made
    return out


def _made(table: str, column: str) -> list[Source]:
    """Return the sources of a column that is computed; empty for other columns."""
    if table == PLAYER_HISTORY.name:
        side, _, stat = column.partition("_")
        if side in ("defence", "against"):
            return [(TEAM_DEFENSE_STATS.name, stat)]
        stats = set(WEEKLY_STATS.column_names)
        names = (column.removeprefix(prefix) for prefix in _FROM_STATS if column.startswith(prefix))
        return [(WEEKLY_STATS.name, name) for name in names if name in stats]
    if table == OPTIMAL_LINEUPS.name and column == "points":
        return [(PROJECTIONS.name, "projected_points"), (LEAGUE_POINTS.name, "points")]
    if table == TEAM_DEFENSE_STATS.name:
        return _of_defence(column)
    if table == DEFENDER_PROJECTIONS.name:
        return _of_defender(column)
    if table == MODEL_PROJECTIONS.name and column == "opponent_factor":
        return [(PLAYER_HISTORY.name, "opponent_factor_fantasy_points_ppr")]
    stated = (SOURCE_PROJECTIONS.name, "points_half")
    if table == PROJECTIONS.name:
        if column == "nflcom_half":
            return [stated]
        if column == "model_half":
            return [(MODEL_PROJECTIONS.name, "projected_points_half")]
        if column in ("sources", "spread"):
            return [(MODEL_PROJECTIONS.name, "projected_points_half"), stated]
        if column.startswith(("projected_points", "p10", "p50", "p90")):
            return [(MODEL_PROJECTIONS.name, column), stated]
    if table == PROJECTION_ACCURACY.name:
        actual = [(PLAYER_HISTORY.name, f"target_{s}") for s in SCORINGS if s != "std"]
        if column.startswith("nflcom_"):
            return [stated, *actual]
        if column in _MEASURES:
            projected = [(PROJECTIONS.name, f"projected_points{end}") for end in ("", "_half")]
            return [*projected, stated, *actual]
    return []


def _of_defender(column: str) -> list[Source]:
    """Return the sources of a column of `DEFENDER_PROJECTIONS` that is computed."""
    if column in ("snaps", "usual_snaps"):
        return [(RAW_PLAYERS.name, "defense_snaps")]
    if column == "nflcom_points":
        return [(SOURCE_PROJECTIONS.name, "points_half")]
    if column == "opponent_total":
        return [(GAMES.name, "total_line"), (GAMES.name, "spread_line")]
    if column in DEFENDER_POINTS:
        return [(WEEKLY_STATS.name, column), (RAW_PLAYERS.name, "defense_snaps")]
    if column.endswith("_points") or column in ("p10", "p50", "p90", "opponent_factor"):
        return [(WEEKLY_STATS.name, name) for name in DEFENDER_POINTS]
    return []


def _of_defence(column: str) -> list[Source]:
    """Return the sources of a column of `TEAM_DEFENSE_STATS`."""
    of_game = [(GAMES.name, name) for name in _OF_GAMES.get(column, ())]
    of_lines = [(WEEKLY_STATS.name, name) for name in _SUMS.get(column, ())]
    if column == "points_allowed":
        of_lines = [(WEEKLY_STATS.name, name) for name in ("def_tds", "fumble_recovery_tds")]
    if column == "safeties":
        scoring = ("rushing_tds", "receiving_tds", "fg_made", "pat_made")
        of_lines = [(WEEKLY_STATS.name, name) for name in scoring]
    if column.startswith("points_") and not of_game:
        scored = ("sacks", "interceptions", "fumbles_recovered", "points_allowed")
        return [source for name in scored for source in _of_defence(name)]
    return of_game + of_lines
