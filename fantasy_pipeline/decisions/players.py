"""Find the players that a person names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.positions import DST
from fantasy_pipeline.leagues.tables import DEFENCE

_SUFFIX = re.compile(r"( (jr|sr|ii|iii|iv|v))?\s*$")
_CANDIDATES = 8
"""Players that an error about an ambiguous name lists."""


@cache
def plain_name(name: str) -> str:
    """Return a name without case, accents, punctuation and Jr./Sr./II/III/IV/V.

    The same as the DuckDB macro of `ingest/names.py`.
    """
    accents = unicodedata.normalize("NFD", name)
    letters = "".join(letter for letter in accents if not unicodedata.combining(letter))
    return _SUFFIX.sub("", re.sub("[^a-z ]", "", letters.lower()))


def find_player(
    rows: Sequence[Mapping[str, Any]], text: str, where: str = "is projected"
) -> Mapping[str, Any]:
    """Return the row of the player whom a text names: his id, his name, or a part of it.

    A whole name comes before a part of a name. A team defence also has the name and the id of
    `projections`, e.g. ``BUF D/ST`` and ``DST-BUF``: rosters name it by its team.

    Args:
        rows: rows with `player_id`, `player_name`, `position` and `team`.
        where: what the rows have in common, for the error.

    Raises:
        InvalidArgumentError: the text names nobody, or several players.
    """
    if not text.strip():
        raise InvalidArgumentError("the player is empty; give a name, part of a name, or an id.")
    wanted = plain_name(text.strip())
    named = [(row, plain_name(row["player_name"] or "")) for row in rows]
    for matches in (
        [row for row in rows if row["player_id"] == text.strip()],
        [row for row in rows if text.strip().upper() in _names_of_defence(row)],
        [row for row, name in named if wanted and name == wanted],
        [row for row, name in named if wanted and wanted in name],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise InvalidArgumentError(_ambiguous(text, matches))
    raise InvalidArgumentError(
        f"no player named {text!r} {where}; give a name, part of a name, or an id."
    )


def _names_of_defence(row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["position"] not in (DST, DEFENCE):
        return ()
    return (f"{row['team']} D/ST", f"{DST}-{row['team']}")


def _ambiguous(text: str, matches: Sequence[Mapping[str, Any]]) -> str:
    listed = [
        f"{row['player_name']} ({row['position']}, {row['team'] or 'no team'}, {row['player_id']})"
        for row in matches[:_CANDIDATES]
    ]
    more = f" and {len(matches) - _CANDIDATES} more" if len(matches) > _CANDIDATES else ""
    return f"{text!r} names {len(matches)} players: {', '.join(listed)}{more}; give the id."
