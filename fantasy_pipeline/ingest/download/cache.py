"""The cache of downloads: whole, verified files, with the facts needed to revalidate them.

Requests for files belong in `transport.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """The facts about one cached content; `fetched_at` is when it was first seen."""

    requested: str
    sha256: str
    size: int
    etag: str | None
    last_modified: str | None
    fetched_at: str

    def as_of(self) -> datetime:
        """Return upstream's Last-Modified, or else when the content was first seen (UTC)."""
        return http_date(self.last_modified) or datetime.fromisoformat(self.fetched_at)


@dataclass(frozen=True)
class Slot:
    """The cache folder of one URL.

    Each content's file name is its hash, and `entry.json` names the current content. One
    `os.replace` of `entry.json` therefore switches content, ETag and dates together.

    Args:
        folder: holds everything about the URL; deleting it is always safe.
        requested: the requested address, on a mirror or live.
        suffix: suffix of the content's file name, with the dot.
    """

    folder: Path
    requested: str
    suffix: str

    def content(self, entry: Entry) -> Path:
        """Return the path of an entry's content."""
        return self.folder / f"{entry.sha256[:16]}{self.suffix}"

    def load(self) -> Entry | None:
        """Return the current entry; None if there is none or its content is damaged."""
        try:
            entry = Entry(**json.loads((self.folder / "entry.json").read_bytes()))
            entry.as_of()
            content = self.content(entry).read_bytes()
        except (OSError, ValueError, TypeError):
            return None
        intact = hashlib.sha256(content).hexdigest() == entry.sha256
        # Another server does not know this ETag: a changed mirror starts with an empty cache.
        return entry if intact and entry.requested == self.requested else None

    def store(self, part: Path, entry: Entry, old: Entry | None) -> None:
        """Make a verified download in the same folder the current content."""
        os.replace(part, self.content(entry))
        new = self.folder / "entry.json.part"
        with new.open("w", encoding="utf-8") as file:
            json.dump(asdict(entry), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self.folder / "entry.json")
        # Keep the previous content: another run may be reading it.
        keep = {self.content(e).name for e in (entry, old) if e} | {"entry.json", "lock"}
        for path in self.folder.iterdir():
            if path.name not in keep:
                path.unlink(missing_ok=True)


def content_problem(path: Path, suffix: str) -> str | None:
    """Return why a file's content does not fit its suffix; None if it does.

    Only the first and last bytes of parquet and CSV files are read. A file without a suffix is
    the answer of an API, which is JSON, and is parsed whole.
    """
    with path.open("rb") as file:
        head = file.read(512)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4))
        tail = file.read()
    if not head:
        return "is empty"
    if suffix == ".parquet" and not (head[:4] == tail == b"PAR1" and size >= 12):
        return f"is not a whole parquet file (it begins with {head[:8]!r}, ends with {tail!r})"
    if suffix == ".csv" and head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"", b"<"):
        return f"is not a csv file (it begins with {head[:16]!r})"
    if suffix == ".csv" and not tail.endswith(b"\n"):
        return f"is not a whole csv file (it ends with {tail!r})"
    if not suffix:
        try:
            json.loads(path.read_bytes())
        # RecursionError: JSON nested some thousand levels deep.
        except (ValueError, RecursionError):
            return f"is not JSON (it begins with {head[:40].decode('utf-8', 'replace')!r})"
    return None


def http_date(value: str | None) -> datetime | None:
    """Return a date header as aware UTC; None if it is missing or not a date."""
    try:
        moment = parsedate_to_datetime(value or "")
        # "-0000" parses to a naive time, which HTTP defines as UTC.
        if moment.tzinfo is None:
            return moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)
    # OverflowError: a year of twenty digits, or a date beyond year 9999 in UTC.
    except (ValueError, OverflowError):
        return None
