"""What the commands print for people: each thing has one name, and says what it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from fantasy_pipeline_tests.cli.calling import call


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (
            "2025-11-04T08:00Z",
            {
                "as of": "2025-11-04 08:00 UTC",
                "part of season": "regular season",
                "due": "2025 week 9, all of its games are over",
                "last completed": "2025 week 9",
                "in progress": "none",
                "upcoming": "2025 week 10",
                "to project": "2025 week 10",
            },
        ),
        (
            "2025-11-02T14:30Z",
            {"due": "2025 week 9, not all of its games are over", "in progress": "2025 week 9"},
        ),
        ("2025-03-01T08:00Z", {"part of season": "off-season", "to project": "none"}),
    ],
)
def test_week_says_of_which_week_it_speaks(home: Path, at: str, expected: dict[str, str]) -> None:
    code, out, err = call(home, ["week", "--at", at])
    assert code == 0, err
    lines = {line[:15].strip(): line[16:] for line in out.splitlines()}
    assert lines.items() >= expected.items()
    assert len(lines) == 7


def test_status_calls_schedules_and_sensors_by_their_names(home: Path) -> None:
    code, out, err = call(home, ["status"])
    assert code == 0, err
    _, table = out.split("\n\n")
    assert table.startswith("schedule or sensor")
