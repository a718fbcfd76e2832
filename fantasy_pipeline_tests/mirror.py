"""Locate upstream's real files for the tests; skip or fail a test when they are missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fantasy_pipeline_tests import ROOT

MIRROR_VARIABLE = "FANTASY_TEST_MIRROR"
NO_MIRROR = "none"
"""Value of the variable that states that there are no real files: CI skips their tests too."""
DEFAULT_MIRROR = ROOT.parent / "shared" / "nfl-data" / "mirror"


def mirror_folder() -> Path:
    """Return the folder of upstream's real files, laid out by host and path."""
    return Path(os.environ.get(MIRROR_VARIABLE) or DEFAULT_MIRROR)


def variants_folder() -> Path:
    """Return the folder with the same files as they were on other days, one folder per day."""
    return mirror_folder().parent / "variants"


def need(folder: Path) -> None:
    """Skip the test if a folder of real files does not exist; in CI, fail it."""
    if folder.is_dir():
        return
    reason = f"no real NFL files at {folder}; set {MIRROR_VARIABLE}, see CONTRIBUTING.md"
    if os.environ.get("CI") and os.environ.get(MIRROR_VARIABLE) != NO_MIRROR:
        pytest.fail(reason)
    pytest.skip(reason)


def fixtures_of_real_files(item: pytest.Item) -> set[str]:
    """Return the names of the fixtures of a test that are folders of real files."""
    return {"nfl_mirror", "nfl_variants"} & set(getattr(item, "fixturenames", ()))


def need_files_of(item: pytest.Item) -> None:
    """Skip a test whose real files are missing; in CI, fail it.

    Call this before the fixtures are set up. pytest prints one line for all tests that this
    function skips, but one line per test when a fixture skips.
    """
    fixtures = fixtures_of_real_files(item)
    if fixtures:
        need(mirror_folder())
    if "nfl_variants" in fixtures:
        need(variants_folder())
