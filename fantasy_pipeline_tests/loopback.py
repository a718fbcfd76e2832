"""Serve an upstream on 127.0.0.1 that misbehaves on command: scripted answers, broken files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


def send(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Answer with a status; header names are written with underscores."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        if status != 304 and "Transfer_Encoding" not in headers:
            headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def cut_off(body: bytes, *, reset: bool) -> Answer:
    """Promise a body, send half of it, and close (or reset) the connection."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2])
        if reset:
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.rfile.close()
            handler.connection.close()
        handler.close_connection = True

    return answer


def lying(body: bytes, by: int) -> Answer:
    """Send a body with a Content-Length that is off by some bytes, then close the connection."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        send(200, body, Content_Length=str(len(body) + by))(handler)
        handler.close_connection = True

    return answer


def drip(body: bytes, pause: float) -> Answer:
    """Send one byte per pause, so that no single read ever times out."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for byte in body:
            handler.wfile.write(bytes([byte]))
            time.sleep(pause)

    return answer


def stall(body: bytes, seconds: float) -> Answer:
    """Promise a body, send half of it, and then nothing for some seconds."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2])
        time.sleep(seconds)
        handler.close_connection = True

    return answer


def silence(seconds: float) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return answer


def files(root: Path) -> Answer:
    """Answer with the file of that path below a folder, with ETag and date, as upstream does."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path = root / handler.path.lstrip("/")
        if not path.is_file():
            send(404)(handler)
            return
        body = path.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if handler.headers.get("If-None-Match") == tag:
            send(304)(handler)
        else:
            date = formatdate(path.stat().st_mtime, usegmt=True)
            send(200, body, ETag=tag, Last_Modified=date)(handler)

    return answer


@dataclass
class Upstream:
    """A server whose next answers are `script`; the last one is repeated.

    Paths in `faults` have their own script.
    """

    base: str
    script: list[Answer] = field(default_factory=list)
    faults: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def will(self, *answers: Answer) -> None:
        """Replace the script and forget the requests so far."""
        self.script = list(answers)
        self.requests.clear()

    def header(self, request: int, name: str) -> str | None:
        return self.requests[request][1].get(name)


@contextlib.contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Upstream]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            state.requests.append((self.path, dict(self.headers)))
            script = state.faults.get(self.path, state.script)
            answer = script.pop(0) if len(script) > 1 else script[0]
            answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test output clean."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up is part of these tests."""

    try:
        server = Server(("127.0.0.1", 0), Handler)
        with socket.create_connection(server.server_address[:2], timeout=2):
            pass
    except OSError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"loopback network is not available: {error}")
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    state = Upstream(f"http{'s' * bool(tls)}://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
