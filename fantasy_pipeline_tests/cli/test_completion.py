"""Completion of commands, options and values with Tab: the real program, called as shells do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("fantasy-pipeline")
COMPLETE = "_FANTASY_PIPELINE_COMPLETE"


def ask(variables: dict[str, str], *arguments: str) -> list[str]:
    done = subprocess.run(
        [str(PROGRAM), *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def bash(line: str) -> list[str]:
    """Return the completions that bash gets for a line with the cursor at its end."""
    word = len(line.split(" ")) - 1
    return ask({COMPLETE: "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(word)})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fantasy-pipeline back", ["backfill", "backtest"]),
        ("fantasy-pipeline run --s", ["--season", "--source"]),
        ("fantasy-pipeline run --source nfl", ["nfl_data_py", "nflreadpy"]),
        ("fantasy-pipeline projections --scoring ", ["std", "half", "ppr"]),
        (
            "fantasy-pipeline projections --position ",
            ["QB", "RB", "WR", "TE", "K", "DST", "DL", "LB", "DB"],
        ),
        ("fantasy-pipeline projections --position R", ["RB"]),
        ("fantasy-pipeline history --status ru", ["running"]),
        ("fantasy-pipeline report --format ", ["html", "md"]),
    ],
)
def test_bash(line: str, expected: list[str]) -> None:
    assert bash(line) == expected


def test_bash_itself() -> None:
    """A real bash sources the script and completes with it."""
    script = (
        f"source <({PROGRAM} --show-completion); COMP_WORDS=(fantasy-pipeline acc); COMP_CWORD=1; "
        f'_fantasy_pipeline_completion {PROGRAM}; echo "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert (done.stdout, done.stderr) == ("accuracy\n", "")


def test_zsh_and_fish() -> None:
    arguments = {"_TYPER_COMPLETE_ARGS": "fantasy-pipeline sql --f"}
    [line] = ask({COMPLETE: "complete_zsh", **arguments})
    assert '"--format":"Output format."' in line
    arguments["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    assert ask({COMPLETE: "complete_fish", **arguments}) == ["--format\tOutput format."]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_installation(tmp_path: Path, shell: str) -> None:
    # Typer's own switch: the shell is a value, instead of the one that runs the test.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    script = ask(named, "--show-completion", shell)
    assert any(f"{COMPLETE}=complete_{shell}" in line for line in script)
    ask({**named, "HOME": str(tmp_path)}, "--install-completion", shell)
    installed = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert any("\n".join(script) in text for text in installed)
