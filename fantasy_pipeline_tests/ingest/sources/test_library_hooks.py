"""Both unmodified libraries, reading small files of a directory mirror."""

from __future__ import annotations

import contextlib
import functools
import io
import threading
import urllib.request
from datetime import date
from pathlib import Path
from typing import Any

import nfl_data_py
import nflreadpy
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nflreadpy.config import get_config, update_config
from nflreadpy.downloader import get_downloader

from fantasy_pipeline.errors import NotPublishedError, SourceError
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.sources.library_hooks import serve_libraries

RELEASES = "github.com/nflverse/nflverse-data/releases/download"
NEW_STATS = f"{RELEASES}/stats_player/stats_player_week_2024.parquet"
OLD_STATS = f"{RELEASES}/player_stats/player_stats_2024.parquet"
ROSTERS = f"{RELEASES}/weekly_rosters/roster_weekly_2024.parquet"
SCHEDULE = f"{RELEASES}/schedules/games.parquet"
IDS = "raw.githubusercontent.com/dynastyprocess/data/master/files/db_playerids.csv"

STATS = {"player_id": ["00-1", None], "week": [1, 1], "fantasy_points": [21.72, 0.1]}
WHOLE_BUT_CORRUPT = b"PAR1" + b"\x00" * 64 + b"PAR1"

LIBRARIES = pytest.mark.parametrize(
    ("read", "path"),
    [
        (lambda: nflreadpy.load_player_stats([2024]), NEW_STATS),
        (lambda: nfl_data_py.import_weekly_data([2024], downcast=False), OLD_STATS),
    ],
    ids=["nflreadpy", "nfl_data_py"],
)


