"""`SeasonWeek` and its partition keys."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import FIRST_SEASON, WEEKS, SeasonWeek, ranges

anywhen = st.builds(SeasonWeek, st.integers(FIRST_SEASON, 2099), st.sampled_from(WEEKS))


@given(anywhen)
def test_a_key_reads_back(week: SeasonWeek) -> None:
    assert SeasonWeek.from_key(week.key) == week


@given(anywhen, anywhen)
def test_weeks_and_keys_sort_by_time(one: SeasonWeek, other: SeasonWeek) -> None:
    by_time = sorted([one, other], key=lambda week: week.season * 100 + week.week)
    assert sorted([one, other]) == by_time
    assert sorted([one.key, other.key]) == [week.key for week in by_time]


def test_weeks_are_two_digits_in_a_key() -> None:
    assert SeasonWeek(2024, 5).key == "2024|05"
    assert SeasonWeek(1999, 17).key == "1999|17"


def test_reads_like_a_sentence() -> None:
    assert f"{SeasonWeek(2024, 5)}" == "2024 week 5"


def test_weeks_run_through_the_super_bowl() -> None:
    assert (WEEKS[0], WEEKS[-1], len(WEEKS)) == (1, 22, 22)


def test_goes_between_processes() -> None:
    week = SeasonWeek(2024, 5)
    back = pickle.loads(pickle.dumps(week))  # noqa: S301 - our own bytes
    assert back == week
    assert back.key == week.key


@pytest.mark.parametrize(
    "key",
    ["2024|00", "2024|23", "2024|5", "2024", "05|2024", "2024|05 ", "2024-05", "24|05", "", "a|b"],
)
def test_refuses_what_is_no_key(key: str) -> None:
    with pytest.raises(PipelineError, match=r"write it like '2024\|05'") as refused:
        SeasonWeek.from_key(key)
    assert repr(key) in str(refused.value)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [([], ""), ([7], "7"), ([3, 1, 2, 7], "1-3,7"), ([1, 2], "1-2"), ([1, 3, 5], "1,3,5")],
)
def test_numbers_in_a_row_are_a_range(numbers: list[int], text: str) -> None:
    assert ranges(numbers) == text
