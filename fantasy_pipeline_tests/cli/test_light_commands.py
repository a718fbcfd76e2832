"""Commands that people type often load only the packages that they use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

ROOT = Path(__file__).parents[2]
_RUN = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from fantasy_pipeline.cli import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["sql", "select 1"], {"dagster", "pandas", "polars", "sqlalchemy", "sklearn"}),
        (["week", "--source", "sample"], {"dagster", "sklearn", "matplotlib"}),
    ],
    ids=["sql", "week"],
)
def test_the_command_loads_no_package_that_it_does_not_use(
    arguments: list[str], absent: set[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stderr[:500]
    loaded = set(done.stderr.split())
    assert "fantasy_pipeline.cli.query" in loaded
    assert absent & loaded == set()
