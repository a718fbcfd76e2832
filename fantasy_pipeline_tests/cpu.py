"""Keep the fast tests fast: measure the CPU time of a test in runs of a fixed loop.

Seconds depend on the machine and on what else it does, even seconds of CPU. The same process runs
the loop right after the test, so a slow machine slows both down. Programs that a test starts do not
count: their time becomes known when they are waited for, maybe in another test.
"""

from __future__ import annotations

import time

import pytest

PROPERTY = "loops"
"""Name of the property of a test's report that has the number of loops."""
DEAR_LOOPS = 50
"""A test that takes more is listed at the end: a loop takes 0.1 s of CPU, so this is 5 s."""
MOST_LOOPS = 150
"""A test that takes more fails. Work on much memory takes up to three times the CPU under load."""
_CHEAP_SECONDS = 2.5
"""A test that takes less is not compared: no machine runs the loop fifty times in that time."""
_LEFT_OUT = {"slow", "soak"}
"""Markers of the tests that `make test` leaves out."""


def is_bounded(item: pytest.Item) -> bool:
    """Return whether a test is one of `make test`."""
    return not _LEFT_OUT & {marker.name for marker in item.iter_markers()}


def measure(item: pytest.Item, seconds: float) -> None:
    """Note how many loops a test's seconds of CPU are; fail a test that took too many."""
    if seconds < _CHEAP_SECONDS or not is_bounded(item):
        return
    loops = round(seconds / loop_seconds())
    item.user_properties.append((PROPERTY, loops))
    if loops > MOST_LOOPS:
        pytest.fail(
            f"the test took {seconds:.1f} s of CPU, as much as {loops} runs of a loop; "
            f"{MOST_LOOPS} are allowed. Make it cheaper, or mark it slow.",
            pytrace=False,
        )


def dear(reports: list[pytest.TestReport]) -> list[str]:
    """Return a line for each test that took more than `DEAR_LOOPS`, the dearest first."""
    loops = {
        report.nodeid: int(str(value))
        for report in reports
        for name, value in report.user_properties
        if name == PROPERTY
    }
    found = sorted(loops.items(), key=lambda entry: -entry[1])
    return [f"{number:4d} {test}" for test, number in found if number > DEAR_LOOPS]


def loop_seconds() -> float:
    """Run the loop and return its CPU seconds; other threads do not count."""
    begin, total = time.thread_time(), 0
    for number in range(2_000_000):
        total += number * number % 7
    return time.thread_time() - begin
