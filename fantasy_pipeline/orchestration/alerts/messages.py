"""Texts of alerts. Pure functions: facts in, an `Alert` out; nothing is read or sent here."""

from __future__ import annotations

from collections.abc import Sequence
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
    """One message, sent once to each channel. Fields that do not apply are None.

    Args:
        id: subject of the alert; the outbox accepts each id once.
        failed: name of the failed step or check.
        cause: first line of the error, with the next step.
        link: address of the run in the Dagster UI.
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
        """Title, then one line per fact, then the operator's next command if there is one."""
        facts = [
            ("failed", self.failed),
            ("cause", self.cause),
            ("run", self.link or self.run_id),
            ("next", self._next_command),
        ]
        return "\n".join([self.title, *(f"{name}: {value}" for name, value in facts if value)])

    @property
    def _next_command(self) -> str | None:
        if self.kind == "failure" and self.run_id:
            return f"fantasy-pipeline show {self.run_id[:8]}"
        if self.kind == "overdue":
            return f"fantasy-pipeline trigger --season {self.season} --week {self.week}"
        return None


def failure(execution: Execution, run_url: str) -> Alert:
    """Return the alert about a run that failed and is not retried.

    Args:
        run_url: address of runs in the Dagster UI; empty: the alert has no link.
    """
    error = execution.facts.errors[0] if execution.facts.errors else None
    return Alert(
        id=f"failure-{execution.run.run_id}",
        kind="failure",
        title=f"{execution.title} failed",
        failed=error.step or None if error else None,
        cause=(error.cause if error else "unknown error")[:_MAX_CAUSE],
        **_run_fields(execution, run_url),
    )


def recovery(execution: Execution, repaired: Sequence[Execution], run_url: str) -> Alert:
    """Return the alert that a run did what was left of failed runs that were reported.

    Args:
        repaired: the failed runs; those of the same assets and weeks are named once.
    """
    titles = dict.fromkeys(failed.title for failed in repaired)
    return Alert(
        id=f"recovery-{execution.run.run_id}",
        kind="recovery",
        title=f"{'; '.join(titles)} succeeded again",
        **_run_fields(execution, run_url),
    )


def overdue(item: Import, now: datetime) -> Alert:
    """Return the alert about a week without a due import, whether or not a run was started."""
    hours = (now - item.due_at).total_seconds() / 3600
    week = item.week
    return Alert(
        id=f"overdue-{item.key}",
        kind="overdue",
        title=f"{week} has no {item.phase} import: due since {item.due_at:%A %Y-%m-%d %H:%M} UTC",
        season=week.season,
        week=week.week,
        cause=f"no such import succeeded in {hours:.0f} hours",
    )


def arrived(item: Import) -> Alert:
    """Return the all-clear for a week that was reported as overdue."""
    week = item.week
    return Alert(
        id=f"arrived-{item.key}",
        kind="arrived",
        title=f"{week} has its {item.phase} import now",
        season=week.season,
        week=week.week,
    )


def _run_fields(execution: Execution, run_url: str) -> dict[str, Any]:
    return {
        "season": execution.season,
        "week": execution.week,
        "job": execution.job_id,
        "run_id": execution.run.run_id,
        "link": f"{run_url}{execution.run.run_id}" if run_url else None,
    }
