"""The routes of jobs: start a run, read the status, read the history."""

from datetime import datetime, timezone
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query, Response

from fantasy_pipeline.football.named_weeks import NoSuchWeekError, allowed_weeks
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.operations.cancel import RunIsOverError, cancel
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.status import status as read_status
from fantasy_pipeline.operations.trigger import AlreadyRunningError, trigger
from fantasy_pipeline.orchestration.runs.history import ago, executions
from fantasy_pipeline.web.models import (
    Cancelled,
    Execution,
    ExecutionDetails,
    History,
    HistoryQuery,
    NoParameters,
    Status,
    Triggered,
    TriggerRequest,
)
from fantasy_pipeline.web.problems import problem, problems
from fantasy_pipeline.web.security import BEARER, TRIGGER
from fantasy_pipeline.web.sessions import Sessions


def add_trigger(app: FastAPI, sessions: Sessions) -> None:
    """Add the route that starts a run."""

    @app.post(
        TRIGGER,
        status_code=202,
        response_model=Triggered,
        dependencies=[Depends(BEARER)],
        responses=problems(400, 401, 403, 409, 411, 413, 422, 503),
    )
    def trigger_week(
        body: TriggerRequest, query: Annotated[NoParameters, Query()]
    ) -> Triggered | Response:
        """Start importing and projecting a week. The response comes when the run exists, not when
        it ends."""
        session = sessions.of(body.source)
        if body.year is None or body.week is None:
            week = due_week(session)
        else:
            week = SeasonWeek(body.year, body.week)
        return _trigger(session, week)

    @app.post(
        "/api/jobs/history/{run_id}/cancel",
        status_code=202,
        response_model=Cancelled,
        dependencies=[Depends(BEARER)],
        responses=problems(400, 401, 403, 404, 409, 411, 413, 422, 503),
    )
    def cancel_run(run_id: str, query: Annotated[NoParameters, Query()]) -> Cancelled | Response:
        """Ask a run to stop. It ends within seconds; its status says when."""
        try:
            found = sessions.execution(run_id)
            return Cancelled(run_id=cancel(found.instance, found.run.run_id))
        except RunIsOverError as error:
            return problem(409, str(error), run_id=run_id)


def due_week(session: Session) -> SeasonWeek:
    """Return the week that is due, by the lake's schedule, else by upstream's."""
    return session.known_status.due


def _trigger(session: Session, week: SeasonWeek) -> Triggered | Response:
    try:
        run_id = trigger(session, week, "api")
    except NoSuchWeekError as error:
        weeks = {str(season): weeks for season, weeks in allowed_weeks(session.known_games).items()}
        return problem(422, str(error), allowed=weeks)
    except AlreadyRunningError as error:
        return problem(409, str(error), run_id=error.run_id)
    return Triggered(run_id=run_id, season=week.season, week=week.week, source=session.source)


def add_status(app: FastAPI, session: Session) -> None:
    """Add the route of the automation's state."""

    @app.get("/api/jobs/status", responses=problems(422, 503))
    def job_status(query: Annotated[NoParameters, Query()]) -> Status:
        """Return all schedules and sensors, daemons, the running week and running backfills."""
        now = datetime.now(timezone.utc)
        return Status(**read_status(session.instance, now, session.so_far, session.label))


def _since(since: str | datetime | None) -> datetime | None:
    if not isinstance(since, str):
        return since
    try:
        return ago(since, datetime.now(timezone.utc))
    except OverflowError:
        # Runs of all times are younger.
        return None


def add_history(app: FastAPI, sessions: Sessions) -> None:
    """Add the routes of the run history: a list of runs, and one run."""

    @app.get("/api/jobs/history", responses=problems(404, 422, 503))
    def history(query: Annotated[HistoryQuery, Query()]) -> History:
        """Return a page of runs, newest first."""
        instance = sessions.shared.instance
        if query.cursor is not None and instance.get_run_by_id(query.cursor) is None:
            detail = f"there is no run {query.cursor}; use the cursor of the previous page"
            raise HTTPException(404, detail)
        since = _since(query.since)
        # One run more than the page has, to know whether there is a next page.
        found = executions(
            instance,
            query.job_id,
            query.status,
            query.season,
            query.week,
            since,
            query.cursor,
            query.limit + 1,
        )
        runs = list(found)
        page = [Execution(**run.to_json()) for run in runs[: query.limit]]
        return History(executions=page, cursor=page[-1].id if len(runs) > query.limit else None)

    @app.get("/api/jobs/history/{run_id}", responses=problems(404, 422, 503))
    def run(run_id: str, query: Annotated[NoParameters, Query()]) -> ExecutionDetails:
        """Return a run: result, errors with stack traces, seconds per asset."""
        return ExecutionDetails(**sessions.execution(run_id).details())
