"""List the checks of each table: their rules, whether they block a write, and what they read."""

from __future__ import annotations

from fantasy_pipeline.checks import (
    fixtures,
    game,
    injuries,
    levels,
    projections,
    rosters,
    schedule,
    seasons,
    source_points,
    stats,
    team_defense,
    usage,
)
from fantasy_pipeline.checks.base import (
    SEASON_OF_WEEKS,
    Check,
    TableChecks,
)
from fantasy_pipeline.checks.contracts import contract, keys
from fantasy_pipeline.checks.defenders import DEFENDER_PROJECTIONS
from fantasy_pipeline.checks.leagues import LEAGUE_POINTS, OPTIMAL_LINEUPS
from fantasy_pipeline.checks.news import NEWS
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.ingest.source_copies import COMPARED

_STATS = tuple(
    dict.fromkeys(
        (
            *tables.PLAYER_WEEK,
            *("player_name", "team", "opponent", "season_type"),
            *("fantasy_points", "fantasy_points_ppr"),
            *("upstream_fantasy_points", "upstream_fantasy_points_ppr"),
            *(name for pair in stats.PARTS for name in pair),
            *(*game.FUMBLES_LOST, "fumble_recovery_opp"),
            *stats.LINE,
            *game.WHOLE,
            *levels.MEANS,
            *levels.NEVER_ZERO,
            *levels.SELDOM_ZERO,
            *game.FRACTIONAL,
            *("source", "target_share"),
        )
    )
)
_PAST_STATS = tuple(dict.fromkeys((*tables.PLAYER_WEEK, "team", *stats.LINE, "fantasy_points_ppr")))
_PLAYERS = (
    *tables.PLAYER_WEEK,
    *("player_name", "position", "team", "opponent", "on_bye", "roster_status", "roster_source"),
    *("injury_status", "injury", "practice_status", "offense_snaps"),
    *("snap_share", "st_snaps", "defense_snaps", "roster_week", "injury_modified_at"),
    *projections.PLATFORMS,
)
_PAST_PLAYERS = (
    *(*tables.PLAYER_WEEK, "player_name", "position", "team", "injury_status", "injury"),
    *("practice_status", "offense_snaps", *projections.PLATFORMS),
)
_ROSTER = (*tables.PLAYER_WEEK, "position", "roster_source", "on_bye")


def _projected(table: Table, label: str) -> TableChecks:
    return TableChecks(
        table,
        (
            Check(
                f"{table.name}_complete",
                f"{label}: every rostered fantasy player with a game has a row, without NaN and "
                "with p10 <= p50 <= p90. Points equal the fantasy points of the projected stat "
                "line, which has no more receptions than targets and no more completions than "
                "attempts. Every player whom the model projects a point or more has a stat line.",
                {
                    "keys": keys(table),
                    "contract": contract(table),
                    "everybody": lambda e: projections.unprojected_players(
                        e.rows, e.other_tables["raw_players"]
                    ),
                    "quantiles": lambda e: projections.unordered_quantiles(e.rows),
                    "stat_line": lambda e: projections.stat_line_mismatches(e.rows),
                    "parts": lambda e: projections.parts_exceed_totals(e.rows),
                    "line": lambda e: projections.missing_stat_lines(e.rows),
                },
            ),
        ),
        other_tables={"raw_players": _ROSTER},
    )


GAMES = TableChecks(
    tables.GAMES,
    (
        Check(
            "games_sound",
            "Every team plays at most one game a week, against another team. A game has two "
            "scores or none. All teams have about the same number of games in a season. No "
            "play-off game is before the end of the regular season, and a week's games have 22-81 "
            "points on average (real weeks: 34-54). The check warns if a coming week lacks a team "
            "that has no bye, or has one kick-off for all games; if a game has no score while "
            "later games have one; if a spread is beyond 30 points (real: 27), a total outside "
            "20-70 (real: 28.5-63.5) or a week's mean total outside 30-62 (real: 38-50); if a "
            "spread of 2 points or more and the moneyline have different favourites; if a week's "
            "spreads are reversed against earlier weeks or against the results, or are mostly 0 "
            "(real: 14% at most); if 10% of a season's games are at neutral sites (real: 3%), or "
            "fewer than 40% or more than 95% are outdoors (real: 65-78%); if a game kicks off "
            "before 9 in New York; and if a week's mean points are outside 27-67.",
            {
                "keys": keys(tables.GAMES),
                "contract": contract(tables.GAMES),
                "one_game_a_week": lambda e: schedule.schedule_conflicts(e.rows),
                "even": lambda e: schedule.uneven_game_counts(e.rows),
                "kickoffs": lambda e: fixtures.single_kickoffs(e.rows, e.now),
                "scores": lambda e: fixtures.missing_scores(e.rows),
                "off": lambda e: fixtures.missing_games(e.rows, e.now),
                "lines": lambda e: fixtures.impossible_lines(e.rows),
                "totals": lambda e: fixtures.unusual_totals(e.rows),
                "reversed": lambda e: fixtures.reversed_spreads(e.rows),
                "level": lambda e: seasons.level_spreads(e.rows),
                "results": lambda e: seasons.unusual_results(e.rows),
                "places": lambda e: seasons.unusual_places(e.rows),
                "hours": lambda e: seasons.early_kickoffs(e.rows),
                "playoffs": lambda e: seasons.misplaced_playoffs(e.rows),
            },
        ),
    ),
)

