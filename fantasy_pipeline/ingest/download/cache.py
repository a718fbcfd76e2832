"""What a download leaves on disk: whole, verified files with the facts needed to revalidate them.

How a file gets here belongs in `transport.py`.
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
    """What is known of one cached content; `fetched_at` is when it was first seen."""

    requested: str
    sha256: str
    size: int
    etag: str | None
    last_modified: str | None
    fetched_at: str

    def as_of(self) -> datetime:
        """Return upstream's Last-Modified, else when the content was first seen (UTC)."""
        return http_date(self.last_modified) or datetime.fromisoformat(self.fetched_at)


@dataclass(frozen=True)
class Slot:
    """The cache folder of one URL.

    Contents are named by their hash and `entry.json` names the current one, so the one
    `os.replace` of `entry.json` switches content, ETag and dates together.

    Args:
        folder: holds everything about the URL; deleting it is always safe.
        requested: the address asked, on a mirror or live.
        suffix: of the content's file name, with the dot.
    """

    folder: Path
    requested: str
    suffix: str

    def content(self, entry: Entry) -> Path:
        """Return where an entry's content is."""
        return self.folder / f"{entry.sha256[:16]}{self.suffix}"

    def load(self) -> Entry | None:
        """Return the current entry; None if there is none or its content is not what it was."""
        try:
            entry = Entry(**json.loads((self.folder / "entry.json").read_bytes()))
            entry.as_of()
            content = self.content(entry).read_bytes()
        except (OSError, ValueError, TypeError):
            return None
        intact = hashlib.sha256(content).hexdigest() == entry.sha256
        # An ETag means nothing to another server: a changed mirror starts afresh.
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
        # The previous content stays: another run may be reading it.
        keep = {self.content(e).name for e in (entry, old) if e} | {"entry.json", "lock"}
        for path in self.folder.iterdir():
            if path.name not in keep:
                path.unlink(missing_ok=True)


def content_problem(path: Path, suffix: str) -> str | None:
    """Say why a file cannot be what its suffix promises; None if nothing visible speaks against.

    An address without a suffix is that of an API: its answers are JSON.
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
        # Nested some thousand deep, it is more than Python reads.
        except (ValueError, RecursionError):
            return f"is not JSON (it begins with {head[:40].decode('utf-8', 'replace')!r})"
    return None


def http_date(value: str | None) -> datetime | None:
    """Read a date header as aware UTC; None if there is none or it is not a date."""
    try:
        moment = parsedate_to_datetime(value or "")
        # "-0000" parses to a naive time, which HTTP defines as UTC.
        if moment.tzinfo is None:
            return moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)
    # Overflow: a year of twenty digits, or one that leaves the calendar in UTC.
    except (ValueError, OverflowError):
        return None
