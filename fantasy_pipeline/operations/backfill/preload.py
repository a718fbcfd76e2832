"""Imported by the server of a backfill's processes, so that each step finds loaded what it needs.

Not polars: it starts threads, which a fork would not have.
"""

from __future__ import annotations

import gc
from importlib import import_module

# A step's garbage goes with its process; and while modules load, looking for garbage takes a third
# of the time.
gc.disable()
for name in (
    "fantasy_pipeline.definitions",
    "fantasy_pipeline.orchestration.runs.history",
    "fantasy_pipeline.operations.sqlite_storage",
    "alembic.config",
    "duckdb",
    "nfl_data_py",
    "pandas",
    "pyarrow.acero",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "requests",
    "sklearn.ensemble",
    "sqlalchemy.dialects.sqlite",
    "structlog",
    "tenacity",
    "tqdm",
    "upath",
    "watchdog.observers",
):
    import_module(name)
# What is here now, the steps share: none of them is to write to it.
gc.freeze()
