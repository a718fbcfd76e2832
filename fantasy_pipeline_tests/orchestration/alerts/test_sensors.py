"""Alert sensors on a real instance: which runs they report, how often, to which channel."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fantasy_pipeline.definitions import defs
from fantasy_pipeline.errors import SourceError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.orchestration.alerts.outbox import Outbox
from fantasy_pipeline.orchestration.alerts.sensors import (
    alert_on_failure,
    alert_on_overdue_week,
    alert_on_recovery,
)
from fantasy_pipeline.orchestration.resources import NflData
from fantasy_pipeline_tests.orchestration.alerts.receivers import (
    SECRET,
    Receiver,
    free_port,
    receiving,
)
from fantasy_pipeline_tests.orchestration.runs.empty_history import WithHistory
from fantasy_pipeline_tests.orchestration.runs.ui_runs import ui_run
from fantasy_pipeline_tests.system.replay import record_imports

pytestmark = pytest.mark.loopback


@dg.op(config_schema={"fail": bool})
def step(context: dg.OpExecutionContext) -> None:
    if context.op_config["fail"]:
        raise ValueError("no such file")


@dg.job
def some_job() -> None:
    step()


@dg.job
def weekly_import() -> None:
    step()


@dg.job
def whole_week() -> None:
    step()


@dg.job
def report_week() -> None:
    step()


WEEK_5 = {"season": "2024", "week": "5"}


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A real server that the environment configures as the webhook."""
    with receiving() as server:
        monkeypatch.setenv("FANTASY_ALERT_WEBHOOK_URL", server.url)
        yield server


