"""ESPN: documented answers and others, from a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import NotPublishedError, SourceError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import RAW_PLAYERS
from fantasy_pipeline.football.teams import CURRENT_CODE
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sites.base import SourceResponse, WebSource
from fantasy_pipeline.ingest.sites.espn import TEAMS, espn, projections_in
from fantasy_pipeline_tests.ingest.sites.sites import STATED_AT, Sites, make_week
from fantasy_pipeline_tests.mirror import need
from fantasy_pipeline_tests.real_lake import ESPN

pytestmark = pytest.mark.loopback

PATH = (
    "/lm-api-reads.fantasy.espn.com/apis/v3/games/ffl/seasons/2025/segments/0/leaguedefaults/3"
    "?scoringPeriodId={week}&view=kona_player_info"
)
Fetch = Callable[..., SourceResponse]


def entry(total: object, source: int = 1, week: int = 11, split: int = 1, **stats: float) -> Any:
    return {
        "id": f"{source}{split}2025{week}",
        "seasonId": 2025,
        "scoringPeriodId": week,
        "statSourceId": source,
        "statSplitTypeId": split,
        "appliedTotal": total,
        "stats": {name.lstrip("_"): value for name, value in stats.items()},
    }


def listed(number: int, *entries: Any, **more: Any) -> dict[str, Any]:
    person = {
        "id": 1000 + number,
        "fullName": f"Some Body {number}",
        "proTeamId": 14,
        "defaultPositionId": 3,
        "stats": list(entries),
    }
    return {"id": 1000 + number, "player": person | more}


PROJECTED = entry(14.2, _53=5.0, _42=62.0, _43=0.4, _58=7.5, _19=0.1, _44=0.1)


@pytest.fixture
def fetch(sites: Sites, transport: Callable[..., Transport], players: pa.Table) -> Fetch:
    def build(body: object = None, **more: Any) -> SourceResponse:
        if body is not None:
            sites.serve(PATH.format(week=11), body, **more)
        return espn(transport()).fetch([make_week()], players)

    return build


@pytest.mark.parametrize("odd", [["x"], {"a": 1}, True, "14", 99, None])
def test_a_name_or_team_of_another_shape_is_none(fetch: Fetch, odd: object) -> None:
    name = None if isinstance(odd, str) else odd
    found = fetch({"players": [listed(3, PROJECTED, fullName=name, proTeamId=odd)]})
    assert found.failed == {}
    [given] = found.parts[0].to_pylist()
    assert (given["player_name"], given["team"]) == ("Player D", None)


def test_a_projection(fetch: Fetch, sites: Sites) -> None:
    found = fetch({"players": [listed(3, PROJECTED)]})
    [given] = found.parts[0].to_pylist()
    assert {name: value for name, value in given.items() if value is not None} == {
        "season": 2025,
        "week": 11,
        "source": "espn",
        "player_id": "00-3",
        "player_name": "Some Body 3",
        "position": "WR",
        "team": "LA",
        "points_std": 9.2,
        "points_half": 11.7,
        "points_ppr": 14.2,
        "as_of": STATED_AT,
        "receptions": 5.0,
        "targets": 7.5,
        "receiving_yards": 62.0,
        "receiving_tds": 0.4,
        "two_point_conversions": 0.2,
    }
    path, headers = sites.requests[0]
    assert path == PATH.format(week=11)
    # Without a sort order the list comes back empty.
    wanted = json.loads(headers["X-Fantasy-Filter"])["players"]
    assert wanted["sortDraftRanks"]["value"] == "PPR"
    assert wanted["limit"] >= 1000


def test_a_defence_has_a_negative_id_and_the_same_points_in_every_scoring(
    sites: Sites, transport: Callable[..., Transport], rows: Callable[..., pa.Table]
) -> None:
    stated = listed(3, entry(6.0, _53=0.0), id=-16001, fullName="Falcons D/ST")
    sites.serve(PATH.format(week=11), {"players": [stated]})
    of_atlanta = {"player_id": "DST-ATL", "position": "DST", "espn_id": "-16001"}
    listed_defence = rows(RAW_PLAYERS, {"season": 2025, "week": 11, **of_atlanta})
    [found] = espn(transport()).fetch([make_week()], listed_defence).parts[0].to_pylist()
    assert (found["player_id"], found["position"]) == ("DST-ATL", "DST")
    assert {found[f"points_{name}"] for name in ("std", "half", "ppr")} == {6.0}
    assert found["receptions"] is None
    wanted = json.loads(sites.requests[0][1]["X-Fantasy-Filter"])["players"]
    assert 16 in wanted["filterSlotIds"]["value"]


def test_players_at_0_are_left_out(fetch: Fetch) -> None:
    silent = (listed(4, entry(0.0)), listed(5, entry(0, _53=0.0)), listed(6, entry(999.0)))
    found = fetch({"players": [listed(3, PROJECTED), *silent]})
    assert found.parts[0]["player_id"].to_pylist() == ["00-3"]
    assert found.warnings == []
    assert fetch({"players": list(silent)}).absent == {11: "no projection among 3 players"}


def test_real_answers_with_stat_lines(nfl_mirror: Path) -> None:
    """ESPN's whole answer of December 2025 about weeks of 2024 and 2025, actual stats included."""
    folder = nfl_mirror.parent.parent / "site-answers" / "espn"
    need(folder)
    body = json.loads((folder / "player_projection_response.json").read_bytes())
    [gibbs, chase, brown] = projections_in(body, make_week(15, at=SeasonWeek(2024, 15)))
    assert (gibbs.id, gibbs.name, gibbs.team) == ("4429795", "Jahmyr Gibbs", "DET")
    assert gibbs.values == {
        "points_std": 14.126,
        "points_half": 15.6377,
        "points_ppr": 17.1494,
        "carries": 13.4054,
        "rushing_yards": 67.4,
        "rushing_tds": 0.6407,
        "targets": 3.7093,
        "receptions": 3.0234,
        "receiving_yards": 25.7366,
        "receiving_tds": 0.1754,
        "two_point_conversions": 0.0163,
        "fumbles_lost": 0.06,
    }
    assert (chase.values["points_ppr"], brown.values["points_ppr"]) == (21.9328, 17.1771)
    with pytest.raises(NotPublishedError, match="no projection among 3 players"):
        projections_in(body, make_week(3, at=SeasonWeek(2024, 3)))
    body = json.loads((folder / "player_weekly_data_response.json").read_bytes())
    [mahomes] = projections_in(body, make_week(1, at=SeasonWeek(2025, 1)))
    assert mahomes.values["points_ppr"] == 19.8135
    assert mahomes.values["passing_yards"] == 262.9593


