"""ESPN's leagues: private ones, and the `.json` rule of mirrors over http."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fantasy_pipeline.errors import NotPublishedError, PipelineError, SourceError
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.espn import Espn
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
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


def test_the_login_is_sent_and_never_repeated(upstream: Upstream, tmp_path: Path) -> None:
    upstream.will(send(403))
    adapter = Espn(Transport(tmp_path, upstream.base), ("secret", "{me}"))
    with pytest.raises(SourceError) as refused:
        adapter.season("100001", 2024)
    assert "espn_s2=secret; SWID={me}" in str(upstream.requests[0])
    assert "secret" not in str(refused.value)


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
