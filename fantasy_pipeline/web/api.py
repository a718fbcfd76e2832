"""The HTTP interface: the same questions and the same trigger as on the command line.

Needs the extra ``[api]``. Reading is open, so the server belongs on loopback or behind a proxy
that knows who asks; starting a run needs the bearer token ``FANTASY_API_TOKEN``.
"""

import hmac
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from threading import Lock
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from fantasy_pipeline import __version__
from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.calendar import NoSuchWeekError, allowed_weeks, week_status
from fantasy_pipeline.football.season_week import FIRST_SEASON, LAST_SEASON, WEEKS, SeasonWeek
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.operations.status import status
from fantasy_pipeline.operations.trigger import AlreadyRunningError, trigger
from fantasy_pipeline.orchestration.runs.history import STATUSES, execution_of, executions
from fantasy_pipeline.settings import ApiSettings, SourceName

MAX_BODY_BYTES = 4096
TRIGGER = "/api/jobs/trigger"
_RUN_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
# One of the statuses; a Literal made of them cannot be checked statically.
_STATUS = f"^({'|'.join(['running', *STATUSES])})$"
_BEARER = HTTPBearer(auto_error=False, description="FANTASY_API_TOKEN of the server")


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str | list[dict[str, Any]]
    allowed: dict[str, str] | None = None
    run_id: str | None = None


def _whole(value: Any) -> Any:
    # In JSON 5.0 is the integer 5; "5" is not.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Integer = Annotated[int, BeforeValidator(_whole)]


def _left_out(**facts: Any) -> Any:
    """A field that may be left out, but not be null."""

    def without_default(schema: dict[str, Any]) -> None:
        del schema["default"]

    return Field(None, json_schema_extra=without_default, **facts)


class TriggerRequest(BaseModel):
    """A week to import and project; one yet to be played is projected only. Neither year nor week:
    the week that is due."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"year": 2025, "week": 5}, {}],
            "dependentRequired": {"year": ["week"], "week": ["year"]},
        },
    )

    year: Integer = _left_out(ge=FIRST_SEASON, le=LAST_SEASON, description="Season")
    week: Integer = _left_out(ge=WEEKS[0], le=WEEKS[-1], description="Week, play-offs included")
    source: SourceName | None = Field(
        None, description="Where data come from; default: FANTASY_SOURCE, else auto"
    )

    @model_validator(mode="after")
    def _both_or_neither(self) -> "TriggerRequest":
        if (self.year is None) != (self.week is None):
            raise ValueError("give year and week, or neither for the week that is due")
        return self


class Triggered(BaseModel):
    """The run that was started."""

    run_id: str
    season: int
    week: int
    source: str


class ExecutionSummary(BaseModel):
    """One run."""

    id: str
    job_id: str
    status: str
    executed_at: datetime
    season: int | None
    week: int | None
    trigger: str
    source: str | None


class Execution(ExecutionSummary):
    """One run, with its result."""

    result: dict[str, Any]


class StepError(BaseModel):
    """A failed step."""

    step: str
    cause: str
    stack: str


class ExecutionDetails(Execution):
    """One run, with errors, seconds per asset and tags."""

    ended_at: datetime | None
    errors: list[StepError]
    seconds: dict[str, float]
    tags: dict[str, str]


class History(BaseModel):
    """Runs, newest first; `cursor` asks for the next page, null on the last."""

    executions: list[Execution]
    cursor: str | None


class Daemon(BaseModel):
    """A thread of Dagster's daemon that should run."""

    name: str
    healthy: bool
    last_heartbeat: datetime | None


class Job(BaseModel):
    """A schedule or a sensor; only a schedule has a next run."""

    name: str
    kind: Literal["schedule", "sensor"]
    on: bool
    next_run: datetime | None
    last_tick: datetime | None
    tick_result: str | None
    last_run: Execution | None
    last_success: ExecutionSummary | None


class Backfill(BaseModel):
    """A backfill under way."""

    id: str
    plan: str
    weeks_done: int
    weeks: int


class Status(BaseModel):
    """What runs by itself, and how far backfills are."""

    at: datetime
    daemons: list[Daemon]
    jobs: list[Job]
    backfills: list[Backfill]


class Finding(BaseModel):
    """What one health rule found."""

    rule: str
    level: Literal["ok", "warning", "critical"]
    message: str


class Health(BaseModel):
    """The worst level, and every rule."""

    status: Literal["ok", "warning", "critical"]
    findings: list[Finding]


MakeSession = Callable[[SourceName | None], Session]


class Sessions:
    """One session per source, opened when first asked for. The sample league has its own history.

    Opening one sets ``DAGSTER_HOME`` for the process; here the server's own is put back.
    """

    def __init__(self, make_session: MakeSession) -> None:
        self._make = make_session
        self._lock = Lock()
        self.shared = make_session(None)
        self._opened: dict[str, Session] = {}

    def of(self, source: SourceName | None) -> Session:
        if source in (None, self.shared.source):
            return self.shared
        with self._lock:
            if source not in self._opened:
                try:
                    session = self._make(source)
                    _ = session.instance, session.lake
                    self._opened[str(source)] = session
                finally:
                    os.environ["DAGSTER_HOME"] = str(self.shared.home)
            return self._opened[str(source)]

    def execution(self, run_id: str) -> dict[str, Any]:
        """Details of a run, in whichever history has it.

        Raises:
            PipelineError: none has.
        """
        for session in self._opened.values():
            if session.instance.get_run_by_id(run_id) is not None:
                return execution_of(session.instance, run_id).details()
        return execution_of(self.shared.instance, run_id).details()


