"""Opening a Dagster home: who waits for whom."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fantasy_pipeline.lake.locks import locked
from fantasy_pipeline.operations.session import INSTANCE_LOCK, open_instance


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    return tmp_path


def runs_of(home: Path) -> int:
    with open_instance(home) as instance:
        return instance.get_runs_count()


def test_a_home_that_is_made_is_opened_without_its_lock(home: Path) -> None:
    assert runs_of(home) == 0
    with locked(home / INSTANCE_LOCK):
        assert runs_of(home) == 0


def test_a_new_home_is_made_by_one_at_a_time(home: Path) -> None:
    for _ in range(2):
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(runs_of, [home] * 4)) == [0] * 4
        # The mark of the first time stays, and says nothing of the files of the next.
        shutil.rmtree(home / "history")
        shutil.rmtree(home / "schedules")
