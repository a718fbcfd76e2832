"""Test the server with real sockets: requests that do not arrive, and too many connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Iterator
from threading import Semaphore, Thread

import pytest
import requests
from fastapi import FastAPI

from fantasy_pipeline.web.server import MAX_CONNECTIONS, REQUEST_SECONDS
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS
from fantasy_pipeline_tests.web.servers import listening_to

pytestmark = [pytest.mark.loopback, pytest.mark.slow]


@pytest.fixture(scope="module")
def arrived() -> Semaphore:
    """Return the count of the requests for ``/slow`` that arrived; each test takes its own off."""
    return Semaphore(0)


@pytest.fixture(scope="module")
def port(arrived: Semaphore) -> Iterator[int]:
    """Return the port of a server of a small application, with our configuration."""
    app = FastAPI()

    @app.get("/")
    def index() -> str:
        return "here"

    @app.get("/slow")
    async def slow() -> str:
        arrived.release()
        await asyncio.sleep(REQUEST_SECONDS + 1)
        return "done"

    @app.post("/length")
    def length(words: list[str]) -> int:
        return len(words)

    with listening_to(app) as chosen:
        yield chosen


def connect(port: int, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), LONGEST_SECONDS)
    connection.sendall(sent)
    return connection


def received(connection: socket.socket) -> bytes:
    """Return all bytes until the server closes the connection."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while chunk := connection.recv(2**16):
            found += chunk
    return found


LATE = b"the request was not complete after 5 s; send all of it at once"
HEAD = b"HTTP/1.1\r\nHost: localhost\r\n"
HALF_OPEN = {
    "nothing": b"",
    "half a line": b"GET / HT",
    "half a head": b"GET / " + HEAD,
    "half a body": b"POST /length " + HEAD + b'Content-Length: 10\r\n\r\n["a"',
}


def test_a_request_that_does_not_arrive_is_answered_and_closed(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.ExitStack() as stack:
        started = time.monotonic()
        waiting = {
            kind: stack.enter_context(connect(port, sent)) for kind, sent in HALF_OPEN.items()
        }
        # Bytes that trickle in give it no more time.
        dripping = stack.enter_context(connect(port, b"GET / " + HEAD))

        def drip() -> None:
            with contextlib.suppress(OSError):
                while True:
                    dripping.sendall(b"X-Some: header\r\n")
                    time.sleep(0.2)

        Thread(target=drip, daemon=True).start()
        for kind, connection in waiting.items():
            answer = received(connection)
            assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n"), kind
            assert answer.endswith(b'{"detail": "' + LATE + b'"}'), kind
        # The socket of a client that still sends may be reset before the answer is read.
        received(dripping)
        assert REQUEST_SECONDS <= time.monotonic() - started < 2 * REQUEST_SECONDS
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


def test_an_answer_takes_as_long_as_it_needs(port: int, arrived: Semaphore) -> None:
    with connect(port, b"GET /slow " + HEAD + b"Connection: close\r\n\r\n") as connection:
        assert arrived.acquire(timeout=LONGEST_SECONDS)
        assert received(connection).endswith(b'"done"')


def test_a_connection_serves_several_requests_each_with_its_own_time(port: int) -> None:
    one = b"GET / " + HEAD + b"\r\n"
    with connect(port) as connection:
        for _ in range(3):
            time.sleep(0.4 * REQUEST_SECONDS)
            connection.sendall(one)
            assert b"200 OK" in connection.recv(2**16)
        # The second of two requests sent together stays incomplete.
        body = b"POST /length " + HEAD + b"Content-Length: 10\r\n\r\n"
        started = time.monotonic()
        connection.sendall(one + body)
        answers = received(connection)
        assert b"200 OK" in answers
        assert LATE in answers
        assert time.monotonic() - started < 2 * REQUEST_SECONDS


def test_connections_without_a_request_do_not_stop_others(port: int, arrived: Semaphore) -> None:
    """The process could open 1,050 files at most; before, the server then answered nobody."""
    with contextlib.ExitStack() as stack:
        working = stack.enter_context(
            connect(port, b"GET /slow " + HEAD + b"Connection: close\r\n\r\n")
        )
        assert arrived.acquire(timeout=LONGEST_SECONDS)
        half_open = [
            stack.enter_context(connect(port, b"GET / " + HEAD))
            for _ in range(MAX_CONNECTIONS + 100)
        ]
        started = time.monotonic()
        answer = requests.get(f"http://127.0.0.1:{port}/", timeout=LONGEST_SECONDS)
        assert answer.status_code == 200
        assert time.monotonic() - started < REQUEST_SECONDS / 2
        # The oldest gave way, without an answer.
        assert received(half_open[0]) == b""
        assert LATE in received(half_open[-1])
        # A request that has arrived is not given up for others.
        assert received(working).endswith(b'"done"')


def test_more_requests_than_connections_are_refused(port: int, arrived: Semaphore) -> None:
    request = b"GET /slow " + HEAD + b"Connection: close\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            stack.enter_context(connect(port, request))
        for _ in range(MAX_CONNECTIONS):
            assert arrived.acquire(timeout=LONGEST_SECONDS)
        with connect(port, b"GET / " + HEAD + b"Connection: close\r\n\r\n") as connection:
            assert received(connection).startswith(b"HTTP/1.1 503 ")
