"""Files that a transport saves in a folder, from a real server that misbehaves on command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from fantasy_pipeline.errors import PipelineError, SourceError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.download.saving import MirrorFolder, SavingTransport
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline_tests.loopback import Upstream, cut_off, send, serving

pytestmark = pytest.mark.loopback

URL = "https://raw.githubusercontent.com/someone/data/main/ids.csv?week=1&position[]=QB"
OLD, NEW = b"a,b\n1,2\n", b"a,b\n3,4\n5,6\n"
DATE = "Tue, 16 Sep 2025 04:00:00 GMT"
AS_OF = datetime(2025, 9, 16, 4, tzinfo=timezone.utc)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving() as state:
        yield state


@pytest.fixture
def save(upstream: Upstream, tmp_path: Path) -> Callable[..., MirrorFolder]:
    """Fetch the file as one command does, and return what the command did to the folder."""

    def fetch(*settled: SeasonWeek) -> MirrorFolder:
        folder = MirrorFolder(tmp_path / "mirror", set(settled))
        transport = SavingTransport(
            folder, tmp_path / "cache", upstream.base, attempts=1, read_timeout=5
        )
        for _ in range(2):
            transport.fetch(URL, "ids", 2025, 2)
        return folder

    return fetch


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_saved_file_is_what_a_mirror_serves(
    upstream: Upstream, save: Callable[..., MirrorFolder], tmp_path: Path
) -> None:
    upstream.will(send(200, OLD, ETag='"one"', Last_Modified=DATE))
    saved = save()
    assert (len(saved.new), saved.size) == (1, len(OLD))
    assert files(saved.folder) == [URL.removeprefix("https://")]
    fetched = Transport(tmp_path / "unused", str(saved.folder)).fetch(URL, "ids")
    assert fetched.path.read_bytes() == OLD
    assert fetched.as_of == AS_OF


def test_an_unchanged_file_is_not_downloaded_again_and_a_changed_one_is_replaced(
    upstream: Upstream, save: Callable[..., MirrorFolder]
) -> None:
    upstream.will(send(200, OLD, ETag='"one"', Last_Modified=DATE))
    save()
    upstream.will(send(304))
    saved = save()
    assert upstream.header(0, "If-None-Match") == '"one"'
    assert (len(saved.new), len(saved.updated), len(saved.unchanged)) == (0, 0, 1)
    upstream.will(send(200, NEW, ETag='"two"'))
    saved = save()
    assert (len(saved.new), len(saved.updated), len(saved.unchanged)) == (0, 1, 0)
    assert (saved.folder / URL.removeprefix("https://")).read_bytes() == NEW


def test_a_file_of_a_settled_week_is_not_requested_again_unless_it_is_damaged(
    upstream: Upstream, save: Callable[..., MirrorFolder]
) -> None:
    upstream.will(send(200, OLD, Last_Modified=DATE))
    save()
    upstream.will(send(200, NEW))
    saved = save(SeasonWeek(2025, 2))
    assert upstream.requests == []
    assert len(saved.unchanged) == 1
    path = saved.folder / URL.removeprefix("https://")
    assert path.stat().st_mtime == AS_OF.timestamp()
    path.write_bytes(OLD[:-1])
    save(SeasonWeek(2025, 2))
    assert path.read_bytes() == NEW


def test_a_partial_file_never_appears(
    upstream: Upstream, save: Callable[..., MirrorFolder], tmp_path: Path
) -> None:
    upstream.will(cut_off(OLD, reset=True))
    with pytest.raises(SourceError):
        save()
    assert files(tmp_path / "mirror") == []
    upstream.will(send(200, OLD))
    save()
    upstream.will(cut_off(NEW, reset=True))
    with pytest.raises(SourceError):
        save()
    assert files(tmp_path / "mirror") == [URL.removeprefix("https://")]
    assert (tmp_path / "mirror" / URL.removeprefix("https://")).read_bytes() == OLD


def test_a_folder_that_cannot_be_written_is_one_error(
    upstream: Upstream, save: Callable[..., MirrorFolder], tmp_path: Path
) -> None:
    upstream.will(send(200, OLD))
    (tmp_path / "mirror").write_text("a file")
    with pytest.raises(PipelineError, match=r"ids\.csv.* cannot be written"):
        save()
