"""Dagster runs: their tags, results, history, and their end."""