class Daemon:
    """Ticks the two run sensors as the daemon does: each with its own cursor."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursors: dict[str, str | None] = {}
        self.tick()

    def tick(self) -> None:
        for sensor in (alert_on_failure, alert_on_recovery):
            with dg.build_sensor_context(
                instance=self.instance,
                cursor=self.cursors.get(sensor.name),
                repository_def=defs.get_repository_def(),
            ) as context:
                self.cursors[sensor.name] = sensor.evaluate_tick(context).cursor

    def run(
        self, fail: bool, job: dg.JobDefinition = some_job, **tags: str
    ) -> dg.ExecuteInProcessResult:
        return job.execute_in_process(
            instance=self.instance,
            run_config={"ops": {"step": {"config": {"fail": fail}}}},
            tags=tags,
            raise_on_error=False,
        )


@pytest.fixture
def daemon(tmp_path: Path, with_history: WithHistory) -> Iterator[Daemon]:
    overrides: dict[str, Any] = {"run_retries": {"enabled": True, "max_retries": 0}}
    folder = str(with_history(tmp_path))
    with dg.instance_for_test(overrides=overrides, temp_dir=folder) as instance:
        yield Daemon(instance)


def test_failed_run_is_reported_once(
    daemon: Daemon, inbox: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANTASY_ALERT_UI_URL", "https://dagster.example.org")
    result = daemon.run(fail=True, season="2024", week="5")
    daemon.tick()
    daemon.tick()
    (alert,) = inbox.bodies
    assert alert["title"] == "some_job 2024 week 5 failed"
    assert (alert["season"], alert["week"]) == (2024, 5)
    assert (alert["failed"], alert["cause"]) == ("step", "no such file")
    assert alert["link"] == f"https://dagster.example.org/runs/{result.run_id}"


def test_run_that_is_retried_is_not_reported(daemon: Daemon, inbox: Receiver) -> None:
    daemon.run(fail=True, **{"dagster/max_retries": "2"})
    daemon.tick()
    assert inbox.bodies == []


def test_last_attempt_of_a_retried_run_is_reported_once(tmp_path: Path, inbox: Receiver) -> None:
    overrides: dict[str, Any] = {"run_retries": {"enabled": True, "max_retries": 2}}
    with dg.instance_for_test(overrides=overrides, temp_dir=str(tmp_path)) as instance:
        daemon = Daemon(instance)
        ids: list[str] = []
        for attempt in range(3):
            chain = (
                {
                    "dagster/parent_run_id": ids[-1],
                    "dagster/root_run_id": ids[0],
                    "dagster/retry_number": str(attempt),
                }
                if attempt
                else {}
            )
            run = instance.create_run_for_job(
                some_job,
                run_config={"ops": {"step": {"config": {"fail": True}}}},
                status=dg.DagsterRunStatus.STARTED,
                tags=chain,
                parent_run_id=chain.get("dagster/parent_run_id"),
                root_run_id=chain.get("dagster/root_run_id"),
            )
            ids.append(run.run_id)
            # As of a run whose process died: those are the runs that the daemon retries.
            instance.report_run_failed(run)
            daemon.tick()
            assert len(inbox.bodies) == (attempt == 2)
        daemon.tick()
        assert [alert["run_id"] for alert in inbox.bodies] == ids[-1:]


def test_recovery_is_reported_once_after_a_reported_failure(
    daemon: Daemon, inbox: Receiver
) -> None:
    daemon.run(fail=False)
    daemon.tick()
    daemon.run(fail=True)
    daemon.run(fail=True)
    daemon.tick()
    daemon.tick()
    daemon.run(fail=False)
    daemon.tick()
    daemon.run(fail=False)
    daemon.tick()
    daemon.tick()
    assert [alert["kind"] for alert in inbox.bodies] == ["failure", "failure", "recovery"]


@pytest.mark.parametrize(
    ("job", "week", "is_reported"),
    [(whole_week, "5", True), (whole_week, "6", False), (report_week, "5", False)],
)
def test_another_job_that_does_the_week_is_a_recovery(
    daemon: Daemon, inbox: Receiver, job: dg.JobDefinition, week: str, is_reported: bool
) -> None:
    daemon.run(fail=True, job=weekly_import, **WEEK_5)
    daemon.tick()
    daemon.run(fail=False, job=job, season="2024", week=week)
    daemon.tick()
    assert [alert["kind"] for alert in inbox.bodies] == ["failure", *(["recovery"] * is_reported)]


def test_recovery_is_reported_when_all_weeks_are_done(daemon: Daemon, inbox: Receiver) -> None:
    weeks = [SeasonWeek(2025, week) for week in range(1, 11)]
    for cause in ("no file", "still no file"):
        ui_run(daemon.instance, ["weekly_stats"], weeks, fails=cause)
    daemon.tick()
    for done in ([SeasonWeek(2024, 7)], weeks[:5]):
        ui_run(daemon.instance, ["weekly_stats"], done)
        daemon.tick()
    assert [alert["kind"] for alert in inbox.bodies] == ["failure", "failure"]
    ui_run(daemon.instance, ["raw_players", "weekly_stats"], weeks[5:])
    daemon.tick()
    # Two failures of the same assets and weeks are named once.
    assert [alert["title"] for alert in inbox.bodies] == [
        "weekly_stats 2025 weeks 1-10 failed",
        "weekly_stats 2025 weeks 1-10 failed",
        "weekly_stats 2025 weeks 1-10 succeeded again",
    ]


def test_first_of_two_repairing_runs_is_reported(daemon: Daemon, inbox: Receiver) -> None:
    daemon.run(fail=True)
    daemon.tick()
    slow = daemon.instance.create_run_for_job(
        some_job,
        run_config={"ops": {"step": {"config": {"fail": False}}}},
        status=dg.DagsterRunStatus.STARTED,
    )
    fast = daemon.run(fail=False)
    daemon.tick()
    success = dg.DagsterEvent("PIPELINE_SUCCESS", slow.job_name, message="done")
    daemon.instance.report_dagster_event(success, slow.run_id)
    daemon.tick()
    assert daemon.instance.get_run_by_id(slow.run_id).is_success  # type: ignore[union-attr]
    reported = [alert["run_id"] for alert in inbox.bodies if alert["kind"] == "recovery"]
    assert reported == [fast.run_id]


def test_bad_setting_of_one_channel_loses_no_alert(
    daemon: Daemon, inbox: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANTASY_ALERT_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("FANTASY_ALERT_SMTP_TO", "a@example.org")
    monkeypatch.setenv("FANTASY_ALERT_SMTP_PORT", "tls")
    daemon.run(fail=True)
    daemon.tick()
    assert [alert["kind"] for alert in inbox.bodies] == ["failure"]
    (reason,) = Outbox(daemon.instance).failing().values()
    assert reason.startswith("FANTASY_ALERT_SMTP_PORT: ")
    # The alert is still pending for the mail server.
    monkeypatch.setenv("FANTASY_ALERT_SMTP_PORT", str(free_port()))
    overdue(daemon.instance, "2024-07-01T12:00:00+00:00", source="sample")
    assert "ConnectionRefusedError" in Outbox(daemon.instance).failing()["smtp"]


def test_channel_that_fails_fails_no_sensor_and_is_tried_again(
    daemon: Daemon, inbox: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    inbox.status = 503
    daemon.run(fail=True)
    daemon.tick()
    assert inbox.bodies == []
    assert Outbox(daemon.instance).failing() == {"webhook": "answered HTTP 503"}
    inbox.status = 200
    overdue(daemon.instance, "2024-07-01T12:00:00+00:00", source="sample")
    assert [alert["kind"] for alert in inbox.bodies][:1] == ["failure"]
    assert Outbox(daemon.instance).failing() == {}
    assert "answered HTTP 503" in caplog.text
    assert SECRET not in caplog.text


def test_pending_alerts_are_sent_without_a_schedule(
    daemon: Daemon, inbox: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.status = 503
    daemon.run(fail=True)
    daemon.tick()
    inbox.status = 200
    monkeypatch.setenv("FANTASY_OFFLINE", "1")
    with pytest.raises(SourceError, match="schedule"):
        overdue(daemon.instance, "2024-07-01T12:00:00+00:00", source="nflreadpy")
    assert [alert["kind"] for alert in inbox.bodies] == ["failure"]


def overdue(instance: dg.DagsterInstance, at: str, source: str = "") -> str:
    with dg.build_sensor_context(
        instance=instance,
        resources={"nfl": NflData(at=at, source=source)},
        repository_def=defs.get_repository_def(),
    ) as context:
        data = alert_on_overdue_week.evaluate_tick(context)
    assert not data.run_requests
    return str(data.skip_message)


@pytest.fixture
def nfl_here(nfl_mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real schedule of games, from files."""
    monkeypatch.setenv("NFLVERSE_MIRROR", str(nfl_mirror))
    monkeypatch.setenv("FANTASY_DATA", str(tmp_path / "data"))


