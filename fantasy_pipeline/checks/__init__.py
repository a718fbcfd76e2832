"""This package holds the rules over a table's rows, and the guards that refuse to write a table.

Dagster does not belong here (`orchestration/asset_checks.py` shows the results in its UI), nor does
the repair of upstream data (`ingest`).
"""

from fantasy_pipeline.checks.base import Check, Evidence, Problem, Result, TableChecks, merged
from fantasy_pipeline.checks.catalogue import ALL_CHECKS, BY_TABLE

__all__ = [
    "ALL_CHECKS",
    "BY_TABLE",
    "Check",
    "Evidence",
    "Problem",
    "Result",
    "TableChecks",
    "merged",
]
