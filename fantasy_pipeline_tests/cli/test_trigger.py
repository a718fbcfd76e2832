"""The control commands as a user runs them, on the sample league; runs are real processes."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.orchestration.runs.tags import FOLLOWS
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.cli.calling import Shell, call
from fantasy_pipeline_tests.orchestration.runs.test_retention import turn_back
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a shell whose home has a triggered and imported 2025 week 5."""
    home = tmp_path_factory.mktemp("home")
    shell = Shell(home)
    run = shell.json("trigger", "--season", "2025", "--week", "5", "--wait")
    assert run["status"] == "success", run
    return shell


@pytest.fixture(scope="module")
def run(shell: Shell) -> dict[str, Any]:
    (run,) = shell.json("history", "--job", "whole_week")
    return dict(run)


def test_triggered_run_is_in_history(run: dict[str, Any]) -> None:
    assert (run["job_id"], run["season"], run["week"]) == ("whole_week", 2025, 5)
    assert (run["trigger"], run["source"]) == ("manual", "sample")
    result = run["result"]
    assert result["success"] is True
    assert result["phase"] == "final"
    assert result["sources"] == ["synthetic sample league"]
    for name in ("players", "stats", "projections"):
        assert result[f"{name}_imported"] > 100


def test_history_for_people_and_filters(shell: Shell, run: dict[str, Any]) -> None:
    text, _ = shell("history", "--job", "whole_week", "--status", "success", "--since", "1d")
    assert run["id"][:8] in text
    assert "stats" in text
    assert "No run matches these options." in shell("history", "--season", "2024")[0]
    assert "write 7d" in shell("history", "--since", "yesterday", code=2)[1]


def test_history_of_an_empty_home(tmp_path: Path) -> None:
    code, out, _ = call(tmp_path, ["history"])
    assert (code, " ".join(out.split())) == (
        0,
        "This home has no run yet. Start one with `fantasy-pipeline run`.",
    )
    assert call(tmp_path, ["history", "--week", "5", "--season", "2025"])[1] == (
        "No run matches these options.\n"
    )


def test_show(shell: Shell, run: dict[str, Any]) -> None:
    details = shell.json("show", run["id"][:8])
    assert details["id"] == run["id"]
    assert details["seconds"]["weekly_stats"] > 0
    assert "weekly_stats" in shell("show", run["id"])[0]
    assert "there is no run" in shell("show", "nonsense", code=1)[1]


def test_status(shell: Shell) -> None:
    status = shell.json("status")
    jobs = {job["name"]: job for job in status["jobs"]}
    assert jobs["tuesday_import"]["on"] is True
    assert jobs["tuesday_import"]["next_run"].endswith("T08:00:00+00:00")
    assert {d["name"] for d in status["daemons"]} >= {"scheduler", "sensor"}
    assert "tuesday_import" in shell("status")[0]


def test_health_is_critical_without_a_daemon(shell: Shell) -> None:
    health = shell.json("health", code=2)
    levels = {finding["rule"]: finding["level"] for finding in health["findings"]}
    assert health["status"] == "critical"
    assert levels["daemon_running"] == "critical"
    assert levels["last_run"] == "ok"
    assert "daemon_running" in shell("health", code=2)[0]


def test_health_without_a_daemon_names_the_option_once(shell: Shell) -> None:
    done = shell.bash("fantasy-pipeline health || true")
    assert done.stderr.count("--no-daemon") == 1
    done = shell.bash("fantasy-pipeline health --no-daemon || true")
    assert "--no-daemon" not in done.stderr


def test_health_warns_of_missing_weeks_until_they_are_imported(tmp_path: Path) -> None:
    """The home is new and has no daemon."""
    shell = Shell(tmp_path)
    shell("run")
    health = shell.json("health", "--no-daemon", code=1)
    (found,) = [finding for finding in health["findings"] if finding["level"] != "ok"]
    assert (health["status"], found["rule"], found["level"]) == ("warning", "due_week", "warning")
    assert "other weeks (2025 week 8, " in found["message"]
    assert (
        "are missing; run fantasy-pipeline backfill --seasons 2024-2025 --only-missing"
        in (found["message"])
    )
    assert "2025 week 8" in found["message"]
    # The rule looks back a year.
    shell.bash("fantasy-pipeline backfill --seasons 2024-2025 --only-missing")
    health = shell.json("health", "--no-daemon", code=0)
    assert health["status"] == "ok"
    assert {finding["level"] for finding in health["findings"]} == {"ok"}