class Mirror:
    """A directory mirror and a transport that reads it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "mirror"
        self.root.mkdir()
        self.transport = Transport(root / "cache", str(self.root))

    def write(self, path: str, content: bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def table(self, path: str, columns: dict[str, list[Any]]) -> Path:
        sink = io.BytesIO()
        pq.write_table(pa.table(columns), sink)
        return self.write(path, sink.getvalue())


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path)


class TestReading:
    def test_nflreadpy_reads_player_stats(self, mirror: Mirror) -> None:
        mirror.table(NEW_STATS, STATS)
        with serve_libraries(mirror.transport, "weekly_stats", 2024) as files:
            frame = nflreadpy.load_player_stats([2024])
        assert frame.to_dict(as_series=False) == STATS
        assert [(f.url, f.path) for f in files] == [
            (f"https://{NEW_STATS}", mirror.root / NEW_STATS)
        ]

    def test_nflreadpy_reads_the_schedule(self, mirror: Mirror) -> None:
        mirror.table(SCHEDULE, {"season": [2023, 2024], "roof": ["dome", "?"]})
        with serve_libraries(mirror.transport, "schedule"):
            frame = nflreadpy.load_schedules()
        assert frame["roof"].to_list() == ["dome", None]

    def test_nfl_data_py_reads_weekly_data(self, mirror: Mirror) -> None:
        mirror.table(OLD_STATS, STATS)
        with serve_libraries(mirror.transport, "weekly_stats", 2024) as files:
            frame = nfl_data_py.import_weekly_data([2024], downcast=False)
        assert frame["fantasy_points"].tolist() == [21.72, 0.1]
        assert [file.path for file in files] == [mirror.root / OLD_STATS]

    @pytest.mark.parametrize("week", [[1, 2], [1.0, 2.0]])
    def test_nfl_data_py_reads_rosters_without_its_plain_http_schedule(
        self, mirror: Mirror, week: list[float]
    ) -> None:
        mirror.table(
            ROSTERS,
            {
                "season": [2024, 2024],
                "week": week,
                "team": ["KC", None],
                "gsis_id": ["00-1", ""],
                "full_name": ["A", "B"],
                "birth_date": [date(1995, 9, 17), None],
            },
        )
        with serve_libraries(mirror.transport, "weekly_rosters", 2024) as files:
            frame = nfl_data_py.import_weekly_rosters([2024])
        assert frame["player_id"].tolist() == ["00-1", ""]
        assert frame["age"].isna().all()
        assert [file.path for file in files] == [mirror.root / ROSTERS]

    def test_nfl_data_py_reads_ids(self, mirror: Mirror) -> None:
        mirror.write(IDS, b"name,sleeper_id\nA,7\n")
        with serve_libraries(mirror.transport, "player_ids"):
            frame = nfl_data_py.import_ids()
        assert frame.to_dict("list") == {"name": ["A"], "sleeper_id": [7]}

    def test_what_a_library_prints_is_dropped(
        self, mirror: Mirror, capsys: pytest.CaptureFixture[str]
    ) -> None:
        mirror.table(OLD_STATS, STATS)
        with serve_libraries(mirror.transport, "weekly_stats", 2024):
            nfl_data_py.import_weekly_data([2024])
        assert capsys.readouterr().out == ""

    def test_a_later_run_sees_a_changed_file(self, mirror: Mirror, tmp_path: Path) -> None:
        """nflreadpy would keep the first answer in memory for 24 hours."""
        rows = []
        for count in (1, 2):
            mirror.table(SCHEDULE, {"season": [2024] * count})
            with serve_libraries(Transport(tmp_path, str(mirror.root)), "schedule"):
                rows.append(nflreadpy.load_schedules().height)
        assert rows == [1, 2]


class TestFailures:
    @LIBRARIES
    def test_a_missing_file_is_not_published(self, mirror: Mirror, read: Any, path: str) -> None:
        with (
            pytest.raises(NotPublishedError, match=r"^weekly_stats 2024: .*does not exist"),
            serve_libraries(mirror.transport, "weekly_stats", 2024),
        ):
            read()

    @LIBRARIES
    def test_a_truncated_file_is_a_source_error(self, mirror: Mirror, read: Any, path: str) -> None:
        mirror.write(path, WHOLE_BUT_CORRUPT[:-1])
        with (
            pytest.raises(SourceError, match=r"^weekly_stats 2024: .*not a whole parquet file"),
            serve_libraries(mirror.transport, "weekly_stats", 2024),
        ):
            read()

    @LIBRARIES
    def test_a_file_the_library_cannot_read_is_named(
        self, mirror: Mirror, read: Any, path: str
    ) -> None:
        file = mirror.write(path, WHOLE_BUT_CORRUPT)
        with (
            pytest.raises(SourceError) as caught,
            serve_libraries(mirror.transport, "weekly_stats", 2024),
        ):
            read()
        assert str(caught.value).startswith(f"weekly_stats 2024: the file {file} could not be read")
        assert "Delete that file" in caught.value.advice
        assert caught.value.__cause__ is not None

    def test_the_network_error_below_stays_the_cause(self, tmp_path: Path) -> None:
        transport = Transport(tmp_path, "http://127.0.0.1:9", attempts=1)
        with (
            pytest.raises(SourceError, match="Check the network") as caught,
            serve_libraries(transport, "schedule"),
        ):
            nflreadpy.load_schedules()
        assert type(caught.value) is SourceError
        assert isinstance(caught.value.__cause__, OSError)

    def test_a_swallowed_failure_is_raised_all_the_same(self, mirror: Mirror) -> None:
        with (
            pytest.raises(NotPublishedError, match="2024"),
            serve_libraries(mirror.transport, "weekly_stats"),
            contextlib.suppress(ValueError),  # nflreadpy's wrapping
        ):
            nflreadpy.load_player_stats([2024])

    @pytest.mark.parametrize("url", ["http://www.habitatring.com/other.csv", "ftp://x.org/a.csv"])
    def test_other_protocols_are_refused(self, mirror: Mirror, url: str) -> None:
        with (
            pytest.raises(SourceError, match="is not https"),
            serve_libraries(mirror.transport, "schedule"),
        ):
            pd.read_csv(url)

    def test_a_season_the_library_refuses_is_a_source_error(self, mirror: Mirror) -> None:
        with (
            pytest.raises(SourceError, match=r"^weekly_rosters 1990: the library refused.*2002"),
            serve_libraries(mirror.transport, "weekly_rosters", 1990),
        ):
            nflreadpy.load_rosters_weekly([1990])

    @pytest.mark.parametrize("error", [KeyError("x"), SourceError("injuries", "a", "b")])
    def test_what_is_not_about_a_file_passes_unchanged(
        self, mirror: Mirror, error: Exception
    ) -> None:
        with pytest.raises(type(error)) as caught, serve_libraries(mirror.transport, "schedule"):
            raise error
        assert caught.value is error


class TestRestoring:
    @pytest.mark.parametrize("fails", [False, True])
    def test_the_libraries_are_as_before(self, mirror: Mirror, fails: bool) -> None:
        session = get_downloader().session
        adapters = dict(session.adapters)
        urlopen = urllib.request.urlopen
        before = get_config().cache_mode
        update_config(cache_mode="filesystem")
        opener = urllib.request.build_opener(Answering(b"mine"))
        urllib.request.install_opener(opener)
        try:
            if fails:
                with pytest.raises(KeyError), serve_libraries(mirror.transport, "schedule"):
                    raise KeyError
            else:
                with serve_libraries(mirror.transport, "schedule"):
                    assert get_config().cache_mode == "off"
            assert get_config().cache_mode == "filesystem"
            assert dict(session.adapters) == adapters
            assert urllib.request.urlopen is urlopen
            assert urllib.request.urlopen("https://github.com/x.csv").read() == b"mine"
        finally:
            urllib.request.install_opener(None)  # type: ignore[arg-type]
            update_config(cache_mode=before)

    def test_contexts_nest(self, mirror: Mirror, tmp_path: Path) -> None:
        mirror.table(SCHEDULE, {"season": [2024]})
        mirror.table(NEW_STATS, STATS)
        empty = Transport(tmp_path, str(tmp_path))
        with serve_libraries(mirror.transport, "weekly_stats", 2024) as files:
            with pytest.raises(NotPublishedError), serve_libraries(empty, "schedule"):
                nflreadpy.load_schedules()
            nflreadpy.load_player_stats([2024])
        assert [file.path for file in files] == [mirror.root / NEW_STATS]

    def test_other_threads_keep_their_network(self, mirror: Mirror) -> None:
        answers: list[bytes] = []
        url = "https://github.com/x.csv"
        urllib.request.install_opener(urllib.request.build_opener(Answering(b"theirs")))
        try:
            with serve_libraries(mirror.transport, "schedule"):
                other = threading.Thread(
                    target=lambda: answers.append(urllib.request.urlopen(url).read())
                )
                other.start()
                other.join()
        finally:
            urllib.request.install_opener(None)  # type: ignore[arg-type]
        assert answers == [b"theirs"]

    def test_a_second_context_waits_for_the_first(self, mirror: Mirror, tmp_path: Path) -> None:
        mirror.table(SCHEDULE, {"season": [2024]})
        order: list[str] = []

        def second() -> None:
            with serve_libraries(Transport(tmp_path, str(mirror.root)), "schedule"):
                order.append("second")

        thread = threading.Thread(target=second)
        with serve_libraries(mirror.transport, "schedule"):
            thread.start()
            thread.join(timeout=0.2)
            order.append("first")
        thread.join()
        assert order == ["first", "second"]


class Answering(urllib.request.BaseHandler):
    """Answers every https request with the same bytes."""

    handler_order = 100

    def __init__(self, content: bytes) -> None:
        self.https_open = functools.partial(self._open, content)

    @staticmethod
    def _open(content: bytes, request: urllib.request.Request) -> Any:
        answer = urllib.request.addinfourl(io.BytesIO(content), {}, request.full_url, 200)
        answer.msg = "OK"
        return answer
