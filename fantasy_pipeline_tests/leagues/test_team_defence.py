"""Points of team defences, against those of a real Sleeper league and a real ESPN league."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fantasy_pipeline.football.tables import TEAM_DEFENSE_STATS
from fantasy_pipeline.football.teams import CURRENT_CODE, TEAMS
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sites import espn
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.team_defense import team_defense_stats
from fantasy_pipeline.leagues import scoring, team_keys
from fantasy_pipeline.leagues.team_defence import team_scoring, with_standard_points
from fantasy_pipeline_tests.rows import Rows

SLEEPER = "api.sleeper.app/v1/league"
ESPN = "lm-api-reads.fantasy.espn.com/apis/v3/games/ffl/seasons/2020/segments/0/leagues"
LEAGUES = {2022: "9110010000000000000", 2023: "9110020000000000000", 2024: "9110030000000000000"}


def points_of(rows: Rows, keys: Mapping[str, float], **stats: float) -> float:
    about = {"season": 2024, "week": 1, "team": "BUF", "player_id": "DST-BUF"}
    return float(team_scoring(keys).points(rows(TEAM_DEFENSE_STATS, {**about, **stats}))[0])


@pytest.mark.parametrize(
    ("allowed", "sleeper", "espn_points"),
    [
        *((0, 10, 5), (1, 7, 4), (6, 7, 4), (7, 4, 3), (13, 4, 3), (14, 1, 1), (17, 1, 1)),
        *((18, 1, 0), (20, 1, 0), (21, 0, 0), (27, 0, 0), (28, -1, -1), (34, -1, -1)),
        *((35, -4, -3), (45, -4, -3), (46, -4, -5)),
    ],
)
def test_points_allowed(rows: Rows, allowed: int, sleeper: float, espn_points: float) -> None:
    assert points_of(rows, team_keys.SLEEPER_STANDARD, points_allowed=allowed) == sleeper
    # 320 yards are worth nothing at ESPN.
    found = points_of(rows, team_keys.ESPN_STANDARD, points_allowed=allowed, yards_allowed=320)
    assert found == espn_points


@pytest.mark.parametrize(
    ("yards", "points"),
    [
        *((-5, 5), (99, 5), (100, 3), (199, 3), (299, 2), (300, 0), (349, 0), (350, -1)),
        *((399, -1), (449, -3), (499, -5), (549, -6), (550, -7)),
    ],
)
def test_yards_allowed_at_espn(rows: Rows, yards: int, points: float) -> None:
    found = points_of(rows, team_keys.ESPN_STANDARD, points_allowed=20, yards_allowed=yards)
    assert found == points


@pytest.mark.parametrize("group", ["pts_allow_", "yds_allow_"])
def test_one_tier_of_sleeper_pays_for_every_amount(rows: Rows, group: str) -> None:
    keys = {key: 1.0 for key in team_keys.SLEEPER if key.startswith(group)}
    for amount in (0, 6, 7, 20, 34, 35, 60, 100, 349, 350, 549, 550, 800):
        allowed = {"points_allowed": amount} if group == "pts_allow_" else {"yards_allowed": amount}
        assert points_of(rows, keys, **allowed) == 1.0, amount


def test_every_key_reads_columns_of_the_table(rows: Rows) -> None:
    """A table with 1 in every column pays each key that is neither a tier nor a step."""
    ones = {column.name: 1 for column in TEAM_DEFENSE_STATS.columns if column.type == "float"}
    ones |= {"points_allowed": 1, "special_teams_tds": 1, "punt_return_yards": 2}
    tiers = ("pts_allow_", "yds_allow_")
    others = {89, 91, 92, 101, 110, 111, *range(116, 120), *range(121, 127), *range(128, 137)}
    for key in (*team_keys.SLEEPER, *team_keys.ESPN):
        number = int(key.removeprefix("stat ")) if key.startswith("stat ") else None
        if key.startswith(tiers) or number in others:
            continue
        assert points_of(rows, {key: 1.0}, **ones) > 0, key


def test_keys_that_cannot_be_computed_are_named() -> None:
    found = team_scoring({"sack": 1.0, "def_4_and_stop": 2.0, "jersey": 1.0})
    assert [rule.key for rule in found.rules] == ["sack"]
    assert found.notes == [
        "not scored: def_4_and_stop: downs and drives are not in the weekly file",
        "not scored: jersey: the key is not known",
    ]


def test_standard_points_are_in_the_table(rows: Rows) -> None:
    about = {"season": 2024, "week": 1, "team": "BUF", "player_id": "DST-BUF"}
    table = rows(
        TEAM_DEFENSE_STATS,
        {**about, "sacks": 3, "interception_tds": 1, "yards_allowed": 210, "points_allowed": 9},
    ).drop_columns(["points_sleeper", "points_espn"])
    [row] = with_standard_points(table).to_pylist()
    assert (row["points_sleeper"], row["points_espn"]) == (3 + 6 + 4, 3 + 6 + 2 + 3)


def real_defences(mirror: Path, cache: Path, season: int) -> pa.Table:
    source = Nflverse(Transport(cache, mirror=str(mirror), offline=True), "auto")
    return team_defense_stats(source.schedule(), source.weekly_stats(season))


def sleeper_points(league: Path) -> Iterator[tuple[tuple[int, str], float]]:
    """Yield week and team of each rostered defence that is in the league's match-ups."""
    for file in sorted((league / "matchups").iterdir()):
        for roster in json.loads(file.read_text()):
            for player, points in (roster.get("players_points") or {}).items():
                team = CURRENT_CODE.get(player, player)
                if team in TEAMS:
                    yield (int(file.stem), team), points


