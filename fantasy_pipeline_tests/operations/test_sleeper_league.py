"""`league add sleeper` of an odd league: each oddity is named in one line, the rest is kept."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    LEAGUE_MATCHUPS,
    LEAGUE_POINTS,
    LEAGUE_ROSTERS,
    RAW_PLAYERS,
    WEEKLY_STATS,
)
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.leagues.tables import NOT_MAPPED
from fantasy_pipeline.orchestration.workspace import REAL_LABEL
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.ingest.leagues import invented

WEEK = SeasonWeek(2025, 1)
ID_FILES = (
    "raw.githubusercontent.com/dynastyprocess/data/master/files/db_playerids.csv",
    "github.com/dynastyprocess/data/raw/master/files/db_playerids.csv",
)
ID_COLUMNS = (
    *("mfl_id", "fantasypros_id", "gsis_id", "sleeper_id", "espn_id", "yahoo_id", "pfr_id"),
    *("name", "position", "birthdate"),
)


@pytest.fixture
def home(sample: SampleLeague, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home whose lake of real data has a week of the sample league, and a mirror."""
    league, lake = sample, Lake(str(tmp_path / "data" / "lake"), REAL_LABEL)
    games = league.schedule()
    players, _ = raw_players(league, games, 2025, [1])
    lake.write(GAMES, games)
    lake.write_weeks(RAW_PLAYERS, players, [WEEK])
    lake.write_weeks(WEEKLY_STATS, weekly_stats(league, games, players, 2025, [1]), [WEEK])
    monkeypatch.setenv("NFLVERSE_MIRROR", str(tmp_path / "mirror"))
    return tmp_path


def lines_of(home: Path) -> list[dict[str, Any]]:
    """Return the stat lines of the week's quarterbacks, most passing yards first."""
    lines = Lake(str(home / "data" / "lake"), REAL_LABEL).read(WEEKLY_STATS).to_pylist()
    passers = [line for line in lines if line["position"] == "QB"]
    return sorted(passers, key=lambda line: -line["passing_yards"])


def save_ids(mirror: Path, players: dict[str, str]) -> None:
    """Store the id map: NFL ids by Sleeper's."""
    for name in ID_FILES:
        path = mirror / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            rows = csv.DictWriter(file, ID_COLUMNS, restval="NA")
            rows.writeheader()
            for sleeper, player in players.items():
                name, position = f"Player {sleeper}", "QB"
                more = {"mfl_id": sleeper, "name": name, "position": position}
                rows.writerow({"gsis_id": player, "sleeper_id": sleeper, **more})


def add(home: Path, league: str = "700") -> list[str]:
    """Add the league and return what stderr says."""
    code, out, err = call(home, ["league", "add", "sleeper", league, "--name", "friends"], "auto")
    assert code == 0, err
    return [*err.splitlines(), *out.splitlines()]


def test_odd_players_slots_and_points_are_kept_and_named(home: Path) -> None:
    mirror, (first, second, third, *_) = home / "mirror", lines_of(home)
    slots = ["QB", "FLEX", "DEF", "HC", "BN"]
    invented.sleeper_league(mirror, season="2025", roster_positions=slots, previous_league_id="699")
    save_ids(mirror, {"10": first["player_id"], "50": second["player_id"]})
    sleepers = {
        # Sleeper writes some ids with a blank before them.
        "20": {"gsis_id": f" {third['player_id']}", "fantasy_positions": ["QB"]},
        "30": {"gsis_id": None, "full_name": "Rory Rookie", "fantasy_positions": ["WR"]},
    }
    invented.save(mirror, "api.sleeper.app/v1/players/nfl.json", sleepers)
    said = add(home)
    [unmapped] = [line for line in said if "no NFL id" in line]
    assert "league friends 2025 week 1: not scored, because they have no NFL id: Rory" in unmapped
    assert unmapped.endswith("Rookie, 40")
    assert any("no position fills the slot HC of friends" in line for line in said)
    assert any(
        "earlier seasons are left out: " in line and "no league 699" in line for line in said
    )

    lake = Lake(str(home / "data" / "lake"), REAL_LABEL)
    rosters = {row["platform_player_id"]: row for row in lake.read(LEAGUE_ROSTERS).to_pylist()}
    assert rosters["20"]["player_id"] == third["player_id"]
    assert [rosters[player]["slot"] for player in ("30", "40")] == ["IR", "TAXI"]
    assert (rosters["LAR"]["team"], rosters["LAR"]["player_id"]) == ("LA", "DST-LA")
    points = {row["platform_player_id"]: row for row in lake.read(LEAGUE_POINTS).to_pylist()}
    assert len(points) == len(rosters) == 6
    for player in ("30", "40"):
        row = points[player]
        assert (row["player_id"], row["points"], row["not_scored"]) == (None, None, NOT_MAPPED)
    assert points["10"]["points"] == pytest.approx(
        0.04 * first["passing_yards"] + 0.1 * (first["rushing_yards"] or 0), abs=0.005
    )
    one, two = sorted(lake.read(LEAGUE_MATCHUPS).to_pylist(), key=lambda row: row["team_id"])
    assert (one["platform_points"], one["empty_slots"], one["custom_points"]) == (30.0, 1, False)
    assert (two["platform_points"], two["empty_slots"], two["custom_points"]) == (7.5, 2, True)


def test_a_league_before_its_draft_of_a_season_that_the_lake_lacks(home: Path) -> None:
    invented.sleeper_league(home / "mirror", season="2026", status="pre_draft")
    said = add(home)
    assert any(
        "the lake has no stats of season 2026: run `fantasy-pipeline backfill --seasons 2026`, then"
        in line
        for line in said
    )
    assert any("season 2026 of friends has no rosters before its draft" in line for line in said)
    assert said[-1] == "League friends: no week of 2026 imported."


def test_an_unknown_league_is_one_line(home: Path) -> None:
    (home / "mirror").mkdir()
    code, out, err = call(home, ["league", "add", "sleeper", "1"], "auto")
    assert (code, out) == (1, "")
    [line] = [line for line in err.splitlines() if line.startswith("error: ")]
    assert "Sleeper has no league 1. Check the id in the league's address" in line
    assert json.loads(call(home, ["league", "list", "--json"], "auto")[1]) == []
