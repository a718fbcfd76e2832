"""Write a test row to the run history and roll it back, so that health knows if runs would fail.

A full disk, a server that became read-only and missing rights refuse only what is written: every
question of the other health rules is still answered.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from sqlalchemy import text

_PROBE = "fantasy_pipeline/probe"
_TRIALS = (
    # As Dagster writes its own values; the row is never committed.
    f"insert into kvs (key, value) values ('{_PROBE}', '') on conflict (key) do nothing",  # noqa: S608 - constant
    # About 1 MB in a file of its own, which goes with the transaction: the row above can fit into a
    # file that exists although the disk is full.
    "create temporary table fantasy_pipeline_probe on commit drop as "
    "select number, md5(number::text) from generate_series(1, 16000) as number",
)


def try_to_write(instance: dg.DagsterInstance) -> None:
    """Write to the history on a database server within a transaction that is rolled back.

    A history in SQLite files is left alone: a write would wait for the runs that write to it.

    Raises:
        HistoryError: the server refuses; says why and what to do.
    """
    with instance.run_storage.connect() as connection:  # type: ignore[attr-defined]
        if connection.dialect.name != "postgresql":
            return
        connection = connection.execution_options(isolation_level="READ COMMITTED")
        with connection.begin() as transaction:
            for trial in _TRIALS:
                connection.execute(text(trial))
            transaction.rollback()


def check_usable(instance: dg.DagsterInstance) -> None:
    """Read and write the history once, before work starts that would fail in its midst.

    Raises:
        HistoryError: the history cannot be used; says why and what to do.
    """
    instance.get_run_records(limit=1)
    try_to_write(instance)


def history_folders(instance: dg.DagsterInstance) -> list[Path]:
    """Return the folders of the history's SQLite files; none if a database server has it."""
    path_for_shard = getattr(instance.event_log_storage, "path_for_shard", None)
    return [] if path_for_shard is None else [Path(path_for_shard("x")).parent]
