"""Sleeper's leagues: slots, points, defences, reserve and taxi, games, and wrong answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fantasy_pipeline.errors import NotPublishedError, PipelineError
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Playoffs, Spot, Team, TeamGame
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline_tests.ingest.leagues import invented


@pytest.fixture
def sleeper(tmp_path: Path) -> Sleeper:
    invented.sleeper_league(tmp_path / "mirror")
    return Sleeper(Transport(tmp_path / "cache", str(tmp_path / "mirror")))


def spots_of(sleeper: Sleeper, team: str, week: int = 1) -> dict[str, Spot]:
    found = sleeper.week(sleeper.season("700"), week)
    return {spot.player: spot for spot in found.spots if spot.team_id == team}


def test_a_season(sleeper: Sleeper) -> None:
    season = sleeper.season("700")
    assert (season.season, season.title, season.previous) == (2024, "Friends & Co.", None)
    assert season.slots == ["QB", "FLEX", "DEF", "BN", "BN"]
    assert season.teams == [Team("1", "Ann's Team", "ann"), Team("2", None, None)]
    assert (season.playoff_week, season.median_game) == (2, True)
    assert LeagueSeason.from_json(season.to_json()) == season


def test_play_offs_pairings_and_divisions(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    settings = {"playoff_week_start": 4, "playoff_teams": 6, "playoff_round_type": 1}
    more = {"playoff_seed_type": 1, "divisions": 2}
    invented.sleeper_league(mirror, settings={**settings, **more})
    rosters = [{**row, "settings": {"division": 3 - row["roster_id"]}} for row in invented.ROSTERS]
    invented.save(mirror, f"{invented.SLEEPER}/700/rosters.json", rosters)
    season = Sleeper(Transport(tmp_path / "cache", str(mirror))).season("700")
    assert season.playoffs == Playoffs(6, [1, 1, 2], reseeds=True)
    assert [team.division for team in season.teams] == ["2", "1"]
    # Sleeper states no pairings of week 3 yet.
    assert season.opponents == {"1": ["2", "2", "-"], "2": ["1", "1", "-"]}


@pytest.mark.parametrize(("kind", "weeks"), [(0, [1, 1]), (1, [1, 2]), (2, [2, 2])])
def test_weeks_of_the_rounds(tmp_path: Path, kind: int, weeks: list[int]) -> None:
    settings = {"playoff_teams": 4, "playoff_round_type": kind}
    invented.sleeper_league(tmp_path / "mirror", settings=settings)
    adapter = Sleeper(Transport(tmp_path / "cache", str(tmp_path / "mirror")))
    assert adapter.season("700").playoffs == Playoffs(4, weeks)


def test_a_league_before_its_draft_has_no_pairings(tmp_path: Path) -> None:
    invented.sleeper_league(tmp_path / "mirror", status="pre_draft")
    adapter = Sleeper(Transport(tmp_path / "cache", str(tmp_path / "mirror")))
    assert adapter.season("700").opponents == {}


def test_a_season_stored_by_an_earlier_version_has_no_play_offs(sleeper: Sleeper) -> None:
    stored = sleeper.season("700").to_json()
    del stored["playoffs"], stored["opponents"]
    season = LeagueSeason.from_json(stored)
    assert (season.playoffs, season.opponents) == (Playoffs(), {})


def test_a_starter_is_in_the_slot_of_his_place(sleeper: Sleeper) -> None:
    spots = spots_of(sleeper, "1")
    assert spots["10"] == Spot("1", "10", "QB", 0, 12.0)
    assert spots["20"] == Spot("1", "20", "BN", None, 8.0)


def test_a_defence_has_the_team_code_of_today(sleeper: Sleeper) -> None:
    spots = spots_of(sleeper, "1")
    assert spots["LAR"] == Spot("1", "LAR", "DEF", 2, 18.0, team="LA", positions=("DEF",))


def test_reserve_and_taxi(sleeper: Sleeper) -> None:
    spots = spots_of(sleeper, "1")
    assert (spots["30"].slot, spots["40"].slot) == ("IR", "TAXI")


def test_games_with_empty_slots_custom_points_and_rounds(sleeper: Sleeper) -> None:
    season = sleeper.season("700")
    assert sleeper.week(season, 1).games == [
        TeamGame("1", "2", 30.0, empty_slots=1),
        TeamGame("2", "1", 7.5, empty_slots=2, is_custom=True),
    ]
    assert [game.playoff_round for game in sleeper.week(season, 2).games] == [1, 1]


def test_a_team_without_players_keeps_its_game(tmp_path: Path) -> None:
    """The manager left and his players were dropped: the other team still plays against it."""
    invented.sleeper_league(tmp_path / "mirror")
    left = {"players": None, "starters": None, "players_points": None, "points": 0.0}
    week = [invented.WEEK[0], {**invented.WEEK[1], **left, "custom_points": None}]
    invented.save(tmp_path / "mirror", f"{invented.SLEEPER}/700/matchups/1.json", week)
    adapter = Sleeper(Transport(tmp_path / "cache", str(tmp_path / "mirror")))
    found = adapter.week(adapter.season("700"), 1)
    assert found.games == [TeamGame("1", "2", 30.0, empty_slots=1), TeamGame("2", "1", 0.0)]
    assert {spot.team_id for spot in found.spots} == {"1"}


def test_the_odd_team_of_a_week_has_no_opponent(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    invented.sleeper_league(mirror, settings={"playoff_week_start": 3})
    rosters = [*invented.ROSTERS, {"roster_id": 3, "owner_id": None}]
    invented.save(mirror, f"{invented.SLEEPER}/700/rosters.json", rosters)
    odd = {"roster_id": 3, "matchup_id": None, "points": 9.0, "players": ["60"], "starters": ["60"]}
    invented.save(mirror, f"{invented.SLEEPER}/700/matchups/1.json", [*invented.WEEK, odd])
    adapter = Sleeper(Transport(tmp_path / "cache", str(mirror)))
    season = adapter.season("700")
    assert season.opponents == {"1": ["2", "2"], "2": ["1", "1"], "3": ["-", "-"]}
    games = {game.team_id: game.opponent_id for game in adapter.week(season, 1).games}
    assert games == {"1": "2", "2": "1", "3": None}


def test_owners_of_a_team(tmp_path: Path) -> None:
    """A team may have several managers, or none if he left or deleted his account."""
    mirror = tmp_path / "mirror"
    invented.sleeper_league(mirror)
    owners = [("u1", ["u2"]), (None, ["u2"]), (None, None), ("u9", [])]
    rosters = [
        {"roster_id": number, "owner_id": owner, "co_owners": others}
        for number, (owner, others) in enumerate(owners, 1)
    ]
    users = [*invented.USERS, {"user_id": "u2", "display_name": "bob", "metadata": None}]
    invented.save(mirror, f"{invented.SLEEPER}/700/rosters.json", rosters)
    invented.save(mirror, f"{invented.SLEEPER}/700/users.json", users)
    season = Sleeper(Transport(tmp_path / "cache", str(mirror))).season("700")
    assert season.teams == [
        Team("1", "Ann's Team", "ann, bob"),
        Team("2", "bob", "bob"),
        Team("3"),
        Team("4"),
    ]


def test_a_bye_of_the_play_offs_is_in_no_round(tmp_path: Path) -> None:
    """Teams with a bye, and those that are out, have no match-up in the week."""
    mirror = tmp_path / "mirror"
    invented.sleeper_league(mirror, settings={"playoff_week_start": 1, "playoff_teams": 3})
    invented.save(
        mirror,
        f"{invented.SLEEPER}/700/rosters.json",
        [{"roster_id": number, "owner_id": None} for number in (1, 2, 3, 4)],
    )
    pair, alone = {"matchup_id": 1}, {"matchup_id": None}
    row = {"points": 1.0, "players": [], "starters": []}
    rows = [
        {**row, "roster_id": number, "players": [str(number)], **game}
        for number, game in ((1, alone), (2, pair), (3, pair), (4, alone))
    ]
    invented.save(mirror, f"{invented.SLEEPER}/700/matchups/1.json", rows)
    bracket = [
        {"r": 1, "m": 1, "t1": 2, "t2": 3, "w": None, "l": None},
        {"r": 2, "m": 2, "t1": 1, "t2": None, "t2_from": {"w": 1}},
    ]
    invented.save(mirror, f"{invented.SLEEPER}/700/winners_bracket.json", bracket)
    adapter = Sleeper(Transport(tmp_path / "cache", str(mirror)))
    found = adapter.week(adapter.season("700"), 1).games
    assert [(game.opponent_id, game.playoff_round) for game in found] == [
        (None, None),
        ("3", 1),
        ("2", 1),
        (None, None),
    ]


@pytest.mark.parametrize(("kind", "rounds"), [(0, [1, 2, 3]), (1, [1, 2, 2]), (2, [1, 1, 2])])
def test_rounds_by_type(tmp_path: Path, kind: int, rounds: list[int]) -> None:
    mirror = tmp_path / "mirror"
    invented.sleeper_league(mirror)
    bracket = [{"r": 1, "t1": 1, "t2": 2}, {"r": 2, "t1": 1, "t2": 2}]
    if kind == 0:
        bracket.append({"r": 3, "t1": 1, "t2": 2})
    invented.save(mirror, f"{invented.SLEEPER}/700/winners_bracket.json", bracket)
    for week in (15, 16, 17):
        invented.save(mirror, f"{invented.SLEEPER}/700/matchups/{week}.json", invented.WEEK)
    adapter = Sleeper(Transport(tmp_path / "cache", str(mirror)))
    season = replace(adapter.season("700"), playoff_week=15, more={"playoff_round_type": kind})
    found = [adapter.week(season, week).games[0].playoff_round for week in (15, 16, 17)]
    assert found == rounds


def test_the_older_shape_has_no_points_per_player(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    invented.sleeper_league(mirror)
    rows: list[dict[str, Any]] = [
        {key: value for key, value in row.items() if key != "players_points"}
        | {"starters_points": [1.0, 2.0, 3.0]}
        for row in invented.WEEK
    ]
    invented.save(mirror, f"{invented.SLEEPER}/700/matchups/1.json", rows)
    spots = spots_of(Sleeper(Transport(tmp_path / "cache", str(mirror))), "1")
    assert {spot.points for spot in spots.values()} == {None}


def test_a_league_before_its_draft_has_no_rosters(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    invented.sleeper_league(mirror, status="pre_draft")
    empty = [{**row, "players": None, "starters": None} for row in invented.WEEK]
    invented.save(mirror, f"{invented.SLEEPER}/700/matchups/1.json", empty)
    adapter = Sleeper(Transport(tmp_path / "cache", str(mirror)))
    found = adapter.week(adapter.season("700"), 1)
    assert (found.spots, found.games) == ([], [])


@pytest.mark.parametrize("answer", [None, "absent"])
def test_an_unknown_league(tmp_path: Path, answer: str | None) -> None:
    if answer is None:
        invented.save(tmp_path / "mirror", f"{invented.SLEEPER}/1.json", None)
    (tmp_path / "mirror").mkdir(exist_ok=True)
    adapter = Sleeper(Transport(tmp_path / "cache", str(tmp_path / "mirror")))
    with pytest.raises(NotPublishedError, match=r"Sleeper has no league 1\. Check the id"):
        adapter.season("1")


@pytest.mark.parametrize("identity", ["friends", "", "../../x", "12a"])
def test_an_id_that_is_no_number(sleeper: Sleeper, identity: str) -> None:
    with pytest.raises(PipelineError, match="a Sleeper league id is a number"):
        sleeper.season(identity)


def test_a_format_that_changed(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    invented.sleeper_league(mirror)
    invented.save(mirror, f"{invented.SLEEPER}/700/rosters.json", {"error": "no"})
    adapter = Sleeper(Transport(tmp_path / "cache", str(mirror)))
    with pytest.raises(PipelineError, match="rosters is a dict, not a list"):
        adapter.season("700")
