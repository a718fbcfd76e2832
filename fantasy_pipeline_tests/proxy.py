"""Proxy of a server on this machine: counts what goes through, delays it, breaks it off."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

_CHUNK_BYTES = 2**16
_HTTP_REQUEST = re.compile(rb"([A-Z]+) (/\S*) HTTP/1\.1\r\n")
_NO_TYPE_CODES = (80877103, 80877104, 196608)
"""Codes of the messages of Postgres without a type: requests for encryption, and the start."""


Trouble = Literal["closing", "silent"]


@dataclass
class Proxy:
    """What went through a proxy: the number of connections, and each request in words.

    Args:
        rounds: requests that began while no other one waited: the length of the longest chain of
            requests that wait for each other.
        trouble: every connection is closed, or nothing that a client sends arrives any more.
        trouble_after: number of requests after which the trouble begins.
        trouble_since: when a client first met the trouble: time, and CPU time of this process.
    """

    port: int
    connections: int = 0
    requests: list[str] = field(default_factory=list)
    rounds: int = 0
    trouble: Trouble | None = None
    trouble_after: int = 0
    trouble_since: tuple[float, float] | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    _waiting: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, delay: float) -> None:
        """Let a request wait, and count whether it does so alone."""
        with self._counting:
            self.rounds += not self._waiting
            self._waiting += 1
        time.sleep(delay)
        with self._counting:
            self._waiting -= 1

    def clear(self) -> None:
        self.connections = self.rounds = 0
        self.requests.clear()

    def begin(self, trouble: Trouble | None, after: int = 0) -> None:
        """Count anew, and begin the trouble after so many requests; None: end it."""
        self.clear()
        self.trouble, self.trouble_after, self.trouble_since = trouble, after, None

    def waited(self) -> float:
        """Return the seconds since the trouble began in which this process did not compute.

        Computing takes several times as long on a loaded machine; waiting does not.
        """
        assert self.trouble_since is not None, "nobody met the trouble"
        since, computed = self.trouble_since
        return (time.monotonic() - since) - (time.process_time() - computed)

    def suffer(self) -> None:
        """Do what the trouble is, if it has begun.

        Raises:
            ConnectionError: the connection is to be closed.
        """
        if self.trouble is None or len(self.requests) < self.trouble_after:
            return
        self.trouble_since = self.trouble_since or (time.monotonic(), time.process_time())
        if self.trouble == "silent":
            self.ended.wait()
        raise ConnectionError


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
        delay: seconds that each request waits, and a new connection.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        state = Proxy(listener.getsockname()[1])
        thread = _start(_accept, listener, port, requests, state, delay)
        try:
            yield state
        finally:
            state.ended.set()
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
    with client, contextlib.suppress(OSError):
        count(b"")
        with socket.create_connection(("127.0.0.1", port)) as server:
            back = _start(_pass_on, server, client, lambda _: None)
            _pass_on(client, server, count)
            back.join()


def _counted(
    read: Callable[[bytes], list[str]], state: Proxy, delay: float
) -> Callable[[bytes], None]:
    def count(chunk: bytes) -> None:
        state.suffer()
        found = read(chunk)
        state.requests.extend(found)
        if found:
            state.wait(delay)
        elif not chunk:
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
