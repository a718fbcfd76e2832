"""What NFL.com states that defenders did: by name, of real files, and where it cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import SourceError
from fantasy_pipeline.football.tables import RAW_PLAYERS
from fantasy_pipeline.ingest.defender_results import STATED, with_results
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sources import schema
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline_tests.ingest.memory_source import memory_source
from fantasy_pipeline_tests.rows import Rows

AT_WEEK = {"season": 2022, "week": 5}


def defender(id_: str, name: str, team: str, position: str = "LB") -> dict[str, Any]:
    return {**AT_WEEK, "player_id": id_, "player_name": name, "team": team, "position": position}


def stated(name: str, team: str, losses: float, blocks: float = 0.0) -> dict[str, Any]:
    return {
        **{**AT_WEEK, "name": name, "team": team},
        **{"tackles_for_loss": losses, "kicks_blocked": blocks},
    }


def test_players_are_found_by_name_team_and_surname(rows: Rows) -> None:
    players = rows(
        RAW_PLAYERS,
        defender("wilson", "Damien Wilson", "CAR"),
        defender("buffalo", "Josh Allen", "JAX", "DE"),
        defender("other", "Josh Allen", "BUF", "CB"),
        defender("oluokun", "Foyesade Oluokun", "JAX"),
        defender("sauce", "Ahmad Gardner", "NYJ", "CB"),
        defender("one", "Al Jones", "KC"),
        defender("two", "Bo Jones", "KC"),
        defender("passer", "Damien Wilson", "CAR", "QB"),
    )
    ids = rows(schema.PLAYER_IDS, {"player_id": "sauce", "player_name": "Sauce Gardner"})
    source = memory_source(
        nflcom_results=[
            stated("Damien Wilson Jr.", "CAR", 3.0),
            stated("Josh Allen", "JAX", 1.0, 1.0),
            stated("Foye Oluokun", "JAX", 2.0),
            stated("Sauce Gardner", "NYJ", 4.0),
            stated("Cy Jones", "KC", 5.0),
        ]
    )
    found, warnings = with_results(players, source, ids, 2022, [5])
    assert warnings == []
    RAW_PLAYERS.validated(found)
    by_id = {row["player_id"]: tuple(row[name] for name in STATED) for row in found.to_pylist()}
    nothing = (None, None)
    assert by_id == {
        **{"wilson": (3.0, 0.0), "buffalo": (1.0, 1.0), "oluokun": (2.0, 0.0)},
        **{"sauce": (4.0, 0.0), "other": nothing, "passer": nothing},
        # Two players of the team have the surname.
        **{"one": nothing, "two": nothing},
    }


def test_other_seasons_and_files_that_cannot_be_read_leave_the_players(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    players = rows(RAW_PLAYERS, defender("wilson", "Damien Wilson", "CAR"))
    ids, source = rows(schema.PLAYER_IDS), memory_source()
    assert with_results(players, source, ids, 2024, [5]) == (players, [])
    assert with_results(players, source, ids, 2022, [5]) == (players, []), "not published"

    def broken(*_: Any) -> pa.Table:
        raise SourceError("nflcom_projections", "the LB file is not UTF-8", "Delete it.", 2022, 5)

    monkeypatch.setattr(source, "nflcom_results", broken)
    found, [warning] = with_results(players, source, ids, 2022, [5])
    assert found is players
    assert warning == "nflcom_projections 2022: no results of defenders: the LB file is not UTF-8"


def test_real_files_have_shared_tackles_for_loss(nfl_mirror: Path, tmp_path: Path) -> None:
    """Damien Wilson had three in week 5 of 2022, of which the weekly file has fewer."""
    source = Nflverse(Transport(tmp_path / "cache", mirror=str(nfl_mirror), offline=True), "auto")
    results = source.nflcom_results(2022, [5])
    schema.NFLCOM_RESULTS.validated(results)
    wilson = next(row for row in results.to_pylist() if row["name"] == "Damien Wilson")
    assert (wilson["team"], wilson["tackles_for_loss"]) == ("CAR", 3.0)
    for season in (2020, 2024):
        assert source.nflcom_results(season, [5]).num_rows == 0
    players, _ = raw_players(source, source.schedule(), 2022, [5])
    lines = source.weekly_stats(2022).to_pylist()
    of_file = {row["player_id"]: row["def_tackles_for_loss"] for row in lines if row["week"] == 5}
    both = [
        (row[STATED[0]], of_file[row["player_id"]])
        for row in players.to_pylist()
        if row[STATED[0]] and row["player_id"] in of_file
    ]
    assert len(both) > 80
    assert sum(one >= other for one, other in both) / len(both) > 0.95
    assert sum(one > other for one, other in both) >= 8
