"""Test which answers of a site are refused, and which teams a warning names."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline.ingest.sites.answer_plausible import (
    MIN_OF_TEAM,
    MIN_ROWS,
    USUAL_PPR,
    implausible,
    missing_positions,
    missing_teams,
    without_teams,
)
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)
OF_TEAM = {"QB": 1, "RB": 3, "WR": 4, "TE": 2, "K": 1, "DST": 1}
PLAYERS = [
    (team, position, number)
    for team in sorted(TEAMS)
    for position, count in OF_TEAM.items()
    for number in range(count)
]


def roster(rows: Rows, idle: int = 0) -> pa.Table:
    """Return the players of all teams; the first teams have no game."""
    off = sorted(TEAMS)[:idle]
    return rows(
        tables.RAW_PLAYERS,
        *(
            {
                **{"season": 2024, "week": 5, "player_id": f"{team}-{position}-{number}"},
                **{"player_name": f"{position} {number} of {team}", "position": position},
                **{"team": team, "opponent": None if team in off else "OPP"},
            }
            for team, position, number in PLAYERS
        ),
    )


def answer(rows: Rows, name: str = "{0} {1} of {2}", **factors: float) -> pa.Table:
    """Return an answer with the usual points; `factors` by position, `name` for all players."""
    records: list[dict[str, Any]] = [
        {
            **{"season": 2024, "week": 5, "source": "espn"},
            **{"player_id": f"{team}-{position}-{number}", "position": position},
            "player_name": name.format(position, number, team),
            "points_ppr": USUAL_PPR[position][1] * factors.get(position, 1.0),
        }
        for team, position, number in PLAYERS
    ]
    return rows(tables.SOURCE_PROJECTIONS, *records)


def test_a_usual_answer_is_used(rows: Rows) -> None:
    assert implausible(answer(rows), roster(rows), WEEK) is None
    written = answer(rows, "{0} {1}. OF {2}!")
    assert implausible(written, roster(rows), WEEK) is None
    # 2022 week 17: the game of two teams was cancelled.
    assert implausible(answer(rows), roster(rows, idle=2), WEEK) is None


@pytest.mark.parametrize(
    ("changed", "idle", "cause"),
    [
        ({"QB": 0.5}, 0, "the QB have 50% of their usual points"),
        ({"K": 1.4}, 0, "the K have 140% of their usual points"),
        ({"name": "Some Body"}, 0, "100% of its players have another name than the player with"),
        ({}, 4, "12% of its players have no game in week 5: it is another week's"),
    ],
    ids=["halved", "too high", "other players", "another week"],
)
def test_a_wrong_answer_is_refused(
    rows: Rows, changed: dict[str, Any], idle: int, cause: str
) -> None:
    found = implausible(answer(rows, **changed), roster(rows, idle), WEEK)
    assert found is not None
    assert found.startswith(cause)


def test_a_small_answer_proves_nothing(rows: Rows) -> None:
    few = answer(rows, "Some Body", QB=0.1).slice(0, MIN_ROWS - 1)
    assert implausible(few, roster(rows), WEEK) is None
    assert missing_teams(few, roster(rows), WEEK) == []


def test_teams_without_players_are_named(rows: Rows) -> None:
    players, whole = roster(rows, idle=1), answer(rows)
    assert missing_teams(whole, players, WEEK) == []
    # ARI, the first team, has no game.
    most = whole.slice(2 * sum(OF_TEAM.values()) - MIN_OF_TEAM + 1)
    assert missing_teams(most, players, WEEK) == ["ATL"]
    assert without_teams("espn", WEEK, []) == []
    [warning] = without_teams("espn", WEEK, ["ATL"])
    assert warning.startswith("espn 2024 week 5: its answer has nearly no player of ATL")


def test_positions_and_most_players_that_are_missing_are_named(rows: Rows) -> None:
    players, whole = roster(rows), answer(rows)
    assert missing_positions(whole, players, WEEK) == []
    kickers = pc.equal(whole["position"], "K")
    assert missing_positions(whole.filter(pc.invert(kickers)), players, WEEK) == ["only 0 K"]
    assert missing_positions(whole.slice(0, 85), players, WEEK) == ["only 85 players"]
    # The play-offs have few teams.
    assert missing_positions(whole.slice(0, 85), roster(rows, idle=24), WEEK) == []
