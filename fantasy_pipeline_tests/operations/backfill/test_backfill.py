"""Backfills: planned in ranges and stages, resumed from run history, run in worker processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from filelock import FileLock

from fantasy_pipeline.cli.run import summary_json
from fantasy_pipeline.definitions import defs
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    GAMES,
    PLAYER_HISTORY,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    PROVISIONAL_STATS,
    WEEKLY_STATS,
)
from fantasy_pipeline.ingest.leagues import registry
from fantasy_pipeline.ingest.leagues.files import read_file
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.ingest.sample.fantasy import write_fantasy_league
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.backfill import run as backfill
from fantasy_pipeline.operations.backfill.plan import (
    Plan,
    Step,
    backfill_plan,
    contiguous,
    demo_plan,
    make_plan,
    weeks_done,
)
from fantasy_pipeline.operations.backfill.run import Summary
from fantasy_pipeline.operations.backfill.workers import NICENESS
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.runs.results import RunOutcome
from fantasy_pipeline.orchestration.runs.tags import (
    BACKFILL,
    BACKFILL_PLAN,
    BACKFILL_STEP,
    spellings,
)
from fantasy_pipeline_tests.rows import Rows
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS


def weeks(season: int, *numbers: int) -> list[SeasonWeek]:
    return [SeasonWeek(season, number) for number in numbers]


# Plans


@pytest.mark.parametrize(
    ("given", "ranges"),
    [
        ([], []),
        (weeks(2024, 5), [(5, 5)]),
        (weeks(2024, 1, 2, 3), [(1, 3)]),
        (weeks(2024, 3, 1, 2), [(1, 3)]),
        (weeks(2024, 1, 2, 4, 6, 7), [(1, 2), (4, 4), (6, 7)]),
        (weeks(2023, 22) + weeks(2024, 1), [(22, 22), (1, 1)]),
        (weeks(2024, 1) + weeks(2023, 1, 2), [(1, 2), (1, 1)]),
    ],
    ids=str,
)
def test_contiguous_weeks(given: list[SeasonWeek], ranges: list[tuple[int, int]]) -> None:
    found = contiguous(given)
    assert [(first.week, last.week) for first, last in found] == ranges
    # No range spans two seasons, and the ranges cover the given weeks.
    covered = [
        SeasonWeek(first.season, week)
        for first, last in found
        for week in range(first.week, last.week + 1)
    ]
    assert covered == sorted(given)
    assert all(first.season == last.season for first, last in found)


def test_a_plan_ingests_then_knows_then_projects() -> None:
    plan = make_plan("the request", "sample", [*weeks(2023, 1, 2), *weeks(2024, 1, 3)])
    assert [[step.name for step in stage] for stage in plan.stages] == [
        ["season_ingest 2023|01-02", "season_ingest 2024|01-01", "season_ingest 2024|03-03"],
        ["history_rebuild"],
        [
            "season_projections 2024|03-03",
            "season_projections 2024|01-01",
            "season_projections 2023|01-02",
        ],
    ]
    assert (plan.text, plan.source) == ("the request", "sample")
    names = [step.name for stage in plan.stages for step in stage]
    assert len(set(names)) == len(names)


def test_stats_that_may_be_corrected_are_kept_by_a_step_of_their_own() -> None:
    plan = make_plan("", "sample", weeks(2024, 7, 8, 9), early=weeks(2024, 9))
    assert [[step.name for step in stage] for stage in plan.stages] == [
        ["season_ingest 2024|07-08", "provisional_ingest 2024|09-09"],
        ["history_rebuild"],
        ["season_projections 2024|09-09", "season_projections 2024|07-08"],
    ]
    (ingest, early), _, (project_early, project) = plan.stages
    # A failed week is not projected, nor are the weeks of its step.
    assert backfill._needed(project_early, [early]) == early
    assert backfill._needed(project, [ingest]) == ingest
    assert backfill._needed(project, [Step("season_ingest", *weeks(2023, 7, 9))]) is None


@pytest.mark.slow
def test_the_due_week_is_provisional_and_nothing_missing_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the sample league week 9 of 2025 is due; later weeks do not fail the season."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")

    def run(*more: str) -> str:
        command = [sys.executable, "-m", "fantasy_pipeline.cli", "backfill", "--seasons", "2025"]
        done = subprocess.run(
            [*command, "--weeks", "8-12", *more],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert (
            "weeks skipped because none of their games is over: 2025|10, 2025|11, 2025|12"
            in done.stderr
        )
        return done.stdout

    assert re.search("^2 weeks done, 5 steps succeeded, 0 failed$", run(), re.MULTILINE)
    lake = Session().lake
    assert lake.weeks(WEEKLY_STATS) == weeks(2025, 8, 9)
    assert lake.weeks(PROVISIONAL_STATS) == weeks(2025, 9)
    assert lake.read(PROVISIONAL_STATS).num_rows == lake.read(WEEKLY_STATS, weeks(2025, 9)).num_rows
    assert "Nothing to do: the lake already has these weeks." in run("--only-missing")
    assert json.loads(run("--only-missing", "--json"))["steps_done"] == 0
    # A week without its accuracy counts as missing, as after a kill between the two tables.
    (scored,) = Path(lake.root).glob("projection_accuracy/season=2025/week=08/*")
    scored.unlink()
    assert json.loads(run("--only-missing", "--json"))["weeks"] == 1
    assert lake.has(PROJECTION_ACCURACY, SeasonWeek(2025, 8))
    # So does a week whose stats lack a game: those of a week in progress.
    whole = lake.read(WEEKLY_STATS, weeks(2025, 9))
    part = whole.filter(pc.is_in(whole["team"], pa.array(["LV", "WAS"])))
    lake.write_weeks(WEEKLY_STATS, part, weeks(2025, 9))
    assert json.loads(run("--only-missing", "--json"))["weeks"] == 1
    assert lake.read(WEEKLY_STATS, weeks(2025, 9)).equals(whole)


def test_the_seasons_of_registered_leagues_are_one_more_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    session = Session("sample")
    session.lake.write(GAMES, SampleLeague().schedule())
    without = backfill_plan(session, [2024, 2025], [1, 2, 4], only_missing=False)
    assert len(without.stages) == 3
    path = write_fantasy_league(tmp_path / "files", SampleLeague().weekly_stats(2025), 2025)
    registry.store(session.lake, "friends", [read_file(path)])
    plan = backfill_plan(session, [2024, 2025], [1, 2, 4], only_missing=False)
    assert plan.stages[:3] == without.stages
    assert [step.name for step in plan.stages[3]] == [
        "league_import 2025|01-02",
        "league_import 2025|04-04",
    ]
    assert not plan.stages[3][0].is_in(session.lake)
    only_2024 = backfill_plan(session, [2024], [1], only_missing=False)
    assert len(only_2024.stages) == 3


def test_a_week_that_upstream_may_lack_costs_no_other() -> None:
    plan = make_plan("", "sample", weeks(2024, 1, 2, 3, 4), weeks(2024, 4))
    lost = Step("provisional_ingest", *weeks(2024, 4, 4))
    assert lost in plan.stages[0]
    projected = [step for step in plan.stages[2] if backfill._needed(step, [lost]) is None]
    assert projected == [Step("season_projections", *weeks(2024, 1, 3))]


def test_progress_is_counted_in_weeks() -> None:
    plan = make_plan("", "sample", [*weeks(2023, *range(1, 23)), *weeks(2024, 1, 2)])
    assert [sum(step.work for step in stage) for stage in plan.stages] == [24, 22, 24]
    assert (plan.weeks, plan.work) == (24, 70)
    assert [weeks_done(24, work, 70) for work in (0, 24, 46, 70)] == [0, 8, 15, 24]
    assert Step("games_refresh").work == 1


def test_every_step_is_a_job() -> None:
    steps = [step for stage in make_plan("", "sample", weeks(2024, 1)).stages for step in stage]
    for step in [*steps, Step(backfill.GAMES)]:
        assert defs.resolve_job_def(step.job).name == step.job


def test_a_summary_adds_up() -> None:
    summary = Summary()
    first, other = Step("season_ingest", *weeks(2024, 1, 2)), Step("history_rebuild")
    summary.add(first, RunOutcome("1", True, {"games": 2, "raw_players": 5}, ("odd", "old")))
    summary.add(other, RunOutcome("2", True, {"raw_players": 6}, ("odd",)))
    summary.add(first, RunOutcome("3", False, {"raw_players": 100}, ("lost",), ("a: broke",)))
    summary.add(other, RunOutcome("4", False))
    assert summary.rows == {"games": 2, "raw_players": 11}
    assert list(summary.warnings) == ["odd", "old"]
    assert summary.failures == {
        "season_ingest 2024|01-02": ("a: broke",),
        "history_rebuild": ("unknown error",),
    }
    assert summary.steps_done == 2
    # One week of another step is done and failed: it is not done.
    summary.resume(Step("season_ingest", *weeks(2024, 2, 4)))
    assert (summary.weeks, summary.steps_resumed) == (2, 1)
    assert summary.failed == set(weeks(2024, 1, 2))
    assert summary_json(summary)["weeks_failed"] == ["2024|01", "2024|02"]


# Resuming: which steps are done is read from run history


@dg.op
def _works() -> None:
    pass


@dg.op
def _breaks() -> None:
    raise dg.Failure("it broke")


@dg.job
def _good() -> None:
    _works()


@dg.job
def _bad() -> None:
    _breaks()


QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunHistory:
    """A Dagster instance with runs of backfills in it."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance

    def add(
        self, plan: Plan, backfill_id: str, step: str, fail: bool = False, early: bool = False
    ) -> None:
        tags = backfill._tags_of(plan) | {BACKFILL: backfill_id, BACKFILL_STEP: step}
        tags = spellings(tags)[int(early)]
        result = (_bad if fail else _good).execute_in_process(
            instance=self.instance, tags=tags, run_config=QUIET, raise_on_error=False
        )
        assert result.success is not fail

    def unfinished(self, plan: Plan) -> tuple[str, set[str]]:
        return backfill._unfinished(self.instance, plan)


