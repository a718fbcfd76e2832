"""One upstream file on local disk: a copy in the cache, or a file of a mirror used in place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from fantasy_pipeline.ingest.download.cache import content_problem
from fantasy_pipeline.ingest.download.http import FetchError

NOT_IN_MIRROR_ADVICE = "Add the file to the mirror, or check the season."


@dataclass(frozen=True)
class Fetched:
    """One upstream file, complete on local disk.

    `as_of` (aware, UTC) is upstream's Last-Modified, or else when this content was first seen.
    `size` is in bytes.
    """

    url: str
    path: Path
    as_of: datetime
    size: int


def json_beside(file: Path) -> Path:
    """Return the mirror's file of an API's address without a suffix: the path with ``.json``.

    A folder cannot have ``league/1`` as a file and as the folder of ``league/1/users``.
    """
    name, separator, query = file.name.partition("?")
    beside = file.with_name(f"{name}.json{separator}{query}")
    return beside if beside.is_file() else file


def in_place(url: str, path: Path, suffix: str) -> Fetched:
    """Return a file of a directory mirror, without a copy in the cache."""
    if not path.is_file():
        raise FetchError(f"{path} does not exist", NOT_IN_MIRROR_ADVICE, missing=True)
    try:
        problem = content_problem(path, suffix)
        stat = path.stat()
    except OSError as error:
        raise FetchError(f"{path} cannot be read: {error}", "Check its permissions.") from error
    if problem:
        advice = "Replace that file in the mirror, then run again."
        raise FetchError(f"{path} {problem}", advice, answered=True)
    return Fetched(url, path, datetime.fromtimestamp(stat.st_mtime, timezone.utc), stat.st_size)
