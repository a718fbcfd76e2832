"""Contracts of stat lines: final, provisional, and the corrections between the two."""

from __future__ import annotations

from fantasy_pipeline.football.tables.columns import (
    OPPONENT,
    PLAYER_ID,
    PLAYER_NAME,
    PLAYER_POINTS,
    PLAYER_WEEK,
    POSITION,
    SEASON,
    TEAM,
    WEEK,
    added_later,
    points_column,
    share_column,
)
from fantasy_pipeline.football.tables.contract import Column, Table


def _stat(
    name: str, description: str, unit: str, bounds: tuple[float, float], *aliases: str
) -> Column:
    lowest, highest = bounds
    return Column(
        name, "float", description, aliases=aliases, unit=unit, lowest=lowest, highest=highest
    )


def _count(name: str, description: str, highest: float, *aliases: str) -> Column:
    return _stat(name, description, "count", (0, highest), *aliases)


def _yards(name: str, description: str, highest: float, lowest: float, *aliases: str) -> Column:
    return _stat(name, description, "yards", (lowest, highest), *aliases)


def _epa(name: str, description: str) -> Column:
    return _stat(name, description, "points", (-100, 100))


STAT_COLUMNS = (
    _count("completions", "Passes completed", 70),
    _count("attempts", "Passes thrown", 100),
    _yards("passing_yards", "Passing yards", 800, -99),
    _count("passing_tds", "Passing touchdowns", 12),
    _count("passing_interceptions", "Interceptions thrown", 12, "interceptions"),
    _count("sacks_suffered", "Sacks taken", 20, "sacks"),
    _yards("sack_yards_lost", "Yards lost to sacks, as a negative number", 0, -250, "sack_yards"),
    _count("sack_fumbles", "Fumbles on sacks", 12),
    _count("sack_fumbles_lost", "Fumbles lost on sacks", 10),
    _yards("passing_air_yards", "Air yards of all passes thrown", 1500, -200),
    _yards("passing_yards_after_catch", "Yards after the catch of the passes thrown", 800, -99),
    _count("passing_first_downs", "First downs by passing", 50),
    _epa("passing_epa", "Expected points added by passing"),
    _count("passing_2pt_conversions", "Two-point conversions passed", 6),
    _count("carries", "Rushing attempts", 65),
    _yards("rushing_yards", "Rushing yards", 450, -99),
    _count("rushing_tds", "Rushing touchdowns", 10),
    _count("rushing_fumbles", "Fumbles on rushes", 12),
    _count("rushing_fumbles_lost", "Fumbles lost on rushes", 10),
    _count("rushing_first_downs", "First downs by rushing", 35),
    _epa("rushing_epa", "Expected points added by rushing"),
    _count("rushing_2pt_conversions", "Two-point conversions rushed", 6),
    _count("receptions", "Passes caught", 32),
    _count("targets", "Passes thrown at the player", 45),
    _yards("receiving_yards", "Receiving yards", 500, -99),
    _count("receiving_tds", "Receiving touchdowns", 10),
    _count("receiving_fumbles", "Fumbles after catches", 10),
    _count("receiving_fumbles_lost", "Fumbles lost after catches", 10),
    _yards("receiving_air_yards", "Air yards of all targets", 600, -200),
    _yards("receiving_yards_after_catch", "Yards after the catch", 450, -99),
    _count("receiving_first_downs", "First downs by receiving", 30),
    _epa("receiving_epa", "Expected points added by receiving"),
    _count("receiving_2pt_conversions", "Two-point conversions received", 6),
    share_column("target_share", "Share of the team's targets, 0-1"),
    share_column(
        "air_yards_share",
        "Share of the team's air yards; can be outside 0-1, because air yards can be negative",
        (-25, 25),
    ),
    share_column(
        "wopr", "Weighted opportunity rating: 1.5 target share + 0.7 air yards share", (-20, 20)
    ),
    _count("special_teams_tds", "Touchdowns on returns and other special teams plays", 6),
    _count("fg_made", "Field goals made", 12),
    _count("fg_att", "Field goals attempted", 14),
    _count("fg_missed", "Field goals missed", 10),
    _count("fg_blocked", "Field goals blocked", 8),
    _yards("fg_long", "Length of the longest field goal made", 80, 0),
    _count("fg_made_0_19", "Field goals made from 0-19 yards", 12),
    _count("fg_made_20_29", "Field goals made from 20-29 yards", 12),
    _count("fg_made_30_39", "Field goals made from 30-39 yards", 12),
    _count("fg_made_40_49", "Field goals made from 40-49 yards", 12),
    _count("fg_made_50_59", "Field goals made from 50-59 yards", 12),
    _count("fg_made_60_", "Field goals made from 60 yards or more", 12),
    added_later(_count("fg_missed_0_19", "Field goals missed from 0-19 yards", 10)),
    added_later(_count("fg_missed_20_29", "Field goals missed from 20-29 yards", 10)),
    added_later(_count("fg_missed_30_39", "Field goals missed from 30-39 yards", 10)),
    added_later(_count("fg_missed_40_49", "Field goals missed from 40-49 yards", 10)),
    added_later(_count("fg_missed_50_59", "Field goals missed from 50-59 yards", 10)),
    added_later(_count("fg_missed_60_", "Field goals missed from 60 yards or more", 10)),
    _count("pat_made", "Extra points made", 14),
    _count("pat_att", "Extra points attempted", 14),
    _count("pat_missed", "Extra points missed", 10),
    _count("pat_blocked", "Extra points blocked", 8),
    _count("def_tackles_solo", "Solo tackles without an assist of another player", 35),
    added_later(
        _count(
            "def_tackles_with_assist",
            "Tackles with an assist of another player; scoresheets count them as solo tackles",
            35,
        )
    ),
    _count("def_tackle_assists", "Assisted tackles", 35),
    added_later(_count("def_tackles_for_loss", "Tackles for loss", 12)),
    _count("def_sacks", "Sacks made", 10),
    added_later(
        _yards("def_sack_yards", "Yards that the other team lost to the sacks made", 120, -10)
    ),
    added_later(_count("def_qb_hits", "Hits on the quarterback", 20)),
    _count("def_interceptions", "Interceptions made", 8),
    added_later(
        _yards("def_interception_yards", "Return yards of the interceptions made", 350, -99)
    ),
    _count("def_pass_defended", "Passes defended", 15),
    _count("def_fumbles_forced", "Fumbles forced", 8),
    _count("def_tds", "Defensive touchdowns", 6),
    _count("def_safeties", "Safeties", 4),
    added_later(
        _count(
            "fumbles_total",
            "Fumbles of any play, returns included; null before 2021 and in files of before "
            "October 2025, which have the three parts only",
            12,
        )
    ),
    added_later(
        _count(
            "fumbles_lost_total",
            "Fumbles lost on any play, returns included; null before 2021 and in files of before "
            "October 2025, which have the three parts only",
            10,
        )
    ),
    added_later(_count("fumble_recovery_own", "Recoveries of fumbles of the own team", 8)),
    added_later(_count("fumble_recovery_opp", "Recoveries of fumbles of the other team", 8)),
    added_later(
        _yards("fumble_recovery_yards_own", "Return yards of own fumbles recovered", 200, -99)
    ),
    added_later(
        _yards(
            "fumble_recovery_yards_opp",
            "Return yards of the other team's fumbles recovered",
            200,
            -99,
        )
    ),
    added_later(_count("fumble_recovery_tds", "Touchdowns on fumble recoveries", 4)),
    added_later(_count("passing_40", "Passes completed for 40 yards or more", 12)),
    added_later(_count("rushing_40", "Rushes of 40 yards or more", 8)),
    added_later(_count("receiving_40", "Catches of 40 yards or more", 8)),
    added_later(
        _count(
            "pt_blocked",
            "Punts that the other team blocked; null before 2021 and in files of before October "
            "2025",
            4,
        )
    ),
    added_later(_count("punt_returns", "Punts returned", 20)),
    added_later(_count("kickoff_returns", "Kick-offs returned", 20)),
    _yards("punt_return_yards", "Punt return yards", 400, -99),
    _yards("kickoff_return_yards", "Kick-off return yards", 500, -99),
)
"""Columns of a stat line, one row per player and week; null if the source lacks the column.

Each bound is at least 1.5 times the record of any game: a season's total violates it, a record
game does not.
"""

