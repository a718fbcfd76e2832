"""What is checked of each table. Knows no Dagster; `asset_checks.py` shows the results there.

`base` says what a check is, `catalogue` which there are; rules by what decides: `schedule`,
`stats`, `projections`. `guards` are what assets refuse to write by themselves.
"""

from fantasy_pipeline.checks.base import Check, Evidence, Problem, Result, TableChecks
from fantasy_pipeline.checks.catalogue import ALL_CHECKS, BY_TABLE

__all__ = ["ALL_CHECKS", "BY_TABLE", "Check", "Evidence", "Problem", "Result", "TableChecks"]
