"""How our own processes open a Dagster instance; a run history in SQLite with fewer waits.

Dagster opens and closes its files several times per event. Whoever is the last to close one in WAL
mode writes all of it back and waits for the disk: nine times an event, measured. With Postgres
only `home_instance` does anything.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any

from dagster import DagsterInstance
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine

from fantasy_pipeline.operations.run_origin import OwnInstance

if TYPE_CHECKING:
    from pathlib import Path

    from dagster import EventLogEntry
    from sqlalchemy.engine import Connection, Dialect, Engine

MOST_OPEN = 8
"""Files that a process keeps open: each run has one of its own, and servers see many runs."""
LARGEST_BATCH = 1000
"""Events in a transaction; each is some kilobytes."""
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


def home_instance(home: Path, batches: bool = False) -> DagsterInstance:
    """Return the instance of a home as an `OwnInstance`, without the capture of printed output.

    Dagster captures output through two helper processes per step. They are in the terminal's
    process group, and print a stack trace when Ctrl-C reaches them. Our own steps print nothing.

    Args:
        batches: for a process of one run of many weeks. The materializations of an asset's weeks
            are then one transaction each, not three per week. A run that dies amid one has not
            ended: its weeks are made again.
    """
    nothing = {
        "module": NoOpComputeLogManager.__module__,
        "class": NoOpComputeLogManager.__name__,
    }
    ref = InstanceRef.from_dir(str(home), overrides={"compute_logs": nothing})
    if batches:
        # Dagster's own switch, for every kind of storage; without it each event is stored alone.
        os.environ["DAGSTER_EVENT_BATCH_SIZE"] = str(LARGEST_BATCH)
        ref = in_batches(ref)
    # A ref is the only way to make an instance of another class without a line in dagster.yaml,
    # which would also change the instance of the daemon.
    own = ConfigurableClassData(OwnInstance.__module__, OwnInstance.__name__, "{}")
    return DagsterInstance.from_ref(
        ref._replace(custom_instance_class_data=ref.custom_instance_class_data or own)
    )


def in_batches(ref: InstanceRef) -> InstanceRef:
    """The same instance and files; if they are SQLite's, a batch is one transaction in them."""
    data = ref.storage_data
    if data is None or data.class_name != DagsterSqliteStorage.__name__:
        return ref
    ours = data._replace(module_name=__name__, class_name=BatchedSqliteStorage.__name__)
    return ref._replace(storage_data=ours)


class BatchedSqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite, its events stored by `BatchedEventLog`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = BatchedEventLog(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Any
    ) -> BatchedSqliteStorage:
        return cls.from_local(inst_data=inst_data, **config_value)


class BatchedEventLog(SqliteEventLogStorage):
    """Dagster's event log in the same files, opened once, a batch of events per transaction.

    They stay open: a process of one run has few.
    """

    def __init__(self, base_dir: str) -> None:
        super().__init__(base_dir)
        # A batch holds it while each of its events asks for it again.
        self._db_lock: Any = RLock()
        self._engines: dict[str, Engine] = {}
        self._begun: dict[str, Connection] = {}

    def dispose(self) -> None:
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()
        super().dispose()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard in self._begun:
                yield self._begun[shard]
                return
            if shard not in self._engines:
                with super()._connect(shard):
                    """Dagster makes the file, if there is none."""
                timeout = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
                address = self.conn_string_for_shard(shard)
                self._engines[shard] = create_engine(address, connect_args=timeout)
            with self._engines[shard].begin() as connection:
                yield connection

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run: all of them, or none if it raises."""
        with self._db_lock, ExitStack() as stack:
            for shard in (events[0].run_id, INDEX_SHARD_NAME):
                self._begun[shard] = stack.enter_context(self._connect(shard))
                stack.callback(self._begun.pop, shard)
            for event in events:
                self.store_event(event)
