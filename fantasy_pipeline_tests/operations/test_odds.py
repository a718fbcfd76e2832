"""Odds from the lake: weeks played, pairings to come, line-ups, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENDER_PROJECTIONS,
    LEAGUE_MATCHUPS,
    LEAGUE_ROSTERS,
    PROJECTIONS,
    REST_OF_SEASON,
)
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Playoffs, Team
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.odds import odds_inputs
from fantasy_pipeline.operations.rest_points import KEPT, KEPT_OF_OTHERS
from fantasy_pipeline_tests.cli.calling import call

Rows = Callable[..., pa.Table]
TEAMS = ("1", "2", "3", "4")
WEEK = SeasonWeek(2024, 3)
AT_WEEK = {"season": WEEK.season, "week": WEEK.week}
OPPONENTS = {
    "1": ["2", "3", "4", "2"],
    "2": ["1", "4", "3", "1"],
    "3": ["4", "1", "2", "4"],
    "4": ["3", "2", "1", "3"],
}
POINTS = {"1": (90.0, 120.0), "2": (80.0, 70.0), "3": (100.0, 95.0), "4": (60.0, 75.0)}
LEAGUE = LeagueSeason(
    "file",
    "x",
    2024,
    "Friends",
    ["QB", "BN"],
    {"rush_yd": 0.1},
    [Team(team, f"Team {team}") for team in TEAMS],
    playoff_week=5,
    playoffs=Playoffs(2, [1]),
    opponents=OPPONENTS,
)


def projected(team: str) -> dict[str, Any]:
    points = {f"projected_points{end}": 20.0 for end in ("", "_half", "_std")}
    about = {"player_id": f"p{team}", "position": "QB", "source": "model"}
    return {**AT_WEEK, **about, **points, "rushing_yards": 200.0}


def coming(team: str, week: int) -> dict[str, Any]:
    points = {f"points{end}": 20.0 + int(team) for end in ("", "_half", "_std")}
    return {**AT_WEEK, "player_id": f"p{team}", "target_week": week, **points}


@pytest.fixture
def home(tmp_path: Path, rows: Rows) -> Path:
    lake = lake_of(tmp_path)
    registry.store(lake, "friends", [LEAGUE])
    for week in (1, 2):
        games = [
            {
                **{"season": 2024, "week": week, "league": "friends", "team_id": team},
                "opponent_id": OPPONENTS[team][week - 1],
                # The platform states the first week only.
                "platform_points": POINTS[team][0] if week == 1 else None,
                "points": 0.0 if week == 1 else POINTS[team][1],
                "optimal_points": 125.0,
            }
            for team in TEAMS
        ]
        lake.write_weeks(LEAGUE_MATCHUPS, rows(LEAGUE_MATCHUPS, *games), [SeasonWeek(2024, week)])
    spots = [
        {
            **AT_WEEK,
            **{"league": "friends", "team_id": team, "slot": "QB", "started": True},
            **{"player_id": f"p{team}", "platform_player_id": f"p{team}", "position": "QB"},
        }
        for team in TEAMS
    ]
    lake.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, *spots), [WEEK])
    lake.write_weeks(PROJECTIONS, rows(PROJECTIONS, *map(projected, TEAMS)), [WEEK])
    rest = [coming(team, week) for team in TEAMS for week in (3, 4, 5)]
    lake.write_weeks(REST_OF_SEASON, rows(REST_OF_SEASON, *rest), [WEEK])
    return tmp_path


def lake_of(home: Path) -> Lake:
    return Lake(str(home / "data" / "lake"), "nfl")


def odds(home: Path, *words: str, week: int = 3) -> tuple[int, str, str]:
    at = ["--season", "2024", "--week", str(week)]
    return call(home, ["odds", "--league", "friends", *at, *words, "--source", "auto"])


def test_odds_records_and_power(home: Path) -> None:
    code, out, err = odds(home, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["league"], found["week"], found["simulations"]) == ("friends", 3, 10_000)
    teams = {row["team_id"]: row for row in found["teams"]}
    assert sum(row["playoffs"] for row in teams.values()) == pytest.approx(2.0)
    assert sum(row["title"] for row in teams.values()) == pytest.approx(1.0)
    # Two weeks: team 1 beat 2 and 3; team 3 beat 4; team 4 beat 2.
    records = {team: (row["wins"], row["losses"]) for team, row in teams.items()}
    assert records == {"1": (2, 0), "2": (0, 2), "3": (1, 1), "4": (1, 1)}
    first = teams["1"]
    assert (first["points"], first["all_play"], first["luck"]) == (210.0, 0.8333, 0.33)
    assert first["efficiency"] == pytest.approx(210 / 250)
    assert first["playoffs"] > teams["3"]["playoffs"] > teams["2"]["playoffs"]
    assert sorted(row["power"] for row in teams.values()) == [1, 2, 3, 4]
    assert odds(home, "--json")[1] == out, "the same lake has the same odds"


def test_the_table_for_people(home: Path) -> None:
    code, out, err = odds(home)
    assert code == 0, err
    header, *lines = out.splitlines()[1:]
    assert header.split() == [
        *("team", "record", "points", "all-play", "luck", "efficiency", "power", "wins"),
        *("playoffs", "bye", "title"),
    ]
    assert lines[0].split()[:4] == ["Team", "1", "2-0", "210.0"]
    assert len(lines) == 4


def test_weeks_without_pairings_are_drawn_and_named(home: Path) -> None:
    of = replace(LEAGUE, opponents={team: [*row[:3], "-"] for team, row in OPPONENTS.items()})
    registry.keep(lake_of(home), "friends", of)
    code, out, err = odds(home, "--json")
    assert code == 0, err
    assert json.loads(out)["drawn_weeks"] == [4]
    assert "states no pairings of 2024 week 4, so every simulated season draws them" in err


@pytest.mark.parametrize(
    ("changes", "week", "code", "message"),
    [
        ({}, 6, 1, "the season ended with week 5. Choose a week up to 5 with --season"),
        ({}, 4, 1, "league_matchups 2024 week 3: the lake has no points of league friends"),
        ({}, 2, 1, "league_rosters 2024 week 2: the lake has no rosters of league friends"),
        ({"playoff_week": None}, 3, 1, "its play-off week is not stored; add playoff_week"),
        ({"playoffs": Playoffs()}, 3, 1, "its number of play-off teams is not stored"),
        ({"playoffs": Playoffs(5)}, 3, 1, "5 teams make the play-offs, but the league has 4"),
        ({"platform": "sleeper", "playoffs": Playoffs()}, 3, 1, "is not stored; run `fantasy"),
    ],
)
def test_what_is_missing_is_named(
    home: Path, changes: dict[str, Any], week: int, code: int, message: str
) -> None:
    registry.keep(lake_of(home), "friends", replace(LEAGUE, **changes))
    found, out, err = odds(home, week=week)
    assert (found, out) == (code, "")
    [line] = [line for line in err.splitlines() if line.startswith("error: ")]
    assert message in line


def test_a_week_without_projections(home: Path) -> None:
    Path(lake_of(home).path(REST_OF_SEASON, WEEK)).unlink()
    code, out, err = odds(home)
    assert (code, out) == (1, "")
    assert "rest_of_season 2024 week 3: not in the lake. Make it with `fantasy-pipeline" in err


def test_a_week_that_is_paired_and_not_played_is_missing(home: Path, rows: Rows) -> None:
    games = [
        {"season": 2024, "week": 2, "league": "friends", "team_id": team, "opponent_id": other[1]}
        for team, other in OPPONENTS.items()
    ]
    week = SeasonWeek(2024, 2)
    games = [{**game, "points": 0.0} for game in games]
    lake_of(home).write_weeks(LEAGUE_MATCHUPS, rows(LEAGUE_MATCHUPS, *games), [week])
    code, _, err = odds(home)
    assert code == 1
    assert "league_matchups 2024 week 2: the lake has no points of league friends" in err


def test_a_league_whose_teams_do_not_meet_has_no_odds(home: Path, rows: Rows) -> None:
    games = [
        {"season": 2024, "week": 2, "league": "friends", "team_id": team, "points": 9.0}
        for team in TEAMS
    ]
    week = SeasonWeek(2024, 2)
    lake_of(home).write_weeks(LEAGUE_MATCHUPS, rows(LEAGUE_MATCHUPS, *games), [week])
    code, _, err = odds(home)
    assert code == 1
    assert "league_matchups 2024 week 2: league friends has no pairings" in err


def test_an_unknown_season(home: Path) -> None:
    code, _, err = call(
        home, ["odds", "--league", "friends", "--season", "2023", "--week", "3", "--source", "auto"]
    )
    assert code == 2
    assert "league friends has no season 2023; it has 2024" in err


def test_team_defences_differ_by_team(home: Path, rows: Rows) -> None:
    lake = lake_of(home)
    registry.keep(lake, "friends", replace(LEAGUE, slots=["QB", "DEF", "BN"]))
    before = odds_inputs(lake, "friends", LEAGUE, WEEK).projected
    spots = lake.read(LEAGUE_ROSTERS, [WEEK]).to_pylist()
    owned = {"1": "BUF", "2": "CLE", "3": "DEN"}
    spots += [
        {**AT_WEEK, "league": "friends", "team_id": team, "slot": "DEF", "position": "DEF"}
        | {"team": code, "platform_player_id": code, "started": True, "fantasy_positions": "DEF"}
        for team, code in owned.items()
    ]
    lake.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, *spots), [WEEK])
    stored = lake.read(PROJECTIONS, [WEEK]).to_pylist()
    points = {"BUF": 12.0, "CLE": 4.0, "DEN": 0.0}
    stored += [
        {**AT_WEEK, "player_id": f"DST-{code}", "position": "DST", "team": code, "source": "model"}
        | {f"projected_points{end}": value for end in ("", "_half", "_std")}
        for code, value in points.items()
    ]
    lake.write_weeks(PROJECTIONS, rows(PROJECTIONS, *stored), [WEEK])
    of = replace(LEAGUE, slots=["QB", "DEF", "BN"])
    more = odds_inputs(lake, "friends", of, WEEK).projected - before
    # The mean is 8; Denver has a bye, and the fourth team no defence.
    later = [8 + KEPT[DST] * 4, 8 - KEPT[DST] * 4, 8.0, 0.0]
    assert more.tolist() == [pytest.approx(row) for row in ([12.0, 4.0, 0.0, 0.0], later, later)]


def test_a_league_with_matchups_of_two_weeks(home: Path) -> None:
    registry.keep(lake_of(home), "friends", replace(LEAGUE, matchup_weeks=[2, 2]))
    code, out, err = odds(home, "--json")
    assert code == 0, err
    teams = {row["team_id"]: row for row in json.loads(out)["teams"]}
    # The first match-up was over two weeks: 1 against 2, and 3 against 4.
    records = {team: (row["wins"], row["losses"]) for team, row in teams.items()}
    assert records == {"1": (1, 0), "2": (0, 1), "3": (1, 0), "4": (0, 1)}
    assert sum(row["expected_wins"] for row in teams.values()) == pytest.approx(4.0, abs=0.02)


def test_defenders_differ_by_team_where_they_are_projected(home: Path, rows: Rows) -> None:
    lake = lake_of(home)
    of = replace(LEAGUE, slots=["QB", "LB", "BN"], scoring={"rush_yd": 0.1, "idp_tkl_solo": 2.0})
    registry.keep(lake, "friends", of)
    before = odds_inputs(lake, "friends", of, WEEK).projected
    spots = lake.read(LEAGUE_ROSTERS, [WEEK]).to_pylist()
    spots += [
        {**AT_WEEK, "league": "friends", "team_id": team, "slot": "LB", "position": "LB"}
        | {"player_id": f"d{team}", "platform_player_id": f"d{team}", "fantasy_positions": "LB"}
        | {"started": True}
        for team in ("1", "2")
    ]
    lake.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, *spots), [WEEK])
    defenders = [
        {**AT_WEEK, "player_id": f"d{team}", "position": "LB", "source": "model"}
        | {"projected_points": tackles, "def_tackles_solo": tackles}
        for team, tackles in (("1", 6.0), ("2", 4.0))
    ]
    lake.write_weeks(DEFENDER_PROJECTIONS, rows(DEFENDER_PROJECTIONS, *defenders), [WEEK])
    more = odds_inputs(lake, "friends", of, WEEK).projected - before
    later = [10 + KEPT_OF_OTHERS * 2, 10 - KEPT_OF_OTHERS * 2, 0.0, 0.0]
    assert more.tolist() == [pytest.approx(row) for row in ([12.0, 8.0, 0.0, 0.0], later, later)]
