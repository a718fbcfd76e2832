"""Single defenders in leagues: who has them, and their points in a league's scoring."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import DEFENDER_PROJECTIONS, PROJECTIONS, RAW_PLAYERS
from fantasy_pipeline.football.tables.leagues import LEAGUE_PROJECTIONS
from fantasy_pipeline.ingest.leagues.base import LeagueSeason, Team
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.leagues import scoring
from fantasy_pipeline.leagues.defenders import starts_defenders, with_defenders
from fantasy_pipeline.leagues.tables import league_projections
from fantasy_pipeline.leagues.team_defence import scored_defences
from fantasy_pipeline.leagues.view import LeagueView
from fantasy_pipeline.operations.projection_list import projection_list
from fantasy_pipeline_tests.rows import Rows

WEEK = SeasonWeek(2024, 5)
AT = {"season": 2024, "week": 5, "team": "BUF", "opponent": "MIA", "source": "model"}
IDP = {"idp_tkl_solo": 1.0, "idp_tkl_ast": 0.5, "idp_sack": 4.0, "bonus_tkl_10p": 3.0}
POINTS = {"projected_points": 12.0, "p10": 6.0, "p50": 11.0, "p90": 20.0}
LINEBACKER: dict[str, Any] = {
    **{**AT, **POINTS, "player_id": "lb", "player_name": "Matt Milano", "position": "LB"},
    **{"def_tackles_solo": 4.0, "def_tackles_with_assist": 1.0, "def_tackle_assists": 2.0},
    **{"def_sacks": 0.5, "model_points": 11.0, "nflcom_points": 14.0},
}
RUNNER: dict[str, Any] = {
    **{**AT, "player_id": "rb", "player_name": "James Cook", "position": "RB"},
    **{"rushing_yards": 80.0},
    **{f"{name}{end}": value for name, value in POINTS.items() for end in ("", "_half", "_std")},
}


@pytest.fixture
def filled(lake: Lake, rows: Rows) -> Lake:
    lake.write_weeks(PROJECTIONS, rows(PROJECTIONS, RUNNER), [WEEK])
    lake.write_weeks(DEFENDER_PROJECTIONS, rows(DEFENDER_PROJECTIONS, LINEBACKER), [WEEK])
    return lake


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        (["QB", "DEF", "BN"], False),
        (["QB", "LB"], True),
        (["QB", "IDP_FLEX"], True),
        (["QB", "FLEX", "SUPER_FLEX"], False),
    ],
)
def test_leagues_that_start_defenders(slots: list[str], expected: bool) -> None:
    assert starts_defenders(slots) == expected


def test_only_leagues_with_slots_have_defenders(filled: Lake) -> None:
    projections = filled.read(PROJECTIONS, [WEEK])
    # The very same table, so that nothing changes in other leagues.
    assert with_defenders(projections, filled, [WEEK], ["QB", "DEF"]) is projections
    both = with_defenders(projections, filled, [WEEK], ["QB", "DB"])
    assert both["player_id"].to_pylist() == ["rb", "lb"]
    assert both.select(projections.column_names).slice(0, 1).equals(projections)
    other = SeasonWeek(2024, 6)
    assert with_defenders(projections, filled, [other], ["QB", "DB"]) is projections


def test_points_follow_from_the_stat_line(filled: Lake) -> None:
    """Thresholds such as 10 tackles do not follow from expected values."""
    both = with_defenders(filled.read(PROJECTIONS, [WEEK]), filled, [WEEK], ["LB"])
    of = scoring.of_sleeper({**IDP, "rush_yd": 0.1})
    table = league_projections("a", both, of, scored_defences(filled))
    LEAGUE_PROJECTIONS.validated(table)
    found = {row["player_id"]: row for row in table.to_pylist()}
    assert found["lb"]["projected_points"] == 5 + 1 + 2
    assert found["lb"]["p90"] == pytest.approx(20 * 8 / 12, abs=0.01)
    assert found["rb"]["projected_points"] == 8.0


def test_points_by_columns_and_by_espns_stats(filled: Lake) -> None:
    both = with_defenders(filled.read(PROJECTIONS, [WEEK]), filled, [WEEK], ["LB"])
    # ESPN's 99 are sacks, 109 tackles.
    for of, worth in (
        (scoring.of_sleeper({"def_sacks": 2.0}), 1.0),
        (scoring.of_espn([{"statId": 99, "points": 2.0}, {"statId": 109, "points": 1.0}]), 8.0),
    ):
        points = league_projections("a", both, of, scored_defences(filled))["projected_points"]
        assert points.to_pylist()[0 if points[0].as_py() else 1] == worth


def test_lists_of_a_league_have_ranks_and_values_of_defenders(filled: Lake, rows: Rows) -> None:
    filled.write_weeks(RAW_PLAYERS, rows(RAW_PLAYERS), [WEEK])
    of = LeagueSeason("file", "a", 2024, "A", ["RB", "LB"], {**IDP, "rush_yd": 0.1}, [Team("1")])

    now = datetime(2024, 9, 30, tzinfo=timezone.utc)
    view = LeagueView("a", of)
    table = projection_list(filled, WEEK, now, league=view, position="LB")
    [row] = table.to_pylist()
    assert (row["player_id"], row["rank"], row["projected_points"]) == ("lb", 1, 8.0)
    everybody = projection_list(filled, WEEK, now)
    assert everybody["player_id"].to_pylist() == ["rb"]
