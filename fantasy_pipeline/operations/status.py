"""State of a deployment: schedules and sensors with their last runs, daemons, running backfills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
from cronsim import CronSim

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.ingest.week_so_far import WeekSoFar
from fantasy_pipeline.operations.backfill.plan import weeks_done
from fantasy_pipeline.orchestration.runs.history import Execution, executions_of
from fantasy_pipeline.orchestration.runs.import_state import IN_PROGRESS
from fantasy_pipeline.orchestration.runs.tags import (
    BACKFILL,
    BACKFILL_PLAN,
    BACKFILL_STEP,
    BACKFILL_STEP_WORK,
    BACKFILL_WEEKS,
    BACKFILL_WORK,
    internal,
    spellings,
)
from fantasy_pipeline.orchestration.schedules import ALL_SCHEDULES
from fantasy_pipeline.orchestration.sensors import ALL_SENSORS

UNDER_WAY = ("REQUESTED", "CANCELING", "FAILING")
NEWEST = 50
"""Number of Dagster's newest backfills to look at; older ones have ended."""
_NEWEST_RUNS = 200
"""Number of the newest runs of schedules, and of sensors, in which to look for each one's last."""
_SUCCESS = dg.DagsterRunStatus.SUCCESS


class _Tick(NamedTuple):
    """Latest tick of a schedule or sensor."""

    at: datetime
    result: str
    error: str | None


@dataclass(frozen=True)
class Instigator:
    """A schedule or a sensor.

    Args:
        kind: ``schedule`` or ``sensor``.
        next_tick: next tick of a schedule that is on; None for sensors, which tick all the time.
        tick_result: skip reason or status of the latest tick.
        tick_error: first line of the latest tick's error, if the tick failed.
        last_run: latest run that it started.
        last_success: latest successful run that it started.
        is_optional: whether it is off unless an operator turns it on.
    """

    name: str
    kind: str
    is_on: bool
    next_tick: datetime | None
    last_tick: datetime | None
    tick_result: str | None
    tick_error: str | None
    last_run: Execution | None
    last_success: Execution | None
    is_optional: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "on": self.is_on,
            "next_run": _text(self.next_tick),
            "last_tick": _text(self.last_tick),
            "tick_result": self.tick_error or self.tick_result,
            "last_run": self.last_run.to_json() if self.last_run else None,
            "last_success": self.last_success.to_json(False) if self.last_success else None,
        }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def instigators(instance: dg.DagsterInstance, now: datetime) -> list[Instigator]:
    """Return every schedule and sensor of the code location, schedules first.

    The number of queries does not depend on the number of schedules and sensors, except in a
    history of many runs in which some of them started none of the newest `_NEWEST_RUNS`.

    Args:
        now: moment from which on the next ticks are computed.
    """
    states = instance.all_instigator_state()
    is_on = {state.instigator_name: state.is_running for state in states}
    ticks = _latest_ticks(instance, {s.selector_id: s.instigator_name for s in states})
    crons = {schedule.name: schedule.cron_schedule for schedule in ALL_SCHEDULES}
    defaults = {
        schedule.name: schedule.default_status == dg.DefaultScheduleStatus.RUNNING
        for schedule in ALL_SCHEDULES
    } | {
        sensor.name: sensor.default_status == dg.DefaultSensorStatus.RUNNING
        for sensor in ALL_SENSORS
    }
    kinds = {
        **dict.fromkeys(sorted(crons), "schedule"),
        **dict.fromkeys(sorted(defaults.keys() - crons), "sensor"),
    }
    runs = _latest_runs(instance, kinds)
    found = []
    for name, kind in kinds.items():
        on = is_on.get(name, defaults[name])
        following = _next_tick(crons[name], now) if on and name in crons else None
        tick = ticks.get(name)
        found.append(
            Instigator(
                name=name,
                kind=kind,
                is_on=on,
                next_tick=following,
                last_tick=tick.at if tick else None,
                tick_result=tick.result if tick else None,
                tick_error=tick.error if tick else None,
                last_run=runs.get((name, None)),
                last_success=runs.get((name, _SUCCESS)),
                is_optional=not defaults[name],
            )
        )
    return found


