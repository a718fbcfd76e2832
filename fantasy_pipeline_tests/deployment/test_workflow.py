"""Test the workflow of GitHub Actions: it is valid, has few rights, and runs `.ci/run`."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.mirror import MIRROR_VARIABLE, NO_MIRROR

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


@pytest.fixture
def workflow() -> dict[Any, Any]:
    return dict(yaml.safe_load(WORKFLOW.read_text()))


@pytest.fixture
def project() -> dict[str, Any]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])


def complaints(file: Path) -> str:
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(file)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_it_is_what_github_allows_and_the_schema_refuses_what_it_does_not(tmp_path: Path) -> None:
    assert complaints(WORKFLOW) == ""
    wrong = tmp_path / "ci.yml"
    wrong.write_text(WORKFLOW.read_text().replace("runs-on:", "runs-where:", 1))
    assert "runs-where" in complaints(wrong)


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_it_runs_what_ci_runs(workflow: dict[Any, Any]) -> None:
    assert commands(workflow["jobs"]["test"]) == [".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert commands(workflow["jobs"]["audit"]) == ["make audit"]
    assert re.search(r"^audit:", (ROOT / "Makefile").read_text(), flags=re.M)


def test_ci_runs_the_readmes_commands_and_skips_nothing_silently() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    [first, *_] = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.S)
    made = [line for line in lines if line.startswith("make ")]
    assert made == [*first.splitlines(), "make test-slow", "make lint"]
    assert lines.index('export CI="${CI:-true}"') < lines.index(made[0])


def test_every_locked_package_has_a_wheel_for_every_python(workflow: dict[Any, Any]) -> None:
    wheels, test = workflow["jobs"]["wheels"], workflow["jobs"]["test"]
    assert wheels["strategy"]["matrix"] == test["strategy"]["matrix"]
    assert "${{ matrix.python }}" in wheels["container"]
    assert commands(wheels) == ["pip install --dry-run --only-binary=:all: -r requirements.txt"]


def test_it_runs_on_every_python_that_the_project_says(
    workflow: dict[Any, Any], project: dict[str, Any]
) -> None:
    test = workflow["jobs"]["test"]
    versions = test["strategy"]["matrix"]["python"]
    assert "${{ matrix.python }}" in test["container"]["image"]
    allowed = SpecifierSet(project["requires-python"])
    assert versions == [f"3.{minor}" for minor in range(30) if f"3.{minor}.0" in allowed]
    named = [c.rsplit(" ", 1)[1] for c in project["classifiers"] if "Python :: 3." in c]
    assert versions == named
    assert f"({versions[0]} to {versions[-1]})" in (ROOT / "README.md").read_text()


def test_it_runs_the_demo_with_the_lowest_and_the_newest_versions(
    workflow: dict[Any, Any], project: dict[str, Any]
) -> None:
    versions = workflow["jobs"]["versions"]
    # No condition: the newest versions change without a push.
    assert "if" not in versions
    matrix = versions["strategy"]["matrix"]["include"]
    assert [one["resolution"] for one in matrix] == ["lowest-direct", "highest"]
    assert all(f"{one['python']}.0" in SpecifierSet(project["requires-python"]) for one in matrix)
    assert commands(versions) == [
        "pip install uv",
        "make versions RESOLUTION=${{ matrix.resolution }}",
    ]
    assert re.search(r"^versions:", (ROOT / "Makefile").read_text(), flags=re.M)


def test_it_skips_nothing_but_what_needs_real_files(workflow: dict[Any, Any]) -> None:
    # GitHub sets CI itself, for containers too.
    assert workflow["jobs"]["test"]["env"] == {MIRROR_VARIABLE: NO_MIRROR}


def test_it_has_the_history_with_the_previous_version(workflow: dict[Any, Any]) -> None:
    [checkout] = [step for step in workflow["jobs"]["test"]["steps"] if "uses" in step]
    assert checkout["with"]["fetch-depth"] == 0


def test_its_container_may_mount_a_small_disk(workflow: dict[Any, Any]) -> None:
    options = workflow["jobs"]["test"]["container"]["options"]
    assert options == "--cap-add SYS_ADMIN --security-opt apparmor=unconfined"


def test_when_it_runs(workflow: dict[Any, Any]) -> None:
    # YAML 1.1 reads the key `on` as a boolean.
    assert set(workflow[True]) == {"push", "pull_request", "schedule"}
    assert workflow["jobs"]["test"]["if"] == "github.event_name != 'schedule'"
    assert workflow["jobs"]["audit"]["if"] == "github.event_name != 'pull_request'"


def test_it_may_read_and_nothing_else(workflow: dict[Any, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert 0 < job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
    assert "secrets." not in WORKFLOW.read_text()
