"""Health rules: each rule fires when it should, and stays silent otherwise."""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat

from fantasy_pipeline.football.calendar import Game
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_HISTORY
from fantasy_pipeline.lake.locks import held, locked
from fantasy_pipeline.operations.health import examine, examine_session, exit_code, subject_of
from fantasy_pipeline.operations.health_rules import Finding, Level, Subject
from fantasy_pipeline.operations.session import BACKFILL_LOCK, INSTANCE_LOCK, Session
from fantasy_pipeline.operations.status import Instigator
from fantasy_pipeline.orchestration.alerts.channels import Webhook
from fantasy_pipeline.orchestration.alerts.messages import Alert
from fantasy_pipeline.orchestration.alerts.outbox import MAX_AGE_SECONDS, Outbox
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.orchestration.alerts.receivers import receiving
from fantasy_pipeline_tests.orchestration.runs.empty_history import WithHistory, opened
from fantasy_pipeline_tests.orchestration.runs.ui_runs import ui_run
from fantasy_pipeline_tests.system.replay import record_imports
from fantasy_pipeline_tests.waiting import until

NOW = datetime.now(timezone.utc)
WEEK = SeasonWeek(2024, 1)
TUESDAY_NOON = datetime(2024, 9, 10, 12, tzinfo=timezone.utc)
GAMES = tuple(
    Game(2024, week, f"g{week}", "REG", kickoff, "KC", "BUF", False)
    for week, kickoff in (
        (1, datetime(2024, 9, 8, 17, tzinfo=timezone.utc)),
        (2, datetime(2024, 9, 15, 17, tzinfo=timezone.utc)),
        (3, datetime(2024, 9, 22, 17, tzinfo=timezone.utc)),
    )
)


@pytest.fixture
def instance(tmp_path: Path, with_history: WithHistory) -> Iterator[dg.DagsterInstance]:
    with opened(with_history(tmp_path)) as instance:
        yield instance


def found(subject: Subject, rule: str) -> list[tuple[str, str]]:
    return [(f.level, f.message) for f in examine(subject) if f.rule == rule]


def subject(instance: dg.DagsterInstance, **changes: Any) -> Subject:
    usual = {"label": None, "games": GAMES, "now": TUESDAY_NOON, "clock": NOW}
    given: dict[str, Any] = {**usual, "lake": NflData().lake, **changes}
    return Subject(instance=instance, **given)


def test_exit_code_is_the_worst() -> None:
    levels: list[Level] = ["ok", "critical", "warning"]
    assert exit_code(Finding("x", level, "") for level in levels) == 2
    assert exit_code([Finding("x", "warning", "")]) == 1
    assert exit_code([]) == 0


def test_every_rule_is_named(instance: dg.DagsterInstance) -> None:
    names = {finding.rule for finding in examine(subject(instance))}
    assert names == {
        "daemon_running",
        "schedule_on",
        "recent_success",
        "last_run",
        "due_week",
        "lost_data",
        "stuck_run",
        "stale_lock",
        "history_writable",
        "disk_space",
        "disk_use",
        "alert_channels",
    }


def test_daemon_that_never_ran(instance: dg.DagsterInstance) -> None:
    ((level, message),) = found(subject(instance), "daemon_running")
    assert level == "critical"
    assert "scheduler" in message
    assert "it never ran" in message


def test_daemons_of_two_machines_that_alternate(instance: dg.DagsterInstance) -> None:
    daemons = sorted(instance.get_required_daemon_types())
    for number, name in enumerate(daemons):
        beat = DaemonHeartbeat(time.time(), name, f"{number % 2}" * 36, [])
        instance.add_daemon_heartbeat(beat)
    ((level, message),) = found(subject(instance), "daemon_running")
    assert level == "warning"
    assert message.startswith("2 daemons alternate: ")
    assert "(00000000, 11111111); stop all but one" in message
    for name in daemons:
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), name, "0" * 36, []))
    assert found(subject(instance), "daemon_running") == [("ok", "")]


