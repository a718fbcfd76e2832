"""The home of the tests that call the program in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fantasy_pipeline_tests import ROOT


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    (home / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    before = dict(os.environ)
    os.environ.update({"DAGSTER_HOME": str(home), "FANTASY_SOURCE": "sample"})
    yield home
    os.environ.clear()
    os.environ.update(before)
