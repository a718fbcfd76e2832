"""The Dagster UI's own road: webserver, daemon and code location as real processes, a backfill of
three weeks launched through the API that the UI uses."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

pytestmark = pytest.mark.loopback

ROOT = Path(__file__).parents[1]
WEEKS = ["2024|01", "2024|02", "2024|03"]
ASSETS = [
    "raw_players",
    "weekly_stats",
    "player_history",
    "source_projections",
    "model_projections",
    "projections",
    "projection_accuracy",
]
Query = Callable[..., Any]


def wait_for(what: str, ready: Callable[[], Any], seconds: float) -> Any:
    """What `ready` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ready()
        if found:
            return found
        time.sleep(1)
    raise AssertionError(f"{what} did not come within {seconds:.0f} s")


@pytest.fixture(scope="module")
def graphql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Query]:
    """A running `dagster dev` on the sample league; returns its query function."""
    home = tmp_path_factory.mktemp("ui")
    shutil.copy(ROOT / "dagster.yaml", home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (home / "dev.log").open("w")
    process = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("dagster")),
            *("dev", "-w", str(ROOT / "workspace.yaml")),
            *("--host", "127.0.0.1", "--port", str(port)),
        ],
        cwd=ROOT,
        env={**os.environ, "DAGSTER_HOME": str(home), "FANTASY_SOURCE": "sample"},
        stdout=log,
        stderr=subprocess.STDOUT,
    )

    def query(text: str, **variables: Any) -> Any:
        answer = requests.post(
            f"http://127.0.0.1:{port}/graphql",
            json={"query": text, "variables": variables},
            timeout=60,
        )
        answer.raise_for_status()
        return answer.json()["data"]

    def up() -> bool:
        assert process.poll() is None, (home / "dev.log").read_text()
        try:
            return bool(query("{ version }"))
        except requests.ConnectionError:
            return False

    try:
        wait_for("the webserver", up, 120)
        yield query
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        log.close()


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


def test_a_backfill_runs_exactly_the_chosen_weeks(graphql: Query) -> None:
    launched = graphql(
        """mutation($p: ExecutionParams!) { launchRun(executionParams: $p) {
        ... on LaunchRunSuccess { run { runId } } } }""",
        p={
            "selector": {
                "repositoryName": "__repository__",
                "repositoryLocationName": "fantasy_pipeline",
                "jobName": "games_refresh",
            },
            "mode": "default",
            "runConfigData": {},
        },
    )["launchRun"]["run"]["runId"]
    wait_for(
        "the schedule",
        lambda: (
            graphql(
                "query($r: ID!) { runOrError(runId: $r) { ... on Run { status } } }", r=launched
            )["runOrError"]["status"]
            == "SUCCESS"
        ),
        180,
    )
    backfill = graphql(
        """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) {
        ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
        p={
            "assetSelection": [{"path": [name]} for name in ASSETS],
            "partitionNames": WEEKS,
            "fromFailure": False,
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

    runs = wait_for("the backfill's end", finished, 420)["runs"]
    assert [run["status"] for run in runs] == ["SUCCESS"] * len(runs)
    # Ingest, history, projections: one run each, not one per week.
    assert len(runs) == 3
    for name in ASSETS:
        done = graphql(
            """query($k: AssetKeyInput!) { assetNodeOrError(assetKey: $k) { ... on AssetNode {
            assetPartitionStatuses { ... on MultiPartitionStatuses { ranges { primaryDimStartKey
            secondaryDim { ... on DefaultPartitionStatuses { materializedPartitions
            } } } } } } } }""",
            k={"path": [name]},
        )["assetNodeOrError"]["assetPartitionStatuses"]
        if name == "player_history":
            continue
        weeks = {
            f"{block['primaryDimStartKey']}|{week}"
            for block in done["ranges"]
            for week in block["secondaryDim"]["materializedPartitions"]
        }
        assert weeks == set(WEEKS), name
