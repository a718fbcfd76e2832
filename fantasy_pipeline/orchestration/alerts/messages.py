"""What alerts say. Pure: facts in, text out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from fantasy_pipeline.football.import_calendar import Import
    from fantasy_pipeline.orchestration.runs.history import Execution

Kind = Literal["failure", "recovery", "overdue", "arrived", "test"]
_MAX_CAUSE = 500


@dataclass(frozen=True)
class Alert:
    """One message, sent once to each channel.

    Args:
        id: what it is about; the same id is never sent twice.
        season, week, job, failed, cause, link: as far as they apply.
    """

    id: str
    kind: Kind
    title: str
    season: int | None = None
    week: int | None = None
    job: str | None = None
    run_id: str | None = None
    failed: str | None = None
    cause: str | None = None
    link: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def text(self) -> str:
        """Title, and the facts one per line."""
        facts = [
            ("failed", self.failed),
            ("cause", self.cause),
            ("run", self.link or self.run_id),
        ]
        return "\n".join([self.title, *(f"{name}: {value}" for name, value in facts if value)])


def failure(execution: Execution, run_url: str) -> Alert:
    """A run that failed and is not tried again.

    Args:
        run_url: where the Dagster UI shows runs; empty: not known, no link.
    """
    error = execution.facts.errors[0] if execution.facts.errors else None
    return Alert(
        id=f"failure-{execution.run.run_id}",
        kind="failure",
        title=f"{_what(execution)} failed",
        failed=error.step or None if error else None,
        cause=(error.cause if error else "unknown error")[:_MAX_CAUSE],
        **_of(execution, run_url),
    )


def recovery(execution: Execution, run_url: str) -> Alert:
    """A job that succeeds again after a failure that was told."""
    return Alert(
        id=f"recovery-{execution.run.run_id}",
        kind="recovery",
        title=f"{_what(execution)} succeeded again",
        **_of(execution, run_url),
    )


def overdue(item: Import, now: datetime) -> Alert:
    """A week that should have been imported, whether or not anything ran."""
    hours = (now - item.due_at).total_seconds() / 3600
    week = item.week
    return Alert(
        id=f"overdue-{item.key}",
        kind="overdue",
        title=f"{week} has no {item.phase} import: due since {item.due_at:%A %Y-%m-%d %H:%M} UTC",
        season=week.season,
        week=week.week,
        cause=f"no import of it succeeded in {hours:.0f} hours; "
        f"fantasy-pipeline trigger --season {week.season} --week {week.week}",
    )


def arrived(item: Import) -> Alert:
    """The all-clear of a week that was told to be overdue."""
    week = item.week
    return Alert(
        id=f"arrived-{item.key}",
        kind="arrived",
        title=f"{week} has its {item.phase} import now",
        season=week.season,
        week=week.week,
    )


def _what(execution: Execution) -> str:
    if execution.season and execution.week:
        return f"{execution.job_id} {execution.season} week {execution.week}"
    return f"{execution.job_id} {execution.season or ''}".strip()


def _of(execution: Execution, run_url: str) -> dict[str, Any]:
    return {
        "season": execution.season,
        "week": execution.week,
        "job": execution.job_id,
        "run_id": execution.run.run_id,
        "link": f"{run_url}{execution.run.run_id}" if run_url else None,
    }
