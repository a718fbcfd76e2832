"""Serve the application from a thread, and send requests to it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import requests
import uvicorn

from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.web.api import create_app
from fantasy_pipeline.web.server import config
from fantasy_pipeline_tests.orchestration.alerts.receivers import free_port

FIRST_PAINT_BYTES = 85_000
"""The most that any page needs before it shows, compressed."""


class Client:
    """Sends requests to a server on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **headers: str) -> requests.Response:
        """Send a GET request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(self.url + path, headers=named, timeout=120, allow_redirects=False)

    def page(self, path: str, **headers: str) -> requests.Response:
        """Send a GET request as a browser does."""
        return self.get(path, Accept="text/html,*/*;q=0.8", **headers)

    def post(self, path: str, **more: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=120, allow_redirects=False, **more)


def first_paint(client: Client, path: str) -> int:
    """Return the compressed bytes of a page with its style sheets and scripts."""
    files = re.findall(r'<(?:link|script)[^>]* (?:href|src)="([^"]+)"', client.page(path).text)
    answers = [client.page(each, Accept_Encoding="gzip") for each in (path, *files)]
    assert {answer.status_code for answer in answers} == {200}
    return sum(int(answer.headers["Content-Length"]) for answer in answers)


@contextlib.contextmanager
def serving(session: Session, **options: Any) -> Iterator[Client]:
    """Run a real server in a thread.

    Args:
        options: arguments of `create_app`.
    """
    port = free_port()
    app = create_app(lambda source: session, **options)
    server = uvicorn.Server(config(app, "127.0.0.1", port))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield Client(port)
    finally:
        server.should_exit = True
        thread.join()
