"""Points of rostered team defences, and what team totals leave out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import pyarrow as pa

from fantasy_pipeline.checks.leagues import league_point_differences
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, TEAM_DEFENSE_STATS, WEEKLY_STATS
from fantasy_pipeline.football.tables.leagues import LEAGUE_POINTS, LEAGUE_ROSTERS
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Team, TeamGame
from fantasy_pipeline.leagues import stat_lines
from fantasy_pipeline.leagues import tables as leagues
from fantasy_pipeline_tests.rows import Rows

SCORING = {"sack": 1.0, "int": 2.0, "def_4_and_stop": 2.0, "pass_td": 4.0}
OF = LeagueSeason(
    platform="sleeper",
    league_id="1",
    season=2024,
    title="a",
    slots=["QB", "DEF"],
    scoring=SCORING,
    teams=[Team("1", "one", None)],
)
GAME = {"season": 2024, "week": 1}


def scored(rows: Rows, defence: dict[str, Any] | None, stated: float) -> tuple[Any, Any]:
    """Return the points of Buffalo's rostered defence, and the match-up of its fantasy team."""
    spot = {**GAME, "league": "a", "team_id": "1", "started": True, "platform_points": stated}
    rosters = rows(
        LEAGUE_ROSTERS,
        {
            **spot,
            "platform_player_id": "BUF",
            "position": "DEF",
            "fantasy_positions": "DEF",
            "team": "BUF",
            "slot": "DEF",
        },
    )
    defences = [{**GAME, "team": "KC", "player_id": "DST-KC", "sacks": 9}]
    if defence is not None:
        defences.append({**GAME, "team": "BUF", "player_id": "DST-BUF", **defence})
    points = leagues.league_points(
        rosters, rows(WEEKLY_STATS), rows(TEAM_DEFENSE_STATS, *defences), leagues.scoring_of(OF)
    )
    games = {1: [TeamGame("1", None, stated, 1)]}
    [matchup] = leagues.league_matchups(points, rosters, games, OF).to_pylist()
    return points.to_pylist()[0], matchup


def test_a_team_defence_has_points_by_the_leagues_rules(rows: Rows) -> None:
    row, matchup = scored(rows, {"sacks": 3, "interceptions": 2}, 7.0)
    assert (row["points"], row["difference"], row["not_scored"]) == (7.0, 0.0, None)
    assert (matchup["points"], matchup["not_scored_points"], matchup["optimal_points"]) == (7, 0, 7)


def test_points_of_a_key_that_cannot_be_computed_are_not_scored(rows: Rows) -> None:
    row, matchup = scored(rows, {"sacks": 3}, 5.0)
    assert (row["points"], row["explained_by"]) == (3.0, "def_4_and_stop")
    assert (matchup["points"], matchup["not_scored_points"]) == (3.0, 2.0)
    # A team may stop several fourth downs of a game.
    row, matchup = scored(rows, {"sacks": 3}, 11.0)
    assert (row["explained_by"], matchup["not_scored_points"]) == ("def_4_and_stop", 8.0)
    # One point is no stop on fourth down.
    row, matchup = scored(rows, {"sacks": 3}, 4.0)
    assert (matchup["points"], matchup["not_scored_points"]) == (3.0, 0.0)


def test_shared_tackles_for_loss_are_named_beside_a_key_that_pays_as_much() -> None:
    scoring = leagues.scoring_of(replace(OF, scoring={"idp_tkl_loss": 2.0, "st_ff": 2.0}))
    why = partial(leagues.explanation, parts={}, scoring=scoring)
    assert why(-2.0, is_assisted=True) == why(-4.0, is_assisted=True) == "idp_tkl_loss or st_ff"
    assert why(-2.0, is_assisted=False) == "st_ff"
    assert why(2.0, is_assisted=True) == "idp_tkl_loss"
    assert why(-3.0, is_assisted=True) is None


def test_a_key_that_pays_the_player_explains_before_those_of_others() -> None:
    scoring = leagues.scoring_of(replace(OF, scoring={"fgmiss": -1.0, "fum": -1.0, "rec": 1.0}))
    assert leagues.explanation(1.0, {"fum": -2.0}, scoring) == "fum"
    assert leagues.explanation(-1.0, {"rec": 5.0}, scoring) == "rec"
    assert leagues.explanation(1.0, {}, scoring) == "fgmiss"