def differences(mirror: Path, cache: Path, season: int) -> np.ndarray:
    """Return the league's points minus ours, one value per rostered defence that played."""
    league = mirror / SLEEPER / LEAGUES[season]
    settings = json.loads(league.with_suffix(".json").read_text())["scoring_settings"]
    table = real_defences(mirror, cache, season)
    points = team_scoring(scoring.of_sleeper(settings).team_defence).points(table)
    keys = zip(table["week"].to_pylist(), table["team"].to_pylist(), strict=True)
    ours = dict(zip(keys, points.tolist(), strict=True))
    # A bye, and the abandoned game of 2022, are in the league but not in the schedule.
    stated = dict(sleeper_points(league))
    return np.round([stated[key] - ours[key] for key in stated if key in ours], 2)


@pytest.mark.parametrize("season", [2022, 2023])
def test_points_are_those_of_a_real_sleeper_league(
    nfl_mirror: Path, tmp_path: Path, season: int
) -> None:
    gap = np.abs(differences(nfl_mirror, tmp_path, season))
    assert len(gap) >= 340
    assert np.mean(gap < 0.01) >= 0.95
    assert np.mean(gap <= 1) >= 0.99


def test_since_2024_that_league_also_pays_fourth_downs(nfl_mirror: Path, tmp_path: Path) -> None:
    """Two points per stop on fourth down are missing, and nothing else: gaps are 0, 2, 4 …"""
    gap = differences(nfl_mirror, tmp_path, 2024)
    assert len(gap) >= 340
    assert np.mean((gap >= 0) & (gap % 2 == 0)) >= 0.97
    assert np.mean(gap == 0) >= 0.5


def test_points_are_those_of_a_real_espn_league(nfl_mirror: Path, tmp_path: Path) -> None:
    table = real_defences(nfl_mirror, tmp_path, 2020)
    files = sorted((nfl_mirror / ESPN).glob("*mBoxscore*"))
    checked = 0
    for file in files:
        answer = json.loads(file.read_text())
        items = answer["settings"]["scoringSettings"]["scoringItems"]
        points = team_scoring(scoring.of_espn(items).team_defence).points(table)
        keys = zip(table["week"].to_pylist(), table["team"].to_pylist(), strict=True)
        ours = dict(zip(keys, points.tolist(), strict=True))
        for key, total in espn_points(answer):
            assert ours[key] == pytest.approx(total, abs=0.005), key
            checked += 1
    assert checked >= 30


def espn_points(answer: Any) -> Iterator[tuple[tuple[int, str], float]]:
    """Yield week and team of the rostered defences of a league's answer, with their points."""
    for matchup in answer["schedule"]:
        for side in ("home", "away"):
            roster = matchup.get(side, {}).get("rosterForCurrentScoringPeriod", {})
            for entry in roster.get("entries", []):
                player = entry["playerPoolEntry"]["player"]
                for stats in player["stats"] if player["id"] < 0 else []:
                    if (stats["statSourceId"], stats["statSplitTypeId"]) == (0, 1):
                        team = espn.TEAMS[player["proTeamId"]]
                        yield (stats["scoringPeriodId"], team), stats["appliedTotal"]
