"""Ranks, values, kick-offs and results of a week's projections, on small tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, PROJECTIONS, WEEKLY_STATS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.projection_list import projection_list

Rows = Callable[..., pa.Table]
WEEK = SeasonWeek(2024, 5)
THURSDAY = datetime(2024, 10, 4, 0, 15, tzinfo=timezone.utc)
SUNDAY = datetime(2024, 10, 6, 17, tzinfo=timezone.utc)
MONDAY = SUNDAY + timedelta(days=1)
AT_WEEK = {"season": WEEK.season, "week": WEEK.week}


def projected(player: str, position: str, team: str, half: float, **more: Any) -> dict[str, Any]:
    points = {"projected_points": half + 1, "projected_points_half": half}
    points["projected_points_std"] = half - 1
    name = {"player_id": player, "player_name": player.title(), "position": position, "team": team}
    return {**AT_WEEK, **name, "source": "model", **points, **more}


def game(home: str, away: str, kickoff: datetime) -> dict[str, Any]:
    return {
        **AT_WEEK,
        "game_id": home,
        "game_type": "REG",
        "home_team": home,
        "away_team": away,
        "kickoff": kickoff,
    }


@pytest.fixture
def filled(lake: Lake, rows: Rows) -> Lake:
    lake.write_weeks(
        PROJECTIONS,
        rows(
            PROJECTIONS,
            projected("allen", "QB", "BUF", 20.0),
            projected("hurts", "QB", "PHI", 22.0, reason="questionable"),
            projected("cook", "RB", "BUF", 14.0),
            projected("barkley", "RB", "PHI", 16.0, injury_status="Doubtful"),
            projected("resting", "WR", "DET", 0.0, reason="bye"),
        ),
        [WEEK],
    )
    lake.write(GAMES, rows(GAMES, game("BUF", "MIA", THURSDAY), game("DAL", "PHI", SUNDAY)))
    stats = [("allen", 25.0), ("hurts", 31.0)]
    lake.write_weeks(
        WEEKLY_STATS,
        rows(
            WEEKLY_STATS,
            *(
                {**AT_WEEK, "player_id": player, "fantasy_points_half": points}
                for player, points in stats
            ),
        ),
        [WEEK],
    )
    return lake


def listed(lake: Lake, *columns: str, now: datetime = MONDAY, **more: Any) -> dict[str, Any]:
    found = projection_list(lake, WEEK, now, "half", **more).to_pylist()
    return {row["player_id"]: tuple(row[name] for name in columns) for row in found}


def test_ranks_values_and_status(filled: Lake) -> None:
    assert listed(filled, "rank", "value", "status") == {
        "hurts": (1, 22.0, "questionable"),
        "allen": (2, 20.0, None),
        "barkley": (1, 16.0, "Doubtful"),
        "cook": (2, 14.0, None),
        "resting": (1, 0.0, "bye"),
    }


def test_actual_points_are_those_of_games_that_are_over(filled: Lake) -> None:
    before, friday = THURSDAY - timedelta(hours=1), THURSDAY + timedelta(hours=12)
    assert listed(filled, "actual_points", now=before)["allen"] == (None,)
    points = listed(filled, "kickoff", "actual_points", now=friday)
    assert points["allen"] == (THURSDAY, 25.0)
    assert points["hurts"] == (SUNDAY, None)
    assert points["cook"] == (THURSDAY, None), "no stat line"
    assert points["resting"] == (None, None)
    assert listed(filled, "actual_points")["hurts"] == (31.0,)


def test_ranks_stay_those_of_the_week_when_rows_are_chosen(filled: Lake) -> None:
    assert listed(filled, "rank", team="BUF") == {"allen": (2,), "cook": (2,)}
    assert listed(filled, "rank", player="LLE") == {"allen": (2,)}
    assert listed(filled, "rank", player="cook", position="RB") == {"cook": (2,)}
    assert listed(filled, "rank", top=1) == {"hurts": (1,)}


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"player": "nobody"}, r"no player matches 'nobody'; give part of a name or an id\."),
        ({"player": "allen", "position": "RB"}, "no RB matches 'allen'; .* leave out the other"),
        ({"player": "allen", "team": "DET"}, "no player of DET matches 'allen'"),
        ({"player": " "}, "the player is empty"),
        ({"team": "SEA", "position": "QB"}, "no QB of SEA is projected"),
        ({"team": "XX"}, "team 'XX' is none of ARI, "),
        ({"position": "XX"}, "position 'XX' is none of"),
    ],
)
def test_a_choice_that_matches_nobody_is_an_error(
    filled: Lake, chosen: dict[str, str], message: str
) -> None:
    with pytest.raises(PipelineError, match=message):
        projection_list(filled, WEEK, MONDAY, **chosen)  # type: ignore[arg-type]


def test_existing_columns_keep_their_places(filled: Lake) -> None:
    names = projection_list(filled, WEEK, MONDAY).column_names
    assert names == [
        *PROJECTIONS.column_names,
        *("rank", "value", "status", "kickoff", "actual_points"),
    ]
