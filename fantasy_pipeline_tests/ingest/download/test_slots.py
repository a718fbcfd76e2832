"""At most two downloads run at a time, with real processes and a real server that counts them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fantasy_pipeline.errors import SourceError
from fantasy_pipeline.ingest.download.slots import SLOTS, upstream_slot
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until

pytestmark = pytest.mark.loopback

ADDRESS = "https://upstream.example/files/{}.csv"
CODE = """
import sys
from pathlib import Path
from fantasy_pipeline.ingest.download.transport import Transport
cache, mirror, *files = sys.argv[1:]
long = {name: 900 for name in ("read_timeout", "patience", "total_timeout")}
transport = Transport(Path(cache), mirror=mirror, **long)
for file in files:
    transport.fetch(f"https://upstream.example/files/{file}.csv", "ids")
"""


class Upstream(ThreadingHTTPServer):
    """Counts requests at the same time; the answer to a `slow` file waits for `go`.

    The answer to a `first` file waits until there are two requests at the same time.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.Lock()
        self.two = threading.Event()
        self.now = self.most = self.answered = 0
        self.slow = 0
        self.go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, change: int) -> None:
        with self.lock:
            self.now += change
            self.most = max(self.most, self.now)
            self.answered += change < 0
            if self.most > 1:
                self.two.set()


class _Handler(BaseHTTPRequestHandler):
    server: Upstream

    def do_GET(self) -> None:
        self.server.add(1)
        if "slow" in self.path:
            self.server.slow += 1
            self.server.go.wait(LONGEST_SECONDS)
        else:
            if "first" in self.path:
                self.server.two.wait(LONGEST_SECONDS)
            # A third request, if it were allowed, would arrive meanwhile.
            time.sleep(0.1)
        # Count down before the answer: the client requests its next file as soon as it has this.
        self.server.add(-1)
        body = b"id\n1\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            """Ignore it: the client was killed."""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.go.set()
    server.shutdown()
    thread.join()
    server.server_close()


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(upstream: Upstream, tmp_path: Path) -> Iterator[Start]:
    """Start processes that download files into one cache."""
    processes = []

    def start(*files: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", CODE, str(tmp_path / "cache"), upstream.url, *files]
        processes.append(subprocess.Popen(command))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_many_processes_ask_two_at_a_time(upstream: Upstream, start: Start) -> None:
    files = ("first", "second", "third", "fourth")
    processes = [start(*(f"{n}-{file}" for file in files)) for n in range(5)]
    assert [process.wait(LONGEST_SECONDS) for process in processes] == [0] * 5
    assert upstream.answered == 20
    assert upstream.most == SLOTS == 2


def test_killed_holder_frees_its_slot(upstream: Upstream, start: Start, tmp_path: Path) -> None:
    holders = [start("slow-1"), start("slow-2")]
    until(lambda: upstream.slow == 2, "both slow files are requested")
    waiting = start("other")
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(2)
    assert upstream.answered == 0
    holders[0].kill()
    assert waiting.wait(LONGEST_SECONDS) == 0
    assert holders[1].poll() is None


def test_the_wait_is_bounded_and_says_so(upstream: Upstream, start: Start, tmp_path: Path) -> None:
    start("slow-1")
    start("slow-2")
    until(lambda: upstream.slow == 2, "both slow files are requested")
    transport = Transport(tmp_path / "cache", mirror=upstream.url, total_timeout=0.3)
    with pytest.raises(
        SourceError,
        match=r"ids 2024: .*other\.csv was not requested: 2 other downloads were still running "
        r"after a wait of 0\.3 s\. Wait for the other runs to end",
    ):
        transport.fetch(ADDRESS.format("other"), "ids", 2024)
    assert upstream.most == 2


def test_slot_is_free_after_an_error(tmp_path: Path) -> None:
    for _ in range(SLOTS + 1):
        with pytest.raises(KeyError), upstream_slot(tmp_path, time.monotonic()):
            raise KeyError
