"""Read from a headline whether a player is out, doubtful, questionable or playing."""

from __future__ import annotations

import re

from fantasy_pipeline.football.tables.news import DOUBTFUL, OUT, PLAYING, QUESTIONABLE

_DAYS = r"(?:(?:sun|mon|tues|wednes|thurs|fri|satur)day|tonight)"
_WORDS: dict[str, tuple[str, ...]] = {
    OUT: (
        r"(?<!not )(?<!n't )(?<!not been )(?<!n't been )ruled out",
        r"(?:is|are|remains|listed(?: as)?|officially) out(?! of)",
        rf"(?<!ruled )out (?:for|vs\.?|versus|against|indefinitely|{_DAYS}|week \d+|until)",
        r"out (?:at least|multiple)",
        r"(?:will not|won't|not expected to|not going to|unlikely to) (?:play|suit up|return)",
        r"(?:will|to) miss(?! practice| camp| minicamp| meetings| media)",
        r"(?:placed|lands|put|going|goes|headed) (?:on|to) (?:injured reserve|ir\b|the pup)",
        r"season[- ]ending",
        r"sidelined",
        rf"inactive (?:for|vs\.?|against|{_DAYS})",
        r"suspended (?:for )?\S+ game",
    ),
    DOUBTFUL: (r"doubtful",),
    QUESTIONABLE: (r"questionable", r"game[- ]time decision"),
    PLAYING: (
        r"(?:will|expected to|set to|likely to|plans to|cleared to|good to) "
        r"(?:play|suit up|return|start|go)\b",
        r"active (?:for|vs\.?|against)",
        r"activated (?:from|off)",
        r"no injury designation",
        r"off (?:the )?injury report",
    ),
}
_PATTERNS = {
    status: re.compile(rf"\b(?:{'|'.join(words)})", re.IGNORECASE)
    for status, words in _WORDS.items()
}
"""The gravest statement comes first: it counts, if a headline makes several."""
_SUFFIX = re.compile(r"\s+(?:jr\.?|sr\.?|ii|iii|iv|v)$", re.IGNORECASE)


def stated_status(headline: str) -> str | None:
    """Return the status that a headline states; None if it states none."""
    plain = headline.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return next((status for status, words in _PATTERNS.items() if words.search(plain)), None)


def is_named(name: str | None, headline: str) -> bool:
    """Return whether a headline has the last name of a player."""
    last = _SUFFIX.sub("", (name or "").strip()).rpartition(" ")[2]
    return bool(last) and re.search(rf"\b{re.escape(last)}\b", headline, re.IGNORECASE) is not None
