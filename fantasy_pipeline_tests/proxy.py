"""Proxy of a server on this machine that counts connections and requests, and can delay them."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_CHUNK_BYTES = 2**16
_HTTP_REQUEST = re.compile(rb"([A-Z]+) (/\S*) HTTP/1\.1\r\n")
_NO_TYPE_CODES = (80877103, 80877104, 196608)
"""Codes of the messages of Postgres without a type: requests for encryption, and the start."""


@dataclass
class Proxy:
    """What went through a proxy: the number of connections, and each request in words."""

    port: int
    connections: int = 0
    requests: list[str] = field(default_factory=list)

    def clear(self) -> None:
        self.connections = 0
        self.requests.clear()


Requests = Callable[[], Callable[[bytes], list[str]]]
"""Makes the reader of one connection: it takes what the client sends and returns new requests."""


def http_requests() -> Callable[[bytes], list[str]]:
    """Return a reader of HTTP: method and path of each request, whose head is sent in one piece."""

    def read(chunk: bytes) -> list[str]:
        found = _HTTP_REQUEST.match(chunk)
        return [f"{found[1].decode()} {found[2].decode()}"] if found else []

    return read


def postgres_queries() -> Callable[[bytes], list[str]]:
    """Return a reader of Postgres' protocol: the text of each simple query."""
    rest = bytearray()
    started = False

    def read(chunk: bytes) -> list[str]:
        nonlocal started
        rest.extend(chunk)
        found = []
        while len(rest) >= 8:
            head = 1 if started else 0
            length = int.from_bytes(rest[head : head + 4], "big")
            if len(rest) < head + length:
                break
            if not started:
                code = int.from_bytes(rest[4:8], "big")
                assert code in _NO_TYPE_CODES
                started = code == _NO_TYPE_CODES[-1]
            elif rest[:1] == b"Q":
                found.append(rest[5 : head + length - 1].decode())
            del rest[: head + length]
        return found

    return read


@contextlib.contextmanager
def proxy(port: int, requests: Requests, delay: float = 0) -> Iterator[Proxy]:
    """Listen on a port of 127.0.0.1 and pass everything on to the server at another port.

    Args:
        port: port of the server.
        requests: protocol of the requests to count.
        delay: seconds that each piece of data from the client waits, a new connection too.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        state = Proxy(listener.getsockname()[1])
        thread = _start(_accept, listener, port, requests, state, delay)
        try:
            yield state
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(
    listener: socket.socket, port: int, requests: Requests, state: Proxy, delay: float
) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        state.connections += 1
        _start(_connect, client, port, _counted(requests(), state, delay))


def _connect(client: socket.socket, port: int, count: Callable[[bytes], None]) -> None:
    count(b"")
    with (
        client,
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port)) as server,
    ):
        back = _start(_pass_on, server, client, lambda _: None)
        _pass_on(client, server, count)
        back.join()


def _counted(
    read: Callable[[bytes], list[str]], state: Proxy, delay: float
) -> Callable[[bytes], None]:
    def count(chunk: bytes) -> None:
        state.requests.extend(read(chunk))
        time.sleep(delay)

    return count


def _pass_on(source: socket.socket, target: socket.socket, look: Callable[[bytes], None]) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK_BYTES):
            look(chunk)
            target.sendall(chunk)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _start(work: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread
