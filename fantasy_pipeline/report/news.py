"""News about the listed players: the latest items, each with the players whom it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.tables.news import INJURY
from fantasy_pipeline.report.players import Player


@dataclass(frozen=True)
class NewsItem:
    """One item of a source.

    Args:
        url: address of the item; None: the source gives none.
        players: listed players whom the item is about, best projection first.
    """

    source: str
    published: datetime
    headline: str
    url: str | None
    players: tuple[Player, ...]


def latest_news(news: pa.Table, listed: Sequence[Player], most: int = 20) -> list[NewsItem]:
    """Return the latest items about listed players, newest first.

    Injury reports are left out: the report has a section of its own for them.

    Args:
        news: `NEWS` rows of the week.
    """
    by_id = {player.player_id: player for player in listed}
    items: dict[tuple[str, str], NewsItem] = {}
    for row in news.filter(pc.not_equal(news["kind"], INJURY)).to_pylist():
        player = by_id.get(row["player_id"])
        if player is None:
            continue
        # Trending adds of a day have one id for all players.
        key = (f"{row['source']} {row['item']}", row["headline"])
        about = items[key].players if key in items else ()
        about = tuple(sorted((*about, player), key=lambda p: (-p.points["ppr"].expected, p.name)))
        items[key] = NewsItem(row["source"], row["published"], row["headline"], row["url"], about)
    newest = sorted(items.values(), key=lambda item: (item.published, item.headline), reverse=True)
    return newest[:most]