@pytest.fixture
def runs() -> Iterator[RunHistory]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield RunHistory(instance)


PLAN = make_plan("sample 2024 weeks 1-2,4", "sample", weeks(2024, 1, 2, 4))
INGEST = ["season_ingest 2024|01-02", "season_ingest 2024|04-04"]
HISTORY = "history_rebuild"
PROJECT = ["season_projections 2024|01-02", "season_projections 2024|04-04"]


def test_a_plan_never_begun_starts_afresh(runs: RunHistory) -> None:
    backfill_id, done = runs.unfinished(PLAN)
    assert done == set()
    assert len(backfill_id) == 8
    assert runs.unfinished(PLAN)[0] != backfill_id


def test_finished_steps_of_an_interrupted_backfill_are_kept(runs: RunHistory) -> None:
    for step in (*INGEST, HISTORY, PROJECT[0]):
        runs.add(PLAN, "first", step)
    assert runs.unfinished(PLAN) == ("first", {*INGEST, HISTORY, PROJECT[0]})


def test_a_backfill_of_an_early_version_is_resumed(runs: RunHistory) -> None:
    for step in INGEST:
        runs.add(PLAN, "first", step, early=True)
    runs.add(PLAN, "first", HISTORY)
    assert runs.unfinished(PLAN) == ("first", {*INGEST, HISTORY})


