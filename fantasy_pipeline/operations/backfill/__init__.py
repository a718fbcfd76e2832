"""Backfills of the command line: their plan in stages, and the worker processes that run its steps.

Backfills that the Dagster UI starts are Dagster's own; `operations.status` shows both.
"""
