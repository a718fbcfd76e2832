"""Save fetched files in a folder by host and path, the layout that ``NFLVERSE_MIRROR`` reads.

Which files are fetched belongs in `operations/mirror.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import Any

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.download.cache import content_problem
from fantasy_pipeline.ingest.download.files import Fetched
from fantasy_pipeline.ingest.download.http import mirror_path, split_url
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.lake.stores import Folder


@dataclass
class MirrorFolder:
    """A folder of upstream's files, and what one command saved in it.

    Args:
        folder: the folder; it is made with its first file.
        settled: weeks whose files are not requested again if the folder has them.
        new, updated, unchanged: addresses by what happened to their file.
        size: bytes of these files.
    """

    folder: Path
    settled: set[SeasonWeek] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    unchanged: set[str] = field(default_factory=set)
    size: int = 0

    def settled_file(self, url: str, at: SeasonWeek) -> Fetched | None:
        """Return the folder's file of a settled week; None if it must be requested."""
        path = self.folder / _saved_path(url)
        if at not in self.settled or not path.is_file():
            return None
        if content_problem(path, split_url(url)[1].suffix):
            return None
        stat = path.stat()
        as_of = datetime.fromtimestamp(stat.st_mtime, timezone.utc)
        return Fetched(url, path, as_of, stat.st_size)

    def save(self, fetched: Fetched) -> None:
        """Save a file whole, with upstream's date, which an import from the folder reads.

        Raises:
            PipelineError: the file cannot be written.
        """
        url = fetched.url
        if url in self.new | self.updated | self.unchanged:
            return
        path = self.folder / _saved_path(url)
        content = fetched.path.read_bytes()
        old = path.read_bytes() if path.is_file() else None
        if content != old:
            Folder(str(self.folder)).put(str(_saved_path(url)), content)
        os.utime(path, (fetched.as_of.timestamp(), fetched.as_of.timestamp()))
        group = self.new if old is None else self.unchanged if content == old else self.updated
        group.add(url)
        self.size += fetched.size


def _saved_path(url: str) -> PurePosixPath:
    """Return the path of a file below the folder: with ``.json`` if its address has no suffix.

    A folder cannot have ``league/1`` as a file and as the folder of ``league/1/users``.
    """
    path = mirror_path(url)
    return path if path.suffix or "?" in path.name else path.with_name(f"{path.name}.json")


class SavingTransport(Transport):
    """A transport that saves each file in a folder when it is first fetched.

    Args:
        mirror_folder: the folder.
        args, options: as for `Transport`.
    """

    def __init__(self, mirror_folder: MirrorFolder, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._folder = mirror_folder

    def fetch(
        self,
        url: str,
        dataset: str,
        season: int | None = None,
        week: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Return the local copy of a file, and save it.

        Raises:
            SourceError: as `Transport.fetch`.
            PipelineError: the file cannot be written.
        """
        fetched = None
        if season is not None and week is not None:
            fetched = self._folder.settled_file(url, SeasonWeek(season, week))
        if fetched is None:
            fetched = super().fetch(url, dataset, season, week, headers)
        self._folder.save(fetched)
        return fetched
