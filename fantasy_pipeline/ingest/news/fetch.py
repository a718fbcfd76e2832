"""Ask the sources of news, and join their items with the players of a week."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from fantasy_pipeline.errors import SourceError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import NEWS
from fantasy_pipeline.ingest.news.base import Item, NewsSource
from fantasy_pipeline.ingest.news.status import is_named, stated_status
from fantasy_pipeline.ingest.sites.base import players_by_id


@dataclass
class Fetched:
    """News of a week.

    Args:
        table: `NEWS` rows.
        answered, failed: names of the sources that answered, and of those that did not.
        warnings: gaps, one line each.
    """

    table: pa.Table
    answered: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def fetch_news(
    sources: Sequence[NewsSource],
    players: pa.Table,
    week: SeasonWeek,
    most_wanted: Sequence[str],
    now: datetime,
) -> Fetched:
    """Return the news of now about the players of a week; a source that fails is a warning.

    Items that name no player of the week are left out.

    Args:
        players: `RAW_PLAYERS` rows of one week, the week itself or an earlier one.
        week: the week that the news is stored in.
        most_wanted: ids of the players whose own pages to ask for, most wanted first.
    """
    result = Fetched(NEWS.arrow_schema.empty_table())
    parts = [result.table]
    of_week = SeasonWeek(*(players[name][0].as_py() for name in ("season", "week")))
    for source in sources:
        known = players_by_id(players, of_week, source.id_column)
        site_ids = {row["player_id"]: id_ for id_, row in known.items()}
        wanted = [site_ids[id_] for id_ in most_wanted if id_ in site_ids]
        try:
            answer = source.fetch(players, wanted, now)
        except SourceError as error:
            result.failed.append(source.name)
            result.warnings.append(f"{source.name} news {week}: {error.cause}. {error.advice}")
            continue
        result.answered.append(source.name)
        result.warnings += [*answer.absent, *answer.warnings]
        rows = _rows(answer.items, known, source.name, week, now)
        parts.append(pa.Table.from_pylist(rows, schema=NEWS.arrow_schema))
    result.table = NEWS.shaped(pa.concat_tables(parts))
    return result


def _rows(
    items: Iterable[Item],
    known: Mapping[str, Mapping[str, Any]],
    source: str,
    week: SeasonWeek,
    now: datetime,
) -> list[dict[str, Any]]:
    """Return one row per item and player; an item that several pages have is one item."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for item in items:
        about = [known[id_] for id_ in item.players if id_ in known]
        stated = _status_by_player(item, about)
        for player in about:
            rows[item.id, player["player_id"]] = {
                "season": week.season,
                "week": week.week,
                "source": source,
                "item": item.id,
                **{name: player[name] for name in ("player_id", "player_name", "position", "team")},
                "kind": item.kind,
                "published": item.published,
                "headline": item.headline,
                "url": item.url,
                "stated_status": stated.get(player["player_id"]),
                "as_of": now,
            }
    return list(rows.values())


def _status_by_player(item: Item, about: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what an item states about its players' next game, by player id.

    A headline counts only if it names one of them: of two it does not say who is out.
    """
    if item.status is not None:
        return {player["player_id"]: item.status for player in about}
    status = stated_status(item.headline)
    if len(item.players) > 1:
        about = [player for player in about if is_named(player["player_name"], item.headline)]
    if status is None or len(about) != 1:
        return {}
    return {about[0]["player_id"]: status}
