"""The definitions that Dagster loads. `orchestration/build.py` builds them."""

from fantasy_pipeline.orchestration import history_errors, sqlite_files
from fantasy_pipeline.orchestration.build import defs

# Code servers and the processes of runs load this module.
sqlite_files.tune()
history_errors.listen()

__all__ = ["defs"]
