"""Trades from the lake: who owns whom, points in the league's scoring, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import InvalidArgumentError, NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import LEAGUE_ROSTERS, PROJECTIONS, REST_OF_SEASON
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Playoffs, Team
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.trades import find_trade, judge_trade

Rows = Callable[..., pa.Table]
WEEK = SeasonWeek(2024, 16)
AT_WEEK = {"season": WEEK.season, "week": WEEK.week}
ROSTERS = {"1": ("allen", "cook", "hunt"), "2": ("hurts", "barkley"), "3": ("chase",)}
POINTS = {"allen": 20.0, "cook": 12.0, "hunt": 9.0, "hurts": 22.0, "barkley": 18.0, "chase": 16.0}


def spot(player: str, team: str) -> dict[str, Any]:
    position = "QB" if player in ("allen", "hurts") else "RB"
    names = {"player_id": player, "platform_player_id": player, "player_name": player.title()}
    at = {"league": "friends", "team_id": team, "position": position, "slot": "BN"}
    return {**AT_WEEK, **names, **at, "fantasy_positions": position, "started": False}


def projected(player: str, points: float) -> dict[str, Any]:
    """Return a player who is projected one rushing yard per tenth of a point."""
    ends = {f"projected_points{end}": points for end in ("", "_half", "_std")}
    about = {"player_id": player, "position": "RB", "source": "model"}
    return {**AT_WEEK, **about, **ends, "rushing_yards": 10 * points}


def coming(player: str, week: int, points: float) -> dict[str, Any]:
    ends = {f"points{end}": points for end in ("", "_half", "_std")}
    return {**AT_WEEK, "player_id": player, "target_week": week, **ends}


@pytest.fixture
def filled(lake: Lake, rows: Rows) -> Lake:
    teams = [Team(team) for team in ROSTERS]
    slots = ["QB", "RB", "BN"]
    # Twice the usual points of rushing yards.
    season = LeagueSeason("file", "x", 2024, "Friends", slots, {"rush_yd": 0.2}, teams)
    registry.store(lake, "friends", [season])
    spots = [spot(player, team) for team, players in ROSTERS.items() for player in players]
    lake.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, *spots), [WEEK])
    lines = [projected(player, points) for player, points in POINTS.items()]
    lake.write_weeks(PROJECTIONS, rows(PROJECTIONS, *lines), [WEEK])
    weeks = [
        coming(player, week, 0.0 if (player, week) == ("barkley", 17) else points)
        for player, points in POINTS.items()
        for week in (16, 17, 18)
    ]
    lake.write_weeks(REST_OF_SEASON, rows(REST_OF_SEASON, *weeks), [WEEK])
    return lake


def test_a_trade_counts_byes_and_the_bench(filled: Lake) -> None:
    """Barkley rests in week 17, when Hunt starts; all points are twice the usual ones."""
    found = judge_trade(filled, "friends", WEEK, ["cook"], ["barkley"])
    assert found.weeks == 3
    sides = [(side.team.team_id, side.names) for side in found.sides]
    assert sides == [("1", ["Cook"]), ("2", ["Barkley"])]
    mine, other = (side.change for side in found.sides)
    assert (mine.before, mine.after) == (2 * 3 * 32.0, 2 * (3 * 20 + 18 + 9 + 18))
    assert (other.before, other.after) == (2 * (3 * 22 + 36), 2 * 3 * (22 + 12))


@pytest.mark.parametrize("slot", ["IR", "TAXI"])
def test_a_player_on_reserve_starts_in_later_weeks_only(
    filled: Lake, rows: Rows, slot: str
) -> None:
    """Barkley rests in week 17, so he starts in week 18 only."""
    spots = [spot(player, team) for team, players in ROSTERS.items() for player in players]
    spots = [{**row, "slot": slot} if row["player_id"] == "barkley" else row for row in spots]
    filled.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, *spots), [WEEK])
    mine, other = judge_trade(filled, "friends", WEEK, ["cook"], ["barkley"]).sides
    assert mine.change.after == 2 * (3 * 20 + 9 + 9 + 18)
    assert (other.change.before, other.change.after) == (2 * (3 * 22 + 18), 2 * 3 * (22 + 12))
    for trade in find_trade(filled, "friends", WEEK).trades:
        gives = ([row["player_id"] for row in side.gives] for side in trade.sides)
        assert judge_trade(filled, "friends", WEEK, *gives) == trade


@pytest.mark.parametrize(("reserved", "spots"), [((), 4), (("cook",), 3)])
def test_reserve_spots_count_where_the_platform_does_not_state_who_is_there(
    filled: Lake, rows: Rows, reserved: Sequence[str], spots: int
) -> None:
    season = registry.stored_season(filled, "friends", 2024)
    assert season is not None
    registry.keep(filled, "friends", replace(season, slots=["QB", "RB", "BN", "IR"]))
    everybody = [spot(player, team) for team, players in ROSTERS.items() for player in players]
    everybody += [spot("kelce", "1"), spot("kupp", "1")]
    everybody = [
        {**row, "slot": "IR"} if row["player_id"] in reserved else row for row in everybody
    ]
    filled.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, *everybody), [WEEK])
    with pytest.raises(InvalidArgumentError, match=f"has {spots} spots; let it give more players"):
        judge_trade(filled, "friends", WEEK, ["hunt"], ["hurts", "barkley"])


def test_a_season_that_ended_has_no_trades(filled: Lake) -> None:
    season = registry.stored_season(filled, "friends", 2024)
    assert season is not None
    ended = replace(season, playoff_week=13, playoffs=Playoffs(4, [1, 2]))
    registry.keep(filled, "friends", ended)
    message = "league friends 2024: the season ended with week 15. Choose a week up to 15"
    with pytest.raises(PipelineError, match=message):
        judge_trade(filled, "friends", WEEK, ["cook"], ["barkley"])
    with pytest.raises(PipelineError, match=message):
        find_trade(filled, "friends", WEEK)
    # A league that ends with week 16 does not count the weeks after it.
    registry.keep(filled, "friends", replace(ended, playoff_week=14))
    found = judge_trade(filled, "friends", WEEK, ["cook"], ["barkley"])
    assert found.weeks == 1
    assert found.sides[0].change.before == 2 * 32.0
    assert all(trade.weeks == 1 for trade in find_trade(filled, "friends", WEEK).trades)


def test_the_best_trade_of_a_league_is_found(filled: Lake) -> None:
    """Team 3 starts no quarterback, and team 1 starts one back: both gain by Hunt for Chase."""
    with pytest.raises(InvalidArgumentError, match="there is no team '9'"):
        find_trade(filled, "friends", WEEK, "9")
    found = find_trade(filled, "friends", WEEK, top=1)
    assert found.compared == 6 + 3 + 2 + 3, "two for two between teams 1 and 2 only"
    for trade in found.trades:
        judged = judge_trade(
            filled, "friends", WEEK, *([row["player_id"] for row in s.gives] for s in trade.sides)
        )
        assert judged == trade
        assert all(side.change.change > 0 for side in trade.sides)


def test_a_team_defence_is_traded_by_its_projected_name(filled: Lake, rows: Rows) -> None:
    spots = filled.read(LEAGUE_ROSTERS, [WEEK]).to_pylist()
    [chase] = [row for row in spots if row["player_id"] == "chase"]
    about = {"player_id": "DST-CIN", "platform_player_id": "CIN", "player_name": "CIN"}
    chase |= {**about, "position": "DEF", "fantasy_positions": "DEF", "team": "CIN"}
    filled.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, *spots), [WEEK])
    trade = judge_trade(filled, "friends", WEEK, ["hurts"], ["CIN D/ST"])
    assert trade.sides[1].names == ["CIN"]


@pytest.mark.parametrize(
    ("give", "get", "message"),
    [
        (["cook"], ["nobody"], "no player named 'nobody' is on a team of the league"),
        (["cook"], ["hunt"], "players of the same team"),
        (["cook"], ["hurts", "chase"], r"--get: the players are not of one team: Hurts \(team 2\)"),
        (["cook", "cook"], ["hurts"], "--give: the same player is named twice"),
        (["cook"], ["hurts", "barkley"], "team 1 would have 4 players and has 3 spots"),
    ],
)
def test_wrong_trades(filled: Lake, give: list[str], get: list[str], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        judge_trade(filled, "friends", WEEK, give, get)


def test_without_the_rest_of_the_season(filled: Lake) -> None:
    filled.write_weeks(REST_OF_SEASON, REST_OF_SEASON.arrow_schema.empty_table(), [WEEK])
    with pytest.raises(PipelineError, match="the regular season is over"):
        judge_trade(filled, "friends", WEEK, ["cook"], ["barkley"])
    with pytest.raises(NotMaterializedError, match="rest_of_season 2024 week 17: not in the lake"):
        judge_trade(filled, "friends", SeasonWeek(2024, 17), ["cook"], ["barkley"])
