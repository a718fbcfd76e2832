"""Test real daemons and workers that are killed or hang: the lake stays valid."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.runs.dead_runs import end_dead_runs
from fantasy_pipeline.orchestration.runs.history import Execution, execution_of, executions
from fantasy_pipeline.orchestration.runs.processes import process_tag, this_process
from fantasy_pipeline.orchestration.runs.summaries import recorded
from fantasy_pipeline.settings import SAMPLE_LABEL
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.orchestration.alerts.receivers import Receiver, receiving
from fantasy_pipeline_tests.system.watching import differing, files_of, finish, new_home, start
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until

pytestmark = [pytest.mark.soak, pytest.mark.loopback]


class Deployment:
    """A Dagster home of the sample league with a daemon that sends alerts to a webhook."""

    def __init__(self, home: Path, webhook: str) -> None:
        self.home = home
        text = (ROOT / "dagster.yaml").read_text()
        # One run at a time: work must be left when the daemon dies.
        (home / "dagster.yaml").write_text(
            text.replace("max_concurrent_runs: 2", "max_concurrent_runs: 1")
            # A tag sets the longest time of a run here; the daemon checks it often.
            .replace("max_runtime_seconds: 7200", "poll_interval_seconds: 5")
        )
        self.env = {
            "FANTASY_ALERT_WEBHOOK_URL": webhook,
            **os.environ,
            "DAGSTER_HOME": str(home),
            "FANTASY_SOURCE": "sample",
            "FANTASY_DATA": str(home / "data"),
            "PYTHONPATH": str(ROOT),
        }
        self.daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.daemon = subprocess.Popen(
            [*self._dagster("dagster._daemon"), "run", "-w", str(ROOT / "workspace.yaml")],
            env=self.env,
            cwd=self.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self) -> None:
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            self.daemon.wait(LONGEST_SECONDS)
        if self.daemon:
            # The code server waits for a worker that was killed.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.daemon.pid, signal.SIGKILL)

    def dagster(self, *arguments: str) -> None:
        command = [*self._dagster("dagster"), *arguments, "-w", str(ROOT / "workspace.yaml")]
        done = subprocess.run(
            command,
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
        )
        assert done.returncode == 0, done.stderr + done.stdout

    def _dagster(self, module: str) -> Sequence[str]:
        return [sys.executable, "-m", module]

    @property
    def lake(self) -> Lake:
        return Lake(f"{self.home}/data/sample", SAMPLE_LABEL)


@pytest.fixture
def webhook() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def deployment(tmp_path: Path, webhook: Receiver) -> Iterator[Deployment]:
    deployment = Deployment(tmp_path, webhook.url)
    yield deployment
    deployment.stop()


def worker_of(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """Return the process id of a run's worker; None until it executes a step."""
    text = " ".join(entry.message for entry in instance.all_logs(run_id))
    found = re.search(r"Executing steps in process \(pid: (\d+)\)", text)
    return int(found[1]) if found else None


def launch(deployment: Deployment, key: str, **more: str) -> None:
    tags = {"dagster/partition": key, **{f"dagster/{name}": text for name, text in more.items()}}
    deployment.dagster("job", "launch", "-j", "weekly_import", "--tags", json.dumps(tags))


def alerts(webhook: Receiver) -> list[dict[str, Any]]:
    """Return the alerts about runs, without those about an overdue week."""
    return [body for body in webhook.bodies if body["kind"] != "overdue"]


IMPORTED = ("raw_players", "weekly_stats")
"""Tables that every import writes, week by week; a backfill does not write `provisional_stats`.

Tables made from them are not compared: sensors project and import missed weeks in any order.
"""


def imported(root: str | Path, weeks: Sequence[SeasonWeek]) -> dict[str, bytes]:
    """Return the files of these weeks of the tables in `IMPORTED`."""
    folders = tuple(
        f"{table}/season={week.season}/week={week.week:02}/" for table in IMPORTED for week in weeks
    )
    return {name: data for name, data in files_of(root).items() if name.startswith(folders)}


def assert_undisturbed(deployment: Deployment, *weeks: SeasonWeek) -> None:
    """Check that the weeks have the files of undisturbed imports in another home."""
    deployment.stop()
    home = new_home(deployment.home / "undisturbed")
    for week in weeks:
        command = ("run", "--season", str(week.season), "--week", str(week.week), "--json")
        finish(start(home, *command, FANTASY_SOURCE="sample", FANTASY_DATA=str(home / "data")))
    whole = imported(home / "data" / "sample", weeks)
    found = imported(deployment.lake.root, weeks)
    assert len(whole) == len(IMPORTED) * len(weeks)
    assert differing(found, whole) == []
    assert not list(Path(deployment.lake.root).rglob("*.tmp"))


def test_killed_worker_is_run_again(deployment: Deployment, webhook: Receiver) -> None:
    with dg.DagsterInstance.from_config(str(deployment.home)) as instance:
        first = _launched_worker(deployment, instance)
        worker = worker_of(instance, first)
        assert worker is not None
        os.kill(worker, signal.SIGKILL)
        retried, killed = _mended(instance)
        assert (killed.run.run_id, killed.status) == (first, "failure")
        assert (retried.status, retried.week) == ("success", 5)
        assert retried.run.tags["dagster/parent_run_id"] == first
        assert killed.run.tags["dagster/will_retry"] == "true"
        # Both wrote their result; a failure that was retried sends no alert.
        ids = [first, retried.run.run_id]
        until(lambda: len(recorded(instance, ids)) == 2, "the results are written")
        assert [recorded(instance, [i])[i]["success"] for i in ids] == [False, True]
    assert alerts(webhook) == []
    assert_undisturbed(deployment, SeasonWeek(2025, 5))


def _launched_worker(deployment: Deployment, instance: dg.DagsterInstance, **tags: str) -> str:
    """Start a run and return its id once its worker executes a step."""
    launch(deployment, "2025|05", **tags)
    deployment.start()
    until(lambda: list(executions(instance)), "the run is there")
    run_id = next(executions(instance)).run.run_id
    until(lambda: worker_of(instance, run_id), "the worker works")
    return run_id


def _mended(instance: dg.DagsterInstance) -> list[Execution]:
    """Return the run that succeeded in the end, and the one before it."""
    until(lambda: any(e.run.is_success for e in executions(instance)), "the run is run again")
    return list(executions(instance, job="weekly_import"))


def test_hung_run_is_ended_and_run_again(deployment: Deployment) -> None:
    with dg.DagsterInstance.from_config(str(deployment.home)) as instance:
        first = _launched_worker(deployment, instance, max_runtime="45")
        worker = worker_of(instance, first)
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)
        try:
            retried, hung = _mended(instance)
        finally:
            os.kill(worker, signal.SIGKILL)
        assert (hung.run.run_id, hung.status) == (first, "failure")
        (why,) = hung.result["errors"]
        assert "maximum runtime of 45" in why
        assert (retried.status, retried.run.tags["dagster/parent_run_id"]) == ("success", first)
    assert deployment.lake.weeks(WEEKLY_STATS) == [SeasonWeek(2025, 5)]


def test_failure_and_recovery_are_reported_once_and_projections_follow(
    deployment: Deployment, webhook: Receiver
) -> None:
    with dg.DagsterInstance.from_config(str(deployment.home)) as instance:
        # The sample league has not played week 15.
        launch(deployment, "2025|15")
        deployment.start()
        until(lambda: alerts(webhook), "the failure is reported")
        (failed,) = executions(instance)
        (alert,) = alerts(webhook)
        assert alert["kind"] == "failure"
        assert (alert["season"], alert["week"], alert["job"]) == (2025, 15, "weekly_import")
        assert (alert["run_id"], alert["failed"]) == (failed.run.run_id, "raw_players")
        assert alert["cause"] in failed.result["errors"][0]
        launch(deployment, "2025|09")
        until(lambda: len(alerts(webhook)) > 1, "the recovery is reported")
        assert [alert["kind"] for alert in alerts(webhook)] == ["failure", "recovery"]
        # Launched as the UI does, without tags of this project.
        until(lambda: "trigger" in next(executions(instance, week=15)).run.tags, "it is recorded")
        tags = next(executions(instance, week=15)).run.tags
        assert (tags["trigger"], tags["season"], tags["week"]) == ("manual", "2025", "15")
        # Week 9 is due: week 10 is projected as soon as week 9 is imported.
        projected = {"job": "weekly_projections", "week": 10, "status": "success"}
        until(lambda: list(executions(instance, **projected)), "week 10 is projected")
        (run,) = executions(instance, **projected)
        assert run.to_json()["trigger"] == "sensor"
        assert run.result["projections_imported"] > 100


def test_killed_daemon_loses_no_week_of_a_backfill(deployment: Deployment) -> None:
    weeks = [SeasonWeek(2025, week) for week in range(1, 5)]
    with dg.DagsterInstance.from_config(str(deployment.home)) as instance:
        launch(deployment, "2025|05")
        deployment.start()
        until(lambda: any(e.run.is_success for e in executions(instance)), "games are there")
        keys = ",".join(week.key for week in weeks)
        deployment.dagster(
            "job", "backfill", "-j", "season_ingest", "--partitions", keys, "--noprompt"
        )
        until(lambda: len(list(executions(instance, status="success"))) >= 2, "a week is done")
        assert deployment.daemon is not None
        os.kill(deployment.daemon.pid, signal.SIGKILL)
        deployment.daemon.wait(30)
        assert list(executions(instance, status="running")), "nothing was left to do"
        time.sleep(5)
        deployment.start()
        until(lambda: not list(executions(instance, status="running")), "all runs are over")
        for week in weeks:
            found = list(executions(instance, week=week.week))
            assert any(e.run.is_success for e in found), (week, [e.status for e in found])
        for failed in executions(instance, status="failure"):
            assert failed.result["errors"], failed.run.run_id
    assert_undisturbed(deployment, *weeks, SeasonWeek(2025, 5))


def test_run_that_died_with_its_code_server_is_run_again(deployment: Deployment) -> None:
    """The machine kills all processes at once, so none is left that sees the worker die."""
    with dg.DagsterInstance.from_config(str(deployment.home)) as instance:
        first = _launched_worker(deployment, instance)
        # The UI copies this tag when it re-executes a run of the command line.
        dead = this_process()._replace(pid=2**22, started="1")
        instance.add_run_tags(first, process_tag(str(uuid4()), dead))
        assert end_dead_runs(instance) == [], "it is alive"
        assert deployment.daemon is not None
        os.killpg(deployment.daemon.pid, signal.SIGKILL)
        deployment.daemon.wait(30)
        assert not execution_of(instance, first).is_over
        deployment.start()
        retried, killed = _mended(instance)
        assert (killed.run.run_id, killed.status) == (first, "failure")
        (why,) = killed.result["errors"]
        assert re.fullmatch(r"Its process \(pid \d+\) died\.", why)
        assert (retried.status, retried.run.tags["dagster/parent_run_id"]) == ("success", first)
    assert deployment.lake.weeks(WEEKLY_STATS) == [SeasonWeek(2025, 5)]