RAW_PLAYERS = TableChecks(
    tables.RAW_PLAYERS,
    (
        Check(
            "raw_players_against_schedule",
            "Every team with a game has a complete roster, with players at every position (a "
            "missing kicker is a warning). Opponents and byes match the schedule.",
            {
                "keys": keys(tables.RAW_PLAYERS),
                "contract": contract(tables.RAW_PLAYERS, _PLAYERS),
                "teams": lambda e: schedule.missing_teams(e.rows, e.games, e.weeks, e.now, False),
                "opponents": lambda e: schedule.wrong_opponents(e.rows, e.games, e.weeks),
                "byes": lambda e: schedule.wrong_byes(e.rows, e.games, e.weeks),
                "rosters": lambda e: schedule.incomplete_rosters(e.rows),
            },
        ),
        Check(
            "raw_players_usual",
            "Roster statuses, injury reports, snap counts and ids are like those of real weeks. "
            "35-97% of the players are active (real weeks: 49-62%) and at least 25% of every "
            "team's (real: 41%); at most 35% are on reserve (real: 20%). In the worst real week, "
            "2.7 players per team are out, 4.2 questionable and 1.4 doubtful: 1.5 times that is a "
            "warning, 2.2 times is refused. The injury report and the snaps differ from the week "
            "before's (real: at most 33% and 12% are the same). A team has 11 players on the field "
            "(real: at most 11.8). At most two ids of a platform belong to several players, and "
            "ids do not change (real: 0%). At most 10% of the players have another position than "
            "the week before (real: 1%; a warning from 3%), and at most 3 players of a team "
            "another fantasy position (real: 1; a warning from 3). Other snaps and snap shares "
            "match the snaps (real: 100%). The check warns if a team has no injury report while "
            "the other teams have at least 5 players on it (real: one team each in 6 of 203 "
            "weeks); if a report has less than 70% as many players per team as the week before "
            "(real: 82%), nearly nobody out or questionable, one practice status for most players, "
            "a position without players, or dates of another week (real: none); and if only some "
            "teams have an earlier roster (real: none).",
            {
                "statuses": lambda e: rosters.unusual_statuses(e.rows),
                "injuries": lambda e: injuries.unusual_injury_reports(e.rows),
                "games": lambda e: injuries.reports_without_status(e.rows, e.games, e.now),
                "reported": lambda e: injuries.teams_without_report(e.rows, e.games, e.now),
                "short": lambda e: injuries.short_reports(e.rows, e.past, e.games, e.now),
                "one_sided": lambda e: injuries.one_sided_reports(e.rows, e.games, e.now),
                "dated": lambda e: injuries.misdated_reports(e.rows, e.games),
                "repeated": lambda e: rosters.repeated_reports(e.rows, e.past),
                "snaps": lambda e: rosters.impossible_snaps(e.rows),
                "other_snaps": lambda e: rosters.unlike_snaps(e.rows),
                "earlier": lambda e: rosters.earlier_rosters(e.rows),
                "shared": lambda e: rosters.shared_ids(e.rows),
                "changed": lambda e: rosters.changed_ids(e.rows, e.past),
                "positions": lambda e: rosters.changed_positions(e.rows, e.past),
            },
        ),
        Check(
            "raw_players_ids",
            "Active fantasy players have ids of the fantasy platforms (Sleeper, ESPN, Yahoo and "
            "others). The result lists players without an id.",
            {"mapped": lambda e: projections.unmapped_players(e.rows)},
            blocking=False,
            facts=lambda e: {
                "coverage": projections.id_coverage(e.rows),
                "without": projections.unmapped_names(e.rows),
            },
        ),
    ),
    _PLAYERS,
    past_weeks=1,
    past_columns=_PAST_PLAYERS,
)

