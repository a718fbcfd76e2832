"""Modules that the fork server of a backfill loads once, so that each worker starts with them.

Polars is left out: it starts threads, and threads do not survive a fork.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from importlib import import_module

# Ctrl-C reaches the processes of the terminal's group, which the server and its workers leave. A
# Ctrl-C that came earlier has waited, and is dropped.
os.setpgid(0, 0)
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
signal.signal(signal.SIGINT, signal.default_int_handler)
command = os.getppid()
# A worker ends with its step, so its garbage need not be collected; while modules load, collection
# takes a third of the time.
gc.disable()
for name in (
    "fantasy_pipeline.definitions",
    "fantasy_pipeline.orchestration.runs.history",
    "fantasy_pipeline.operations.own_instance",
    "fantasy_pipeline.orchestration.history_errors",
    "fantasy_pipeline.orchestration.sqlite_files",
    "alembic.config",
    "duckdb",
    "nfl_data_py",
    "pandas",
    "pyarrow.acero",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "requests",
    "sqlalchemy.dialects.sqlite",
    "structlog",
    "tenacity",
    "tqdm",
    "upath",
    "watchdog.observers",
):
    import_module(name)
    if os.getppid() != command:
        # The command has ended meanwhile.
        sys.exit()
# Keep the collector away from the objects loaded so far: writing to their pages would copy them in
# every worker.
gc.freeze()