Answer = Callable[[Request], Awaitable[Response]]


def _problem(code: int, **facts: Any) -> Response:
    return JSONResponse(Problem(**facts).model_dump(exclude_none=True), code)


def _problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    return {code: {"model": Problem} for code in codes}


def create_app(make_session: MakeSession = Session) -> FastAPI:
    """The application.

    Args:
        make_session: opens what a request works on; by source, None for the configured one.
    """
    app = FastAPI(
        title="fantasy_pipeline",
        version=__version__,
        description="Jobs, runs and health of the NFL fantasy football pipeline.",
    )
    sessions = Sessions(make_session)

    @app.middleware("http")
    async def admitted(request: Request, answer: Answer) -> Response:
        """Refuse a large or unannounced body, and a stranger, before reading it."""
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return JSONResponse({"detail": f"at most {MAX_BODY_BYTES} bytes"}, 413)
        if "transfer-encoding" in request.headers:
            return JSONResponse({"detail": "give a Content-Length"}, 411)
        # Here, and not as a dependency of the route: FastAPI parses the body before those.
        starts = (request.method, request.url.path) == ("POST", TRIGGER)
        refusal = _refusal(request.headers.get("authorization", "")) if starts else None
        return refusal or await answer(request)

    @app.exception_handler(PipelineError)
    async def refused(request: Request, error: PipelineError) -> Response:
        return JSONResponse({"detail": str(error)}, 503)

    _trigger(app, sessions)
    _questions(app, sessions)
    return app


def _trigger(app: FastAPI, sessions: Sessions) -> None:
    @app.post(
        TRIGGER,
        status_code=202,
        response_model=Triggered,
        dependencies=[Depends(_BEARER)],
        responses=_problems(400, 401, 409, 411, 413, 422, 503),
    )
    def trigger_week(body: TriggerRequest) -> Any:
        """Start importing and projecting a week. Answers when the run exists, not when it ends."""
        session = sessions.of(body.source)
        if body.year is None or body.week is None:
            week = week_status(session.known_games, session.present).due
        else:
            week = SeasonWeek(body.year, body.week)
        try:
            run_id = trigger(session, week, "api")
        except NoSuchWeekError as error:
            weeks = {str(k): v for k, v in allowed_weeks(session.known_games).items()}
            return _problem(422, detail=str(error), allowed=weeks)
        except AlreadyRunningError as error:
            return _problem(409, detail=str(error), run_id=error.run_id)
        return Triggered(run_id=run_id, season=week.season, week=week.week, source=session.source)


def _questions(app: FastAPI, sessions: Sessions) -> None:
    shared = sessions.shared

    @app.get("/api/jobs/status", responses=_problems(503))
    def job_status() -> Status:
        """Every schedule and sensor, the daemons, and backfills under way."""
        return Status(**status(shared.instance, datetime.now(timezone.utc)))

    @app.get("/api/jobs/history", responses=_problems(404, 422, 503))
    def history(
        job_id: Annotated[str | None, Query(max_length=100)] = None,
        status: Annotated[str | None, Query(pattern=_STATUS)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
        cursor: Annotated[str | None, Query(pattern=_RUN_ID)] = None,
    ) -> History:
        """Runs, newest first."""
        instance = shared.instance
        if cursor is not None and instance.get_run_by_id(cursor) is None:
            raise HTTPException(404, f"there is no run {cursor}")
        runs = list(executions(instance, job_id, status, cursor=cursor, limit=limit + 1))
        rest = len(runs) > limit
        page = [Execution(**run.to_json()) for run in runs[:limit]]
        return History(executions=page, cursor=page[-1].id if rest else None)

    @app.get("/api/jobs/history/{run_id}", responses=_problems(404, 503))
    def run(run_id: str) -> ExecutionDetails:
        """One run: result, errors with stack trace, seconds per asset."""
        try:
            return ExecutionDetails(**sessions.execution(run_id))
        except PipelineError as error:
            raise HTTPException(404, str(error)) from None

    @app.get("/healthz", responses={**_problems(422), 503: {"model": Health}})
    def healthz(response: Response, daemon: bool = True) -> Health:
        """The health rules; 503 if one is critical. `daemon=false` leaves out daemon and schedules,
        where another program starts the imports."""
        from fantasy_pipeline.operations.health import LEVELS, examine_session, exit_code

        findings = examine_session(lambda: shared, daemon)
        level = LEVELS[exit_code(findings)]
        response.status_code = 503 if level == "critical" else 200
        return Health(status=level, findings=[Finding(**f._asdict()) for f in findings])


def _refusal(header: str) -> Response | None:
    """503 when no token is configured, 401 when the header does not carry it; None if it does."""
    # Read per request: a token that is taken away is gone at once.
    token = ApiSettings().token
    if token is None or not token.get_secret_value():
        reason = "triggering is off: FANTASY_API_TOKEN is not set on the server"
        return JSONResponse({"detail": reason}, 503)
    scheme, shown = get_authorization_scheme_param(header)
    if scheme.lower() != "bearer":
        shown = ""
    # In constant time: how long it takes tells nothing about the token.
    if not hmac.compare_digest(shown.encode(), token.get_secret_value().encode()):
        headers = {"WWW-Authenticate": "Bearer"}
        return JSONResponse({"detail": "a bearer token is needed"}, 401, headers)
    return None


def serve(host: str, port: int) -> None:
    """Serve until stopped."""
    import uvicorn

    uvicorn.run(create_app(), host=host, port=port, log_level="info", access_log=False)