LIST_COLUMNS = tuple(
    Column(
        name,
        "string",
        f"Lengths of the field goals {result}, yards, separated by semicolons; null for none",
        added=True,
    )
    for name, result in (
        ("fg_made_list", "made"),
        ("fg_missed_list", "missed"),
        ("fg_blocked_list", "blocked"),
    )
)
"""Columns of a stat line that list every kick."""

WEEKLY_STATS = Table(
    "weekly_stats",
    "Stat lines: one row per player and week with a stat line, all positions, with fantasy points "
    "by this project's scoring. Stats are those of nflverse's stats_player_week files, under the "
    "names of their columns. A stat is null if the source does not have it, or if the week was "
    "imported before the column existed. As in upstream's points, fantasy_points and its variants "
    "count neither a touchdown on a recovered own fumble nor a fumble lost on a return (25-38 "
    "player-weeks a season). fumble_recovery_tds and fumbles_lost_total have them, and a league's "
    "points count them by its rules.",
    PLAYER_WEEK,
    (
        SEASON,
        WEEK,
        PLAYER_ID,
        PLAYER_NAME,
        POSITION,
        TEAM,
        OPPONENT,
        Column(
            "season_type", "string", "REG: regular season; POST: play-offs", allowed=("REG", "POST")
        ),
        points_column(
            "fantasy_points",
            "Standard points, kicking excluded",
            PLAYER_POINTS,
            nullable=False,
        ),
        points_column(
            "fantasy_points_half",
            "Half-PPR points, kicking excluded",
            PLAYER_POINTS,
            nullable=False,
        ),
        points_column(
            "fantasy_points_ppr",
            "PPR points, kicking excluded",
            PLAYER_POINTS,
            nullable=False,
        ),
        points_column(
            "kicking_points",
            "Points from field goals and extra points",
            PLAYER_POINTS,
            nullable=False,
        ),
        points_column(
            "upstream_fantasy_points", "Standard points that upstream states", PLAYER_POINTS
        ),
        points_column(
            "upstream_fantasy_points_ppr", "PPR points that upstream states", PLAYER_POINTS
        ),
        Column(
            "source",
            "string",
            "Reader that delivered the row: nfl_data_py, nflreadpy or 'synthetic sample league'",
            nullable=False,
        ),
        *STAT_COLUMNS,
        *LIST_COLUMNS,
    ),
)

PROVISIONAL_STATS = Table(
    "provisional_stats",
    "Rows of weekly_stats as of the last import before the final one. A week whose only import was "
    "the final one has no rows.",
    PLAYER_WEEK,
    WEEKLY_STATS.columns,
)

STAT_CORRECTIONS = Table(
    "stat_corrections",
    "Stat corrections of the league: one row per player, week and stat that differs between "
    "provisional_stats and weekly_stats.",
    (*PLAYER_WEEK, "stat"),
    (
        SEASON,
        WEEK,
        PLAYER_ID,
        PLAYER_NAME,
        POSITION,
        TEAM,
        Column("stat", "string", "Name of the stat column in weekly_stats", required=True),
        Column("old", "float", "Value in provisional_stats; null if there was none"),
        Column("new", "float", "Value in weekly_stats; null if there is none"),
        Column(
            "points_difference",
            "float",
            "Change of PPR points, kicking included; a player's rows add up to his total change",
            unit="points",
        ),
    ),
)
