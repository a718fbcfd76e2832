"""`SeasonWeek(season, week)`: the value that names one NFL week in the whole package.

Partition keys are parsed into a `SeasonWeek` once; no other code splits them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from fantasy_pipeline.errors import PipelineError

FIRST_SEASON = 1999
"""First season of the nflverse schedule and stats files."""
LAST_SEASON = 2100
"""Last season that is accepted in files and arguments."""
WEEKS = tuple(range(1, 23))
"""Weeks that a season can have: at most 18 of the regular season, play-offs up to 22."""

# ASCII only: \d also matches digits of other scripts, which would give a different key.
_KEY = re.compile(r"(?P<season>[1-9]\d{3})\|(?P<week>\d{2})", re.ASCII)


class SeasonWeek(NamedTuple):
    """One NFL week. Sorts by time; play-off weeks continue the regular season's numbers."""

    season: int
    week: int

    @property
    def key(self) -> str:
        """Return the Dagster partition key, e.g. ``2024|05`` (dimensions sort by name)."""
        return f"{self.season}|{self.week:02d}"

    @property
    def code(self) -> int:
        """Return a number that sorts by time, e.g. 202405."""
        return self.season * 100 + self.week

    @classmethod
    def of_code(cls, code: int) -> SeasonWeek:
        """Return the week of a `code`."""
        return cls(*divmod(int(code), 100))

    @classmethod
    def from_key(cls, key: str) -> SeasonWeek:
        """Return the week of a partition key.

        Raises:
            PipelineError: the text is not ``season|week`` with week 01 to 22.
        """
        match = _KEY.fullmatch(key)
        if match is None or int(match["week"]) not in WEEKS:
            raise PipelineError(
                f"{key!r} is not a season and week; write it like '2024|05' (weeks 01 to 22)."
            )
        return cls(int(match["season"]), int(match["week"]))

    def __str__(self) -> str:
        return f"{self.season} week {self.week}"


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers as text with ranges, e.g. ``1-3,7`` for 1, 2, 3 and 7."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def week_ranges(weeks: Iterable[SeasonWeek]) -> str:
    """Return weeks as text, e.g. ``2015-2023 weeks 1-18, 2024 week 18``."""
    of_season: dict[int, list[int]] = {}
    for week in sorted(set(weeks)):
        of_season.setdefault(week.season, []).append(week.week)
    seasons: dict[tuple[int, ...], list[int]] = {}
    for season, numbers in of_season.items():
        seasons.setdefault(tuple(numbers), []).append(season)
    return ", ".join(
        f"{ranges(found)} week{'s' * (len(numbers) > 1)} {ranges(numbers)}"
        for numbers, found in seasons.items()
    )
