"""Wrong answers are refused in one line, and the lake keeps what it has of the league."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fantasy_pipeline.errors import PipelineError, SourceError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.answers import (
    check_scoring,
    coming_week_of,
    season_of,
    season_of_file,
    week_of,
    wrong_week,
)
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, LeagueWeek, Spot, Team, TeamGame
from fantasy_pipeline.ingest.leagues.desk import LeagueDesk
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests.ingest.leagues import invented

Rows = list[dict[str, Any]]


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    invented.sleeper_league(tmp_path / "mirror")
    return tmp_path / "mirror"


def sleeper(mirror: Path) -> Sleeper:
    return Sleeper(Transport(mirror.parent / "cache", str(mirror)))


def save(mirror: Path, name: str, answer: object) -> None:
    invented.save(mirror, f"{invented.SLEEPER}/{name}", answer)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sport": "nba"}, "league 700 is a league of the sport nba"),
        ({"roster_positions": ["XX", None, 3]}, "slots that are not known: 3, XX, None"),
        ({"roster_positions": []}, "has 0 roster slots"),
        ({"scoring_settings": None}, "league 700 has no scoring settings"),
        ({"scoring_settings": {"pass_yd": float("nan")}}, "key pass_yd pays nan, not a number"),
        ({"scoring_settings": {"pass_yd": 1e300}}, r"key pass_yd pays 1e\+300, not a number"),
        ({"scoring_settings": {"pass_yd": "4"}}, "the scoring key pass_yd is '4', not a number"),
        ({"season": "soon"}, "has another format"),
        ({"settings": 7}, "has another format"),
    ],
)
def test_a_wrong_season(mirror: Path, changes: dict[str, Any], message: str) -> None:
    invented.sleeper_league(mirror, **changes)
    with pytest.raises(SourceError, match=message) as refused:
        season_of(sleeper(mirror), "700", 2024)
    assert "What the lake has of it stays" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_answer_about_another_league(mirror: Path) -> None:
    save(mirror, "700.json", {**invented.LEAGUE, "league_id": "701"})
    with pytest.raises(SourceError, match="about league 700 is about league 701"):
        season_of(sleeper(mirror), "700")


def test_the_answer_of_another_season(mirror: Path) -> None:
    with pytest.raises(SourceError, match="about league 700 is of season 2024"):
        season_of(sleeper(mirror), "700", 2023)


def test_negative_and_repeated_team_ids(mirror: Path) -> None:
    save(mirror, "700/rosters.json", [{**row, "roster_id": -1} for row in invented.ROSTERS[:1]])
    with pytest.raises(SourceError, match="has a team with the id -1"):
        season_of(sleeper(mirror), "700")
    save(mirror, "700/rosters.json", [{**row, "roster_id": 1} for row in invented.ROSTERS])
    with pytest.raises(SourceError, match="more than one team 1"):
        season_of(sleeper(mirror), "700")


def _one_game(rows: Rows) -> None:
    rows.append({**rows[0], "roster_id": 3})


def _negative(rows: Rows) -> None:
    rows[1]["roster_id"] = -2


def _twice(rows: Rows) -> None:
    rows[1]["players"].append("10")


def _repeated(rows: Rows) -> None:
    rows[1] |= {"roster_id": 1, "matchup_id": 2}


def _endless(rows: Rows) -> None:
    rows[0]["players_points"]["10"] = float("nan")


def _huge(rows: Rows) -> None:
    rows[0]["points"] = 1e300


def _text(rows: Rows) -> None:
    rows[0]["points"] = "many"


def _no_team(rows: Rows) -> None:
    del rows[0]["roster_id"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_one_game, "match-up 1 has 3 teams, not 2"),
        (_negative, "team -2 is not in the league, which has teams 1, 2"),
        (_twice, "player 10 is on the teams 1 and 2"),
        (_repeated, "team 1 is in the answer twice"),
        (_endless, "player 10 has nan points"),
        (_huge, r"team 1 has 1e\+300 points"),
        (_text, "has another format"),
        (_no_team, "has another format"),
    ],
)
def test_a_wrong_week(mirror: Path, change: Callable[[Rows], None], message: str) -> None:
    rows = copy.deepcopy(invented.WEEK)
    change(rows)
    save(mirror, "700/matchups/1.json", rows)
    adapter = sleeper(mirror)
    season = season_of(adapter, "700")
    with pytest.raises(SourceError, match=message) as refused:
        week_of(adapter, season, 1)
    assert str(refused.value).startswith("league 2024 week 1: ")
    # The other weeks can be used.
    assert week_of(adapter, season, 2).games


def test_a_wrong_week_names_the_league_and_keeps_the_season(mirror: Path) -> None:
    lake = Lake(str(mirror.parent / "lake"), "nfl")
    adapter = sleeper(mirror)
    registered = registry.store(lake, "friends", [season_of(adapter, "700")])
    save(mirror, "700.json", {**invented.LEAGUE, "scoring_settings": {}})
    save(mirror, "700/matchups/1.json", {"error": "no"})
    desk = LeagueDesk(lake, {"sleeper": sleeper(mirror)})
    kept, [warning] = desk.refresh(registered, 2024)
    assert kept is not None
    assert kept.scoring == invented.LEAGUE["scoring_settings"]
    assert warning.startswith("league friends 2024: league 700 has no scoring settings.")
    with pytest.raises(SourceError, match=r"^league friends 2024 week 1: matchups 1 is a dict"):
        desk.week(registered, SeasonWeek(2024, 1))
    assert desk.week(registered, SeasonWeek(2024, 2)).games


def test_a_week_to_come_has_pairings_and_no_points(mirror: Path) -> None:
    adapter = sleeper(mirror)
    found = coming_week_of(adapter, season_of(adapter, "700"), 2)
    assert {spot.points for spot in found.spots} == {None}
    assert [(game.opponent_id, game.points) for game in found.games] == [("2", None), ("1", None)]
    assert [game.playoff_round for game in found.games] == [1, 1]


@pytest.mark.parametrize("answer", [None, [], "absent"])
def test_a_week_to_come_without_match_ups_has_the_current_rosters(
    mirror: Path, answer: object
) -> None:
    players = {1: ["10", "20", "30", "LAR"], 2: ["50"]}
    rosters = [
        {**row, "players": players[row["roster_id"]], "starters": players[row["roster_id"]][:1]}
        for row in invented.ROSTERS
    ]
    save(mirror, "700/rosters.json", rosters)
    if answer != "absent":
        save(mirror, "700/matchups/9.json", answer)
    adapter = sleeper(mirror)
    found = coming_week_of(adapter, season_of(adapter, "700"), 9)
    assert found.games == []
    assert [(s.team_id, s.player, s.slot) for s in found.spots] == [
        ("1", "10", "QB"),
        ("1", "20", "BN"),
        ("1", "30", "IR"),
        ("1", "LAR", "BN"),
        ("2", "50", "QB"),
    ]


def test_wrong_current_rosters_are_refused(mirror: Path) -> None:
    save(mirror, "700/rosters.json", [{**row, "players": ["10"]} for row in invented.ROSTERS])
    adapter = sleeper(mirror)
    with pytest.raises(SourceError, match="league 2024 week 9: player 10 is on the teams 1 and 2"):
        coming_week_of(adapter, season_of(adapter, "700"), 9)


OF = LeagueSeason(
    platform="espn",
    league_id="1",
    season=2024,
    title="a",
    slots=["QB"],
    scoring=[],
    teams=[Team("1"), Team("2"), Team("3")],
)


def test_games_of_any_platform() -> None:
    one, two = TeamGame("1", "2", 1.0), TeamGame("2", "1", 1.0)
    assert wrong_week(LeagueWeek([], [one, two]), OF) is None
    assert wrong_week(LeagueWeek([], [one, replace(two, opponent_id="3")]), OF) == (
        "team 1 plays team 2, which plays another one"
    )
    assert "team 9 is not in the league" in str(
        wrong_week(LeagueWeek([], [replace(one, opponent_id="9")]), OF)
    )
    spots = [Spot("1", "7", "QB", 0, name="Ann"), Spot("2", "7", "QB", 0, name="Ann")]
    assert wrong_week(LeagueWeek(spots, [one, two]), OF) == "player Ann is on the teams 1 and 2"


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([{"statId": 3, "points": float("inf")}], "stat 3 pays inf"),
        ([{"statId": 3, "pointsOverrides": {"16": -1e300}}], r"stat 3 pays -1e\+300"),
        ([{"points": 1}], "statId is None, not a number"),
        ([3], "scoring item 3 is not an object"),
    ],
)
def test_wrong_scoring_items_of_espn(items: list[Any], message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        check_scoring(items)


FILE = """
season: 2024
slots: [QB, BN]
scoring: {pass_yd: 0.04}
rosters: rosters.csv
matchups: games.csv
"""
ROSTERS = "week,team,player,slot,points\n1,A,00-0000001,QB,4\n1,B,00-0000002,QB,5\n"
GAMES = "week,team,opponent,points\n1,A,B,4\n1,B,A,5\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("00-0000002", "00-0000001", "week 1: player 00-0000001 is on the teams A and B"),
        ("1,B,00-0000002,QB", "1,B,00-0000002,XX", "line 3: the league has no slot XX; it has BN"),
        ("QB,5", "QB,nan", "line 3: nan is not a number of points"),
        ("1,B,00", "99,B,00", "line 3: there is no week 99"),
        ("1,A,B,4", "1,A,C,4", "team C is not in the league"),
        ("1,A,B,4", "1,A,B,1e300", r"team A has 1e\+300 points"),
        ("1,B,A,5", "1,A,B,5", "line 3: team A has a second line of week 1"),
        ("QB", "XX", "slots that are not known: XX"),
        ("{pass_yd: 0.04}", "{}", "has no scoring settings"),
        ("0.04", ".nan", "the scoring key pass_yd pays nan"),
        ("0.04", "1.0e+300", "the scoring key pass_yd pays 1e"),
    ],
)
def test_a_wrong_file(tmp_path: Path, old: str, new: str, message: str) -> None:
    texts = {"league.yaml": FILE, "rosters.csv": ROSTERS, "games.csv": GAMES}
    assert any(old in text for text in texts.values())
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert season_of_file(tmp_path / "league.yaml").title == "league"
    for name, text in texts.items():
        (tmp_path / name).write_text(text.replace(old, new))
    with pytest.raises(PipelineError, match=message):
        season_of_file(tmp_path / "league.yaml")
