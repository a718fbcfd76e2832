"""Behaviour of each kind of storage: links and renames in a folder, requests to a bucket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import fsspec
import pyarrow as pa
import pytest

from fantasy_pipeline.errors import NotMaterializedError, PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import GAMES, PROJECTION_ACCURACY
from fantasy_pipeline.lake import Lake, object_store
from fantasy_pipeline.lake.object_cache import ObjectCache
from fantasy_pipeline.lake.patience import patience
from fantasy_pipeline.lake.queries import run_sql
from fantasy_pipeline_tests.lake.places import BucketPlace, FolderPlace, environment
from fantasy_pipeline_tests.lake.rewriting import assert_readers_see_whole_versions
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until

Accuracy = Callable[..., pa.Table]
Rows = Callable[..., pa.Table]
W4, W5, W6 = (SeasonWeek(2024, week) for week in (4, 5, 6))
PART = "projection_accuracy/season=2024/week=05/part.parquet"


def errors(lake: Lake) -> list[float]:
    """Mean absolute errors of week 5."""
    return lake.read(PROJECTION_ACCURACY, [W5])["mae"].to_pylist()


def errors_by_view(lake: Lake) -> list[float]:
    with lake.connect([PROJECTION_ACCURACY]) as connection:
        found = connection.execute("select mae from projection_accuracy where week = 5").fetchall()
    return [mae for (mae,) in found]


# Any root


@pytest.fixture(params=["plain", "it's ours", "data [2024]*?", "file_url", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "memory":
        folder = f"/{uuid4().hex}"
        yield f"memory:/{folder}/lake"
        fsspec.filesystem("memory").rm(folder, recursive=True)
    elif request.param == "file_url":
        yield f"file://{tmp_path}/lake"
    else:
        yield str(tmp_path / request.param)


def test_any_root_will_do(root: str, accuracy: Accuracy) -> None:
    lake = Lake(root, "test")
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((4, "QB", 1.0), (5, "QB", 2.0)), [W4, W5])
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 3.0)), [W5])
    assert lake.weeks(PROJECTION_ACCURACY) == [W4, W5]
    assert errors(lake) == errors_by_view(lake) == [3.0]
    assert run_sql(lake, "select sum(mae) as s from projection_accuracy").to_pylist() == [
        {"s": 4.0}
    ]
    with pytest.raises(PipelineError, match="holds test data"):
        Lake(root, "nfl")
    with pytest.raises(NotMaterializedError, match="week 6"):
        lake.read(PROJECTION_ACCURACY, [W6])


def test_an_unknown_kind_of_storage_is_an_error_in_words() -> None:
    with pytest.raises(PipelineError, match=r"nowhere://bucket needs a package .* not installed"):
        Lake("nowhere://bucket", "test")


# A folder


def test_a_failed_rename_leaves_the_old_file_and_nothing_else(
    accuracy: Accuracy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path), "test")
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    before = FolderPlace(tmp_path).files()

    def refuse(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("os.replace", refuse)
        with pytest.raises(PipelineError, match=r"No space left.*Check the free disk space"):
            lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 2.0)), [W5])
    assert FolderPlace(tmp_path).files() == before
    assert errors(lake) == [1.0]


def test_what_a_killed_writer_left_is_not_read(accuracy: Accuracy, lake: Lake) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    for week in (W5, W6):
        part = Path(lake.path(PROJECTION_ACCURACY, week))
        part.parent.mkdir(exist_ok=True)
        part.with_name(f"part.parquet.{uuid4().hex}.tmp").write_bytes(b"PAR1 half a file")
    assert lake.weeks(PROJECTION_ACCURACY) == [W5]
    assert errors(lake) == errors_by_view(lake) == [1.0]


def test_what_a_killed_writer_left_goes_after_a_day(accuracy: Accuracy, lake: Lake) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    part = Path(lake.path(PROJECTION_ACCURACY, W5))
    of_a_killed, of_another_writer = (part.with_name(f"part.parquet.{n}.tmp") for n in (1, 2))
    for half in (of_a_killed, of_another_writer):
        half.write_bytes(b"PAR1 half a file")
    os.utime(of_a_killed, (0, 0))
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 2.0)), [W5])
    assert sorted(part.parent.iterdir()) == [part, of_another_writer]


def test_a_view_leaves_nothing_behind_and_removes_what_killed_readers_left(
    lake: Lake, accuracy: Accuracy
) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    killed = Path(lake.root) / ".snapshots" / "killed"
    killed.mkdir(parents=True)
    os.utime(killed, (0, 0))
    assert errors_by_view(lake) == [1.0]
    assert list(killed.parent.iterdir()) == []


def test_the_snapshot_of_a_living_reader_stays(lake: Lake, accuracy: Accuracy) -> None:
    lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    snapshots = Path(lake.root) / ".snapshots"
    with lake.connect([PROJECTION_ACCURACY]) as connection:
        for path in snapshots.iterdir():
            # However long the reader takes.
            os.utime(path, (0, 0))
        before = sorted(snapshots.iterdir())
        assert errors_by_view(Lake(lake.root, "test")) == [1.0]
        assert sorted(snapshots.iterdir()) == before
        assert connection.execute("select mae from projection_accuracy").fetchall() == [(1.0,)]
    assert list(snapshots.iterdir()) == []


@pytest.mark.slow
def test_the_snapshot_of_a_killed_query_goes_with_the_next_command(
    lake: Lake, accuracy: Accuracy, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    stored = Lake(str(data / "lake"), "nfl")
    stored.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    environment = {**os.environ, "FANTASY_DATA": str(data)}
    command = [sys.executable, "-m", "fantasy_pipeline.cli"]
    endless = "select count(*) from range(1000000000000) a, projection_accuracy b"
    query = subprocess.Popen([*command, "sql", endless], env=environment)
    snapshots = data / "lake" / ".snapshots"
    until(lambda: any(snapshots.glob("*/*/*/*/*.parquet")), "the query has its snapshot")
    query.kill()
    query.wait()
    assert list(snapshots.iterdir()) != []
    listed = subprocess.run([*command, "sql", "select 1"], env=environment, capture_output=True)
    assert listed.returncode == 0, listed.stderr
    assert list(snapshots.iterdir()) == []


@pytest.fixture(params=["refused", "other_file_system"])
def linkless(
    request: pytest.FixtureRequest, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lake]:
    """A lake whose snapshots cannot use hard links; copies go to `tmp_path`/copies."""
    (tmp_path / "copies").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "copies"))
    if request.param == "refused":

        def refuse(*paths: str) -> None:
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr("os.link", refuse)
        yield lake
        return
    memory = Path("/dev/shm")  # noqa: S108 - another file system than that of the tests
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == tmp_path.stat().st_dev:
        if os.environ.get("CI"):
            pytest.fail("CI must have another file system in /dev/shm")
        pytest.skip("there is no other file system")
    with tempfile.TemporaryDirectory(dir=memory) as elsewhere:
        Path(lake.root).mkdir()
        (Path(lake.root) / ".snapshots").symlink_to(elsewhere)
        yield lake


def test_a_folder_in_which_no_links_can_be_made_is_copied(
    linkless: Lake, accuracy: Accuracy, tmp_path: Path
) -> None:
    linkless.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    with linkless.connect([PROJECTION_ACCURACY]) as connection:
        linkless.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 2.0)), [W5])
        assert connection.execute("select mae from projection_accuracy").fetchall() == [(1.0,)]
    assert errors_by_view(linkless) == [2.0]
    text = "select mae from projection_accuracy"
    assert run_sql(linkless, text).to_pylist() == [{"mae": 2.0}]
    in_place = run_sql(linkless, f"from '{linkless.path(PROJECTION_ACCURACY, W5)}'")
    assert in_place["mae"].to_pylist() == [2.0]
    assert list((tmp_path / "copies").iterdir()) == []
    assert list((Path(linkless.root) / ".snapshots").glob("*")) == []


def test_without_links_too_readers_see_the_old_or_the_new(
    linkless: Lake, accuracy: Accuracy
) -> None:
    assert_readers_see_whole_versions(linkless, accuracy, errors_by_view)


def test_copies_that_find_no_room_are_an_error_in_words(
    linkless: Lake, accuracy: Accuracy, monkeypatch: pytest.MonkeyPatch
) -> None:
    linkless.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])

    def full(*files: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(PipelineError, match=r"part.parquet cannot be copied to .*: No space.*TMPD"):
        errors_by_view(linkless)


LOOKS = {
    "label": lambda lake: Lake(lake.root, "test"),
    "weeks": lambda lake: lake.weeks(PROJECTION_ACCURACY),
    "has": lambda lake: lake.has(PROJECTION_ACCURACY, W5),
    "read": lambda lake: lake.read(PROJECTION_ACCURACY),
    "read_bytes": lambda lake: lake.read_bytes("projection_accuracy/x"),
    "view": errors_by_view,
    "sql": lambda lake: run_sql(lake, "from projection_accuracy"),
}
"""Ways to look into a lake."""


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_missing_folder_is_an_empty_lake(lake: Lake, look: Callable[[Lake], Any]) -> None:
    if look is errors_by_view:
        assert errors_by_view(lake) == []
    elif look is LOOKS["sql"]:
        with pytest.raises(PipelineError, match="tables in the lake: none yet"):
            look(lake)
    else:
        assert not isinstance(look(lake), PipelineError)
    assert lake.weeks(PROJECTION_ACCURACY) == []
    assert not lake.has(PROJECTION_ACCURACY, W5)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_file_where_the_lakes_folder_should_be_is_never_an_empty_lake(
    lake: Lake, look: Callable[[Lake], Any]
) -> None:
    Path(lake.root).write_bytes(b"not a folder")
    with pytest.raises(PipelineError, match=r"cannot be read: .*/lake.*: Not a directory. Check"):
        look(lake)


@pytest.mark.parametrize("look", ["weeks", "has", "read", "read_bytes", "view", "sql"])
def test_a_file_where_a_tables_folder_should_be_is_no_empty_table(lake: Lake, look: str) -> None:
    Path(lake.root).mkdir()
    (Path(lake.root) / "projection_accuracy").write_bytes(b"not a folder")
    with pytest.raises(PipelineError, match=r"/projection_accuracy.*: Not a directory"):
        LOOKS[look](lake)


@pytest.mark.parametrize(
    "look",
    [
        lambda lake: lake.read(PROJECTION_ACCURACY, [W5]),
        lambda lake: lake.read(GAMES),
        lambda lake: lake.read_bytes("games/part.parquet"),
        lambda lake: run_sql(lake, "from games"),
    ],
)
def test_a_folder_where_a_file_should_be_is_an_error_that_names_it(
    lake: Lake, look: Callable[[Lake], Any]
) -> None:
    Path(lake.path(PROJECTION_ACCURACY, W5)).mkdir(parents=True)
    Path(lake.path(GAMES)).mkdir(parents=True)
    with pytest.raises(PipelineError, match=r"cannot be read: .*/part.parquet: .*directory"):
        look(lake)


@pytest.mark.skipif(
    os.geteuid() != 0 and not os.environ.get("CI"), reason="only root can become somebody else"
)
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_lake_that_may_not_be_read_is_never_an_empty_lake(
    accuracy: Accuracy, look: Callable[[Lake], Any]
) -> None:
    """Run as another user, in a separate process: permissions do not stop root."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - the lake in it is what may not be read
        lake = Lake(f"{folder}/lake", "test")
        lake.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
        os.chmod(lake.root, 0o700)
        assert _as_nobody(lambda: look(lake)).startswith(f"the lake cannot be read: {lake.root}/")