@pytest.mark.parametrize("variable", ["FANTASY_SOURCE", "FANTASY_DATA"])
def test_health_that_has_no_answer_is_critical(shell: Shell, tmp_path: Path, variable: str) -> None:
    (tmp_path / "sample").mkdir()
    (tmp_path / "sample" / "lake.json").write_text('{"label": "other"}')
    value = {"FANTASY_SOURCE": "bogus", "FANTASY_DATA": str(tmp_path)}[variable]
    health = shell.json("health", code=2, **{variable: value})
    ((rule, level),) = [(found["rule"], found["level"]) for found in health["findings"]]
    assert (rule, level) == ("answer", "critical")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_health_without_its_database_is_critical(
    shell: Shell, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """The deployment's Postgres configuration, with a port on which no server listens."""
    pytest.importorskip("dagster_postgres")
    config = (ROOT / "deploy" / "postgres" / "dagster.yaml").read_text()
    (tmp_path / "dagster.yaml").write_text(config)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    secret = "must-not-be-printed"  # noqa: S105 - of the test
    names = {"HOST": "127.0.0.1", "PORT": port, "USER": "u", "PASSWORD": secret, "DB": "d"}
    done = subprocess.run(
        [sys.executable, "-m", "fantasy_pipeline.cli", "health", *options],
        env={
            **shell.env,
            "DAGSTER_HOME": str(tmp_path),
            **{f"DAGSTER_PG_{name}": value for name, value in names.items()},
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr == ""
    assert secret not in done.stdout
    if options:
        (finding,) = json.loads(done.stdout)["findings"]
        assert (finding["rule"], finding["level"]) == ("storage", "critical")
        assert finding["message"].startswith("cannot be reached: ")
    else:
        (_, line) = done.stdout.splitlines()
        level, rule, message = line.split(maxsplit=2)
        assert (level, rule) == ("critical", "storage")
        assert message.startswith("cannot be reached: ")


def test_sql_has_the_old_table(shell: Shell) -> None:
    where = " where job_id = 'whole_week'"
    query = "select job_id, status, season, week from job_executions where job_id = 'whole_week'"
    rows = shell.json("sql", query)
    assert rows == [{"job_id": "whole_week", "status": "success", "season": 2025, "week": 5}]
    # Every form of the query returns the result.
    for query in ("from job_executions", "select j.* from job_executions j"):
        (row,) = shell.json("sql", query + where)
        assert json.loads(row["result"])["success"] is True


def test_week_that_does_not_exist(shell: Shell) -> None:
    assert (
        "2025 has the weeks 1-18."
        in shell("trigger", "--season", "2025", "--week", "22", code=2)[1]
    )
    _, text = shell("trigger", "--season", "2031", "--week", "1", code=2)
    assert "the schedule has the seasons 2023-2025." in text


def test_killed_worker_leaves_a_failed_run_with_the_cause(shell: Shell) -> None:
    run_id = shell.json("trigger", "--season", "2025", "--week", "4")["run_id"]
    os.kill(_inner_worker(run_id), signal.SIGKILL)

    def ended() -> dict[str, Any] | None:
        # A run that was killed before it recorded its start is "not_started" for a moment.
        details: dict[str, Any] = shell.json("show", run_id)
        return details if details["status"] in ("failure", "success") else None

    details = until(ended, "the run is over")
    assert details is not None
    assert details["status"] == "failure", details
    assert "killed by signal 9" in json.dumps(details["errors"])
    # The week is free again, and the same trigger imports it.
    again = shell.json("trigger", "--season", "2025", "--week", "4", "--wait")
    assert again["result"]["success"] is True


def test_wait_includes_follow_up_runs_and_reports_their_death(shell: Shell) -> None:
    """Week 9 is due: week 10 is projected after it, in the same worker."""
    week = ("--season", "2025", "--week", "9", "--wait", "--json")
    with subprocess.Popen(
        [sys.executable, "-m", "fantasy_pipeline.cli", "trigger", *week],
        env=shell.env,
        cwd=shell.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        with dg.DagsterInstance.from_config(str(shell.home)) as instance:
            wanted = dg.RunsFilter(
                job_name="weekly_projections", statuses=[dg.DagsterRunStatus.STARTED]
            )

            def follower_runs() -> Sequence[dg.DagsterRun]:
                assert process.poll() is None
                return instance.get_runs(wanted)

            runs = until(follower_runs, "the follow-up run has started")
        os.kill(_inner_worker(runs[0].tags[FOLLOWS]), signal.SIGKILL)
        output, _ = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 1
    run = json.loads(output)
    assert (run["job_id"], run["status"]) == ("whole_week", "success")
    (follower,) = run["followed_by"]
    assert (follower["id"], follower["week"]) == (runs[0].run_id, 10)
    assert follower["status"] == "failure"
    assert follower["result"]["errors"] == ["The worker process was killed by signal 9."]


def _inner_worker(run_id: str) -> int:
    """Return the process id of the worker that runs the job."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_text()
            except OSError:
                continue
            if run_id in command and "--inner" in command:
                return int(entry.name)
    raise AssertionError(f"no worker of run {run_id}")


OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"```console\n(.*?)```", OPERATIONS, flags=re.S)
    for line in block.splitlines()
]


def test_backup_can_be_restored(shell: Shell, tmp_path: Path) -> None:
    (create,) = [line for line in COMMANDS if line.startswith("tar ")]
    (extract,) = re.findall(r"`(tar --extract[^`]*)`", OPERATIONS)
    shell.bash(create)
    restored = Shell(tmp_path / "restored")
    Path(f"{shell.home}.tar.gz").rename(f"{restored.home}.tar.gz")
    restored.bash(extract)
    assert restored.json("history") == shell.json("history")
    rows = ("sql", "select count(*) as n from weekly_stats")
    assert restored.json(*rows) == shell.json(*rows)


CRONTAB = re.search(r"```text\n(DAGSTER_HOME=.*?)```", OPERATIONS, flags=re.S)


def test_the_crontab_runs_the_due_week(shell: Shell) -> None:
    """Run its line as cron does: by /bin/sh, in an almost empty environment."""
    assert CRONTAB is not None
    home, *lines = CRONTAB[1].splitlines()
    crons = {
        cron: command
        for *five, command in (x.split(maxsplit=5) for x in lines)
        for cron in [" ".join(five)]
    }
    repository = defs.get_repository_def()
    imports = ("tuesday_import", "thursday_final_import")
    schedules = [repository.get_schedule_def(name).cron_schedule for name in imports]
    # The crontab runs at the same time, and again two hours later; then come the days after games.
    *planned, running = crons
    assert [re.sub(r",\d+ ", " ", cron, count=1) for cron in planned] == schedules
    noon = repository.get_schedule_def("running_week_import").cron_schedule[-1]
    # Thursday has a line of its own.
    assert running == noon.replace("0-1,4-6", "0,1,5,6")
    (command,) = set(crons.values())
    program = str(Path(sys.executable).with_name("fantasy-pipeline"))
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("/opt/fantasy-pipeline/bin/fantasy-pipeline", program)],
        env={
            home.split("=")[0]: str(shell.home),
            "HOME": str(shell.home),
            "PATH": "/usr/bin:/bin",
            # The test needs its own code and the sample league.
            "PYTHONPATH": str(ROOT),
            "FANTASY_SOURCE": "sample",
        },
        cwd="/",
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    runs = shell.json("history", "--limit", "4")
    assert [(run["job_id"], run["week"], run["status"]) for run in runs][-3:] == [
        ("report_week", 9, "success"),
        ("weekly_projections", 10, "success"),
        ("weekly_import", 9, "success"),
    ]
    assert (runs[0]["job_id"], runs[0]["week"], runs[0]["status"]) == ("report_week", 10, "success")


def test_health_beside_a_cron_as_the_guide_has_it(shell: Shell) -> None:
    (line,) = re.findall(r"^(fantasy-pipeline health .*)$", OPERATIONS, flags=re.M)
    done = shell.bash(line, code=None)
    assert done.returncode in (0, 1, 2)
    rules = {text.split()[1] for text in done.stdout.splitlines()}
    assert "due_week" in rules
    assert {"daemon_running", "schedule_on"}.isdisjoint(rules)


def test_schedule_that_is_off_is_seen(shell: Shell) -> None:
    where = f"-w {ROOT / 'workspace.yaml'}"
    shell.bash(f"dagster schedule stop tuesday_import {where}")
    jobs = {job["name"]: job for job in shell.json("status")["jobs"]}
    assert (jobs["tuesday_import"]["on"], jobs["tuesday_import"]["next_run"]) == (False, None)
    findings = [
        finding["message"]
        for finding in shell.json("health", code=2)["findings"]
        if finding["rule"] == "schedule_on"
    ]
    (finding,) = findings
    problem, _, command = finding.partition("; run ")
    assert problem == "schedule tuesday_import is off"
    # Run the printed command in $DAGSTER_HOME.
    shell.bash(command)
    jobs = {job["name"]: job for job in shell.json("status")["jobs"]}
    assert jobs["tuesday_import"]["on"] is True


def test_health_of_a_lost_lake_is_critical(shell: Shell, tmp_path: Path) -> None:
    """A deleted season, and a data folder that is not the one of the run history."""
    season = next(shell.home.glob("**/weekly_stats/season=2025"))
    # As many as the tests before this one have imported.
    weeks = len(list(season.glob("week=*")))
    away = season.rename(tmp_path / "season")
    try:
        deleted = shell.json("health", "--no-daemon", code=2)
    finally:
        away.rename(season)
    elsewhere = shell.json("health", "--no-daemon", code=2, FANTASY_DATA=str(tmp_path))
    for answer, tables in ((deleted, "weekly_stats"), (elsewhere, "raw_players, weekly_stats")):
        lost = next(f for f in answer["findings"] if f["rule"] == "lost_data")
        assert lost["level"] == "critical"
        found = re.match(
            r"the run history has (\d+) weeks? that the lake at \S+ lacks ", lost["message"]
        )
        assert found
        assert int(found[1]) >= weeks
        named, _, of_tables = lost["message"].partition(" lacks (")[2].partition(" of ")
        assert "2025 week 5" in named
        assert of_tables.startswith(tables)
        assert "fantasy-pipeline backfill --seasons 2025 --only-missing" in lost["message"]
    # Other weeks of the season were never imported: a warning.
    healthy = shell.json("health", "--no-daemon", code=1)
    assert {f["level"] for f in healthy["findings"] if f["rule"] == "lost_data"} == {"ok"}


def test_reconcile_after_assets_were_wiped(shell: Shell, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(shell.home, home)
    wiped = Shell(home)
    wiped.bash("dagster asset wipe --noprompt weekly_stats projections")

    def answer(*options: str) -> Any:
        found = wiped.json("reconcile", *options)
        return {row["table"]: row["weeks"] for row in found["reported"]}, found["lost"]

    reported, lost = answer("--dry-run")
    assert set(reported) == {"weekly_stats", "projections"}
    assert "2025|05" in reported["weekly_stats"]
    assert answer() == (reported, lost)
    assert answer() == ({}, lost)
    assert lost == []
    assert wiped("reconcile")[0].strip() == "The run history and the lake agree."
    elsewhere, _ = wiped("reconcile", "--dry-run", FANTASY_DATA=str(tmp_path / "empty"))
    assert "weekly_stats: the run history has" in elsewhere
    assert "Next: check FANTASY_DATA, or restore a backup; " in elsewhere


def test_prune_keeps_the_week_imported(shell: Shell, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(shell.home, home)
    pruned = Shell(home)
    turn_back(home / "history" / "runs.db", timedelta(days=181))
    before = pruned.json("health", "--no-daemon", code=1)
    runs = {run["id"] for run in pruned.json("history", "--limit", "200")}

    dry = pruned.json("prune", "--older-than", "180d", "--dry-run")
    assert {run["id"] for run in pruned.json("history", "--limit", "200")} == runs
    done = pruned.json("prune", "--older-than", "180d")
    assert done["deleted"] == dry["deleted"]
    left = {run["id"] for run in pruned.json("history", "--limit", "200")}
    assert len(left) == len(runs) - done["deleted"] == done["kept"]
    after = pruned.json("health", "--no-daemon", code=1)

    def due(answer: Any) -> list[Any]:
        return [f for f in answer["findings"] if f["rule"] in ("due_week", "lost_data")]

    assert due(after) == due(before)
    assert "older runs stay" in pruned("prune", "--older-than", "180d")[0]
    (size,) = [f["message"] for f in after["findings"] if f["rule"] == "disk_use"]
    assert re.match(r"history [\d.]+ MB in the home \(\d+ runs\), lake [\d.]+ MB$", size)
    assert "cannot be deleted" in pruned("prune", "--older-than", "3d", code=2)[1]
