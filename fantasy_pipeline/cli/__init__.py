"""The command line `fantasy-pipeline`: parse arguments, call `operations`, print the results.

Football rules, Dagster code and table access do not belong here. `program` assembles the commands
from `run`, `mirror`, `query`, `report`, `accuracy`, `status`, `trigger`, `history`, `alerts` and
`server`.
"""

from fantasy_pipeline.cli.program import app, main

__all__ = ["app", "main"]
