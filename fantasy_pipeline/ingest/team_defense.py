"""Build the stats of team defences from stat lines and the schedule."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.positions import DEFENDERS, DST
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import RAW_PLAYERS
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.defense import TEAM_DEFENSE_STATS, UNSCORED_COLUMNS
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.football.teams import ESPN_TEAMS, TEAMS
from fantasy_pipeline.lake.duck import arrow, database, query

UNSCORED = Table(
    TEAM_DEFENSE_STATS.name,
    TEAM_DEFENSE_STATS.description,
    TEAM_DEFENSE_STATS.key,
    UNSCORED_COLUMNS,
)
"""The table without the columns of points."""
COLUMNS = (
    *("position", "team"),
    *("passing_yards", "rushing_yards", "sacks_suffered", "sack_yards_lost"),
    *("rushing_tds", "receiving_tds", "rushing_2pt_conversions", "receiving_2pt_conversions"),
    *("sack_fumbles_lost", "rushing_fumbles_lost", "receiving_fumbles_lost"),
    *("def_qb_hits", "def_tackles_solo", "def_tackles_with_assist", "def_tackle_assists"),
    *("def_tackles_for_loss", "def_pass_defended", "def_interceptions", "def_interception_yards"),
    *("def_fumbles_forced", "def_tds", "def_safeties"),
    *("fumble_recovery_opp", "fumble_recovery_yards_opp", "fumble_recovery_tds"),
    *("special_teams_tds", "kickoff_return_yards", "punt_return_yards"),
    *("fg_made", "fg_blocked", "pat_made", "pat_blocked", "pt_blocked"),
)
"""Columns of `WEEKLY_STATS` that the table is made from, beside the key."""


def team_defense_stats(games: pa.Table, weekly_stats: pa.Table) -> pa.Table:
    """Return what each team's defence and special teams did, by week.

    A team without a score or without stat lines of both sides has no row. Neither has a week whose
    lines have no defence; `without_defence` names both.

    Args:
        games: `GAMES`.
        weekly_stats: `COLUMNS` and key of `WEEKLY_STATS`, whole weeks.

    Returns:
        `UNSCORED` rows, one per team and week.
    """
    with database() as connection:
        connection.register("team_games", team_games(games))
        connection.register("weekly_stats", weekly_stats)
        table = arrow(connection, query(__package__, "team_defense"), defenders=list(DEFENDERS))
    return UNSCORED.shaped(table)


def without_defence(
    games: pa.Table, weekly_stats: pa.Table, defences: pa.Table, season: int, weeks: Sequence[int]
) -> list[str]:
    """Return one warning per week that lacks the defence of a team with a game.

    Args:
        games: `GAMES`.
        weekly_stats: columns of `WEEKLY_STATS` as for `team_defense_stats`.
        defences: rows that `team_defense_stats` made of them.
    """
    warnings = []
    for week in weeks:
        at = SeasonWeek(season, week)
        scheduled = set(team_games(of_week(games, at))["team"].to_pylist())
        present = set(of_week(defences, at)["team"].to_pylist())
        if lacking := sorted(scheduled - present):
            lines = of_week(weekly_stats, at)
            cause = f"no score or no stat lines of {', '.join(lacking)}"
            if lines.num_rows and not _has_defence(lines):
                cause = (
                    "the stat lines have no defence, as those of nfl_data_py and of imports of "
                    "earlier versions; import the week with source auto"
                )
            warnings.append(f"team_defense_stats {season} week {week}: {cause}")
    return warnings


def _has_defence(lines: pa.Table) -> bool:
    stats = ("def_interceptions", "fumble_recovery_opp")
    return all(pc.any(pc.is_valid(lines[name])).as_py() for name in stats)


SLEEPER_ID = {**{team: team for team in TEAMS}, "LA": "LAR"}
"""Sleeper's id of each team's defence."""
ESPN_ID = {team: str(-16000 - number) for number, team in ESPN_TEAMS.items()}
"""ESPN's id of each team's defence."""


def rostered_defences(team_weeks: pa.Table) -> pa.Table:
    """Return the rows of `RAW_PLAYERS` of team defences.

    Args:
        team_weeks: season, week, team, opponent, is_home and on_bye, one row per team and week.
    """
    teams = team_weeks["team"].to_pylist()
    size = len(teams)
    stated: dict[str, pa.Array | pa.ChunkedArray] = {
        **{name: team_weeks[name] for name in ("season", "week", "team", "opponent")},
        **{name: team_weeks[name] for name in ("is_home", "on_bye")},
        "player_id": pa.array([f"{DST}-{team}" for team in teams]),
        "player_name": pa.array([f"{team} D/ST" for team in teams]),
        **dict.fromkeys(("position", "roster_position"), pa.array([DST] * size)),
        "roster_source": pa.array(["schedule"] * size),
        "roster_week": team_weeks["week"],
        "sleeper_id": pa.array([SLEEPER_ID[team] for team in teams]),
        "espn_id": pa.array([ESPN_ID[team] for team in teams]),
    }
    missing = {
        column.name: pa.nulls(size, column.arrow_type)
        for column in RAW_PLAYERS.columns
        if column.name not in stated
    }
    return RAW_PLAYERS.shaped(pa.table({**stated, **missing}))
