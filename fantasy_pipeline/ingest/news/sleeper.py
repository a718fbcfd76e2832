"""Read Sleeper's news: its injury report, and the players whom most managers added in a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone

import pyarrow as pa

from fantasy_pipeline.errors import NotPublishedError, SourceError
from fantasy_pipeline.football.tables.news import DOUBTFUL, INJURY, OUT, QUESTIONABLE, TRENDING
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline.ingest.news.base import Answer, Item, is_news, one_line, unusable
from fantasy_pipeline.ingest.sites.base import number, text

NAME = "sleeper"
_STATUS = {
    "questionable": QUESTIONABLE,
    "doubtful": DOUBTFUL,
    **dict.fromkeys(("out", "ir", "pup", "nfi", "sus", "dnr", "cov"), OUT),
}
"""What Sleeper's injury statuses state about the next game."""


class SleeperNews:
    """The adapter; `sleeper` requests each address once per instance."""

    name = NAME
    id_column = "sleeper_id"

    def __init__(self, sleeper: Sleeper) -> None:
        self._sleeper = sleeper

    def fetch(self, players: pa.Table, wanted: Sequence[str], now: datetime) -> Answer:
        """Return Sleeper's injury report and trending adds; one of them may be missing.

        Raises:
            SourceError: both are missing.
        """
        found, failed = Answer(), []
        known = {id_ for id_ in players[self.id_column].to_pylist() if id_}
        readings: tuple[tuple[str, Callable[[], list[Item]]], ...] = (
            ("the injury report is", lambda: injuries_in(self._sleeper.players(), known, now)),
            ("the trending adds are", lambda: trending_in(self._sleeper.trending_adds(), now)),
        )
        for what, read in readings:
            try:
                found.items += read()
            except SourceError as error:
                failed.append(error)
                gaps = found.absent if isinstance(error, NotPublishedError) else found.warnings
                gaps.append(f"sleeper news: {what} missing: {error.cause}")
        if len(failed) == len(readings):
            raise failed[0]
        return found


def injuries_in(
    players: Mapping[str, Mapping[str, object]], known: set[str], now: datetime
) -> list[Item]:
    """Return one item per player with an injury status, out of Sleeper's list of all players.

    Args:
        known: Sleeper's ids of the players of the week.

    Raises:
        NotPublishedError: there are no players.
        UnusableAnswerError: a player does not have the documented format.
    """
    if not players:
        cause = "the list of players is empty"
        raise NotPublishedError(f"{NAME} news", cause, "The next run asks again.")
    items = []
    for player in sorted(known & set(players)):
        row = players[player]
        if not isinstance(row, Mapping):
            raise unusable(NAME, f"player {player} is not an object")
        status, published = text(row.get("injury_status")), _moment(row.get("news_updated"))
        if status is None or published is None or not is_news(published, now):
            continue
        details = (row.get("injury_body_part"), row.get("injury_notes"))
        words = [word for detail in details if (word := one_line(detail))]
        headline = one_line(f"{status}: {', '.join(words)}" if words else status)
        if headline is not None:
            stated = _STATUS.get(status.lower())
            identity = f"injury-{published:%Y%m%dT%H%M%S}"
            items.append(Item(identity, INJURY, published, headline, None, (player,), stated))
    return items


def trending_in(adds: Mapping[str, int], now: datetime) -> list[Item]:
    """Return one item per player whom most managers added; a day has one item per player."""
    return [
        Item(
            f"trending-{now:%Y%m%d}",
            TRENDING,
            now,
            f"Added by {count:,} Sleeper managers in 24 hours",
            None,
            (player,),
        )
        for player, count in adds.items()
    ]


def _moment(value: object) -> datetime | None:
    """Return the moment of a time stamp in milliseconds, UTC; None if it is none."""
    stamp = number(value)
    try:
        return None if stamp is None else datetime.fromtimestamp(stamp / 1000, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None