@pytest.mark.slow
@pytest.mark.loopback
def test_daemon_that_runs_and_one_that_died(tmp_path: Path) -> None:
    """A real daemon, and a second one; then the heartbeats of two hours ago."""
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    process = _daemon(tmp_path)
    second = None
    try:
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:

            def runs() -> bool:
                assert process.poll() is None
                return found(subject(instance), "daemon_running") == [("ok", "")]

            until(runs, "the daemon runs", pause=0.3)
            second = _daemon(tmp_path)
            ((level, message),) = found(subject(instance), "daemon_running")
            pids = ", ".join(str(pid) for pid in sorted((process.pid, second.pid)))
            assert level == "warning"
            assert message.startswith(f"2 daemons run on {tmp_path} (processes {pids})")
            for each in (process, second):
                each.kill()
                each.wait()
            _turn_back(tmp_path / "history" / "runs.db", timedelta(hours=2))
            ((level, message),) = found(subject(instance), "daemon_running")
    finally:
        for each in filter(None, (process, second)):
            each.kill()
            each.wait()
    assert level == "critical"
    assert re.match(r"not running: [a-z_, ]*scheduler.* \(last heartbeat 20\d\d-", message)


def _daemon(home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dagster._daemon", "run", "--empty-workspace"],
        env={**os.environ, "DAGSTER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _turn_back(database: Path, by: timedelta) -> None:
    """Make the daemon's heartbeats older."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        rows = connection.execute("select id, body from daemon_heartbeats").fetchall()
        assert rows
        for row, text in rows:
            body = json.loads(text)
            body["timestamp"] -= by.total_seconds()
            connection.execute(
                "update daemon_heartbeats set body = ? where id = ?", (json.dumps(body), row)
            )


def _instigator(**changes: Any) -> Instigator:
    given: dict[str, Any] = {
        "name": "tuesday_import",
        "kind": "schedule",
        "is_on": True,
        "next_tick": NOW,
        "last_tick": None,
        "tick_result": None,
        "tick_error": None,
        "last_run": None,
        "last_success": None,
    }
    return Instigator(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("ok", "")),
        ({"is_on": False, "is_optional": True}, ("ok", "")),
        (
            {"is_on": False},
            (
                "critical",
                "schedule tuesday_import is off; run "
                f"dagster schedule start tuesday_import -w {ROOT / 'workspace.yaml'}",
            ),
        ),
        (
            {"next_tick": None},
            (
                "critical",
                "schedule tuesday_import has no next tick; check its cron expression",
            ),
        ),
        (
            {"tick_error": "boom"},
            (
                "warning",
                "latest tick of tuesday_import failed: boom; "
                "the Dagster UI has its stack trace (Automation)",
            ),
        ),
    ],
)
def test_schedules(
    instance: dg.DagsterInstance, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    examined = subject(instance)
    examined.__dict__["instigators"] = [_instigator(**changes)]
    assert found(examined, "schedule_on") == [expected]


@dg.op(config_schema={"fail": bool})
def work(context: dg.OpExecutionContext) -> None:
    if context.op_config["fail"]:
        raise ValueError("boom")


@dg.job
def weekly_import() -> None:
    work()


@dg.job
def whole_week() -> None:
    work()


@dg.job
def season_ingest() -> None:
    work()


@dg.job
def provisional_ingest() -> None:
    work()


@dg.job
def report_week() -> None:
    work()


def run(
    instance: dg.DagsterInstance,
    fail: bool = False,
    job: dg.JobDefinition = weekly_import,
    **tags: str,
) -> None:
    config = {"ops": {"work": {"config": {"fail": fail}}}}
    job.execute_in_process(instance=instance, run_config=config, raise_on_error=False, tags=tags)


WEEK_5 = {"season": "2024", "week": "5"}


def weeks_tags(first: str, last: str) -> dict[str, str]:
    ends = {"start": first, "end": last}
    return {f"dagster/asset_partition_range_{end}": key for end, key in ends.items()}


FAILED_RUNS = "see fantasy-pipeline history --status failure"
NEVER = (
    "no week in progress or due of late has been imported; run fantasy-pipeline trigger, or "
    f"{FAILED_RUNS}"
)


class TestRuns:
    def test_no_success_in_season(self, instance: dg.DagsterInstance) -> None:
        expected = [("critical", NEVER)]
        assert found(subject(instance), "recent_success") == expected
        assert found(subject(instance, games=()), "recent_success") == [("ok", "")]

    def test_success_of_long_ago(self, instance: dg.DagsterInstance) -> None:
        # Runs of any job count, also those of a backfill or the UI.
        record_imports(instance, {WEEK: "provisional"}, {})
        assert found(subject(instance), "recent_success") == [("ok", "")]
        later = NOW + timedelta(days=9)
        # The sample league's clock stands still: nothing falls due.
        assert found(subject(instance, clock=later), "recent_success") == [("ok", "")]
        games = [
            Game(2024, week, f"g{week}", "REG", NOW + timedelta(days=day), "KC", "BUF", False)
            for week, day in ((1, -4), (2, 2), (3, 8))
        ]
        late = subject(instance, clock=later, now=later, games=games)
        ((level, message),) = found(late, "recent_success")
        expected_message = f"the last import succeeded 8 days ago; {FAILED_RUNS}"
        assert (level, message) == ("critical", expected_message)
        # Sample data are no import of the league's week.
        sample = subject(instance, label="sample")
        expected = [("critical", NEVER)]
        assert found(sample, "recent_success") == expected

    def test_an_import_of_the_running_week_is_a_success(self, instance: dg.DagsterInstance) -> None:
        """On the first Sunday of a new home, nothing else can be imported yet."""
        # Games of Friday and Monday: with today's, the test failed on Tuesdays from 08:00 on.
        sunday = NOW - timedelta(days=(NOW.weekday() + 1) % 7)
        record_imports(instance, {WEEK: "in_progress"}, {})
        games = [
            Game(
                WEEK.season,
                WEEK.week,
                f"g{day}",
                "REG",
                sunday + timedelta(days=day),
                *teams,
                False,
            )
            for day, teams in ((-2, ("KC", "BUF")), (1, ("SF", "LA")))
        ]
        running = subject(instance, games=games, now=sunday)
        assert found(running, "recent_success") == [("ok", "")]
        ((level, message),) = found(running, "due_week")
        assert level == "ok"
        assert f"{WEEK} so far: stats of 0 of 2 games" in message

    def test_import_of_a_run_that_failed_is_none(self, instance: dg.DagsterInstance) -> None:
        event = dg.AssetMaterialization("weekly_stats", partition=WEEK.key)

        @dg.op(out=dg.Out(dg.Nothing))
        def imports(context: dg.OpExecutionContext) -> None:
            context.log_event(event)

        @dg.op(ins={"after": dg.In(dg.Nothing)})
        def fails() -> None:
            raise ValueError("after the import")

        @dg.job
        def broken() -> None:
            fails(imports())

        broken.execute_in_process(instance=instance, raise_on_error=False)
        expected = [("critical", NEVER)]
        assert found(subject(instance), "recent_success") == expected

    def test_last_run_failed(self, instance: dg.DagsterInstance) -> None:
        run(instance, fail=True)
        ((level, message),) = found(subject(instance), "last_run")
        assert level == "warning"
        assert "weekly_import failed on" in message
        assert "work: boom" in message
        run(instance)
        assert found(subject(instance), "last_run") == [("ok", "")]

    @pytest.mark.parametrize(
        ("job", "tags", "is_repaired"),
        [
            (whole_week, WEEK_5, True),
            (whole_week, {"season": "2024", "week": "6"}, False),
            (whole_week, {**WEEK_5, "source": "sample"}, False),
            (report_week, WEEK_5, False),
            (season_ingest, weeks_tags("2024|01", "2024|18"), True),
            (provisional_ingest, WEEK_5, True),
            (season_ingest, weeks_tags("2024|06", "2024|18"), False),
            (season_ingest, weeks_tags("2023|01", "2023|18"), False),
        ],
    )
    def test_failure_that_another_job_repaired(
        self,
        instance: dg.DagsterInstance,
        job: dg.JobDefinition,
        tags: dict[str, str],
        is_repaired: bool,
    ) -> None:
        run(instance, fail=True, **WEEK_5, source="auto")
        run(instance, job=job, **tags)
        ((level, _),) = found(subject(instance), "last_run")
        assert (level == "ok") is is_repaired

    def test_success_before_the_failure_repairs_nothing(self, instance: dg.DagsterInstance) -> None:
        run(instance, job=whole_week, **WEEK_5)
        run(instance, fail=True, **WEEK_5)
        ((level, _),) = found(subject(instance), "last_run")
        assert level == "warning"

    def test_unrepaired_failure_is_reported_for_eight_days_only(
        self, instance: dg.DagsterInstance
    ) -> None:
        run(instance, fail=True, job=season_ingest, **weeks_tags("2015|01", "2015|18"))
        week_later = NOW + timedelta(days=7)
        ((level, _),) = found(subject(instance, clock=week_later), "last_run")
        assert level == "warning"
        later = NOW + timedelta(days=8, hours=1)
        assert found(subject(instance, clock=later), "last_run") == [("ok", "")]

    def test_failure_that_is_retried_is_its_successors(self, instance: dg.DagsterInstance) -> None:
        run(instance, fail=True, **{"dagster/will_retry": "true"})
        assert found(subject(instance), "last_run") == [("ok", "")]

    def test_selection_of_the_ui_repairs_its_assets(self, instance: dg.DagsterInstance) -> None:
        @dg.asset
        def weekly_stats(context: dg.AssetExecutionContext) -> None: ...

        @dg.asset
        def games() -> None: ...

        run(instance, fail=True, **WEEK_5)
        for selected, level in ((games, "warning"), (weekly_stats, "ok")):
            job = dg.Definitions(
                assets=[weekly_stats, games], jobs=[dg.define_asset_job("ui", selection="*")]
            ).resolve_job_def("ui")
            job.execute_in_process(instance=instance, asset_selection=[selected.key], tags=WEEK_5)
            assert [found_level for found_level, _ in found(subject(instance), "last_run")] == [
                level
            ]

    def test_success_repairs_only_its_weeks(self, instance: dg.DagsterInstance) -> None:
        assets = ["raw_players", "weekly_stats"]
        weeks = [SeasonWeek(2025, week) for week in range(1, 11)]
        run_id = ui_run(instance, assets, weeks, fails="no file")

        def left() -> list[str]:
            findings = found(subject(instance), "last_run")
            return [message.partition(" failed ")[0] for _, message in findings if message]

        assert left() == ["raw_players, weekly_stats 2025 weeks 1-10"]
        ui_run(instance, assets, [SeasonWeek(2024, 7)])
        assert left() == ["raw_players, weekly_stats 2025 weeks 1-10"]
        ui_run(instance, assets, weeks[:5])
        assert left() == ["raw_players, weekly_stats 2025 weeks 6-10"]
        ((_, message),) = found(subject(instance), "last_run")
        assert message.endswith(f"weekly_stats: no file; see fantasy-pipeline show {run_id[:8]}")
        # Weeks that a failed run wrote are done, too.
        ui_run(instance, assets, weeks[5:], fails="no week 10", writes=weeks[5:9])
        assert left() == ["raw_players, weekly_stats 2025 week 10"]
        run(instance, job=season_ingest, **weeks_tags("2025|10", "2025|10"))
        assert left() == []

    def test_failures_are_listed_by_assets_and_weeks(self, instance: dg.DagsterInstance) -> None:
        week, other = SeasonWeek(2025, 1), SeasonWeek(2025, 2)
        ui_run(instance, ["weekly_stats"], [week], fails="first")
        ui_run(instance, ["projections"], [week], fails="second")
        ui_run(instance, ["weekly_stats"], [other], fails="third")
        ui_run(instance, ["weekly_stats"], [other], fails="fourth")
        messages = [message for _, message in found(subject(instance), "last_run")]
        assert len(messages) == 3
        assert "weekly_stats 2025 week 2 failed 2 times, the last time on " in messages[0]
        assert "weekly_stats: fourth; see " in messages[0]
        assert messages[1].startswith("projections 2025 week 1 failed on ")
        assert messages[2].startswith("weekly_stats 2025 week 1 failed on ")

    def test_import_does_not_repair_a_projection(self, instance: dg.DagsterInstance) -> None:
        run(instance, fail=True, job=whole_week, **WEEK_5)
        run(instance, job=weekly_import, **WEEK_5)
        ((level, message),) = found(subject(instance), "last_run")
        assert level == "warning"
        assert message.startswith("whole_week 2024 week 5 failed on ")
        run(instance, job=whole_week, **WEEK_5)
        assert found(subject(instance), "last_run") == [("ok", "")]

    def test_stuck(self, instance: dg.DagsterInstance) -> None:
        config = {"ops": {"work": {"config": {"fail": False}}}}
        started = dg.DagsterRunStatus.STARTED
        instance.create_run_for_job(weekly_import, run_config=config, status=started)
        assert found(subject(instance), "stuck_run") == [("ok", "")]
        later = datetime.now(timezone.utc) + timedelta(hours=3)
        late = subject(instance, clock=later)
        ((level, message),) = found(late, "stuck_run")
        assert level == "warning"
        assert "weekly_import has been in status started for 3.0 hours (run " in message
        assert message.endswith("or terminate the run in the Dagster UI")


class TestDueWeek:
    def test_missing(self, instance: dg.DagsterInstance) -> None:
        ((level, message),) = found(subject(instance), "due_week")
        assert level == "critical"
        assert message == (
            "2024 week 1 is missing: its provisional import was due on 2024-09-10 08:00 UTC; "
            "run fantasy-pipeline trigger --season 2024 --week 1"
        )

    def test_not_late_before_noon(self, instance: dg.DagsterInstance) -> None:
        early = subject(instance, now=TUESDAY_NOON - timedelta(minutes=1))
        assert found(early, "due_week") == [("ok", "")]

    def test_imported(self, instance: dg.DagsterInstance) -> None:
        record_imports(instance, {WEEK: "provisional"}, {})
        assert found(subject(instance), "due_week") == [("ok", "")]

    def test_incomplete(self, instance: dg.DagsterInstance) -> None:
        record_imports(instance, {WEEK: "provisional"}, {})
        thursday = subject(instance, now=TUESDAY_NOON + timedelta(days=2, hours=4))
        ((level, message),) = found(thursday, "due_week")
        assert (level, message) == (
            "warning",
            "2024 week 1 is imported, but not final: its final import was due on "
            "2024-09-12 12:00 UTC; run fantasy-pipeline trigger --season 2024 --week 1",
        )

    def test_earlier_weeks(self, instance: dg.DagsterInstance) -> None:
        record_imports(instance, {SeasonWeek(2024, 2): "provisional"}, {})
        later = subject(instance, now=TUESDAY_NOON + timedelta(days=7))
        assert found(later, "due_week") == [
            (
                "warning",
                "1 other week (2024 week 1) is missing; "
                "run fantasy-pipeline backfill --seasons 2024 --only-missing",
            )
        ]

    def test_no_schedule(self, instance: dg.DagsterInstance) -> None:
        ((level, message),) = found(subject(instance, games=()), "due_week")
        assert (level, message) == (
            "warning",
            "the lake has no NFL schedule; run "
            "dagster job execute -m fantasy_pipeline.definitions -j games_refresh",
        )


class TestLostData:
    """What run history has, and the lake lacks."""

    def test_lost_weeks_are_missing_and_critical(self, instance: dg.DagsterInstance) -> None:
        record_imports(instance, {SeasonWeek(2024, week): "final" for week in range(1, 8)}, {})
        examined = subject(instance)
        assert found(examined, "lost_data") == [("ok", "")]
        lake = examined.lake
        shutil.rmtree(f"{lake.root}/weekly_stats/season=2024")
        names = ", ".join(f"2024 week {week}" for week in range(1, 6))
        expected = (
            f"the run history has 7 weeks that the lake at {lake.root} lacks ({names}, … of "
            "weekly_stats); "
            "check FANTASY_DATA, or restore a backup; catch_up imports weeks of the last year "
            "again, and fantasy-pipeline backfill --seasons 2024 --only-missing all of them; "
            "fantasy-pipeline reconcile --dry-run names all"
        )
        assert found(examined, "lost_data") == [("critical", expected)]
        ((level, message),) = found(examined, "due_week")
        assert level == "critical"
        assert message.startswith("2024 week 1 is missing: ")

    def test_data_of_the_other_league_are_not_lost(self, instance: dg.DagsterInstance) -> None:
        metadata = {"data": "synthetic sample league"}
        event = dg.AssetMaterialization("projections", partition="2024|01", metadata=metadata)
        instance.report_runless_asset_event(event)
        assert found(subject(instance), "lost_data") == [("ok", "")]
        sample = subject(instance, label="synthetic sample league")
        ((level, message),) = found(sample, "lost_data")
        assert level == "critical"
        assert message.startswith("the run history has 1 week that ")

    def test_week_that_was_stored_without_rows_is_not_lost(
        self, instance: dg.DagsterInstance
    ) -> None:
        metadata = {"dagster/partition_row_count": 0}
        event = dg.AssetMaterialization("weekly_stats", partition="2024|22", metadata=metadata)
        instance.report_runless_asset_event(event)
        assert found(subject(instance), "lost_data") == [("ok", "")]

    def test_table_without_weeks(self, instance: dg.DagsterInstance) -> None:
        instance.report_runless_asset_event(dg.AssetMaterialization("player_history"))
        ((level, message),) = found(subject(instance), "lost_data")
        assert level == "critical"
        assert message.startswith("the run history has tables that the lake at ")
        assert " lacks (player_history); " in message
        assert "or run fantasy-pipeline run; " in message

    def test_corrections_need_a_trigger(self, instance: dg.DagsterInstance) -> None:
        event = dg.AssetMaterialization("provisional_stats", partition="2024|01")
        instance.report_runless_asset_event(event)
        ((_, message),) = found(subject(instance), "lost_data")
        assert "; or run fantasy-pipeline trigger for each week; " in message


def test_lock_held_for_long(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    path = tmp_path / "locks" / "player_history"
    path.touch()
    # The age of a lock file must not count: the lock is held only from now on.
    os.utime(path, (0, 0))
    lock_files = [tmp_path / "locks", tmp_path / "none"]
    hour = timedelta(hours=1)
    with locked(path):
        later = subject(instance, locks=lock_files, clock=NOW + hour)
        ((level, message),) = found(later, "stale_lock")
        assert level == "warning"
        assert "player_history has been held since" in message
        assert message.endswith("find the process that holds it, e.g. with lsof")
        assert found(subject(instance, locks=lock_files), "stale_lock") == [("ok", "")]
    assert found(later, "stale_lock") == [("ok", "")]


def test_locks_of_a_session_are_those_that_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    session = Session("sample", None)
    _ = session.instance
    with session.lake.rebuild_lock(PLAYER_HISTORY), locked(session.home / BACKFILL_LOCK):
        taken = {path.name for path, _ in held(session.locks)}
    assert taken == {BACKFILL_LOCK, PLAYER_HISTORY.name}
    assert (session.home / INSTANCE_LOCK) in session.locks


@pytest.mark.parametrize(("free", "level"), [(2**40, "ok"), (2**30, "warning"), (1, "critical")])
def test_disk(
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    level: str,
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    examined = subject(instance, folders=[tmp_path, tmp_path / "absent"])
    assert [found_level for found_level, _ in found(examined, "disk_space")] == [level]


CHECK_SLACK = "check FANTASY_ALERT_SLACK_…, then run fantasy-pipeline alert-test"


@pytest.mark.loopback
def test_alert_channel(instance: dg.DagsterInstance) -> None:
    outbox = Outbox(instance)
    outbox.add(Alert("a", "failure", "title"))
    with receiving() as server:
        server.status = 500
        outbox.deliver([Webhook("slack", server.url)])
        expected = [("warning", f"slack: answered HTTP 500; {CHECK_SLACK}")]
        assert found(subject(instance), "alert_channels") == expected
        server.status = 200
        outbox.deliver([Webhook("slack", server.url)])
    assert found(subject(instance), "alert_channels") == [("ok", "")]


@pytest.mark.loopback
def test_lost_alerts(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = Outbox(instance)
    for name in ("first", "second"):
        outbox.add(Alert(name, "failure", f"the {name}"))
    with receiving() as server:
        slack = Webhook("slack", server.url)
        server.status = 500
        outbox.deliver([slack])
        with monkeypatch.context() as later:
            now = time.time()
            later.setattr("time.time", lambda: now + MAX_AGE_SECONDS + 1)
            outbox.deliver([slack])
        message = f"slack: answered HTTP 500; 2 alerts lost, the latest: the second; {CHECK_SLACK}"
        assert found(subject(instance), "alert_channels") == [("warning", message)]
        server.status = 200
        outbox.add(Alert("third", "failure", "the third"))
        outbox.deliver([slack])
    assert found(subject(instance), "alert_channels") == [("ok", "")]


def test_channel_with_a_bad_setting(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANTASY_ALERT_SMTP_PORT", "tls")
    ((level, message),) = found(subject(instance), "alert_channels")
    assert level == "warning"
    assert message.startswith("smtp: FANTASY_ALERT_SMTP_PORT: Input should be a valid integer")
    assert message.endswith("check FANTASY_ALERT_SMTP_…, then run fantasy-pipeline alert-test")


def test_without_a_daemon_its_rules_are_left_out(instance: dg.DagsterInstance) -> None:
    all_rules = {finding.rule for finding in examine(subject(instance))}
    rules = {finding.rule for finding in examine(subject(instance), daemon=False)}
    assert all_rules - rules == {"daemon_running", "schedule_on"}


def test_rule_that_cannot_be_asked_is_critical_and_the_others_answer(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    examined = subject(instance, folders=[Path("/")])
    ((level, message),) = found(examined, "disk_space")
    assert level == "critical"
    assert message == "cannot be checked: PermissionError: [Errno 13] Permission denied"
    assert found(examined, "alert_channels") == [("ok", "")]


def test_storage_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "history").write_text("not a folder")
    ((rule, level, message),) = examine_session(Session)
    assert (rule, level) == ("storage", "critical")
    assert message.startswith("cannot be reached: ")
    assert "\n" not in message


@pytest.mark.parametrize("inside", [True, False])
def test_cache_that_lies_elsewhere_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    cache = tmp_path / ("home/data/cache" if inside else "other")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FANTASY_CACHE", str(cache))
    monkeypatch.setenv("FANTASY_SOURCE", "sample")
    folders = subject_of(Session()).folders
    assert (cache in folders) is not inside


@pytest.mark.parametrize("where", ["home", "here"])
def test_advice_names_the_nearest_workspace(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "workspace.yaml").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(folder if where == "home" else tmp_path))
    monkeypatch.chdir(folder if where == "here" else tmp_path)
    examined = subject(instance)
    examined.__dict__["instigators"] = [_instigator(is_on=False)]
    ((_, message),) = found(examined, "schedule_on")
    assert message.endswith(f"-w '{folder}/workspace.yaml'")