def _latest_runs(
    instance: dg.DagsterInstance, kinds: Mapping[str, str]
) -> dict[tuple[str, dg.DagsterRunStatus | None], Execution]:
    """Return the latest run of each schedule and sensor by (name, None), successes by status."""
    records: dict[tuple[str, dg.DagsterRunStatus | None], dg.RunRecord] = {}
    for kind in sorted(set(kinds.values())):
        tag = f"dagster/{kind}_name"
        names = [name for name in kinds if kinds[name] == kind]
        newest = instance.get_run_records(dg.RunsFilter(tags={tag: names}), limit=_NEWEST_RUNS)
        for name, status in product(names, (None, _SUCCESS)):
            found = [
                record
                for record in newest
                if record.dagster_run.tags[tag] == name
                and status in (None, record.dagster_run.status)
            ][:1]
            if not found and len(newest) == _NEWEST_RUNS:
                wanted = dg.RunsFilter(tags={tag: name}, statuses=[status] if status else None)
                found = list(instance.get_run_records(wanted, limit=1))
            if found:
                records[name, status] = found[0]
    return dict(zip(records, executions_of(instance, list(records.values())), strict=True))


def _cause(error: Any) -> str:
    """Return the cause of a tick's error in one line: outer errors only say that a tick failed."""
    chain = [error]
    while chain[-1].cause is not None:
        chain.append(chain[-1].cause)
    ours = [each for each in chain if each.message.startswith(f"{PipelineError.__module__}.")]
    if ours:
        text = str(ours[0].message).split(": ", 1)[1]
        return " ".join(text.split())
    return str(chain[-1].message).strip().splitlines()[0]


def _latest_ticks(instance: dg.DagsterInstance, names: Mapping[str, str]) -> dict[str, _Tick]:
    """Return the latest tick of each schedule and sensor that has ticked.

    Args:
        names: name of each schedule and sensor by Dagster's id of it.
    """
    latest = {}
    for selector_id, ticks in instance.get_batch_ticks(list(names), limit=1).items():
        if not ticks:
            continue
        tick, error, name = ticks[0], None, names[selector_id]
        if tick.error is not None:
            error = _cause(tick.error)
        latest[name] = _Tick(
            datetime.fromtimestamp(tick.timestamp, timezone.utc),
            tick.skip_reason or tick.status.value.lower(),
            error,
        )
    return latest


def _next_tick(cron: str | Sequence[str], now: datetime) -> datetime | None:
    """Return the first tick of a schedule after a moment; the schedules' times are in UTC."""
    crons = [cron] if isinstance(cron, str) else cron
    return min((next(CronSim(text, now)) for text in crons), default=None)


@dataclass(frozen=True)
class Daemon:
    """A daemon that the instance requires, such as the scheduler; all run in one process.

    Args:
        process: start of the id that the process gave itself; empty if it never ran.
    """

    name: str
    healthy: bool
    last_heartbeat: datetime | None
    process: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "healthy": self.healthy,
            "last_heartbeat": _text(self.last_heartbeat),
        }


def daemons(instance: dg.DagsterInstance) -> list[Daemon]:
    """Return every daemon that the instance requires."""
    return [
        Daemon(
            name.lower(),
            bool(status.healthy),
            datetime.fromtimestamp(status.last_heartbeat.timestamp, timezone.utc)
            if status.last_heartbeat
            else None,
            (status.last_heartbeat.daemon_id or "")[:8] if status.last_heartbeat else "",
        )
        for name, status in sorted(instance.get_daemon_statuses().items())
        if status.required
    ]


