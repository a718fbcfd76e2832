"""Test that `pyproject.toml` declares every imported package, and the lock every declared one."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fantasy_pipeline_tests import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
OURS = {"fantasy_pipeline", "fantasy_pipeline_tests", "model", "scripts"}


def imported(folder: Path) -> set[str]:
    """Return the distributions that the modules below a folder import, in functions too."""
    modules = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    distributions = packages_distributions()
    return {
        canonicalize_name(min(distributions[module], key=len))
        for module in modules - OURS - sys.stdlib_module_names
        if module in distributions
    }


def declared(*lists: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for texts in lists for text in texts}


@pytest.mark.parametrize(
    ("folder", "lists"),
    [
        ("fantasy_pipeline", [PROJECT["dependencies"], EXTRAS["api"], EXTRAS["s3"]]),
        ("fantasy_pipeline_tests", [PROJECT["dependencies"], *EXTRAS.values()]),
        ("scripts", [PROJECT["dependencies"], *EXTRAS.values()]),
        ("bench", [PROJECT["dependencies"], *EXTRAS.values()]),
    ],
)
def test_what_is_imported_is_declared(folder: str, lists: list[list[str]]) -> None:
    assert imported(ROOT / folder) - declared(*lists) == set()


def test_the_lock_has_what_is_declared() -> None:
    locked: dict[str, list[Requirement]] = {}
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        one = Requirement(line)
        locked.setdefault(canonicalize_name(one.name), []).append(one)
    for version in ("3.10", "3.11", "3.12", "3.13"):
        python: Any = {**default_environment(), "python_version": version}
        python["python_full_version"] = f"{version}.9"
        for text in [*PROJECT["dependencies"], *(t for texts in EXTRAS.values() for t in texts)]:
            wanted = Requirement(text)
            name = canonicalize_name(wanted.name)
            if name == PROJECT["name"] or (wanted.marker and not wanted.marker.evaluate(python)):
                continue
            applicable = [
                one for one in locked[name] if not one.marker or one.marker.evaluate(python)
            ]
            [pinned] = [next(iter(one.specifier)).version for one in applicable]
            assert wanted.specifier.contains(pinned), (text, version, pinned)
