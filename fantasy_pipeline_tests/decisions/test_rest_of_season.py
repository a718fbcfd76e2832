"""Projections of the rest of the season, on small tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fantasy_pipeline.decisions.rest_of_season import rest_of_season, totals
from fantasy_pipeline.football.tables import GAMES, PLAYER_HISTORY, PROJECTIONS, REST_OF_SEASON

Rows = Callable[..., pa.Table]
WEEK = 15


def projected(
    player: str, points: float, plays: float = 0.98, reason: str | None = None, **more: Any
) -> dict[str, Any]:
    at = {"season": 2024, "week": WEEK, "player_id": player, "position": "WR", "team": "BUF"}
    levels = {"projected_points": points, "p10": points / 2, "p50": points, "p90": points * 2}
    scored = {f"{name}{end}": x for name, x in levels.items() for end in ("", "_half", "_std")}
    return {**at, **scored, "plays": plays, "reason": reason, "source": "model", **more}


def usual(player: str, points: float) -> dict[str, Any]:
    """Return a player who has had these points in so many games that no prior counts."""
    at = {"season": 2024, "week": WEEK, "player_id": player, "position": "WR", "weight": 1e6}
    ends = ("", "_half", "_ppr")
    return {
        **at,
        **{f"{kind}_fantasy_points{end}": points for kind in ("avg", "prior") for end in ends},
    }


def game(week: int, home: str, away: str, kind: str = "REG") -> dict[str, Any]:
    teams = {"home_team": home, "away_team": away, "game_type": kind}
    return {"season": 2024, "week": week, "game_id": f"{week}{home}", **teams}


GAMES_LEFT = (
    *(game(15, "BUF", "MIA"), game(15, "KC", "NYJ")),
    *(game(16, "KC", "MIA"), game(17, "NYJ", "BUF"), game(18, "BUF", "KC")),
    game(19, "BUF", "KC", "WC"),
)


@pytest.fixture
def made(rows: Rows) -> Callable[..., dict[tuple[str, int], dict[str, Any]]]:
    def make(*players: dict[str, Any], of_usual: float = 12.0) -> dict[tuple[str, int], Any]:
        history = rows(PLAYER_HISTORY, *(usual(row["player_id"], of_usual) for row in players))
        games = rows(GAMES, game(14, "BUF", "KC"), *GAMES_LEFT)
        table = rest_of_season(rows(PROJECTIONS, *players), history, games)
        REST_OF_SEASON.validated(table)
        return {(row["player_id"], row["target_week"]): row for row in table.to_pylist()}

    return make


def test_one_row_per_coming_week_of_the_regular_season(made: Any) -> None:
    found = made(projected("a", 14.0))
    assert [week for _, week in found] == [15, 16, 17, 18]
    assert [row["opponent"] for row in found.values()] == ["MIA", None, "NYJ", "KC"]
    assert [row["bye"] for row in found.values()] == [False, True, False, False]
    bye = found["a", 16]
    assert (bye["points"], bye["p90"], bye["plays"]) == (0.0, 0.0, 0.0)


def test_the_week_itself_is_its_projection(made: Any) -> None:
    row = made(projected("a", 14.0))["a", 15]
    assert (row["points"], row["p10"], row["p50"], row["p90"]) == (14.0, 7.0, 14.0, 28.0)
    assert (row["points_std"], row["plays"]) == (14.0, 0.98)


def test_coming_weeks_follow_the_stated_formula(made: Any) -> None:
    """A healthy receiver, three weeks later: 14 points projected, 12 usual."""
    row = made(projected("a", 14.0))["a", 18]
    later = 3 / 12
    plays = 0.633 + 0.305 - 0.004 * 0.75 + later * (-0.117 - 0.074 + 0.04 * 0.75)
    per_game = 0.768 * 14 + 0.229 * 12 + 0.269 * (12 - 14) * 3 / 10 + 0.65
    assert row["plays"] == pytest.approx(plays, abs=1e-4)
    assert row["points"] == pytest.approx(plays * per_game, abs=0.01)
    assert row["p10"] <= row["p50"] <= row["p90"]


def test_availability_decays_for_the_healthy_and_grows_for_the_injured(made: Any) -> None:
    found = made(projected("a", 14.0), projected("b", 0.0, 0.02, "out"), projected("c", 7.0, 0.6))
    healthy, injured = ([found[one, week]["plays"] for week in (17, 18)] for one in "ab")
    assert healthy[0] > healthy[1]
    assert injured[0] < injured[1] < healthy[1]
    assert found["b", 15]["points"] == 0.0
    assert found["b", 18]["points"] > 0.0
    assert found["b", 18]["plays"] < found["c", 18]["plays"] < found["a", 18]["plays"]


def test_a_bye_in_the_week_itself_is_no_injury(made: Any) -> None:
    found = made(
        projected("a", 0.0, 0.0, "bye", team="NE"), projected("b", 0.0, 0.0, "out", team="BUF")
    )
    assert found["a", 15]["bye"]
    resting = made(projected("a", 0.0, 0.0, "bye"), projected("b", 0.0, 0.0, "out"))
    assert resting["a", 18]["plays"] > resting["b", 18]["plays"]
    reserved = made(projected("a", 0.0, 0.0, "reserve list"))
    assert reserved["a", 18]["plays"] == resting["b", 18]["plays"]


def test_kickers_have_no_usual_points(made: Any) -> None:
    kickers = (projected("a", 9.8, position="K"), projected("b", 0.0, 0.0, "bye", position="K"))
    found = made(*kickers, of_usual=0.0)
    assert found["a", 17]["points"] == pytest.approx(8.8 * found["a", 17]["plays"], abs=0.01)
    assert found["b", 17]["points"] == pytest.approx(7.8 * found["b", 17]["plays"], abs=0.01)


def test_team_defences_and_weeks_of_the_play_offs_have_no_rows(made: Any, rows: Rows) -> None:
    assert {
        player for player, _ in made(projected("a", 9.0), projected("d", 7.0, position="DST"))
    } == {"a"}
    later = {**projected("a", 9.0), "week": 19}
    games = rows(GAMES, *GAMES_LEFT)
    empty = PLAYER_HISTORY.arrow_schema.empty_table()
    assert rest_of_season(rows(PROJECTIONS, later), empty, games).num_rows == 0


def test_bands_of_totals_rise_and_are_narrower_for_larger_totals() -> None:
    found = totals(["a", "b", "c", "d"], [[0.0], [30.0], [60.0, 40.0], [300.0]])
    assert np.all(np.diff(found, axis=1) >= 0)
    assert found[0].tolist() == [0.0, 0.0, 0.0]
    assert found[3].tolist() == pytest.approx([150.0, 318.0, 435.0])
    widths = (found[1:, 2] - found[1:, 0]) / [30.0, 100.0, 300.0]
    assert np.all(np.diff(widths) < 0)


def test_the_weeks_of_a_team_defence_are_nearly_independent() -> None:
    """A player may be hurt or lose his place for all of them."""
    weeks = ([6.0], [6.0, 0.0, 6.0, 6.0, 6.0], [6.0] * 4)
    one, four, player = totals(["DST-BUF", "DST-KC", "00-0001"], weeks)
    width = one[2] - one[0]
    assert width == pytest.approx(2 * 1.2816 * (31 + 3.1) ** 0.5)
    # Games count, weeks without one do not.
    assert 2 * width < four[2] - four[0] < 2.5 * width
    assert four[1] == 24.0
    assert four[2] - four[0] < player[2] - player[0]
