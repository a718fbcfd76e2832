"""Rules about the tables of leagues: each fires on the rows that break it, and on no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from fantasy_pipeline.checks import leagues
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import LEAGUE_POINTS, OPTIMAL_LINEUPS

Rows = Callable[..., pa.Table]
KEY = {"season": 2024, "week": 5, "league": "friends", "team_id": "1"}


def player(
    name: str, number: int, slot: str, points: float, kind: str = "actual"
) -> dict[str, Any]:
    about = {"platform_player_id": name, "player_name": name, "fantasy_positions": "RB/WR"}
    return {**KEY, **about, "kind": kind, "slot_number": number, "slot": slot, "points": points}


def started(name: str, points: float | None, stated: float, starts: bool = True) -> dict[str, Any]:
    more = {"points": points, "platform_points": stated, "started": starts}
    return {**KEY, "platform_player_id": name, **more}


def test_a_player_in_two_slots(rows: Rows) -> None:
    legal = [
        player("cook", 0, "RB", 9.0),
        player("hunt", 1, "FLEX", 8.0),
        player("cook", 0, "RB", 9.0, "projected"),
    ]
    assert leagues.twice_in_a_lineup(rows(OPTIMAL_LINEUPS, *legal)) == []
    twice = rows(OPTIMAL_LINEUPS, *legal, player("cook", 2, "FLEX", 9.0))
    [problem] = leagues.twice_in_a_lineup(twice)
    assert problem.week == SeasonWeek(2024, 5)
    assert "team 1: cook is in 2 slots of the actual line-up" in problem.text


def test_a_slot_that_a_player_cannot_fill(rows: Rows) -> None:
    unknown = {**player("x", 2, "QB", 1.0), "fantasy_positions": None}
    legal = [player("cook", 0, "WR", 9.0), player("hunt", 1, "FLEX", 8.0), unknown]
    assert leagues.wrong_positions(rows(OPTIMAL_LINEUPS, *legal)) == []
    [problem] = leagues.wrong_positions(rows(OPTIMAL_LINEUPS, *legal, player("a", 3, "TE", 1.0)))
    assert "team 1: a (RB/WR) is in slot TE" in problem.text


def test_a_best_lineup_below_the_started_one(rows: Rows) -> None:
    best = player("a", 0, "RB", 9.0), player("b", 0, "RB", 99.0, "projected")
    lineup = rows(OPTIMAL_LINEUPS, *best)
    own = [started("a", 9.0, 8.0), started("b", 50.0, 50.0, starts=False)]
    assert leagues.below_the_started(lineup, rows(LEAGUE_POINTS, *own)) == []
    more = rows(LEAGUE_POINTS, *own, started("c", None, 2.5))
    [problem] = leagues.below_the_started(lineup, more)
    assert not problem.serious
    assert "team 1: the best line-up has 9.00 points, and the started one 11.50" in problem.text
    assert leagues.below_the_started(lineup.slice(0, 0), more) == []


def test_points_that_differ_from_the_platforms(rows: Rows) -> None:
    equal = {**started("a", 9.0, 9.0), "difference": 0.0}
    apart = {**started("b", 9.0, 11.0), "difference": -2.0, "explained_by": "def_4_and_stop"}
    assert leagues.league_point_differences(rows(LEAGUE_POINTS, equal)) == []
    [problem] = leagues.league_point_differences(rows(LEAGUE_POINTS, equal, apart))
    assert not problem.serious
    assert "1 of 2 players have the platform's points" in problem.text
    assert "b 9.0 instead of 11.0 (def_4_and_stop)" in problem.text
