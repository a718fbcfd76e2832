"""Comparison of players' names across sites."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

PLAIN_NAME = r"""
create or replace temp macro plain_name(name) as regexp_replace(
    regexp_replace(lower(strip_accents(name)), '[^a-z ]', '', 'g'),
    '( (jr|sr|ii|iii|iv|v))?\s*$', ''
)
"""
"""DuckDB macro: a name without case, accents, punctuation and Jr./Sr./II/III/IV/V."""


def letters_of(names: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return names as lower-case letters a-z, without full stops and blanks."""
    return pc.replace_substring_regex(pc.utf8_lower(names), "[^a-z]", "")
