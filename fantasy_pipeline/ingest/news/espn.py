"""Read ESPN's news: the latest of the NFL, and those on the pages of single players.

An item names the players whom it is about. Its description is a part of the article and is not
read. A player's page also has the latest note about him, which has no address.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone

import pyarrow as pa

from fantasy_pipeline.errors import NotPublishedError, SourceError, UnusableAnswerError
from fantasy_pipeline.football.tables.news import NOTE, STORY
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.news.base import Answer, Item, is_news, link, one_line, unusable
from fantasy_pipeline.ingest.sites.base import number

NAME = "espn"
URL = "https://site.api.espn.com/apis/site/v2/sports/football/nfl/news?limit=100"
PLAYER_URL = (
    "https://site.web.api.espn.com/apis/common/v3/sports/football/nfl/athletes/{player}/overview"
)
MOST_PAGES = 40
"""Pages of players that one run asks for."""
_ZONES = {"PST": -8, "PDT": -7, "EST": -5, "EDT": -4, "UTC": 0, "GMT": 0}
"""Time zones of the notes, in hours; no library reads them from three letters."""


class EspnNews:
    """The adapter; each address is requested once per instance."""

    name = NAME
    id_column = "espn_id"

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def fetch(self, players: pa.Table, wanted: Sequence[str], now: datetime) -> Answer:
        """Return ESPN's latest news, and those of the pages of `MOST_PAGES` wanted players.

        Without the latest news, those of the pages are returned with a warning.

        Raises:
            SourceError: there are neither.
        """
        found, failed = Answer(), None
        try:
            found.items += items_in(self._get(URL), now)
        except SourceError as error:
            failed = error
        pages = wanted[:MOST_PAGES]
        if failed is None or isinstance(failed, (NotPublishedError, UnusableAnswerError)):
            self._add_pages(pages, now, found)
        if failed is not None:
            if not found.items:
                raise failed
            gaps = found.absent if isinstance(failed, NotPublishedError) else found.warnings
            gaps.append(f"espn news: the latest news is missing: {failed.cause}")
        return found

    def _add_pages(self, pages: Sequence[str], now: datetime, found: Answer) -> None:
        """Add the items of players' pages; stop at the first failure of the network."""
        bad: list[SourceError] = []
        for player in pages:
            try:
                found.items += page_items(self._get(PLAYER_URL.format(player=player)), player, now)
            except NotPublishedError:
                continue
            except UnusableAnswerError as error:
                bad.append(error)
            except SourceError as error:
                bad.append(error)
                break
        if bad:
            found.warnings.append(
                f"espn news: {len(bad)} of {len(pages)} players' pages failed: {bad[0].cause}"
            )

    def _get(self, url: str) -> object:
        fetched = self._transport.fetch(url, f"{NAME} news")
        answer: object = json.loads(fetched.path.read_bytes())
        return answer


def items_in(answer: object, now: datetime) -> list[Item]:
    """Return the items about players in an answer that are news at `now`.

    Args:
        answer: ESPN's latest news, or a player's page.

    Raises:
        UnusableAnswerError: the answer does not have the documented format.
    """
    if not isinstance(answer, Mapping):
        raise unusable(NAME, f"the answer is a {type(answer).__name__}, not an object")
    rows = answer.get("articles", answer.get("news"))
    if not isinstance(rows, list):
        raise unusable(NAME, "the answer has no list of news")
    items = [item for row in rows if (item := _item(row)) is not None]
    return [item for item in items if item.players and is_news(item.published, now)]


def page_items(answer: object, player: str, now: datetime) -> list[Item]:
    """Return the items on a player's page, and the note about him; see `items_in`."""
    items = items_in(answer, now) if not isinstance(answer, Mapping) or "news" in answer else []
    note = answer.get("rotowire") if isinstance(answer, Mapping) else None
    if isinstance(note, Mapping) and (headline := one_line(note.get("headline"))):
        published = _moment_of_note(note.get("published"))
        if published is not None and is_news(published, now):
            identity = f"note-{published:%Y%m%dT%H%M%S}"
            items.append(Item(identity, NOTE, published, headline, None, (player,)))
    return items


def _item(row: object) -> Item | None:
    """Return an item; None for one without a headline, e.g. a video.

    Raises:
        UnusableAnswerError: the row has no id or no moment.
    """
    if not isinstance(row, Mapping):
        raise unusable(NAME, "an item is not an object")
    headline = one_line(row.get("headline"))
    if headline is None:
        return None
    address = _address(row)
    identity = number(row.get("id"))
    # The list of the latest news has no id in some items; their address is one.
    name = str(int(identity)) if identity is not None else address
    published = _moment(row.get("published"))
    if name is None or published is None:
        raise unusable(NAME, "an item has no id or no date of publication")
    return Item(name, STORY, published, headline, address, tuple(dict.fromkeys(_athletes(row))))


def _address(row: Mapping[str, object]) -> str | None:
    links = row.get("links")
    web = links.get("web") if isinstance(links, Mapping) else None
    return link(web.get("href")) if isinstance(web, Mapping) else None


def _athletes(row: Mapping[str, object]) -> Iterator[str]:
    """Yield ESPN's ids of the players whom an item is about."""
    categories = row.get("categories")
    for category in categories if isinstance(categories, list) else ():
        if isinstance(category, Mapping) and category.get("type") == "athlete":
            identity = number(category.get("athleteId"))
            if identity is not None:
                yield str(int(identity))


def _moment(text: object) -> datetime | None:
    """Return a moment in ISO 8601 (``2021-07-28T11:04:07.000+0000``) in UTC."""
    if not isinstance(text, str):
        return None
    for form in ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"):
        try:
            return datetime.strptime(text, form).astimezone(timezone.utc)
        except (ValueError, OverflowError):
            continue
    return None


def _moment_of_note(text: object) -> datetime | None:
    """Return the moment of a note (``Tue Jan 04 12:42:00 PST 2022``, or ISO 8601) in UTC."""
    if not isinstance(text, str):
        return None
    words = text.split()
    if len(words) == 6 and words[4] in _ZONES:
        zone = timezone(timedelta(hours=_ZONES[words[4]]))
        try:
            plain = datetime.strptime(" ".join((*words[1:4], words[5])), "%b %d %H:%M:%S %Y")
        except ValueError:
            return None
        return plain.replace(tzinfo=zone).astimezone(timezone.utc)
    return _moment(text)
