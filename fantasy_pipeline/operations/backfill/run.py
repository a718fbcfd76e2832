"""Run a backfill of the command line: several steps at a time, and resumable.

Each step of the plan is one Dagster run in a separate process, see `workers`. Run history tells
which steps of an interrupted backfill are done.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import dagster as dg

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.lake.locks import LOOK_SECONDS, Timeout, locked
from fantasy_pipeline.lake.patience import patience
from fantasy_pipeline.operations.backfill.plan import GAMES, HISTORY, Plan, Step
from fantasy_pipeline.operations.backfill.workers import run_steps, start_server
from fantasy_pipeline.operations.session import BACKFILL_LOCK, Session
from fantasy_pipeline.orchestration.history_probe import check_usable
from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs, end_run, end_runs_of
from fantasy_pipeline.orchestration.runs.import_state import IN_PROGRESS
from fantasy_pipeline.orchestration.runs.results import RunOutcome
from fantasy_pipeline.orchestration.runs.tags import (
    BACKFILL,
    BACKFILL_LAKE,
    BACKFILL_PLAN,
    BACKFILL_STEP,
    BACKFILL_WEEKS,
    BACKFILL_WORK,
    internal,
    spellings,
)

RESUMED_WITHIN = 24 * 3600
"""Seconds after which a finished step runs again: upstream may have changed since."""
_LONGEST_CHECK_SECONDS = 2
"""For object storage to answer after a failed step; the step has waited already."""


@dataclass
class Summary:
    """Result of a backfill.

    Args:
        rows: rows written, by table.
        warnings: warnings of all steps, without repeats.
        failures: errors of each failed step, by the step's name.
        steps_done: steps that succeeded.
        steps_resumed: steps that an earlier, interrupted command had done.
        done: weeks of which a step succeeded.
        failed: weeks of which a step failed.
    """

    rows: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    failures: dict[str, tuple[str, ...]] = field(default_factory=dict)
    steps_done: int = 0
    steps_resumed: int = 0
    done: set[SeasonWeek] = field(default_factory=set)
    failed: set[SeasonWeek] = field(default_factory=set)

    @property
    def weeks(self) -> int:
        """Number of weeks of which no step failed."""
        return len(self.done - self.failed)

    def fail(self, step: Step, errors: tuple[str, ...]) -> None:
        self.failures[step.name] = errors
        self.failed.update(step.weeks)

    def resume(self, step: Step) -> None:
        self.steps_resumed += 1
        self.done.update(step.weeks)

    def add(self, step: Step, outcome: RunOutcome) -> None:
        if not outcome.success:
            self.failures[step.name] = outcome.errors or ("unknown error",)
            self.failed.update(outcome.unmade or step.weeks)
            if not outcome.unmade:
                return
        else:
            self.steps_done += 1
        self.done.update(step.weeks)
        for table, rows in outcome.rows.items():
            self.rows[table] = self.rows.get(table, 0) + rows
        self.warnings.update(dict.fromkeys(outcome.warnings))


def _unfinished(instance: dg.DagsterInstance, plan: Plan) -> tuple[str, set[str]]:
    """Return the id of the plan's interrupted backfill and the names of its finished steps.

    If the latest backfill of the plan ended, return a new id and no steps. A step counts as
    finished for a day, and only while the lake has its rows.
    """
    records = [
        record
        for tags in spellings(_tags_of(plan))
        for record in instance.get_run_records(dg.RunsFilter(tags=tags))
    ]
    if not records:
        return uuid4().hex[:8], set()
    latest = internal(records[0].dagster_run.tags, BACKFILL) or ""
    done = {
        internal(record.dagster_run.tags, BACKFILL_STEP) or ""
        for record in records
        if internal(record.dagster_run.tags, BACKFILL) == latest
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
            # Later stages read the rows that this stage has yet to write.
            return latest, kept
    return uuid4().hex[:8], set()


def _tags_of(plan: Plan) -> dict[str, str]:
    """Return the tags that all runs of a plan share, and no other run has."""
    return {BACKFILL_PLAN: plan.text} | ({BACKFILL_LAKE: plan.lake.root} if plan.lake else {})


def _tags_of_runs(plan: Plan, backfill_id: str) -> dict[str, str]:
    """Return the tags of the runs of one backfill."""
    tags = {
        **_tags_of(plan),
        BACKFILL: backfill_id,
        BACKFILL_WEEKS: str(plan.weeks),
        BACKFILL_WORK: str(plan.work),
        "source": plan.source,
        "trigger": "backfill",
    }
    return tags | ({"as_of": plan.as_of.isoformat()} if plan.as_of else {})


def run_backfill(
    instance: dg.DagsterInstance,
    plan: Plan,
    workers: int,
    on_step: Callable[[Step], None],
    on_wait: Callable[[], None] = lambda: None,
    on_resumed: Callable[[Step], None] = lambda _: None,
) -> Summary:
    """Run a plan, or the rest of an interrupted plan, and return its result.

    A failed step does not stop the others, unless the lake cannot be reached; later steps that need
    its weeks are not run and count as failed. One backfill runs at a time in a Dagster home, and
    others wait for it: projections depend on the weeks in the lake.

    Args:
        workers: number of worker processes.
        on_step: called after each step, succeeded or failed.
        on_wait: called once if another backfill is running.
        on_resumed: called for each step that an earlier command had finished.

    Raises:
        PipelineError: a step failed, and the lake cannot be reached; the same plan resumes.
        KeyboardInterrupt: passed on after the workers have stopped; the same plan resumes.
    """
    with _alone(on_wait):
        end_dead_runs(instance)
        return _run_plan(instance, plan, workers, on_step, on_resumed)


@contextmanager
def _alone(on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of backfills in this Dagster home; the system frees a killed backfill's lock.

    Args:
        on_wait: called once if another backfill holds the lock.
    """
    path = Path(os.environ["DAGSTER_HOME"]) / BACKFILL_LOCK
    with ExitStack() as stack:
        try:
            # `health` may look at the lock at this moment.
            stack.enter_context(locked(path, LOOK_SECONDS))
        except Timeout:
            on_wait()
            stack.enter_context(locked(path))
        yield


