"""Replay a season: real schedules and sensors tick at injected times, their requests are run."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.calendar import Game, is_over_by_clock
from fantasy_pipeline.football.import_calendar import phases_at
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline.orchestration.runs.import_state import week_of_run
from fantasy_pipeline.orchestration.runs.tags import PROCESS
from fantasy_pipeline.orchestration.schedules import ALL_SCHEDULES
from fantasy_pipeline.orchestration.sensors import catch_up
from fantasy_pipeline_tests.rows import rows_of

HOUR = timedelta(hours=1)
DOWS = {0: 6, **{dow: dow - 1 for dow in range(1, 8)}}
"""Python's number of each weekday, by cron's."""

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

Execute = Callable[[str, dg.RunRequest], bool]


@dataclass
class Replay:
    """A small daemon: it ticks every hour between two moments.

    Args:
        execute: runs a request; returns whether it succeeded.
        down: returns whether the daemon is down at a moment.
        upstream: lays out the files that upstream has at a moment.
        catch_up_hours: hours in which the sensor ticks, twice each; every hour takes too long.
        before_late_ticks: after a time in which the daemon was down, the sensor ticks twice too,
            this many times of them before the schedules; None: it does not tick.
    """

    instance: dg.DagsterInstance
    execute: Execute
    down: Callable[[datetime], bool] = lambda at: False
    upstream: Callable[[datetime], None] = lambda at: None
    schedules: tuple[str, ...] = ("tuesday_import", "thursday_final_import")
    catch_up_hours: tuple[int, ...] = (11,)
    before_late_ticks: int | None = None
    requests: list[tuple[datetime, str, dg.RunRequest]] = field(default_factory=list)
    skips: list[tuple[datetime, str, str]] = field(default_factory=list)
    _keys: set[str] = field(default_factory=set)
    _cursor: str | None = None

    def run(self, since: datetime, until: datetime) -> None:
        missed: dict[str, datetime] = {}
        at = since
        while at <= until:
            self.upstream(at)
            due = [s for s in ALL_SCHEDULES if s.name in self.schedules and is_tick(s, at)]
            if self.down(at):
                # Dagster evaluates the latest missed tick of a schedule only.
                missed.update({schedule.name: at for schedule in due})
            else:
                if missed:
                    self._return(missed, at)
                    missed.clear()
                for schedule in due:
                    self.tick(schedule, at, at)
                # Nothing is played in summer: one day a month shows that nothing is requested.
                is_summer = 3 <= at.month <= 8 and at.day != 1
                if at.hour in self.catch_up_hours and not is_summer:
                    self.catch_up(at)
                    self.catch_up(at + timedelta(minutes=5))
            at += HOUR

    def _return(self, missed: Mapping[str, datetime], at: datetime) -> None:
        """Tick the schedules and the sensor once the daemon is up again; Dagster fixes no order."""
        sensor = [] if self.before_late_ticks is None else [at, at + timedelta(minutes=5)]
        first = self.before_late_ticks or 0
        for moment in sensor[:first]:
            self.catch_up(moment)
        for schedule in ALL_SCHEDULES:
            if schedule.name in missed:
                self.tick(schedule, missed[schedule.name], at)
        for moment in sensor[first:]:
            self.catch_up(moment)

    def tick(self, schedule: Any, scheduled: datetime, at: datetime) -> None:
        with dg.build_schedule_context(
            instance=self.instance,
            scheduled_execution_time=scheduled,
            resources={"nfl": NflData(at=at.isoformat())},
            repository_def=defs.get_repository_def(),
        ) as context:
            # Without this the context opens the instance again, which takes most of a tick.
            context._instance = self.instance
            data = schedule.evaluate_tick(context)
        for request in data.run_requests or ():
            self._request(at, schedule.job_name, schedule.name, request)
        if not data.run_requests:
            assert data.skip_message
            self.skips.append((scheduled, schedule.name, data.skip_message))

    def catch_up(self, at: datetime) -> None:
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self._cursor,
            resources={"nfl": NflData(at=at.isoformat())},
            repository_def=defs.get_repository_def(),
        ) as context:
            data = catch_up.evaluate_tick(context)
        self._cursor = data.cursor
        for request in data.run_requests or ():
            self._request(at, "weekly_import", "catch_up", request)

    def _request(self, at: datetime, job: str, asker: str, request: dg.RunRequest) -> None:
        key = f"{asker} {request.run_key}"
        if key in self._keys:
            return
        self._keys.add(key)
        self.requests.append((at, asker, request))
        self.execute(job, request)

    def asked(self) -> list[tuple[SeasonWeek, str]]:
        """Return the week and phase of every requested import, in order."""
        found = []
        for _, _, request in self.requests:
            week = week_of_run(request.tags)
            assert week is not None
            found.append((week, request.tags["phase"]))
        return found


def is_tick(schedule: Any, at: datetime) -> bool:
    """Return whether a schedule ticks in this full hour (its cron uses hours and weekdays only)."""
    crons = schedule.cron_schedule
    return any(_matches(c, at) for c in ([crons] if isinstance(crons, str) else crons))


def _matches(cron: str, at: datetime) -> bool:
    minute, hour, _, _, dow = cron.split()
    assert minute == "0"
    return int(hour) == at.hour and (dow == "*" or at.weekday() in set(_days(dow)))


def _days(text: str) -> Iterable[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from (DOWS[day] for day in range(int(first), int(last or first) + 1))


def execute_for_real(instance: dg.DagsterInstance) -> Execute:
    """Return a function that runs the whole job on the files of NFLVERSE_MIRROR."""

    def execute(job: str, request: dg.RunRequest) -> bool:
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            partition_key=request.partition_key,
            tags=request.tags,
            run_config=QUIET,
            raise_on_error=False,
        )
        return result.success

    return execute


def execute_in_name(instance: dg.DagsterInstance, games: Iterable[Game]) -> Execute:
    """Return a function that runs no job and records a successful import with its phase.

    The lake gets one stat line of each team whose game is over.
    """
    schedule = tuple(games)

    def execute(job: str, request: dg.RunRequest) -> bool:
        week = week_of_run(request.tags)
        assert week is not None
        moment = datetime.fromisoformat(request.tags["as_of"])
        phases = phases_at(schedule, [week], moment)
        teams = [
            team
            for game in schedule
            if (game.season, game.week) == week and is_over_by_clock(game.kickoff, moment)
            for team in (game.home_team, game.away_team)
        ]
        at = week._asdict()
        lines = rows_of(WEEKLY_STATS, *({**at, "player_id": t, "team": t} for t in teams))
        return record_imports(instance, phases, request.tags, lines)

    return execute


@dg.op(config_schema=dict)
def record(context: dg.OpExecutionContext) -> None:
    for key, phase in context.op_config.items():
        context.log_event(
            dg.AssetMaterialization("weekly_stats", partition=key, metadata={"phase": phase})
        )


@dg.job
def recorded() -> None:
    record()


def record_imports(
    instance: dg.DagsterInstance,
    phases: Mapping[SeasonWeek, str],
    tags: Mapping[str, str],
    lines: pa.Table | None = None,
) -> bool:
    """Record the events of imports and put their weeks in the lake; return whether it succeeded.

    Args:
        lines: stat lines of the weeks; None: none.
    """
    if lines is None:
        lines = WEEKLY_STATS.arrow_schema.empty_table()
    NflData().lake.write_weeks(WEEKLY_STATS, lines, phases)
    config = {week.key: phase for week, phase in phases.items()}
    result = recorded.execute_in_process(
        instance=instance,
        tags={key: value for key, value in tags.items() if "/" not in key},
        run_config={"ops": {"record": {"config": config}}, **QUIET},
    )
    return result.success


def followed(
    instance: dg.DagsterInstance, job: str, sensor: str, nfl: NflData
) -> list[dg.RunRequest] | dg.SkipReason:
    """Return what a run-status sensor requests after the only successful run of a job.

    The run counts as the daemon's: after its own runs, a command does that work itself.
    """
    (run,) = instance.get_runs(dg.RunsFilter(job_name=job))
    run = run.with_tags({name: text for name, text in run.tags.items() if name != PROCESS})
    (success,) = instance.get_records_for_run(
        run.run_id, of_type=dg.DagsterEventType.RUN_SUCCESS
    ).records
    event = success.event_log_entry.dagster_event
    assert event is not None
    return asked_after(instance, run, event, sensor, nfl)


def asked_after(
    instance: dg.DagsterInstance,
    run: dg.DagsterRun,
    event: dg.DagsterEvent,
    sensor: str,
    nfl: NflData,
) -> list[dg.RunRequest] | dg.SkipReason:
    """Return what a run-status sensor requests after an event of a run."""
    context = dg.build_run_status_sensor_context(sensor, event, instance, run)
    definition = defs.get_repository_def().get_sensor_def(sensor)
    assert isinstance(definition, dg.RunStatusSensorDefinition)
    asked = definition(context, nfl=nfl)
    if isinstance(asked, dg.RunRequest):
        return [asked]
    assert isinstance(asked, (list, dg.SkipReason))
    return asked


def overlay(mirror: Path, variant: Path | None, folder: Path) -> Path:
    """Link a mirror's files into a folder, and a variant's over them; return the folder."""
    for source in (mirror, variant):
        if source is None:
            continue
        for root, _, names in os.walk(source):
            target = folder / Path(root).relative_to(source)
            target.mkdir(parents=True, exist_ok=True)
            for name in names:
                (target / name).unlink(missing_ok=True)
                (target / name).symlink_to(Path(root) / name)
    return folder


SCHEDULE = "github.com/nflverse/nflverse-data/releases/download/schedules/games.parquet"


def write_schedule(mirror: Path, folder: Path, postponed: Mapping[str, str] | None = None) -> None:
    """Write the schedule of a mirror, from 2023 on, to a folder.

    The file is small because every tick reads it.

    Args:
        postponed: new times of games, US/Eastern, by game id.
    """
    table = pq.read_table(mirror / SCHEDULE)
    rows = table.filter(pc.greater_equal(table["season"], 2023)).to_pylist()
    moved = dict(postponed or {})
    for row in rows:
        if at := moved.pop(row["game_id"], None):
            row["gameday"], row["gametime"] = at.split()
    assert not moved, f"the schedule has no game {moved}"
    (folder / SCHEDULE).parent.mkdir(parents=True, exist_ok=True)
    (folder / SCHEDULE).unlink(missing_ok=True)
    pq.write_table(type(table).from_pylist(rows, schema=table.schema), folder / SCHEDULE)
