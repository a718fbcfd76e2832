"""Comparison of players' names across sites."""

from __future__ import annotations

PLAIN_NAME = r"""
create or replace temp macro plain_name(name) as regexp_replace(
    regexp_replace(lower(strip_accents(name)), '[^a-z ]', '', 'g'),
    '( (jr|sr|ii|iii|iv|v))?\s*$', ''
)
"""
"""DuckDB macro: a name without case, accents, punctuation and Jr./Sr./II/III/IV/V."""
