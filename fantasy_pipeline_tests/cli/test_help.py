"""Help and docs/cli.md: every command and option is described, every example works."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from fantasy_pipeline.cli import app
from fantasy_pipeline.cli.help import PROGRAM, leaves
from fantasy_pipeline.cli.program import MISUSED
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.cli.calling import call
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS
from scripts.cli_reference import PAGE, text

GROUP: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = leaves(GROUP)
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
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_command_that_chooses_a_week_takes_a_time() -> None:
    """Without --week it takes the week of now; only `history` filters by week."""
    options = {name: {option for each in params(name) for option in each.opts} for name in COMMANDS}
    choosing = {name for name in COMMANDS if "--week" in options[name]} - {"history"}
    assert {"run", "report", "projections", "compare", "lineup", "trade"} <= choosing
    assert {name for name in choosing if "--at" not in options[name]} == set()


@pytest.mark.parametrize("words", [[], ["league"]])
def test_a_group_without_a_command_prints_its_help(tmp_path: Path, words: list[str]) -> None:
    code, out, err = call(tmp_path, words)
    assert (code, err) == (MISUSED, "")
    assert " ".join([*words, "[OPTIONS] COMMAND"]) in out


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
        # The completion of the shells breaks longer lines.
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
    # Parses and checks every value, and raises the errors of the command line.
    name = words[0] if words[0] in COMMANDS else " ".join(words[:2])
    COMMANDS[name].make_context(name, words[len(name.split()) :])


@every_command
def test_help_on_a_screen(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, shown, err = call(tmp_path, [*name.split(), "--help"])
    assert (code, err) == (0, "")
    lines = [line.rstrip() for line in shown.splitlines()]
    assert max(map(len, lines)) <= 80
    assert set(examples(COMMANDS[name])) <= {line.strip() for line in lines}
    # Rich removes its markup; the backslash that protects a bracket must not show.
    assert "\\" not in shown
    if name == "api":
        assert "pip install -e '.[api]'" in shown


@pytest.mark.slow
def test_the_help_of_the_real_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that of this process, up to the name that the program is called by."""
    monkeypatch.setenv("COLUMNS", "80")
    _, shown, _ = call(tmp_path, ["run", "--help"])
    usage, *lines = program("fantasy_pipeline.cli", "run", "--help").strip().splitlines()
    assert usage.split()[-2:] == ["run", "[OPTIONS]"]
    assert lines == shown.strip().splitlines()[1:]


def test_help_loads_nothing_heavy() -> None:
    """Keep `--help` within a fraction of a second."""
    heavy = {"dagster", "duckdb", "numpy", "pandas", "pyarrow", "pydantic_settings", "sqlalchemy"}
    heavy |= {"fastapi", "polars", "pydantic", "requests", "rich"}
    code = "import sys; from fantasy_pipeline import cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert heavy & set(done.stdout.split()) == set()


def test_the_page_is_that_of_the_app() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(app, PROGRAM), "stale; run: make docs"


def section(name: str) -> str:
    """Return the section of a command, empty if the page has none."""
    page = PAGE.read_text(encoding="utf-8")
    return page.partition(f"## `{PROGRAM} {name}`\n")[2].partition("\n## ")[0]


@every_command
def test_the_page_has_every_command_and_option(name: str) -> None:
    assert f"\n$ {PROGRAM} {name} [OPTIONS]" in section(name)
    for param in params(name):
        shown = param.opts[0] if param.param_type_name == "option" else param.metavar
        assert f"- `{shown}" in section(name)
        assert f": {param.help}" in section(name)
    for line in examples(COMMANDS[name]):
        assert f"    {line}\n" in section(name)


@every_command
def test_the_page_lists_every_command_with_its_whole_summary(name: str) -> None:
    summary = COMMANDS[name].help.partition("\n\n")[0]
    line = f"- [`{name}`](#{PROGRAM}-{name.replace(' ', '-')}): {summary}\n"
    assert PAGE.read_text(encoding="utf-8").count(line) == 1


def test_the_page_has_the_options_and_exit_codes_of_the_program() -> None:
    page = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    for param in GROUP.get_params(GROUP.make_context(PROGRAM, [], resilient_parsing=True)):
        assert f"- `{param.opts[0]}`: {param.help}\n" in page
    assert GROUP.epilog in page


def test_the_page_is_clean() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"&#?\w+;", page) == []
    assert [line for line in page.splitlines() if line.rstrip().endswith(("...", "…"))] == [
        f"$ {PROGRAM} [OPTIONS] COMMAND [ARGS]...",
        f"$ {PROGRAM} compare [OPTIONS] {{PLAYER}}...",
    ]
    assert "\\[" not in page


def test_a_page_states_defaults_limits_and_variables() -> None:
    other = typer.Typer(epilog="Exit codes: 0.")

    @other.callback()
    def _group() -> None:
        """Do things."""

    @other.command(
        rich_help_panel="Panel", epilog="Examples:\n\n    other count 3", help=r"A \[b]."
    )
    def count(
        number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="How many.")],
        step: Annotated[int, typer.Option(envvar="OTHER_STEP", help="How far & <fast>.")] = 2,
    ) -> None:
        pass

    page = text(other, "other")
    assert "\n\nPanel:\n\n- [`count`](#other-count): A [b].\n\n" in page
    assert "\n## `other count`\n\nA [b].\n\n" in page
    assert "\nArguments:\n\n- `NUMBER" in page
    assert ": How many. [x>=1; required]\n" in page
    assert ": How far & <fast>. [env var: OTHER_STEP; default: 2]\n" in page
    assert page.endswith("\n\nExamples:\n\n    other count 3\n")
