"""NFL.com's names joined to our players."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import SourceError, UnusableAnswerError
from fantasy_pipeline.football.tables import FANTASY_POSITIONS, RAW_PLAYERS, SOURCE_PROJECTIONS
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.sites import NFLCOM
from fantasy_pipeline.ingest.sites.nflcom import nflcom_projections

Rows = Callable[..., pa.Table]
SEASON = 2024
SAVED = datetime(2024, 9, 6, 16, tzinfo=timezone.utc)
NOBODY = {"player_id": "00-0", "player_name": "Nobody At All"}

Join = Callable[..., tuple[dict[str, dict[str, Any]], list[str]]]


def projected(name: str, points: float = 10.0, **more: Any) -> dict[str, Any]:
    return {
        "season": SEASON,
        "week": 1,
        "name": name,
        "position": "WR",
        "team": "BUF",
        "points_half": points,
        "as_of": SAVED,
    } | more


def rostered(player_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "season": SEASON,
        "week": 1,
        "player_id": player_id,
        "player_name": name,
        "position": "WR",
        "team": "BUF",
    } | more


@pytest.fixture
def join(upstream: Callable[..., Any], rows: Rows) -> Join:
    """Return `join(projected, rostered, ids)`: matched rows by player id, and warnings."""

    def build(
        nflcom: list[dict[str, Any]],
        players: list[dict[str, Any]],
        ids: list[dict[str, Any]] | None = None,
        weeks: tuple[int, ...] = (1,),
    ) -> tuple[dict[str, dict[str, Any]], list[str]]:
        source = upstream(nflcom_projections=nflcom, player_ids=ids or [NOBODY])
        answer = nflcom_projections(source, rows(RAW_PLAYERS, *players), SEASON, weeks)
        [table] = answer.parts
        assert table.schema == SOURCE_PROJECTIONS.arrow_schema
        return {row["player_id"]: row for row in table.to_pylist()}, answer.warnings

    return build


def lineman(name: str, points: float = 6.0, **more: Any) -> dict[str, Any]:
    return projected(name, points, position="DL", **more)


def answer_about_defenders(
    upstream: Callable[..., Any], rows: Rows, defenders: list[dict[str, Any]], *others: Any
) -> Any:
    """Return the answer about one receiver and some defenders; by default an edge rusher listed."""
    source = upstream(
        nflcom_projections=[projected("Josh Palmer")],
        nflcom_defenders=defenders,
        player_ids=[NOBODY],
    )
    players = [rostered("00-1", "Josh Palmer"), *others]
    return source, rows(RAW_PLAYERS, *players)


def test_defenders_are_matched_as_one_position(upstream: Callable[..., Any], rows: Rows) -> None:
    """Edge rushers are linemen at NFL.com and linebackers on rosters."""
    source, players = answer_about_defenders(
        upstream,
        rows,
        [lineman("T.J. Watt", 9.5), lineman("Nobody Else")],
        rostered("00-2", "TJ Watt", position="OLB"),
        rostered("00-3", "Jordan Poyer", position="S"),
    )
    answer = nflcom_projections(source, players, SEASON, [1])
    [table] = answer.parts
    found = {
        row["player_id"]: (row["position"], row["points_half"], row["points_ppr"])
        for row in table.to_pylist()
    }
    assert found == {"00-1": ("WR", 10.0, None), "00-2": ("LB", 9.5, None)}
    assert answer.warnings == []


def test_wrong_files_of_defenders_cost_no_other_position(
    upstream: Callable[..., Any], rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, players = answer_about_defenders(upstream, rows, [lineman("T.J. Watt")])

    def refused(season: int, weeks: Any) -> pa.Table:
        raise UnusableAnswerError("nflcom_projections", "the LB file is not UTF-8", "Wait.", season)

    monkeypatch.setattr(source, "nflcom_defenders", refused)
    answer = nflcom_projections(source, players, SEASON, [1])
    assert [row["player_id"] for row in answer.parts[0].to_pylist()] == ["00-1"]
    assert answer.failed == {}
    assert answer.warnings == ["nflcom_projections 2024: no defenders: the LB file is not UTF-8"]


def test_defenders_of_another_week_are_left_out(upstream: Callable[..., Any], rows: Rows) -> None:
    many = [f"Player {chr(65 + n // 26)}{chr(97 + n % 26)}" for n in range(30)]
    source, players = answer_about_defenders(
        upstream,
        rows,
        [lineman(name, opponent="NYJ") for name in many],
        *(rostered(f"01-{n}", name, position="LB", opponent="MIA") for n, name in enumerate(many)),
    )
    answer = nflcom_projections(source, players, SEASON, [1])
    assert answer.parts[0].num_rows == 1
    [warning] = answer.warnings
    assert warning.startswith(
        "nflcom_projections 2024 week 1: no defenders: only 0% of its players"
    )


def test_a_projection(join: Join) -> None:
    found, warnings = join([projected("Josh Palmer", 8.5)], [rostered("00-1", "Josh Palmer")])
    given = {name: value for name, value in found["00-1"].items() if value is not None}
    assert {"00-1": given} == {
        "00-1": {
            "season": SEASON,
            "week": 1,
            "source": NFLCOM,
            "player_id": "00-1",
            "player_name": "Josh Palmer",
            "position": "WR",
            "team": "BUF",
            "points_half": 8.5,
            "as_of": SAVED,
        }
    }
    assert warnings == []


@pytest.mark.parametrize(
    ("nflcom", "roster"),
    [
        ("Marvin Harrison Jr.", "Marvin Harrison"),
        ("Marvin Harrison", "Marvin Harrison Jr."),
        ("Kenneth Walker III", "Kenneth Walker"),
        ("Robert Griffin II", "Robert Griffin"),
        ("Pierre Strong IV", "Pierre Strong"),
        ("Odell Beckham Jr", "Odell Beckham Sr."),
        ("D.J. Moore", "DJ Moore"),
        ("Ja'Marr Chase", "JaMarr Chase"),
        ("Ja\u2019Marr Chase", "Ja'Marr Chase"),
        ("Amon-Ra St. Brown", "Amon-Ra St Brown"),
        ("JOSH ALLEN", "Josh Allen"),
        ("José Ramírez", "Jose Ramirez"),
        ("Gabe Davis ", "Gabe Davis"),
    ],
)
def test_names_are_compared_by_their_letters(join: Join, nflcom: str, roster: str) -> None:
    found, warnings = join([projected(nflcom)], [rostered("00-1", roster)])
    assert set(found) == {"00-1"}
    assert warnings == []


@pytest.mark.parametrize(
    ("nflcom", "roster"),
    [
        ("Ivan Smith", "Ian Smith"),
        ("Kaiir Elam", "Kaiir Elamiii"),
        ("Junior Smith", "Smith"),
    ],
)
def test_other_names_are_other_players(join: Join, nflcom: str, roster: str) -> None:
    found, [warning] = join([projected(nflcom)], [rostered("00-1", roster, team="KC")])
    assert found == {}
    assert nflcom in warning


@pytest.mark.parametrize(
    ("nflcom", "roster", "team"),
    [
        ("Jeff Wilson", "Jeffery Wilson", "BUF"),
        ("Jeff Wilson Jr.", "Jeffery Wilson", "BUF"),
        ("Bam Knight", "Zonovan Knight", "BUF"),
        # He was traded before NFL.com's file was saved.
        ("Jeff Wilson", "Jeffery Wilson", "KC"),
        ("Robbie Anderson", "Robby Anderson", "KC"),
    ],
)
def test_a_short_first_name_is_found_by_surname_and_team_or_first_letters(
    join: Join, nflcom: str, roster: str, team: str
) -> None:
    others = [rostered("00-2", "Ian Wilson", team="SF"), rostered("00-3", "Al Knight", team="SF")]
    found, warnings = join([projected(nflcom)], [rostered("00-1", roster, team=team), *others])
    assert set(found) == {"00-1"}
    assert warnings == []


@pytest.mark.parametrize(
    ("stated", "listed"),
    [
        # Two players; two rows; a player whom another row names.
        (["Jeff Wilson"], ["Jeffery Wilson", "Jefferson Wilson"]),
        (["Jeff Wilson", "Jeffy Wilson"], ["Jeffery Wilson"]),
        (["Jeff Wilson", "Jeffery Wilson"], ["Jeffery Wilson"]),
    ],
)
def test_a_surname_that_decides_nothing_is_not_guessed(
    join: Join, stated: list[str], listed: list[str]
) -> None:
    players = [rostered(f"00-{number}", name) for number, name in enumerate(listed)]
    found, [warning] = join([projected(name) for name in stated], players)
    assert {row["player_name"] for row in found.values()} <= {"Jeffery Wilson"}
    assert "Jeff Wilson" in warning


def test_team_and_first_letters_that_lead_to_two_players_decide_nothing(join: Join) -> None:
    two = [rostered("00-1", "Ced Wilson"), rostered("00-2", "Jeffery Wilson", team="KC")]
    found, [warning] = join([projected("Jeff Wilson")], two)
    assert found == {}
    assert "Jeff Wilson" in warning


def test_the_id_map_knows_nicknames(join: Join) -> None:
    found, warnings = join(
        [projected("Tank Dell"), projected("Hollywood Brown")],
        [rostered("00-1", "Nathaniel Dell"), rostered("00-2", "Marquise Brown")],
        [
            {"player_id": "00-1", "player_name": "Tank Dell"},
            {"player_id": "00-2", "player_name": "Hollywood Brown"},
        ],
    )
    assert {player: row["player_name"] for player, row in found.items()} == {
        "00-1": "Tank Dell",
        "00-2": "Hollywood Brown",
    }
    assert warnings == []


def test_the_position_must_agree(join: Join) -> None:
    found, [warning] = join(
        [projected("Taysom Hill", position="TE")],
        [rostered("00-1", "Taysom Hill", position="QB"), rostered("00-2", "Other", position="TE")],
    )
    assert found == {}
    assert "1 of 1 rows match no rostered player, e.g. Taysom Hill" in warning


def test_namesakes_are_told_apart_by_position(join: Join) -> None:
    found, _ = join(
        [projected("Josh Allen", 20, position="QB"), projected("Josh Allen", 5, position="TE")],
        [
            rostered("00-1", "Josh Allen", position="QB"),
            rostered("00-2", "Josh Allen", position="LB", team="JAX"),
            rostered("00-3", "Josh Allen", position="TE", team="JAX"),
        ],
    )
    assert {player: row["points_half"] for player, row in found.items()} == {"00-1": 20, "00-3": 5}


@pytest.mark.parametrize(("team", "player"), [("BUF", "00-1"), ("KC", "00-2")])
def test_namesakes_at_one_position_are_told_apart_by_team(
    join: Join, team: str, player: str
) -> None:
    namesakes = [
        rostered("00-1", "Mike Williams", team="BUF"),
        rostered("00-2", "Mike Williams", team="KC"),
    ]
    for players in (namesakes, namesakes[::-1]):
        found, _ = join([projected("Mike Williams", team=team)], players)
        assert set(found) == {player}


def test_the_team_may_be_another_one_where_there_is_no_namesake(join: Join) -> None:
    found, _ = join([projected("Davante Adams", team="NYJ")], [rostered("00-1", "Davante Adams")])
    assert found["00-1"]["team"] == "NYJ"


def test_namesakes_on_other_teams_are_not_guessed(join: Join) -> None:
    namesakes = [
        rostered("00-1", "Mike Williams", team="BUF"),
        rostered("00-2", "Mike Williams", team="KC"),
    ]
    found, warnings = join([projected("Mike Williams", team="SF")], namesakes)
    assert found == {}
    assert any("Mike Williams" in warning for warning in warnings)


def test_of_two_spellings_of_one_player_the_higher_stays(join: Join) -> None:
    both = [projected("Gabe Davis", 3.0), projected("Gabriel Davis", 9.0)]
    ids = [{"player_id": "00-1", "player_name": "Gabe Davis"}]
    for nflcom in (both, both[::-1]):
        found, warnings = join(nflcom, [rostered("00-1", "Gabriel Davis")], ids)
        assert found["00-1"]["points_half"] == 9.0
        assert warnings == []


def test_each_week_is_joined_to_its_own_roster(join: Join) -> None:
    found, [warning] = join(
        [projected("Josh Palmer"), projected("Josh Palmer", 7.0, week=2)],
        [rostered("00-1", "Josh Palmer", week=2)],
        weeks=(1, 2),
    )
    assert (found["00-1"]["week"], found["00-1"]["points_half"]) == (2, 7.0)
    assert "1 of 2 rows" in warning


# Warnings


def test_the_unmatched_names_projected_highest_are_listed_once(join: Join) -> None:
    nflcom = [
        projected(f"Unknown {letter}", points)
        for letter, points in zip("abcdefg", range(7), strict=True)
    ]
    again = [projected("Unknown g", 6, position="TE")]
    _, [warning] = join([*nflcom, *again], [rostered("00-1", "Josh Palmer")])
    assert warning == (
        "nflcom_projections 2024: 8 of 8 rows match no rostered player, "
        "e.g. Unknown g, Unknown f, Unknown e, Unknown d, Unknown c"
    )


def test_weeks_without_a_file_are_reported(join: Join) -> None:
    found, [warning] = join(
        [projected("Josh Palmer")], [rostered("00-1", "Josh Palmer")], weeks=(1, 2, 19)
    )
    assert set(found) == {"00-1"}
    assert warning == "nflcom_projections 2024: no file for week 2, 19"


def test_seasons_before_upstream_begins_are_reported(
    upstream: Callable[..., Any], rows: Rows
) -> None:
    answer = nflcom_projections(upstream(), rows(RAW_PLAYERS), 2020, [1])
    [warning] = answer.warnings
    assert answer.parts[0].num_rows == 0
    assert warning == "nflcom_projections 2020: upstream begins with 2021"


def test_nothing_published_is_a_warning(upstream: Callable[..., Any], rows: Rows) -> None:
    answer = nflcom_projections(upstream(), rows(RAW_PLAYERS), SEASON, [1])
    [warning] = answer.warnings
    assert answer.parts[0].num_rows == 0
    assert warning.startswith("nflcom_projections 2024: HTTP 404")


def test_without_an_id_map_the_rosters_spelling_must_do(
    upstream: Callable[..., Any], rows: Rows
) -> None:
    source = upstream(nflcom_projections=[projected("Josh Palmer")])
    players = rows(RAW_PLAYERS, rostered("00-1", "Josh Palmer"))
    answer = nflcom_projections(source, players, SEASON, [1])
    assert answer.parts[0]["player_id"].to_pylist() == ["00-1"]
    [warning] = answer.warnings
    assert warning == "player_ids: HTTP 404; names are matched by the roster's spelling only"


@pytest.mark.parametrize(
    ("kind", "asked", "failed"),
    [(UnusableAnswerError, [1, 2, 3], [2]), (SourceError, [1, 2], [2, 3])],
)
def test_a_broken_week_fails_alone_and_a_broken_network_is_not_asked_again(
    upstream: Callable[..., Any],
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[SourceError],
    asked: list[int],
    failed: list[int],
) -> None:
    weeks = [1, 2, 3]
    names = [projected("Josh Palmer", week=week) for week in weeks]
    source = upstream(nflcom_projections=names, player_ids=[NOBODY])
    whole, requests = source.nflcom_projections, []

    def breaks(season: int, of: Any) -> pa.Table:
        requests.extend(of)
        if list(of) == [2]:
            raise kind("nflcom_projections", "no column Team", "Update.", season, 2)
        return whole(season, of)

    monkeypatch.setattr(source, "nflcom_projections", breaks)
    players = [rostered("00-1", "Josh Palmer", week=week) for week in weeks]
    answer = nflcom_projections(source, rows(RAW_PLAYERS, *players), SEASON, weeks)
    assert requests == asked
    assert list(answer.failed) == failed
    assert all("no column Team" in str(error) for error in answer.failed.values())
    delivered = sorted(set(weeks) - set(failed))
    assert answer.parts[0]["week"].to_pylist() == delivered
    assert answer.warnings == []


def test_without_the_id_map_for_trouble_every_week_fails(
    upstream: Callable[..., Any], rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = upstream(nflcom_projections=[projected("Josh Palmer")])

    def down() -> pa.Table:
        raise SourceError("player_ids", "HTTP 500", "Run again.")

    monkeypatch.setattr(source, "player_ids", down)
    answer = nflcom_projections(source, rows(RAW_PLAYERS), SEASON, [1])
    assert [str(error) for error in answer.failed.values()] == ["player_ids: HTTP 500. Run again."]
    assert answer.parts[0].num_rows == 0


def test_the_sample_league_joins_whole(sample: SampleLeague) -> None:
    weeks = [1, 2, 3]
    players, _ = raw_players(sample, sample.schedule(), SEASON, weeks)
    answer = nflcom_projections(sample, players, SEASON, weeks)
    [table] = answer.parts
    assert table.num_rows == sample.nflcom_projections(SEASON, weeks).num_rows
    assert answer.warnings == []
    assert set(table["position"].to_pylist()) == set(FANTASY_POSITIONS)


def test_a_file_of_another_position_is_left_out_and_named(join: Join) -> None:
    """A player of the file who is rostered at its position does not save the others."""
    backs = [projected(f"Back {letter}", 5.0, position="WR") for letter in "abcdefghij"]
    ends = [projected(f"End {letter}", 5.0, position="TE") for letter in "abcdefghij"]
    players = [
        *(rostered(f"00-b{letter}", f"Back {letter}", position="RB") for letter in "abcdefghij"),
        *(rostered(f"00-e{letter}", f"End {letter}", position="TE") for letter in "abcdefghij"),
        rostered("00-1", "Josh Palmer"),
    ]
    found, warnings = join([*backs, projected("Josh Palmer", 8.5), *ends], players)
    assert set(found) == {f"00-e{letter}" for letter in "abcdefghij"}
    assert warnings == [
        f"nflcom_projections {SEASON} week 1: only 9% of the players in its WR file are rostered "
        "as WR, so the file is left out"
    ]
