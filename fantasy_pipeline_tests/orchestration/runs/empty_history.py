"""A run history without runs, copied instead of made: Dagster takes half a second to make one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

WithHistory = Callable[[Path], Path]


@pytest.fixture(scope="session")
def with_history(tmp_path_factory: pytest.TempPathFactory) -> WithHistory:
    """Return `with_history(folder)`: it copies an empty run history there, returns the folder."""
    made = tmp_path_factory.mktemp("history")
    with dg.DagsterInstance.local_temp(str(made)):
        """Opening the instance makes the files."""

    def fill(folder: Path) -> Path:
        shutil.copytree(made, folder, dirs_exist_ok=True)
        return folder

    return fill


@pytest.fixture
def instance(
    tmp_path: Path, with_history: WithHistory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """Return the instance of a home without runs, to which `DAGSTER_HOME` points."""
    home = with_history(tmp_path / "home")
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        yield instance