def _run_plan(
    instance: dg.DagsterInstance,
    plan: Plan,
    workers: int,
    on_step: Callable[[Step], None],
    on_resumed: Callable[[Step], None],
) -> Summary:
    backfill_id, done = _unfinished(instance, plan)
    summary = Summary()
    tags = _tags_of_runs(plan, backfill_id)
    failed: list[Step] = []
    for stage in plan.stages:
        todo = []
        for step in stage:
            if step.name in done:
                summary.resume(step)
                on_resumed(step)
            elif cause := _needed(step, failed):
                summary.fail(step, (f"not run, because {cause.name} failed",))
                on_step(step)
            else:
                todo.append(step)
        with closing(_run_stage(instance, workers, todo, plan.source, tags)) as outcomes:
            for step, outcome in outcomes:
                if not outcome.run_id:
                    # The worker died before it could mark its run as failed.
                    _end_lost_run(instance, backfill_id, step, outcome.errors[0])
                if not outcome.success and not outcome.unmade:
                    failed.append(step)
                    _check_reachable(plan.lake)
                summary.add(step, outcome)
                on_step(step)
    return summary


def _check_reachable(lake: Lake | None) -> None:
    """Raise if object storage has stopped working: else each further step would wait for it.

    Raises:
        PipelineError: it cannot be reached.
    """
    if lake is not None and not lake.is_local:
        with patience(_LONGEST_CHECK_SECONDS):
            lake.check()


def _needed(step: Step, failed: Sequence[Step]) -> Step | None:
    """Return a failed step whose rows this step reads: the history, or a step of its weeks."""
    if step.first is None:
        return None
    return next((other for other in failed if other.job == HISTORY or other.shares(step)), None)


def _end_lost_run(instance: dg.DagsterInstance, backfill_id: str, step: Step, why: str) -> None:
    """Mark the run of a dead worker as failed."""
    tags = {BACKFILL: backfill_id, BACKFILL_STEP: step.name}
    for run in instance.get_runs(dg.RunsFilter(tags=tags, statuses=IN_PROGRESS)):
        end_run(instance, run.run_id, why)


def refresh_schedule(session: Session) -> None:
    """Materialize the schedule in a worker process, because reading upstream takes much memory.

    Raises:
        PipelineError: the run failed, or the run history cannot be used.
    """
    start_server()
    # While the server loads, load what the command needs next: Arrow needs pandas to convert the
    # kick-off times to Python's.
    instance = session.instance
    check_usable(instance)
    importlib.import_module("pandas")
    tags = {"source": session.source, "trigger": "backfill"}
    with closing(_run_stage(instance, 1, [Step(GAMES)], session.source, tags)) as outcomes:
        [(_, outcome)] = outcomes
    if not outcome.success:
        raise PipelineError("; ".join(outcome.errors))


def _run_stage(
    instance: dg.DagsterInstance,
    workers: int,
    steps: Sequence[Step],
    source: str,
    tags: Mapping[str, str],
) -> Generator[tuple[Step, RunOutcome]]:
    """Run steps in worker processes and yield each with its outcome; see `run_steps`."""

    def end(pid: int) -> None:
        end_runs_of(instance, pid, "the run was interrupted")

    return run_steps(workers, steps, source, tags, end)
