"""Reads the pages for people: their code blocks, and the commands and files that the code names."""

from __future__ import annotations

import re
import shlex
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import typer

from fantasy_pipeline.cli import app
from fantasy_pipeline.cli.help import leaves
from fantasy_pipeline_tests import ROOT

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
TESTS = ROOT / "fantasy_pipeline_tests"
CLI: Any = typer.main.get_command(app)
RUNTIME_FILES = {"history.dump", "model.json", "data/lake", "state.json"}
"""Files that exist where the pipeline runs, not in the repository."""


def blocks(text: str) -> list[str]:
    """Return the code blocks; lines that end in a backslash are joined."""
    texts = re.findall(r"^```[a-z]*\n(.*?)^```", text, flags=re.S | re.M)
    return [block.replace("\\\n", " ") for block in texts]


def inline(text: str) -> list[str]:
    """Return the code in running text, each on one line."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]


def commands(text: str) -> list[str]:
    """Return what a reader may type; a command without arguments in running text is only a name."""
    lines = [line.strip() for block in blocks(text) for line in block.splitlines()]
    names = {f"fantasy-pipeline {name}" for name in (*CLI.commands, *leaves(CLI))}
    typed = [*lines, *(code for code in inline(text) if code not in names)]
    # Typer's usage lines are not commands.
    return [command for command in typed if "[OPTIONS]" not in command]


def words(command: str) -> list[str]:
    """Return the arguments up to the next command of the line."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    arguments = []
    for word in lexer:
        if set(word) <= set("|&;<>()"):
            break
        arguments.append(word)
    return arguments


def parse_error(command: str) -> str:
    """Return the error for arguments of `fantasy-pipeline`; empty if they are valid."""
    if not (args := words(command)):
        return ""
    if args[0].startswith("-"):
        part, rest = CLI, args
    elif args[0] in CLI.commands:
        part, rest = CLI.commands[args[0]], args[1:]
        if rest and hasattr(part, "commands") and rest[0] in part.commands:
            part, rest = part.commands[rest[0]], rest[1:]
    else:
        return f"no command {args[0]}"
    if any("…" in word for word in rest):
        options = {option for parameter in part.params for option in parameter.opts}
        unknown = [word for word in rest if word.startswith("-") and word not in options]
        return f"no option {', '.join(unknown)}" if unknown else ""
    try:
        part.make_context(args[0], list(rest))
    except (typer.Exit, SystemExit):  # Shell completion ends the program itself.
        return ""
    except typer.TyperException as error:
        return error.format_message()
    return ""


def program_arguments(command: str) -> str | None:
    """Return the arguments of `fantasy-pipeline` in a line of code; None for other commands."""
    if match := re.search(r"(?:^|[\s/])fantasy-pipeline (?!\d)(.+)", command):
        return match[1]
    first, _, rest = command.partition(" ")
    # A page about the command line may omit the program name.
    return command if first in CLI.commands and re.search(r"--[a-z]", rest) else None


@cache
def targets() -> frozenset[str]:
    makefiles = [ROOT / "Makefile", ROOT / "deploy" / "postgres.mk"]
    return frozenset(
        name
        for file in makefiles
        for name in re.findall(r"^([a-z-]+):", file.read_text(), flags=re.M)
    )


def unknown_targets(command: str) -> list[str]:
    if not (match := re.match(r"(?:.*\s)?make ((?:[a-z-]+ ?)+)$", command)):
        return []
    return [name for name in match[1].split() if name not in targets()]


@cache
def tree() -> frozenset[str]:
    """Return the source files and folders of the repository."""
    tops = [p for p in ROOT.iterdir() if p.name in SOURCE_FOLDERS]
    paths = {p for top in tops for p in (top, *top.rglob("*")) if "__pycache__" not in p.parts}
    paths |= {p for p in ROOT.iterdir() if p.is_file()}
    return frozenset(str(p.relative_to(ROOT)) for p in paths)


SOURCE_FOLDERS = (
    *(".ci", ".github", "bench", "deploy", "docs", "scripts"),
    *("fantasy_pipeline", "fantasy_pipeline_tests"),
)
SUFFIXES = r"py|md|sql|ya?ml|toml|txt|mk|j2|css|js|dump|json|png|service"


def is_path(code: str) -> bool:
    """Return True if code looks like a file or folder of the repository."""
    if code in RUNTIME_FILES or not re.fullmatch(r"[\w.*-]+(?:/[\w.*-]*)*", code):
        return False
    return bool(re.search(rf"\.(?:{SUFFIXES})$", code)) or (
        "/" in code and code.split("/")[0] in _folders()
    )


@cache
def _folders() -> frozenset[str]:
    """Return the names with which a path may begin: of the root and of the package."""
    parts = [Path(path).parts for path in tree()]
    package = {part[1] for part in parts if part[0] == "fantasy_pipeline" and len(part) > 2}
    return frozenset({part[0] for part in parts} | package)


@cache
def exists(code: str) -> bool:
    name = code.rstrip("/")
    if "*" not in name:
        return name in _ends()
    return any(fnmatch(path, name) or fnmatch(path, f"*/{name}") for path in tree())


@cache
def _ends() -> frozenset[str]:
    """Return each path of the repository, and each of its ends that begins with a name."""
    parts = [Path(path).parts for path in tree()]
    return frozenset("/".join(part[at:]) for part in parts for at in range(len(part)))


@cache
def names_of_tests() -> dict[str, set[str]]:
    """Return the names of test functions by file, as a path in the tests' folder."""
    return {
        str(file.relative_to(TESTS)): set(re.findall(r"^\s*def (test_\w+)", file.read_text(), re.M))
        for file in TESTS.rglob("test_*.py")
    }


def is_test(name: str, file: str | None = None) -> bool:
    names = names_of_tests()
    tests = names.get(file, set()) if file else set().union(*names.values())
    return any(fnmatch(one, name.replace("…", "*")) for one in tests)
