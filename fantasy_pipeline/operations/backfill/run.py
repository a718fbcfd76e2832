"""Running a backfill from the command line: two steps at a time, resumable.

Each step of the plan is one Dagster run in a process of its own, see `workers`. Which
steps of an interrupted backfill are done is read from run history.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.lake.locks import Timeout, locked
from fantasy_pipeline.operations.backfill.plan import GAMES, HISTORY, Plan, Step
from fantasy_pipeline.operations.backfill.workers import STEP_TAG, run_in_process, start_server
from fantasy_pipeline.operations.session import BACKFILL_LOCK
from fantasy_pipeline.orchestration.runs.results import RunOutcome

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from fantasy_pipeline.football.season_week import SeasonWeek
    from fantasy_pipeline.operations.session import Session

_PLAN_TAG, _ID_TAG = "backfill_plan", "backfill"
_LAKE_TAG = "backfill_lake"
RESUMED_WITHIN = 24 * 3600
"""Seconds after which a step that was done is done again: upstream has changed since."""


@dataclass
class Summary:
    """What came out of a backfill."""

    rows: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    failures: dict[str, tuple[str, ...]] = field(default_factory=dict)
    steps_done: int = 0
    steps_resumed: int = 0
    done: set[SeasonWeek] = field(default_factory=set)
    failed: set[SeasonWeek] = field(default_factory=set)

    @property
    def weeks(self) -> int:
        """Weeks of which no step failed."""
        return len(self.done - self.failed)

    def fail(self, step: Step, errors: tuple[str, ...]) -> None:
        self.failures[step.name] = errors
        self.failed.update(step.weeks)

    def resume(self, step: Step) -> None:
        self.steps_resumed += 1
        self.done.update(step.weeks)

    def add(self, step: Step, outcome: RunOutcome) -> None:
        if not outcome.success:
            self.fail(step, outcome.errors or ("unknown error",))
            return
        self.steps_done += 1
        self.done.update(step.weeks)
        for table, rows in outcome.rows.items():
            self.rows[table] = self.rows.get(table, 0) + rows
        self.warnings.update(dict.fromkeys(outcome.warnings))


def _unfinished(instance: DagsterInstance, plan: Plan) -> tuple[str, set[str]]:
    """Id of the latest backfill of the same plan and its finished steps, if it did not end.

    A step is done again a day later, and if the lake no longer has what it made.
    """
    import dagster as dg

    records = instance.get_run_records(dg.RunsFilter(tags=_tags_of(plan)))
    if not records:
        return uuid4().hex[:8], set()
    latest = records[0].dagster_run.tags[_ID_TAG]
    done = {
        record.dagster_run.tags[STEP_TAG]
        for record in records
        if record.dagster_run.tags[_ID_TAG] == latest
        and record.dagster_run.is_success
        and time.time() - (record.end_time or 0) < RESUMED_WITHIN
    }
    if plan.lake is not None:
        steps = (step for stage in plan.stages for step in stage)
        done &= {step.name for step in steps if step.name in done and step.is_in(plan.lake)}
    kept: set[str] = set()
    for stage in plan.stages:
        kept |= done & {step.name for step in stage}
        if any(step.name not in done for step in stage):
            # Later stages read what this one is still to write.
            return latest, kept
    return uuid4().hex[:8], set()


def _tags_of(plan: Plan) -> dict[str, str]:
    """Tags that the runs of one plan, and no others, have in common."""
    return {_PLAN_TAG: plan.text} | ({_LAKE_TAG: plan.lake.root} if plan.lake else {})


def run_backfill(
    instance: DagsterInstance,
    plan: Plan,
    workers: int,
    on_step: Callable[[Step], None],
    on_wait: Callable[[], None] = lambda: None,
    on_resumed: Callable[[Step], None] = lambda _: None,
) -> Summary:
    """Run a plan, or the rest of it if it was interrupted.

    A failed step does not stop others, but what is to be made of its weeks is not made.

    One backfill is at work at a time in a Dagster home; another waits for it. So the outcome of
    many is that of one after the other: projections are made of what is in the lake.

    Args:
        workers: worker processes.
        on_step: called after each step, finished or failed.
        on_wait: called once if another backfill is at work.
        on_resumed: called for each step that was done before.

    Raises:
        KeyboardInterrupt: passed on after the workers have stopped; the same plan resumes.
    """
    from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs

    with _alone(on_wait):
        end_dead_runs(instance)
        return _run_plan(instance, plan, workers, on_step, on_resumed)


@contextmanager
def _alone(on_wait: Callable[[], None]) -> Iterator[None]:
    """In here, no other backfill is at work in this home; a killed one's place is free."""
    path = Path(os.environ["DAGSTER_HOME"]) / BACKFILL_LOCK
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path, 0))
        except Timeout:
            on_wait()
            stack.enter_context(locked(path))
        yield


