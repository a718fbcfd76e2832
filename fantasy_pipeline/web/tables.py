"""Tables over HTTP: a page of rows as JSON, CSV or parquet, and shared answers with an ETag."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.table_formats import csv_text, json_text, parquet_bytes
from fantasy_pipeline.web.data_models import CURSOR, PageQuery
from fantasy_pipeline.web.models import NoParameters
from fantasy_pipeline.web.problems import problems
from fantasy_pipeline.web.representations import (
    CSV,
    FORMATS,
    JSON,
    PARQUET,
    Representation,
    accepted,
    respond,
)
from fantasy_pipeline.web.shared import SECONDS, Shared

DATA_LABEL = "X-Fantasy-Data"
"""Header with the label of synthetic data."""
NEXT_CURSOR = "X-Next-Cursor"
"""Header with the cursor of the next page, for formats that hold rows only."""
RESPONSES: dict[int | str, dict[str, Any]] = {
    **problems(404, 406, 422, 503),
    200: {
        "content": {CSV: {"schema": {"type": "string"}}, PARQUET: {"schema": {"type": "string"}}}
    },
    304: {"description": "The client has the answer already: its If-None-Match is the ETag"},
}
"""The `responses` of a route that answers with a table."""


class TableAnswer(NamedTuple):
    """A table to answer with.

    Args:
        rows: all rows, before paging.
        about: what the JSON answer says besides the rows, the cursor and `data`.
        name: the rows' field in the JSON answer.
        records: what that field holds, if it is more than a table can hold.
    """

    rows: pa.Table
    about: Mapping[str, Any]
    name: str = "rows"
    records: Sequence[Mapping[str, Any]] | None = None


class Tables:
    """Answers of one session, shared by the requests of some seconds.

    Args:
        seconds: age from which an answer is made again.
    """

    def __init__(self, session: Session, seconds: float = SECONDS) -> None:
        self.session = session
        self._shared = Shared[Representation](seconds)

    async def answer(
        self, request: Request, query: NoParameters, make: Callable[[], TableAnswer]
    ) -> Response:
        """Return the response to a request for a table.

        Args:
            query: the request's query; a `PageQuery` chooses the page.
            make: makes the table; it runs in a thread, unless an answer is shared.
        """
        media_type = accepted(request.headers.get("accept"))
        if media_type is None:
            raise HTTPException(406, f"the answer is one of {', '.join(FORMATS)}; accept one")
        key = (request.url.path, query.model_dump_json(), media_type)

        def ready() -> Representation:
            return self._represented(query, make(), media_type).ready()

        found = self._shared.fresh(key, ready)
        if found is None:
            found = await run_in_threadpool(self._shared.of, key, ready)
        return respond(request, found)

    def _represented(
        self, query: NoParameters, answer: TableAnswer, media_type: str
    ) -> Representation:
        rows = answer.rows
        page: dict[str, str | None] = {}
        if isinstance(query, PageQuery):
            rows, page["cursor"] = page_of(rows, query)
        label = self.session.label
        if media_type == JSON:
            records = rows.to_pylist() if answer.records is None else answer.records
            content = {**answer.about, answer.name: records, **page, "data": label}
            body = json_text(content, None).encode()
        elif media_type == CSV:
            body = csv_text(rows).encode()
        else:
            body = parquet_bytes(rows, label)
        headers = {DATA_LABEL: label, NEXT_CURSOR: page.get("cursor")}
        present = {name: value for name, value in headers.items() if value is not None}
        return Representation(body, media_type, present)


def page_of(rows: pa.Table, query: PageQuery) -> tuple[pa.Table, str | None]:
    """Return a page of a table, and the cursor of the next page; None on the last.

    Raises:
        InvalidArgumentError: the rows changed since the previous page, or the cursor is of another
            question.
    """
    if query.cursor is None and rows.num_rows <= query.limit:
        return rows, None
    digest = _digest(rows)
    start = 0
    if query.cursor is not None and (match := re.match(CURSOR, query.cursor)):
        start = int(match[1])
        if match[2] != digest or start >= rows.num_rows:
            raise InvalidArgumentError(
                "the cursor is not of these rows: they changed, or the filters did. Start from the "
                "first page, without a cursor."
            )
    end = start + query.limit
    return rows.slice(start, query.limit), f"{end}-{digest}" if end < rows.num_rows else None


def _digest(rows: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()[:12]
