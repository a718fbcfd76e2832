"""Answers that requests share: made once, late for some, wrong for none."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fantasy_pipeline.web.shared import Shared
from fantasy_pipeline_tests.waiting import until


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


def test_while_people_read_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("fantasy_pipeline.web.shared.time.monotonic", lambda: now[0])
    shared = Shared[str](5)
    shared.of("key", lambda: "old")
    begun, gate = threading.Event(), threading.Event()
    made: list[int] = []

    def make() -> str:
        made.append(1)
        begun.set()
        gate.wait(10)
        return "new"

    now[0] = 6.0
    assert {shared.fresh("key", make) for _ in range(20)} == {"old"}
    assert begun.wait(10)
    # The answer takes long, and readers go on.
    now[0] = 30.0
    assert shared.fresh("key", make) == "old"
    gate.set()
    until(lambda: shared.fresh("key", make) == "new", "the answer is new")
    assert made == [1]
    # Nobody has read for a while: the next reader waits for a new answer.
    now[0] = 41.0
    assert shared.fresh("key", make) is None


def test_an_answer_that_cannot_be_renewed_is_an_error_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("fantasy_pipeline.web.shared.time.monotonic", lambda: now[0])
    shared = Shared[str](5)
    shared.of("key", lambda: "old")
    tried = threading.Event()

    def fail() -> str:
        tried.set()
        raise ValueError("no")

    now[0] = 6.0
    assert shared.fresh("key", fail) == "old"
    assert tried.wait(10)
    now[0] = 11.0
    assert shared.fresh("key", fail) is None
    with pytest.raises(ValueError, match="no"):
        shared.of("key", fail)


def test_what_is_made_before_a_change_is_not_kept_after_it() -> None:
    shared = Shared[str](60)

    def make() -> str:
        shared.forget()
        return "before"

    assert shared.of("key", make) == "before"
    assert shared.fresh("key") is None
    assert shared.of("key", lambda: "after") == "after"
    shared.forget()
    assert shared.fresh("key") is None


def test_an_answer_that_takes_long_to_make_is_kept_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now, spent = [0.0], [0.0]
    monkeypatch.setattr("fantasy_pipeline.web.shared.time.monotonic", lambda: now[0])
    monkeypatch.setattr("fantasy_pipeline.web.shared.time.thread_time", lambda: spent[0])
    shared = Shared[str](2)

    def make(seconds: float) -> str:
        spent[0] += seconds
        return "made"

    for cost, kept in ((0.1, 2.0), (0.6, 6.0), (9.0, 10.0)):
        shared.of(cost, lambda cost=cost: make(cost))  # type: ignore[misc]
        now[0] += kept - 0.1
        assert shared.fresh(cost) == "made"
        now[0] += 0.2
        assert shared.fresh(cost) is None


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
