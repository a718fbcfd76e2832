"""Runs of Dagster: their tags, results, stored summaries and history, and the end of dead runs.

What a run computes belongs in `orchestration.assets`; starting runs belongs in `operations`.
"""