def daemon_processes(instance: dg.DagsterInstance) -> list[int]:
    """Return the ids of the processes of this machine that are daemons of the instance's home.

    Heartbeats cannot tell: each daemon overwrites those of the other. Processes of other users and
    containers are invisible, and so are all processes where the system has no ``/proc``.
    """
    home = f"DAGSTER_HOME={instance.root_directory}"
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text(errors="replace").split("\0")
            variables = (folder / "environ").read_text(errors="replace").split("\0")
        except OSError:
            continue
        programs = {Path(word).name for word in words}
        is_daemon = bool(programs & {"dagster-daemon", "dagster._daemon"}) and "run" in words
        if is_daemon and home in variables:
            found.append(int(folder.name))
    return sorted(found)


def backfills(instance: dg.DagsterInstance) -> list[dict[str, Any]]:
    """Return the running backfills, with the weeks done and the total; those of the command line
    come first, then Dagster's."""
    running = instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS))
    ids = {
        backfill: run.tags
        for run in running
        if (backfill := internal(run.tags, BACKFILL)) and internal(run.tags, BACKFILL_WORK)
    }
    return [
        *(_own_backfill(instance, name, tags) for name, tags in ids.items()),
        *_dagster_backfills(instance),
    ]


def _dagster_backfills(instance: dg.DagsterInstance) -> list[dict[str, Any]]:
    """Return the backfills that the Dagster UI or `dagster` started and the daemon runs."""
    under_way = [
        backfill
        for backfill in instance.get_backfills(limit=NEWEST)
        if backfill.status.value in UNDER_WAY and backfill.is_asset_backfill
    ]
    if not under_way:
        return []
    # Loading all assets takes longer than everything else here.
    from fantasy_pipeline.definitions import defs

    graph = defs.get_repository_def().asset_graph
    asset_keys = graph.get_all_asset_keys()
    found = []
    for backfill in under_way:
        if not set(backfill.asset_selection or ()) <= asset_keys:
            # A backfill of another code location.
            continue
        data = backfill.get_asset_backfill_data(graph)
        missing = data.target_subset - data.materialized_subset
        weeks, left = (
            {
                part.partition_key
                for part in subset.iterate_asset_partitions()
                if part.partition_key is not None
            }
            for subset in (data.target_subset, missing)
        )
        found.append(
            {
                "id": backfill.backfill_id,
                "plan": ", ".join(
                    sorted(key.to_user_string() for key in data.target_subset.asset_keys)
                ),
                "weeks_done": len(weeks - left),
                "weeks": len(weeks),
            }
        )
    return found


def _own_backfill(
    instance: dg.DagsterInstance, backfill_id: str, tags: Mapping[str, str]
) -> dict[str, Any]:
    """Return a backfill of the command line, from the tags of one of its runs."""
    success = [dg.DagsterRunStatus.SUCCESS]
    # By step: a step that ran again after an interruption counts once.
    steps = {
        internal(run.tags, BACKFILL_STEP): int(internal(run.tags, BACKFILL_STEP_WORK) or 0)
        for wanted in spellings({BACKFILL: backfill_id})
        for run in instance.get_runs(dg.RunsFilter(tags=wanted, statuses=success))
    }
    weeks = int(internal(tags, BACKFILL_WEEKS) or 0)
    work = int(internal(tags, BACKFILL_WORK) or 0)
    return {
        "id": backfill_id,
        "plan": internal(tags, BACKFILL_PLAN),
        "weeks_done": weeks_done(weeks, sum(steps.values()), work),
        "weeks": weeks,
    }


def status(
    instance: dg.DagsterInstance,
    now: datetime,
    so_far: Sequence[WeekSoFar] = (),
    label: str | None = None,
) -> dict[str, Any]:
    """Return the state of a deployment as JSON values.

    Args:
        now: moment from which on the next ticks are computed.
        so_far: weeks in progress.
        label: label of synthetic data; None for real data.
    """
    return {
        "at": _text(now),
        "data": label,
        "so_far": [week.to_json() | {"text": week.text} for week in so_far],
        "daemons": [daemon.to_json() for daemon in daemons(instance)],
        "jobs": [item.to_json() for item in instigators(instance, now)],
        "backfills": backfills(instance),
    }
