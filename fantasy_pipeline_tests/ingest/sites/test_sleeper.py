"""Sleeper: documented answers and others, from a real server."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import SourceError, UnusableAnswerError
from fantasy_pipeline.football.calendar import ScheduledWeek
from fantasy_pipeline.football.tables import RAW_PLAYERS, SOURCE_PROJECTIONS
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sites.base import SourceResponse
from fantasy_pipeline.ingest.sites.sleeper import sleeper
from fantasy_pipeline_tests.ingest.sites.sites import STATED_AT, Sites, make_week, player

pytestmark = pytest.mark.loopback

HOST = "/api.sleeper.com/projections/nfl/2025/"
Fetch = Callable[..., SourceResponse]


def row(number: int, points: float = 12.0, **more: Any) -> dict[str, Any]:
    stats = {
        "gp": 1.0,
        "rec": 4.0,
        "rec_yd": 55.5,
        "rec_2pt": 0.1,
        "rush_2pt": 0.05,
        "pts_std": points - 4,
        "pts_half_ppr": points - 2,
        "pts_ppr": points,
    }
    return {
        "player_id": str(number),
        "team": "JAX",
        "opponent": "LAC",
        "week": 11,
        "season": "2025",
        "season_type": "regular",
        "category": "proj",
        "stats": stats,
        "player": {"first_name": "Some", "last_name": f"Body {number}", "position": "WR"},
    } | more


PLACEHOLDER = {"player_id": "9", "week": 11, "season": "2025", "stats": {"adp_dd_ppr": 999.0}}


@pytest.fixture
def fetch(sites: Sites, transport: Callable[..., Transport], players: pa.Table) -> Fetch:
    """Return `fetch(answer)`: the adapter's response to an answer about week 11."""

    def build(body: object = None, *weeks: ScheduledWeek, **more: Any) -> SourceResponse:
        if body is not None:
            sites.serve(f"{HOST}11", body, **more)
        return sleeper(transport()).fetch(weeks or (make_week(),), players)

    return build


def test_a_projection(fetch: Fetch, sites: Sites) -> None:
    found = fetch([row(3), PLACEHOLDER])
    [table] = found.parts
    assert table.schema == SOURCE_PROJECTIONS.arrow_schema
    [given] = table.to_pylist()
    assert {name: value for name, value in given.items() if value is not None} == {
        "season": 2025,
        "week": 11,
        "source": "sleeper",
        "player_id": "00-3",
        "player_name": "Some Body 3",
        "position": "WR",
        "team": "JAX",
        "points_std": 8.0,
        "points_half": 10.0,
        "points_ppr": 12.0,
        "as_of": STATED_AT,
        "receptions": 4.0,
        "receiving_yards": 55.5,
        "two_point_conversions": 0.15,
    }
    assert (found.absent, found.failed, found.warnings) == ({}, {}, [])
    # Without season_type the site answers HTTP 400.
    assert sites.requests[0][0] == (
        f"{HOST}11?season_type=regular&position[]=QB&position[]=RB&position[]=WR&position[]=TE"
        "&position[]=K&position[]=DEF"
    )


def test_a_defence_is_found_by_the_code_of_its_team(
    sites: Sites, transport: Callable[..., Transport], rows: Callable[..., pa.Table]
) -> None:
    """Sleeper's code of LA is LAR; a defence has no offence, so its points are those stated."""
    stats = {"pts_std": 7.1, "pts_half_ppr": 7.1, "pts_ppr": 7.1, "sack": 2.4, "gp": 1}
    stated = row(0, player_id="LAR", team="LAR", stats=stats, player={"position": "DEF"})
    sites.serve(f"{HOST}11", [stated])
    defence = {"player_id": "DST-LA", "position": "DST", "sleeper_id": "LAR", "team": "LA"}
    listed = rows(RAW_PLAYERS, player(3) | defence | {"player_name": "LA D/ST"})
    [found] = sleeper(transport()).fetch([make_week()], listed).parts[0].to_pylist()
    assert (found["player_id"], found["position"], found["team"]) == ("DST-LA", "DST", "LA")
    assert found["points_std"] == found["points_ppr"] == 7.1


