"""Is everything well? Named rules, each ok, warning or critical; the exit code is the worst.

Asks no upstream and changes nothing: fit for a container's or a cron's health check.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import dagster as dg
from pydantic import ValidationError

from fantasy_pipeline.errors import PipelineError, invalid_settings
from fantasy_pipeline.football import import_calendar
from fantasy_pipeline.football.calendar import week_status
from fantasy_pipeline.lake.locks import held
from fantasy_pipeline.operations.status import Instigator, daemons, instigators
from fantasy_pipeline.orchestration.alerts.channels import misconfigured
from fantasy_pipeline.orchestration.alerts.outbox import MAX_LOST, Outbox
from fantasy_pipeline.orchestration.alerts.repairs import unrepaired
from fantasy_pipeline.orchestration.runs.history import executions
from fantasy_pipeline.orchestration.runs.import_state import STATS_ASSET, imported_of
from fantasy_pipeline.settings import default_home

if TYPE_CHECKING:
    from fantasy_pipeline.football.calendar import Game
    from fantasy_pipeline.operations.session import Session

Level = Literal["ok", "warning", "critical"]
LEVELS: tuple[Level, ...] = ("ok", "warning", "critical")

_RECENT_IMPORTS = 300
"""Among so many there is one that succeeded, if any does: a year has some 60 planned."""
LONGEST_SILENCE = timedelta(days=8)
STUCK_AFTER = timedelta(hours=2)
LOCK_STALE_AFTER = timedelta(minutes=30)
_WORKSPACE_FOLDERS = ("/etc/fantasy-pipeline", "/opt/dagster")
"""Where those of `deploy` lie: systemd, docker."""
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

    def last_import(self) -> datetime | None:
        """When a week of the plan was last imported by a run that succeeded, whichever it was."""
        since = self.now - import_calendar.LOOK_BACK
        planned = import_calendar.imports_due_between(self.games, since, self.now)
        weeks = sorted({item.week.key for item in planned})
        if not weeks:
            return None
        records = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=STATS_ASSET, asset_partitions=weeks),
            limit=_RECENT_IMPORTS,
        ).records
        succeeded: dict[str, bool] = {}
        for record in records:
            event = record.asset_materialization
            data = event.metadata.get("data") if event else None
            if (data.value if data else None) != self.label:
                continue
            if record.run_id not in succeeded:
                run = self.instance.get_run_by_id(record.run_id)
                succeeded[record.run_id] = run is not None and run.is_success
            if succeeded[record.run_id]:
                return datetime.fromtimestamp(record.timestamp, timezone.utc)
        return None


Rule = Callable[[Subject], Iterable[Finding]]


def examine(subject: Subject, daemon: bool = True) -> list[Finding]:
    """Findings of every rule, in order; a rule without any is ok.

    Args:
        daemon: whether a daemon is wanted; False leaves out `DAEMON_RULES`.
    """
    findings = []
    for rule in RULES:
        if not daemon and rule in DAEMON_RULES:
            continue
        name = rule.__name__.strip("_")
        try:
            found = list(rule(subject))
        except Exception as error:
            # Monitoring needs an answer to all the other questions, and an exit code that it knows.
            found = [Finding(name, "critical", f"cannot be checked: {_cause(error)}")]
        findings += found or [Finding(name, "ok", "")]
    return findings


def examine_session(make_session: Callable[[], Session], daemon: bool = True) -> list[Finding]:
    """`examine` of a session. Never raises: no answer is critical."""
    try:
        session = make_session()
    except (PipelineError, ValidationError) as error:
        return [_no_answer(error)]
    try:
        # One question, before each rule waits for a storage that does not answer.
        session.instance.get_runs(limit=1)
    except Exception as error:
        return [Finding("storage", "critical", f"cannot be reached: {_cause(error)}")]
    try:
        subject = subject_of(session)
    except Exception as error:
        return [_no_answer(error)]
    return examine(subject, daemon)


def _no_answer(error: Exception) -> Finding:
    told = invalid_settings(error) if isinstance(error, ValidationError) else _cause(error)
    return Finding("answer", "critical", told)


def _cause(error: BaseException) -> str:
    """Why, in one line: the first cause knows, those who passed it on say that there was one."""
    if isinstance(error, PipelineError):
        return str(error)
    while error.__cause__ is not None:
        error = error.__cause__
    text = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def exit_code(findings: Iterable[Finding]) -> int:
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
            advice = f"dagster {item.kind} start {item.name} {_workspace()}"
            yield Finding("schedule_on", "critical", f"{item.kind} {item.name} is off; {advice}")
        elif item.kind == "schedule" and item.next_tick is None:
            yield Finding("schedule_on", "critical", f"{item.name} has no next tick")
        elif item.tick_error:
            message = f"latest tick of {item.name} failed: {item.tick_error}"
            yield Finding("schedule_on", "warning", message)


def _workspace() -> str:
    """How Dagster's own commands find the code here.

    By a workspace file if there is one: Dagster keeps what is on or off by the name of the code
    location, and the files of this project give it a name.
    """
    project = Path(__file__).parents[2]
    folders = (default_home(), Path.cwd(), project, *map(Path, _WORKSPACE_FOLDERS))
    for folder in folders:
        if (path := folder / "workspace.yaml").is_file():
            return f"-w {shlex.quote(str(path))}"
    return "-m fantasy_pipeline.definitions"


def _recent_success(subject: Subject) -> Iterable[Finding]:
    if not subject.in_season:
        return
    last = subject.last_import()
    if last is None:
        yield Finding("recent_success", "critical", "no import has succeeded yet")
    elif not import_calendar.imports_due_between(subject.games, last, subject.now):
        # Nothing fell due since: the sample league's clock stands still.
        return
    elif subject.clock - last > LONGEST_SILENCE:
        days = (subject.clock - last).days
        yield Finding("recent_success", "critical", f"the last import succeeded {days} days ago")


def _last_run(subject: Subject) -> Iterable[Finding]:
    told = set()
    for run in unrepaired(subject.instance, subject.clock):
        if run.job_id in told:
            continue
        told.add(run.job_id)
        cause = next(iter(run.result["errors"]), "unknown error")
        message = f"{run.job_id} failed on {run.executed_at:%Y-%m-%d %H:%M} UTC: {cause}"
        yield Finding("last_run", "warning", f"{message} (run {run.run.run_id[:8]})")


def _due_week(subject: Subject) -> Iterable[Finding]:
    if not subject.games:
        yield Finding("due_week", "warning", "no schedule in the lake yet; run games_refresh")
        return
    imported = imported_of(subject.instance, subject.games, subject.now, subject.label)
    late = import_calendar.missing_imports(
        subject.games, imported, subject.now, import_calendar.ALARM_AFTER
    )
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
    outbox = Outbox(subject.instance)
    reasons = {**misconfigured(), **outbox.failing()}
    lost = outbox.lost()
    for channel in sorted({*reasons, *lost}):
        parts = [reasons.get(channel, "")]
        if alerts := lost.get(channel):
            count = f"{'at least ' if len(alerts) >= MAX_LOST else ''}{len(alerts)}"
            parts.append(f"{count} alerts lost, the latest: {alerts[-1].title}")
        message = f"{channel}: {'; '.join(filter(None, parts))}"
        yield Finding("alert_channels", "warning", message)


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
DAEMON_RULES: tuple[Rule, ...] = (_daemon_running, _schedule_on)
"""Not asked where a cron or another program starts the imports."""


def subject_of(session: Session) -> Subject:
    """What is examined for a session: its instance, its lake's schedule, its folders."""

    data = session.settings.data
    folders = [session.home, *([] if "://" in data else [Path(data)])]
    cache = session.settings.cache_dir.absolute()
    if not any(cache.is_relative_to(folder.absolute()) for folder in folders):
        folders.append(cache)
    return Subject(
        instance=session.instance,
        label=session.label,
        games=session.stored_games,
        now=session.present,
        clock=datetime.now(timezone.utc),
        folders=folders,
        locks=session.locks,
    )
