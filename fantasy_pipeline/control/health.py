"""Is everything well? Named rules, each ok, warning or critical; the exit code is the worst.

Asks no upstream and changes nothing: fit for a container's or a cron's health check.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import dagster as dg

from fantasy_pipeline import automation
from fantasy_pipeline.alerts.outbox import Outbox
from fantasy_pipeline.calendar import week_status
from fantasy_pipeline.control.history import Execution, executions
from fantasy_pipeline.control.status import Instigator, daemons, instigators
from fantasy_pipeline.import_state import IMPORT_JOBS, imported_of
from fantasy_pipeline.locks import held

if TYPE_CHECKING:
    from fantasy_pipeline.calendar import Game
    from fantasy_pipeline.session import Session

Level = Literal["ok", "warning", "critical"]
LEVELS: tuple[Level, ...] = ("ok", "warning", "critical")

LONGEST_SILENCE = timedelta(days=8)
STUCK_AFTER = timedelta(hours=2)
LOCK_STALE_AFTER = timedelta(minutes=30)
DISK_WARNING, DISK_CRITICAL = 2 * 2**30, 256 * 2**20
"""Free bytes; a season takes some 20 MB, the log of its runs as much."""


class Finding(NamedTuple):
    """What one rule found."""

    rule: str
    level: Level
    message: str


@dataclass
class Subject:
    """What is examined.

    Args:
        label: of the league; None for the NFL.
        games: the schedule as the lake has it; empty if it has none yet.
        now: the present of the league.
        clock: the real present.
        folders: where data and history are kept.
        locks: files, or folders of files, that processes lock.
    """

    instance: dg.DagsterInstance
    label: str | None
    games: Sequence[Game]
    now: datetime
    clock: datetime
    folders: Sequence[Path] = field(default_factory=list)
    locks: Sequence[Path] = field(default_factory=list)

    @cached_property
    def instigators(self) -> list[Instigator]:
        return instigators(self.instance, self.clock)

    @property
    def in_season(self) -> bool:
        return bool(self.games) and week_status(self.games, self.now).phase in (
            "regular",
            "postseason",
        )

    def last_import(self, status: str | None = None) -> Execution | None:
        runs = (
            next(executions(self.instance, job=job, status=status, limit=1), None)
            for job in IMPORT_JOBS
        )
        return max(filter(None, runs), key=lambda run: run.executed_at, default=None)


Rule = Callable[[Subject], Iterable[Finding]]


def examine(subject: Subject) -> list[Finding]:
    """Findings of every rule, in order; a rule without any is ok."""
    findings = []
    for rule in RULES:
        found = list(rule(subject))
        findings += found or [Finding(rule.__name__.strip("_"), "ok", "")]
    return findings


def worst(findings: Iterable[Finding]) -> int:
    """Exit code: 0 ok, 1 warning, 2 critical."""
    return max((LEVELS.index(finding.level) for finding in findings), default=0)


def _daemon_running(subject: Subject) -> Iterable[Finding]:
    bad = [daemon for daemon in daemons(subject.instance) if not daemon.healthy]
    if not bad:
        return
    beats = [daemon.last_heartbeat for daemon in bad if daemon.last_heartbeat]
    since = f"last heartbeat {max(beats):%Y-%m-%d %H:%M} UTC" if beats else "it never ran"
    names = ", ".join(daemon.name for daemon in bad)
    yield Finding(
        "daemon_running", "critical", f"not running: {names} ({since}); start dagster-daemon"
    )


def _schedule_on(subject: Subject) -> Iterable[Finding]:
    for item in subject.instigators:
        if not item.is_on:
            advice = f"dagster {item.kind} start {item.name}"
            yield Finding("schedule_on", "critical", f"{item.kind} {item.name} is off; {advice}")
        elif item.kind == "schedule" and item.next_tick is None:
            yield Finding("schedule_on", "critical", f"{item.name} has no next tick")
        elif item.tick_error:
            message = f"latest tick of {item.name} failed: {item.tick_error}"
            yield Finding("schedule_on", "warning", message)


def _recent_success(subject: Subject) -> Iterable[Finding]:
    if not subject.in_season:
        return
    success = subject.last_import("success")
    if success is None:
        yield Finding("recent_success", "critical", "no import has succeeded yet")
    elif not automation.all_imports(subject.games, success.executed_at, subject.now):
        # Nothing fell due since: the sample league's clock stands still.
        return
    elif subject.clock - success.executed_at > LONGEST_SILENCE:
        days = (subject.clock - success.executed_at).days
        yield Finding("recent_success", "critical", f"the last import succeeded {days} days ago")


def _last_run(subject: Subject) -> Iterable[Finding]:
    from fantasy_pipeline.definitions import defs

    for job in sorted(defs.get_repository_def().job_names):
        latest = next(executions(subject.instance, job=job, limit=1), None)
        if latest is not None and latest.status == "failure":
            cause = next(iter(latest.result["errors"]), "unknown error")
            message = f"{job} failed on {latest.executed_at:%Y-%m-%d %H:%M} UTC: {cause}"
            yield Finding("last_run", "warning", f"{message} (run {latest.run.run_id[:8]})")


def _due_week(subject: Subject) -> Iterable[Finding]:
    if not subject.games:
        yield Finding("due_week", "warning", "no schedule in the lake yet; run games_refresh")
        return
    imported = imported_of(subject.instance, subject.games, subject.now, subject.label)
    late = automation.plan(subject.games, imported, subject.now, automation.ALARM_AFTER)
    due = week_status(subject.games, subject.now).due
    for item in late:
        if item.week != due:
            continue
        since = f"{item.phase} since {item.due_at:%Y-%m-%d %H:%M} UTC"
        if imported.get(item.week):
            yield Finding("due_week", "warning", f"{due} is imported, but not yet as {since}")
        else:
            advice = f"fantasy-pipeline trigger --season {due.season} --week {due.week}"
            yield Finding("due_week", "critical", f"{due} is missing, due {since}; {advice}")
    # In the off-season the play-offs are among them: the week due is the regular season's last.
    others = [item.week for item in late if item.week != due]
    missing = [str(week) for week in others if not imported.get(week)]
    unfinished = [str(week) for week in others if imported.get(week)]
    for weeks, state in ((missing, "missing"), (unfinished, "not final")):
        if weeks:
            message = f"other weeks that are {state}, {len(weeks)}: {', '.join(weeks[:5])}"
            yield Finding("due_week", "warning", message)


def _stuck_run(subject: Subject) -> Iterable[Finding]:
    for run in executions(subject.instance, status="running"):
        age = subject.clock - run.executed_at
        if age > STUCK_AFTER:
            message = f"{run.job_id} is {run.status} for {age / timedelta(hours=1):.1f} hours"
            yield Finding("stuck_run", "warning", f"{message} (run {run.run.run_id[:8]})")


def _stale_lock(subject: Subject) -> Iterable[Finding]:
    for path, held_since in held(subject.locks):
        if subject.clock - held_since >= LOCK_STALE_AFTER:
            message = f"{path} is held since {held_since:%Y-%m-%d %H:%M} UTC"
            yield Finding("stale_lock", "warning", message)


def _disk_space(subject: Subject) -> Iterable[Finding]:
    for folder in subject.folders:
        if not folder.is_dir():
            continue
        free = shutil.disk_usage(folder).free
        if free < DISK_WARNING:
            level: Level = "critical" if free < DISK_CRITICAL else "warning"
            yield Finding("disk_space", level, f"{free / 2**20:,.0f} MB free at {folder}")


def _alert_channels(subject: Subject) -> Iterable[Finding]:
    for channel, reason in sorted(Outbox(subject.instance).failing().items()):
        yield Finding("alert_channels", "warning", f"{channel}: {reason}")


RULES: tuple[Rule, ...] = (
    _daemon_running,
    _schedule_on,
    _recent_success,
    _last_run,
    _due_week,
    _stuck_run,
    _stale_lock,
    _disk_space,
    _alert_channels,
)


def subject_of(session: Session) -> Subject:
    """What is examined for a session: its instance, its lake's schedule, its folders."""
    from fantasy_pipeline.resources import known_games

    data = session.settings.data
    return Subject(
        instance=session.instance,
        label=session.label,
        games=known_games(session.lake, tuple),
        now=session.present,
        clock=datetime.now(timezone.utc),
        folders=[session.home, *([] if "://" in data else [Path(data)])],
        locks=session.locks,
    )
