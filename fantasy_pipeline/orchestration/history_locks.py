"""A lock among the machines that share a run history on a database server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from sqlalchemy import text

from fantasy_pipeline.lake.patience import patience

_OUTBOX = 7_302_111_946
"""Number of the lock in the database; any number that no other program uses."""
_LONGEST_CLAIM_SECONDS = 600
"""Another process sends up to 50 alerts meanwhile, and a channel may take 15 s for each."""


@contextmanager
def claimed(instance: dg.DagsterInstance) -> Iterator[None]:
    """Hold the lock of the outbox of alerts among all processes that use the history.

    The server frees the lock when the connection of a process that dies ends. A history in SQLite
    files has one daemon, whose threads have a lock of their own.
    """
    storage: Any = instance.run_storage
    with storage.connect() as connection:
        is_shared = connection.dialect.name == "postgresql"
    if not is_shared:
        yield
        return
    with storage.connect() as connection:
        with patience(_LONGEST_CLAIM_SECONDS):
            connection.execute(text("select pg_advisory_lock(:number)"), {"number": _OUTBOX})
        try:
            yield
        finally:
            connection.execute(text("select pg_advisory_unlock(:number)"), {"number": _OUTBOX})