@pytest.mark.usefixtures("nfl_here")
def test_missing_due_week_is_reported_at_noon_without_any_run(
    daemon: Daemon, inbox: Receiver
) -> None:
    overdue(daemon.instance, "2024-09-17T12:00:00+00:00")
    overdue(daemon.instance, "2024-09-17T12:01:00+00:00")
    (alert,) = inbox.bodies
    assert alert["title"].startswith(
        "2024 week 2 has no provisional import: due since Tuesday 2024-09-17"
    )
    # Before noon the next week is not late; the week before is reported, final by then.
    inbox.bodies.clear()
    overdue(daemon.instance, "2024-09-24T11:59:00+00:00")
    assert [alert["week"] for alert in inbox.bodies] == [2]


@pytest.mark.usefixtures("nfl_here")
def test_fresh_start_reports_one_week_while_catch_up_works(daemon: Daemon, inbox: Receiver) -> None:
    """Catch-up imports the newest week first; the older weeks that are left raise no alert."""
    at = "2024-10-04T00:{:02d}:00+00:00"
    weeks = [SeasonWeek(2024, week) for week in (4, 3, 2, 1)]
    for minute, week in enumerate(weeks):
        overdue(daemon.instance, at.format(minute))
        record_imports(daemon.instance, {week: "final"}, {})
    overdue(daemon.instance, at.format(10))
    overdue(daemon.instance, at.format(11))
    assert [(alert["kind"], alert["week"]) for alert in inbox.bodies] == [
        ("overdue", 4),
        ("arrived", 4),
    ]
    assert inbox.bodies[1]["title"] == "2024 week 4 has its final import now"


@pytest.mark.usefixtures("nfl_here")
def test_one_all_clear_for_a_week_that_was_reported_twice(daemon: Daemon, inbox: Receiver) -> None:
    overdue(daemon.instance, "2024-09-17T12:00:00+00:00")
    overdue(daemon.instance, "2024-09-19T16:00:00+00:00")
    record_imports(daemon.instance, {SeasonWeek(2024, 2): "final"}, {})
    overdue(daemon.instance, "2024-09-19T16:05:00+00:00")
    overdue(daemon.instance, "2024-09-19T16:06:00+00:00")
    assert [alert["kind"] for alert in inbox.bodies] == ["overdue", "overdue", "arrived"]
    assert inbox.bodies[2]["title"] == "2024 week 2 has its final import now"
