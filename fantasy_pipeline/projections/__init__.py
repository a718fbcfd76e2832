"""Projections of player-weeks: features, models, the consensus of all sources, and their accuracy.

Modules here turn tables of the lake into tables of projections and scores. They do not download,
know no Dagster and print nothing; columns and keys of the tables are in `football.tables`.
"""
