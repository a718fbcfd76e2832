"""End the wait for a database server that stays silent, and the attempts of several layers.

libpq waits for an answer without an end, and a person who presses Ctrl-C waits with it. psycopg2
lets a function wait in its place (`set_wait_callback`, its public interface). Dagster tries six
times to connect for each query, so that a run whose server is gone would wait for minutes;
`history_errors` ends these attempts once the outage lasts.
"""

from __future__ import annotations

import logging
import select

from psycopg2 import OperationalError, extensions

from fantasy_pipeline.lake.patience import set_seconds
from fantasy_pipeline.orchestration.history_errors import OUTAGE

CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 15.0
"""Longest silence of the server while connecting, and after a query."""
_READY = (extensions.STATUS_READY, extensions.STATUS_BEGIN, extensions.STATUS_PREPARED)


class SilentServerError(OperationalError):  # type: ignore[misc]
    """The server did not answer; `place` names it.

    Where SQLAlchemy sends a query through the driver, nothing adds the address to the error.
    """

    def __init__(self, reason: str, connection: extensions.connection) -> None:
        super().__init__(reason)
        info = connection.info
        self.place = f"the database {info.dbname} at {info.host} port {info.port}"


def limit_waits() -> None:
    """Let every connection of this process wait for a limited time."""
    extensions.set_wait_callback(_wait)
    # A connection that was given up cannot be reset, which is no error to print.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


def _wait(connection: extensions.connection) -> None:
    """Wait until an operation of a connection is done.

    Raises:
        SilentServerError: the server stays silent, or was given up moments ago.
    """
    is_connecting = connection.status not in _READY
    if is_connecting and OUTAGE.is_lasting:
        raise SilentServerError(OUTAGE.reason, connection)
    usual = CONNECT_SECONDS if is_connecting else ANSWER_SECONDS
    chosen = set_seconds()
    seconds = usual if chosen is None else chosen
    while True:
        state = connection.poll()
        if state == extensions.POLL_OK:
            break
        if not _is_ready(connection, state, seconds):
            reason = f"no answer within {seconds:g} s"
            OUTAGE.add(reason, seconds)
            raise SilentServerError(reason, connection)
    if is_connecting:
        OUTAGE.end()


def _is_ready(connection: extensions.connection, state: int, seconds: float) -> bool:
    """Return whether bytes arrive, or can be sent, within some seconds."""
    poll = select.poll()
    poll.register(
        connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
    )
    return bool(poll.poll(seconds * 1000))
