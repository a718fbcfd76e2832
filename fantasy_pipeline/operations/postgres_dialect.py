"""SQLAlchemy's dialect of Postgres with fewer questions: each is a round trip to the server.

Dagster asks before most queries whether a table or a column exists: 214 of the 1,600 queries of a
weekly run, and half of those of `status`. This dialect reads the names of all tables and columns in
one query and asks again after a minute: `dagster instance migrate` may have added some. SQLAlchemy
asks four questions when it first connects; the driver has the answers from the connection itself.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.types import NullType

_NAME = "fewquestions"
_CURRENT_SECONDS = 60
_COLUMNS = """
select class.relname, attribute.attname
from pg_catalog.pg_class as class
join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
join pg_catalog.pg_attribute as attribute on attribute.attrelid = class.oid
where class.relkind in ('r', 'p') and space.nspname = current_schema()
    and attribute.attnum > 0 and not attribute.attisdropped
"""


class FewQuestions(PGDialect_psycopg2):
    """The dialect; it knows the names of columns, and nothing more about them."""

    supports_statement_cache = True
    _columns: dict[str, list[str]] | None = None
    read_at = 0.0

    def _all_columns(self, connection: Any) -> dict[str, list[str]]:
        if self._columns is None or time.monotonic() - self.read_at >= _CURRENT_SECONDS:
            found = defaultdict(list)
            for table, column in connection.exec_driver_sql(_COLUMNS):
                found[table].append(column)
            self.read_at = time.monotonic()
            self._columns = dict(found)
        return self._columns

    def forget_columns(self) -> None:
        """Read the names anew at the next question, because tables were made."""
        self._columns = None

    def get_table_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        return list(self._all_columns(connection))

    def has_table(
        self, connection: Any, table_name: str, schema: str | None = None, **_: Any
    ) -> bool:
        return table_name in self._all_columns(connection)

    def get_columns(
        self, connection: Any, table_name: str, schema: str | None = None, **_: Any
    ) -> list[Any]:
        names = self._all_columns(connection).get(table_name)
        if names is None:
            raise NoSuchTableError(table_name)
        return [{"name": name, "type": NullType(), "nullable": True} for name in names]

    def _get_server_version_info(self, connection: Any) -> tuple[int, ...]:
        major, minor = divmod(connection.connection.dbapi_connection.server_version, 10000)
        return (major, minor)

    def _get_default_schema_name(self, connection: Any) -> Any:
        # Names without a schema are those of the current one.
        return None

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        # The connections of the pool commit each statement; Dagster names any other level.
        return "READ COMMITTED"

    def _set_backslash_escapes(self, connection: Any) -> None:
        driver = connection.connection.dbapi_connection
        text = driver.get_parameter_status("standard_conforming_strings")
        self._backslash_escapes = text == "off"


registry.register(f"postgresql.{_NAME}", __name__, FewQuestions.__name__)


def with_few_questions(url: str) -> URL:
    """Return the address of a database, to be reached by this dialect."""
    return make_url(url).set(drivername=f"postgresql+{_NAME}")
