"""The sites, replayed on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pytest

from fantasy_pipeline.football.tables import RAW_PLAYERS
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline_tests.ingest.sites.sites import Sites, player


@pytest.fixture
def sites() -> Iterator[Sites]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(self.path)
            state.requests.append((path, dict(self.headers)))
            status, body, headers = state.of(path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test output clean."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up is part of these tests."""

    server = Server(("127.0.0.1", 0), Handler)
    state = Sites(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def transport(sites: Sites, tmp_path: Path) -> Callable[..., Transport]:
    """Make transports that share one cache, as successive runs do."""

    def make(**options: Any) -> Transport:
        usual = {"mirror": sites.base, "backoff": 0.01, "attempts": 2, "read_timeout": 5}
        return Transport(tmp_path / "cache", **(usual | options))

    return make


@pytest.fixture
def players(rows: Callable[..., pa.Table]) -> pa.Table:
    """Ten players in weeks 10, 11 and 12."""
    return rows(RAW_PLAYERS, *(player(n, week) for week in (10, 11, 12) for n in range(1, 11)))