def test_a_failed_step_is_done_again(runs: RunHistory) -> None:
    runs.add(PLAN, "first", INGEST[0])
    runs.add(PLAN, "first", INGEST[1], fail=True)
    assert runs.unfinished(PLAN) == ("first", {INGEST[0]})


def test_what_stands_on_a_failed_step_is_done_again(runs: RunHistory) -> None:
    """A failed step did not stop the other seasons, which were made of an incomplete lake."""
    runs.add(PLAN, "first", INGEST[0])
    runs.add(PLAN, "first", INGEST[1], fail=True)
    for step in (HISTORY, *PROJECT):
        runs.add(PLAN, "first", step)
    assert runs.unfinished(PLAN) == ("first", {INGEST[0]})


def test_a_step_that_failed_and_then_succeeded_is_done(runs: RunHistory) -> None:
    runs.add(PLAN, "first", INGEST[0], fail=True)
    runs.add(PLAN, "first", INGEST[0])
    assert runs.unfinished(PLAN) == ("first", {INGEST[0]})


def test_a_backfill_that_ended_is_not_resumed(runs: RunHistory) -> None:
    for step in (*INGEST, HISTORY, *PROJECT):
        runs.add(PLAN, "first", step)
    backfill_id, done = runs.unfinished(PLAN)
    assert backfill_id != "first"
    assert done == set()


def test_the_latest_backfill_counts(runs: RunHistory) -> None:
    for step in (*INGEST, HISTORY, *PROJECT):
        runs.add(PLAN, "first", step)
    runs.add(PLAN, "second", INGEST[1])
    assert runs.unfinished(PLAN) == ("second", {INGEST[1]})


def test_other_plans_and_other_runs_do_not_count(runs: RunHistory) -> None:
    other = make_plan("nfl 2024 weeks 1-2,4", "auto", weeks(2024, 1, 2, 4))
    runs.add(other, "other", INGEST[0])
    _good.execute_in_process(instance=runs.instance, run_config=QUIET)
    assert runs.unfinished(PLAN)[1] == set()


