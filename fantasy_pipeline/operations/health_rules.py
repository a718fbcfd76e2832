"""Health rules: each yields its findings about a deployment, worst first; no finding means ok.

Rules read the run history, the lake's schedule, locks and disks. They ask no upstream.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import dagster as dg

from fantasy_pipeline.errors import HistoryError
from fantasy_pipeline.football.calendar import week_status
from fantasy_pipeline.football.import_calendar import (
    ALARM_AFTER,
    LOOK_BACK,
    imports_due_between,
    missing_imports,
    planned_imports,
    weeks_in_progress,
)
from fantasy_pipeline.football.season_week import SeasonWeek, ranges, week_ranges
from fantasy_pipeline.ingest.week_so_far import weeks_so_far
from fantasy_pipeline.lake.locks import held
from fantasy_pipeline.operations import reconcile
from fantasy_pipeline.operations.status import Instigator, daemon_processes, daemons, instigators
from fantasy_pipeline.orchestration.alerts.channels import misconfigured
from fantasy_pipeline.orchestration.alerts.outbox import MAX_LOST, Outbox
from fantasy_pipeline.orchestration.alerts.repairs import Failure, unrepaired
from fantasy_pipeline.orchestration.history_probe import try_to_write
from fantasy_pipeline.orchestration.runs.history import executions
from fantasy_pipeline.orchestration.runs.import_state import (
    imported_of,
    past_imports,
)
from fantasy_pipeline.orchestration.runs.retention import folder_bytes, history_bytes
from fantasy_pipeline.settings import default_home

if TYPE_CHECKING:
    from fantasy_pipeline.football.calendar import Game
    from fantasy_pipeline.lake import Lake

Level = Literal["ok", "warning", "critical"]

LONGEST_SILENCE = timedelta(days=8)
STUCK_AFTER = timedelta(hours=2)
LOCK_STALE_AFTER = timedelta(minutes=30)
_WORKSPACE_FOLDERS = ("/etc/fantasy-pipeline", "/opt/dagster")
"""Folders of the workspace files that `deploy` installs: systemd, docker."""
DISK_WARNING, DISK_CRITICAL = 2 * 2**30, 256 * 2**20
"""Free bytes. A season takes about 20 MB, and the log of its runs as much again."""
_FAILED_RUNS = "see fantasy-pipeline history --status failure"


class Finding(NamedTuple):
    """One finding of a rule; `message` says what happened, where, and what to do next."""

    rule: str
    level: Level
    message: str


@dataclass
class Subject:
    """A deployment to examine.

    Args:
        label: label of the league; None for the NFL.
        lake: lake of the league.
        games: the lake's schedule; empty if the lake has none yet.
        now: present of the league; the sample league's stands still.
        clock: the real present, or the moment of ``--at``.
        folders: folders of the run history, the data and the downloads.
        locks: lock files, or folders of lock files.
    """

    instance: dg.DagsterInstance
    label: str | None
    lake: Lake
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
        if not self.games:
            return False
        return week_status(self.games, self.now).phase in ("regular", "postseason")

    def last_import(self) -> datetime | None:
        """Return when a successful run of any job last imported a week of this year.

        The week was due, or it is in progress.
        """
        planned = imports_due_between(self.games, self.now - LOOK_BACK, self.now)
        running = weeks_in_progress(self.games, self.now)
        weeks = sorted({*(item.week for item in planned), *running})
        newest = next(iter(past_imports(self.instance, weeks, self.label, so_far=True)), None)
        return newest.at if newest else None


Rule = Callable[[Subject], Iterable[Finding]]


def daemon_running(subject: Subject) -> Iterable[Finding]:
    """Yield a critical finding if a daemon that the instance requires has no recent heartbeat.

    Yield a warning if several processes are daemons of the home: each starts the scheduled runs.
    Those of other machines are known by their heartbeats: each part's is that of the last writer.
    """
    if len(pids := daemon_processes(subject.instance)) > 1:
        message = (
            f"{len(pids)} daemons run on {subject.instance.root_directory} (processes "
            f"{', '.join(map(str, pids))}), so scheduled runs may start twice; stop all but one"
        )
        yield Finding("daemon_running", "warning", message)
    found = daemons(subject.instance)
    alternating = {daemon.process for daemon in found if daemon.healthy}
    if len(pids) <= 1 < len(alternating):
        message = (
            f"{len(alternating)} daemons alternate: the parts of the daemon have heartbeats of "
            f"several processes ({', '.join(sorted(alternating))}); stop all but one, on every "
            "machine. After a restart of the daemon, this ends within a minute"
        )
        yield Finding("daemon_running", "warning", message)
    bad = [daemon for daemon in found if not daemon.healthy]
    if not bad:
        return
    beats = [daemon.last_heartbeat for daemon in bad if daemon.last_heartbeat]
    since = f"last heartbeat {max(beats):%Y-%m-%d %H:%M} UTC" if beats else "it never ran"
    names = ", ".join(daemon.name for daemon in bad)
    yield Finding(
        "daemon_running", "critical", f"not running: {names} ({since}); start dagster-daemon"
    )


def schedule_on(subject: Subject) -> Iterable[Finding]:
    """Yield a finding for each schedule or sensor that is off, never ticks, or failed to tick."""
    for item in subject.instigators:
        if item.is_optional and not item.is_on:
            continue
        if not item.is_on:
            command = f"dagster {item.kind} start {item.name} {_workspace()}"
            message = f"{item.kind} {item.name} is off; run {command}"
            yield Finding("schedule_on", "critical", message)
        elif item.kind == "schedule" and item.next_tick is None:
            message = f"schedule {item.name} has no next tick; check its cron expression"
            yield Finding("schedule_on", "critical", message)
        elif item.tick_error:
            message = (
                f"latest tick of {item.name} failed: {item.tick_error}; "
                "the Dagster UI has its stack trace (Automation)"
            )
            yield Finding("schedule_on", "warning", message)


def _workspace() -> str:
    """Return the option by which Dagster's own commands find this code location.

    A workspace file is preferred: Dagster stores what is on or off under the code location's name,
    and the workspace files of this project set that name.
    """
    project = Path(__file__).parents[2]
    folders = (default_home(), Path.cwd(), project, *map(Path, _WORKSPACE_FOLDERS))
    for folder in folders:
        if (path := folder / "workspace.yaml").is_file():
            return f"-w {shlex.quote(str(path))}"
    return "-m fantasy_pipeline.definitions"


def recent_success(subject: Subject) -> Iterable[Finding]:
    """Yield a critical finding if, in season, no import succeeded within `LONGEST_SILENCE`."""
    if not subject.in_season:
        return
    last = subject.last_import()
    if last is None:
        message = (
            "no week in progress or due of late has been imported; run fantasy-pipeline trigger, "
            f"or {_FAILED_RUNS}"
        )
        yield Finding("recent_success", "critical", message)
    elif not imports_due_between(subject.games, last, subject.now):
        # Nothing fell due since then: the sample league's clock stands still.
        return
    elif subject.clock - last > LONGEST_SILENCE:
        days = (subject.clock - last).days
        message = f"the last import succeeded {days} days ago; {_FAILED_RUNS}"
        yield Finding("recent_success", "critical", message)


def last_run(subject: Subject) -> Iterable[Finding]:
    """Yield a warning for the failed runs of the last 8 days that no run repaired.

    Runs of the same job or the same assets, with the same weeks left to do, are one warning.
    """
    alike: dict[str, list[Failure]] = {}
    for failure in unrepaired(subject.instance, subject.clock):
        title = f"{failure.run.name} {week_ranges(failure.weeks)}".strip()
        alike.setdefault(title, []).append(failure)
    for title, failures in alike.items():
        run = failures[0].run
        cause = next(iter(run.result["errors"]), "unknown error")
        count = f" {len(failures)} times, the last time" if len(failures) > 1 else ""
        message = (
            f"{title} failed{count} on {run.executed_at:%Y-%m-%d %H:%M} UTC: {cause}; "
            f"see fantasy-pipeline show {run.run.run_id[:8]}"
        )
        yield Finding("last_run", "warning", message)


def due_week(subject: Subject) -> Iterable[Finding]:
    """Yield a finding for each import that is late by `ALARM_AFTER` or more.

    A missing due week is critical. Other weeks give one warning if they are missing, and one if
    they lack their final import. For information, yield the games of a week in progress.
    """
    if not subject.games:
        message = (
            "the lake has no NFL schedule; run "
            "dagster job execute -m fantasy_pipeline.definitions -j games_refresh"
        )
        yield Finding("due_week", "warning", message)
        return
    imported = imported_of(
        subject.instance, subject.lake, subject.games, subject.now, subject.label
    )
    late = missing_imports(subject.games, imported, subject.now, ALARM_AFTER)
    due = week_status(subject.games, subject.now).due
    for week in weeks_so_far(subject.lake, subject.games, subject.now):
        item = planned_imports(
            [game for game in subject.games if (game.season, game.week) == week.week]
        )[week.week][0]
        message = f"{week.text}; its import is due on {item.due_at:%Y-%m-%d %H:%M} UTC"
        yield Finding("due_week", "ok", message)
    for item in late:
        if item.week != due:
            continue
        state = f"its {item.phase} import was due on {item.due_at:%Y-%m-%d %H:%M} UTC"
        if imported.get(item.week):
            message = f"{due} is imported, but not final: {state}; run {_trigger(due)}"
            yield Finding("due_week", "warning", message)
        else:
            message = f"{due} is missing: {state}; run {_trigger(due)}"
            yield Finding("due_week", "critical", message)
    # In the off-season the due week is the regular season's last; the play-offs are other weeks.
    others = [item.week for item in late if item.week != due]
    if missing := [week for week in others if not imported.get(week)]:
        seasons = ranges(sorted({week.season for week in missing}))
        command = f"fantasy-pipeline backfill --seasons {seasons} --only-missing"
        yield Finding("due_week", "warning", f"{_other_weeks(missing)} missing; run {command}")
    if unfinished := [week for week in others if imported.get(week)]:
        advice = "run fantasy-pipeline trigger for each"
        yield Finding("due_week", "warning", f"{_other_weeks(unfinished)} not final; {advice}")


def _other_weeks(weeks: Sequence[SeasonWeek]) -> str:
    if len(weeks) == 1:
        return f"1 other week ({weeks[0]}) is"
    return f"{len(weeks)} other weeks ({_first(weeks)}) are"


def _first(weeks: Sequence[SeasonWeek]) -> str:
    """Return the first weeks as text; an ellipsis stands for the others."""
    return ", ".join(str(week) for week in weeks[:5]) + (", …" if len(weeks) > 5 else "")


def _trigger(week: SeasonWeek) -> str:
    return f"fantasy-pipeline trigger --season {week.season} --week {week.week}"


def lost_data(subject: Subject) -> Iterable[Finding]:
    """Yield a critical finding for what run history has and the lake lacks.

    Either files of the lake were removed, or FANTASY_DATA names another folder.
    """
    lost = reconcile.lost_data(subject.instance, subject.lake, subject.label)
    if not lost:
        return
    weeks = sorted({week for weeks in lost.values() for week in weeks})
    weekly = ", ".join(name for name, weeks in lost.items() if weeks)
    others = ", ".join(name for name, weeks in lost.items() if not weeks)
    what = f"{len(weeks)} week{'s' * (len(weeks) != 1)}" if weeks else "tables"
    names = "; ".join(filter(None, [weekly and f"{_first(weeks)} of {weekly}", others]))
    message = (
        f"the run history has {what} that the lake at {subject.lake.root} lacks ({names}); "
        f"{reconcile.advice(lost)}; fantasy-pipeline reconcile --dry-run names all"
    )
    yield Finding("lost_data", "critical", message)


def stuck_run(subject: Subject) -> Iterable[Finding]:
    """Yield a warning for each run that is queued or running for longer than `STUCK_AFTER`."""
    for run in executions(subject.instance, status="running"):
        age = subject.clock - run.executed_at
        if age > STUCK_AFTER:
            message = (
                f"{run.job_id} has been in status {run.status} for "
                f"{age / timedelta(hours=1):.1f} hours (run {run.run.run_id[:8]}); "
                "check that the daemon runs, or terminate the run in the Dagster UI"
            )
            yield Finding("stuck_run", "warning", message)


def stale_lock(subject: Subject) -> Iterable[Finding]:
    """Yield a warning for each lock that a process holds for `LOCK_STALE_AFTER` or longer."""
    for path, held_since in held(subject.locks):
        if subject.clock - held_since >= LOCK_STALE_AFTER:
            message = (
                f"{path} has been held since {held_since:%Y-%m-%d %H:%M} UTC; "
                "find the process that holds it, e.g. with lsof"
            )
            yield Finding("stale_lock", "warning", message)


def history_writable(subject: Subject) -> Iterable[Finding]:
    """Yield a critical finding if the database server of the history refuses to store a run."""
    try:
        try_to_write(subject.instance)
    except HistoryError as error:
        yield Finding("history_writable", "critical", str(error))


def disk_space(subject: Subject) -> Iterable[Finding]:
    """Yield a finding for each folder on a disk with less free space than `DISK_WARNING`."""
    for folder in subject.folders:
        if not folder.is_dir():
            continue
        free = shutil.disk_usage(folder).free
        if free < DISK_WARNING:
            level: Level = "critical" if free < DISK_CRITICAL else "warning"
            message = f"{free / 2**20:,.0f} MB free at {folder}; free up space"
            yield Finding("disk_space", level, message)


def disk_use(subject: Subject) -> Iterable[Finding]:
    """Yield the sizes of the run history and the lake, for information."""
    history = history_bytes(subject.instance)
    runs = subject.instance.get_runs_count()
    message = f"history {history / 2**20:,.1f} MB in the home ({runs:,} runs)"
    if subject.lake.is_local:
        lake = folder_bytes(Path(subject.lake.root))
        message += f", lake {lake / 2**20:,.1f} MB"
    yield Finding("disk_use", "ok", message)


def alert_channels(subject: Subject) -> Iterable[Finding]:
    """Yield a warning for each channel that refuses or lost alerts, or has an invalid setting."""
    outbox = Outbox(subject.instance)
    reasons = {**misconfigured(), **outbox.failing()}
    lost = outbox.lost()
    for channel in sorted({*reasons, *lost}):
        parts = [reasons.get(channel, "")]
        if alerts := lost.get(channel):
            count = f"{'at least ' if len(alerts) >= MAX_LOST else ''}{len(alerts)}"
            parts.append(f"{count} alerts lost, the latest: {alerts[-1].title}")
        parts.append(
            f"check FANTASY_ALERT_{channel.upper()}_…, then run fantasy-pipeline alert-test"
        )
        yield Finding("alert_channels", "warning", f"{channel}: {'; '.join(filter(None, parts))}")


RULES: tuple[Rule, ...] = (
    daemon_running,
    schedule_on,
    recent_success,
    last_run,
    due_week,
    lost_data,
    stuck_run,
    stale_lock,
    history_writable,
    disk_space,
    disk_use,
    alert_channels,
)
DAEMON_RULES: tuple[Rule, ...] = (daemon_running, schedule_on)
"""Rules to leave out where a cron or another program starts the imports instead of the daemon."""
