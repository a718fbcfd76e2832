"""Test close calls."""

from dataclasses import replace

import pytest

from fantasy_pipeline.report.close_calls import CloseCall, close_calls
from fantasy_pipeline.report.players import Points
from fantasy_pipeline_tests.report.players import player


def test_close_neighbours_around_the_line_nobody_twice() -> None:
    points = [20.0, 19.9, 17.0, 14.0, 13.9, 13.85, 11.0, 10.2, 8.0, 7.9]
    own = [player(f"p{i}", expected=value) for i, value in enumerate(points)]
    calls = close_calls([*own, player("gone", expected=0.0)], "WR", starters=6)
    # Ranks 4 to 9: p3 p4 p5 are close, p4-p5 the closest; p0-p1 and p8-p9 are far from the cutoff.
    assert [(c.first.name, c.second.name) for c in calls] == [("p4", "p5"), ("p6", "p7")]
    assert calls[1].chance > 0.5


def test_floor_ceiling_and_nflcom_name_a_player() -> None:
    safe = player("safe", points=Points(10.1, 7.0, 10.0, 14.0), nflcom_half=9.0)
    bold = player("bold", points=Points(10.0, 2.0, 9.0, 24.0), nflcom_half=11.0)
    (call,) = close_calls([bold, safe], "WR", starters=1)
    assert (call.higher_floor, call.higher_ceiling, call.nflcom) == (safe, bold, bold)
    assert call.favoured is (safe if call.chance >= 0.5 else bold)


def test_floor_and_ceiling_are_those_of_the_scoring() -> None:
    points = {"ppr": Points(10.0, 2.0, 9.0, 24.0), "std": Points(8.0, 6.0, 8.0, 12.0)}
    two = replace(player("two"), points={**player("two").points, **points})
    one = replace(player("one"), points={s: Points(10.1, 4.0, 9.0, 18.0) for s in two.points})
    (call,) = close_calls([one, two], "WR", 1)
    assert (call.higher_floor.name, call.higher_ceiling.name) == ("one", "two")
    call = replace(call, scoring="std")
    assert (call.higher_floor.name, call.higher_ceiling.name) == ("two", "one")


@pytest.mark.parametrize(
    ("chance", "percent", "even"), [(0.38, 62, False), (0.55, 55, False), (0.497, 50, True)]
)
def test_the_favoured_one_is_given_at_least_even_odds(
    chance: float, percent: int, even: bool
) -> None:
    call = CloseCall(player("a"), player("b"), chance)
    assert (call.percent, call.is_even) == (percent, even)
    assert call.favoured.name == ("a" if chance >= 0.5 else "b")


def test_no_second_player_no_call() -> None:
    assert close_calls([player("only")], "WR", starters=12) == []