def test_a_week_that_came_since_is_a_step_of_its_own(runs: RunHistory) -> None:
    """The plan of a Tuesday later: the same text, one week more."""
    for step in (*INGEST, HISTORY):
        runs.add(PLAN, "first", step)
    later = make_plan(PLAN.text, "sample", weeks(2024, 1, 2, 4, 5))
    assert runs.unfinished(later) == ("first", {INGEST[0]})


def test_a_day_later_everything_is_done_again(
    runs: RunHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Upstream has changed since, and a step that always fails must not keep the others old."""
    runs.add(PLAN, "first", INGEST[0])
    assert runs.unfinished(PLAN) == ("first", {INGEST[0]})
    monkeypatch.setattr(backfill, "RESUMED_WITHIN", 0)
    assert runs.unfinished(PLAN) == ("first", set())


def test_only_what_is_in_the_lake_is_done(runs: RunHistory, rows: Rows, tmp_path: Path) -> None:
    """Steps of another lake do not count, nor steps whose rows were deleted."""
    one, other = (Lake(str(tmp_path / name), None) for name in ("one", "other"))
    here, there = replace(PLAN, lake=one), replace(PLAN, lake=other)
    for step in (*INGEST, HISTORY, PROJECT[0]):
        runs.add(here, "first", step)
    assert runs.unfinished(here) == ("first", set())
    one.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS), weeks(2024, 1, 2))
    assert runs.unfinished(here) == ("first", {INGEST[0]})
    one.write_weeks(WEEKLY_STATS, rows(WEEKLY_STATS), weeks(2024, 4))
    one.write(PLAYER_HISTORY, rows(PLAYER_HISTORY))
    assert runs.unfinished(here) == ("first", {*INGEST, HISTORY})
    one.write_weeks(PROJECTIONS, rows(PROJECTIONS), weeks(2024, 1, 2, 4))
    assert runs.unfinished(here) == ("first", {*INGEST, HISTORY, PROJECT[0]})
    assert runs.unfinished(there)[1] == set()


def test_another_backfill_is_waited_for(
    runs: RunHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    waited, ended = threading.Event(), threading.Event()

    def run() -> None:
        nothing = Plan("nothing", "sample", ())
        backfill.run_backfill(runs.instance, nothing, 1, lambda step: None, waited.set)
        ended.set()

    second = threading.Thread(target=run)
    with FileLock(tmp_path / ".backfill.lock"):
        second.start()
        assert waited.wait(60)
        assert not ended.wait(0.6)
    second.join(60)
    assert ended.is_set()


# For real: the sample league, in worker processes

SCRIPT = """
import json, multiprocessing, os, sys, time
import dagster as dg
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.operations.backfill.plan import GAMES, Plan, Step, make_plan
from fantasy_pipeline.operations.backfill.run import refresh_schedule, run_backfill
from fantasy_pipeline.operations.session import Session
from fantasy_pipeline.orchestration.runs.tags import BACKFILL_PLAN, BACKFILL_STEP

def report(**facts):
    print(json.dumps(facts), flush=True)

def run(plan, on_step, instance):
    seen, resumed = [], []
    def step_done(step):
        seen.append(step.name)
        on_step(step)
    try:
        summary = run_backfill(instance, plan, 1, step_done,
                               on_resumed=lambda step: resumed.append(step.name))
    except KeyboardInterrupt:
        report(interrupted=True, seen=seen)
        return
    report(seen=seen, rows=summary.rows, failures=summary.failures,
           done=summary.steps_done, resumed=summary.steps_resumed, done_before=resumed)

def interrupt(step):
    raise KeyboardInterrupt

def runs_of(instance, text):
    filters = dg.RunsFilter(tags={BACKFILL_PLAN: text})
    return [(run.tags[BACKFILL_STEP], run.status.value) for run in instance.get_runs(filters)]

def kill_workers(step):
    if step.job == GAMES:
        # The next step's run has begun.
        while len(runs_of(instance, "killed")) < 2:
            time.sleep(0.02)
        for worker in multiprocessing.active_children():
            report(nicer=os.getpriority(os.PRIO_PROCESS, worker.pid) - os.nice(0))
            worker.kill()

if __name__ == "__main__":
    games, week = Step(GAMES), SeasonWeek(2024, 1)
    [[ingest], [history], _] = make_plan("", "sample", [week]).stages
    with dg.DagsterInstance.get() as instance:
        refresh_schedule(Session())
        report(games=len(instance.get_runs()))
        plan = Plan("interrupted", "sample", ((ingest,), (history,)))
        run(plan, interrupt, instance)
        run(plan, lambda step: None, instance)
        report(runs=[dict(run.tags, status=run.status.value) for run in instance.get_runs()])
        run(Plan("killed", "sample", ((games, ingest), (history,))), kill_workers, instance)
        report(killed=runs_of(instance, "killed"))
        lost = make_plan("lost", "sample", [SeasonWeek(2031, 1), week])
        run(lost, lambda step: None, instance)
    os.environ["DAGSTER_HOME"] = sys.argv[1]
    with dg.DagsterInstance.get() as other:
        run(Plan("elsewhere", "sample", ((Step(GAMES),),)), lambda step: None, other)
        report(elsewhere=len(other.get_runs()))
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return the reports of a script that interrupts, resumes and kills backfills."""
    folder = tmp_path_factory.mktemp("backfill")
    script = folder / "script.py"
    script.write_text(SCRIPT)
    homes = [folder / name for name in ("home", "elsewhere")]
    for home in homes:
        home.mkdir()
        (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("FANTASY_")
    }
    done = subprocess.run(
        [sys.executable, str(script), str(homes[1])],
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        env=environment
        | {
            "DAGSTER_HOME": str(homes[0]),
            "FANTASY_DATA": str(folder / "data"),
            "FANTASY_SOURCE": "sample",
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(text) for text in done.stdout.splitlines()]


STEPS = ["season_ingest 2024|01-01", "history_rebuild"]


@pytest.mark.slow
def test_an_interrupted_backfill_is_resumed(reports: list[dict[str, Any]]) -> None:
    schedule, interrupted, resumed, history = reports[:4]
    assert schedule == {"games": 1}
    assert interrupted == {"interrupted": True, "seen": STEPS[:1]}
    assert (resumed["done_before"], resumed["seen"]) == (STEPS[:1], STEPS[1:])
    assert resumed["failures"] == {}
    assert (resumed["resumed"], resumed["done"]) == (1, 1)
    assert set(resumed["rows"]) == {"player_history"}
    assert resumed["rows"]["player_history"] > 500
    # Each step succeeded once, under one id, and can be found by its tags.
    tagged = [run for run in history["runs"] if run.get(BACKFILL_PLAN) == "interrupted"]
    assert [run[BACKFILL_STEP] for run in tagged] == STEPS[::-1]
    assert {run["status"] for run in tagged} == {"SUCCESS"}
    assert len({run[BACKFILL] for run in tagged}) == 1
    assert {run["source"] for run in tagged} == {"sample"}
    assert {run["trigger"] for run in tagged} == {"backfill"}
    assert [run.get("season") for run in tagged] == [None, "2024"]


@pytest.mark.slow
def test_a_dead_worker_is_a_failure_and_not_the_end(reports: list[dict[str, Any]]) -> None:
    worker, killed = reports[4:6]
    # Whoever looks at a page comes first.
    assert worker == {"nicer": NICENESS}
    assert killed["seen"] == ["games_refresh", *STEPS]
    assert list(killed["failures"]) == STEPS[:1]
    assert killed["failures"][STEPS[0]][0].startswith("worker died: ")
    assert killed["done"] == 2
    # History does not call the lost run busy for ever.
    assert reports[6]["killed"] == [
        ["history_rebuild", "SUCCESS"],
        [STEPS[0], "FAILURE"],
        ["games_refresh", "SUCCESS"],
    ]


@pytest.mark.slow
def test_what_stands_on_a_failed_step_is_not_run(reports: list[dict[str, Any]]) -> None:
    """The other season is imported and projected."""
    lost = reports[7]
    assert list(lost["failures"]) == ["season_ingest 2031|01-01", "season_projections 2031|01-01"]
    assert "2031" in lost["failures"]["season_ingest 2031|01-01"][0]
    assert lost["failures"]["season_projections 2031|01-01"] == [
        "not run, because season_ingest 2031|01-01 failed"
    ]
    assert lost["done"] == 3
    assert lost["rows"]["projections"] > 500


@pytest.mark.slow
def test_runs_are_of_the_instance_passed_in(reports: list[dict[str, Any]]) -> None:
    assert reports[8]["done"] == 1
    assert reports[9] == {"elsewhere": 1}


def test_the_demo_projects_every_week_that_it_imports() -> None:
    """The due week, week 9, too."""
    imports, _, projections = demo_plan(Session("sample")).stages
    imported, projected = (
        sorted(week for step in steps for week in step.weeks) for steps in (imports, projections)
    )
    assert imported == projected
    assert projected[-1] == SeasonWeek(2025, 9)
