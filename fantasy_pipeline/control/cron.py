"""When a schedule ticks next. Reads the crons that this project writes: minute, hour, weekday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

_LONGEST_GAP_DAYS = 8


def next_tick(cron: str | Sequence[str], after: datetime) -> datetime | None:
    """First tick after a moment, in its time zone; None if there is none within a week.

    Raises:
        ValueError: a cron with a day of the month or a month.
    """
    crons = [cron] if isinstance(cron, str) else list(cron)
    return min((tick for text in crons if (tick := _next(text, after))), default=None)


def _next(cron: str, after: datetime) -> datetime | None:
    minute, hour, day, month, weekday = cron.split()
    if (day, month) != ("*", "*"):
        raise ValueError(f"cron {cron!r}: days of the month and months are not read here")
    minutes, hours = _values(minute, 59), _values(hour, 23)
    # Cron counts Sunday as 0 and 7, Python as 6.
    weekdays = {(value - 1) % 7 for value in _values(weekday, 7)}
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for days in range(_LONGEST_GAP_DAYS + 1):
        date = midnight + timedelta(days=days)
        if date.weekday() not in weekdays:
            continue
        for h in hours:
            for m in minutes:
                if (tick := date.replace(hour=h, minute=m)) > after:
                    return tick
    return None


def _values(text: str, highest: int) -> list[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = ("0", "", str(highest)) if span == "*" else span.partition("-")
        values.update(range(int(first), int(last or first) + 1, int(step or 1)))
    return sorted(values)
