"""A run history that cannot be read is one error that names the file and the next step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import NoSuchTableError

from fantasy_pipeline.errors import HistoryError
from fantasy_pipeline.operations.session import open_instance
from fantasy_pipeline.orchestration import history_errors
from fantasy_pipeline.orchestration.runs.history import executions
from fantasy_pipeline_tests.orchestration.runs.empty_history import WithHistory


def _other_bytes(file: Path) -> None:
    file.write_bytes(bytes(range(256)) * 200)


def _half(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size // 2)


def _read(home: Path) -> None:
    with open_instance(home) as instance:
        instance.get_runs(limit=1)
        instance.all_asset_keys()


@pytest.mark.parametrize("name", ["runs.db", "runs/index.db"])
@pytest.mark.parametrize(
    ("damage", "cause"), [(_other_bytes, "file is not a database"), (_half, "malformed")]
)
def test_a_damaged_file_of_the_history_is_named(
    tmp_path: Path,
    with_history: WithHistory,
    name: str,
    damage: Callable[[Path], None],
    cause: str,
) -> None:
    history_errors.listen()
    home = with_history(tmp_path)
    for file in (home / "history").rglob("*.db-*"):
        file.unlink()
    damage(home / "history" / name)
    with pytest.raises(HistoryError, match=rf"history/{name}: .*{cause}.*`fantasy-pipeline rec"):
        _read(home)


def test_files_that_are_removed_under_a_process_are_said(
    tmp_path: Path, with_history: WithHistory
) -> None:
    with open_instance(with_history(tmp_path)) as instance:
        for file in (tmp_path / "history").glob("runs.db*"):
            file.unlink()
        with pytest.raises(NoSuchTableError) as raised:
            list(executions(instance))
    said = history_errors.in_words(raised.value)
    assert isinstance(said, HistoryError)
    assert "no such table: runs. The files of the history were removed" in str(said)
