"""Tune SQLite for run history: processes wait for each other, and events do not wait for the disk.

Dagster lets a process wait 5 seconds for another one that writes to the files of runs and ticks.
On a slow disk that is too short: the daemon then prints "database is locked" with stack traces, and
leaves out a tick. Here a process waits `BUSY_SECONDS`, as Dagster does for the files of events.

Dagster opens and closes its files several times per event. The last process to close a file in WAL
mode writes the whole log back and waits for the disk. With an idle connection per file, a backfill
of a season waits for the disk 650 times instead of 4,460.

Dagster has no setting for either, so each process calls `tune` before it opens the history:
`dagster.yaml` names a module that does (`operations/own_instance.py`), also to the daemon and the
webserver. With an earlier `dagster.yaml`, only the command line, code servers and runs do. This is
SQLAlchemy's public interface; other storages are not affected.
"""

from __future__ import annotations

import atexit
import sqlite3
from collections import OrderedDict
from functools import cache
from threading import Lock

from sqlalchemy import event
from sqlalchemy.engine import Engine

BUSY_SECONDS = 30
"""Longest time to wait for another process that writes to a file."""
MOST_OPEN = 8
"""Files that a process keeps open: each run has its own file, and servers see many runs."""
_open: OrderedDict[str, sqlite3.Connection] = OrderedDict()
_lock = Lock()


@cache
def tune() -> None:
    """Let this process wait for locks, and keep an idle connection to each SQLite file it uses.

    Dagster's connections are then never the last. What is committed, and when, stays the same.
    """
    atexit.register(_close_all)
    event.listen(Engine, "connect", _tune)


def _tune(connection: object, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    _keep_open(connection)


def _keep_open(connection: sqlite3.Connection) -> None:
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    # A file that is being made is not in WAL mode yet: an idle connection would have no effect.
    if not path or connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        return
    with _lock:
        if path in _open:
            _open.move_to_end(path)
            return
        idle = sqlite3.connect(path, BUSY_SECONDS, check_same_thread=False)
        # SQLite counts the connection from its first statement on.
        idle.execute("SELECT 1 FROM sqlite_master").fetchone()
        _open[path] = idle
        while len(_open) > MOST_OPEN:
            _open.popitem(last=False)[1].close()


def _close_all() -> None:
    with _lock:
        while _open:
            _open.popitem()[1].close()
