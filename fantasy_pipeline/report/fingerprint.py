"""The fingerprint of a report: if the lake's rows have another one, the report is out of date.

A report made by another version of this package is out of date, too.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import pyarrow as pa

from fantasy_pipeline.report.rows import ReportRows


@cache
def layout() -> str:
    """Return a digest of the code and of the templates that lay out a report."""
    return layout_of(Path(__file__).parent)


def layout_of(package: Path) -> str:
    """Return the digest of `layout` of a copy of the package `report`."""
    digest = hashlib.sha256()
    for folder in (package, package / "templates"):
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if file.is_file():
                digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def fingerprint(rows: ReportRows) -> str:
    """Return a digest of the rows that a week's report shows, and of the report's layout.

    The digest covers rows, not files: every import rewrites player_history, which is one file.
    """
    digest = hashlib.sha256(layout().encode())
    for table in rows:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
        digest.update(sink.getvalue())
    return digest.hexdigest()
