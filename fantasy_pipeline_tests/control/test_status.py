"""What `status` says of a backfill while it runs: a real one, of the sample league."""

import os
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fantasy_pipeline.control.history import executions
from fantasy_pipeline.control.status import backfills, instigators
from fantasy_pipeline.runs.recorded import recorded

ROOT = Path(__file__).parents[2]
LONGEST = 300


def test_next_ticks_of_the_schedules() -> None:
    now = datetime(2024, 9, 19, 16, tzinfo=timezone.utc)  # a Thursday, at one of two ticks
    with dg.instance_for_test() as instance:
        found = {item.name: item for item in instigators(instance, now)}
    ticks = {name: item.next_tick for name, item in found.items() if item.kind == "schedule"}
    assert {name: f"{tick:%m-%d %H:%M %z}" for name, tick in ticks.items() if tick} == {
        "tuesday_import": "09-24 08:00 +0000",
        "thursday_final_import": "09-26 12:00 +0000",
        "daily_projections": "09-20 14:00 +0000",
        "thursday_kickoff_projections": "09-19 23:00 +0000",
        "daily_games": "09-20 06:00 +0000",
    }
    assert all(item.next_tick is None for item in found.values() if item.kind == "sensor")


@pytest.mark.slow
def test_backfill_under_way_shows_weeks_done_of_all(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    log = (tmp_path / "backfill.log").open("w")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "fantasy_pipeline.cli", "backfill", "--workers", "1"),
            *("--seasons", "2024", "--weeks", "1-2"),
        ],
        env={
            **os.environ,
            "DAGSTER_HOME": str(tmp_path),
            "FANTASY_SOURCE": "sample",
            "PYTHONPATH": str(ROOT),
        },
        cwd=tmp_path,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    seen: list[dict[str, Any]] = []
    deadline = time.monotonic() + LONGEST
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        while process.poll() is None:
            assert time.monotonic() < deadline
            seen += backfills(instance)
            time.sleep(0.1)
        log.close()
        assert process.returncode == 0, (tmp_path / "backfill.log").read_text()
        runs = [run for run in executions(instance) if "backfill" in run.run.tags]
        written = recorded(instance, [run.run.run_id for run in runs])
        assert backfills(instance) == []

    assert {entry["weeks"] for entry in seen} == {2}
    assert {entry["plan"] for entry in seen} == {"sample 2024 weeks 1-2"}
    assert len({entry["id"] for entry in seen}) == 1
    done = [entry["weeks_done"] for entry in seen]
    assert done == sorted(done)
    # Of 26 weeks of work, 2 to import, 22 for the history of all and 2 to project.
    assert set(done) == {0, 1}
    # Each of its runs wrote its result; a season's are one run, not one per week.
    assert len(runs) == len(written) == 3
    assert all(entry["success"] for entry in written.values())
    assert [run.season for run in runs] == [2024, None, 2024]