def _run_plan(
    instance: DagsterInstance,
    plan: Plan,
    workers: int,
    on_step: Callable[[Step], None],
    on_resumed: Callable[[Step], None],
) -> Summary:
    backfill_id, done = _unfinished(instance, plan)
    summary = Summary()
    tags = {
        **_tags_of(plan),
        _ID_TAG: backfill_id,
        "backfill_weeks": str(plan.weeks),
        "backfill_work": str(plan.work),
        "source": plan.source,
        "trigger": "backfill",
    }
    failed: list[Step] = []
    for stage in plan.stages:
        todo = []
        for step in stage:
            if step.name in done:
                summary.resume(step)
                on_resumed(step)
            elif lost := _needed(step, failed):
                summary.fail(step, (f"not run, because {lost.name} failed",))
                on_step(step)
            else:
                todo.append(step)
        for step, outcome in _run_stage(workers, todo, plan.source, tags):
            if not outcome.run_id:
                _end_lost_run(instance, backfill_id, step, outcome.errors[0])
            if not outcome.success:
                failed.append(step)
            summary.add(step, outcome)
            on_step(step)
    return summary


def _needed(step: Step, failed: Sequence[Step]) -> Step | None:
    """A failed step that one of a season stands on: one of its weeks, or the history."""
    if step.first is None:
        return None
    return next((lost for lost in failed if lost.job == HISTORY or lost.shares(step)), None)


def _end_lost_run(instance: DagsterInstance, backfill_id: str, step: Step, why: str) -> None:
    """A dead worker cannot say itself that its run is over."""
    import dagster as dg

    from fantasy_pipeline.orchestration.runs.dead_runs import end_run
    from fantasy_pipeline.orchestration.runs.import_state import IN_PROGRESS

    tags = {_ID_TAG: backfill_id, STEP_TAG: step.name}
    for run in instance.get_runs(dg.RunsFilter(tags=tags, statuses=IN_PROGRESS)):
        end_run(instance, run.run_id, why)


def refresh_schedule(session: Session) -> None:
    """Materialize the schedule, in a process of its own: reading upstream costs memory.

    Raises:
        PipelineError: it failed.
    """
    start_server()
    # While the server loads: what whoever asks for the schedule needs next. Arrow loads pandas to
    # make Python's times of the schedule's.
    _ = session.instance
    importlib.import_module("pandas")
    tags = {"source": session.source, "trigger": "backfill"}
    [(_, outcome)] = _run_stage(1, [Step(GAMES)], session.source, tags)
    if not outcome.success:
        raise PipelineError("; ".join(outcome.errors))


def _run_stage(
    workers: int, steps: Sequence[Step], source: str, tags: Mapping[str, str]
) -> Iterator[tuple[Step, RunOutcome]]:
    """Run steps, each in a process of its own: one that dies or bloats harms no other."""
    with ThreadPoolExecutor(workers) as pool:
        pending: dict[Future[RunOutcome], Step] = {
            pool.submit(run_in_process, step, source, tags): step for step in steps
        }
        try:
            for future in as_completed(pending):
                try:
                    yield pending[future], future.result()
                except Exception as error:
                    yield pending[future], RunOutcome("", False, errors=(f"worker died: {error}",))
        finally:
            for future in pending:
                future.cancel()