WEEKLY_STATS = TableChecks(
    tables.WEEKLY_STATS,
    (
        Check(
            "weekly_stats_against_schedule",
            "Every team that played has a plausible number of stat lines, and no team on a bye has "
            "any. Opponents and season types match the schedule, and players' teams match their "
            "rosters. Missing stat lines of a team are a warning until 7 days after its kick-off. "
            "Of a week in progress, only the games that are over count.",
            {
                "keys": keys(tables.WEEKLY_STATS),
                "teams": lambda e: schedule.missing_teams(
                    e.rows, e.covered_games, e.weeks, e.now, True
                ),
                "enough": lambda e: schedule.too_few_stat_lines(e.rows, e.covered_games, e.weeks),
                "byes": lambda e: schedule.unscheduled_teams(e.rows, e.covered_games, e.weeks),
                "opponents": lambda e: schedule.wrong_opponents(e.rows, e.covered_games, e.weeks),
                "season_type": lambda e: schedule.wrong_season_types(e.rows, e.games),
                "one_team": lambda e: schedule.roster_team_mismatches(
                    e.rows, e.other_tables["raw_players"]
                ),
            },
        ),
        Check(
            "weekly_stats_add_up",
            "The lines of each team are those of one whole game. Passers and receivers have the "
            "same completions, touchdowns, first downs and two-point conversions (100% of the "
            "5,614 team-games of 2015-2025), and the same yards within 1 yard (100%). No team has "
            "more targets than pass attempts (100%). Target shares add up to 1 (100%). The "
            "opponent made the interceptions that the team threw (100%) and the sacks that it "
            "took, at most 2 fewer and 1 more (100%), and recovered the fumbles that it lost: "
            "within 2 without those of returners (100%), and with them, since 2021, all or all but "
            "1 (100% of 2,406 team-games). In a full week, 50-130% of the recovered fumbles were "
            "lost (real weeks: 63-108%). The lines account for the score: never for more without "
            "safeties, and never for less by more than 2 points besides safeties (100%; counted in "
            "full, 0.12% exceed it, because upstream credits each of several tacklers with a whole "
            "safety). Passers and receivers have the same air yards within 150 (real: 112), and "
            "WOPR follows from the shares (100%). Counts and yards are whole numbers (100% of "
            "184,834 lines). In the old release, 0.5% break these rules, so there a difference is "
            "a warning.",
            {
                "caught": lambda e: game.passes_not_caught(e.rows),
                "thrown": lambda e: game.targets_not_thrown(e.rows),
                "targets": lambda e: game.incomplete_target_shares(e.rows),
                "air": lambda e: game.unlike_air_yards(e.rows),
                "wopr": lambda e: game.wrong_weighted_shares(e.rows),
                "taken": lambda e: game.losses_nobody_took(e.rows),
                "fumbles": lambda e: game.fumbles_nobody_lost(e.rows),
                "score": lambda e: game.unexplained_scores(e.rows, e.games),
                "units": lambda e: game.broken_units(e.rows),
            },
        ),
        Check(
            "weekly_stats_against_rosters",
            "Players with a stat line are active on a roster (100% of the 79,721 lines of "
            "2021-2025) and were not out before the kick-off (all but 3 in 11 seasons). Players "
            "with three passes, carries and targets or more have a snap, and none has more of them "
            "than snaps plus one (100% of 21,087). Quarterbacks with 20 snaps have a stat line "
            "(100% of 5,797), and at most 3 skill players of a team with 20 snaps have none (100% "
            "of 5,608 team-games). Two plays without snaps, or three inactive players, are a "
            "warning, and so is a team without snap counts. At most 20% of the lines have another "
            "name than the player's roster (7%). Weeks without weekly rosters are not compared.",
            {
                "snaps": lambda e: usage.plays_without_snaps(e.rows, e.other_tables["raw_players"]),
                "lines": lambda e: usage.snaps_without_lines(e.rows, e.other_tables["raw_players"]),
                "counted": lambda e: usage.teams_without_snaps(
                    e.rows, e.other_tables["raw_players"]
                ),
                "names": lambda e: usage.lines_under_other_names(
                    e.rows, e.other_tables["raw_players"]
                ),
                "active": lambda e: usage.lines_of_inactive_players(
                    e.rows, e.other_tables["raw_players"], e.games
                ),
            },
        ),
        Check(
            "weekly_stats_bounds",
            "Stats are possible in one game: shares are within 0-1, receptions do not exceed "
            "targets and so on (100% of 184,834 lines), and kicks add up (all but 1 of 4,628 "
            "kickers' lines). The week's means per team are within 1.7 times those of the 178 "
            "full weeks of 2015-2025 (within 1.25 times without a warning), and no column is 0 "
            "for everybody that is 5 and more in each of them (a warning if it is 1-4 in one). "
            "Stat lines cover this week only: they are neither season totals nor copies of "
            "another week. A week has more solo tackles than assists (1.2 times as many and "
            "more), and expected points added follow the yards (correlation 0.43 and more for "
            "receivers).",
            {
                "contract": contract(tables.WEEKLY_STATS, _STATS),
                "parts": lambda e: stats.parts_exceed_totals(e.rows),
                "kicks": lambda e: stats.kicks_that_do_not_add_up(e.rows),
                "means": lambda e: levels.unusual_means(e.rows),
                "silent": lambda e: levels.silent_stats(e.rows),
                "tackles": lambda e: levels.exchanged_tackles(e.rows),
                "expected": lambda e: levels.unlike_yards(e.rows),
                "weekly": lambda e: stats.season_totals(e.rows, e.past),
                "copied": lambda e: stats.copied_weeks(e.rows, e.past),
            },
        ),
        Check(
            "points_match_upstream",
            "Fantasy points by our scoring equal upstream's to 0.01 in every stat line. A few "
            "differences, or a few points that upstream lacks, are a warning.",
            {"points": lambda e: stats.fantasy_point_mismatches(e.rows)},
            facts=lambda e: {"rows": e.rows.num_rows},
        ),
        Check(
            "weekly_stats_final",
            "The week's stats are final: they include every game and were imported after the "
            "league's stat corrections. Until then they are provisional.",
            {"final": lambda e: stats.provisional_weeks(e.rows, e.games, e.weeks, e.now)},
            blocking=False,
        ),
        Check(
            "weekly_stats_anomalies",
            "Stat lines, PPR points and passing yards per team are close to their average over the "
            "season of weeks before. A week with fewer than 8 earlier weeks in the lake is not "
            "compared.",
            {"trailing": lambda e: stats.anomalies(e.rows, e.past)},
            blocking=False,
            not_compared={"trailing": lambda e: stats.not_compared(e.rows, e.past)},
        ),
    ),
    _STATS,
    past_weeks=SEASON_OF_WEEKS,
    past_columns=_PAST_STATS,
    other_tables={
        "raw_players": (
            *(*tables.PLAYER_WEEK, "player_name", "position", "team", "pfr_id", "offense_snaps"),
            *("roster_source", "roster_status", "injury_status", "injury_modified_at"),
        )
    },
)

