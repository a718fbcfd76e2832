"""The server of the application: connections whose request does not arrive, and too many of them.

uvicorn waits for a request without an end, and opens connections until the process may open no more
files. Then nobody is answered. Put a proxy before the server to limit each client.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
from http import HTTPStatus
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request
from websockets.server import ServerProtocol

from fantasy_pipeline.operations import interruption
from fantasy_pipeline.web.problems import problem
from fantasy_pipeline.web.security import SECURITY_HEADERS

if TYPE_CHECKING:
    import h11

REQUEST_SECONDS = 5.0
"""Time for a request to arrive, with its body; bodies are small."""
MAX_CONNECTIONS = 200
"""A process may open 1,024 files by default, and each request opens those of the run history."""
MAX_MESSAGE_BYTES = 4096
"""Clients of a WebSocket have nothing to say."""
PING_SECONDS = 20.0
"""Pause between two pings of a WebSocket: proxies close a connection without bytes after 60 s."""
PONG_SECONDS = 60.0
"""Time for the answer to a ping. The answer of a slow client comes after what it has not read yet,
and a machine under load is late; only a client that is gone needs so long."""
_LOG = logging.getLogger("uvicorn.error")
_LATE = f"the request was not complete after {REQUEST_SECONDS:g} s; send all of it at once"
_INVALID = {
    400: "the bytes are no HTTP/1.1 request; if the client uses https, use http or a TLS proxy",
    431: "the request line and headers are larger than 16 KiB; shorten the address or the cookies",
    501: "this transfer encoding is not supported; send a Content-Length",
}
"""Sentences about bytes that are no request, by the status that the parser of HTTP names."""
_FULL = f"the server is answering {MAX_CONNECTIONS} requests already; try again in a moment"


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


class Limited:
    """Refuses requests beyond `MAX_CONNECTIONS` at the same time, before the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._running >= MAX_CONNECTIONS:
            await problem(503, _FULL, headers={"Retry-After": "1"})(scope, receive, send)
            return
        self._running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1


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

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; uvicorn calls it where it handles the error of h11."""
        code = getattr(sys.exc_info()[1], "error_status_hint", 400)
        self._refuse(code, _INVALID.get(code, _INVALID[400]))

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Open a WebSocket, or say why not; the library would answer with a bare text."""
        if (refused := _handshake_refusal(event)) is None:
            super().handle_websocket_upgrade(event)
        else:
            self._refuse(*refused)

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
        if not self.transport.is_closing():
            self._refuse(408, _LATE)

    def _refuse(self, code: int, detail: str) -> None:
        """Answer without the application, unless an answer is under way, and close."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_refusal(code, detail))
        self.transport.close()


def _refusal(code: int, detail: str) -> bytes:
    """Return the bytes of an answer with the fields of `Problem`."""
    body = json.dumps({"detail": detail})
    headers = {
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": len(body),
        **SECURITY_HEADERS,
    }
    lines = [f"HTTP/1.1 {code} {HTTPStatus(code).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body]).encode()


def _handshake_refusal(event: h11.Request) -> tuple[int, str] | None:
    """Return status and sentence about a request that opens no WebSocket; None if it opens one."""
    lines = [b"%s %s HTTP/1.1" % (event.method, event.target)]
    lines += [b"%s: %s" % header for header in event.headers]
    handshake = ServerProtocol(extensions=[ServerPerMessageDeflateFactory()])
    handshake.receive_data(b"\r\n".join([*lines, b"", b""]))
    code, cause = 400, "its request line or headers are not those of a WebSocket"
    for request in handshake.events_received():
        assert isinstance(request, Request)  # noqa: S101 - the first event
        response = handshake.accept(request)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            return None
        code, text = response.status_code, (response.body or b"").decode().split("\n")[0]
        cause = text.removeprefix("Failed to open a WebSocket connection: ").rstrip(".")
    return code, f"the WebSocket was not opened: {cause}; use a WebSocket client"


def config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """Return the configuration of a server of the application, which logs no requests.

    Requests beyond `MAX_CONNECTIONS` at the same time are answered with 503.
    """
    made = uvicorn.Config(
        Limited(app),
        host,
        port,
        http=BoundedProtocol,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PONG_SECONDS,
        log_level="info",
        access_log=False,
    )
    _LOG.addFilter(is_not_a_request)
    return made
