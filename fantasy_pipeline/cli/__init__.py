"""The command line, `fantasy-pipeline`: the shell around what the other modules do.

`program` puts the commands together; they are in `work`, `read`, `report`, `scores` and `control`.
"""

from fantasy_pipeline.cli.program import app, main

__all__ = ["app", "main"]
