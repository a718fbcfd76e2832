"""Runs of our own commands in the Dagster UI: seen as the daemon's are, and stopped there.

Real commands, and a real webserver that is asked what the UI asks it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_HISTORY, RAW_PLAYERS, WEEKLY_STATS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs
from fantasy_pipeline.orchestration.runs.history import execution_of
from fantasy_pipeline.orchestration.runs.processes import process_tag, this_process
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.orchestration.test_ui import Query, ask, environment, serving
from fantasy_pipeline_tests.system.watching import finish, new_home, start
from fantasy_pipeline_tests.waiting import until

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

STOPS_WITHIN = 60
"""Seconds; it takes two or three where other programs do not use the processors."""
WEEK = SeasonWeek(2024, 3)
SEASON, ONE_WEEK = ("--season", "2024"), ("--week", "3")
TIMELINE = """query CompletedRunTimelineQuery($completedFilter: RunsFilter!, $limit: Int!) {
  completed: runsOrError(filter: $completedFilter, limit: $limit) { ... on Runs { results {
    id pipelineName tags { key value } status startTime endTime
    repositoryOrigin { id repositoryName repositoryLocationName } } } } }"""
RUNS_OF_JOB = """query RunsRootQuery($filter: RunsFilter!) {
  pipelineRunsOrError(filter: $filter) { ... on Runs { results { id status } } } }"""
TERMINATE = """mutation Terminate($runIds: [String!]!, $terminatePolicy: TerminateRunPolicy) {
  terminateRuns(runIds: $runIds, terminatePolicy: $terminatePolicy) { ... on TerminateRunsResult {
    terminateRunResults { __typename ... on TerminateRunFailure { message } } } } }"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_home(tmp_path_factory.mktemp("own") / "home")


@pytest.fixture(scope="module")
def graphql(home: Path) -> Iterator[Query]:
    """The query function of a webserver without a daemon: these commands need none."""
    workspace = str(ROOT / "workspace.yaml")
    with serving(["dagster-webserver", "--host", "127.0.0.1", "-w", workspace], home) as url:
        yield partial(ask, url)


@pytest.fixture(scope="module")
def lake(home: Path) -> Lake:
    """The lake of the home, with the week in it."""
    finish(command(home, "run", *SEASON, *ONE_WEEK))
    return Lake(f"{home}/data/sample", SAMPLE_LABEL)


@pytest.fixture
def instance(home: Path, graphql: Query) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def command(home: Path, *words: str) -> subprocess.Popen[str]:
    return start(home, *words, **environment(home), FANTASY_DATA=str(home / "data"))


COMMANDS = {
    ("run", *SEASON, *ONE_WEEK): "manual",
    ("trigger", *SEASON, *ONE_WEEK, "--wait"): "manual",
    ("backfill", "--seasons", "2024", "--weeks", "3"): "backfill",
}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_runs_are_on_the_timeline_and_on_their_jobs_page(
    home: Path, graphql: Query, words: tuple[str, ...]
) -> None:
    begun = time.time()
    finish(command(home, *words))
    completed = graphql(
        TIMELINE,
        completedFilter={
            "statuses": ["FAILURE", "SUCCESS", "CANCELED"],
            "updatedAfter": begun,
            "updatedBefore": time.time() + 1,
        },
        limit=500,
    )["completed"]["results"]
    assert completed
    for run in completed:
        # The timeline leaves out runs without these.
        assert run["repositoryOrigin"]["repositoryName"] == "__repository__"
        assert run["repositoryOrigin"]["repositoryLocationName"] == "fantasy_pipeline"
        assert run["startTime"]
        page = graphql(
            RUNS_OF_JOB,
            filter={
                "pipelineName": run["pipelineName"],
                "tags": [
                    {"key": ".dagster/repository", "value": "__repository__@fantasy_pipeline"}
                ],
            },
        )["pipelineRunsOrError"]["results"]
        assert run["id"] in {other["id"] for other in page}
        shown = {tag["key"]: tag["value"] for tag in run["tags"] if "dagster/" not in tag["key"]}
        assert (shown.pop("source"), shown.pop("trigger")) == ("sample", COMMANDS[words])
        assert set(shown) <= {"season", "week", "as_of"}, "internal tags are hidden"


