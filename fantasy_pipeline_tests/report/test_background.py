"""Test what the page shows of players beside the ranking."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from fantasy_pipeline.decisions.comparison import Game, Rest
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    PROJECTIONS,
    RAW_PLAYERS,
    REST_OF_SEASON,
    TEAM_DEFENSE_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.report.background import Background, background, players_json
from fantasy_pipeline.report.rows import read_rows
from fantasy_pipeline_tests.report.players import player
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2025, 10)
EARLIER = [SeasonWeek(2024, 18), *(SeasonWeek(2025, week) for week in range(1, 10))]
SUNDAY = datetime(2025, 11, 2, 18, tzinfo=timezone.utc)


@pytest.fixture
def filled(lake: Lake, rows: Rows) -> Lake:
    """A lake with a player, a team defence, their earlier games and the rest of the season."""
    for table in (PROJECTIONS, RAW_PLAYERS):
        of_week = [{**WEEK._asdict(), "player_id": name} for name in ("a", "DST-KC")]
        lake.write_weeks(table, rows(table, *of_week), [WEEK])
    lines = [
        {**week._asdict(), "player_id": name, "opponent": "BUF"}
        | {"fantasy_points": float(week.week), "fantasy_points_ppr": week.week + 3.0}
        for week in EARLIER
        for name in ("a", "nobody")
    ]
    lake.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, *lines), EARLIER)
    defences = [
        {**week._asdict(), "player_id": "DST-KC", "opponent": "LV", "points_espn": 7.0}
        for week in EARLIER[:2]
    ]
    lake.write_weeks(TEAM_DEFENSE_STATS, rows(TEAM_DEFENSE_STATS, *defences), EARLIER[:2])
    coming = [
        {**WEEK._asdict(), "player_id": "a", "target_week": week}
        | {"points": 12.0, "points_half": 11.0, "points_std": 10.0}
        for week in range(10, 19)
    ]
    lake.write_weeks(REST_OF_SEASON, rows(REST_OF_SEASON, *coming), [WEEK])
    return lake


def test_latest_games_and_rest_of_season_by_scoring(filled: Lake) -> None:
    known = background(read_rows(filled, WEEK), ["a", "DST-KC"])
    assert [(game.week, game.points) for game in known.games["ppr"]["a"]] == [
        (week, week + 3.0) for week in (9, 8, 7, 6, 5)
    ]
    assert known.games["std"]["a"][0] == Game(2025, 9, "BUF", 9.0)
    assert [(game.season, game.points) for game in known.games["half"]["DST-KC"]] == [
        (2025, 7.0),
        (2024, 7.0),
    ]
    rests = {scoring: rest["a"] for scoring, rest in known.rest.items()}
    assert {scoring: (one.games, one.points) for scoring, one in rests.items()} == {
        "std": (9, 90.0),
        "half": (9, 99.0),
        "ppr": (9, 108.0),
    }
    assert rests["ppr"].playoffs == 36.0


def test_a_lake_without_these_tables_has_no_background(lake: Lake, rows: Rows) -> None:
    for table in (PROJECTIONS, RAW_PLAYERS):
        lake.write_weeks(table, rows(table, {**WEEK._asdict(), "player_id": "a"}), [WEEK])
    assert background(read_rows(lake, WEEK), ["a"]) == Background()


def test_a_lake_without_team_defences_has_the_games_of_players(lake: Lake, rows: Rows) -> None:
    for table in (PROJECTIONS, RAW_PLAYERS):
        lake.write_weeks(table, rows(table, {**WEEK._asdict(), "player_id": "a"}), [WEEK])
    line = {**EARLIER[-1]._asdict(), "player_id": "a", "fantasy_points": 4.0}
    lake.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, line), EARLIER[-1:])
    [game] = background(read_rows(lake, WEEK), ["a"]).games["std"]["a"]
    assert game.points == 4.0


def test_the_games_of_kickers_count_their_kicks(lake: Lake, rows: Rows) -> None:
    for table in (PROJECTIONS, RAW_PLAYERS):
        lake.write_weeks(table, rows(table, {**WEEK._asdict(), "player_id": "k"}), [WEEK])
    line = {**EARLIER[-1]._asdict(), "player_id": "k", "fantasy_points": 0.0, "kicking_points": 9.0}
    lake.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS, line), EARLIER[-1:])
    [game] = background(read_rows(lake, WEEK), ["k"]).games["std"]["k"]
    assert game.points == 9.0


@pytest.mark.parametrize(("hour", "latest"), [(21, 8), (23, 9)])
def test_games_that_were_not_over_are_left_out(
    filled: Lake, rows: Rows, hour: int, latest: int
) -> None:
    games = [
        {**week._asdict(), "game_id": str(week), "home_team": "KC", "away_team": "BUF"}
        | {"kickoff": SUNDAY.replace(day=2 if week == EARLIER[-1] else 1)}
        for week in EARLIER
    ]
    filled.write(GAMES, rows(GAMES, *games))
    known = background(read_rows(filled, WEEK, SUNDAY.replace(hour=hour)), ["a"])
    assert known.games["ppr"]["a"][0].week == latest


def parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_page_has_what_is_known() -> None:
    games = {s: {"a": [Game(2024, 18, None, 7.123)]} for s in ("std", "half", "ppr")}
    rest = {s: {"a": Rest(8, 100.0, 50.0, 150.0, 40.0, s)} for s in ("std", "half", "ppr")}
    known = player(
        "a",
        line={"carries": 12.34, "receptions": 0.01},
        implied_total=24.5,
        spread_line=-3.0,
        matchup=1.083,
        injury="Knee",
        practice="limited",
    )
    made = players_json(
        2025, [known, player("b")], Background(games, rest), {"a": [("ESPN", 9.87, "PPR")]}
    )
    content = parsed(made)
    assert (content["season"], content["late"], content["most"]) == (2025, "Weeks 15-17", 4)
    first, second = content["players"]
    [(stat, carries)] = first.pop("line")
    assert (content["stats"][stat], carries) == ("carries", 12.3)
    assert first == {
        **{"total": 24.5, "spread": -3.0, "allows": 8, "injury": "Knee, limited"},
        "says": [["ESPN", 9.9, "PPR"]],
        "games": [[2024, 18, "", 7.1, 7.1, 7.1]],
        "rest": [8, *[[100.0, 50.0, 150.0, 40.0]] * 3],
    }
    assert second == {}


def test_a_text_cannot_close_the_script_element() -> None:
    made = players_json(2025, [player("a", injury="</script><b>")], Background(), {})
    assert "<" not in made
    assert parsed(made)["players"] == [{"injury": "</script><b>"}]