def test_tackles_of_the_offence_that_are_not_paid_explain_a_difference(rows: Rows) -> None:
    """The player has two tackles after no turnover of his team: they count as on kick returns."""
    settings = {"idp_tkl_solo": 1.0, "st_ff": 1.0, "rec": 0.5}
    stats = {**GAME, "player_id": "a", "team": "KC", "position": "WR", "def_tackles_solo": 2}
    lines = rows(WEEKLY_STATS, stats).append_column("turnovers", pa.array([0]))
    spot = {**GAME, "league": "a", "team_id": "1", "platform_player_id": "9", "player_id": "a"}
    scoring = leagues.scoring_of(replace(OF, scoring=settings))
    found = []
    for stated in (1.0, 2.0, 3.0):
        rosters = rows(LEAGUE_ROSTERS, {**spot, "position": "WR", "platform_points": stated})
        made = leagues.league_points(rosters, lines, rows(TEAM_DEFENSE_STATS), scoring)
        found += made["explained_by"].to_pylist()
    assert found == ["idp_tkl_solo or st_ff", "idp_tkl_solo or st_ff", None]


def test_a_defence_without_a_game_has_no_points(rows: Rows) -> None:
    row, _ = scored(rows, None, 0.0)
    assert (row["points"], row["difference"]) == (0.0, 0.0)


def test_a_week_without_team_defences_leaves_them_unscored(rows: Rows) -> None:
    rosters = rows(
        LEAGUE_ROSTERS,
        {**GAME, "league": "a", "team_id": "1", "platform_player_id": "BUF", "position": "DEF"},
    )
    points = leagues.league_points(
        rosters, rows(WEEKLY_STATS), rows(TEAM_DEFENSE_STATS), leagues.scoring_of(OF)
    )
    [row] = points.to_pylist()
    assert (row["points"], row["not_scored"]) == (None, leagues.NO_DEFENCE)


def matchups(rows: Rows, of: LeagueSeason, week: int, games: list[TeamGame]) -> list[Any]:
    """Return the match-ups of a week in which team 1 benched its better quarterback."""
    spot = {"season": 2024, "week": week, "league": "a", "team_id": "1", "platform_points": 0.0}
    players = [
        {**spot, "platform_player_id": name, "position": "QB", "points": points, "started": started}
        for name, points, started in (("a", 12.0, True), ("b", 20.0, False))
    ]
    rosters = [
        {**{key: row[key] for key in (*spot, "platform_player_id", "started")}, "slot": "QB"}
        | {"fantasy_positions": "QB"}
        for row in players
    ]
    made = leagues.league_matchups(
        rows(LEAGUE_POINTS, *players), rows(LEAGUE_ROSTERS, *rosters), {week: games}, of
    )
    return made.to_pylist()


def test_the_median_game_ends_with_the_regular_season(rows: Rows) -> None:
    of, games = replace(OF, median_game=True, playoff_week=15), [TeamGame("1", None, 12.0)]
    assert [matchups(rows, of, week, games)[0]["median_game"] for week in (14, 15)] == [True, False]
    coming = leagues.coming_matchups("a", SeasonWeek(2024, 15), games, of)
    assert coming["median_game"].to_pylist() == [False]


def test_a_team_without_players_scores_nothing(rows: Rows) -> None:
    games = [TeamGame("1", "2", 12.0), TeamGame("2", "1", 0.0, empty_slots=2)]
    one, two = matchups(rows, OF, 1, games)
    assert (one["opponent_id"], one["points"], one["optimal_points"]) == ("2", 12.0, 20.0)
    assert (two["league"], two["opponent_id"], two["points"]) == ("a", "1", 0.0)


def test_a_best_ball_team_scores_its_best_line_up(rows: Rows) -> None:
    [row] = matchups(rows, replace(OF, more={"best_ball": True}), 1, [TeamGame("1", None, 20.0)])
    assert (row["points"], row["platform_points"], row["optimal_points"]) == (20.0, 20.0, 20.0)


