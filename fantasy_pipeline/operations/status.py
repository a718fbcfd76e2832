"""State of the automation: every schedule and sensor, the daemons, backfills under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import dagster as dg

from fantasy_pipeline.operations.backfill.plan import weeks_done
from fantasy_pipeline.orchestration.runs.history import Execution, executions
from fantasy_pipeline.orchestration.runs.import_state import IN_PROGRESS

UNDER_WAY = ("REQUESTED", "CANCELING", "FAILING")
NEWEST = 50
"""Of Dagster's backfills, those that are looked at; older ones are over, or given up."""


@dataclass(frozen=True)
class Instigator:
    """A schedule or a sensor.

    Args:
        kind: ``schedule`` or ``sensor``.
        next_tick: of a schedule that is on; sensors tick all the time.
        tick_error: first line of the latest tick's error, if it failed.
        last_run, last_success: of its runs.
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
    """Every schedule and sensor of the code, schedules first."""
    from fantasy_pipeline.definitions import defs

    repository = defs.get_repository_def()
    states = {state.instigator_name: state for state in instance.all_instigator_state()}
    found = []
    for schedule in sorted(repository.schedule_defs, key=lambda s: s.name):
        state = states.get(schedule.name)
        default = schedule.default_status == dg.DefaultScheduleStatus.RUNNING
        is_on = state.is_running if state else default
        tick = _next_tick(schedule.cron_schedule, now) if is_on else None
        found.append(_instigator(instance, schedule.name, "schedule", is_on, tick, state))
    for sensor in sorted(repository.sensor_defs, key=lambda s: s.name):
        state = states.get(sensor.name)
        default = sensor.default_status == dg.DefaultSensorStatus.RUNNING
        is_on = state.is_running if state else default
        found.append(_instigator(instance, sensor.name, "sensor", is_on, None, state))
    return found


def _next_tick(cron: str | Sequence[str], now: datetime) -> datetime | None:
    """First tick of a schedule after a moment; all of ours are in UTC."""
    from cronsim import CronSim

    crons = [cron] if isinstance(cron, str) else cron
    return min((next(CronSim(text, now)) for text in crons), default=None)


def _instigator(
    instance: dg.DagsterInstance,
    name: str,
    kind: str,
    is_on: bool,
    tick: datetime | None,
    state: Any,
) -> Instigator:
    last_tick = result = error = None
    if state is not None:
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        if ticks:
            last_tick = datetime.fromtimestamp(ticks[0].timestamp, timezone.utc)
            result = ticks[0].skip_reason or ticks[0].status.value.lower()
            if ticks[0].error is not None:
                error = str(ticks[0].error.message).strip().splitlines()[0]
    tag = {f"dagster/{kind}_name": name}
    success = dg.DagsterRunStatus.SUCCESS
    return Instigator(
        name,
        kind,
        is_on,
        tick,
        last_tick,
        result,
        error,
        _latest(instance, dg.RunsFilter(tags=tag)),
        _latest(instance, dg.RunsFilter(tags=tag, statuses=[success])),
    )


def _latest(instance: dg.DagsterInstance, filters: dg.RunsFilter) -> Execution | None:
    runs = instance.get_runs(filters, limit=1)
    return next(executions(instance, run_id=runs[0].run_id), None) if runs else None


@dataclass(frozen=True)
class Daemon:
    """One of the daemon's threads, or one that should run."""

    name: str
    healthy: bool
    last_heartbeat: datetime | None

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "healthy": self.healthy,
            "last_heartbeat": _text(self.last_heartbeat),
        }


def daemons(instance: dg.DagsterInstance) -> list[Daemon]:
    """Every daemon that the instance requires."""
    return [
        Daemon(
            name.lower(),
            bool(status.healthy),
            datetime.fromtimestamp(status.last_heartbeat.timestamp, timezone.utc)
            if status.last_heartbeat
            else None,
        )
        for name, status in sorted(instance.get_daemon_statuses().items())
        if status.required
    ]


def backfills(instance: dg.DagsterInstance) -> list[dict[str, Any]]:
    """Backfills under way, of the command line and of Dagster: weeks done of all."""
    running = instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS))
    ids = {run.tags["backfill"]: run.tags for run in running if "backfill_work" in run.tags}
    return [
        *(_backfill(instance, name, tags) for name, tags in ids.items()),
        *_launched(instance),
    ]


def _launched(instance: dg.DagsterInstance) -> list[dict[str, Any]]:
    """Backfills that the Dagster UI or `dagster` started and its daemon carries out."""
    from fantasy_pipeline.definitions import defs

    graph = defs.get_repository_def().asset_graph
    ours = graph.get_all_asset_keys()
    found = []
    for backfill in instance.get_backfills(limit=NEWEST):
        if backfill.status.value not in UNDER_WAY or not backfill.is_asset_backfill:
            continue
        if not set(backfill.asset_selection or ()) <= ours:
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


def _backfill(instance: dg.DagsterInstance, name: str, tags: Mapping[str, str]) -> dict[str, Any]:
    runs = instance.get_runs(
        dg.RunsFilter(tags={"backfill": name}, statuses=[dg.DagsterRunStatus.SUCCESS])
    )
    # A step that was run again after an interruption counts once.
    weeks = int(tags["backfill_weeks"])
    steps = {run.tags["backfill_step"]: int(run.tags["backfill_step_work"]) for run in runs}
    return {
        "id": name,
        "plan": tags["backfill_plan"],
        "weeks_done": weeks_done(weeks, sum(steps.values()), int(tags["backfill_work"])),
        "weeks": weeks,
    }


def status(instance: dg.DagsterInstance, now: datetime) -> dict[str, Any]:
    """All of it, as JSON values."""
    return {
        "at": _text(now),
        "daemons": [daemon.to_json() for daemon in daemons(instance)],
        "jobs": [item.to_json() for item in instigators(instance, now)],
        "backfills": backfills(instance),
    }
