"""The page of a run: its state, its result, its errors and its log as it grows."""

import logging
from datetime import datetime, timezone
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response

from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.operations.run_lines import result_line
from fantasy_pipeline.orchestration.runs.history import Execution
from fantasy_pipeline.web.models import LogLine, LogQuery, NoParameters, RunLog
from fantasy_pipeline.web.pages.site import Context, Site, duration
from fantasy_pipeline.web.problems import problems
from fantasy_pipeline.web.sessions import Sessions

_FIRST_LINES = 200
"""Lines of the log in the page; its script fetches what comes later."""


def add_runs(app: FastAPI, site: Site, sessions: Sessions) -> None:
    """Add the page of a run, and the route of its log."""

    @app.get("/runs/{run_id}", include_in_schema=False)
    async def run(
        request: Request, run_id: str, query: Annotated[NoParameters, Query()]
    ) -> Response:
        return await site.page(request, "run", run_id, lambda: _context(sessions, run_id))

    @app.get("/api/jobs/history/{run_id}/log", responses=problems(404, 422, 503))
    def log(run_id: str, query: Annotated[LogQuery, Query()]) -> RunLog:
        """Return lines of a run's log, oldest first; `cursor` leads to the lines that follow."""
        found = sessions.execution(run_id)
        try:
            return log_of(found, query.limit, query.cursor)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InvalidArgumentError(
                f"{query.cursor!r} is not a cursor; use the one of the previous page."
            ) from None


def _context(sessions: Sessions, run_id: str) -> Context:
    run = sessions.execution(run_id)
    details = run.details()
    return {
        "run": details,
        "title": run.title,
        "is_over": run.is_over,
        "executed_at": run.executed_at,
        "ended_at": run.ended_at,
        "duration": duration(run.duration_s),
        "line": result_line(details),
        "seconds": sorted(details["seconds"].items(), key=lambda item: -item[1]),
        "weeks": run.weeks,
        "log": log_of(run, _FIRST_LINES, None),
    }


def log_of(run: Execution, limit: int, cursor: str | None) -> RunLog:
    """Return some lines of a run's log, oldest first.

    Args:
        cursor: `cursor` of the previous lines; None: from the beginning.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: the cursor is not Dagster's.
    """
    found = run.instance.get_records_for_run(run.run.run_id, cursor, limit=limit)
    lines = [
        LogLine(
            at=datetime.fromtimestamp(record.event_log_entry.timestamp, timezone.utc),
            level=logging.getLevelName(record.event_log_entry.level).lower(),
            step=record.event_log_entry.step_key,
            message=record.event_log_entry.message,
        )
        for record in found.records
    ]
    # Without lines, Dagster's cursor is that of the beginning.
    following = found.cursor if lines or cursor is None else cursor
    return RunLog(lines=lines, cursor=following, is_over=run.is_over and not found.has_more)