def _as_nobody(look: Callable[[], Any]) -> str:
    """Return the error that another user gets; empty if there is none."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        text = ""
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            look()
        except BaseException as error:
            text = str(error) if isinstance(error, PipelineError) else repr(error)
        finally:
            os.write(writes, text.encode())
            os._exit(0)
    os.close(writes)
    with open(reads, "rb") as answer:
        found = answer.read().decode()
    os.waitpid(child, 0)
    return found


# A bucket


@pytest.fixture
def bucket(s3: str) -> BucketPlace:
    return BucketPlace(s3)


@pytest.fixture
def cloud(bucket: BucketPlace) -> Lake:
    return Lake(bucket.root, "test")


@pytest.mark.loopback
def test_another_writers_files_are_seen_at_once(
    bucket: BucketPlace, cloud: Lake, accuracy: Accuracy
) -> None:
    """With fsspec's cache of listings, a daemon would not see what the workers write."""
    other = Lake(bucket.root, "test")
    assert cloud.weeks(PROJECTION_ACCURACY) == []
    assert not cloud.has(PROJECTION_ACCURACY, W5)
    other.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    assert cloud.weeks(PROJECTION_ACCURACY) == [W5]
    assert cloud.has(PROJECTION_ACCURACY, W5)
    bucket.client.delete_object(Bucket=bucket.bucket, Key=f"data/{PART}")
    assert cloud.weeks(PROJECTION_ACCURACY) == []
    assert not cloud.has(PROJECTION_ACCURACY, W5)


