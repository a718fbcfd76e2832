"""Next ticks of the crons that the schedules use."""

from datetime import datetime, timezone

import pytest

from fantasy_pipeline.control.cron import next_tick
from fantasy_pipeline.definitions import ALL_SCHEDULES


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("0 8 * * 2", "2024-09-17T07:59", "2024-09-17T08:00"),
        ("0 8 * * 2", "2024-09-17T08:00", "2024-09-24T08:00"),
        ("0 14 * * 0,3-6", "2024-09-15T14:00", "2024-09-18T14:00"),
        ("0 14 * * 0,3-6", "2024-09-21T15:00", "2024-09-22T14:00"),
        ("0 6 * * *", "2024-12-31T23:00", "2025-01-01T06:00"),
        ("*/15 * * * 7", "2024-09-15T12:16", "2024-09-15T12:30"),
        (["0 16 * * 4", "0 23 * * 4"], "2024-09-19T16:00", "2024-09-19T23:00"),
    ],
)
def test_next_tick(cron: str | list[str], after: str, expected: str) -> None:
    assert next_tick(cron, utc(after)) == utc(expected)


def test_days_of_the_month_are_refused() -> None:
    with pytest.raises(ValueError, match="days of the month"):
        next_tick("0 0 1 5 *", utc("2024-09-17T08:00"))


@pytest.mark.parametrize("schedule", ALL_SCHEDULES, ids=lambda s: s.name)
def test_every_schedule_can_be_read(schedule: object) -> None:
    assert next_tick(schedule.cron_schedule, utc("2024-09-17T08:00"))  # type: ignore[attr-defined]
