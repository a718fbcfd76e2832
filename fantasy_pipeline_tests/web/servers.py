"""Serve the application from a thread or a process, and send requests to it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import requests
import uvicorn
from fastapi import FastAPI

from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.web.api import create_app
from fantasy_pipeline.web.server import config
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.orchestration.alerts.receivers import free_port
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until

TOKEN = "a-token-of-the-tests"  # noqa: S105 - of the tests

FIRST_PAINT_BYTES = 85_000
"""The most that any page needs before it shows, compressed."""


class Client:
    """Sends requests to a server on this machine.

    Args:
        pid: process of the server; default: this one.
    """

    def __init__(self, port: int, pid: int | None = None) -> None:
        self.port = port
        self.pid = pid or os.getpid()
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **headers: str) -> requests.Response:
        """Send a GET request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(self.url + path, headers=named, timeout=120, allow_redirects=False)

    def page(self, path: str, **headers: str) -> requests.Response:
        """Send a GET request as a browser does."""
        return self.get(path, Accept="text/html,*/*;q=0.8", **headers)

    def resident_bytes(self) -> int:
        """Return the memory of the server's process."""
        fields = Path(f"/proc/{self.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def post(self, path: str, **more: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=120, allow_redirects=False, **more)


def first_paint(client: Client, path: str) -> int:
    """Return the compressed bytes of a page with its style sheets and scripts."""
    files = re.findall(r'<(?:link|script)[^>]* (?:href|src)="([^"]+)"', client.page(path).text)
    answers = [client.page(each, Accept_Encoding="gzip") for each in (path, *files)]
    assert {answer.status_code for answer in answers} == {200}
    return sum(int(answer.headers["Content-Length"]) for answer in answers)


@contextlib.contextmanager
def listening_to(app: FastAPI) -> Iterator[int]:
    """Run a real server of an application in a thread, with our configuration; yield its port."""
    port = free_port()
    server = uvicorn.Server(config(app, "127.0.0.1", port))
    thread = Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started, "the server listens")
        yield port
    finally:
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def serving(session: Session, **options: Any) -> Iterator[Client]:
    """Run a real server in a thread.

    Args:
        options: arguments of `create_app`.
    """
    with listening_to(create_app(lambda source: session, **options)) as port:
        yield Client(port)


END = "Interrupted."


@contextlib.contextmanager
def serving_process(home: Path) -> Iterator[Client]:
    """Run `fantasy-pipeline api` in a process of its own."""
    port = free_port()
    env = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "FANTASY_SOURCE": "sample",
        "FANTASY_API_TOKEN": TOKEN,
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "fantasy_pipeline.cli", "api", "--port", str(port)],
        env=env,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = ""
    try:
        client = Client(port, process.pid)

        def answers() -> bool:
            assert process.poll() is None
            with contextlib.suppress(requests.ConnectionError):
                return client.get("/openapi.json").ok
            return False

        until(answers, "the server answers")
        yield client
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=LONGEST_SECONDS)
    assert TOKEN not in output
    # It ends as other commands do, and DuckDB's bindings report no leaks.
    assert process.returncode == 143
    assert output.splitlines()[-2:] == [f"INFO:     Finished server process [{process.pid}]", END]
