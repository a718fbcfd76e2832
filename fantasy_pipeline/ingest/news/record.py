"""Keep the record of the news: add what was fetched, and never remove or change an item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import NEWS
from fantasy_pipeline.football.tables.news import INJURY
from fantasy_pipeline.lake import Lake


def stored_news(lake: Lake, weeks: Sequence[SeasonWeek]) -> pa.Table:
    """Return the stored news of those weeks that the lake has."""
    stored = set(lake.weeks(NEWS)).intersection(weeks)
    return lake.read(NEWS, sorted(stored)) if stored else NEWS.arrow_schema.empty_table()


def merge_news(stored: pa.Table, fetched: pa.Table) -> pa.Table:
    """Return the stored news and the items of a fetch that are new.

    A stored item stays as it was first stored. A site dates its injury report anew with every other
    news about the player, so a report that repeats the latest one is not new.
    """
    known = {tuple(row[name] for name in NEWS.key) for row in stored.to_pylist()}
    latest = {_player(row): row["headline"] for row in _injuries(stored)}
    new = []
    for row in sorted(fetched.to_pylist(), key=lambda row: (row["published"], row["item"])):
        if tuple(row[name] for name in NEWS.key) in known:
            continue
        if row["kind"] == INJURY:
            if latest.get(_player(row)) == row["headline"]:
                continue
            latest[_player(row)] = row["headline"]
        new.append(row)
    added = pa.Table.from_pylist(new, schema=NEWS.arrow_schema)
    return NEWS.shaped(pa.concat_tables([stored.cast(NEWS.arrow_schema), added]))


def _injuries(rows: pa.Table) -> list[dict[str, Any]]:
    """Return the injury reports, oldest first."""
    found: list[dict[str, Any]] = [row for row in rows.to_pylist() if row["kind"] == INJURY]
    return sorted(found, key=lambda row: (row["published"], row["item"]))


def _player(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("season", "week", "source", "player_id"))
