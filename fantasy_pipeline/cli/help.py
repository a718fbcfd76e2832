"""How commands explain themselves: what their help shows beside the docstring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

PROGRAM = "fantasy-pipeline"


class _Command(TyperCommand):
    """A command whose flags do not look as if they took a value."""

    def get_params(self, ctx: Any) -> Any:
        return _without_type(super().get_params(ctx))


class Group(TyperGroup):
    """The same of a group."""

    def get_params(self, ctx: Any) -> Any:
        return _without_type(super().get_params(ctx))


def _without_type(params: Any) -> Any:
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


def command(
    app: typer.Typer, panel: str, *examples: str, notes: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a function as a command; its docstring says what it does and what it changes.

    Args:
        panel: heading under which the list of commands has it.
        examples: command lines without the program's name, as a shell takes them.
        notes: what else there is to know, exit codes for instance.
    """

    def add(function: Callable[..., None]) -> Callable[..., None]:
        # A line of the docstring is no line of the help, which is as wide as the terminal.
        parts = (function.__doc__ or "").split("\n\n")
        text = "\n\n".join(" ".join(part.split()) for part in parts)
        settings: Any = {"cls": _Command, "rich_help_panel": panel, "epilog": epilog, "help": text}
        return app.command(**settings)(function)

    lines = "\n".join(f"    {PROGRAM} {example}" for example in examples)
    # Indented by four: a block of code in Markdown, too.
    epilog = f"Examples:\n\n{lines}\n\n{notes or _EXIT_CODES}"
    return add


_EXIT_CODES = f"Exit codes: see {PROGRAM} --help."
