"""Tests without upstream's real files: one line for all that are skipped, failures in CI."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.mirror import MIRROR_VARIABLE, need

MODULES = ("ingest/sources/test_nflverse.py", "checks/test_checks_real.py")
"""Two modules with tests of real files, some of them under a parametrized mark."""


@pytest.mark.parametrize(
    ("ci", "mirror", "outcome"),
    [
        ("true", "none", pytest.skip.Exception),
        ("true", "/no/such/folder", pytest.fail.Exception),
        ("true", "", pytest.fail.Exception),
        ("", "/no/such/folder", pytest.skip.Exception),
        ("", "none", pytest.skip.Exception),
    ],
)
def test_missing_files_fail_in_ci_unless_it_says_that_it_has_none(
    monkeypatch: pytest.MonkeyPatch, ci: str, mirror: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv(MIRROR_VARIABLE, mirror)
    with pytest.raises(
        outcome, match="no real NFL files at /no/such/folder; set FANTASY_TEST_MIRROR, see"
    ):
        need(Path("/no/such/folder"))


def pytest_on_real_files(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of two modules that read real files, with other environment variables."""
    files = [f"fantasy_pipeline_tests/{module}" for module in MODULES]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "real", *files],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_one_line_names_all_tests_without_real_files() -> None:
    done = pytest_on_real_files(CI="", **{MIRROR_VARIABLE: "none"})
    assert done.returncode == 0, done.stdout + done.stderr
    skips = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    reason = re.fullmatch(
        r"SKIPPED \[(\d+)\] fantasy_pipeline_tests/mirror\.py:\d+: no real NFL files at none; "
        r"set FANTASY_TEST_MIRROR, see CONTRIBUTING\.md",
        "".join(skips),
    )
    assert reason, skips
    assert int(reason[1]) > 10
    assert f"{reason[1]} skipped" in done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_in_ci_tests_without_real_files_fail(tmp_path: Path) -> None:
    done = pytest_on_real_files(CI="true", **{MIRROR_VARIABLE: str(tmp_path / "missing")})
    assert done.returncode == 1, done.stdout + done.stderr
    reason = f"no real NFL files at {tmp_path / 'missing'}; set FANTASY_TEST_MIRROR"
    assert reason in done.stdout
    assert re.match(r"\d+ deselected, \d+ errors in", done.stdout.splitlines()[-1])
