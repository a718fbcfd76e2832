"""Points of rostered team defences, and what team totals leave out."""

from __future__ import annotations

from typing import Any

from fantasy_pipeline.football.tables import TEAM_DEFENSE_STATS, WEEKLY_STATS
from fantasy_pipeline.football.tables.leagues import LEAGUE_ROSTERS
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Team, TeamGame
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
    # One point is no stop on fourth down.
    row, matchup = scored(rows, {"sacks": 3}, 4.0)
    assert (matchup["points"], matchup["not_scored_points"]) == (3.0, 0.0)


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


def test_only_keys_without_a_rule_are_noted() -> None:
    assert leagues.scoring_of(OF).notes == [
        "not scored: def_4_and_stop: downs and drives are not in the weekly file"
    ]
