"""Help of the commands: the panels, the examples and the text that `--help` shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

PROGRAM = "fantasy-pipeline"
IMPORT_PANEL = "Import and project"
RESULTS_PANEL = "Read the results"
CONTROL_PANEL = "Control and monitor"
"""Headings under which `--help` lists the commands."""
_EXIT_CODES = f"Exit codes: see {PROGRAM} --help."


# Typer exports no public names for the parameter types of `get_params`, hence Any.
class _Command(TyperCommand):
    """A command whose flags are listed without a value type."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_flag_types(super().get_params(ctx))


class Group(TyperGroup):
    """A group whose flags are listed without a value type."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_flag_types(super().get_params(ctx))


def _without_flag_types(params: list[Any]) -> list[Any]:
    """Return the parameters; Typer would list a flag as `--json <bool>`."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


def leaves(group: Any) -> dict[str, Any]:
    """Return the commands of a program by name; those of a group as ``league add``."""
    commands: dict[str, Any] = {}
    for name, part in group.commands.items():
        inner = leaves(part) if hasattr(part, "commands") else {}
        commands |= {f"{name} {word}": leaf for word, leaf in inner.items()} or {name: part}
    return commands


def command(
    app: typer.Typer,
    panel: str,
    *examples: str,
    notes: str | None = None,
    name: str | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds a function to the app as a command.

    The function's docstring becomes the help: what the command does, then what it changes.

    Args:
        panel: heading under which `--help` lists the command.
        examples: command lines without the program's name, in shell syntax.
        notes: text below the examples; default: a reference to the exit codes.
        name: name of the command; default: that of the function.
    """

    def add(function: Callable[..., None]) -> Callable[..., None]:
        # Join the lines of each paragraph: the help wraps at the width of the terminal instead.
        paragraphs = (function.__doc__ or "").split("\n\n")
        text = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
        register = app.command(name, cls=_Command, rich_help_panel=panel, epilog=epilog, help=text)
        return register(function)

    lines = "\n".join(f"    {PROGRAM} {example}" for example in examples)
    # Four spaces make a code block in Markdown, too.
    epilog = f"Examples:\n\n{lines}\n\n{notes or _EXIT_CODES}"
    return add
