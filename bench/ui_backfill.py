"""Measures a backfill of the Dagster UI beside the same backfill of the command line.

usage: ui_backfill.py [SEASON ...]    (default: 2023 2024 of the sample league)

Prints the seconds of both, their ratio, and for each run of the UI's backfill how long it waited
and worked. The UI's backfill goes through a real webserver and daemon.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import requests

ROOT = Path(__file__).parent.parent
PROGRAMS = Path(sys.executable).parent
ASSETS = [
    "games",
    "raw_players",
    "weekly_stats",
    "source_projections",
    "player_history",
    "model_projections",
    "projections",
    "projection_accuracy",
]
LAUNCH = """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) {
... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
STATE = """query($b: String!) { partitionBackfillOrError(backfillId: $b) {
... on PartitionBackfill { status runs { id } } } }"""


def fresh(folder: Path, name: str) -> dict[str, str]:
    """Return the environment of a new Dagster home."""
    home = folder / name
    home.mkdir()
    shutil.copy(ROOT / "dagster.yaml", home)
    return {**os.environ, "DAGSTER_HOME": str(home), "FANTASY_SOURCE": "sample"}


def command_line(folder: Path, seasons: list[str]) -> float:
    """Return the seconds of the command."""
    command = [str(PROGRAMS / "fantasy-pipeline"), "backfill", "--seasons", ",".join(seasons)]
    start = time.perf_counter()
    subprocess.run(command, env=fresh(folder, "command"), check=True, capture_output=True)
    return time.perf_counter() - start


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[str]:
    """Start webserver and daemon, and return the webserver's address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [str(PROGRAMS / "dg"), "dev", "-w", str(ROOT / "workspace.yaml"), "--port", port]
    home = environment["DAGSTER_HOME"]
    with open(f"{home}/dev.log", "w") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1"], env=environment, cwd=home, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                requests.get(f"{address}/server_info", timeout=60).raise_for_status()
                break
            except requests.ConnectionError:
                assert process.poll() is None, f"see {home}/dev.log"
                time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait()


def of_the_ui(folder: Path, seasons: list[str]) -> float:
    """Return the seconds from the launch of the backfill to its end, and print its runs."""
    environment = fresh(folder, "ui")
    # The sensor would import other weeks of the empty lake meanwhile.
    stop = ["sensor", "stop", "catch_up", "-w", str(ROOT / "workspace.yaml")]
    command = [str(PROGRAMS / "dagster"), *stop]
    subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True)
    with serving(environment) as address:

        def ask(text: str, **variables: Any) -> Any:
            body = {"query": text, "variables": variables}
            return requests.post(f"{address}/graphql", json=body, timeout=60).json()["data"]

        keys = [f"{season}|{week:02d}" for season in seasons for week in range(1, 19)]
        selection = [{"path": [name]} for name in ASSETS]
        chosen = {"assetSelection": selection, "partitionNames": keys, "fromFailure": False}
        start, begun = time.perf_counter(), time.time()
        backfill = ask(LAUNCH, p=chosen)["launchPartitionBackfill"]["backfillId"]
        while True:
            state = ask(STATE, b=backfill)["partitionBackfillOrError"]
            if state["status"] not in ("REQUESTED", "CANCELING", "FAILING"):
                break
            time.sleep(0.5)
        seconds = time.perf_counter() - start
    print(f"backfill of the UI: {state['status']}")
    with dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]) as instance:
        ids = [run["id"] for run in state["runs"]]
        for record in instance.get_run_records(dg.RunsFilter(run_ids=ids), ascending=True):
            created = record.create_timestamp.timestamp() - begun
            started, ended = (record.start_time or 0) - begun, (record.end_time or 0) - begun
            assets = ", ".join(
                sorted(key.to_user_string() for key in record.dagster_run.asset_selection or ())
            )
            print(
                f"    created at {created:5.1f} s, waited {started - created:5.1f} s, "
                f"worked {ended - started:5.1f} s: {assets}"
            )
    return seconds


if __name__ == "__main__":
    years = sys.argv[1:] or ["2023", "2024"]
    with tempfile.TemporaryDirectory() as temporary:
        by_command = command_line(Path(temporary), years)
        by_ui = of_the_ui(Path(temporary), years)
    print(f"command line {by_command:.0f} s, UI {by_ui:.0f} s: {by_ui / by_command:.1f} times")
