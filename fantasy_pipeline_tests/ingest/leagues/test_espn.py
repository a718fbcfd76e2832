"""ESPN's leagues: rosters, private leagues, and the `.json` rule of mirrors over http."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from fantasy_pipeline.errors import NotPublishedError, PipelineError, SourceError
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.adapters import open_adapters
from fantasy_pipeline.ingest.leagues.answers import coming_week_of, season_of, week_of
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Spot, Team, TeamGame
from fantasy_pipeline.ingest.leagues.espn import Espn
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline.settings import Settings
from fantasy_pipeline_tests.ingest.leagues import invented
from fantasy_pipeline_tests.loopback import Upstream, send, serving

pytestmark = pytest.mark.loopback


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving() as state:
        yield state


def test_a_private_league_says_which_settings_it_needs(upstream: Upstream, tmp_path: Path) -> None:
    upstream.will(send(401))
    adapter = Espn(Transport(tmp_path, upstream.base))
    with pytest.raises(SourceError, match=r"it is private\. Set FANTASY_ESPN_S2") as refused:
        adapter.season("100001", 2024)
    assert str(refused.value).startswith("league 2024: ")


@pytest.mark.parametrize("status", [403, 503])
def test_the_login_is_sent_and_never_repeated(
    upstream: Upstream,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    for name, value in (
        ("FANTASY_ESPN_S2", "secret"),
        ("FANTASY_ESPN_SWID", "{me}"),
        ("FANTASY_CACHE", str(tmp_path)),
        ("NFLVERSE_MIRROR", upstream.base),
    ):
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.DEBUG)
    # The second address has a whole answer, so that the cache has a file of a private league.
    upstream.will(send(200, b'{"id": 100001}'), send(status))
    settings = Settings()
    adapter = open_adapters(settings, partial(Transport, attempts=1))["espn"]
    with pytest.raises(SourceError) as refused:
        adapter.season("100001", 2024)
    assert [request[1]["Cookie"] for request in upstream.requests] == [
        "espn_s2=secret; SWID={me}"
    ] * 2
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"100001" in stored
    for text in (str(refused.value), repr(settings), caplog.text, stored.decode()):
        assert "secret" not in text
        assert "{me}" not in text


def test_an_unknown_league_names_what_to_check(upstream: Upstream, tmp_path: Path) -> None:
    upstream.will(send(404), send(404))
    with pytest.raises(NotPublishedError, match=r"Check the id .* and the season"):
        Espn(Transport(tmp_path, upstream.base)).season("1", 2024)


@pytest.mark.parametrize("identity", ["friends", "../1"])
def test_an_id_that_is_no_number(tmp_path: Path, identity: str) -> None:
    with pytest.raises(PipelineError, match="an ESPN league id is a number"):
        Espn(Transport(tmp_path)).season(identity, 2024)


def test_a_mirror_has_an_address_with_json_behind_it(upstream: Upstream, tmp_path: Path) -> None:
    league = {"season": "2024", "name": "A", "roster_positions": [], "scoring_settings": {}}
    upstream.will(
        *(send(404), send(200, json.dumps(league).encode())),
        *(send(200, b"[]"), send(200, b"[]")),
    )
    assert Sleeper(Transport(tmp_path, upstream.base)).season("7").season == 2024
    paths = [request[0] for request in upstream.requests]
    assert paths == [
        "/api.sleeper.app/v1/league/7",
        "/api.sleeper.app/v1/league/7.json",
        "/api.sleeper.app/v1/league/7/rosters",
        "/api.sleeper.app/v1/league/7/users",
    ]


@pytest.fixture
def league(tmp_path: Path) -> tuple[Espn, LeagueSeason]:
    invented.espn_league(tmp_path / "mirror", 2024, [2023])
    espn = Espn(Transport(tmp_path / "cache", str(tmp_path / "mirror")))
    return espn, season_of(espn, "800", 2024)


SPOTS = [
    Spot("1", "11", "QB", 0, 12.5, None, "Ann Arm", ("QB",)),
    Spot("1", "-16014", "DEF", 1, 7.0, "LA", "Rams D/ST", ("DEF",)),
    Spot("2", "12", "BN", None, 3.0, None, "Bea Bench", ("RB",)),
    Spot("2", "13", "IR", None, 0.0, None, "Ira Reserve", ("WR",)),
]


def test_a_season_and_a_week(league: tuple[Espn, LeagueSeason]) -> None:
    espn, season = league
    assert (season.slots, season.playoff_week) == (["QB", "DEF", "BN", "IR"], 2)
    assert season.teams == [Team("1", "Team 1", "ann"), Team("2", "Team 2", "bob")]
    assert season.more["previous_seasons"] == [2023]
    week = week_of(espn, season, 1)
    assert week.spots == SPOTS
    assert week.games == [TeamGame("1", "2", 19.5), TeamGame("2", "1", 0.0, empty_slots=2)]


def test_a_week_to_come_has_the_current_rosters(league: tuple[Espn, LeagueSeason]) -> None:
    """ESPN has no box scores of a week before its time; a team may have no roster yet."""
    espn, season = league
    week = coming_week_of(espn, season, 2)
    assert week.spots == [replace(spot, points=None) for spot in SPOTS]
    assert week.games == []


def test_current_rosters_in_another_format(
    league: tuple[Espn, LeagueSeason], tmp_path: Path
) -> None:
    answer = {"teams": {"1": []}}
    invented.save(tmp_path / "mirror", f"{invented.ESPN.format(season=2024)}?view=mRoster", answer)
    with pytest.raises(SourceError, match="league 2024 week 2: teams is a dict, not a list"):
        coming_week_of(*league, 2)


def test_a_slot_that_nobody_can_fill_keeps_espns_number(tmp_path: Path) -> None:
    slots = {"0": 1, "2": 1, "19": 1, "20": 1}
    invented.espn_league(tmp_path / "mirror", 2024, [], rosterSettings={"lineupSlotCounts": slots})
    espn = Espn(Transport(tmp_path / "cache", str(tmp_path / "mirror")))
    assert season_of(espn, "800", 2024).slots == ["QB", "RB", "19", "BN"]


def answers(periods: dict[str, list[int]], regular: int) -> list[object]:
    """Return the answers about a league of two teams that meet in every period."""
    schedule = {"matchupPeriodCount": regular, "matchupPeriods": periods, "playoffTeamCount": 2}
    settings = {
        "scheduleSettings": schedule,
        "rosterSettings": {"lineupSlotCounts": {"0": 1}},
        "scoringSettings": {"scoringItems": [{"statId": 3, "points": 0.04}]},
    }
    games = [
        {"matchupPeriodId": int(period), "home": {"teamId": 1}, "away": {"teamId": 2}}
        for period in periods
    ]
    return [
        {"id": 7, "seasonId": 2024, "settings": settings},
        {"seasonId": 2024, "teams": [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}]},
        {"seasonId": 2024, "scoringPeriodId": 1, "schedule": games},
    ]


@pytest.mark.parametrize(
    ("periods", "regular", "lengths", "rounds"),
    [
        ({"1": [1], "2": [2], "3": [3]}, 2, [], [1]),
        ({"1": [1, 2], "2": [3], "3": [4, 5]}, 2, [2, 1], [2]),
    ],
)
def test_matchups_and_rounds_of_several_weeks(
    upstream: Upstream,
    tmp_path: Path,
    periods: dict[str, list[int]],
    regular: int,
    lengths: list[int],
    rounds: list[int],
) -> None:
    upstream.will(*(send(200, json.dumps(one).encode()) for one in answers(periods, regular)))
    of = Espn(Transport(tmp_path, upstream.base)).season("7", 2024)
    weeks = sum(lengths) or regular
    assert (of.matchup_weeks, of.playoffs.round_weeks) == (lengths, rounds)
    assert (of.playoff_week, of.opponents["1"]) == (weeks + 1, ["2"] * weeks)
    assert LeagueSeason.from_json(of.to_json()) == of
