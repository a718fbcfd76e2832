"""Measures the web interface with concurrent readers: times, memory, bytes of the first paint.

usage: web.py [--readers N] [--seconds S] [--backfill] ADDRESS PID

ADDRESS is that of a server on loopback, PID its process. With --backfill, the readers measure while
`fantasy-pipeline backfill` imports two seasons of the sample league into a folder of its own.
Prints one line per figure with its limit, and exits with 1 if a figure exceeds its limit.
"""

import argparse
import gzip
import http.client
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from run import resident

HTML = {"Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip"}
JSON = {"Accept": "application/json", "Accept-Encoding": "gzip"}
PATHS = {"status": ("/", HTML, 0.300), "projections": ("/api/projections", JSON, 0.150)}
"""What the readers ask for: path, headers and the limit of the 99th percentile, seconds."""
IDLE_BYTES, PAINT_BYTES = 250 * 2**20, 100_000


class Reader(threading.Thread):
    """Asks for one path again and again over one connection, as a browser does."""

    def __init__(self, address: str, path: str, headers: dict[str, str], until: float) -> None:
        super().__init__()
        self._host = urlsplit(address).netloc
        self._path, self._headers, self._until = path, headers, until
        self.seconds: list[float] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=60)
        while time.monotonic() < self._until:
            start = time.perf_counter()
            connection.request("GET", self._path, headers=self._headers)
            response = connection.getresponse()
            response.read()
            self.seconds.append(time.perf_counter() - start)
            assert response.status == 200, response.status
            # A reader looks at what he has read.
            time.sleep(0.1)


def times(address: str, path: str, headers: dict[str, str], readers: int, seconds: float) -> list:
    """Return the seconds of all requests of some concurrent readers, sorted.

    One request comes before: it opens what the answers are made of.
    """
    Reader(address, path, headers, time.monotonic() + 0.05).run()
    until = time.monotonic() + seconds
    threads = [Reader(address, path, headers, until) for _ in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(second for thread in threads for second in thread.seconds)


def fetch(address: str, path: str) -> bytes:
    """Return the compressed bytes of an answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request("GET", path, headers=HTML)
    return connection.getresponse().read()


def first_paint(address: str, path: str) -> int:
    """Return the compressed bytes of a page with its style sheets and scripts."""
    body = fetch(address, path)
    text = gzip.decompress(body).decode()
    files = re.findall(r'<(?:link|script)[^>]* (?:href|src)="([^"]+)"', text)
    return len(body) + sum(len(fetch(address, file)) for file in files)


def start_backfill(folder: str) -> subprocess.Popen:
    """Start to import two seasons of the sample league into a folder."""
    environment = {**os.environ, "DAGSTER_HOME": folder, "FANTASY_SOURCE": "sample"}
    environment.pop("FANTASY_DATA", None)
    program = str(Path(sys.executable).with_name("fantasy-pipeline"))
    command = [program, "backfill", "--seasons", "2023-2024", "--source", "sample"]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


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
    parser.add_argument("--backfill", action="store_true")
    chosen = parser.parse_args()
    if urlsplit(chosen.address).hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error("measure a server on loopback only")
    kept = [report("idle memory", resident(chosen.pid) / 2**20, IDLE_BYTES / 2**20, "MiB")]
    for path in ("/", "/weeks/2025/10", "/accuracy", "/players"):
        with_files = first_paint(chosen.address, path) / 1000
        kept.append(report(f"first paint {path}", with_files, PAINT_BYTES / 1000, "KB"))
    with tempfile.TemporaryDirectory() as folder:
        backfill = start_backfill(folder) if chosen.backfill else None
        seconds = min(chosen.seconds, 120.0)
        for name, (path, headers, limit) in PATHS.items():
            found = times(chosen.address, path, headers, chosen.readers, seconds)
            at = found[min(int(0.99 * len(found)), len(found) - 1)]
            label = f"{name}, {len(found)} requests, p99"
            kept.append(report(label, 1000 * at, 1000 * limit, "ms"))
            print(f"{'':34} {1000 * found[len(found) // 2]:10,.1f} ms   median")
        if backfill is not None:
            assert backfill.poll() is None, "the backfill ended before the readers"
            backfill.terminate()
            backfill.wait()
    kept.append(report("memory after", resident(chosen.pid) / 2**20, IDLE_BYTES / 2**20, "MiB"))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
