"""Which players are listed, and what the report states of each."""

from datetime import datetime, timezone
from typing import Any

import pytest

from fantasy_pipeline.football.tables import PLAYER_HISTORY, PROJECTIONS, RAW_PLAYERS
from fantasy_pipeline.report.players import LISTED, listed_players, players_of, ranked
from fantasy_pipeline_tests.report.players import player
from fantasy_pipeline_tests.rows import Rows

KICKOFF = datetime(2025, 11, 9, 18, tzinfo=timezone.utc)
SOURCES = {
    **{"plays": 0.7, "sources": 2, "spread": 2.5, "model_half": 8.5},
    **{"carries": 18.2, "rushing_yards": 84.0},
}
WEEK = {"season": 2025, "week": 10}


def projected(name: str, points: float, **more: Any) -> dict[str, Any]:
    out = {**WEEK, "player_id": name, "player_name": name.title(), "position": "RB", "team": "KC"}
    for end, factor in (("", 1.0), ("_half", 0.9), ("_std", 0.8)):
        out |= {f"projected_points{end}": points * factor, f"p50{end}": points * factor}
        out |= {f"p10{end}": points * factor / 2, f"p90{end}": points * factor * 2}
    return out | more


def test_a_player_is_what_three_tables_say(rows: Rows) -> None:
    history = rows(
        PLAYER_HISTORY,
        {
            **WEEK,
            **{"player_id": "a", "position": "RB", "weight": 5.0, "on_bye": False},
            **{"avg_fantasy_points_ppr": 14.0, "prior_fantasy_points_ppr": 14.0},
            **{"avg_carries": 12.0, "weeks_since_game": 1, "target_played": True},
            **{"target_ppr": 21.0, "target_half": 20.0, "target_std": 19.0},
        },
    )
    raw = rows(
        RAW_PLAYERS, {**WEEK, "player_id": "a", "injury": "Knee", "practice_status": "Limited"}
    )
    first, second = players_of(
        rows(PROJECTIONS, projected("a", 10.0, opponent="BUF", **SOURCES), projected("b", 0.0)),
        history,
        raw,
        {"KC": KICKOFF},
    )
    assert first.points["half"].expected == 9.0
    assert (first.points["std"].p10, first.points["ppr"].p90) == (4.0, 20.0)
    assert (first.name, first.usual, first.carries, first.injury) == ("A", 14.0, 12.0, "Knee")
    assert first.actual == {"ppr": 21.0, "half": 20.0, "std": 19.0}
    assert (first.mean, first.missed, first.kickoff) == (14.0, 14.0, KICKOFF)
    assert (first.plays, first.sources, first.spread, first.model_half) == (0.7, 2, 2.5, 8.5)
    assert first.line == {"carries": 18.2, "rushing_yards": 84.0}
    # The other player has a projection only.
    assert second.is_out
    assert (second.usual, second.actual, second.weeks_since_game) == (0.0, {}, None)
    assert (second.missed, second.line) == (0.0, {})


@pytest.mark.parametrize(("weeks", "missed"), [(None, 0.0), (8, 12.0), (9, 0.0)])
def test_who_has_not_played_lately_is_not_missed(weeks: int | None, missed: float) -> None:
    assert player("a", expected=12.0, weeks_since_game=weeks).missed == missed


def test_the_best_are_listed_and_who_is_out_but_would_be() -> None:
    playing = [player(f"p{i:02}", "QB", 30.0 - i / 2) for i in range(50)]
    out = player("hurt", "QB", 0.0, usual=20.0, reason="out")
    reserve = player("reserve", "QB", 0.0, usual=3.0, reason="reserve list")
    listed = listed_players([*playing, out, reserve])
    assert listed == [*playing[: LISTED["QB"]], out]


def test_ranked_by_the_scoring_asked_for() -> None:
    one, other = player("one", "TE", 8.0), player("other", "TE", 9.0)
    assert ranked([one, other, player("back", "RB", 20.0)], "TE", "half") == [other, one]