TEAM_DEFENSE_STATS = TableChecks(
    tables.TEAM_DEFENSE_STATS,
    (
        Check(
            "team_defense_sums",
            "Every team with a score and stat lines has a row, and the two sides of a game agree. "
            "Interceptions are those that the opponent threw, and sacks those of the players but "
            "for two.",
            {
                "keys": keys(tables.TEAM_DEFENSE_STATS),
                "contract": contract(tables.TEAM_DEFENSE_STATS),
                "sides": lambda e: team_defense.one_sided_games(e.rows),
                "teams": lambda e: team_defense.missing_defences(
                    e.rows, e.games, e.other_tables["weekly_stats"]
                ),
                "lines": lambda e: team_defense.unlike_stat_lines(
                    e.rows, e.other_tables["weekly_stats"]
                ),
            },
        ),
    ),
    other_tables={"weekly_stats": (*tables.PLAYER_WEEK, *team_defense.LINES)},
)

SOURCE_PROJECTIONS = TableChecks(
    tables.SOURCE_PROJECTIONS,
    (
        Check(
            "source_projections_fresh",
            "No source repeats its previous week or copies another source, and at least one source "
            "has projections for every week with games. The points of a position follow those of "
            "the week before (correlation 0.47 and more for quarterbacks, 0.76 for others), and no "
            "two players have each other's points at another source (in all files but one).",
            {
                "keys": keys(tables.SOURCE_PROJECTIONS),
                "copies": lambda e: projections.same_projections(e.rows, e.past),
                "followed": lambda e: source_points.unlike_week_before(e.rows, e.past),
                "exchanged": lambda e: source_points.exchanged_players(e.rows, e.past),
                "silent": lambda e: projections.weeks_without_sources(e.rows, e.games, e.weeks),
            },
        ),
    ),
    (*tables.SOURCE_PROJECTIONS.key, "player_name", "position", *COMPARED),
    past_weeks=SEASON_OF_WEEKS,
)

ALL_CHECKS = (
    GAMES,
    RAW_PLAYERS,
    WEEKLY_STATS,
    TEAM_DEFENSE_STATS,
    SOURCE_PROJECTIONS,
    _projected(tables.MODEL_PROJECTIONS, "Our model"),
    _projected(tables.PROJECTIONS, "Consensus"),
    DEFENDER_PROJECTIONS,
    LEAGUE_POINTS,
    OPTIMAL_LINEUPS,
    NEWS,
)
BY_TABLE = {part.table.name: part for part in ALL_CHECKS}
