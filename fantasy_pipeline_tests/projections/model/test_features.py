"""Features that compare the players of a team: rooms, vacated usage, expected starters."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from fantasy_pipeline.football.tables import PLAYER_HISTORY
from fantasy_pipeline.projections.model import features


def row(
    player: str, position: str = "RB", points: float = 5.0, **more: object
) -> dict[str, object]:
    usage = {"RB": "carries", "QB": "attempts"}.get(position, "targets")
    averages = {f"{span}_{name}": 0.0 for span in ("avg", "recent") for name in features.USAGE}
    return {
        "season": 2024,
        "week": 5,
        "player_id": player,
        "position": position,
        "team": "BUF",
        "on_bye": False,
        "roster_status": "ACT",
        "roster_source": "weekly_roster",
        "weight": 100.0,
        "weeks_since_game": 1,
        "games_season": 4,
        "missed_last": False,
        "status_rate": 0.7,
        "avg_fantasy_points_half": points,
        "prior_fantasy_points_half": points,
        **averages,
        f"avg_{usage}": points,
        f"recent_{usage}": points,
        "avg_carry_share": 0.5 if position == "RB" else 0.0,
        "recent_carry_share": 0.5 if position == "RB" else 0.0,
        "avg_target_share": 0.1,
        "recent_target_share": 0.1,
    } | more


def found(*rows: dict[str, object]) -> dict[str, np.ndarray]:
    table = pa.Table.from_pylist(list(rows), schema=PLAYER_HISTORY.arrow_schema)
    return dict(zip(features.NAMES, features.matrix(table).T, strict=True))


def test_rank_in_the_room_counts_available_players() -> None:
    seen = found(
        row("star", points=20.0, injury_status="Out"),
        row("second", points=10.0),
        row("third", points=5.0),
        row("hurt", points=7.0, injury_status="Questionable"),
        row("elsewhere", points=30.0, team="MIA"),
        row("receiver", "WR", points=25.0),
    )
    assert seen["room_rank"][:4].tolist() == [0.0, 0.0, 1.7, 1.0]
    assert seen["room_players"][1] == pytest.approx(2.7)
    assert seen["room_usage_share"][1] == pytest.approx(10 / (10 + 5 + 0.7 * 7))


def test_usage_is_vacated_by_those_newly_out_only() -> None:
    seen = found(
        row("new", points=20.0, injury_status="Out"),
        row("old", points=12.0, roster_status="RES", missed_last=True, weeks_since_game=3),
        row("gone", points=12.0, roster_status="RES", missed_last=True, weeks_since_game=9),
        row("left", points=6.0),
    )
    assert seen["vacated_carries"][3] == pytest.approx(0.5)
    assert seen["vacated_room"][3] == pytest.approx(20.0)
    assert seen["missing_carries"][3] == pytest.approx(1.0)
    # A player's own absence vacates nothing for himself.
    assert seen["vacated_carries"][0] == pytest.approx(0.0)


def test_a_player_known_from_his_stat_line_only_changes_no_team_mate() -> None:
    alone = found(row("left", points=6.0))
    with_leak = found(
        row("left", points=6.0),
        row("surprise", points=20.0, roster_source=None, roster_status=None),
        row("first", points=20.0, roster_source="stats", roster_status=None),
    )
    for name in features.NAMES:
        np.testing.assert_array_equal(alone[name][0], with_leak[name][0], err_msg=name)


def test_the_starter_is_the_available_quarterback_with_most_attempts() -> None:
    seen = found(
        row("first", "QB", points=30.0, injury_status="Out"),
        row("backup", "QB", points=8.0, missed_last=True),
        row("third", "QB", points=2.0),
        row("receiver", "WR", points=9.0),
    )
    assert seen["starter"].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert seen["starter_points"][3] == pytest.approx(8.0)
    assert seen["starter_new"][3] == 1.0


def test_a_row_does_not_depend_on_other_weeks() -> None:
    now = [row("a", points=9.0), row("b", points=4.0), row("c", "QB", points=12.0)]
    later = [dict(one, week=6, injury_status="Out") for one in now]
    alone, together = found(*now), found(*now, *later)
    for name in features.NAMES:
        np.testing.assert_array_equal(alone[name], together[name][:3], err_msg=name)


def test_another_list_of_features_has_another_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = features.fingerprint()
    monkeypatch.setattr(features, "NAMES", features.NAMES[:-1])
    assert features.fingerprint() != before


def test_only_a_player_on_the_report_practises_fully() -> None:
    seen = found(
        row("returns", "QB", practice_status="Full"),
        row("benched", "QB"),
        row("limited", "QB", practice_status="Limited"),
        row("opener", "QB", week=1),
    )
    assert seen["practised_fully"].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert seen["first_week"].tolist() == [0.0, 0.0, 0.0, 1.0]
