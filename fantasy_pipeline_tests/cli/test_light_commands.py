"""Commands that people type often load only the packages that they use."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from fantasy_pipeline.football.tables import (
    PROJECTION_ACCURACY,
    RAW_PLAYERS,
    REST_OF_SEASON,
    SOURCE_PROJECTIONS,
)
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.orchestration.workspace import REAL_LABEL
from fantasy_pipeline_tests.operations.test_lineups import SUNDAY, WEEK, fill
from fantasy_pipeline_tests.rows import rows_of
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
_RUN = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from fantasy_pipeline.cli import main
main()
"""
_POOL = """
import atexit, sys

@atexit.register
def say():
    import pyarrow
    print(pyarrow.default_memory_pool().backend_name, file=sys.stderr)

from fantasy_pipeline.cli import main
main()
"""
_AT_WEEK = ["--season", str(WEEK.season), "--week", str(WEEK.week)]
_HEAVY = {"dagster", "pandas", "polars", "sqlalchemy", "matplotlib", "requests"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Dagster home whose lake has a projected week and a league."""
    home = tmp_path_factory.mktemp("home")
    lake = fill(Lake(str(home / "data" / "lake"), REAL_LABEL), rows_of)
    scored = {
        **{"season": WEEK.season, "week": WEEK.week, "source": "consensus", "position": "QB"},
        **{"scoring": "ppr", "pool": "played", "mae": 4.0},
    }
    lake.write_weeks(PROJECTION_ACCURACY, rows_of(PROJECTION_ACCURACY, scored), [WEEK])
    for table in (RAW_PLAYERS, SOURCE_PROJECTIONS, REST_OF_SEASON):
        lake.write_weeks(table, rows_of(table), [WEEK])
    return home


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["sql", "select 1"], _HEAVY),
        (["sql", "from projections"], _HEAVY),
        (["projections", *_AT_WEEK], _HEAVY),
        (["compare", "allen", "hurts", *_AT_WEEK], _HEAVY),
        (["lineup", "--league", "friends", "--team", "1", *_AT_WEEK], _HEAVY),
        (["accuracy"], _HEAVY),
        (["week", "--at", f"{SUNDAY - timedelta(hours=1):%Y-%m-%dT%H:%MZ}"], _HEAVY),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_the_command_loads_no_package_that_it_does_not_use(
    arguments: list[str], absent: set[str], home: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DAGSTER_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stderr[:500]
    loaded = set(done.stderr.split())
    assert "fantasy_pipeline.cli.query" in loaded
    assert absent & loaded == set()


def test_a_command_gives_memory_back(home: Path) -> None:
    """Arrow chooses its allocator when it is first imported, so no module may load it before."""
    done = subprocess.run(
        [sys.executable, "-c", _POOL, "sql", "select 1"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DAGSTER_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stderr[:500]
    assert done.stderr.split() == ["system"]


def test_data_frames_are_still_converted() -> None:
    """nfl_data_py reads files into data frames, after the command has kept pandas out."""
    script = (
        "import sys, pyarrow as pa; from fantasy_pipeline.cli.no_pandas import settle\n"
        "settle(); assert pa.array([1, None]).null_count == 1 and 'pandas' not in sys.modules\n"
        "import pandas as pd; frame = pd.DataFrame({'yards': [1.5, None], 'name': ['a', None]})\n"
        "table = pa.Table.from_pandas(frame, preserve_index=False)\n"
        "assert table.to_pylist() == [{'yards': 1.5, 'name': 'a'}, {'yards': None, 'name': None}]\n"
        "assert table.to_pandas().equals(frame)\n"
        "settle(); assert pa.array(frame['yards']).null_count == 1"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
