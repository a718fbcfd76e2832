"""The sample league as a source of news."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from fantasy_pipeline.ingest.news.base import Answer, Item
from fantasy_pipeline.ingest.sample.news import invented_news


class SampleNews:
    """The adapter; players have no other ids than their own."""

    name = "sample"
    id_column = "player_id"

    def fetch(self, players: pa.Table, wanted: Sequence[str], now: datetime) -> Answer:
        """Return the invented news about the players."""
        return Answer(
            [
                Item(one.id, one.kind, one.published, one.headline, one.url, (one.player_id,))
                for one in invented_news(players, now)
            ]
        )
