"""The fingerprint of a report: if the lake's rows have another one, the report is out of date."""

from __future__ import annotations

import hashlib

import pyarrow as pa

from fantasy_pipeline.report.rows import ReportRows


def fingerprint(rows: ReportRows) -> str:
    """Return a digest of the rows that a week's report shows.

    The digest covers rows, not files: every import rewrites player_history, which is one file.
    """
    digest = hashlib.sha256()
    for table in rows:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
        digest.update(sink.getvalue())
    return digest.hexdigest()
