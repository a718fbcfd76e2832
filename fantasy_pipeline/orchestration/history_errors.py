"""Say in one line why the run history cannot be used: its server, the cause and the next step.

SQLAlchemy reports each error of a database to `_replace`, its public interface. An error that a
retry cannot fix, such as a full disk, becomes a `HistoryError` in every process that uses the
history: commands, runs, sensors and the HTTP server. A connection that fails is left to Dagster,
which tries it six times; within `at_once`, where a person waits, it is a `HistoryError` too, and so
is every one of an outage that lasts.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import dagster as dg
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine, ExceptionContext
from sqlalchemy.exc import DBAPIError, NoSuchTableError, OperationalError

from fantasy_pipeline.errors import HistoryError, PipelineError
from fantasy_pipeline.lake.patience import Outage

_MIGRATE = (
    "The tables are of another version of Dagster: install one version in every process, then run "
    "dagster instance migrate"
)
_LASTING = {
    "25006": "The server allows no writes: connect to the primary server",
    "42501": "Grant the user the rights on all tables of the database",
    "42P01": _MIGRATE,
    "42703": _MIGRATE,
    "42804": _MIGRATE,
    "53100": "Free space on the disk of the server, then run again",
}
"""Next step by SQLSTATE, for errors of a statement that a retry cannot fix."""
_REMOVED = "no such table"
_REFUSED = {
    _REMOVED: "The files of the history were removed or replaced: restore them, then start again",
    "authentication": "Check the user and the password in dagster.yaml (DAGSTER_PG_…)",
    "no password supplied": "Set the password in dagster.yaml (DAGSTER_PG_PASSWORD)",
    "does not exist": "Create the database and the user, or check dagster.yaml (DAGSTER_PG_…)",
    "connection slots": "End other processes, or raise max_connections of the server",
    "too many clients": "End other processes, or raise max_connections of the server",
}
"""Next step by a part of the message: SQLite and a refused connection have no SQLSTATE."""
_UNREACHABLE = "Start the server or check the address in dagster.yaml, then run again"
_FILES = "Check the free disk space, and the rights on the folder of the run history"
_DAMAGED_FILE = (
    "Restore the file from a backup; or move it away, which loses runs but no table, then run "
    "`fantasy-pipeline reconcile` to record the tables that the history lacks"
)
_UNSET = re.compile(r'environment variable "(\w+)" which is not set')
OUTAGE = Outage(12)
"""Failures of the history's server. Dagster's six attempts to connect take up to 12 seconds."""
_at_once: ContextVar[bool] = ContextVar("at_once", default=False)


@cache
def listen() -> None:
    """Let errors of databases be `HistoryError`s in this process, and silence Dagster's retries."""
    event.listen(Engine, "handle_error", _replace)
    # Dagster logs each attempt to the root logger; the error after the last attempt says it all.
    logging.getLogger().addFilter(_is_no_retry)


def _is_no_retry(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Retrying failed database")


@contextmanager
def at_once() -> Iterator[None]:
    """Report a connection that fails at once, without Dagster's six attempts."""
    token = _at_once.set(True)
    try:
        yield
    finally:
        _at_once.reset(token)


def _replace(context: ExceptionContext) -> None:
    """Raise a `HistoryError` in place of a database's error, or add the address to the error."""
    error, url = context.sqlalchemy_exception, context.engine and context.engine.url
    if not isinstance(error, DBAPIError) or not url:
        return
    if context.dialect.name != "postgresql":
        if _is_damaged(error):
            raise _history_error(error, str(url.database), _DAMAGED_FILE) from None
        return
    is_lost = _is_lost(error)
    if is_lost and not OUTAGE.is_lasting:
        OUTAGE.add(str(error.orig))
    if _sqlstate(error) in _LASTING or (is_lost and (_at_once.get() or OUTAGE.is_lasting)):
        raise _history_error(error, _server(url)) from None
    error.add_detail(_server(url))


def _server(url: URL) -> str:
    return f"the database {url.database} at {url.host} port {url.port or 5432}"


def _is_damaged(error: DBAPIError) -> bool:
    """Return whether a file of SQLite has lost its form."""
    # Python names the code of the error since 3.11 only.
    return any(text in str(error.orig) for text in ("not a database", "malformed"))


def _sqlstate(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "pgcode", None)
    return state


def _is_lost(error: DBAPIError) -> bool:
    """Return whether the server could not be reached, refused or ended the connection."""
    state = _sqlstate(error) or ""
    return isinstance(error, OperationalError) and (not state or state[:2] in ("08", "53", "57"))


def _history_error(error: DBAPIError, place: str, usual: str = _UNREACHABLE) -> HistoryError:
    lines = [line.strip() for line in str(error.orig).splitlines()]
    # "connection to server at …, port … failed: FATAL:  password authentication failed …"
    cause = lines[0].split(" failed: ")[-1].removeprefix("FATAL:").strip().rstrip(".")
    state = _sqlstate(error)
    found = [advice for text, advice in _REFUSED.items() if not state and text in cause]
    advice = _LASTING.get(state or "") or next(iter(found), usual)
    return _unusable(place, cause, advice)


def _unusable(place: str, cause: str, advice: str) -> HistoryError:
    return HistoryError(f"the run history cannot be used: {place}: {cause}. {advice}.")


def _is_of_postgres(error: BaseException) -> bool:
    """Return whether Dagster gave up a history on Postgres."""
    # Dagster's library for Postgres takes as long to load as a command does; most homes are files.
    from dagster_postgres.utils import DagsterPostgresException

    return isinstance(error, DagsterPostgresException)


def in_words(error: BaseException) -> PipelineError | None:
    """Return an error that the run history caused as one line; None for any other error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PipelineError):
            return cause
        if isinstance(cause, dg.DagsterInvalidConfigError) and (
            unset := _UNSET.findall(str(cause))
        ):
            names = ", ".join(dict.fromkeys(unset))
            return HistoryError(
                f"dagster.yaml names environment variables that are not set: {names}. Set them."
            )
        if isinstance(cause, NoSuchTableError):
            return _unusable("its database", f"{_REMOVED}: {cause}", _REFUSED[_REMOVED])
        if place := getattr(cause, "place", None):
            return _unusable(place, str(cause), _UNREACHABLE)
        if isinstance(cause, OperationalError) or (
            isinstance(cause, DBAPIError) and _is_of_postgres(error)
        ):
            if cause.detail:
                return _history_error(cause, cause.detail[0])
            return _history_error(cause, "its database", _FILES)
        cause = cause.__cause__ or cause.__context__
    return None
