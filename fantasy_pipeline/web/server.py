"""The server of the application: connections whose request does not arrive, and too many of them.

uvicorn waits for a request without an end, and opens connections until the process may open no more
files. Then nobody is answered. Put a proxy before the server to limit each client.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from fantasy_pipeline.operations import interruption

REQUEST_SECONDS = 5.0
"""Time for a request to arrive, with its body; bodies are small."""
MAX_CONNECTIONS = 200
"""A process may open 1,024 files by default, and each request opens those of the run history."""
MAX_MESSAGE_BYTES = 4096
"""Clients of a WebSocket have nothing to say."""
_LOG = logging.getLogger("uvicorn.error")
_LATE = json.dumps({"detail": f"the request was not complete after {REQUEST_SECONDS:g} s"})
_LATE_RESPONSE = (
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(_LATE)}\r\n\r\n{_LATE}"
).encode()


def is_not_a_request(record: logging.LogRecord) -> bool:
    """Return whether a line of the log is about something else than the request of a WebSocket.

    uvicorn logs each of these with its address, which may have a token, and has no switch for it.
    """
    return "WebSocket" not in str(record.msg)


class Server(uvicorn.Server):
    """A server that notes the signal which ends it, for the exit code, and leaves no log filter."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # The event loop takes the signals' numbers while it runs, so `interruption` reads none.
        interruption.note(sig)
        super().handle_exit(sig, frame)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            # uvloop keeps the loggers alive at exit, and the filter all modules of the application,
            # DuckDB's among them. Its bindings then report leaks on stderr.
            _LOG.removeFilter(is_not_a_request)


class BoundedProtocol(H11Protocol):
    """One connection, which is closed if a request takes longer than `REQUEST_SECONDS` to arrive.

    A new connection beyond `MAX_CONNECTIONS` closes the oldest one that has no complete request.
    """

    opened_at = 0.0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.opened_at = self.loop.time()
        if len(self.connections) > MAX_CONNECTIONS:
            self._make_room()
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # uvicorn closes a connection without a further request; a client may have sent one already.
        if not self.cycle.response_complete:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    @property
    def is_waiting(self) -> bool:
        """Return whether the connection has no request, or one that has not arrived yet."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def drop(self) -> None:
        """Close the connection at once."""
        self.connections.discard(self)
        self.transport.abort()

    def _make_room(self) -> None:
        others = self.connections - {self}
        waiting = [c for c in others if isinstance(c, BoundedProtocol) and c.is_waiting]
        if waiting:
            min(waiting, key=lambda connection: connection.opened_at).drop()

    def _watch(self) -> None:
        """Start the request's time if it has not arrived yet; bytes do not start it again."""
        is_websocket = self.transport.get_protocol() is not self
        if is_websocket or not self.is_waiting:
            self._stop_watching()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _stop_watching(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_LATE_RESPONSE)
        self.transport.close()


def config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """Return the configuration of a server of the application, which logs no requests.

    Requests beyond `MAX_CONNECTIONS` at the same time are answered with 503.
    """
    made = uvicorn.Config(
        app,
        host,
        port,
        http=BoundedProtocol,
        ws_max_size=MAX_MESSAGE_BYTES,
        log_level="info",
        access_log=False,
        limit_concurrency=MAX_CONNECTIONS + 1,
    )
    _LOG.addFilter(is_not_a_request)
    return made