def test_players_without_a_roster_are_named(fetch: Fetch) -> None:
    found = fetch([row(3), row(77), row(78, player={"position": "DB"}), row(79, player={})])
    assert found.parts[0]["player_id"].to_pylist() == ["00-3"]
    assert found.warnings == [
        "sleeper 2025: 2 players of 3 rows match no rostered player, e.g. Some Body 77, 79"
    ]


def test_an_id_that_two_players_share_is_not_used(
    sites: Sites, transport: Callable[..., Transport], rows: Callable[..., pa.Table]
) -> None:
    sites.serve(f"{HOST}11", [row(3)])
    twins = rows(RAW_PLAYERS, player(3), player(4, sleeper_id="3"), player(5, sleeper_id=None))
    found = sleeper(transport()).fetch([make_week()], twins)
    assert found.parts[0].num_rows == 0
    assert "1 players of 1 rows match no" in found.warnings[0]


@pytest.mark.parametrize("body", [[], [PLACEHOLDER]])
def test_a_list_without_projections_is_a_gap(fetch: Fetch, body: object) -> None:
    found = fetch(body)
    assert found.absent == {11: "the answer has no projection"}
    assert (found.parts, found.failed) == ([], {})


def test_a_week_that_the_site_does_not_have_is_a_gap(fetch: Fetch) -> None:
    assert "answered HTTP 404" in fetch().absent[11]


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("<html><body>Down for maintenance</body></html>", "not JSON.*<html><body>Down"),
        ("", "not JSON|empty"),
        ('[{"player_id": "3"', "not JSON"),
        ("[" * 100_000 + "]" * 100_000, "not JSON"),
        ([row(3, stats={"gp": 1.0, "pts_ppr": 10**400})], "no row has pts_std"),
        ([row(3, season="\ud800")], r"is of \? week 11"),
        ({"error": "bad-request"}, "a dict, not a list"),
        ([row(3), "4"], "a row has no stats"),
        ([row(3, stats=None)], "a row has no stats"),
        ([row(3, stats={"gp": 1.0, "points_ppr": 9.0})], "no row has pts_std, pts_half_ppr"),
        ([row(3, stats={"gp": 1.0, "pts_ppr": "9.0"})], "no row has pts_std"),
        ([row(3, stats={"gp": 1.0, "pts_ppr": True})], "no row has pts_std"),
        ([row(3, player_id=None)], "a row has no player_id"),
        ([row(3), row(4, week=10)], "is of 2025 week 10"),
        ([row(3, season="2024")], "is of 2024 week 11"),
    ],
)
def test_an_answer_of_another_shape_or_week_is_refused(
    fetch: Fetch, body: object, cause: str
) -> None:
    found = fetch(body)
    assert found.parts == []
    error = found.failed[11]
    assert str(error).startswith("sleeper 2025 week 11: ")
    with pytest.raises(SourceError, match=cause):
        raise error


def test_a_renamed_scoring_leaves_the_others(fetch: Fetch) -> None:
    [given] = fetch([row(3, stats={"gp": 1, "pts_half": 9.0, "pts_ppr": 11})]).parts[0].to_pylist()
    assert (given["points_half"], given["points_ppr"]) == (None, 11.0)


@pytest.mark.parametrize("odd", [5, ["x"], {"a": 1}, "", None])
def test_a_name_or_team_that_is_no_text_is_none(fetch: Fetch, odd: object) -> None:
    other = {"first_name": odd, "last_name": odd, "position": "WR"}
    found = fetch([row(3, team=odd, player=other), row(4, player=odd)])
    assert (found.failed, found.warnings) == ({}, [])
    given = {r["player_id"]: (r["player_name"], r["team"]) for r in found.parts[0].to_pylist()}
    assert given == {"00-3": ("Player D", None), "00-4": ("Player E", "JAX")}


def test_a_stat_too_large_for_a_number_is_none(fetch: Fetch) -> None:
    stats = {"gp": 1.0, "pts_ppr": 9.0, "rec": 10**400, "rec_yd": 1e308, "rec_td": 0.5}
    [given] = fetch([row(3, stats=stats)]).parts[0].to_pylist()
    assert (given["points_ppr"], given["receptions"], given["receiving_tds"]) == (9.0, None, 0.5)