def test_real_answer_about_a_past_week_without_stat_lines(nfl_mirror: Path) -> None:
    path = nfl_mirror / ESPN.format(season=2024, week=9)
    found = projections_in(json.loads(path.read_bytes()), make_week(9, at=SeasonWeek(2024, 9)))
    # 774 entries, 30 of them defences: 405 players and 2 defences are at 0.
    assert len(found) == 774 - 405 - 2
    assert sum(one.id.startswith("-") for one in found) == 28
    players = [one for one in found if not one.id.startswith("-")]
    assert all(set(one.values) == {"points_ppr"} for one in players)
    assert all(one.values["points_ppr"] > 0 for one in found)


def test_the_entry_is_found_by_what_it_is_not_by_its_place(fetch: Fetch) -> None:
    others = (
        entry(31.0, source=0),
        entry(250.0, week=0, split=0),
        entry(9.9, week=10),
        entry(8.8, split=2),
        {**entry(7.7), "seasonId": 2024},
    )
    for entries in ((*others, PROJECTED), (PROJECTED, *others)):
        [given] = fetch({"players": [listed(3, *entries)]}).parts[0].to_pylist()
        assert given["points_ppr"] == 14.2


def test_players_without_a_projection_of_the_week_are_left_out(fetch: Fetch) -> None:
    nobody = (listed(4), listed(5, entry(20.0, source=0)), listed(6, stats=None))
    found = fetch({"players": [listed(3, PROJECTED), *nobody]})
    assert found.parts[0]["player_id"].to_pylist() == ["00-3"]


def test_without_a_stat_line_only_ppr_is_known(fetch: Fetch) -> None:
    [given] = fetch({"players": [listed(3, entry(14.2))]}).parts[0].to_pylist()
    assert (given["points_std"], given["points_half"], given["points_ppr"]) == (None, None, 14.2)


def test_a_line_without_receptions_has_none(fetch: Fetch) -> None:
    [given] = fetch({"players": [listed(3, entry(18.0, _3=250.0))]}).parts[0].to_pylist()
    assert (given["points_std"], given["points_ppr"], given["receptions"]) == (18.0, 18.0, None)


