"""The interface of a source of news, and what the adapters share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import pyarrow as pa

from fantasy_pipeline.errors import UnusableAnswerError
from fantasy_pipeline.football.tables.news import LONGEST_HEADLINE

MAX_AGE = timedelta(days=14)
"""Older items are not news about the week; ESPN's pages have items of years ago."""
_AHEAD = timedelta(hours=1)
"""How far a site's clock may be ahead of ours."""
_LONGEST_URL = 1000
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]+"
)
"""Control characters, halves of surrogate pairs, and characters that turn the text around."""


@dataclass(frozen=True)
class Item:
    """One item of a site.

    Args:
        id: the item's id at the site.
        kind: kind of `NEWS`.
        players: ids at the site of the players whom the item is about.
        status: what the site itself states about the player's next game; None: the headline may.
    """

    id: str
    kind: str
    published: datetime
    headline: str
    url: str | None
    players: tuple[str, ...]
    status: str | None = None


@dataclass
class Answer:
    """Items of one source, and the gaps, one line each.

    Args:
        absent: what the source does not have.
        warnings: what could not be downloaded or read.
    """

    items: list[Item] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class NewsSource(Protocol):
    """One source of news; an instance serves one run.

    Args:
        name: the source's name in `NEWS`.
        id_column: column of `RAW_PLAYERS` with the source's ids of players.
    """

    name: str
    id_column: str

    def fetch(self, players: pa.Table, wanted: Sequence[str], now: datetime) -> Answer:
        """Return the source's news of now.

        Args:
            players: `RAW_PLAYERS` rows of one week.
            wanted: the source's ids of players whose own pages to ask for, most wanted first.
            now: the present, UTC.

        Raises:
            SourceError: the source has nothing to offer; its other news is not usable either.
        """


def unusable(source: str, cause: str) -> UnusableAnswerError:
    """Return the error of an answer that does not have the documented format."""
    return UnusableAnswerError(f"{source} news", cause, "Update fantasy_pipeline.")


def is_news(published: datetime, now: datetime) -> bool:
    """Return whether an item of that moment is news at `now`."""
    return now - MAX_AGE <= published <= now + _AHEAD


def one_line(text: object) -> str | None:
    """Return a headline as one line of printable characters; None if it is no text, or empty."""
    if not isinstance(text, str):
        return None
    line = " ".join(_UNPRINTABLE.sub(" ", text).split())
    if len(line) > LONGEST_HEADLINE:
        line = f"{line[: LONGEST_HEADLINE - 1].rstrip()}…"
    return line or None


def link(text: object) -> str | None:
    """Return an address that a page may link to; None for any other value.

    A site must not be able to place a script, a login or an address without a host in a report.
    """
    if not isinstance(text, str) or len(text) > _LONGEST_URL or _UNPRINTABLE.search(text):
        return None
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return None
    is_plain = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    return text.strip() if is_plain and " " not in text.strip() else None
