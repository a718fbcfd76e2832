"""The command line `fantasy-pipeline`: parse arguments, call `operations`, print the results.

Football rules, Dagster code and table access do not belong here. `program` puts the commands
together; each module adds the commands of one purpose.
"""

from fantasy_pipeline.cli.program import app, main

__all__ = ["app", "main"]
