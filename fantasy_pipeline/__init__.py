"""NFL weeks imported, checked and projected for fantasy football, as Dagster assets."""

__version__ = "0.1.0"
