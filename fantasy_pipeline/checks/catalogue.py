"""The checks of each table: which rules they have, whether they block, what they read."""

from __future__ import annotations

from fantasy_pipeline.checks import projections, schedule, stats
from fantasy_pipeline.checks.base import Check, Problem, Rule, TableChecks
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.tables.contract import Table


def _contract(table: Table, columns: tuple[str, ...] = ()) -> Rule:
    """Rule that the values in the lake are those that the contract allows."""
    part = tuple(column for column in table.columns if not columns or column.name in columns)
    contract = Table(table.name, table.description, table.key, part, table.weekly)
    return lambda evidence: [
        Problem(None, text) for text in contract.violations(evidence.rows, keys=False)
    ]


def _keys(table: Table) -> Rule:
    """Rule that no key is null or repeats, across weeks either."""
    return lambda evidence: [
        Problem(None, text) for text in table.violations(evidence.rows, values=False)
    ]


_STATS = tuple(
    dict.fromkeys(
        (
            *tables.PLAYER_WEEK,
            *("player_name", "team", "opponent"),
            *("fantasy_points", "fantasy_points_ppr"),
            *("upstream_fantasy_points", "upstream_fantasy_points_ppr"),
            *(name for pair in stats.PARTS for name in pair),
            *stats.LINE,
            *("rushing_tds", "receiving_tds", "target_share", "receiving_yards"),
        )
    )
)
_PLAYERS = (
    *tables.PLAYER_WEEK,
    *("player_name", "position", "team", "opponent", "on_bye", "roster_status", "roster_source"),
    *("snap_share", *projections.PLATFORMS),
)
_ROSTER = (*tables.PLAYER_WEEK, "position", "roster_source", "on_bye")


def _projected(table: Table, label: str) -> TableChecks:
    return TableChecks(
        table,
        (
            Check(
                f"{table.name}_complete",
                f"{label}: every rostered fantasy player not on a bye has a row; no NaN; "
                "p10 <= p50 <= p90; points are what the stat line comes to, and whom the model "
                "expects something of has one.",
                {
                    "keys": _keys(table),
                    "contract": _contract(table),
                    "everybody": lambda e: projections.not_projected(
                        e.rows, e.beside["raw_players"]
                    ),
                    "quantiles": lambda e: projections.crossed_quantiles(e.rows),
                    "stat_line": lambda e: projections.other_than_the_line(e.rows),
                    "line": lambda e: projections.without_a_line(e.rows),
                },
            ),
        ),
        beside={"raw_players": _ROSTER},
    )


GAMES = TableChecks(
    tables.GAMES,
    (
        Check(
            "games_sound",
            "A team plays one game a week, against another, and both have a score or neither; "
            "teams play as many games as the others.",
            {
                "keys": _keys(tables.GAMES),
                "contract": _contract(tables.GAMES),
                "one_game_a_week": lambda e: schedule.odd_schedule(e.rows),
                "even": lambda e: schedule.uneven_schedule(e.rows),
            },
        ),
    ),
)

RAW_PLAYERS = TableChecks(
    tables.RAW_PLAYERS,
    (
        Check(
            "raw_players_against_schedule",
            "Every team with a game has players, as many as the others and of every position (no "
            "kicker is a warning); opponents and byes are the schedule's.",
            {
                "keys": _keys(tables.RAW_PLAYERS),
                "contract": _contract(tables.RAW_PLAYERS, _PLAYERS),
                "teams": lambda e: schedule.absent_teams(e.rows, e.games, e.weeks, e.now, False),
                "opponents": lambda e: schedule.wrong_opponents(e.rows, e.games, e.weeks),
                "byes": lambda e: schedule.wrong_byes(e.rows, e.games, e.weeks),
                "rosters": lambda e: schedule.thin_rosters(e.rows),
            },
        ),
        Check(
            "raw_players_ids",
            "Active fantasy players have the ids of the fantasy platforms; those without are "
            "listed.",
            {"mapped": lambda e: projections.unmapped_players(e.rows)},
            blocking=False,
            facts=lambda e: {
                "coverage": projections.id_coverage(e.rows),
                "without": projections.unmapped_names(e.rows),
            },
        ),
    ),
    _PLAYERS,
)

