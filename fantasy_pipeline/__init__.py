"""A Dagster pipeline that imports, checks and projects NFL weeks for fantasy football."""

__version__ = "0.1.0"
