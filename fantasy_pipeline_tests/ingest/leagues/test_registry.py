"""Test which seasons a registered league takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.base import LeagueSeason
from fantasy_pipeline.lake import Lake


def season(
    platform: str, league_id: str, year: int, *, title: str = "Friends", previous: str | None = None
) -> LeagueSeason:
    return LeagueSeason(platform, league_id, year, title, ["QB"], {"rec": 1}, [], previous=previous)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Next year's league, with and without the answer about the seasons before.
        (
            [season("sleeper", "700", 2024)],
            [season("sleeper", "700", 2024), season("sleeper", "800", 2025, previous="700")],
        ),
        ([season("sleeper", "700", 2024)], [season("sleeper", "800", 2025, previous="700")]),
        ([season("sleeper", "800", 2025, previous="700")], [season("sleeper", "700", 2024)]),
        ([season("espn", "5", 2024)], [season("espn", "5", 2025)]),
        ([season("file", "office", 2024)], [season("file", "office", 2025, title="Other")]),
        ([season("file", "office-2024", 2024)], [season("file", "office-2025", 2025)]),
    ],
)
def test_other_seasons_of_a_league_are_added(
    tmp_path: Path, first: list[LeagueSeason], second: list[LeagueSeason]
) -> None:
    lake = Lake(str(tmp_path), "nfl")
    registry.store(lake, "friends", first)
    found = registry.store(lake, "friends", second)
    assert found.seasons == {one.season: one.league_id for one in (*first, *second)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (season("sleeper", "700", 2024), season("sleeper", "900", 2025, previous="899")),
        (season("sleeper", "700", 2024), season("sleeper", "900", 2023)),
        (season("sleeper", "700", 2024), season("sleeper", "900", 2024, previous="700")),
        (season("espn", "5", 2024), season("espn", "6", 2025)),
        (season("espn", "5", 2024), season("sleeper", "5", 2025)),
        (season("file", "office", 2024), season("file", "club", 2025, title="Club")),
    ],
)
def test_another_league_does_not_take_a_name(
    tmp_path: Path, first: LeagueSeason, second: LeagueSeason
) -> None:
    lake = Lake(str(tmp_path), "nfl")
    registry.store(lake, "friends", [first])
    with pytest.raises(InvalidArgumentError, match=r"registered already; give another --name, or"):
        registry.store(lake, "friends", [second])
    [kept] = registry.registered(lake)
    assert kept.seasons == {first.season: first.league_id}