def test_half_of_a_surrogate_pair_does_not_stop_the_others(fetch: Fetch) -> None:
    broken = {"first_name": "So\ud800me", "last_name": "Body", "position": "WR"}
    found = fetch([row(3, player=broken), row(4), row(5, player_id="\udfff", player={})])
    assert found.parts[0]["player_name"].to_pylist() == ["So?me Body", "Some Body 4"]
    assert found.warnings[0].endswith("no rostered player, e.g. ?")


def is_read(depth: int) -> bool:
    try:
        json.loads("[" * depth + "]" * depth)
    except RecursionError:
        return False
    return True


def test_a_value_nested_to_any_depth_is_refused(fetch: Fetch) -> None:
    """Depths around the deepest one that Python reads: such a value must be written again, too."""
    plain = json.dumps([row(3, season="?")])
    refused = {"is not JSON": 0, "the answer is of [": 0}
    deepest = bisect_left(range(100_000), True, key=lambda depth: not is_read(depth))
    for depth in range(deepest - 300, deepest + 100, 10):
        found = fetch(plain.replace('"?"', "[" * depth + "]" * depth))
        assert isinstance(found.failed[11], UnusableAnswerError)
        for part in refused:
            refused[part] += part in found.failed[11].cause
    assert all(refused.values())


def test_999_is_no_projection(fetch: Fetch) -> None:
    found = fetch([row(3), row(4, stats={"gp": 1.0, "pts_ppr": 999.0})])
    assert found.parts[0]["player_id"].to_pylist() == ["00-3"]


def test_a_broken_week_does_not_stop_the_others(fetch: Fetch, sites: Sites) -> None:
    sites.serve(f"{HOST}10", {"error": "?"})
    found = fetch([row(3)], make_week(10), make_week(11))
    assert isinstance(found.failed[10], UnusableAnswerError)
    assert found.parts[0]["week"].to_pylist() == [11]


@pytest.mark.parametrize(
    ("status", "headers", "tries"),
    [(400, {}, 1), (429, {"Retry_After": "0"}, 2), (500, {}, 2), (503, {}, 2)],
)
def test_after_a_failure_no_other_week_is_asked_for(
    fetch: Fetch, sites: Sites, status: int, headers: dict[str, str], tries: int
) -> None:
    sites.serve(HOST, {"error": "bad-request"}, status=status, **headers)
    found = fetch(None, make_week(10), make_week(11), make_week(12))
    assert sorted(found.failed) == [10, 11, 12]
    assert f"answered HTTP {status}" in str(found.failed[12])
    assert len(sites.asked("api.sleeper.com")) == tries


def test_a_host_that_is_not_there_is_asked_once(
    transport: Callable[..., Transport], players: pa.Table, sites: Sites
) -> None:
    gone = sleeper(transport(mirror="http://127.0.0.1:9"))
    found = gone.fetch([make_week(10), make_week(11)], players)
    assert "could not be downloaded" in str(found.failed[11])
    assert found.failed[10] is found.failed[11]
    assert gone.fetch([make_week(12)], players).failed[12] is found.failed[11]


def test_a_huge_answer_is_not_read(
    sites: Sites, transport: Callable[..., Transport], players: pa.Table
) -> None:
    sites.serve(f"{HOST}11", "x" * 100_001)
    found = sleeper(transport(max_bytes=100_000)).fetch([make_week()], players)
    assert "is larger than 100,000 bytes" in str(found.failed[11])


def test_only_regular_weeks_since_2021_are_asked_for(transport: Callable[..., Transport]) -> None:
    source = sleeper(transport())
    assert source.covers(make_week())
    assert not source.covers(make_week(is_regular=False))
    assert not source.covers(make_week(at=make_week().at._replace(season=2020)))


def test_a_folder_of_saved_answers_serves_as_well(
    transport: Callable[..., Transport], players: pa.Table, tmp_path: Any
) -> None:
    folder = tmp_path / "mirror" / HOST.lstrip("/")
    folder.mkdir(parents=True)
    query = "?season_type=regular" + "".join(
        f"&position[]={position}" for position in ("QB", "RB", "WR", "TE", "K", "DEF")
    )
    (folder / f"11{query}").write_text(json.dumps([row(3)]))
    source = sleeper(transport(mirror=str(tmp_path / "mirror")))
    found = source.fetch([make_week(10), make_week(11)], players)
    assert found.parts[0]["player_id"].to_pylist() == ["00-3"]
    assert "does not exist" in found.absent[10]
