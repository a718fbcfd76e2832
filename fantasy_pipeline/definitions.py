"""What Dagster loads. `orchestration/build.py` builds it."""

from fantasy_pipeline.orchestration import sqlite_files
from fantasy_pipeline.orchestration.build import defs

# Code servers and the processes of runs load this module.
sqlite_files.tune()

__all__ = ["defs"]