def test_only_keys_without_a_rule_are_noted() -> None:
    assert leagues.scoring_of(OF).notes == [
        "not scored: def_4_and_stop: downs and drives are not in the weekly file"
    ]


def test_players_whose_game_is_not_over_are_not_compared(rows: Rows) -> None:
    sunday = datetime(2024, 9, 8, 17, tzinfo=timezone.utc)
    schedule = rows(
        GAMES,
        {**GAME, "game_id": "a", "home_team": "BUF", "away_team": "ARI", "kickoff": sunday},
        {**GAME, "game_id": "b", "home_team": "KC", "away_team": "LV", "kickoff": sunday},
        {
            **{**GAME, "game_id": "c", "home_team": "SF", "away_team": "NYJ"},
            "kickoff": sunday + timedelta(days=1),
        },
    )
    lines = rows(WEEKLY_STATS, {**GAME, "player_id": "q", "team": "ARI", "passing_tds": 1})
    waiting = stat_lines.teams_to_play(
        schedule, lines, [SeasonWeek(2024, 1)], sunday + timedelta(hours=5)
    )
    # Of Kansas City's game the lake has no stats, San Francisco's is not over.
    assert {team for _, team in waiting} == {"KC", "LV", "SF", "NYJ"}
    spot = {**GAME, "league": "a", "team_id": "1", "position": "QB", "started": True}
    rosters = rows(
        LEAGUE_ROSTERS,
        {**spot, "platform_player_id": "1", "player_id": "q", "team": "ARI", "platform_points": 4},
        {**spot, "platform_player_id": "2", "player_id": "r", "team": "SF", "platform_points": 1},
    )
    scoring = leagues.scoring_of(OF)
    points = leagues.league_points(
        rosters,
        lines.append_column("st_snaps", pa.nulls(1)),
        rows(TEAM_DEFENSE_STATS),
        scoring,
        waiting,
    )
    played, waits = points.to_pylist()
    assert (played["points"], played["difference"]) == (4.0, 0.0)
    assert (waits["points"], waits["difference"]) == (None, None)
    assert waits["not_scored"] == leagues.TO_PLAY
    games = {1: [TeamGame("1", None, 5.0, 0)]}
    [matchup] = leagues.league_matchups(points, rosters, games, OF).to_pylist()
    assert (matchup["points"], matchup["not_scored_points"]) == (4.0, 0.0)


def test_a_week_to_come_has_pairings_without_points() -> None:
    games = [TeamGame("1", "2", None), TeamGame("2", "1", None)]
    table = leagues.coming_matchups("a", SeasonWeek(2024, 5), games, OF)
    assert [(row["team_id"], row["opponent_id"]) for row in table.to_pylist()] == [
        ("1", "2"),
        ("2", "1"),
    ]
    for name in ("points", "platform_points", "optimal_points"):
        assert table[name].null_count == 2


def compared(rows: Rows, factor: float, count: int) -> pa.Table:
    """Return players of whom the platform states points times a factor."""
    spot = {**GAME, "league": "a", "team_id": "1", "position": "RB"}
    return rows(
        LEAGUE_POINTS,
        *(
            {
                **spot,
                "platform_player_id": str(number),
                "points": float(number),
                "platform_points": round(factor * number, 2),
                "difference": round(number - factor * number, 2),
            }
            for number in range(1, count + 1)
        ),
    )


def test_points_times_a_factor_are_an_error(rows: Rows) -> None:
    [problem] = league_point_differences(compared(rows, 1.3, 30))
    assert problem.serious
    assert "0 of 30 players have the platform's points" in problem.text
    assert "the platform's points are 1.30 times those of the league's scoring" in problem.text
    assert league_point_differences(compared(rows, 1.0, 30)) == []


def test_single_differences_are_a_warning(rows: Rows) -> None:
    table = pa.concat_tables([compared(rows, 1.0, 30), compared(rows, 1.3, 10)])
    [problem] = league_point_differences(table)
    assert not problem.serious
    assert "30 of 40 players" in problem.text
