"""The Dagster instance of this project's processes: how they wait, and whose runs they make.

`dagster.yaml` names this module, so that every process of a Dagster home imports it before it opens
the run history: commands, code servers, runs, and the daemon and the webserver, which otherwise
import nothing of this project. They then wait for SQLite (`orchestration/sqlite_files.py`), and the
daemon looks at backfills of the UI every `BACKFILL_SECONDS`.

The Dagster UI shows a run on the timeline and on its job's page only if the run names its code
location. Dagster names it in runs of its daemon and webserver; ``execute_in_process``, ``dagster
job execute`` and ``dagster asset materialize`` have no argument for it.

A season's backfill stores about 800 events, most of them one check result per week. Dagster opens
a file three times for each. Figures of a backfill of 2024, CPU of all its processes: 18.8 s with
Dagster's log; 15.1 s with files that stay open and one transaction per file and event; 13.5 s if
these transactions do not wait for the disk either. Batches of events save nothing more. Dagster
also asks before each event whether tables exist that later versions added; here it asks once.

This is the only module that imports Dagster's internals. `postgres_pool.py` has the storage on
Postgres, so that other homes need not load its library.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine

from fantasy_pipeline.orchestration import sqlite_files

BACKFILL_SECONDS = 2
"""Seconds between two looks of the daemon at the backfills of the UI.

Dagster looks every 30 seconds and has no setting for it. A backfill of seasons waits for a look
before each of its four waves and at its end; of 171 s for two seasons, that was half. A look costs
the daemon some tenths of a second of CPU while a backfill runs, so more looks would slow its runs.
"""

# Each process that opens the run history imports this module first.
sqlite_files.tune()
# The daemon has loaded its module by then; for all others it takes a tenth of the instance's time.
if _controller := sys.modules.get("dagster._daemon.controller"):
    vars(_controller)["DEFAULT_DAEMON_INTERVAL_SECONDS"] = BACKFILL_SECONDS

LOCATION, REPOSITORY = "fantasy_pipeline", "__repository__"
"""Name of the code location in ``workspace.yaml`` and ``pyproject.toml``, and Dagster's name for
what a module with `Definitions` contains."""

# Dagster exports no class for it. The stored form is the one that it reads from every history.
_ORIGIN: Any = dg.deserialize_value(
    json.dumps(
        {
            "__class__": "ExternalRepositoryOrigin",
            "repository_location_origin": {
                "__class__": "RegisteredRepositoryLocationOrigin",
                "location_name": LOCATION,
            },
            "repository_name": REPOSITORY,
        }
    )
)


class OwnInstance(dg.DagsterInstance):
    """A Dagster instance whose new runs name the code location."""

    def create_run_for_job(
        self, job_def: dg.JobDefinition, *args: Any, **values: Any
    ) -> dg.DagsterRun:
        values.setdefault("remote_job_origin", _ORIGIN.get_job_origin(job_def.name))
        return super().create_run_for_job(job_def, *args, **values)

    @classmethod
    def config_schema(cls) -> Mapping[str, Any]:
        """Return no settings beside Dagster's; Dagster asks the class that dagster.yaml names."""
        return {}

    @classmethod
    def config_defaults(cls, base_dir: str) -> Mapping[str, Any]:
        """Return Dagster's own storages for what dagster.yaml does not set."""
        return InstanceRef.config_defaults(base_dir)


def makes_files(home: Path) -> bool:
    """Return whether the run history of a home is in SQLite files, not on a database server."""
    ref = InstanceRef.from_dir(str(home))
    storages = (
        ref.storage_data,
        ref.run_storage_data,
        ref.event_storage_data,
        ref.schedule_storage_data,
    )
    return any("sqlite" in data.class_name.lower() for data in storages if data is not None)


class OpenEventLog(SqliteEventLogStorage):
    """Dagster's event log in the same files, for a process of few runs: the files stay open.

    An event is one transaction in the run's file and one in the index of all runs. It survives the
    death of any process; a loss of power may cost the last events, never the files.
    """

    def __init__(self, base_dir: str) -> None:
        super().__init__(base_dir)
        # Storing an event connects again while it holds the lock.
        self._db_lock: Any = RLock()
        self._engines: dict[str, Engine] = {}
        self._begun: dict[str, Connection] = {}
        self._tables: set[str] = set()

    def has_table(self, table_name: str) -> bool:
        """Return True if the index has a table; one that it has had is not looked for again."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def store_event(self, event: dg.EventLogEntry) -> None:
        with self._db_lock, ExitStack() as stack:
            for shard in (event.run_id, INDEX_SHARD_NAME):
                self._begun[shard] = stack.enter_context(self._connect(shard))
                stack.callback(self._begun.pop, shard)
            super().store_event(event)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard in self._begun:
                yield self._begun[shard]
                return
            if shard not in self._engines:
                with super()._connect(shard):
                    """Dagster makes the file if there is none."""
                engine = create_engine(self.conn_string_for_shard(shard))
                event.listen(engine, "connect", _never_wait_for_the_disk)
                self._engines[shard] = engine
            with self._engines[shard].begin() as connection:
                yield connection

    def dispose(self) -> None:
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()
        super().dispose()


def _never_wait_for_the_disk(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")


class OpenSqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite, with the event log that stays open."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = OpenEventLog(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> OpenSqliteStorage:
        return cls.from_local(inst_data=inst_data, **config_value)


def _own_storage(ref: InstanceRef, one_run: bool) -> InstanceRef:
    """Return the same instance with our class of Dagster's own storage, if there is one."""
    # By name: the class loads Dagster's library for Postgres.
    pool = "fantasy_pipeline.operations.postgres_pool"
    own = {"DagsterPostgresStorage": (pool, "PooledPostgresStorage")}
    if one_run:
        own[DagsterSqliteStorage.__name__] = (__name__, OpenSqliteStorage.__name__)
    data = ref.storage_data
    if data is None or data.class_name not in own:
        return ref
    module_name, class_name = own[data.class_name]
    data = data._replace(module_name=module_name, class_name=class_name)
    return ref._replace(storage_data=data)


def home_instance(home: Path, one_run: bool = False) -> dg.DagsterInstance:
    """Return the instance of a Dagster home as an `OwnInstance`, without capture of printed output.

    Dagster captures output through two helper processes per step. They are in the terminal's
    process group, and print a stack trace when Ctrl-C reaches them. Our own steps print nothing.

    Args:
        one_run: for a process of one run, or of a few; see `OpenEventLog`.
    """
    capture = {
        "module": NoOpComputeLogManager.__module__,
        "class": NoOpComputeLogManager.__name__,
    }
    ref = InstanceRef.from_dir(str(home), overrides={"compute_logs": capture})
    ref = _own_storage(ref, one_run)
    # A home may have no dagster.yaml, or one of an earlier version, which names no class.
    own = ConfigurableClassData(OwnInstance.__module__, OwnInstance.__name__, "{}")
    return dg.DagsterInstance.from_ref(
        ref._replace(custom_instance_class_data=ref.custom_instance_class_data or own)
    )
