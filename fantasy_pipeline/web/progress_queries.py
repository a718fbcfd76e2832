"""Queries of the clients of live progress: cursors, and the moment of the last message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import NamedTuple

MOST_RUNS = 50
"""Runs that the progress of all runs shows, newest first."""
LONGEST_ID = 64
"""Characters of the id of a run."""


class AllQuery(NamedTuple):
    """The last cursor that a client of all runs has seen of each run, and until when."""

    cursors: dict[str, int]
    since: datetime | None


def cursor_in(text: str | None) -> int | None:
    """Return the cursor of a query, 0 without one; None if it is not a number from 0 on."""
    if text is None:
        return 0
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def all_query(items: Iterable[tuple[str, str]]) -> AllQuery | str:
    """Return the query of all runs; a sentence if it is wrong.

    Args:
        items: `cursor`, a run's id and cursor with a colon between, once per run; and `since`, the
            moment of the last message.
    """
    cursors: dict[str, int] = {}
    since = None
    for name, value in items:
        if name == "cursor":
            run_id, _, text = value.partition(":")
            number = cursor_in(text)
            if number is None or not 0 < len(run_id) <= LONGEST_ID or len(cursors) >= MOST_RUNS:
                return (
                    f"cursor is not a run and the number of its message, at most {MOST_RUNS} times"
                )
            cursors[run_id] = number
        elif name == "since":
            try:
                since = datetime.fromisoformat(value.replace("Z", "+00:00").replace(" ", "+"))
            except ValueError:
                return "since is not an ISO 8601 time"
        else:
            return "the query has another name than cursor and since"
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=timezone.utc)
    return AllQuery(cursors, since)
