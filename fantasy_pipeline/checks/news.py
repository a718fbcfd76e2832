"""Find news that contradicts a player's status, and define the checks of `news`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Check, Evidence, Facts, TableChecks
from fantasy_pipeline.checks.contracts import contract, keys
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.tables import PLAYER_WEEK
from fantasy_pipeline.football.tables.news import DOUBTFUL, OUT, PLAYING
from fantasy_pipeline.football.tables.week_rows import of_week

STATUS_COLUMNS = (*PLAYER_WEEK, "on_bye", "roster_status", "injury_status", "injury_modified_at")
"""Columns of `RAW_PLAYERS` that a contradiction is judged by."""
_FROM_NEWS = ("position", "team", "source", "published", "headline", "url", "stated_status")
_ACTIVE = ("ACT", None)
"""Roster statuses of players who may play; null in seasons without a roster file."""


@dataclass(frozen=True)
class Contradiction:
    """The latest item about a player's next game, which his status does not agree with.

    Args:
        status: his game status on the injury report; None if he is not on it.
    """

    player_id: str
    player_name: str
    position: str
    team: str | None
    source: str
    published: datetime
    headline: str
    url: str | None
    stated_status: str
    status: str | None

    @property
    def text(self) -> str:
        """The contradiction in words, without the headline."""
        report = "nothing" if self.status is None else self.status
        return f"news of {self.source}: {self.stated_status}; injury report: {report}"


def contradictions(news: pa.Table, raw_players: pa.Table) -> list[Contradiction]:
    """Return the players of one week whose latest news their status contradicts, by name.

    News that a player is out or doubtful contradicts a report that says nothing. News that he plays
    contradicts a report, not changed since, that has him out or doubtful. Players on a bye, on a
    reserve list or released are left out: their status says that they do not play.

    Args:
        news: `NEWS` rows of the week.
        raw_players: `STATUS_COLUMNS` of `RAW_PLAYERS`, rows of the week.
    """
    status_of = {row["player_id"]: row for row in raw_players.select([*STATUS_COLUMNS]).to_pylist()}
    latest: dict[str, dict[str, Any]] = {}
    stated = news.filter(pc.is_valid(news["stated_status"]))
    for row in sorted(stated.to_pylist(), key=lambda row: (row["published"], row["item"])):
        latest[row["player_id"]] = row
    found = [
        Contradiction(
            player_id=player_id,
            player_name=row["player_name"] or player_id,
            status=status_of[player_id]["injury_status"],
            **{name: row[name] for name in _FROM_NEWS},
        )
        for player_id, row in latest.items()
        if player_id in status_of and _contradicts(row, status_of[player_id])
    ]
    return sorted(found, key=lambda one: (one.player_name, one.player_id))


def _contradicts(news: dict[str, Any], player: dict[str, Any]) -> bool:
    if player["on_bye"] or player["roster_status"] not in _ACTIVE:
        return False
    if news["stated_status"] in (OUT, DOUBTFUL):
        return player["injury_status"] is None
    changed = player["injury_modified_at"]
    is_newer = changed is not None and changed > news["published"]
    is_out = player["injury_status"] in (OUT, DOUBTFUL)
    return news["stated_status"] == PLAYING and is_out and not is_newer


def news_facts(evidence: Evidence) -> Facts:
    """Return the number of items by source, and of players whose status the news contradicts."""
    players = evidence.other_tables["raw_players"]
    counts = evidence.rows.group_by("source").aggregate([("item", "count")]).to_pylist()
    facts: dict[str, str | int | float | dict[str, float] | dict[str, str]] = {
        f"items of {row['source']}": row["item_count"] for row in counts
    }
    against = [
        one
        for week in evidence.weeks
        for one in contradictions(of_week(evidence.rows, week), of_week(players, week))
    ]
    facts["contradictions"] = len(against)
    if against:
        facts["contradicted"] = {one.player_name: one.text for one in against}
    return facts


NEWS = TableChecks(
    tables.NEWS,
    (
        Check(
            "news_readable",
            "Every item has a headline, a moment and a player. The result counts the items by "
            "source, and names the players whose injury report the news contradict.",
            {"keys": keys(tables.NEWS), "contract": contract(tables.NEWS)},
            facts=news_facts,
        ),
    ),
    optional_tables={"raw_players": STATUS_COLUMNS},
)
