"""Free agents from the lake, trending adds from a server, and market values beside trades."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import InvalidArgumentError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    DEFENDER_PROJECTIONS,
    GAMES,
    LEAGUE_ROSTERS,
    PROJECTIONS,
    RAW_PLAYERS,
    REST_OF_SEASON,
)
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Team
from fantasy_pipeline.ingest.leagues.sleeper import TRENDING_URL
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.market import market_values, trending_adds
from fantasy_pipeline.operations.waivers import Waivers, waivers
from fantasy_pipeline.orchestration.workspace import Workspace
from fantasy_pipeline_tests.loopback import Upstream, send, serving

Rows = Callable[..., pa.Table]
WEEK = SeasonWeek(2024, 16)
AT_WEEK = {"season": WEEK.season, "week": WEEK.week}
SUNDAY = datetime(2024, 12, 22, 18, tzinfo=timezone.utc)
TEAMS = {"allen": "BUF", "cook": "BUF", "hunt": "KC", "free": "KC", "gone": "DEN", "chase": "CIN"}
POINTS = {"allen": 20.0, "cook": 12.0, "hunt": 4.0, "free": 9.0, "gone": 11.0, "chase": 16.0}
TRENDING_PATH = "/" + TRENDING_URL.removeprefix("https://")


def spot(player: str, of: str, position: str = "RB") -> dict[str, Any]:
    names = {"player_id": player, "platform_player_id": player, "player_name": player.title()}
    at = {"league": "friends", "team_id": of, "position": position, "slot": "BN"}
    team = {"team": TEAMS.get(player, player), "fantasy_positions": position, "started": False}
    return {**AT_WEEK, **names, **at, **team}


def projected(player: str, position: str, team: str, points: float) -> dict[str, Any]:
    ends = {f"projected_points{end}": points for end in ("", "_half", "_std")}
    about = {"player_id": player, "player_name": player.title(), "position": position}
    line = {} if position == "DST" else {"rushing_yards": 10 * points}
    return {**AT_WEEK, **about, **ends, **line, "team": team, "source": "model"}


def coming(player: str, week: int, points: float) -> dict[str, Any]:
    ends = {f"points{end}": points for end in ("", "_half", "_std")}
    return {**AT_WEEK, "player_id": player, "target_week": week, **ends}


def game(home: str, away: str, kickoff: datetime) -> dict[str, Any]:
    teams = {"home_team": home, "away_team": away, "kickoff": kickoff}
    return {**AT_WEEK, "game_id": home, "game_type": "REG", **teams}


@pytest.fixture
def filled(tmp_path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("FANTASY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FANTASY_CACHE", str(tmp_path / "cache"))
    lake = Workspace("auto").lake
    slots = ["QB", "RB", "DEF", "BN"]
    teams = [Team("1", "Ours"), Team("2")]
    season = LeagueSeason("file", "x", 2024, "Friends", slots, {"rush_yd": 0.1}, teams)
    registry.store(lake, "friends", [season])
    spots = [
        spot("allen", "1", "QB"),
        *(spot(name, "1") for name in ("cook", "hunt")),
        {**spot("CLE", "1", "DEF"), "player_id": None},
        spot("chase", "2"),
    ]
    lake.write_weeks(LEAGUE_ROSTERS, rows(LEAGUE_ROSTERS, *spots), [WEEK])
    lines = [
        projected(name, "QB" if name == "allen" else "RB", TEAMS[name], points)
        for name, points in POINTS.items()
    ]
    lines += [projected(f"DST-{team}", "DST", team, x) for team, x in (("CLE", 3.0), ("DEN", 8.0))]
    lake.write_weeks(PROJECTIONS, rows(PROJECTIONS, *lines), [WEEK])
    weeks = [
        coming(name, week, 0.0 if (name, week) == ("cook", 17) else points)
        for name, points in POINTS.items()
        for week in (16, 17)
    ]
    lake.write_weeks(REST_OF_SEASON, rows(REST_OF_SEASON, *weeks), [WEEK])
    games = [
        game("DEN", "CLE", SUNDAY - timedelta(days=3)),
        game("BUF", "CIN", SUNDAY),
        game("KC", "NO", SUNDAY),
    ]
    lake.write(GAMES, rows(GAMES, *games))
    people = [{**AT_WEEK, "player_id": "free", "sleeper_id": "77", "team": "KC"}]
    lake.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS, *people), [WEEK])
    return lake


@pytest.fixture
def sleeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    with serving() as server:
        monkeypatch.setenv("NFLVERSE_MIRROR", server.base)
        answer = [{"player_id": "77", "count": 1234}, {"player_id": "DEN", "count": 99}]
        server.will(send(404))
        server.faults[TRENDING_PATH] = [send(200, json.dumps(answer).encode())]
        yield server


def listed(now: datetime = SUNDAY - timedelta(days=5), **options: Any) -> Waivers:
    return waivers(Workspace("auto", now), "friends", "ours", WEEK, **options)


def test_free_agents_by_what_they_add(filled: Lake, sleeper: Upstream) -> None:
    """Cook rests in week 17, when Gone (11) and Free (9) start instead of Hunt (4).

    Of the 5 points between the defences, 15% are left in week 17.
    """
    rows = [one.to_json() for one in listed().players]
    assert [
        (row["player"], row["this_week"], row["rest_of_season"], row["drop"]) for row in rows
    ] == [
        ("Gone", 0.0, 7.0, "Hunt"),
        ("Dst-Den", 5.0, 5.75, "Cle"),
        ("Free", 0.0, 5.0, "Hunt"),
    ]
    assert {row["player"]: row["trending_adds"] for row in rows} == {
        "Gone": None,
        "Dst-Den": 99,
        "Free": 1234,
    }
    assert len(listed(top=1).players) == 1


def test_a_free_defender_counts_this_week_where_the_league_starts_one(
    filled: Lake, sleeper: Upstream, rows: Rows
) -> None:
    about = {**AT_WEEK, "position": "LB", "team": "KC", "source": "model"}
    line = {"def_tackles_solo": 6.0, "projected_points": 9.0, "p10": 3.0, "p50": 8.0, "p90": 15.0}
    bolton = {**about, **line, "player_id": "bolton", "player_name": "Nick Bolton"}
    filled.write_weeks(DEFENDER_PROJECTIONS, rows(DEFENDER_PROJECTIONS, bolton), [WEEK])
    scoring = {"rush_yd": 0.1, "idp_tkl_solo": 1.5}
    for slots, expected in ((["QB", "RB", "LB"], [9.0]), (["QB", "RB", "DEF"], [])):
        teams = [Team("1", "Ours"), Team("2")]
        season = LeagueSeason("file", "x", 2024, "Friends", [*slots, "BN"], scoring, teams)
        registry.store(filled, "friends", [season])
        found = waivers(Workspace("auto", SUNDAY - timedelta(days=4)), "friends", "1", WEEK)
        gains = [one.pickup.this_week for one in found.players if one.about["position"] == "LB"]
        assert gains == expected


def test_a_player_whose_game_has_kicked_off_adds_nothing_this_week(
    filled: Lake, sleeper: Upstream
) -> None:
    rows = {one.about["player_id"]: one for one in listed(SUNDAY - timedelta(hours=1)).players}
    assert "DST-DEN" not in rows
    assert rows["gone"].pickup.drop is not None
    assert rows["gone"].pickup.drop.id == "hunt", "the defence has kicked off and stays"


def test_a_week_that_has_kicked_off_names_the_time_to_go_back_to(filled: Lake) -> None:
    with pytest.raises(PipelineError, match=r"every game has kicked off.*--at 2024-12-19T17:00Z"):
        listed(SUNDAY)


def test_a_wrong_team(filled: Lake, sleeper: Upstream) -> None:
    with pytest.raises(InvalidArgumentError, match="there is no team 'nobody'"):
        waivers(Workspace("auto", SUNDAY), "friends", "nobody", WEEK)


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (send(404), "trending adds are missing: league: "),
        (send(200, b'{"no": 1}'), "trending adds are missing: trending is a dict, not a list"),
        (send(200, b'[{"player": 1}]'), "an answer of Sleeper lacks 'player_id'"),
    ],
)
def test_a_source_that_fails_is_a_gap_with_a_note(
    filled: Lake, sleeper: Upstream, answer: Any, note: str
) -> None:
    sleeper.faults[TRENDING_PATH] = [answer]
    result = listed()
    assert note in (result.note or "")
    assert len(result.players) == 3


def test_a_week_that_is_over_has_no_values_of_today(filled: Lake, sleeper: Upstream) -> None:
    later = Workspace("auto", SUNDAY + timedelta(days=9))
    for one in (market_values(later, "friends", WEEK), trending_adds(later, WEEK)):
        assert "of today, so 2024 week 16 has none" in (one.note or "")
    missing = market_values(Workspace("auto", SUNDAY), "friends", WEEK)
    assert "market values are missing: market_values: " in (missing.note or "")


def test_values_of_a_league_with_one_and_two_quarterbacks(filled: Lake) -> None:
    sample = Workspace("sample", SUNDAY)
    ids = sample.upstream.market_values().to_pylist()
    one, two = (max(row[name] for row in ids) for name in ("value_1qb", "value_2qb"))
    for slots, best in ((["QB", "RB"], one), (["QB", "SUPER_FLEX"], two)):
        season = LeagueSeason("file", "y", 2024, "Other", slots, {"rush_yd": 0.1}, [Team("1")])
        registry.store(sample.lake, f"q{len(set(slots) & {'RB'})}", [season])
        name = f"q{len(set(slots) & {'RB'})}"
        found = market_values(sample, name, WEEK)
        assert max(found.values.values()) == best
        known = next(iter(found.values))
        assert found.value([{"player_id": known}]) == found.values[known]
        assert found.value([{"player_id": known}, {"player_id": None}]) is None
