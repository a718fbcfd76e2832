"""The bodies of requests and responses; their names and docstrings are in the API's documentation.

Names of fields are an interface. They never change.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from fantasy_pipeline.football.season_week import FIRST_SEASON, LAST_SEASON, WEEKS
from fantasy_pipeline.settings import SourceName


def _integral(value: object) -> object:
    # In JSON 5.0 is the integer 5; "5" is not.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Integer = Annotated[int, BeforeValidator(_integral)]


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
    trigger: str
    source: str | None


class Execution(ExecutionSummary):
    """A run with its result."""

    result: dict[str, Any]


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


class Status(BaseModel):
    """The state of the automation: schedules, sensors, daemons and backfills in progress."""

    at: datetime
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
