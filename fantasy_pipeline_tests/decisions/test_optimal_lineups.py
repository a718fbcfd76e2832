"""Best line-ups of a week as rows: projected, actual, empty slots, and players without points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from fantasy_pipeline.decisions.league_week import Week
from fantasy_pipeline.decisions.lineup import Candidate
from fantasy_pipeline.decisions.optimal_lineups import actual_lineups, projected_lineups
from fantasy_pipeline.decisions.outcomes import Points
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import LEAGUE_POINTS, LEAGUE_ROSTERS, OPTIMAL_LINEUPS
from fantasy_pipeline.football.tables.contract import ValidatedRows
from fantasy_pipeline.ingest.leagues.base import LeagueSeason

Rows = Callable[..., pa.Table]
AT = SeasonWeek(2024, 5)
SLOTS = ["QB", "FLEX", "DL", "BN", "BN"]
LEAGUE = LeagueSeason("file", "x", 2024, "Friends", SLOTS, {}, [])


def candidate(name: str, position: str, points: float, slot: str = "BN") -> Candidate:
    of = Points(points, points, points, points)
    return Candidate(
        f"s-{name}", name, (position,), position, "BUF", "MIA", of, slot, player_id=f"n-{name}"
    )


def lineup(table: pa.Table, team: str) -> dict[str, tuple[str, float]]:
    return {
        row["slot"]: (row["player_name"], row["points"])
        for row in table.to_pylist()
        if row["team_id"] == team
    }


def test_projected_lineups_leave_out_reserve_and_empty_slots() -> None:
    ours = [
        candidate("allen", "QB", 20.0),
        candidate("cook", "RB", 12.0),
        candidate("kelce", "TE", 14.0, "IR"),
        candidate("oliver", "DL", 5.0),
    ]
    week = Week(LEAGUE, {"1": ours, "2": [candidate("chase", "WR", 16.0)]}, AT, ["DL"])
    table = projected_lineups("friends", AT, week)
    assert isinstance(OPTIMAL_LINEUPS.validated(table), ValidatedRows)
    assert lineup(table, "1") == {
        "QB": ("allen", 20.0),
        "FLEX": ("cook", 12.0),
        "DL": ("oliver", 5),
    }
    assert lineup(table, "2") == {"FLEX": ("chase", 16.0)}
    [first, *_] = table.to_pylist()
    assert (first["kind"], first["slot_number"], first["player_id"]) == ("projected", 0, "n-allen")
    assert first["platform_player_id"] == "s-allen"
    estimated = {row["player_name"] for row in table.to_pylist() if row["estimated"]}
    assert estimated == {"oliver"}


def test_actual_lineups_count_the_platforms_points_of_who_is_not_scored(rows: Rows) -> None:
    def spot(name: str, positions: str, points: float | None, stated: float) -> dict[str, Any]:
        key = {"season": 2024, "week": 5, "league": "friends", "team_id": "1"}
        about = {"platform_player_id": name, "player_name": name, "position": positions[:2]}
        return {
            **{**key, **about, "fantasy_positions": positions, "slot": "BN", "started": False},
            **{"points": points, "platform_points": stated},
        }

    spots = [
        spot("allen", "QB", 20.0, 21.0),
        spot("cook", "RB", 12.0, 12.0),
        spot("unmapped", "RB", None, 13.0),
        spot("oliver", "LB/DL", -1.0, 0.0),
    ]
    points, rosters = (
        rows(
            table,
            *({k: v for k, v in spot.items() if k in table.column_names} for spot in spots),
        )
        for table in (LEAGUE_POINTS, LEAGUE_ROSTERS)
    )
    table = actual_lineups("friends", AT, SLOTS, points, rosters)
    assert isinstance(OPTIMAL_LINEUPS.validated(table), ValidatedRows)
    expected = {"QB": ("allen", 20.0), "FLEX": ("unmapped", 13.0), "DL": ("oliver", -1.0)}
    assert lineup(table, "1") == expected
    assert set(table["kind"].to_pylist()) == {"actual"}
    assert not any(table["estimated"].to_pylist())