def waiting_run(
    instance: dg.DagsterInstance, process: subprocess.Popen[str], after: float
) -> dg.DagsterRun:
    """Return the run that waits for the lock of the player history, once it does."""

    def found() -> dg.DagsterRun | None:
        assert process.poll() is None, process.communicate()
        for record in instance.get_run_records(
            dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
        ):
            run = record.dagster_run
            begun = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_START)
            steps = {entry.dagster_event.step_key for entry in begun if entry.dagster_event}
            if record.create_timestamp.timestamp() > after and "player_history" in steps:
                return run
        return None

    run = until(found, "the run waits for the lock")
    assert run is not None
    return run


@pytest.mark.parametrize(
    ("words", "policy"),
    [
        (("run", *SEASON, *ONE_WEEK), "SAFE_TERMINATE"),
        (("run", *SEASON, *ONE_WEEK), "MARK_AS_CANCELED_IMMEDIATELY"),
        (("trigger", *SEASON, *ONE_WEEK, "--wait"), "SAFE_TERMINATE"),
        (("backfill", "--seasons", "2024", "--weeks", "3"), "MARK_AS_CANCELED_IMMEDIATELY"),
    ],
    ids=["run", "run, forced", "trigger", "backfill, forced"],
)
def test_a_run_that_the_ui_terminates_ends_canceled(
    home: Path,
    graphql: Query,
    instance: dg.DagsterInstance,
    lake: Lake,
    words: tuple[str, ...],
    policy: str,
) -> None:
    before = {table.name: lake.read(table, [WEEK]) for table in (RAW_PLAYERS, WEEKLY_STATS)}
    history = lake.read(PLAYER_HISTORY)
    begun = time.time()
    with lake.rebuild_lock(PLAYER_HISTORY):
        process = command(home, *words)
        run = waiting_run(instance, process, begun)
        answer = graphql(TERMINATE, runIds=[run.run_id], terminatePolicy=policy)
        _, errors = process.communicate(timeout=STOPS_WITHIN)
    # Otherwise the dialog says "Unable to terminate run".
    (shown,) = answer["terminateRuns"]["terminateRunResults"]
    assert shown == {"__typename": "TerminateRunSuccess"}
    assert process.returncode == 1
    assert "the run was canceled" in errors
    execution = execution_of(instance, run.run_id)
    assert execution.status == "canceled"
    assert execution.result["errors"] == ["the run was canceled"]
    assert end_dead_runs(instance) == [], "no run is left behind"
    # What the run wrote before is whole; what it waited for is as it was.
    for table in (RAW_PLAYERS, WEEKLY_STATS):
        assert lake.read(table, [WEEK]).equals(before[table.name])
    assert lake.read(PLAYER_HISTORY).equals(history)


def test_a_run_whose_process_died_cannot_be_terminated(
    graphql: Query, instance: dg.DagsterInstance
) -> None:
    @dg.job
    def nothing() -> None: ...

    run_id = str(uuid4())
    gone = this_process()._replace(pid=2**22, started="1")
    tags = process_tag(run_id, gone)
    started = dg.DagsterRunStatus.STARTED
    instance.create_run_for_job(nothing, run_id=run_id, status=started, tags=tags)
    answer = graphql(TERMINATE, runIds=[run_id], terminatePolicy="SAFE_TERMINATE")
    (shown,) = answer["terminateRuns"]["terminateRunResults"]
    assert shown["__typename"] == "TerminateRunFailure"
    assert end_dead_runs(instance) == [run_id]
    assert execution_of(instance, run_id).status == "canceled"
