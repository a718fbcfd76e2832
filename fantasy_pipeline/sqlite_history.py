"""How our own processes open a run history that is in SQLite: the same files, fewer waits.

Dagster opens and closes its files several times per event. Whoever is the last to close one in WAL
mode writes all of it back and waits for the disk: nine times an event, measured. With Postgres
nothing here does anything.
"""

from __future__ import annotations

import atexit
import sqlite3
from collections import OrderedDict
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Dialect

MOST_OPEN = 8
"""Files that a process keeps open: each run has one of its own, and servers see many runs."""
_open: OrderedDict[str, sqlite3.Connection] = OrderedDict()
_lock = Lock()


@cache
def keep_files_open() -> None:
    """From now on an idle connection of this process stays with each file, so that none of
    Dagster's is the last. What is committed, and when, stays the same."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    atexit.register(_close_all)
    event.listen(Engine, "connect", _keep_open)


@cache
def spare_commits_the_wait() -> None:
    """From now on commits of this process do not wait for the disk.

    What is committed survives the death of any process, since the files are in WAL mode; losing
    power may cost the last events, never the file.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    event.listen(Engine, "connect", _relax)


@cache
def share_statements() -> None:
    """From now on each statement is compiled once in this process: Dagster makes a new engine for
    every event, and SQLAlchemy would compile the same statements anew for each."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    compiled: dict[Any, Any] = {}
    dialects: dict[str, Dialect] = {}

    def share(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            # What is compiled is found again by its dialect and the statement.
            connection.dialect = dialects.setdefault("sqlite", connection.dialect)
            connection.execution_options(compiled_cache=compiled)

    event.listen(Engine, "engine_connect", share)


def _relax(connection: object, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = NORMAL")


def _keep_open(connection: object, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    # A file that is still being made is in another mode; an idle connection does not count in it.
    if not path or connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        return
    with _lock:
        if path in _open:
            _open.move_to_end(path)
            return
        idle = sqlite3.connect(path, check_same_thread=False)
        # It belongs to the file's users from its first look on.
        idle.execute("SELECT 1 FROM sqlite_master").fetchone()
        _open[path] = idle
        while len(_open) > MOST_OPEN:
            _open.popitem(last=False)[1].close()


def _close_all() -> None:
    with _lock:
        while _open:
            _open.popitem()[1].close()
