"""A folder that one worker of a test run makes and the others use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fantasy_pipeline.lake.locks import locked


def shared_folder(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a temporary folder of the test run, after `make(folder)` has filled it once.

    Tests read the folder only: those of other processes read it at the same time.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, made = root / name, root / f"{name}.made"
    with locked(root / f"{name}.lock"):
        if not made.exists():
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
