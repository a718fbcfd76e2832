"""Servers on this machine for the tests of alerts: a webhook, and one whose answer has no end."""

import contextlib
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread
from typing import Any

SECRET = "T000-very-secret"  # noqa: S105 - of the tests
"""Part of the address, as of a Slack webhook's."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Receiver(HTTPServer):
    """A webhook that answers with `status` and keeps the bodies it accepted."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[Any] = []
        self.paths: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)
        if self.server.status == 200:
            self.server.bodies.append(json.loads(body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    server = Receiver()
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def dripping(start: bytes, drop: bytes) -> Iterator[int]:
    """Serve one connection after the other: send `start`, then `drop` again and again.

    No single read of a client times out, and no answer ends. Yields the port.
    """
    over = Event()
    threads = []

    def drip(connection: socket.socket) -> None:
        # OSError: the client hung up.
        with connection, contextlib.suppress(OSError):
            connection.sendall(start)
            while not over.wait(0.01):
                connection.sendall(drop)

    def serve() -> None:
        # OSError: the listening socket is closed.
        with contextlib.suppress(OSError):
            while not over.is_set():
                connection, _ = listener.accept()
                threads.append(Thread(target=drip, args=(connection,)))
                threads[-1].start()

    listener = socket.create_server(("127.0.0.1", 0))
    server = Thread(target=serve)
    server.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        # A closed socket alone would not end the wait of `accept`.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (server, *threads):
            thread.join()
