"""The bodies of requests and responses; their names and docstrings are in the API's documentation.

Names of fields are an interface. They never change.
"""

import re
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from fantasy_pipeline.football.season_week import FIRST_SEASON, LAST_SEASON, WEEKS
from fantasy_pipeline.orchestration.runs.history import AGE, STATUSES
from fantasy_pipeline.settings import SourceName

_RUN_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
# A pattern instead of a Literal: mypy cannot check a Literal that is made of STATUSES.
_STATUS = f"^({'|'.join(['running', *STATUSES])})$"


def _integral(value: object) -> object:
    # In JSON 5.0 is the integer 5; "5" is not.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Integer = Annotated[int, BeforeValidator(_integral)]


def _utc(value: datetime) -> datetime:
    try:
        return (
            value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)
        )
    except OverflowError:
        # The first and the last day of the calendar may have no equivalent in UTC.
        return value.replace(tzinfo=timezone.utc)


def _iso(value: object) -> object:
    # Pydantic also takes seconds since 1970.
    if not re.match(r"\d{4}-", str(value), re.ASCII):
        raise ValueError("a time is written like 2025-09-30T08:00Z")
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


UPPER, LOWER = BeforeValidator(_upper), BeforeValidator(_lower)
"""Make codes, and names of choices, not case-sensitive for clients."""
UtcTime = Annotated[datetime, BeforeValidator(_iso), AfterValidator(_utc)]


def _optional(description: str, lowest: int, highest: int) -> Any:
    """Return a field that a body may omit, but not set to null."""

    def without_default(schema: dict[str, Any]) -> None:
        del schema["default"]

    return Field(
        None, ge=lowest, le=highest, description=description, json_schema_extra=without_default
    )


class TriggerRequest(BaseModel):
    """A week to import and project; a week that was not played yet is projected only. Without year
    and week: the due week."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"year": 2025, "week": 5}, {}],
            "dependentRequired": {"year": ["week"], "week": ["year"]},
        },
    )

    year: Integer = _optional("Season, by the year in which it starts", FIRST_SEASON, LAST_SEASON)
    week: Integer = _optional("Week number, play-offs included", WEEKS[0], WEEKS[-1])
    source: SourceName | None = Field(
        None, description="Data source; default: FANTASY_SOURCE, else auto"
    )

    @model_validator(mode="after")
    def _both_or_neither(self) -> "TriggerRequest":
        if (self.year is None) != (self.week is None):
            raise ValueError("give both year and week, or neither for the due week")
        return self


class NoParameters(BaseModel):
    """The query of a route without parameters."""

    model_config = ConfigDict(extra="forbid")


class HealthQuery(NoParameters):
    """The query of the health rules."""

    daemon: bool = Field(
        True, description="false skips the daemon and its schedules, where cron starts the imports"
    )


class HistoryQuery(NoParameters):
    """The filters of the run history, and the page."""

    job_id: str | None = Field(None, max_length=100, description="Only runs of this job")
    status: Annotated[str, Field(pattern=_STATUS), LOWER] | None = Field(
        None, description="Only runs with this status"
    )
    season: int | None = Field(
        None, ge=FIRST_SEASON, le=LAST_SEASON, description="Only runs of this season"
    )
    week: int | None = Field(
        None, ge=WEEKS[0], le=WEEKS[-1], description="Only runs of this week of a season"
    )
    since: Annotated[str, Field(pattern=AGE)] | UtcTime | None = Field(
        None,
        description="Only runs since then: 7d, 12h or 30m ago, or an ISO 8601 time; without an "
        "offset it is UTC",
    )
    limit: int = Field(20, ge=1, le=200, description="Runs per page")
    cursor: str | None = Field(
        None, pattern=_RUN_ID, description="`cursor` of the previous page, whose filters to repeat"
    )


class Index(BaseModel):
    """The addresses of the server, each with what a request does."""

    documentation: str
    addresses: dict[str, str]


class Triggered(BaseModel):
    """The run that was started."""

    run_id: str
    season: int
    week: int
    source: str


class ExecutionSummary(BaseModel):
    """A run."""

    id: str
    job_id: str
    status: str
    executed_at: datetime
    season: int | None
    week: int | None
    weeks: list[str]
    trigger: str
    source: str | None


class Execution(ExecutionSummary):
    """A run with its result."""

    result: dict[str, Any]


class Cancelled(BaseModel):
    """The run that was asked to stop."""

    run_id: str


class StepError(BaseModel):
    """A failed step of a run."""

    step: str
    cause: str
    stack: str


class ExecutionDetails(Execution):
    """A run with its result, errors, seconds per asset and tags."""

    ended_at: datetime | None
    errors: list[StepError]
    seconds: dict[str, float]
    tags: dict[str, str]


class History(BaseModel):
    """A page of runs, newest first. `cursor` requests the next page; it is null on the last one."""

    executions: list[Execution]
    cursor: str | None


class LogQuery(NoParameters):
    """A page of a run's log."""

    limit: int = Field(200, ge=1, le=1000, description="Lines per page")
    cursor: str | None = Field(
        None, pattern=r"^[A-Za-z0-9+/=_-]{1,200}$", description="`cursor` of the previous page"
    )


class LogLine(BaseModel):
    """A line of a run's log; `step` is null for the run as a whole."""

    at: datetime
    level: str
    step: str | None
    message: str


class RunLog(BaseModel):
    """Lines of a run's log, oldest first. `cursor` requests the lines that follow, now or later.

    `is_over`: the run has ended, and these are its last lines.
    """

    lines: list[LogLine]
    cursor: str
    is_over: bool


class Daemon(BaseModel):
    """A required thread of Dagster's daemon."""

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
    """A backfill in progress."""

    id: str
    plan: str
    weeks_done: int
    weeks: int


class WeekSoFar(BaseModel):
    """A week in progress: games imported, games over, all games; `text` says it in words."""

    season: int
    week: int
    games_imported: int
    games_over: int
    games: int
    text: str


class Status(BaseModel):
    """The state of the automation: schedules, sensors, daemons; weeks and backfills in progress.

    `data` is the label of synthetic data; null for real data.
    """

    at: datetime
    data: str | None
    so_far: list[WeekSoFar]
    daemons: list[Daemon]
    jobs: list[Job]
    backfills: list[Backfill]


class Finding(BaseModel):
    """The result of a health rule."""

    rule: str
    level: Literal["ok", "warning", "critical"]
    message: str


class Health(BaseModel):
    """The results of all health rules, and the worst level among them."""

    status: Literal["ok", "warning", "critical"]
    findings: list[Finding]
