"""Test the Dagster UI: webserver, daemon and code location run as real processes.

Backfills of three weeks are launched through the API that the UI uses, and by clicks in a browser.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow.compute as pc
import pytest
import requests

from fantasy_pipeline.checks import ALL_CHECKS, BY_TABLE, TableChecks
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    NEWS,
    PROJECTION_ACCURACY,
    PROJECTIONS,
    RAW_PLAYERS,
    WEEKLY_STATS,
)
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.operations.status import backfills as under_way
from fantasy_pipeline.orchestration.metadata import link_to_report
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.test_definitions import DEPENDENCIES
from fantasy_pipeline_tests.waiting import until
from scripts import ui

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

PROGRAMS = Path(sys.executable).parent
(COMMAND,) = {
    tuple(line.split())
    for page in ("README.md", "docs/operations.md")
    for line in re.findall(r"^(?:\.venv/bin/)?(dg dev .*)$", (ROOT / page).read_text(), re.M)
}
WEEKS = ["2024|01", "2024|02", "2024|03"]
OTHER_WEEKS = ["2024|05", "2024|06", "2024|07"]
WEEKLY = [
    "raw_players",
    "weekly_stats",
    "source_projections",
    "model_projections",
    "projections",
    "projection_accuracy",
    "weekly_report",
]
Query = Callable[..., Any]


def ask(url: str, text: str, **variables: Any) -> Any:
    """Return the data of a GraphQL query."""
    answer = requests.post(
        f"{url}/graphql", json={"query": text, "variables": variables}, timeout=60
    )
    answer.raise_for_status()
    return answer.json()["data"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Dagster home of the UI."""
    folder = tmp_path_factory.mktemp("ui")
    shutil.copy(ROOT / "dagster.yaml", folder)
    return folder


@contextmanager
def serving(command: Sequence[str], home: Path, folder: Path = ROOT) -> Iterator[str]:
    """Start a UI on a home with a command, and return its address once it answers."""
    program, *arguments = command
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (home / "dev.log").open("w") as log:
        process = subprocess.Popen(
            # The default port may be taken on this machine.
            [str(PROGRAMS / program), *arguments, "--port", str(port)],
            cwd=folder,
            env=environment(home),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"

    def up() -> bool:
        assert process.poll() is None, (home / "dev.log").read_text()
        try:
            return requests.get(f"{address}/server_info", timeout=60).ok
        except requests.ConnectionError:
            return False

    try:
        until(up, "the webserver answers", pause=1)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        try:
            # It waits for runs that its sensors have started.
            process.wait(120)
        except subprocess.TimeoutExpired:
            # A shell's background job ignores interrupts, and so do its children.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def environment(home: Path) -> dict[str, str]:
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "DAGSTER_HOME": str(home), "FANTASY_SOURCE": "sample", "PATH": path}


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    """Return the address of the guides' `dg dev`, on three weeks of the sample league."""
    subprocess.run(
        [str(PROGRAMS / "fantasy-pipeline"), "backfill", "--seasons", "2024", "--weeks", "1-3"],
        env=environment(home),
        check=True,
        capture_output=True,
    )
    with serving(COMMAND, home) as address:
        yield address


@pytest.fixture(scope="module")
def graphql(url: str) -> Query:
    """Return the query function of the running UI."""
    return partial(ask, url)


def test_make_ui_starts_without_warnings(tmp_path: Path) -> None:
    text = (ROOT / "Makefile").read_text().replace("\\\n", "")
    (command,) = re.findall(r"cd \$\(DEMO_HOME\) .*/(dg dev .*)$", text, re.M)
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    with serving(command.replace("$(CURDIR)", str(ROOT)).split(), tmp_path, tmp_path) as address:
        found = ask(
            address,
            """{ repositoriesOrError { ... on RepositoryConnection {
            nodes { location { name } } } } }""",
        )
        log = (tmp_path / "dev.log").read_text()
    assert found["repositoriesOrError"]["nodes"] == [{"location": {"name": "fantasy_pipeline"}}]
    # Dagster says on the first start of each home that no run has been seen yet.
    warnings = [line for line in log.splitlines() if re.search("warn", line, re.I)]
    assert [line for line in warnings if "No cursor for event type" not in line] == []


