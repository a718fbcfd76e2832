"""A run history without runs, copied instead of made: Dagster takes half a second to make one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from fantasy_pipeline.operations.own_instance import home_instance

WithHistory = Callable[[Path], Path]


@pytest.fixture(scope="session")
def with_history(tmp_path_factory: pytest.TempPathFactory) -> WithHistory:
    """Return `with_history(folder)`: it copies an empty run history there, returns the folder."""
    made = tmp_path_factory.mktemp("history")
    with dg.DagsterInstance.local_temp(str(made)):
        """Opening the instance makes the files."""
    (made / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")

    def fill(folder: Path) -> Path:
        shutil.copytree(made, folder, dirs_exist_ok=True)
        return folder

    return fill


@contextmanager
def opened(home: Path) -> Iterator[dg.DagsterInstance]:
    """Open the instance of a home, which `DAGSTER_HOME` names meanwhile, as a command opens it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        with home_instance(home, one_run=True) as instance:
            yield instance


@pytest.fixture
def instance(tmp_path: Path, with_history: WithHistory) -> Iterator[dg.DagsterInstance]:
    """Return the instance of a home without runs, to which `DAGSTER_HOME` points."""
    with opened(with_history(tmp_path / "home")) as instance:
        yield instance
