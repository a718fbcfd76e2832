"""Test movers on a few players."""

from dataclasses import replace

from fantasy_pipeline.report.movers import movers
from fantasy_pipeline.report.players import Points
from fantasy_pipeline_tests.report.players import player

BEFORE = {"up": 8.0, "down": 14.0, "a bit": 9.7, "deep": 1.0, "out": 12.0, "up more": 6.0}
NOW = [
    player("up", expected=11.0),
    player("up more", expected=12.5),
    player("down", expected=10.0),
    player("a bit", expected=10.0),
    player("deep", expected=4.0),
    player("out", expected=0.0, reason="out"),
    player("new", expected=15.0),
]


def test_biggest_changes_first_small_deep_and_new_ones_left_out() -> None:
    rises, falls = movers(NOW, BEFORE)
    assert [(m.player.name, m.change) for m in rises] == [("up more", 6.5), ("up", 3.0)]
    assert [(m.player.name, m.change) for m in falls] == [("out", -12.0), ("down", -4.0)]


def test_who_returns_moves_and_who_is_new_does_not() -> None:
    now = [player("returns", expected=18.0), player("new", expected=15.0)]
    (move,), falls = movers(now, {"returns": 0.0})
    assert (move.player.name, move.change, move.is_back) == ("returns", 18.0, True)
    assert falls == []
    assert not movers(NOW, BEFORE)[0][0].is_back


def test_each_scoring_has_its_own() -> None:
    now = [player("receiver", points=Points(12.0, 4.0, 11.0, 22.0))]
    now = [replace(one, points={**one.points, "std": Points(7.0, 2.0, 6.0, 14.0)}) for one in now]
    (rise,), _ = movers(now, {"receiver": 10.0})
    assert (rise.before, rise.after) == (10.0, 12.0)
    _, (fall,) = movers(now, {"receiver": 8.0}, "std")
    assert (fall.before, fall.after) == (8.0, 7.0)


def test_so_many_each_way() -> None:
    rises, falls = movers(NOW, BEFORE, most=1)
    assert [m.player.name for m in rises] == ["up more"]
    assert [m.player.name for m in falls] == ["out"]


def test_without_a_refresh_before_nobody_moved() -> None:
    assert movers(NOW, {}) == ([], [])
