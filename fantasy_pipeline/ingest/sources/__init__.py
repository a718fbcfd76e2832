"""Readers of upstream's NFL data: nflverse's files, through two libraries, as canonical tables.

Downloads belong in `ingest/download`, other people's projections in `ingest/sites`, and the
assets' tables in `ingest` itself.
"""
