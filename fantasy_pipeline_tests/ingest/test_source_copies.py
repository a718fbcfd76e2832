"""Sources that copy another source, and files that repeat the week before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import SOURCE_PROJECTIONS
from fantasy_pipeline.ingest.source_copies import (
    Threshold,
    find_copies,
    find_equal_sources,
    find_stale,
    find_stale_sources,
)

OWN = np.linspace(2, 20, 100)


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SOURCE_PROJECTIONS.arrow_schema)


def stated(source: str, points: np.ndarray, **more: Any) -> list[dict[str, Any]]:
    """PPR points of as many players as a source states them; NaN: no statement."""
    return [
        {
            "season": 2025,
            "week": 11,
            "source": source,
            "player_id": f"P{number}",
            "points_ppr": value,
        }
        | more
        for number, value in enumerate(points.tolist())
        if not np.isnan(value)
    ]


def copies_of(**points: np.ndarray) -> dict[str, str]:
    """Copies and their originals in one week."""
    rows = [one for source, values in points.items() for one in stated(source, values)]
    return find_copies(table(*rows)).get(SeasonWeek(2025, 11), {})


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (OWN, True),
        (OWN + 0.04, True),
        (OWN + 0.06, False),
        (np.where(np.arange(100) < 1, OWN + 5, OWN), True),
        (np.where(np.arange(100) < 3, OWN + 5, OWN), False),
        (np.where(np.arange(100) < 40, np.nan, OWN), True),
        (np.where(np.arange(100) < 51, np.nan, OWN), False),
    ],
)
def test_copies_agree_on_nearly_all_common_players(other: np.ndarray, same: bool) -> None:
    assert copies_of(espn=OWN, sleeper=other) == ({"sleeper": "espn"} if same else {})


def test_the_archive_is_the_original_then_the_first_by_name() -> None:
    assert copies_of(espn=OWN, nflcom=OWN, sleeper=OWN + 3) == {"espn": "nflcom"}
    assert copies_of(sleeper=OWN, espn=OWN, nflcom=OWN + 3) == {"sleeper": "espn"}
    assert copies_of(sleeper=OWN, espn=OWN, nflcom=OWN) == {"espn": "nflcom", "sleeper": "nflcom"}
    # A copy is never an original: espn equals nflcom, and sleeper equals espn only.
    assert copies_of(nflcom=OWN, espn=OWN + 0.04, sleeper=OWN + 0.08) == {"espn": "nflcom"}
    assert copies_of(espn=OWN, sleeper=OWN + 1) == {}
    assert copies_of(espn=OWN) == copies_of() == {}


def test_zeros_for_the_same_players_are_no_copy() -> None:
    nothing = np.zeros(400)
    both = {name: np.append(OWN + apart, nothing) for name, apart in (("espn", 0), ("sleeper", 3))}
    assert copies_of(**both) == {}


def test_copies_are_found_week_by_week() -> None:
    rows = [
        *stated("espn", OWN), *stated("sleeper", OWN),
        *stated("espn", OWN, week=12), *stated("sleeper", OWN + 2, week=12),
        *stated("espn", OWN, season=2024), *stated("sleeper", OWN, season=2024),
    ]  # fmt: skip
    same = {"sleeper": "espn"}
    assert find_copies(table(*rows)) == {SeasonWeek(2025, 11): same, SeasonWeek(2024, 11): same}


def test_a_copy_in_other_scorings_is_one() -> None:
    rows = stated("sleeper", OWN - 1, points_std=None)
    rows = [one | {"points_std": one["points_ppr"] + 2} for one in rows]
    espn = [
        one | {"points_half": one["points_ppr"], "points_ppr": None} for one in stated("espn", OWN)
    ]
    assert find_copies(table(*rows, *espn)) == {SeasonWeek(2025, 11): {"sleeper": "espn"}}
    # Two scorings of one, one of the other: they are compared in the one that both give.
    rows = [one | {"points_half": one["points_ppr"] - 2} for one in stated("sleeper", OWN)]
    assert find_copies(table(*rows, *stated("fantasypros", OWN))) == {
        SeasonWeek(2025, 11): {"sleeper": "fantasypros"}
    }


# Files that repeat the week before


@pytest.mark.parametrize(
    ("now", "stale"),
    [
        (OWN, True),
        (OWN + 0.01, False),
        (np.where(np.arange(100) < 5, OWN + 5, OWN), True),
        (np.where(np.arange(100) < 6, OWN + 5, OWN), False),
        # Byes: nine players of both weeks are too few, ten are enough.
        (np.where(np.arange(100) < 91, np.nan, OWN), False),
        (np.where(np.arange(100) < 90, np.nan, OWN), True),
        (OWN * 0, False),
    ],
)
def test_a_position_that_repeats_the_week_before_is_found(now: np.ndarray, stale: bool) -> None:
    """The other position does not repeat it and is not found."""
    rows = [
        *stated("nflcom", OWN, position="QB", week=11),
        *stated("nflcom", now, position="QB", week=12),
        *(one | {"player_id": f"K{one['player_id']}"} for one in (
            *stated("nflcom", OWN, position="K", week=11),
            *stated("nflcom", OWN + 1, position="K", week=12),
        )),
    ]  # fmt: skip
    assert find_stale(table(*rows)) == ({SeasonWeek(2025, 12): {"nflcom": ["QB"]}} if stale else {})


def test_a_repeat_two_weeks_later_or_by_another_source_is_not_stale() -> None:
    rows = [
        *stated("nflcom", OWN, week=10), *stated("espn", OWN, week=11),
        *stated("nflcom", OWN, week=12), *stated("nflcom", OWN, week=11, season=2024),
    ]  # fmt: skip
    assert find_stale(table(*rows)) == {}


# The thresholds of the checks


def test_the_checks_compare_equal_points_of_nearly_all_players() -> None:
    def equal(other: np.ndarray) -> list[tuple[str, str]]:
        rows = table(*stated("espn", OWN), *stated("sleeper", other))
        return find_equal_sources(rows).get(SeasonWeek(2025, 11), [])

    assert equal(OWN) == equal(np.where(np.arange(100) < 5, OWN + 5, OWN)) == [("espn", "sleeper")]
    assert equal(np.where(np.arange(100) < 6, OWN + 5, OWN)) == []
    assert equal(OWN + 0.01) == []
    assert equal(np.where(np.arange(100) < 51, np.nan, OWN)) == []


def test_equal_sources_are_named_in_pairs() -> None:
    rows = [one for source in ("sleeper", "nflcom", "espn") for one in stated(source, OWN)]
    week = SeasonWeek(2025, 11)
    pairs = [("espn", "nflcom"), ("espn", "sleeper"), ("nflcom", "sleeper")]
    assert find_equal_sources(table(*rows)) == {week: pairs}
    assert find_copies(table(*rows)) == {week: {"espn": "nflcom", "sleeper": "nflcom"}}


def test_ranks_count_where_no_points_are_stated() -> None:
    def ranked(week: int, plus: float = 0.0, sd: float = 1.0) -> list[dict[str, Any]]:
        ranks = {"points_ppr": None, "week": week, "ecr_sd": sd}
        rows = stated("fantasypros", OWN, **ranks)
        return [one | {"ecr": value + plus} for one, value in zip(rows, OWN, strict=True)]

    week = SeasonWeek(2025, 12)
    assert find_stale_sources(table(*ranked(11), *ranked(12))) == {week: ["fantasypros"]}
    assert find_stale_sources(table(*ranked(11), *ranked(12, plus=1.0))) == {}
    # One rank that differs is enough; one that is missing in a file is not compared.
    assert find_stale_sources(table(*ranked(11), *ranked(12, sd=2.0))) == {}
    assert find_stale_sources(table(*ranked(11), *ranked(12, sd=0.0))) == {week: ["fantasypros"]}


def test_a_threshold_is_an_argument() -> None:
    rows = table(*stated("espn", OWN[:20]), *stated("sleeper", OWN[:20] + 0.3))
    assert find_copies(rows) == {}
    near = Threshold(players=20, share=1.0, apart=0.4)
    assert find_copies(rows, near) == {SeasonWeek(2025, 11): {"sleeper": "espn"}}
