"""Measures the web interface with concurrent readers: times, memory, bytes of the first paint.

usage: web.py [--readers N] [--seconds S] [--backfill SEASONS] ADDRESS PID

ADDRESS is that of a server on loopback, PID its process. With --backfill, the readers measure while
`fantasy-pipeline backfill` imports these seasons again, in the environment of this program: give it
the server's DAGSTER_HOME and FANTASY_SOURCE, so that the server's history and tables change.

Each path is read twice: by readers who read for seconds before they ask again, as people do, and by
hurried ones, who ask ten times a second. The hurried ones need as much of the processors as the
server, so their times are also those of the readers; they have no limit.
Prints one line per figure with its limit, and exits with 1 if a figure exceeds its limit.
"""

import argparse
import gzip
import http.client
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

from run import resident

HTML = {"Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip"}
JSON = {"Accept": "application/json", "Accept-Encoding": "gzip"}
PAUSES = {"readers": 2.0, "hurried readers": 0.1}
"""Seconds from an answer to the next request."""
PATHS = {
    "status": ("/", HTML, 0.300),
    "projections": ("/api/projections", JSON, 0.150),
    "health": ("/healthz", JSON, 1.000),
}
"""What the readers ask for: path, headers and the limit of the 99th percentile, seconds."""
ANSWERS = (200, 503)
"""A server without a daemon is not healthy, and says so with 503."""
IDLE_BYTES, PAINT_BYTES = 250 * 2**20, 100_000


class Reader(threading.Thread):
    """Asks for one path again and again over one connection, as a browser does."""

    def __init__(
        self, address: str, path: str, headers: dict[str, str], until: float, pause: float = 0.1
    ) -> None:
        super().__init__()
        self._host = urlsplit(address).netloc
        self._path, self._headers, self._until, self._pause = path, headers, until, pause
        self.seconds: list[float] = []

    def run(self) -> None:
        # Readers do not all come at once.
        time.sleep(random.uniform(0, self._pause))  # noqa: S311 - no secret
        connection = http.client.HTTPConnection(self._host, timeout=60)
        while time.monotonic() < self._until:
            start = time.perf_counter()
            connection.request("GET", self._path, headers=self._headers)
            response = connection.getresponse()
            response.read()
            self.seconds.append(time.perf_counter() - start)
            assert response.status in ANSWERS, response.status
            # A reader looks at what he has read.
            time.sleep(self._pause)


def times(
    address: str, path: str, headers: dict[str, str], readers: int, seconds: float, pause: float
) -> list:
    """Return the seconds of all requests of some concurrent readers, sorted.

    One request comes before: it opens what the answers are made of.
    """
    fetch(address, path, headers)
    until = time.monotonic() + seconds
    threads = [Reader(address, path, headers, until, pause) for _ in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(second for thread in threads for second in thread.seconds)


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fetch(address: str, path: str, headers: dict[str, str] = HTML) -> bytes:
    """Return the compressed bytes of an answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    assert response.status in ANSWERS, f"{path}: {response.status}"
    return body


def shown_report(address: str) -> str:
    """Return the address of the report of the week that the server shows now."""
    shown = json.loads(fetch(address, "/api/projections?limit=1", {"Accept": "application/json"}))
    return f"/weeks/{shown['season']}/{shown['week']}"


def first_paint(address: str, path: str) -> int:
    """Return the compressed bytes of a page with its style sheets and scripts."""
    body = fetch(address, path)
    text = gzip.decompress(body).decode()
    files = re.findall(r'<(?:link|script)[^>]* (?:href|src)="([^"]+)"', text)
    return len(body) + sum(len(fetch(address, file)) for file in files)


@contextmanager
def backfill(seasons: str | None) -> Iterator[None]:
    """Import seasons meanwhile; fail if that ends before the readers."""
    if seasons is None:
        yield
        return
    program = str(Path(sys.executable).with_name("fantasy-pipeline"))
    running = subprocess.Popen(
        [program, "backfill", "--seasons", seasons],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield
    assert running.poll() is None, "the backfill ended before the readers; choose more seasons"
    running.terminate()
    running.wait()


def report(name: str, value: float, limit: float, unit: str) -> bool:
    """Print a figure, and return whether it keeps its limit."""
    kept = value <= limit
    print(f"{name:34} {value:10,.1f} {unit:4} limit {limit:,.0f} {'' if kept else 'EXCEEDED'}")
    return kept


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("pid", type=int)
    parser.add_argument("--readers", type=int, default=20, choices=range(1, 51))
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--backfill", metavar="SEASONS")
    chosen = parser.parse_args()
    if urlsplit(chosen.address).hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error("measure a server on loopback only")
    kept = [report("idle memory", resident(chosen.pid) / 2**20, IDLE_BYTES / 2**20, "MiB")]
    for path in ("/", shown_report(chosen.address), "/accuracy", "/players"):
        with_files = first_paint(chosen.address, path) / 1000
        kept.append(report(f"first paint {path}", with_files, PAINT_BYTES / 1000, "KB"))
    seconds = min(chosen.seconds, 120.0)
    for (name, (path, headers, limit)), (who, pause) in product(PATHS.items(), PAUSES.items()):
        before = processor_seconds(chosen.pid)
        with backfill(chosen.backfill):
            found = times(chosen.address, path, headers, chosen.readers, seconds, pause)
        spent = processor_seconds(chosen.pid) - before
        at, median = (1000 * found[len(found) * part // 100] for part in (99, 50))
        label = f"{name}, {who}, p99"
        if who == "readers":
            kept.append(report(label, at, 1000 * limit, "ms"))
        else:
            print(f"{label:34} {at:10,.1f} ms")
        print(
            f"{'':34} {median:10,.1f} ms   median of {len(found)}; "
            f"{1000 * spent / len(found):.1f} ms of the processor each; "
            f"load {os.getloadavg()[0]:.1f}"
        )
    kept.append(report("memory after", resident(chosen.pid) / 2**20, IDLE_BYTES / 2**20, "MiB"))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
