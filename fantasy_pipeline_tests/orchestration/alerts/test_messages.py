"""Texts of alerts."""

from datetime import datetime, timezone

import dagster as dg
import pytest

from fantasy_pipeline.football.import_calendar import Import
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.orchestration.alerts import messages
from fantasy_pipeline.orchestration.runs.history import Execution, executions
from fantasy_pipeline.settings import AlertSettings


@dg.op
def broken() -> None:
    raise ValueError("upstream is upside down\nsecond line")


@dg.job
def weekly_import() -> None:
    broken()


@pytest.fixture
def failed() -> Execution:
    instance = dg.DagsterInstance.ephemeral()
    weekly_import.execute_in_process(
        instance=instance, tags={"season": "2024", "week": "5"}, raise_on_error=False
    )
    return next(executions(instance))


def test_failure_names_week_step_cause_and_link(failed: Execution) -> None:
    ui = AlertSettings(ui_url="https://dagster.example/")
    alert = messages.failure(failed, ui.run_url())
    assert alert.text.splitlines() == [
        "weekly_import 2024 week 5 failed",
        "failed: broken",
        "cause: upstream is upside down",
        f"run: https://dagster.example/runs/{failed.run.run_id}",
        f"next: fantasy-pipeline show {failed.run.run_id[:8]}",
    ]
    assert (alert.season, alert.week, alert.job) == (2024, 5, "weekly_import")


def test_without_an_address_of_the_ui_the_run_is_named(failed: Execution) -> None:
    alert = messages.failure(failed, AlertSettings(ui_url="").run_url())
    assert alert.link is None
    assert alert.text.splitlines()[-2:] == [
        f"run: {failed.run.run_id}",
        f"next: fantasy-pipeline show {failed.run.run_id[:8]}",
    ]


def test_overdue_alert_has_the_due_time_and_the_next_command() -> None:
    due = datetime(2024, 9, 17, 8, tzinfo=timezone.utc)
    item = Import(due, SeasonWeek(2024, 2), "provisional")
    alert = messages.overdue(item, due.replace(hour=12))
    assert (
        alert.title
        == "2024 week 2 has no provisional import: due since Tuesday 2024-09-17 08:00 UTC"
    )
    assert alert.text.splitlines()[1:] == [
        "cause: no such import succeeded in 4 hours",
        "next: fantasy-pipeline trigger --season 2024 --week 2",
    ]
    assert alert.id == "overdue-2024-02-provisional"


def test_all_clear_says_which_import_came() -> None:
    due = datetime(2024, 9, 17, 8, tzinfo=timezone.utc)
    alert = messages.arrived(Import(due, SeasonWeek(2024, 2), "provisional"))
    assert alert.text == "2024 week 2 has its provisional import now"
    assert (alert.kind, alert.season, alert.week) == ("arrived", 2024, 2)
