"""A fantasy league of the user's: scoring, points of rosters, line-ups, replacement level.

Everything here is computed from tables. Downloads belong in `ingest/leagues/`, pages in `report/`.
"""
