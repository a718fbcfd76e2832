"""The news about players, as stored: of a week, of a player, since a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.news import STATUS_COLUMNS, Contradiction, contradictions
from fantasy_pipeline.decisions.players import plain_name
from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import NEWS, RAW_PLAYERS
from fantasy_pipeline.lake import Lake

_SHOWN = (
    *("published", "source", "kind", "player_id", "player_name", "position", "team"),
    *("stated_status", "headline", "url"),
)


@dataclass(frozen=True)
class NewsList:
    """News, newest first.

    Args:
        week: week of the contradictions, and of the items if `since` is None.
        since: moment from which items of all weeks count.
        items: one row per item and player.
        total: number of rows before the cut to the newest.
        contradictions: players of the week whose injury report the news contradict.
    """

    week: SeasonWeek
    since: datetime | None
    items: Sequence[Mapping[str, Any]]
    total: int
    contradictions: Sequence[Contradiction]

    def to_json(self) -> dict[str, Any]:
        """Return the news as the command line prints them in JSON."""
        return {
            **self.week._asdict(),
            "since": self.since,
            "total": self.total,
            "news": list(self.items),
            "contradictions": [asdict(one) for one in self.contradictions],
        }


def news_list(
    lake: Lake,
    week: SeasonWeek,
    player: str | None = None,
    since: datetime | None = None,
    top: int | None = None,
) -> NewsList:
    """Return the stored news of a week, or of all weeks since a moment.

    Args:
        player: id, name or part of a name; None: all players.
        since: moment of publication from which items count; None: the week's items.
        top: number of rows, newest first; None: all.

    Raises:
        NotMaterializedError: the lake has no news of the week, or of no week.
    """
    stored = lake.weeks(NEWS)
    weeks = stored if since is not None else [week] if week in stored else []
    if not weeks:
        of = "" if since is not None else f" of {week}"
        raise NotMaterializedError(
            f"news: none{of} in the lake. `fantasy-pipeline run` adds those of weeks to project."
        )
    rows = lake.read(NEWS, weeks)
    if since is not None:
        rows = rows.filter(pc.greater_equal(rows["published"], pa.scalar(since)))
    found = [row for row in _newest(rows) if player is None or _is_about(row, player)]
    against = [one for one in week_contradictions(lake, week) if _is_one_of(one, found, player)]
    return NewsList(week, since, found[:top], len(found), against)


def week_contradictions(lake: Lake, week: SeasonWeek) -> list[Contradiction]:
    """Return the players of a week whose injury report the news contradict; none without either."""
    news = lake.read_if_stored(NEWS, week)
    players = None if news is None else lake.read_if_stored(RAW_PLAYERS, week, STATUS_COLUMNS)
    return [] if news is None or players is None else contradictions(news, players)


def _newest(rows: pa.Table) -> list[dict[str, Any]]:
    """Return the rows newest first; an item that two weeks have is one row."""
    unique = {
        (row["source"], row["item"], row["player_id"]): {name: row[name] for name in _SHOWN}
        for row in rows.to_pylist()
    }
    order = sorted(unique.values(), key=lambda row: (row["source"], row["player_id"]))
    return sorted(order, key=lambda row: row["published"], reverse=True)


def _is_about(row: Mapping[str, Any], player: str) -> bool:
    wanted = plain_name(player.strip())
    named = bool(wanted) and wanted in plain_name(row["player_name"] or "")
    return named or row["player_id"] == player.strip()


def _is_one_of(one: Contradiction, found: Sequence[Mapping[str, Any]], player: str | None) -> bool:
    return player is None or any(row["player_id"] == one.player_id for row in found)
