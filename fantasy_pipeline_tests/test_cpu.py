"""Test the measure of the CPU time of fast tests."""

from __future__ import annotations

import pytest

from fantasy_pipeline_tests import cpu


def test_a_dear_test_fails_and_a_cheap_one_does_not(request: pytest.FixtureRequest) -> None:
    node = request.node
    cpu.measure(node, 2.4)
    assert node.user_properties == []
    loop = cpu.loop_seconds()
    cpu.measure(node, max(2.5, 2 * loop))
    with pytest.raises(pytest.fail.Exception, match="Make it cheaper, or mark it slow"):
        cpu.measure(node, 10_000)
    numbers = [value for _, value in node.user_properties]
    assert numbers[0] < cpu.MOST_LOOPS < numbers[1]
    node.user_properties.clear()


def test_a_slow_test_may_be_dear(request: pytest.FixtureRequest) -> None:
    request.node.add_marker("slow")
    cpu.measure(request.node, 10_000)


def test_the_dear_tests_are_listed() -> None:
    def report(name: str, *loops: int) -> pytest.TestReport:
        return pytest.TestReport(
            *(name, ("", None, ""), {}, "passed", None, "call"),
            user_properties=[(cpu.PROPERTY, number) for number in loops],
        )

    reports = [report("cheap", 49), report("dear", 60), report("dearer", 170), report("none")]
    assert cpu.dear(reports) == [" 170 dearer", "  60 dear"]
