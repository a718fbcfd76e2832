"""Downloads from a real server that misbehaves on command, and from a directory mirror."""

from __future__ import annotations

import io
import os
import pickle
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline import __version__
from fantasy_pipeline.errors import (
    NotPublishedError,
    PipelineError,
    SourceError,
    UnusableAnswerError,
)
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline_tests.loopback import (
    Answer,
    Upstream,
    cut_off,
    drip,
    send,
    serving,
    silence,
    stall,
)
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until

RELEASES = "https://github.com/nflverse/nflverse-data/releases/download"
URL = f"{RELEASES}/snap_counts/snap_counts_2024.parquet"
CSV_URL = "https://raw.githubusercontent.com/someone/data/main/ids.csv"
NOW = datetime(2025, 9, 16, 8, tzinfo=timezone.utc)


def parquet(**columns: list[Any]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


OLD = parquet(week=[1])
NEW = parquet(week=[1, 2])


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving() as state:
        yield state


@pytest.fixture
def transport(upstream: Upstream, tmp_path: Path) -> Callable[..., Transport]:
    """Make transports that share one cache, as consecutive runs do."""

    def make(**options: Any) -> Transport:
        patient = {"read_timeout": 60, "patience": 60}
        options = {"mirror": upstream.base, "backoff": 0.01} | patient | options
        return Transport(tmp_path / "cache", **options)

    return make


def cached(transport: Callable[..., Transport], url: str = URL) -> bytes:
    return transport(offline=True).fetch(url, "snap_counts").path.read_bytes()


def leftovers(tmp_path: Path) -> list[str]:
    return [path.name for path in tmp_path.rglob("*.part")]


@pytest.mark.loopback
class TestRevalidation:
    def test_an_unchanged_file_is_not_downloaded_again(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(200, OLD, ETag='"one"', Last_Modified="Tue, 16 Sep 2025 04:00:00 GMT"))
        first = transport().fetch(URL, "snap_counts", 2024)
        assert first.path.read_bytes() == OLD
        assert first.size == len(OLD)
        assert first.as_of == datetime(2025, 9, 16, 4, tzinfo=timezone.utc)
        assert first.path.suffix == ".parquet"
        assert upstream.requests[0][0] == URL.replace("https://", "/")
        assert upstream.header(0, "User-Agent") == f"fantasy_pipeline/{__version__}"
        assert upstream.header(0, "If-None-Match") is None

        upstream.will(send(304))
        assert transport().fetch(URL, "snap_counts", 2024) == first
        assert upstream.header(0, "If-None-Match") == '"one"'
        assert upstream.header(0, "If-Modified-Since") == "Tue, 16 Sep 2025 04:00:00 GMT"

    def test_a_changed_file_replaces_the_old_one_for_the_next_run_only(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(200, OLD, ETag='"one"'))
        first = transport().fetch(URL, "snap_counts")
        upstream.will(send(200, NEW, ETag='"two"'))
        second = transport().fetch(URL, "snap_counts")
        assert second.path.read_bytes() == NEW
        assert first.path.read_bytes() == OLD, "a run that is reading must keep its file"
        upstream.will(send(304))
        transport().fetch(URL, "snap_counts")
        assert upstream.header(0, "If-None-Match") == '"two"'

    def test_a_query_is_part_of_the_name_and_headers_are_sent(
        self, upstream: Upstream, transport: Callable[..., Transport], tmp_path: Path
    ) -> None:
        one, two = f"{CSV_URL}?week=1&position[]=QB", f"{CSV_URL}?week=2&position[]=QB"
        upstream.will(send(200, b"a,b\n1,2\n"), send(200, b"a,b\n3,4\n"))
        fetch = transport().fetch
        found = [fetch(url, "x", headers={"X-Filter": "{}"}).path for url in (one, two)]
        assert [path.read_bytes()[-4:] for path in found] == [b"1,2\n", b"3,4\n"]
        assert [unquote(path) for path, _ in upstream.requests] == [
            url.replace("https://", "/") for url in (one, two)
        ]
        assert upstream.header(0, "X-Filter") == "{}"
        saved = tmp_path / "mirror" / one.removeprefix("https://")
        saved.parent.mkdir(parents=True)
        saved.write_bytes(b"a,b\n5,6\n")
        mirror = transport(mirror=str(tmp_path / "mirror"))
        assert mirror.fetch(one, "x").path == saved
        with pytest.raises(NotPublishedError):
            mirror.fetch(two, "x")

    def test_old_contents_do_not_pile_up(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        for rows in range(1, 6):
            upstream.will(send(200, parquet(week=list(range(rows)))))
            last = transport().fetch(URL, "snap_counts")
        assert len(list(last.path.parent.glob("*.parquet"))) == 2

    def test_as_of_is_when_the_content_was_first_seen(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        later = NOW + timedelta(days=2)
        upstream.will(send(200, OLD, Last_Modified="no date"))
        assert transport(now=lambda: NOW).fetch(URL, "snap_counts").as_of == NOW
        assert transport(now=lambda: later).fetch(URL, "snap_counts").as_of == NOW
        upstream.will(send(200, NEW))
        assert transport(now=lambda: later).fetch(URL, "snap_counts").as_of == later

    def test_one_transport_asks_once(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(200, OLD))
        run = transport()
        assert run.fetch(URL, "snap_counts") == run.fetch(URL, "other")
        assert len(upstream.requests) == 1

    def test_two_runs_at_once_download_once(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        def slowly(handler: BaseHTTPRequestHandler) -> None:
            time.sleep(0.2)
            send(200, OLD, ETag='"one"')(handler)

        upstream.will(slowly, send(304))
        results = []
        runs = [
            threading.Thread(target=lambda: results.append(transport().fetch(URL, "snap_counts")))
            for _ in range(2)
        ]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        assert results[0] == results[1]
        assert [upstream.header(i, "If-None-Match") for i in range(2)] == [None, '"one"']

    def test_waiting_for_another_run_ends(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        released = threading.Event()

        def held(handler: BaseHTTPRequestHandler) -> None:
            released.wait(LONGEST_SECONDS)
            send(200, OLD)(handler)

        upstream.will(held)
        first = threading.Thread(target=lambda: transport().fetch(URL, "snap_counts"))
        first.start()
        try:
            until(lambda: upstream.requests, "the file is requested")
            with pytest.raises(
                SourceError,
                match=r"^snap_counts: another process is still downloading .*\.parquet after a "
                r"wait of 0\.1 s\. Wait for that process to end, or stop it",
            ):
                transport(total_timeout=0.1).fetch(URL, "snap_counts")
        finally:
            released.set()
            first.join()
        assert cached(transport) == OLD

    @pytest.mark.parametrize("damage", [b"", OLD[:-1] + b"X"])
    def test_a_file_damaged_on_disk_is_downloaded_anew(
        self, upstream: Upstream, transport: Callable[..., Transport], damage: bytes
    ) -> None:
        upstream.will(send(200, OLD, ETag='"one"'))
        transport().fetch(URL, "snap_counts").path.write_bytes(damage)
        upstream.requests.clear()
        assert transport().fetch(URL, "snap_counts").path.read_bytes() == OLD
        assert upstream.header(0, "If-None-Match") is None

    def test_another_server_is_not_asked_with_this_ones_etag(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(200, OLD, ETag='"one"'))
        transport().fetch(URL, "snap_counts")
        transport(mirror=f"{upstream.base}/other").fetch(URL, "snap_counts")
        assert upstream.header(1, "If-None-Match") is None

    def test_a_cache_that_cannot_be_written_is_named(
        self, upstream: Upstream, tmp_path: Path
    ) -> None:
        upstream.will(send(200, OLD))
        (tmp_path / "file").write_text("")
        with pytest.raises(SourceError, match=r"the cache .*file/github.com.* cannot be used"):
            Transport(tmp_path / "file", upstream.base).fetch(URL, "snap_counts")


@pytest.mark.loopback
class TestMisbehaviour:
    def test_not_found_is_asked_exactly_once(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(404))
        run = transport()
        with pytest.raises(NotPublishedError, match=r"^snap_counts 2026: .*404.*check the season"):
            run.fetch(URL, "snap_counts", 2026)
        with pytest.raises(NotPublishedError, match=r"^injuries 2026 week 3: ") as caught:
            run.fetch(URL, "injuries", 2026, 3)
        assert len(upstream.requests) == 1
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own

    @pytest.mark.parametrize(
        "trouble",
        [
            send(429, Retry_After="0"),
            send(429, Retry_After="Tue, 16 Sep 2025 04:00:00 GMT"),
            send(500),
            send(503, Retry_After="soon"),
            send(503, Retry_After="\xb2"),
            send(503, Retry_After="9" * 5000),
            send(503, Retry_After="Mon, 01 Jan 99999999999999999999 00:00:00 GMT"),
            send(503, Retry_After="Fri, 31 Dec 9999 23:00:00 -1400"),
            cut_off(NEW, reset=True),
            cut_off(NEW, reset=False),
            silence(0),
        ],
    )
    def test_passing_trouble_is_retried(
        self, upstream: Upstream, transport: Callable[..., Transport], trouble: Answer
    ) -> None:
        upstream.will(trouble, send(200, NEW))
        run = transport(backoff_max=0.1)
        assert run.fetch(URL, "snap_counts").path.read_bytes() == NEW
        assert len(upstream.requests) == 2

    @pytest.mark.parametrize("declared", ["\xb2", "\xb9\xb2", "many"])
    def test_a_length_that_is_no_number_is_not_taken_for_one(
        self, upstream: Upstream, transport: Callable[..., Transport], declared: str
    ) -> None:
        upstream.will(send(200, NEW, Content_Length=declared, Connection="close"))
        assert transport().fetch(URL, "snap_counts").path.read_bytes() == NEW

    @pytest.mark.parametrize(
        "stamp",
        ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Fri, 31 Dec 9999 23:00:00 -1400"],
    )
    def test_a_date_beyond_the_calendar_is_none(
        self, upstream: Upstream, transport: Callable[..., Transport], stamp: str
    ) -> None:
        upstream.will(send(200, NEW, Last_Modified=stamp))
        assert transport(now=lambda: NOW).fetch(URL, "snap_counts").as_of == NOW

    @pytest.mark.parametrize("body", [b"[" * 200_000, b"[" * 50_000 + b"]" * 50_000, b"9" * 5_000])
    def test_json_that_python_does_not_read_is_an_unusable_answer(
        self, upstream: Upstream, transport: Callable[..., Transport], body: bytes
    ) -> None:
        upstream.will(send(200, body))
        with pytest.raises(UnusableAnswerError, match="is not JSON"):
            transport().fetch("https://api.sleeper.com/projections/1", "sleeper")

    @pytest.mark.parametrize(
        ("retry_after", "backoff_max", "seconds"), [("1", 5, 1), ("3600", 0.2, 0.2)]
    )
    def test_retry_after_is_honoured_within_bounds(
        self,
        upstream: Upstream,
        transport: Callable[..., Transport],
        caplog: pytest.LogCaptureFixture,
        retry_after: str,
        backoff_max: float,
        seconds: float,
    ) -> None:
        upstream.will(send(429, Retry_After=retry_after), send(200, NEW))
        start = time.monotonic()
        transport(backoff_max=backoff_max).fetch(URL, "snap_counts")
        assert time.monotonic() - start >= seconds
        expected = f"127.0.0.1 answered HTTP 429; trying again in {seconds:.2g} s (2 of 4)"
        assert caplog.messages[0] == expected

    def test_a_host_that_cannot_be_reached_is_named_in_a_short_line(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            mirror = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(SourceError, match="attempts: 2"):
            Transport(tmp_path, mirror, attempts=2, backoff=0.001).fetch(URL, "snap_counts")
        [line] = caplog.messages
        assert re.fullmatch(
            r"127\.0\.0\.1 cannot be reached; trying again in \S+ s \(2 of 2\)", line
        )

    def test_attempts_are_bounded(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(500))
        with pytest.raises(SourceError, match=r"HTTP 500.*attempts: 3.*NFLVERSE_MIRROR"):
            transport(attempts=3).fetch(URL, "snap_counts")
        assert len(upstream.requests) == 3

    @pytest.mark.parametrize("longest", [1, 0.01])
    def test_waits_double_are_spread_and_are_capped(
        self,
        upstream: Upstream,
        transport: Callable[..., Transport],
        caplog: pytest.LogCaptureFixture,
        longest: float,
    ) -> None:
        first, runs = 0.004, 12
        upstream.will(send(500))
        for _ in range(runs):
            with pytest.raises(SourceError, match="attempts: 5"):
                transport(attempts=5, backoff=first, backoff_max=longest).fetch(URL, "snap_counts")
        found = [re.search(r" in (\S+) s ", record.message) for record in caplog.records]
        waits = [float(match[1]) for match in found if match]
        assert re.search(r"answered HTTP 500; trying again in \S+ s \(2 of 5\)", caplog.text)
        assert len(waits) == 4 * runs
        # The log shows two digits.
        rounded = 0.2 * first
        for attempt in range(4):
            least = first * 2**attempt
            of_attempt = waits[attempt::4]
            assert min(of_attempt) >= min(least, longest) - rounded
            assert max(of_attempt) <= min(least + first, longest) + rounded
            if least + first < longest:
                assert max(of_attempt) - min(of_attempt) > first / 4

    def test_waits_are_bounded_by_the_total_time(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(503, Retry_After="30"))
        with pytest.raises(SourceError, match="attempts: 1"):
            transport(total_timeout=20).fetch(URL, "snap_counts")

    def test_trouble_is_not_remembered_so_that_a_retried_step_can_succeed(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(500), send(200, NEW))
        run = transport(attempts=1)
        with pytest.raises(SourceError, match="HTTP 500"):
            run.fetch(URL, "snap_counts")
        assert run.fetch(URL, "snap_counts").path.read_bytes() == NEW

    @pytest.mark.parametrize(
        ("trouble", "options", "message", "asked"),
        [
            (send(403), {}, "HTTP 403", 1),
            (send(204), {}, "HTTP 204", 1),
            (cut_off(NEW, reset=True), {"attempts": 2}, "could not be downloaded: .*reset", 2),
            (cut_off(NEW, reset=False), {"attempts": 2}, "IncompleteRead", 2),
            (silence(1), {"attempts": 2, "read_timeout": 0.1}, "timed out", 2),
            (send(200, b"<!DOCTYPE html><p>Log in"), {}, "not a whole parquet file", 1),
            (send(200, NEW[:-2]), {}, "not a whole parquet file", 1),
            (send(200, b""), {}, "is empty", 1),
            (send(200, NEW, Content_Length=str(2**40)), {}, "larger than 268,435,456 bytes", 1),
            (send(200, NEW, Content_Length="9" * 5000), {}, "larger than 268,435,456 bytes", 1),
            (
                send(200, b"%x\r\n%b\r\n0\r\n\r\n" % (len(NEW), NEW), Transfer_Encoding="chunked"),
                {"max_bytes": 100},
                "larger than 100 bytes",
                1,
            ),
            (
                send(302, Location="http://example.invalid/x.parquet"),
                {},
                "redirects to an address that is not https",
                1,
            ),
            (send(200, NEW, Content_Encoding="gzip"), {"attempts": 2}, "failed to decode", 2),
        ],
        ids=lambda value: value if isinstance(value, str) else None,
    )
    def test_a_bad_download_never_replaces_a_good_one(
        self,
        upstream: Upstream,
        transport: Callable[..., Transport],
        tmp_path: Path,
        trouble: Answer,
        options: dict[str, Any],
        message: str,
        asked: int,
    ) -> None:
        upstream.will(send(200, OLD, Last_Modified="Tue, 16 Sep 2025 04:00:00 GMT"))
        transport().fetch(URL, "snap_counts")
        upstream.will(trouble)
        with pytest.raises(SourceError, match=message) as caught:
            transport(**options).fetch(URL, "snap_counts", 2024)
        assert not isinstance(caught.value, NotPublishedError)
        of_the_file = message in ("not a whole parquet file", "is empty")
        assert isinstance(caught.value, UnusableAnswerError) == of_the_file
        assert "2025-09-16 04:00 UTC" in caught.value.advice
        assert "FANTASY_OFFLINE=1" in caught.value.advice
        assert len(upstream.requests) == asked
        assert cached(transport) == OLD
        assert leftovers(tmp_path) == []

    def test_a_file_that_vanished_is_not_taken_for_one_never_published(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(200, OLD))
        transport(now=lambda: NOW).fetch(URL, "snap_counts")
        upstream.will(send(404))
        with pytest.raises(
            SourceError, match=r"HTTP 404.*, but had the file on 2025-09-16"
        ) as caught:
            transport().fetch(URL, "snap_counts", 2024)
        assert not isinstance(caught.value, NotPublishedError)
        assert "run again later" in caught.value.advice
        assert len(upstream.requests) == 1
        assert cached(transport) == OLD

    def test_a_silent_host_is_given_up_over_all_attempts(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        """Two waits of 1.5 s; a third one could not last a second."""
        upstream.will(silence(5))
        with pytest.raises(SourceError, match=r"timed out.* \(attempts: 2\)"):
            transport(read_timeout=1.5, patience=3.6).fetch(URL, "snap_counts")
        assert len(upstream.requests) == 2

    def test_a_host_that_was_given_up_gets_one_attempt_until_it_answers(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(silence(5))
        with pytest.raises(SourceError, match=r"timed out.* \(attempts: 2\)"):
            transport(read_timeout=0.7, patience=2.2).fetch(URL, "snap_counts")
        upstream.will(silence(5))
        with pytest.raises(SourceError, match=r"timed out.* \(attempts: 1\)"):
            transport(read_timeout=1, patience=20).fetch(URL, "snap_counts")
        upstream.will(send(200, OLD))
        assert transport().fetch(URL, "snap_counts").size == len(OLD)
        upstream.will(silence(5))
        with pytest.raises(SourceError, match=r"timed out.* \(attempts: 2\)"):
            transport(read_timeout=0.7, patience=2.2).fetch(URL, "snap_counts")

    def test_a_body_that_stops_is_given_up_over_all_attempts(
        self,
        upstream: Upstream,
        transport: Callable[..., Transport],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        upstream.will(stall(NEW, 5))
        with pytest.raises(SourceError, match=r"timed out.* \(attempts: 4\)"):
            transport(read_timeout=0.5, patience=20).fetch(URL, "snap_counts")
        assert len(upstream.requests) == 4, "each attempt made progress"
        assert "127.0.0.1 stopped sending; trying again in" in caplog.text

    def test_a_slow_download_that_makes_progress_goes_on(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        pause = 2 / len(NEW)
        upstream.will(drip(NEW, pause))
        fetched = transport(read_timeout=0.9, patience=1).fetch(URL, "snap_counts")
        assert fetched.path.read_bytes() == NEW
        assert len(upstream.requests) == 1

    def test_a_slow_drip_ends(
        self, upstream: Upstream, transport: Callable[..., Transport], tmp_path: Path
    ) -> None:
        upstream.will(send(200, OLD))
        transport().fetch(URL, "snap_counts")
        upstream.will(drip(NEW, 0.2))
        start = time.monotonic()
        with pytest.raises(SourceError, match=r"did not arrive within 1 s"):
            transport(total_timeout=1).fetch(URL, "snap_counts")
        assert time.monotonic() - start < 0.2 * len(NEW) / 2, "it waited for the whole body"
        assert cached(transport) == OLD
        assert leftovers(tmp_path) == []

    @pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf<html>no", b"<!DOCTYPE html>"])
    def test_a_page_is_not_a_csv(
        self, upstream: Upstream, transport: Callable[..., Transport], body: bytes
    ) -> None:
        upstream.will(send(200, body))
        with pytest.raises(SourceError, match=r"is empty|is not a csv file") as caught:
            transport().fetch(CSV_URL, "player_ids")
        assert "FANTASY_OFFLINE" not in caught.value.advice, "there is no cached copy to offer"

    @pytest.mark.parametrize(
        "body", [b"<html>Down for maintenance</html>", b'[{"player_id": "3"', b"\xff\xfe"]
    )
    def test_a_page_or_half_an_answer_of_an_api_does_not_replace_its_last(
        self, upstream: Upstream, transport: Callable[..., Transport], body: bytes
    ) -> None:
        url = "https://api.sleeper.com/projections/nfl/2024/5?position[]=QB"
        upstream.will(send(200, b"[]"))
        transport().fetch(url, "sleeper")
        upstream.will(send(200, body))
        with pytest.raises(SourceError, match="is not JSON"):
            transport().fetch(url, "sleeper")
        assert transport(offline=True).fetch(url, "sleeper").path.read_bytes() == b"[]"

    def test_half_a_csv_is_refused(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(200, b"id,name\n1,A\n2"))
        with pytest.raises(SourceError, match="is not a whole csv file"):
            transport().fetch(CSV_URL, "player_ids")

    def test_a_refused_redirect_is_not_followed(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        elsewhere = upstream.base.replace("127.0.0.1", "localhost")
        upstream.will(send(302, Location=f"{elsewhere}/x.parquet"), send(200, NEW))
        with pytest.raises(SourceError, match="not https"):
            transport().fetch(URL, "snap_counts")
        assert len(upstream.requests) == 1

    def test_a_redirect_within_the_mirror_is_followed(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(302, Location="/moved.parquet"), send(200, NEW))
        assert transport().fetch(URL, "snap_counts").path.read_bytes() == NEW
        assert upstream.requests[1][0] == "/moved.parquet"

    def test_nobody_listens(self, upstream: Upstream, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        run = Transport(tmp_path, f"http://127.0.0.1:{port}", attempts=2, backoff=0.01)
        with pytest.raises(
            SourceError,
            match=rf"^snap_counts: http://127\.0\.0\.1:{port}/.*\.parquet could not be downloaded: "
            r"Failed to establish a new connection: \[Errno \d+\] Connection refused "
            r"\(attempts: 2\)\. Check the network",
        ):
            run.fetch(URL, "snap_counts")

    def test_a_proxy_is_not_used_for_this_machine(
        self,
        upstream: Upstream,
        transport: Callable[..., Transport],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        upstream.will(send(200, NEW))
        assert transport().fetch(URL, "snap_counts").size == len(NEW)

    def test_a_killed_download_leaves_the_old_file(
        self, upstream: Upstream, transport: Callable[..., Transport], tmp_path: Path
    ) -> None:
        upstream.will(send(200, OLD, ETag='"one"'))
        transport().fetch(URL, "snap_counts")
        upstream.will(drip(NEW, 0.5))
        code = (
            "import sys; from pathlib import Path\n"
            "from fantasy_pipeline.ingest.download.transport import Transport\n"
            "Transport(Path(sys.argv[1]), sys.argv[2]).fetch(sys.argv[3], 'snap_counts')"
        )
        arguments = [str(tmp_path / "cache"), upstream.base, URL]
        with subprocess.Popen([sys.executable, "-c", code, *arguments]) as process:
            until(lambda: leftovers(tmp_path), "the download has begun")
            process.send_signal(signal.SIGKILL)
        assert leftovers(tmp_path) == ["download.part"]
        assert cached(transport) == OLD
        upstream.will(send(304), send(200, NEW))
        assert transport().fetch(URL, "snap_counts").path.read_bytes() == OLD
        assert upstream.header(0, "If-None-Match") == '"one"'
        assert transport().fetch(URL, "snap_counts").path.read_bytes() == NEW
        assert leftovers(tmp_path) == []


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a self-signed certificate for 127.0.0.1 and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have openssl")
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    command = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{path}.key", "-out", path]
    subprocess.run([openssl, *command], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.key").read_text())
    return path


@pytest.fixture
def secure(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(context) as state:
        state.will(send(200, NEW))
        yield state


@pytest.mark.loopback
class TestHttps:
    def test_an_https_mirror_is_read(self, secure: Upstream, tmp_path: Path) -> None:
        assert Transport(tmp_path, f"{secure.base}/nfl/").fetch(URL, "x").size == len(NEW)
        assert secure.requests[0][0].startswith("/nfl/github.com/nflverse/")

    def test_a_redirect_to_plain_http_is_not_followed(
        self, secure: Upstream, upstream: Upstream, tmp_path: Path
    ) -> None:
        upstream.will(send(200, NEW))
        secure.will(send(302, Location=f"{upstream.base}/x.parquet"))
        with pytest.raises(SourceError, match="redirects to an address that is not https"):
            Transport(tmp_path, secure.base).fetch(URL, "snap_counts")
        assert upstream.requests == []

    @pytest.mark.parametrize("address", ["http://[::1", "https://[::1/x", "file:///x"])
    def test_a_redirect_to_a_broken_address_is_an_error_in_words(
        self, secure: Upstream, tmp_path: Path, address: str
    ) -> None:
        secure.will(send(302, Location=address))
        with pytest.raises(SourceError, match="redirects to an address that is not https"):
            Transport(tmp_path, secure.base).fetch(URL, "snap_counts")
        assert len(secure.requests) == 1

    def test_an_unknown_certificate_is_refused(
        self, secure: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        with pytest.raises(SourceError, match="CERTIFICATE_VERIFY_FAILED"):
            Transport(tmp_path, secure.base, attempts=1).fetch(URL, "snap_counts")
        assert secure.requests == []

    def test_the_users_netrc_login_is_not_sent(
        self, secure: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        Transport(tmp_path, secure.base).fetch(URL, "snap_counts")
        assert secure.header(0, "Authorization") is None


@pytest.mark.loopback
class TestOffline:
    def test_the_cached_copy_is_used_without_asking(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(200, OLD))
        online = transport().fetch(URL, "snap_counts")
        assert transport(offline=True).fetch(URL, "snap_counts") == online
        assert len(upstream.requests) == 1

    def test_without_a_cached_copy_it_fails(
        self, upstream: Upstream, transport: Callable[..., Transport]
    ) -> None:
        upstream.will(send(200, OLD))
        with pytest.raises(SourceError, match="offline, and no cached copy"):
            transport(offline=True).fetch(URL, "snap_counts")
        assert upstream.requests == []


class TestDirectoryMirror:
    def test_a_file_is_read_in_place(self, tmp_path: Path) -> None:
        path = tmp_path / "mirror" / URL.removeprefix("https://")
        path.parent.mkdir(parents=True)
        path.write_bytes(OLD)
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
        fetched = Transport(tmp_path / "cache", str(tmp_path / "mirror")).fetch(URL, "snap_counts")
        assert (fetched.path, fetched.as_of, fetched.size) == (path, NOW, len(OLD))
        assert not (tmp_path / "cache").exists()

    def test_an_encoded_name_is_decoded(self, tmp_path: Path) -> None:
        (tmp_path / "github.com").mkdir()
        (tmp_path / "github.com" / "a b.csv").write_text("x\n1\n")
        fetched = Transport(tmp_path, str(tmp_path)).fetch("https://github.com/a%20b.csv", "x")
        assert fetched.size == 4

    def test_a_missing_file_is_not_published_and_stays_so_for_the_run(self, tmp_path: Path) -> None:
        run = Transport(tmp_path, str(tmp_path))
        with pytest.raises(NotPublishedError, match=r"^snap_counts 2024: .* does not exist"):
            run.fetch(URL, "snap_counts", 2024)
        path = tmp_path / URL.removeprefix("https://")
        path.parent.mkdir(parents=True)
        path.write_bytes(OLD)
        with pytest.raises(NotPublishedError):
            run.fetch(URL, "snap_counts", 2024)
        assert Transport(tmp_path, str(tmp_path)).fetch(URL, "snap_counts").path == path

    def test_a_broken_file_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / URL.removeprefix("https://")
        path.parent.mkdir(parents=True)
        path.write_bytes(OLD[:-1])
        with pytest.raises(SourceError, match=r"_2024\.parquet is not a whole parquet.*Replace"):
            Transport(tmp_path, str(tmp_path)).fetch(URL, "snap_counts")


class TestAddresses:
    @pytest.mark.parametrize(
        "mirror",
        [
            "/no/such/directory",
            "http://example.com/nfl",
            "http://127.0.0.1.example.com/nfl",
            "ftp://127.0.0.1/nfl",
            "file:///tmp",
            "https://",
            "https://example.com/nfl?key=1",
        ],
    )
    def test_a_mirror_that_is_not_permitted_is_refused(self, mirror: str, tmp_path: Path) -> None:
        with pytest.raises(PipelineError, match="Check NFLVERSE_MIRROR"):
            Transport(tmp_path, mirror)

    def test_a_password_in_the_address_is_refused_and_not_repeated(self, tmp_path: Path) -> None:
        with pytest.raises(PipelineError) as caught:
            Transport(tmp_path, "https://me:secret@example.com/nfl")
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        "mirror",
        [None, "", "https://example.com/nfl/", "http://localhost:8000", "HTTP://[::1]:8000/nfl"],
    )
    def test_permitted_mirrors(self, mirror: str | None, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="offline, and no cached copy"):
            Transport(tmp_path, mirror, offline=True).fetch(URL, "snap_counts")

    @pytest.mark.parametrize(
        "url",
        [
            "http://github.com/x.csv",
            "http://127.0.0.1:9/x.csv",
            "file:///etc/passwd",
            "https://github.com/../../x.csv",
            "https://github.com/%2e%2e/x.csv",
            "https://github.com/a%2F..%2F..%2Fx.csv",
            "https://../x.csv",
            "https:///x.csv",
            "https://github.com/",
            "https://github.com/x.csv?raw=1/../../../y",
            "https://github.com/x.csv?raw\\y",
            "https://github.com/x.csv#part",
            "https://github.com/a%5C..%5Cx.csv",
            "https://github.com/x%00.csv",
        ],
    )
    def test_what_is_not_an_https_file_is_refused(self, url: str, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match=r"is not https|does not name a file"):
            Transport(tmp_path / "mirror" / "cache", str(tmp_path)).fetch(url, "x")