def test_what_make_ui_does_not_stop_in_time_is_killed_with_its_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `dg dev` that ignores Ctrl-C: its webserver and daemon are processes of its own."""
    monkeypatch.setattr(ui, "STOP_SECONDS", 1)
    process = subprocess.Popen(
        ["sh", "-c", "trap '' INT; sleep 600 & echo started; wait"],
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout as pipe:
        assert pipe.readline() == b"started\n"
        ui.stop([process])
        # The pipe is at its end once no process holds it.
        ended, _, _ = select.select([pipe], [], [], 10)
    assert ended


def test_the_tuesday_schedule_is_on_and_has_a_next_tick(graphql: Query) -> None:
    data = graphql(
        """{ scheduleOrError(scheduleSelector: {repositoryName: "__repository__",
        repositoryLocationName: "fantasy_pipeline", scheduleName: "tuesday_import"}) {
        ... on Schedule { scheduleState { status } futureTicks(limit: 1) { results { timestamp }
        } } } }"""
    )["scheduleOrError"]
    assert data["scheduleState"]["status"] == "RUNNING"
    tick = time.gmtime(data["futureTicks"]["results"][0]["timestamp"])
    assert (tick.tm_wday, tick.tm_hour, tick.tm_min) == (1, 8, 0)


@pytest.fixture(scope="module")
def page(url: str, chromium: Browser) -> Iterator[Page]:
    """Return a page of the UI that is wide enough for the whole lineage."""
    context = chromium.new_context(viewport={"width": 5000, "height": 6000})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(url)
    yield page
    context.close()


@pytest.mark.browser
def test_lineage_shows_every_asset(url: str, page: Page) -> None:
    groups = ("ingest", "features", "projections", "decisions", "leagues", "report")
    expanded = "%2C".join(f"global%40global%3A{group}" for group in groups)
    page.goto(f"{url}/asset-groups?expanded={expanded}")
    page.get_by_text("weekly_report", exact=True).first.wait_for()
    # A node's first tooltip is its whole name; the shown text of long names is cut. Groups are
    # nodes of another class; one of them has the name of an asset.
    nodes = page.locator("svg foreignObject:not(.group)")
    # Nodes outside the window are not drawn.
    nodes.nth(len(DEPENDENCIES) - 1).wait_for()
    names = nodes.evaluate_all(
        "all => all.map(node => node.querySelector('[data-tooltip]')?.dataset.tooltip)"
    )
    assert sorted(name for name in names if name) == sorted(DEPENDENCIES)


@pytest.mark.browser
def test_the_partition_matrix_of_weekly_stats(url: str, page: Page) -> None:
    page.goto(f"{url}/assets/weekly_stats?view=partitions")
    page.get_by_text(f"Materialized ({len(WEEKS)})").first.wait_for()
    page.get_by_text("2024", exact=True).first.click()
    page.get_by_text("02", exact=True).first.click()
    page.get_by_text("dagster/partition_row_count").first.wait_for()
    assert "2024|02" in page.inner_text("body")
    assert "synthetic sample league" in page.inner_text("body")


@pytest.mark.browser
def test_the_link_to_a_report_leads_to_its_week(url: str, page: Page) -> None:
    """Alerts and `projections` show this address where FANTASY_ALERT_UI_URL is set."""
    link = link_to_report(SeasonWeek.from_key(WEEKS[1]), url).value
    page.goto(str(link).replace("/weekly_report?", "/projections?"))
    # No report was written yet, so look at the same view of another asset.
    page.get_by_text("dagster/partition_row_count").first.wait_for()
    text = page.inner_text("body")
    assert WEEKS[1] in text
    assert "weekly_report" in text
    page.goto(str(link))
    page.get_by_text(WEEKS[1]).first.wait_for()


@pytest.mark.browser
def test_a_backfill_launched_by_clicks_succeeds(
    url: str, page: Page, graphql: Query, home: Path
) -> None:
    told: list[dict[str, Any]] = []

    def backfills() -> Any:
        return graphql(
            """{ partitionBackfillsOrError { ... on PartitionBackfills { results {
            id status partitionNames assetSelection { path } } } } }"""
        )["partitionBackfillsOrError"]["results"]

    before = {item["id"] for item in backfills()}
    page.goto(f"{url}/assets/weekly_stats?view=partitions")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_placeholder("ex: 1999").fill("2024")
    page.get_by_text("Select a partition").click()
    for week in ("01", "02", "03"):
        page.locator(f"[title='{week}']").last.click()
    page.keyboard.press("Escape")
    page.get_by_text("3 partitions").first.wait_for()
    page.get_by_role("button", name="Launch backfill").click()

    def finished() -> Any:
        new = [item for item in backfills() if item["id"] not in before]
        assert not any("FAILED" in item["status"] for item in new), new
        with dg.DagsterInstance.from_config(str(home)) as instance:
            told.extend(under_way(instance))
        return [item for item in new if item["status"] == "COMPLETED_SUCCESS"]

    (done,) = until(finished, "the backfill ends", pause=1)
    # `status` showed the backfill meanwhile.
    assert {(item["id"], item["plan"], item["weeks"]) for item in told} == {
        (done["id"], "weekly_stats", 3)
    }
    assert {item["weeks_done"] for item in told} <= {0, 3}, "one run for all three"
    assert sorted(done["partitionNames"]) == WEEKS
    assert done["assetSelection"] == [{"path": ["weekly_stats"]}]
    page.goto(f"{url}/runs/b/{done['id']}")
    page.get_by_text("100% completed").first.wait_for()


@pytest.mark.browser
def test_the_schedule_page_shows_the_next_tick(url: str, page: Page) -> None:
    page.goto(f"{url}/locations/fantasy_pipeline/schedules/tuesday_import")
    page.get_by_text("Next tick").first.wait_for()
    page.get_by_text("At 08:00 AM UTC, only on Tuesday").first.wait_for()
    assert re.search(r"8:00:00\sAM UTC", page.inner_text("body"))


def materialized(graphql: Query, name: str) -> set[str]:
    """Return the weeks of an asset that the UI shows as materialized."""
    done = graphql(
        """query($k: AssetKeyInput!) { assetNodeOrError(assetKey: $k) { ... on AssetNode {
        assetPartitionStatuses { ... on MultiPartitionStatuses { ranges { primaryDimStartKey
        secondaryDim { ... on DefaultPartitionStatuses { materializedPartitions
        } } } } } } } }""",
        k={"path": [name]},
    )["assetNodeOrError"]["assetPartitionStatuses"]
    return {
        f"{block['primaryDimStartKey']}|{week}"
        for block in done["ranges"]
        for week in block["secondaryDim"]["materializedPartitions"]
    }


def check_statuses(
    graphql: Query, name: str, season: str = "2024"
) -> dict[str, dict[str, set[str]]]:
    """Return the weeks of a season by check of an asset and status, as the UI draws them.

    Of the running season the daemon may be projecting a week.
    """
    statuses = ("succeeded", "failed", "skipped", "executionFailed", "inProgress")
    fields = " ".join(f"{status}Partitions" for status in statuses)
    found = graphql(
        f"""query($k: AssetKeyInput!) {{ assetNodeOrError(assetKey: $k) {{ ... on AssetNode {{
        assetChecksOrError {{ ... on AssetChecks {{ checks {{ name partitionStatuses {{
        ... on AssetCheckMultiPartitionStatuses {{ ranges {{ primaryDimStartKey secondaryDim {{
        ... on AssetCheckDefaultPartitionStatuses {{ {fields} }} }} }} }} }} }} }} }} }} }} }}""",
        k={"path": [name]},
    )["assetNodeOrError"]["assetChecksOrError"]["checks"]
    return {
        check["name"]: {
            status: weeks
            for status in statuses
            if (
                weeks := {
                    f"{block['primaryDimStartKey']}|{week}"
                    for block in check["partitionStatuses"]["ranges"]
                    if block["primaryDimStartKey"] == season
                    for week in block["secondaryDim"][f"{status}Partitions"]
                }
            )
        }
        for check in found
    }


def execute_all_checks(graphql: Query, of_table: TableChecks) -> str:
    """Click *Execute all* on the Checks tab; the final status of the run."""
    name = of_table.table.name
    launched = graphql(
        """mutation($p: ExecutionParams!) { launchPipelineExecution(executionParams: $p) {
        __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }""",
        p={
            "mode": "default",
            "runConfigData": {},
            "selector": {
                "repositoryLocationName": "fantasy_pipeline",
                "repositoryName": "__repository__",
                "pipelineName": "__ASSET_JOB",
                "assetSelection": [],
                "assetCheckSelection": [
                    {"assetKey": {"path": [name]}, "name": check.name} for check in of_table.checks
                ],
            },
        },
    )["launchPipelineExecution"]
    return ended(graphql, launched["run"]["runId"])


def ended(graphql: Query, run_id: str) -> str:
    """The final status of a run."""

    def status() -> Any:
        run = graphql(
            "query($r: ID!) { runOrError(runId: $r) { ... on Run { status } } }", r=run_id
        )["runOrError"]
        return run["status"] if run["status"] in ("SUCCESS", "FAILURE", "CANCELED") else None

    return str(until(status, "the run ends", pause=1))


@pytest.mark.parametrize(
    "of_table",
    # Without a league, the tables of leagues have no week; past weeks have no news.
    [
        checks
        for checks in ALL_CHECKS[1:]
        if "league" not in checks.table.column_names and checks.table is not NEWS
    ],
    ids=lambda of_table: of_table.table.name,
)
def test_each_week_has_its_own_check_results(graphql: Query, of_table: TableChecks) -> None:
    """After a run over a range; no week is shown as skipped."""
    found = check_statuses(graphql, of_table.table.name)
    made = f"{of_table.table.name}_made"
    assert set(found) == {made, *(check.name for check in of_table.checks)}
    for statuses in found.values():
        assert set(statuses) <= {"succeeded", "failed"}
        assert set().union(*statuses.values()) == set(WEEKS)


def test_execute_all_checks_every_week_of_the_lake(graphql: Query, home: Path) -> None:
    """The UI sends no partition. Only the week with wrong rows fails."""
    assert execute_all_checks(graphql, BY_TABLE[RAW_PLAYERS.name]) == "SUCCESS"
    lake = Lake(str(home / "data" / "sample"), SAMPLE_LABEL)
    week = SeasonWeek.from_key(WEEKS[1])
    rows = lake.read(RAW_PLAYERS, [week])
    lake.write_weeks(RAW_PLAYERS, rows.filter(pc.not_equal(rows["team"], rows["team"][0])), [week])
    try:
        assert execute_all_checks(graphql, BY_TABLE[RAW_PLAYERS.name]) == "FAILURE"
        found = check_statuses(graphql, RAW_PLAYERS.name)["raw_players_against_schedule"]
        assert found == {"succeeded": {WEEKS[0], WEEKS[2]}, "failed": {WEEKS[1]}}
        [latest] = graphql(
            """query($k: AssetKeyInput!) { assetCheckExecutions(assetKey: $k, limit: 1,
            checkName: "raw_players_against_schedule", partition: "2024|02") { status evaluation {
            severity description targetMaterialization { runId } } } }""",
            k={"path": [RAW_PLAYERS.name]},
        )["assetCheckExecutions"]
        assert latest["evaluation"]["severity"] == "ERROR"
        assert "2024 week 2: no rows for teams with a game" in latest["evaluation"]["description"]
        assert latest["evaluation"]["targetMaterialization"]["runId"]
        # Of the run as a whole too: nothing of it is left "planned", which the UI shows as skipped.
        executions = graphql(
            """query($k: AssetKeyInput!) { assetCheckExecutions(assetKey: $k, limit: 50,
            checkName: "raw_players_against_schedule") { status partition } }""",
            k={"path": [RAW_PLAYERS.name]},
        )["assetCheckExecutions"]
        assert {item["status"] for item in executions} == {"SUCCEEDED", "FAILED"}
        assert None in {item["partition"] for item in executions}
    finally:
        lake.write_weeks(RAW_PLAYERS, rows, [week])
    assert execute_all_checks(graphql, BY_TABLE[RAW_PLAYERS.name]) == "SUCCESS"


@pytest.mark.parametrize(
    ("job", "source", "text"),
    [
        ("weekly_import", "sample", "The run names no week. Choose a partition"),
        ("games_refresh", "auto", "source auto is refused: this Dagster home has the history of"),
    ],
)
def test_the_launchpad_is_refused_what_cannot_be_right(
    graphql: Query, job: str, source: str, text: str
) -> None:
    """A weekly job without a partition, and the NFL in a home of the sample league."""
    before = check_statuses(graphql, "weekly_stats")
    launched = graphql(
        """mutation($p: ExecutionParams!) { launchPipelineExecution(executionParams: $p) {
        __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }""",
        p={
            "mode": "default",
            "runConfigData": {"resources": {"nfl": {"config": {"source": source}}}},
            "selector": {
                "repositoryLocationName": "fantasy_pipeline",
                "repositoryName": "__repository__",
                "pipelineName": job,
            },
        },
    )["launchPipelineExecution"]
    run_id = launched["run"]["runId"]
    assert ended(graphql, run_id) == "FAILURE"
    events = graphql(
        """query($r: ID!) { logsForRun(runId: $r) { ... on EventConnection { events { __typename
        ... on RunFailureEvent { error { message causes { message } } } } } } }""",
        r=run_id,
    )["logsForRun"]["events"]
    assert text in str([event for event in events if event["__typename"] == "RunFailureEvent"])
    assert "ExecutionStepStartEvent" not in {event["__typename"] for event in events}
    assert check_statuses(graphql, "weekly_stats") == before
    # It is not run again: the same run would be refused again.
    run = graphql(
        "query($r: ID!) { runOrError(runId: $r) { ... on Run { tags { key value } } } }", r=run_id
    )["runOrError"]
    assert {tag["value"] for tag in run["tags"] if tag["key"] == "dagster/will_retry"} == {"false"}


def backfilled(
    graphql: Query,
    assets: Sequence[str],
    weeks: Sequence[str],
    as_of: str | None = None,
) -> Any:
    """Launch a backfill as the UI does; its runs, once it has ended."""
    tags = [{"key": "as_of", "value": as_of}] if as_of else []
    backfill = graphql(
        """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) {
        ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
        p={
            "assetSelection": [{"path": [name]} for name in assets],
            "partitionNames": list(weeks),
            "fromFailure": False,
            "tags": tags,
        },
    )["launchPartitionBackfill"]["backfillId"]

    def finished() -> Any:
        state = graphql(
            """query($b: String!) { partitionBackfillOrError(backfillId: $b) {
            ... on PartitionBackfill { status runs { status tags { key value } } } } }""",
            b=backfill,
        )["partitionBackfillOrError"]
        assert state["status"] not in ("FAILED", "COMPLETED_FAILED"), state
        return state if state["status"] == "COMPLETED_SUCCESS" else None

    return until(finished, "the backfill ends", pause=1)["runs"]


def test_a_backfill_of_the_running_season(graphql: Query, home: Path) -> None:
    """Weeks 1-9 are played, week 10 comes next: the backfill succeeds, and its checks say which
    weeks it left out."""
    weeks = [f"2025|{week:02d}" for week in range(1, 23)]
    names = [*WEEKLY, "player_history"]
    runs = backfilled(graphql, names, weeks)
    assert [run["status"] for run in runs] == ["SUCCESS"] * len(runs)
    lake = Lake(str(home / "data" / "sample"), SAMPLE_LABEL)
    played = [SeasonWeek.from_key(week) for week in weeks[:9]]
    for table in (WEEKLY_STATS, PROJECTION_ACCURACY):
        assert [week for week in lake.weeks(table) if week.season == 2025] == played, table.name
    projected = [week.key for week in lake.weeks(PROJECTIONS) if week.season == 2025]
    assert projected == weeks[: len(projected)]
    assert weeks[9] in projected
    made = check_statuses(graphql, "weekly_stats", "2025")["weekly_stats_made"]
    assert made == {"succeeded": set(weeks[:9]), "failed": set(weeks[9:])}
    [latest] = graphql(
        """query($k: AssetKeyInput!) { assetCheckExecutions(assetKey: $k, limit: 1,
        checkName: "weekly_stats_made", partition: "2025|10") { evaluation {
        severity description } } }""",
        k={"path": ["weekly_stats"]},
    )["assetCheckExecutions"]
    assert latest["evaluation"]["severity"] == "WARN"
    assert "week 10: left out: its games are to come" in latest["evaluation"]["description"]


def test_a_played_week_that_upstream_lacks_in_a_backfill(graphql: Query, home: Path) -> None:
    """As of week 11, upstream still has weeks 1-9: the run of the import fails and names week 10.
    The backfill goes on with all that can be made, and Dagster calls it completed."""
    weeks = [f"2025|{week:02d}" for week in range(8, 13)]
    runs = backfilled(graphql, [*WEEKLY, "player_history"], weeks, "2025-11-12T12:00:00+00:00")
    assert sorted(run["status"] for run in runs) == ["FAILURE", "SUCCESS", "SUCCESS"]
    made = check_statuses(graphql, "weekly_stats", "2025")["weekly_stats_made"]
    assert made["succeeded"] >= set(weeks[:2])
    assert made["failed"] >= set(weeks[2:])
    lake = Lake(str(home / "data" / "sample"), SAMPLE_LABEL)
    stored = {week.key for week in lake.weeks(WEEKLY_STATS)}
    assert set(weeks) & stored == set(weeks[:2])
    projected = {week.key for week in lake.weeks(PROJECTIONS)}
    assert set(weeks) & projected == set(weeks[:3])


def failed_runs(home: Path, name: str) -> list[str]:
    """Return what `health` says about failed runs of an asset that no later run repaired."""
    done = subprocess.run(
        [str(PROGRAMS / "fantasy-pipeline"), "health", "--json"],
        env=environment(home),
        capture_output=True,
        text=True,
    )
    findings = json.loads(done.stdout)["findings"]
    messages = [finding["message"] for finding in findings if finding["rule"] == "last_run"]
    return [text.partition(" failed")[0] for text in messages if text.startswith(name)]


def test_a_success_of_fewer_weeks_repairs_those_weeks(
    graphql: Query, home: Path, tmp_path: Path
) -> None:
    """A run over three weeks fails for two of them: the lake has lost their players."""
    players = home / "data" / "sample" / RAW_PLAYERS.name / "season=2024"
    lost = ("week=02", "week=03")
    for week in lost:
        shutil.move(players / week, tmp_path / week)
    try:
        [failed] = backfilled(graphql, ["source_projections"], WEEKS)
    finally:
        for week in lost:
            shutil.move(tmp_path / week, players / week)
    assert failed["status"] == "FAILURE"
    assert failed_runs(home, "source_projections") == ["source_projections 2024 weeks 2-3"]
    for week, left in ((WEEKS[1], ["source_projections 2024 week 3"]), (WEEKS[2], [])):
        [run] = backfilled(graphql, ["source_projections"], [week])
        assert run["status"] == "SUCCESS"
        assert failed_runs(home, "source_projections") == left


@pytest.mark.soak
def test_a_backfill_runs_exactly_the_chosen_weeks(graphql: Query) -> None:
    before = {name: materialized(graphql, name) for name in WEEKLY}
    runs = backfilled(graphql, [*WEEKLY, "player_history"], OTHER_WEEKS)
    assert [run["status"] for run in runs] == ["SUCCESS"] * len(runs)
    # Ingest, history, projections: one run each, not one per week.
    assert len(runs) == 3
    for name in WEEKLY:
        assert materialized(graphql, name) - before[name] == set(OTHER_WEEKS), name