WEEKLY_STATS = TableChecks(
    tables.WEEKLY_STATS,
    (
        Check(
            "weekly_stats_against_schedule",
            "Every team that played has stat lines, as many as a game has, none has on a bye; "
            "opponents are the schedule's; nobody plays for another team than his roster's; no "
            "team's lines score more than the team did. A team whose lines are still to come is "
            "a warning for a week.",
            {
                "keys": _keys(tables.WEEKLY_STATS),
                "teams": lambda e: schedule.absent_teams(e.rows, e.games, e.weeks, e.now, True),
                "enough": lambda e: schedule.thin_teams(e.rows, e.games, e.weeks),
                "byes": lambda e: schedule.not_scheduled(e.rows, e.games, e.weeks),
                "opponents": lambda e: schedule.wrong_opponents(e.rows, e.games, e.weeks),
                "one_team": lambda e: schedule.on_two_teams(e.rows, e.beside["raw_players"]),
                "score": lambda e: stats.beyond_the_score(e.rows, e.games),
            },
        ),
        Check(
            "weekly_stats_bounds",
            "Stats are within what one game can hold, shares within 0-1, parts no more than the "
            "whole; lines are of a week, not of a season, and not another week's.",
            {
                "contract": _contract(tables.WEEKLY_STATS, _STATS),
                "parts": lambda e: stats.beyond_the_whole(e.rows),
                "weekly": lambda e: stats.season_totals(e.rows, e.past),
                "copied": lambda e: stats.copied_weeks(e.rows, e.past),
            },
        ),
        Check(
            "points_match_upstream",
            "Points by our scoring equal upstream's own, to 0.01, in every stat line; a few that "
            "do not, or that upstream does not give, are a warning.",
            {"points": lambda e: stats.other_points(e.rows)},
            facts=lambda e: {"rows": e.rows.num_rows},
        ),
        Check(
            "weekly_stats_final",
            "The week's stats are final: imported after the league's corrections, with every "
            "game. Until then they are provisional.",
            {"final": lambda e: stats.provisional_weeks(e.rows, e.games, e.weeks, e.now)},
            blocking=False,
        ),
        Check(
            "weekly_stats_anomalies",
            "Stat lines, points and passing yards per team are what they were in the season "
            "before; a week with fewer than 8 weeks before it is not compared.",
            {"trailing": lambda e: stats.anomalies(e.rows, e.past)},
            blocking=False,
            without={"trailing": lambda e: stats.not_compared(e.rows, e.past)},
        ),
    ),
    _STATS,
    has_past=True,
    beside={"raw_players": (*tables.PLAYER_WEEK, "team", "roster_source")},
)

SOURCE_PROJECTIONS = TableChecks(
    tables.SOURCE_PROJECTIONS,
    (
        Check(
            "source_projections_fresh",
            "No source repeats its week before, or another source; of a week with games some "
            "source has said something.",
            {
                "keys": _keys(tables.SOURCE_PROJECTIONS),
                "copies": lambda e: projections.same_projections(e.rows, e.past),
                "silent": lambda e: projections.nobody_said_anything(e.rows, e.games, e.weeks),
            },
        ),
    ),
    (*tables.SOURCE_PROJECTIONS.key, *projections.SAID),
    has_past=True,
)

ALL_CHECKS = (
    GAMES,
    RAW_PLAYERS,
    WEEKLY_STATS,
    SOURCE_PROJECTIONS,
    _projected(tables.MODEL_PROJECTIONS, "Our model"),
    _projected(tables.PROJECTIONS, "Consensus"),
)
BY_TABLE = {part.table.name: part for part in ALL_CHECKS}