@pytest.mark.loopback
def test_an_upload_that_was_never_completed_is_not_seen(bucket: BucketPlace, cloud: Lake) -> None:
    begun = bucket.client.create_multipart_upload(Bucket=bucket.bucket, Key=f"data/{PART}")
    bucket.client.upload_part(
        Bucket=bucket.bucket,
        Key=f"data/{PART}",
        UploadId=begun["UploadId"],
        PartNumber=1,
        Body=b"PAR1 half a file",
    )
    assert cloud.weeks(PROJECTION_ACCURACY) == []
    assert not cloud.has(PROJECTION_ACCURACY, W5)


@pytest.mark.loopback
def test_nothing_stays_in_the_temporary_folder(
    cloud: Lake, accuracy: Accuracy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cloud.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    with cloud.connect([PROJECTION_ACCURACY]):
        assert len(list(tmp_path.glob("fantasy-lake-*/projection_accuracy/*/*/*"))) == 1
    assert list(tmp_path.glob("fantasy-lake-*")) == []


@pytest.mark.loopback
def test_sql_sees_the_tables_and_neither_bucket_nor_files(
    cloud: Lake, accuracy: Accuracy, rows: Rows
) -> None:
    cloud.write_weeks(PROJECTION_ACCURACY, accuracy((4, "QB", 1.0), (5, "QB", 2.0)), [W4, W5])
    cloud.write(GAMES, rows(GAMES, {"season": 2024, "week": 5, "game_id": "a"}))
    joined = "select game_id, mae from GAMES join projection_accuracy using (season, week)"
    assert run_sql(cloud, joined).to_pylist() == [{"game_id": "a", "mae": 2.0}]
    assert run_sql(cloud, "show tables")["name"].to_pylist() == ["games", "projection_accuracy"]
    unusual = "select count(*) as n from query_table('projection_' || 'accuracy')"
    assert run_sql(cloud, unusual).to_pylist() == [{"n": 2}]
    for text in (
        f"from '{cloud.path(GAMES)}'",
        f"from read_blob('{cloud.root}/lake.json')",
        "from read_text('/etc/passwd')",
        "from glob('/tmp/fantasy-lake-*/../*')",
    ):
        with pytest.raises(PipelineError, match="Permission Error"):
            run_sql(cloud, text)


@pytest.mark.loopback
def test_a_missing_bucket_is_an_error_not_an_empty_lake(s3: str) -> None:
    with pytest.raises(PipelineError, match=r"lake at s3://no-such-bucket/x cannot be used: .*buc"):
        Lake("s3://no-such-bucket/x", "test")


@pytest.mark.loopback
def test_a_server_that_is_down_is_an_error_in_words(
    s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(PipelineError, match=r"s3://x/y cannot be used: .*Check FANTASY_DATA") as no:
        Lake("s3://x/y", "test")
    assert "\n" not in str(no.value)


@pytest.mark.loopback
def test_missing_credentials_are_an_error_in_words(
    s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(PipelineError, match=r"cannot be used: .*credentials"):
        Lake("s3://x/y", "test")


@pytest.mark.parametrize("address", ["http://storage.example.org", "http://10.0.0.7:9000"])
def test_a_server_elsewhere_is_asked_over_https_only(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(PipelineError, match=r"must be reached over https .*AWS_ENDPOINT_URL"):
        Lake("s3://bucket/lake", "test")


class Misbehaving(ThreadingHTTPServer):
    """Forwards requests to a server; the next ones fail as `faults` says."""

    def __init__(self, address: str) -> None:
        self.target = address
        self.faults: list[str] = []
        self.requests: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Misbehaving
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        fault = self.server.faults.pop(0) if self.server.faults else ""
        if fault == "reset":
            # The connection breaks in the middle of the request.
            self.rfile.read(25 if self.command == "PUT" else 0)
            self.close_connection = True
            self.connection.close()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        if fault in ("503 SlowDown", "403 AccessDenied"):
            status, code = fault.split()
            text = f"<Error><Code>{code}</Code><Message>{code} it is</Message></Error>".encode()
            self._answer(int(status), {"Content-Type": "application/xml"}, text)
            return
        request = urllib.request.Request(  # noqa: S310 - our own server
            self.server.target + self.path,
            body,
            # urllib would send the content as a form.
            {"Content-Type": "application/octet-stream", **dict(self.headers)},
            method=self.command,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - ours
                status, headers, content = response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            status, headers, content = error.code, error.headers, error.read()
        self._answer(status, dict(headers), content, short=fault == "short")

    def _answer(
        self, status: int, headers: dict[str, str], content: bytes, short: bool = False
    ) -> None:
        self.send_response_only(status)
        declared = headers.pop("Content-Length", None) if self.command == "HEAD" else None
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", declared or str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if short else content)
        self.close_connection = self.close_connection or short

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def misbehaving(s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Misbehaving]:
    server = Misbehaving(s3)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def trouble(kind: str) -> Iterator[tuple[str, list[float]]]:
    """Return the address of a server that closes connections, or never answers, and its visits."""
    visits: list[float] = []
    kept = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                visits.append(time.monotonic())
                if kind == "closing":
                    connection.close()
                else:
                    kept.append(connection)

        server.settimeout(0.1)
        ended = threading.Event()
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", visits
        finally:
            ended.set()
            thread.join()
            for connection in kept:
                connection.close()


@pytest.mark.loopback
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["closing", "silent"])
def test_one_layer_tries_again_and_gives_up_within_its_deadline(
    s3: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Count the attempts, which several layers would multiply; the server never relents.

    `test_outages.py` measures how long commands wait.
    """
    with trouble(kind) as (address, visits):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        for seconds in (None, 2):
            visits.clear()
            with ExitStack() as stack:
                if seconds is not None:
                    stack.enter_context(patience(seconds))
                with pytest.raises(PipelineError, match=r"s3://x/y cannot be used: .*run again"):
                    Lake("s3://x/y", "test")
            # aiohttp opens a closed connection once more for each of at most six attempts.
            assert len(visits) <= 12
            # The second lake need not ask: the server was given up moments ago.
            assert visits or seconds


@pytest.mark.loopback
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["closing", "silent"])
def test_commands_and_health_do_not_wait_for_an_object_storage_in_trouble(
    s3: str, tmp_path: Path, kind: str
) -> None:
    """They ask seldom; `test_outages.py` measures how long they wait.

    A run that ends while fsspec's thread is alive had 45 lines about leaks of DuckDB's on stderr.
    """
    with trouble(kind) as (address, visits):
        for command, code in (("projections", 1), ("health", 2), ("run", 1)):
            visits.clear()
            done = subprocess.run(
                [sys.executable, "-m", "fantasy_pipeline.cli", command],
                env={
                    **os.environ,
                    **environment(address),
                    "DAGSTER_HOME": str(tmp_path),
                    "FANTASY_DATA": "s3://x/y",
                    "FANTASY_SOURCE": "sample",
                },
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
            )
            assert done.returncode == code, done.stderr
            assert "leaked" not in done.stderr
            assert "s3://x/y/sample cannot be used" in " ".join(
                f"{done.stderr}{done.stdout}".split()
            )
            assert len(visits) <= {"run": 24}.get(command, 12)


@pytest.mark.loopback
def test_a_week_is_one_upload(misbehaving: Misbehaving, cloud: Lake, accuracy: Accuracy) -> None:
    cloud.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    uploads = [line for line in misbehaving.requests if not line.startswith(("GET", "HEAD"))]
    assert [unquote(line).split("/data/")[1] for line in uploads] == ["lake.json", PART]


@pytest.mark.loopback
def test_an_object_is_transferred_once_and_confirmed_by_its_listing(
    misbehaving: Misbehaving, cloud: Lake, accuracy: Accuracy, bucket: BucketPlace
) -> None:
    weeks = [SeasonWeek(2024, week) for week in range(1, 9)]
    frame = accuracy(*((week.week, "QB", 1.0) for week in weeks))
    Lake(bucket.root, "test").write_weeks(PROJECTION_ACCURACY, frame, weeks)

    def requests(look: Callable[[], object]) -> list[str]:
        misbehaving.requests.clear()
        look()
        return [line.split()[0] for line in misbehaving.requests]

    assert requests(lambda: cloud.read(PROJECTION_ACCURACY)) == ["GET"]
    assert requests(lambda: run_sql(cloud, "from projection_accuracy")) == ["GET"]
    assert requests(lambda: cloud.read(PROJECTION_ACCURACY, weeks[:2])) == ["GET", "GET"]
    run = Lake(bucket.root, "test", one_run=True)
    assert requests(lambda: run.read(PROJECTION_ACCURACY, weeks[:2])) == ["GET", "GET"]
    assert requests(lambda: run.read(PROJECTION_ACCURACY, weeks[:2])) == []
    assert requests(lambda: run.weeks(PROJECTION_ACCURACY)) == ["GET"]
    assert requests(lambda: run.weeks(PROJECTION_ACCURACY)) == []
    # Another writer's week is seen at once; by a run, after it has taken a lock.
    bucket.put(f"{PART}", bucket.files()[PART.replace("week=05", "week=04")])
    assert requests(lambda: cloud.read(PROJECTION_ACCURACY)) == ["GET", "GET"]
    with run.rebuild_lock(PROJECTION_ACCURACY):
        assert requests(lambda: run.weeks(PROJECTION_ACCURACY)) == ["GET"]


@pytest.mark.loopback
def test_a_run_lists_the_lake_once_and_again_after_a_lock(
    misbehaving: Misbehaving, cloud: Lake, accuracy: Accuracy, bucket: BucketPlace
) -> None:
    cloud.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0), (6, "QB", 1.0)), [W5, W6])
    misbehaving.requests.clear()
    run = Lake(bucket.root, "test", one_run=True, lists_all=True)

    def requests(look: Callable[[], object]) -> int:
        misbehaving.requests.clear()
        look()
        return len(misbehaving.requests)

    # One listing and the label, which this process has read before.
    assert run.versions([PROJECTION_ACCURACY]) == cloud.versions([PROJECTION_ACCURACY])
    assert requests(lambda: run.weeks(PROJECTION_ACCURACY)) == 0
    assert requests(lambda: run.read(PROJECTION_ACCURACY)) <= 2
    assert requests(lambda: run.read(PROJECTION_ACCURACY)) == 0
    # What the listing lacks is absent.
    assert requests(lambda: run.has(GAMES)) == 0
    assert requests(lambda: run.read_if_stored(GAMES)) == 0
    assert requests(lambda: run.read_bytes("leagues/registry.json")) == 0
    # What the run writes is there, and its own.
    assert requests(lambda: run.write_all_bytes({"reports/a": b"a", "reports/b": b"b"})) == 2
    assert requests(lambda: run.read_bytes("reports/a")) == 0
    # Another writer's objects are seen after a lock, in one listing; only new ones are fetched.
    bucket.put(PART, bucket.files()[PART.replace("week=05", "week=06")])
    assert requests(lambda: run.read(PROJECTION_ACCURACY)) == 0
    with run.rebuild_lock(PROJECTION_ACCURACY):
        assert requests(lambda: run.weeks(PROJECTION_ACCURACY)) == 1
        assert requests(lambda: run.read(PROJECTION_ACCURACY)) == 1


@pytest.mark.loopback
@pytest.mark.slow
def test_a_listing_of_more_than_a_thousand_objects_is_whole(
    misbehaving: Misbehaving, cloud: Lake, accuracy: Accuracy, bucket: BucketPlace
) -> None:
    """The storage names a thousand objects per answer, so a list of more takes two requests."""
    weeks = [SeasonWeek(season, week) for season in range(1999, 2046) for week in range(1, 23)]
    assert len(weeks) > 1000
    cloud.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    content = bucket.files()[PART]

    def put(week: SeasonWeek) -> None:
        folder = f"projection_accuracy/season={week.season}/week={week.week:02}"
        bucket.put(f"{folder}/part.parquet", content)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, weeks))
    for is_run in (False, True):
        misbehaving.requests.clear()
        lake = Lake(bucket.root, "test", one_run=is_run, lists_all=is_run)
        assert lake.weeks(PROJECTION_ACCURACY) == weeks
        # Lists are asked of the bucket, everything else of an object in it.
        lists = [line for line in misbehaving.requests if f"/{bucket.bucket}?" in line]
        assert len(lists) == 2
        assert lake.has(PROJECTION_ACCURACY, weeks[-1])
        assert not lake.has(PROJECTION_ACCURACY, SeasonWeek(2046, 1))


@pytest.mark.loopback
@pytest.mark.parametrize("fault", ["503 SlowDown", "reset", "short"])
@pytest.mark.parametrize("read", [errors, errors_by_view])
def test_a_passing_fault_while_reading_is_tried_again(
    misbehaving: Misbehaving,
    cloud: Lake,
    accuracy: Accuracy,
    fault: str,
    read: Callable[[Lake], list[float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    # As another process, which has not written the week.
    monkeypatch.setattr(object_store, "CACHE", ObjectCache())
    # The view's table is listed first.
    misbehaving.faults += [*([""] if read is errors_by_view else []), fault]
    assert read(cloud) == [1.0]
    assert not misbehaving.faults


@pytest.mark.loopback
@pytest.mark.parametrize("fault", ["503 SlowDown", "reset"])
def test_a_passing_fault_while_writing_is_tried_again(
    misbehaving: Misbehaving, cloud: Lake, accuracy: Accuracy, fault: str
) -> None:
    cloud.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    misbehaving.faults += [fault]
    cloud.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 2.0)), [W5])
    assert not misbehaving.faults
    assert errors(cloud) == [2.0]


@pytest.mark.loopback
def test_a_write_that_is_refused_leaves_the_old_week(
    misbehaving: Misbehaving, cloud: Lake, bucket: BucketPlace, accuracy: Accuracy
) -> None:
    cloud.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    before = bucket.files()
    misbehaving.faults += ["403 AccessDenied"]
    with pytest.raises(PipelineError, match=r"cannot be used: AccessDenied it is. Check"):
        cloud.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 2.0)), [W5])
    assert bucket.files() == before
    assert errors(cloud) == [1.0]


@pytest.mark.loopback
@pytest.mark.parametrize(
    "look",
    [
        lambda lake: lake.weeks(PROJECTION_ACCURACY),
        lambda lake: lake.has(PROJECTION_ACCURACY, W5),
        lambda lake: lake.read(PROJECTION_ACCURACY),
        lambda lake: lake.read_bytes("models/x.npz"),
        errors_by_view,
    ],
    ids=["weeks", "has", "read", "read_bytes", "view"],
)
def test_a_refusal_is_never_an_empty_lake(
    misbehaving: Misbehaving, cloud: Lake, accuracy: Accuracy, look: Callable[[Lake], Any]
) -> None:
    cloud.write_weeks(PROJECTION_ACCURACY, accuracy((5, "QB", 1.0)), [W5])
    misbehaving.faults += ["403 AccessDenied"] * 3
    with pytest.raises(PipelineError, match="cannot be used"):
        look(cloud)
