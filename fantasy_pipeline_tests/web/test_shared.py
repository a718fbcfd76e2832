"""Answers that requests share: made once, late for some, wrong for none."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fantasy_pipeline.web.shared import Shared


def test_readers_at_the_same_time_share_one_answer() -> None:
    shared = Shared[int](60)
    made: list[int] = []
    gate = threading.Event()

    def make() -> int:
        gate.wait(10)
        made.append(1)
        return 7

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(shared.of, "key", make) for _ in range(8)]
        gate.set()
        assert [one.result(10) for one in found] == [7] * 8
    assert made == [1]
    assert shared.fresh("key") == 7
    assert shared.fresh("other") is None


def test_one_request_makes_a_new_answer_while_others_get_the_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("fantasy_pipeline.web.shared.time.monotonic", lambda: now[0])
    shared = Shared[str](5)
    assert shared.of("key", lambda: "old") == "old"
    now[0] = 6.0
    assert shared.fresh("key") is None

    def make() -> str:
        assert shared.of("key", lambda: "never") == "old"
        return "new"

    assert shared.of("key", make) == "new"
    assert shared.fresh("key") == "new"


def test_an_error_is_not_kept() -> None:
    shared = Shared[int](60)

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        shared.of("key", fail)
    assert shared.of("key", lambda: 1) == 1


def test_the_number_of_answers_is_bounded() -> None:
    shared = Shared[int](60, most=3)
    for number in range(5):
        shared.of(number, lambda number=number: number)  # type: ignore[misc]
    assert [shared.fresh(number) for number in range(5)] == [None, None, 2, 3, 4]


def test_without_seconds_every_answer_is_new() -> None:
    shared = Shared[int](0)
    assert [shared.of("key", lambda number=number: number) for number in (1, 2)] == [1, 2]  # type: ignore[misc]
