"""Dagster's storage on Postgres with one pool of connections for the whole process.

Dagster connects anew for each query, and looks up the columns of a table before many of them: 1,057
connections and 1,909 queries for one run of a week on the sample league. With a pool and one look
at all tables (`postgres_dialect.py`), the run needs 2 connections and at most 1,500 queries.

Dagster's classes have no argument for an engine; this module replaces the one that they make.
"""

from __future__ import annotations

import select
from collections.abc import Mapping
from typing import Any

from dagster_postgres import (
    DagsterPostgresStorage,
    PostgresScheduleStorage,
)
from dagster_postgres.utils import (
    create_pg_engine,
    get_token_provider_from_config,
    pg_url_from_config,
    retry_pg_connection_fn,
)
from sqlalchemy import event, inspect
from sqlalchemy.exc import DisconnectionError

from fantasy_pipeline.operations.postgres_dialect import with_few_questions
from fantasy_pipeline.orchestration.history_waits import limit_waits

_KEPT_CONNECTIONS, _MORE_CONNECTIONS = 2, 60
"""Connections of a process that stay open, and further ones while many threads work."""
_OLDEST_CONNECTION_SECONDS = 300
"""Firewalls forget connections that are silent for longer."""
_MAIN_TABLES = frozenset({"runs", "instance_info", "event_logs", "jobs"})
"""Dagster makes its tables if it finds none of these."""


_FILLED = {"schedule_jobs_selector_id": "jobs", "schedule_ticks_selector_id": "job_ticks"}
"""Tables by the migration that makes and fills their column `selector_id`."""


class _Schedules(PostgresScheduleStorage):
    def has_built_index(self, migration_name: str) -> bool:
        # The list of the migrations that are done would be one more question.
        if migration_name not in _FILLED:
            return super().has_built_index(migration_name)
        with self.connect() as connection:
            columns = inspect(connection).get_columns(_FILLED[migration_name])
        return "selector_id" in {column["name"] for column in columns}


class PooledPostgresStorage(DagsterPostgresStorage):
    """Dagster's storage on Postgres, with one pool of connections for the whole process."""

    def __init__(
        self,
        postgres_url: str,
        should_autocreate_tables: bool = True,
        inst_data: Any = None,
        token_provider: Any = None,
    ) -> None:
        limit_waits()
        engine = create_pg_engine(
            with_few_questions(postgres_url).render_as_string(hide_password=False),
            token_provider,
            isolation_level="AUTOCOMMIT",
            pool_size=_KEPT_CONNECTIONS,
            max_overflow=_MORE_CONNECTIONS,
            pool_recycle=_OLDEST_CONNECTION_SECONDS,
            # Else each connection looks up a type that Dagster does not use.
            use_native_hstore=False,
        )
        event.listen(engine, "checkout", _refuse_closed)
        tables = retry_pg_connection_fn(lambda: inspect(engine).get_table_names())
        is_new = should_autocreate_tables and not set(tables) >= _MAIN_TABLES
        super().__init__(postgres_url, is_new, inst_data, token_provider)
        if is_new:
            dialect: Any = engine.dialect
            dialect.forget_columns()
        self.should_autocreate_tables = should_autocreate_tables
        self._schedule_storage = _Schedules(postgres_url, False, token_provider=token_provider)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            storage._engine = engine

    @classmethod
    def from_config_value(
        cls, inst_data: Any, config_value: Mapping[str, Any]
    ) -> PooledPostgresStorage:
        return cls(
            pg_url_from_config(config_value),
            config_value.get("should_autocreate_tables", True),
            inst_data,
            get_token_provider_from_config(config_value),
        )


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Let the pool connect again if the server closed a connection that waited in the pool.

    A server that stops says so and closes: the socket has something to read, which costs no
    request to find out.
    """
    if connection.closed or select.select([connection.fileno()], [], [], 0)[0]:
        raise DisconnectionError("the server closed the connection")