@pytest.mark.parametrize(
    "people", [[], [listed(3, entry(5.0, week=10))], [listed(3, entry(31.0, source=0))]]
)
def test_a_list_without_projections_of_the_week_is_a_gap(fetch: Fetch, people: list[Any]) -> None:
    found = fetch({"players": people})
    assert found.absent == {11: f"no projection among {len(people)} players"}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in entry(5.0).items() if key != name}


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("<!DOCTYPE html><html>", "not JSON"),
        ([], "no list of players"),
        ({"messages": ["Not found"]}, "no list of players"),
        ({"players": {"3": {}}}, "no list of players"),
        ({"players": [{"id": 1003}]}, "no player with an id"),
        ({"players": [{"player": {"fullName": "X"}}]}, "no player with an id"),
        ({"players": [listed(3, without("scoringPeriodId"))]}, "stats have no scoringPeriodId"),
        ({"players": [listed(3, without("statSourceId"))]}, "stats have no statSourceId"),
        ({"players": [listed(3, without("appliedTotal"))]}, "no appliedTotal"),
        ({"players": [listed(3, entry("14.2"))]}, "no appliedTotal"),
        ({"players": [listed(3, stats={"0": 1})]}, "not a list"),
    ],
)
def test_an_answer_of_another_shape_is_refused(fetch: Fetch, body: object, cause: str) -> None:
    found = fetch(body)
    assert found.parts == []
    with pytest.raises(SourceError, match=rf"^espn 2025 week 11: .*{cause}"):
        raise found.failed[11]


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_errors_of_the_server_are_part_of_the_answer(fetch: Fetch, status: int) -> None:
    found = fetch({"messages": ["no"]}, status=status)
    cause = found.absent[11] if status == 404 else str(found.failed[11])
    assert f"HTTP {status}" in cause
    assert found.parts == []


def test_team_numbers_are_todays_codes() -> None:
    assert (TEAMS[13], TEAMS[14], TEAMS[28], TEAMS[30], TEAMS[33]) == (
        *("LV", "LA", "WAS", "JAX", "BAL"),
    )
    assert len(set(TEAMS.values())) == 32
    assert not set(TEAMS.values()) & set(CURRENT_CODE)


def test_an_answer_with_wrong_numbers_is_refused_whole(nfl_mirror: Path, rows: Any) -> None:
    """Halve ESPN's real answer, and leave out one of its teams."""
    body = json.loads((nfl_mirror / ESPN.format(season=2024, week=12)).read_bytes())
    at = make_week(12, at=SeasonWeek(2024, 12))
    stated = projections_in(body, at)
    assert len(stated) > 300
    byes = {"ATL", "BUF", "CIN", "JAX", "NO", "NYJ"}
    positions = {1: "QB", 2: "RB", 3: "WR", 4: "TE", 5: "K", 16: "DST"}
    players = rows(
        RAW_PLAYERS,
        *(
            {
                **{"season": 2024, "week": 12, "player_id": str(entry["player"]["id"])},
                "espn_id": str(entry["player"]["id"]),
                "opponent": None if TEAMS.get(entry["player"]["proTeamId"]) in byes else "OPP",
                "player_name": entry["player"]["fullName"],
                "position": positions[entry["player"]["defaultPositionId"]],
                "team": TEAMS.get(entry["player"]["proTeamId"]),
            }
            for entry in body["players"]
            if entry["player"]["defaultPositionId"] in positions
        ),
    )

    def response(projections: list[Any], measured: bool = True) -> SourceResponse:
        site = WebSource("espn", "espn_id", lambda _: (projections, STATED_AT), measured=measured)
        return site.fetch([at], players)

    sound = response(stated)
    assert (sound.failed, sound.warnings) == ({}, [])
    half = [replace(one, values={"points_ppr": one.values["points_ppr"] / 2}) for one in stated]
    refused = response(half)
    assert refused.parts == []
    assert "the QB have" in str(refused.failed[12])
    assert "Run the week again when the site has the right answer." in str(refused.failed[12])
    # Of a site without past answers nobody knows the usual points, so the answer is used.
    used = response(half, measured=False)
    assert (used.failed, used.parts[0].num_rows) == ({}, sound.parts[0].num_rows)
    assert "espn 2024 week 12: the QB have" in used.warnings[0]
    assert "leave it out of FANTASY_PROJECTION_SOURCES" in used.warnings[0]
    [warning] = response([one for one in stated if one.team != "DET"]).warnings
    assert "its answer has nearly no player of DET" in warning
