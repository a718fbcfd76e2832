"""Check out the code of an earlier commit, to make data with it."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from fantasy_pipeline_tests import ROOT

BEFORE_THE_LAYOUT = "187c629fd0833af6a61d0829958a5b7e24bf9944"
"""The last commit in which the modules lay at the root of the package."""

PATHS = ("fantasy_pipeline", "dagster.yaml")


def code_of(commit: str, folder: Path) -> Path:
    """Write the package and dagster.yaml of a commit to a folder, and return the folder.

    Skips the test where the history of git lacks the commit; in CI, fails it.
    """
    done = subprocess.run(
        # In a container, the checkout may belong to another user.
        ["git", "-c", f"safe.directory={ROOT}", "archive", commit, *PATHS],
        cwd=ROOT,
        capture_output=True,
    )
    if done.returncode != 0:
        cause = done.stderr.decode().strip()
        reason = f"git has no commit {commit[:7]} here ({cause}); run git fetch --unshallow"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder
