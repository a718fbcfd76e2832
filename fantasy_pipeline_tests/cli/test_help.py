"""Every command and option explains itself, in --help and in docs/cli.md; every example is true."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import Any

import pytest
import typer.main

from fantasy_pipeline.cli import app
from fantasy_pipeline.cli.help import PROGRAM
from fantasy_pipeline_tests import ROOT

PAGE = ROOT / "docs" / "cli.md"
GENERATE = f"typer fantasy_pipeline.cli.program utils docs --name {PROGRAM}"
GROUP: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = GROUP.commands
every_command = pytest.mark.parametrize("name", COMMANDS)


def context(name: str) -> Any:
    return COMMANDS[name].make_context(name, [], resilient_parsing=True)


def params(name: str) -> list[Any]:
    return list(COMMANDS[name].get_params(context(name)))


def examples(command: Any) -> list[str]:
    return [line[4:] for line in command.epilog.splitlines() if line.startswith(f"    {PROGRAM}")]


def program(*arguments: str, columns: int = 80) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": str(columns)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@every_command
def test_command_is_documented(name: str) -> None:
    command = COMMANDS[name]
    assert len(command.help) > 30
    assert command.help.partition("\n\n")[2], "says nothing about what it changes or needs"
    assert 1 <= len(examples(command)) <= 3
    assert "Exit codes: " in command.epilog


@every_command
def test_options_are_documented(name: str) -> None:
    for param in params(name):
        assert param.help, param.name
        assert param.help.endswith((".", "…")), param.help
        # Longer ones are broken within a line of the shells' completion.
        assert len(param.help) < 76 or param.name.endswith("completion"), param.help
        assert not (getattr(param, "is_flag", False) and param.metavar), param.name


def test_shared_options_are_described_in_the_same_words() -> None:
    helps: dict[str, set[str]] = {}
    for name in COMMANDS:
        for param in params(name):
            helps.setdefault(param.name, set()).add(param.help)
    shared = ("source", "season", "week", "at", "json", "output", "scoring", "help")
    assert {name: len(helps[name]) for name in shared} == dict.fromkeys(shared, 1)


@every_command
def test_every_command_that_prints_a_result_prints_json(name: str) -> None:
    flags = [option for param in params(name) for option in param.opts]
    assert ("--json" in flags) == (name != "api")


EXAMPLES = [line for command in (GROUP, *COMMANDS.values()) for line in examples(command)]


@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_are_command_lines(line: str) -> None:
    called, *words = shlex.split(line)
    assert called == PROGRAM
    if words[0].startswith("--"):
        params = GROUP.get_params(GROUP.make_context(PROGRAM, [], resilient_parsing=True))
        assert words[0] in {option for param in params for option in param.opts}
        return
    # Parses and checks every value, and raises what the command line would.
    COMMANDS[words[0]].make_context(words[0], words[1:])


@every_command
def test_help_on_a_screen(name: str) -> None:
    text = program("fantasy_pipeline.cli", name, "--help")
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= 80
    assert set(examples(COMMANDS[name])) <= {line.strip() for line in lines}
    # What rich takes for markup is gone, and the backslash that keeps it must not show.
    assert "\\" not in text
    if name == "api":
        assert "pip install -e '.[api]'" in text


def test_help_loads_nothing_heavy() -> None:
    """So it takes a fraction of a second."""
    heavy = {"dagster", "duckdb", "numpy", "pandas", "pyarrow", "pydantic_settings", "sqlalchemy"}
    code = "import sys; from fantasy_pipeline import cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert heavy & set(done.stdout.split()) == set()


def test_the_page_is_that_of_the_app() -> None:
    text = program(*GENERATE.split(), columns=1000)
    wanted = f"COLUMNS=1000 {GENERATE} --output docs/cli.md"
    assert PAGE.read_text(encoding="utf-8") == text.rstrip() + "\n", f"stale; run: {wanted}"


@every_command
def test_the_page_has_every_command_and_option(name: str) -> None:
    _, heading, rest = PAGE.read_text(encoding="utf-8").partition(f"## `{PROGRAM} {name}`\n")
    assert heading
    section = rest.partition("\n## ")[0]
    for param in params(name):
        shown = param.opts[0] if param.param_type_name == "option" else param.metavar
        assert f"* `{shown}" in section
    for line in examples(COMMANDS[name]):
        assert f"    {line}\n" in section
